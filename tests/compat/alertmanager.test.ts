/** Alerts of ours at a real Alertmanager: received, grouped, told onwards, resolved. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const ALERTMANAGER = process.env.ISOTHERM_ALERTMANAGER ?? 'prometheus-alertmanager';
const isThere = spawnSync(ALERTMANAGER, ['--version']).error === undefined;
const suite = isThere ? describe : describe.skip;

const RULES = `groups:
  - name: g
    rules:
      - alert: Slow
        expr: latency > 1
        labels: {severity: page}
        annotations: {summary: "{{ $labels.model }} takes {{ $value }} s"}
      - {alert: Quiet, expr: "latency > 1", labels: {severity: none}}
`;

interface Webhook {
  readonly status: string;
  readonly groupLabels?: unknown;
  readonly alerts: {
    status: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
    generatorURL: string;
  }[];
}

suite('alerts at a real Alertmanager (needs prometheus-alertmanager on PATH)', () => {
  let latency = 2;
  let service: Server;
  let webhook: Server;
  const told: Webhook[] = [];
  /** By our own receiver, which stands in for an Alertmanager. */
  const toldByOurs: Webhook[] = [];
  let alertmanager: ChildProcess;
  let ended: Promise<unknown>;
  let address: string;
  let ours: Sidecar;

  beforeAll(async () => {
    service = await listening((_, answer) => answer(`latency{model="a"} ${latency}\nlatency{model="b"} ${latency}\n`));
    webhook = await listening(async (request, answer) => {
      const into = request.url === '/ours' ? toldByOurs : told;
      into.push(JSON.parse(await bodyOf(request)) as Webhook);
      answer('');
    });
    const folder = tempFolder();
    address = `127.0.0.1:${await freePort()}`;
    const routes =
      'route: {receiver: hook, group_by: [alertname], group_wait: 200ms, group_interval: 500ms, repeat_interval: 1h}\n';
    const receivers = `receivers: [{name: hook, webhook_configs: [{url: "http://127.0.0.1:${portOf(webhook)}/"}]}]\n`;
    const file = writeConfig(folder, routes + receivers, 'alertmanager.yml');
    const flags = [
      `--config.file=${file}`,
      `--storage.path=${join(folder, 'am')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
    ];
    alertmanager = spawn(ALERTMANAGER, flags, { stdio: 'ignore' });
    ended = new Promise((resolve) => alertmanager.once('exit', resolve));
    await until(() =>
      fetch(`http://${address}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    writeConfig(folder, RULES, 'rules.yml');
    writeConfig(
      folder,
      `global: {scrape_interval: 300ms, scrape_timeout: 300ms, evaluation_interval: 300ms, external_labels: {zone: eu, severity: lost}}
rule_files: [rules.yml]
alerting:
  alert_relabel_configs: [{source_labels: [severity], regex: none, action: drop}]
  alertmanagers: [{static_configs: [{targets: ["${address}", "127.0.0.1:1"]}], relabel_configs: [{source_labels: [__address__], regex: "127.0.0.1:1", action: drop}]}]
scrape_configs: [{job_name: app, static_configs: [{targets: ["127.0.0.1:${portOf(service)}"]}]}]
`,
    );
    const hook = `{ name: hook, webhook: { url: 'http://127.0.0.1:${portOf(webhook)}/ours' } }`;
    const timing = 'group_wait: 200ms\ngroup_interval: 500ms\nrepeat_interval: 1h\n';
    const notify = writeConfig(folder, `${timing}receivers: [${hook}]\n`, 'notify.yml');
    ours = await startSidecar(folder, [
      '--web.external-url=http://isotherm.example/',
      `--notify.config.file=${notify}`,
    ]);
  });
  afterAll(async () => {
    await ours?.stop();
    alertmanager?.kill('SIGTERM');
    await ended;
    service?.close();
    webhook?.close();
  });

  test('it is told of as the one that is sent to', async () => {
    expect((await api(ours.url, '/alertmanagers')).data).toEqual({
      activeAlertmanagers: [{ url: `http://${address}/api/v2/alerts` }],
      droppedAlertmanagers: [{ url: 'http://127.0.0.1:1/api/v2/alerts' }],
    });
  });

  test('firing alerts are received with labels, texts and a link back, grouped and told onwards', async () => {
    await until(() => told.some(({ alerts }) => alerts.length === 2));
    const { status, alerts } = told.find(({ alerts }) => alerts.length === 2)!;
    expect([status, alerts.map(({ labels }) => labels.model).sort()]).toEqual(['firing', ['a', 'b']]);
    const a = alerts.find(({ labels }) => labels.model === 'a')!;
    expect(a.labels).toMatchObject({ alertname: 'Slow', severity: 'page', zone: 'eu', job: 'app' });
    expect(a.annotations).toEqual({ summary: 'a takes 2 s' });
    expect(a.generatorURL).toBe('http://isotherm.example/graph?g0.expr=latency+%3E+1&g0.tab=1');
  });

  test('what alert_relabel_configs drop is never sent', async () => {
    const held = (await (await fetch(`http://${address}/api/v2/alerts`)).json()) as {
      labels: Record<string, string>;
    }[];
    expect(new Set(held.map(({ labels }) => labels.alertname))).toEqual(new Set(['Slow']));
  });

  test('resolved alerts are told as resolved', async () => {
    latency = 0.5;
    await until(() => told.some(({ status, alerts }) => status === 'resolved' && alerts.length === 2));
    const metrics = await (await fetch(`${ours.url}/metrics`)).text();
    expect(metrics).toMatch(
      new RegExp(`prometheus_notifications_sent_total\\{alertmanager="http://${address}/api/v2/alerts"\\} [1-9]`),
    );
    expect(metrics).toMatch(/prometheus_notifications_errors_total\{[^}]*\} 0/);
  });

  test('our own receiver tells the same, in the same JSON', async () => {
    const firing = (messages: Webhook[]) =>
      messages.find(({ status, alerts }) => status === 'firing' && alerts.length === 2);
    const resolved = (messages: Webhook[]) =>
      messages.find(({ status, alerts }) => status === 'resolved' && alerts.length === 2);
    await until(() => resolved(toldByOurs) !== undefined);
    // The group's key and the address are each program's own; which alert stands first is left open.
    const plain = (message: Webhook | undefined) => ({
      ...message,
      groupKey: '',
      externalURL: '',
      alerts: message?.alerts
        .map((alert) => ({ ...alert, endsAt: alert.status === 'firing' ? (alert as { endsAt?: string }).endsAt : '' }))
        .sort((a, b) => (a.labels.model < b.labels.model ? -1 : 1)),
    });
    expect(plain(firing(toldByOurs))).toEqual(plain(firing(told)));
    expect(plain(resolved(toldByOurs))).toEqual(plain(resolved(told)));
  });
});

type Handler = (request: IncomingMessage, answer: (text: string) => void) => void;

async function listening(handler: Handler): Promise<Server> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    handler(request, (text) => void response.end(text));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const portOf = (server: Server) => (server.address() as { port: number }).port;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
}
