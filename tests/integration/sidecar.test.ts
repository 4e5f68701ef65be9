/** The real process: starts, scrapes, answers, remembers, reloads, stops, and says what is wrong in words. */
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { Counter, Histogram, Registry } from 'prom-client';
import { api, runIsotherm, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const running: Sidecar[] = [];
async function start(folder: string, args: readonly string[] = []): Promise<Sidecar> {
  const sidecar = await startSidecar(folder, args);
  running.push(sidecar);
  return sidecar;
}
afterEach(async () => {
  for (const sidecar of running.splice(0)) if (sidecar.process.exitCode === null) await sidecar.stop();
});

/** A service with prom-client metrics, as a user's own would be. */
async function service(): Promise<{ address: string; requests: Counter; server: Server }> {
  const registry = new Registry();
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests.',
    labelNames: ['route'],
    registers: [registry],
  });
  const latency = new Histogram({
    name: 'latency_seconds',
    help: 'Latency.',
    buckets: [0.1, 1],
    registers: [registry],
  });
  requests.inc({ route: '/predict' }, 5);
  latency.observe(0.05);
  const server = createServer((_, answer) => {
    void registry.metrics().then((page) => answer.setHeader('content-type', registry.contentType).end(page));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `127.0.0.1:${(server.address() as { port: number }).port}`, requests, server };
}

const configOf = (...targets: string[]) =>
  `global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs:\n` +
  `  - job_name: app\n    static_configs: [{targets: ${JSON.stringify(targets)}}]\n`;

const valueOf = async (url: string, query: string) =>
  (await api(url, `/query?query=${encodeURIComponent(query)}`)).data.result[0]?.value[1];

test('a service is scraped, asked for, and remembered over a restart', async () => {
  const { address, requests, server } = await service();
  const folder = tempFolder();
  writeConfig(folder, configOf(address));
  const first = await start(folder);
  await until(async () => (await valueOf(first.url, 'http_requests_total{route="/predict"}')) === '5');
  requests.inc({ route: '/predict' }, 2);
  await until(async () => (await valueOf(first.url, 'http_requests_total')) === '7');
  expect(await valueOf(first.url, 'up')).toBe('1');
  expect(await valueOf(first.url, 'histogram_quantile(0.5, latency_seconds_bucket)')).toBe('0.05');
  const target = (await api(first.url, '/targets')).data.activeTargets[0];
  expect(target).toMatchObject({ health: 'up', lastError: '', labels: { job: 'app', instance: address } });
  expect((await api(first.url, '/metadata?metric=http_requests_total')).data).toEqual({
    http_requests_total: [{ type: 'counter', help: 'Requests.', unit: '' }],
  });
  const asked = Date.now() / 1000;
  expect(await first.stop()).toEqual({ code: 0, signal: null });
  server.close();

  writeConfig(folder, configOf());
  const second = await start(folder);
  const past = await api(second.url, `/query?query=http_requests_total&time=${asked}`);
  expect(past.data.result[0].value[1]).toBe('7');
  expect((await api(second.url, '/label/route/values')).data).toEqual(['/predict']);
});

test('our own metrics have the names that dashboards expect; machine metrics come with their flag', async () => {
  const folder = tempFolder();
  writeConfig(folder, configOf());
  const { url } = await start(folder, ['--collector.machine']);
  const page = async (query = '') => (await fetch(`${url}/metrics${query}`)).text();
  const both = await page();
  for (const name of [
    'prometheus_build_info',
    'prometheus_tsdb_head_series',
    'process_resident_memory_bytes',
    'node_memory_MemTotal_bytes',
  ]) {
    expect(both).toMatch(new RegExp(`^${name}[ {]`, 'm'));
  }
  expect(await page('?collect[]=self')).not.toMatch(/^node_/m);
  expect(await page('?collect[]=machine')).not.toMatch(/^process_/m);
});

/** The ways to have the file read again. */
const RELOADS: readonly (readonly [way: string, flags: readonly string[], ask: (sidecar: Sidecar) => unknown])[] = [
  ['SIGHUP', [], (sidecar) => sidecar.process.kill('SIGHUP')],
  ['POST /-/reload', ['--web.enable-lifecycle'], ({ url }) => fetch(`${url}/-/reload`, { method: 'POST' })],
  ['a look at the file', ['--config.auto-reload', '--config.auto-reload-interval=100ms'], () => undefined],
];

test.each(RELOADS)('%s takes a good file, and leaves everything as it was for a bad one', async (_, flags, ask) => {
  const folder = tempFolder();
  writeConfig(folder, configOf('127.0.0.1:1'));
  const sidecar = await start(folder, [...flags]);
  const targets = async () =>
    (await api(sidecar.url, '/targets')).data.activeTargets.map((t: { scrapeUrl: string }) => t.scrapeUrl);
  const reloaded = async () => {
    const page = await (await fetch(`${sidecar.url}/metrics`)).text();
    return ['prometheus', 'isotherm'].map(
      (whose) => new RegExp(`^${whose}_config_last_reload_successful (\\d)`, 'm').exec(page)?.[1],
    );
  };
  const runningConfig = async () => (await api(sidecar.url, '/status/config')).data.yaml;
  const before = await runningConfig();
  expect([await targets(), await reloaded()]).toEqual([['http://127.0.0.1:1/metrics'], ['1', '1']]);
  // Its first job is right: nothing of a file is taken by halves.
  writeConfig(folder, `${configOf('127.0.0.1:2')}scrape_config: []\n`);
  await ask(sidecar);
  await until(async () => (await reloaded()).join() === '0,0');
  expect([await targets(), await runningConfig()]).toEqual([['http://127.0.0.1:1/metrics'], before]);
  expect(sidecar.stderr()).toMatch(/prometheus\.yml:\d+:1: scrape_config: unknown key; did you mean scrape_configs\?/);
  writeConfig(folder, configOf('127.0.0.1:2'));
  await ask(sidecar);
  await until(async () => (await targets())[0] === 'http://127.0.0.1:2/metrics');
  await until(async () => (await reloaded()).join() === '1,1');
});

test('lifecycle requests reload and quit when they are allowed', async () => {
  const folder = tempFolder();
  writeConfig(folder, configOf());
  const sidecar = await start(folder, ['--web.enable-lifecycle']);
  expect((await fetch(`${sidecar.url}/-/reload`, { method: 'POST' })).status).toBe(200);
  writeConfig(folder, 'nonsense: 1\n');
  const bad = await fetch(`${sidecar.url}/-/reload`, { method: 'POST' });
  expect([bad.status, await bad.text()]).toEqual([500, expect.stringMatching(/prometheus\.yml:1:1/)]);
  expect((await fetch(`${sidecar.url}/-/quit`, { method: 'POST' })).status).toBe(200);
  expect(await sidecar.ended).toEqual({ code: 0, signal: null });
});

test('a terminal’s Ctrl-C and the TERM of whoever started us, at once, are one clean stop', async () => {
  const { address, server } = await service();
  const folder = tempFolder();
  writeConfig(folder, configOf(address));
  const first = await start(folder);
  await until(async () => (await valueOf(first.url, 'up')) === '1');
  first.process.kill('SIGINT');
  first.process.kill('SIGTERM');
  expect(await first.ended).toEqual({ code: 0, signal: null });
  server.close();
  const second = await start(folder); // The folder was given free.
  expect(Number(await valueOf(second.url, 'count_over_time(up[5m])'))).toBeGreaterThan(0);
});

test('a killed server is followed by one that knows what was committed', async () => {
  const { address, server } = await service();
  const folder = tempFolder();
  writeConfig(folder, configOf(address));
  const first = await start(folder);
  await until(async () => Number(await valueOf(first.url, 'count_over_time(up[5m])')) >= 3);
  const told = Number(await valueOf(first.url, 'count_over_time(up[5m])'));
  first.process.kill('SIGKILL');
  await first.ended;
  server.close();
  writeConfig(folder, configOf());
  const second = await start(folder);
  expect(Number(await valueOf(second.url, 'count_over_time(up[5m])'))).toBeGreaterThanOrEqual(told);
});

describe('what cannot start says why, in one line, with exit code 1', () => {
  const refused = async (folder: string, ...args: string[]) => {
    const run = await runIsotherm([
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
      '--log.level=error',
      ...args,
    ]);
    expect([run.code, run.stdout]).toEqual([1, '']);
    expect(run.stderr).not.toMatch(/^\s+at /m);
    return run.stderr;
  };
  test('a bad configuration, with its place', async () => {
    const folder = tempFolder();
    writeConfig(folder, 'global:\n  scrape_interval: 1x\n');
    expect(await refused(folder)).toMatch(/^isotherm: \S+prometheus\.yml:2:\d+: /);
  });
  test('no configuration', async () => expect(await refused(tempFolder())).toMatch(/^isotherm: .*prometheus\.yml/));
  test('a folder in use, with who uses it', async () => {
    const folder = tempFolder();
    writeConfig(folder, configOf());
    const { process } = await start(folder);
    expect(await refused(folder)).toMatch(new RegExp(`in use by process ${process.pid}`));
  });
  test('a port in use', async () => {
    const folder = tempFolder();
    writeConfig(folder, configOf());
    const { url } = await start(folder);
    const other = tempFolder();
    writeConfig(other, configOf());
    const run = await runIsotherm([
      `--config.file=${join(other, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(other, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
      '--log.level=error',
    ]);
    expect([run.code, run.stderr]).toEqual([
      1,
      expect.stringMatching(/^isotherm: cannot listen .*another program listens there/),
    ]);
  });
});

test('what each step looks at is told where the feature is on', async () => {
  const told: unknown[] = [];
  for (const flags of [[], ['--enable-feature=promql-per-step-stats']]) {
    const folder = tempFolder();
    writeConfig(folder, configOf());
    const { url, stderr } = await start(folder, flags);
    const { data } = await api(url, '/query_range?query=up&start=0&end=120&step=60&stats=all');
    expect(stderr()).not.toContain('has no effect');
    const { per_step_stats: isOn } = (await api(url, '/features')).data.promql;
    told.push([isOn, data.stats.samples.totalQueryableSamplesPerStep]);
  }
  const zeros = [0, 60, 120].map((t) => [t, 0]);
  expect(told).toEqual([
    [false, undefined],
    [true, zeros],
  ]);
});

test('a wrong command line exits with 2 and a word of help', async () => {
  const run = await runIsotherm(['--config.fil=x']);
  expect([run.code, run.stderr]).toEqual([2, 'isotherm: unknown flag --config.fil; did you mean --config.file?\n']);
});

test('check config says what is right and what is wrong', async () => {
  const folder = tempFolder();
  const good = writeConfig(folder, configOf(), 'good.yml');
  const bad = writeConfig(folder, 'nonsense: 1\n', 'bad.yml');
  const run = await runIsotherm(['check', 'config', good, bad]);
  expect([run.code, run.stdout]).toEqual([1, `${good}: right; 1 scrape jobs, 0 rule groups\n`]);
  expect(run.stderr).toMatch(/bad\.yml:1:1/);
});
