/** The same rule files over the same service, evaluated by ours and by a real Prometheus: same states, same series, same JSON. */
import { createServer, type Server } from 'node:http';
import {
  besidePrometheus,
  installedVersion,
  runPrometheus,
  type PrometheusProcess,
} from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const RULES = `groups:
  - name: recorded
    rules:
      - {record: "job:level:sum", expr: "sum by (job) (level)", labels: {kind: recorded}}
      - {record: "job:level:double", expr: "job:level:sum * 2"}
      - {record: "level:scalar", expr: "42"}
      - {record: "bad:same", expr: "level", labels: {room: one}}
      - {record: "bad:type", expr: "level[1m]"}
      - {record: "bad:match", expr: "level + on() level"}
  - name: alerts
    rules:
      - alert: High
        expr: level > 1.5
        labels: {severity: page, where: "{{ $labels.room }}"}
        annotations:
          summary: '{{ $labels.job }} {{ $labels.room }} is at {{ $value | printf "%.2f" }} in {{ $externalLabels.zone }}'
          all: '{{ range query "level" | sortByLabel "room" }}{{ .Labels.room }}={{ .Value }} {{ end }}'
          human: '{{ humanize 1234567.0 }} {{ humanizeDuration 3661.0 }} {{ humanizePercentage 0.5 }}'
      - {alert: Later, expr: "level > 0", for: 1h}
      - {alert: Never, expr: "level > 100"}
      - {alert: Twice, expr: "level", labels: {room: same}}
      - {alert: Broken, expr: "level > 1.5", annotations: {n: "{{ $labels.room.x }}"}}
  - name: few
    limit: 1
    rules:
      - {alert: Few, expr: "level"}
      - {record: "few", expr: "level"}
`;

/** What both are asked, once every rule has been evaluated. */
const ASKED = [
  '/rules?type=alert',
  '/rules?type=record',
  '/rules?rule_name[]=High&rule_name[]=few',
  '/rules?rule_group[]=alerts&exclude_alerts=true',
  '/rules?match[]={severity="page"}',
  '/rules?group_limit=2',
  '/rules?type=nope',
  '/rules?group_limit=x',
  '/rules?group_limit=0',
  '/rules?group_next_token=abc',
  '/rules?group_limit=1&group_next_token=abc',
  '/alerts',
  '/query?query=ALERTS',
  '/query?query=sum by (alertname) (ALERTS_FOR_STATE > bool 0)',
  '/query?query={__name__=~"job:.*|level:scalar|bad:.*|few"}',
];

/** Version 2 filters rules and writes them down in another way. */
const asked = ASKED.filter((path) => (installedVersion?.[0] ?? 3) > 2 || !/^\/rules\?(?!type=nope)/.test(path));

besidePrometheus('the same rules', () => {
  let service: Server;
  let ours: Sidecar;
  let peer: PrometheusProcess;

  beforeAll(async () => {
    service = createServer((_, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end('# TYPE level gauge\nlevel{room="one"} 1\nlevel{room="two"} 2\n');
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const { port } = service.address() as { port: number };
    const config =
      'global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms, external_labels: {zone: eu}}\n' +
      'rule_files: [rules.yml]\n' +
      `scrape_configs: [{job_name: app, static_configs: [{targets: ["127.0.0.1:${port}"]}]}]\n`;
    const folder = tempFolder();
    writeConfig(folder, config);
    writeConfig(folder, RULES, 'rules.yml');
    [ours, peer] = await Promise.all([startSidecar(folder), runPrometheus({ config, folder })]);
    await until(async () => (await Promise.all([ours.url, peer.url].map(isSettled))).every(Boolean));
  });
  afterAll(async () => {
    await peer?.stop();
    await ours?.stop();
    service?.close();
  });

  test.each(asked)('%s', async (path) => {
    const [mine, theirs] = await Promise.all([ours.url, peer.url].map(async (url) => settled(await api(url, path))));
    expect(mine).toEqual(theirs);
  });
});

async function isSettled(url: string): Promise<boolean> {
  const { data } = await api(url, '/query?query=count({__name__=~"ALERTS|job:level:double",job="app"})');
  // One of each: High for a room, Later for two, Broken for a room, and the recorded sum of the job.
  return data.result[0]?.value[1] === '5';
}

/** Fields that differ from run to run; what is said of an error is compared where it does not name series. */
const VARYING = new Set(['activeAt', 'lastEvaluation', 'evaluationTime', 'file', 'groupNextToken']);

function settled(value: unknown, key = ''): unknown {
  if (VARYING.has(key) && value !== undefined) return `<${key}>`;
  if (Array.isArray(value)) {
    // The time of a sample.
    if (value.length === 2 && typeof value[0] === 'number') return ['<t>', value[1]];
    const items = value.map((item) => settled(item));
    return key === 'rules' || key === 'groups' ? items : items.map((item) => JSON.stringify(item)).sort();
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, settled(inner, name)]));
  }
  if (typeof value !== 'string') return value;
  if (key === 'lastError') return value.replace(/\[\{.*?\}\]/s, '[…]').replace(/ \[[^\]]*\];/s, ' […];');
  if (key === 'error') return value.replace(/(group_limit needs to be a valid number).*/, '$1');
  return value.startsWith('<error expanding template:') ? '<error expanding template>' : value;
}
