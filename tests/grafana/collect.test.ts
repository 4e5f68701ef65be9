/** Collecting inside Grafana: the built backend as Grafana starts it, with a service to scrape, through reloads, kills and the end of its host. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import path from 'node:path';
import { buildBackend } from '../../scripts/buildPlugin.ts';
import type { CollectOptions } from '../../src/shared/api/grafanaQuery.ts';
import { MATRIX_TYPE } from '../../src/shared/api/matrixColumns.ts';
import type { PluginContext } from '../../src/server/grafana/messages.ts';
import { tables } from './arrowFrames.ts';
import { startPlugin, type PluginHost } from './pluginHost.ts';

const goName = `${platform()}_${arch() === 'x64' ? 'amd64' : arch()}`;
const UNTIL_MS_MAX = 40_000;

let folder: string;
let code: string;
let data: string;
let service: Server;
let target: string;
let plugin: PluginHost;
let hits = 0;

const start = () => startPlugin(path.join(code, `gpx_isotherm_${goName}`), { GF_PLUGIN_DATA_DIR: data });

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'isotherm-collect-'));
  code = path.join(folder, 'plugins/isotherm-monitoring-app/datasource');
  data = path.join(folder, 'data');
  await buildBackend(code);
  service = createServer((_request, response) =>
    response.setHeader('content-type', 'text/plain').end(`# TYPE hits_total counter\nhits_total ${++hits}\n`),
  );
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  target = `127.0.0.1:${(service.address() as AddressInfo).port}`;
  plugin = await start();
}, 180_000);

afterAll(async () => {
  plugin?.kill();
  await until('the end of all processes', () => Promise.resolve(processes().length === 0));
  service.close();
  rmSync(folder, { recursive: true, force: true });
});

let changes = 0;
function settings(
  collect: CollectOptions,
  more: Record<string, unknown> = {},
  secure: Record<string, string> = {},
): PluginContext {
  return {
    orgId: 1,
    pluginId: 'isotherm-metrics-datasource',
    dataSource: {
      id: 1,
      name: 'here',
      url: '',
      user: '',
      database: '',
      basicAuthEnabled: false,
      basicAuthUser: '',
      jsonData: Buffer.from(JSON.stringify({ mode: 'collect', timeInterval: '1s', collect, ...more })),
      secureJsonData: secure,
      lastUpdatedMs: ++changes,
      uid: 'here',
    },
  };
}

async function until(what: string, ask: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + UNTIL_MS_MAX; Date.now() < end;) {
    if (await ask()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${what}: not within ${UNTIL_MS_MAX / 1000} s`);
}

/** Values of an instant query by their labels, as text. */
async function ask(context: PluginContext, expr: string): Promise<Record<string, number>> {
  const { body } = await plugin.resource(context, 'GET', `api/v1/query?query=${encodeURIComponent(expr)}`);
  const { data } = JSON.parse(body) as {
    data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  return Object.fromEntries((data?.result ?? []).map(({ metric, value }) => [metric.job ?? '', Number(value[1])]));
}

/** Processes whose code is this test's, by their command lines. */
function processes(): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return { pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') };
      } catch {
        return { pid: 0, command: '' };
      }
    })
    .filter(({ command }) => command.includes(code));
}
const collectorPid = () => processes().find(({ command }) => command.includes('collector.mjs'))?.pid;

describe('collecting inside Grafana', () => {
  const first = () => settings({ targets: target });
  let current: PluginContext;

  test('a target is scraped, and health says what that comes to', async () => {
    current = first();
    await until('a scrape', async () => (await ask(current, 'hits_total')).targets > 0);
    await until('all targets up', async () => /2 of 2 targets are up/.test((await plugin.health(current)).message));
    const { status, message, details } = await plugin.health(current);
    expect(status).toBe(1);
    expect(message).toMatch(/samples a second, [\d.]+ MB on disk in .*1-here; pages at http:\/\/127\.0\.0\.1:\d+\//);
    expect(details).toMatchObject({ targets: { active: 2, up: 2, down: 0 }, dataFolder: path.join(data, '1-here') });
    const page = await fetch((details as { webUi: string }).webUi);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await page.text()).toContain('<script');
  });

  test('a large answer comes as columns, and says what the API says', async () => {
    const expr = '{__name__=~"isotherm_.+",job="isotherm"}';
    const scrapes = 'sum by (job) (count_over_time(up{job="isotherm"}[1m]))';
    await until('some scrapes', async () => (await ask(current, scrapes)).isotherm > 4);
    const toMs = Math.floor(Date.now() / 1000) * 1000 - 2_000;
    const fromMs = toMs - 10_000_000;
    const { webUi } = (await plugin.health(current)).details as { webUi: string };
    const grid = `start=${fromMs / 1000}&end=${toMs / 1000}&step=1`;
    const direct = (accept: string) =>
      fetch(`${webUi}api/v1/query_range?query=${encodeURIComponent(expr)}&${grid}`, { headers: { accept } });
    expect((await direct(MATRIX_TYPE)).headers.get('content-type')).toBe(MATRIX_TYPE);
    const { data: told } = (await (await direct('application/json')).json()) as {
      data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
    };
    expect(told.result.length).toBeGreaterThan(10);
    const query = { refId: 'A', queryType: '', intervalMs: 1000, maxDataPoints: 11_000, fromMs, toMs };
    const json = Buffer.from(JSON.stringify({ refId: 'A', expr, format: 'time_series' }));
    const answer = (await plugin.query(current, [{ ...query, json }])).get('A')!;
    expect(answer).toMatchObject({ status: 200, error: '' });
    expect(tables(answer.frames).map(({ fields: [time, value] }) => [value.labels, time.values, value.values])).toEqual(
      told.result.map(({ metric, values }) => [
        metric,
        values.map(([t]) => t * 1000),
        values.map(([, v]) => Number(v)),
      ]),
    );
  });

  test('its process has the heap settings that the command has', () => {
    const command = readFileSync('bin/isotherm', 'utf8');
    const [, young] = /^v8=(\S+)$/m.exec(command)!;
    const [, later] = /^later="(.+)"$/m.exec(command)!;
    const { pid, command: own } = processes().find((one) => one.command.includes('collector.mjs'))!;
    expect(own.split('\0')).toContain(young);
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')).toContain(`ISOTHERM_HEAP_SETTINGS=${later}`);
  });

  test('other targets are taken without a restart', async () => {
    const pid = collectorPid();
    current = settings({ targets: `service = ${target}`, machine: false });
    await plugin.health(current);
    await until('the job', async () => (await ask(current, 'hits_total')).service > 0);
    expect(collectorPid()).not.toBeUndefined();
    current = settings({ targets: `renamed = ${target}`, machine: false });
    const before = collectorPid();
    await until('the new name', async () => (await ask(current, 'hits_total')).renamed > 0);
    expect(collectorPid()).toBe(before);
    expect(pid).not.toBeUndefined();
    // Grafana dates changes by the second: two within one have the same time.
    const { lastUpdatedMs } = current.dataSource!;
    const next = settings({ targets: `again = ${target}`, machine: false });
    current = { ...next, dataSource: { ...next.dataSource!, lastUpdatedMs } };
    await until('the newest name', async () => (await ask(current, 'hits_total')).again > 0);
    expect(collectorPid()).toBe(before);
  });

  test('before the first scrape health says when that will be, and judges afterwards', async () => {
    const slow = settings({ targets: `slow = ${target}` }, { timeInterval: '1h' });
    const waiting = await plugin.health(slow);
    expect(waiting).toMatchObject({ status: 1, message: expect.stringMatching(/first scrapes? of \d within 3600 s/) });
    expect(waiting.message).not.toMatch(/0 of/);
    const none = settings({ targets: 'gone = 127.0.0.1:1' });
    await until('a scrape that failed', async () => (await plugin.health(none)).status === 2);
    const judged = await plugin.health(none);
    expect(judged.message).toMatch(/Collecting here, but the target does not answer: check the addresses/);
    expect(judged.details).toMatchObject({ fault: 'targets', verboseMessage: expect.stringMatching(/refused/i) });
    // What follows goes on from the targets before.
    current = settings({ targets: `again = ${target}`, machine: false });
    await until('the targets from before', async () => (await plugin.health(current)).status === 1);
  });

  test('settings with a fault are named, and what ran before goes on', async () => {
    const broken = settings({ targets: 'nonsense' });
    const { status, message } = await plugin.health(broken);
    expect(status).toBe(2);
    expect(message).toMatch(/line 1, column 1: "nonsense" has no port/);
    expect((await ask(broken, 'hits_total')).again).toBeGreaterThan(0);
  });

  test('what goes on after its data source was deleted is named, and ended by administrators alone', async () => {
    const deleted = settings({ targets: target });
    const gone = { ...deleted, dataSource: { ...deleted.dataSource!, uid: 'gone' } };
    await until('its scrape', async () => (await ask(gone, 'up')).targets === 1);
    const running = async (orgId = 1): Promise<string[]> => {
      const { body } = await plugin.resource({ ...current, orgId }, 'GET', 'collect/running');
      return (JSON.parse(body) as { data: { uid: string }[] }).data.map(({ uid }) => uid).sort();
    };
    expect(await running()).toEqual(['gone', 'here']);
    const stop = (userRole: string, uid: string) =>
      plugin.resource({ ...current, userRole }, 'POST', 'collect/stop', JSON.stringify({ uid }));
    expect(await stop('Editor', 'gone')).toMatchObject({ code: 403 });
    expect(await stop('Admin', 'here')).toMatchObject({ code: 400 });
    expect(await stop('Admin', 'nobody')).toMatchObject({ code: 404 });
    expect(await running(2)).toEqual([]);
    expect(await stop('Admin', 'gone')).toMatchObject({ code: 200 });
    expect(await running()).toEqual(['here']);
    await until(
      'its end',
      async () => processes().filter(({ command }) => command.includes('collector.mjs')).length === 1,
    );
    expect(JSON.parse(readFileSync(path.join(data, '1-gone/collector.json'), 'utf8'))).toMatchObject({ active: false });
  });

  test('a pasted prometheus.yml is checked with places, without being saved', async () => {
    const config = 'scrape_configs:\n- job_name: a\n  static_confgs: []\n';
    const { code: status, body } = await plugin.resource(
      first(),
      'POST',
      'collect/check',
      JSON.stringify({ source: 'config', config }),
    );
    expect(status).toBe(200);
    const { data: check } = JSON.parse(body) as { data: { faults: { line: number; column: number; why: string }[] } };
    expect(check.faults).toContainEqual({
      line: 3,
      column: 3,
      why: expect.stringMatching(/did you mean static_configs/) as string,
    });
  });

  test('a pasted prometheus.yml has its secrets from the secure settings, and they are in no file that others read', async () => {
    const seen: (string | undefined)[] = [];
    const guarded = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.setHeader('content-type', 'text/plain').end('guarded 1\n');
    });
    await new Promise<void>((resolve) => guarded.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(guarded.address() as AddressInfo).port}`;
    const config = `global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: guarded\n  authorization: {credentials: "\${TOKEN}"}\n  static_configs: [{targets: ['${address}']}]\n`;
    current = settings({ source: 'config', config }, { collectSecretName1: 'TOKEN' }, { collectSecretValue1: 'hush' });
    await until('a scrape', async () => (await ask(current, 'guarded')).guarded === 1);
    expect(seen[0]).toBe('Bearer hush');
    guarded.close();
    guarded.closeAllConnections();
  });

  test('a collector that is killed comes back with what it had', async () => {
    current = settings({ targets: `renamed = ${target}`, machine: false });
    await until('the job', async () => (await ask(current, 'hits_total')).renamed > 0);
    const samples = async () =>
      (await ask(current, 'max_over_time(count_over_time(hits_total[10m])[1s:1s])')).renamed ?? 0;
    await until('some samples', async () => (await samples()) >= 3);
    const before = await samples();
    const pid = collectorPid() as number;
    process.kill(pid, 'SIGKILL');
    await until('another process', async () => Promise.resolve(![undefined, pid].includes(collectorPid())));
    expect(await samples()).toBeGreaterThanOrEqual(before);
  });

  test('when the backend is killed its collector closes, and the next backend goes on before anybody asks', async () => {
    const count = 'count_over_time(hits_total{job="renamed"}[10m])';
    const before = (await ask(current, count)).renamed;
    const pid = collectorPid();
    plugin.kill();
    await until('the end of the collector', () => Promise.resolve(collectorPid() === undefined));
    const page = JSON.parse(readFileSync(path.join(data, '1-here/collector.json'), 'utf8')) as { address: string };
    plugin = await start();
    await until('the collector', () => Promise.resolve(![undefined, pid].includes(collectorPid())));
    await until('its pages at the same address', () =>
      fetch(`http://${page.address}/-/ready`).then(
        (answer) => answer.ok,
        () => false,
      ),
    );
    expect((await ask(current, count)).renamed).toBeGreaterThanOrEqual(before);
  });

  test('a data source that is set to ask a server beside Grafana stops collecting and keeps its samples', async () => {
    const beside = settings({}, { mode: 'beside' });
    await plugin.health({ ...beside, dataSource: { ...beside.dataSource!, url: 'http://127.0.0.1:1' } });
    await until('the end of the collector', () => Promise.resolve(collectorPid() === undefined));
    expect(existsSync(path.join(data, '1-here/samples'))).toBe(true);
    expect(readFileSync(path.join(data, '1-here/collector.json'), 'utf8')).toContain('"active":false');
  });

  test('when the host asks it to stop, no process stays', async () => {
    await until('a scrape', async () => (await ask(settings({ targets: target }), 'up')).targets === 1);
    await plugin.shutdown();
    expect(await plugin.exited).toBe(0);
    await until('the end of all processes', () => Promise.resolve(processes().length === 0));
  });
});
