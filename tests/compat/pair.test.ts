/** A highly available pair beside programs that know nothing of pairs: an engine that does not deduplicate, and an Alertmanager. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const ENGINE = process.env.ISOTHERM_VICTORIAMETRICS ?? 'victoria-metrics';
const ALERTMANAGER = process.env.ISOTHERM_ALERTMANAGER ?? 'prometheus-alertmanager';
const isThere = [ENGINE, ALERTMANAGER].every((program) => spawnSync(program, ['--version']).error === undefined);
const suite = isThere ? describe : describe.skip;

const isUp = (url: string) => () =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );

suite('a pair without deduplication behind it (needs victoria-metrics and prometheus-alertmanager on PATH)', () => {
  let service: Server;
  let engineUrl: string;
  let alertsUrl: string;
  const programs: ChildProcess[] = [];
  const folders = { a: tempFolder(), b: tempFolder() };
  const agents = new Map<string, Sidecar>();
  const rulers: Sidecar[] = [];
  let scrapes = 0;

  const run = (program: string, args: readonly string[]) => programs.push(spawn(program, args, { stdio: 'ignore' }));
  const startAgent = async (name: 'a' | 'b') => {
    const path = `--storage.agent.path=${join(folders[name], 'agent')}`;
    const fleet = `--fleet.config.file=${join(folders[name], 'engine.yml')}`;
    const flags = ['--agent', path, fleet, '--query.replica-label=replica'];
    agents.set(name, await startSidecar(folders[name], flags));
  };

  beforeAll(async () => {
    service = createServer((_, response) =>
      response
        .setHeader('content-type', 'text/plain; version=0.0.4')
        .end(`# TYPE n_total counter\nn_total ${++scrapes}\n`),
    );
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const target = `127.0.0.1:${(service.address() as { port: number }).port}`;
    const [engine, alerts] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    [engineUrl, alertsUrl] = [`http://${engine}`, `http://${alerts}`];
    const folder = tempFolder();
    const routes = writeConfig(folder, 'route: {receiver: none}\nreceivers: [{name: none}]\n', 'alertmanager.yml');
    run(ENGINE, [
      `-httpListenAddr=${engine}`,
      `-storageDataPath=${join(folder, 'engine')}`,
      '-search.latencyOffset=0s',
      '-search.disableCache',
    ]);
    run(ALERTMANAGER, [
      `--config.file=${routes}`,
      `--storage.path=${join(folder, 'am')}`,
      `--web.listen-address=${alerts}`,
      '--cluster.listen-address=',
    ]);
    await until(isUp(`${engineUrl}/health`));
    await until(isUp(`${alertsUrl}/-/ready`));
    for (const name of ['a', 'b'] as const) {
      const scrape = `global: { scrape_interval: 300ms, scrape_timeout: 300ms, evaluation_interval: 300ms, external_labels: { replica: ${name} } }
scrape_configs: [{ job_name: app, static_configs: [{ targets: ["${target}"] }] }]
`;
      writeConfig(
        folders[name],
        `${scrape}remote_write: [{ url: "${engineUrl}/api/v1/write", queue_config: { batch_send_deadline: 100ms } }]\n`,
      );
      writeConfig(folders[name], `url: ${engineUrl}\n`, 'engine.yml');
      await startAgent(name);
      const own = tempFolder();
      const rule = '{ alert: Counting, expr: "n_total > 0", annotations: { at: "{{ $labels.job }}" } }';
      writeConfig(own, `groups: [{ name: g, rules: [${rule}] }]\n`, 'rules.yml');
      writeConfig(
        own,
        `${scrape}rule_files: [rules.yml]
alerting:
  alert_relabel_configs: [{ regex: replica, action: labeldrop }]
  alertmanagers: [{ static_configs: [{ targets: ["${alerts}"] }] }]
`,
      );
      rulers.push(await startSidecar(own));
    }
  });

  afterAll(async () => {
    await Promise.all([...agents.values(), ...rulers].map((sidecar) => sidecar.stop()));
    for (const program of programs) program.kill('SIGTERM');
    service?.closeAllConnections();
    service?.close();
  });

  const answer = async (name: string, query: string) =>
    (await api(agents.get(name)!.url, `/query?query=${encodeURIComponent(query)}`)).data.result as {
      metric: Record<string, string>;
      value?: [number, string];
      values?: [number, string][];
    }[];
  const numberOf = async (name: string, query: string) => Number((await answer(name, query))[0]?.value?.[1] ?? NaN);

  test('the engine holds both, and queries see one series that never falls', async () => {
    await until(async () => (await numberOf('a', 'count_over_time(n_total{replica="b"}[1m])')) >= 8);
    const held = await fetch(`${engineUrl}/api/v1/query?query=${encodeURIComponent('count(n_total)')}`);
    expect(((await held.json()) as { data: { result: { value: [number, string] }[] } }).data.result[0].value[1]).toBe(
      '2',
    );
    for (const name of ['a', 'b']) {
      expect((await answer(name, 'n_total')).map(({ metric }) => metric)).toEqual([
        { __name__: 'n_total', instance: expect.any(String), job: 'app' },
      ]);
      expect(await numberOf(name, 'resets(n_total[1m])')).toBe(0);
      expect(await numberOf(name, 'count(n_total{replica="a"})')).toBe(1);
    }
  });

  test('while one of them is away, the other’s samples are seen, and it goes on where it comes back', async () => {
    const seen = await numberOf('b', 'n_total');
    await agents.get('a')!.stop();
    const since = Date.now() / 1000;
    await until(async () => (await numberOf('b', 'n_total')) > seen + 10);
    await startAgent('a');
    // None from before it went.
    const samplesSince = () =>
      numberOf('a', `count_over_time(n_total{replica="a"}[${Math.floor(Date.now() - since * 1000)}ms])`);
    await until(async () => (await samplesSince()) >= 5);
    const [{ values = [] }] = await answer('a', 'n_total[2m]');
    const numbers = values.map(([, v]) => Number(v));
    for (let i = 1; i < numbers.length; i++) expect(numbers[i]).toBeGreaterThan(numbers[i - 1]);
    // The service may be slow on a busy machine, but it was scraped all the time.
    const gaps = values.slice(1).map(([t], i) => t - values[i][0]);
    const away = values.filter(([t]) => t > since).length;
    expect(away).toBeGreaterThan(5);
    expect(Math.max(...gaps)).toBeLessThan(Date.now() / 1000 - since);
  });

  test('an alert of both is one at the Alertmanager, and stays so when one of them ends', async () => {
    const held = async () =>
      (await (await fetch(`${alertsUrl}/api/v2/alerts`)).json()) as { labels: Record<string, string> }[];
    for (const ruler of rulers)
      await until(
        async () => ((await api(ruler.url, '/alerts')).data.alerts as { state: string }[])[0]?.state === 'firing',
      );
    const sent = async ({ url }: Sidecar) =>
      Number(
        /^prometheus_notifications_sent_total\S* (\d+)/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1] ?? 0,
      );
    for (const ruler of rulers) await until(async () => (await sent(ruler)) > 0);
    const labels = { alertname: 'Counting', instance: expect.any(String), job: 'app' };
    expect((await held()).map((alert) => alert.labels)).toEqual([labels]);
    await rulers[0].stop();
    expect((await held()).map((alert) => alert.labels)).toEqual([labels]);
  });
});
