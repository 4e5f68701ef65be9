/** Ours asks other servers along with its own store: a real Prometheus, itself, and the other one of a highly available pair. */
import { createServer, type Server } from 'node:http';
import { besidePrometheus, runPrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const ask = async (url: string, query: string) =>
  (await api(url, `/query?query=${encodeURIComponent(query)}`)) as Answer;
interface Answer {
  readonly data: { readonly result: { metric: Record<string, string>; value: [number, string] }[] };
  readonly warnings?: string[];
}
const valuesOf = async (url: string, query: string) =>
  (await ask(url, query)).data.result.map(({ metric, value }) => [metric, value[1]]);

/** A counter that counts its scrapes. */
async function startService(): Promise<{ server: Server; port: number }> {
  let scrapes = 0;
  const server = createServer((_, answer) =>
    answer.setHeader('content-type', 'text/plain; version=0.0.4').end(`# TYPE n_total counter\nn_total ${++scrapes}\n`),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as { port: number }).port };
}

const configOf = (port: number | undefined, more = '') =>
  `global: {scrape_interval: 200ms, scrape_timeout: 200ms${more}\n` +
  (port === undefined ? '' : `scrape_configs: [{job_name: far, static_configs: [{targets: ['127.0.0.1:${port}']}]}]\n`);

async function startOurs(config: string, flags: readonly string[] = []): Promise<Sidecar> {
  const folder = tempFolder();
  writeConfig(folder, config);
  return startSidecar(folder, flags);
}

describe('remote read', () => {
  const running: { stop(): Promise<unknown> }[] = [];
  const servers: Server[] = [];
  const kept = <T extends { stop(): Promise<unknown> }>(one: T): T => (running.push(one), one);
  let port: number;
  beforeEach(async () => {
    const service = await startService();
    servers.push(service.server);
    port = service.port;
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.stop()));
    for (const server of servers.splice(0)) server.close();
  });

  const hasSamples = (url: string, n: number) =>
    until(async () => Number((await valuesOf(url, 'count_over_time(n_total[1m])'))[0]?.[1] ?? 0) >= n);

  besidePrometheus('from Prometheus', () => {
    test('its samples are among ours, as it has them', async () => {
      const peer: PrometheusProcess = kept(
        await runPrometheus({ config: configOf(port, ', external_labels: {zone: eu}}') }),
      );
      const remote = `remote_read: [{url: '${peer.url}/api/v1/read', read_recent: true}]\n`;
      const ours = kept(await startOurs(configOf(undefined, '}') + remote));
      await hasSamples(ours.url, 5);
      const at = Date.now() / 1000 - 0.5;
      const raw = async (url: string) =>
        (await api(url, `/query?query=${encodeURIComponent('n_total[1m]')}&time=${at}`)).data.result;
      const [[theirs], [seen]] = [await raw(peer.url), await raw(ours.url)];
      expect(seen.values).toEqual(theirs.values);
      // What it tells others has its own name on it.
      expect(seen.metric).toEqual({ ...theirs.metric, zone: 'eu' });
      expect((await ask(ours.url, 'sum by (job) (rate(n_total{zone="eu"}[30s]))')).data.result).toHaveLength(1);
      expect(await valuesOf(ours.url, 'n_total{zone="us"}')).toEqual([]);
    });
  });

  test('required matchers, our own labels, and a server that is away', async () => {
    const far = kept(await startOurs(configOf(port, ', external_labels: {zone: eu}}')));
    const read = (more: string) => `remote_read: [{url: '${far.url}/api/v1/read', read_recent: true${more}}]\n`;
    const picky = kept(await startOurs(configOf(undefined, '}') + read(', required_matchers: {job: far}')));
    await hasSamples(far.url, 3);
    expect(await valuesOf(picky.url, 'count(n_total)')).toEqual([]);
    expect(await valuesOf(picky.url, 'count(n_total{job="far"})')).toEqual([[{}, '1']]);
    const same = kept(await startOurs(configOf(undefined, ', external_labels: {zone: eu}}') + read('')));
    expect((await valuesOf(same.url, 'n_total'))[0][0]).not.toHaveProperty('zone');
    expect(await valuesOf(same.url, 'count(n_total{zone="eu"})')).toEqual([[{}, '1']]);
    const other = kept(await startOurs(configOf(undefined, ', external_labels: {zone: us}}') + read('')));
    expect(await valuesOf(other.url, 'count(n_total)')).toEqual([]);
    await far.stop();
    const answer = await ask(picky.url, 'n_total{job="far"}');
    expect(answer.data.result).toEqual([]);
    expect(answer.warnings).toEqual([expect.stringMatching(/remote read of 127\.0\.0\.1:\d+: /)]);
  });

  test('times of which we have samples are asked of nobody, unless read_recent says so', async () => {
    const far = kept(await startOurs(configOf(port, ', external_labels: {zone: eu}}')));
    await hasSamples(far.url, 10);
    const start = Date.now();
    const remote = `remote_read: [{url: '${far.url}/api/v1/read'}]\n`;
    const ours = kept(await startOurs(configOf(port, '}') + remote));
    // By what answers: the far server takes `zone=""` for its own samples, and its name is put on them afterwards.
    await until(async () => (await ask(ours.url, 'n_total')).data.result.some(({ metric }) => !metric.zone));
    // Scrapes that began before ours are stored by then.
    await until(() => Date.now() > start + 1_000);
    const [[, before]] = await valuesOf(ours.url, 'count_over_time(n_total{zone="eu"}[1m])');
    await until(() => Date.now() > start + 2_500);
    const [[, after]] = await valuesOf(ours.url, 'count_over_time(n_total{zone="eu"}[1m])');
    expect(after).toBe(before);
  });

  test('a pair that scrapes the same targets: either shows one series, without the gap of the other', async () => {
    const replica = (name: string) => `, external_labels: {replica: ${name}}}`;
    const flags = ['--query.replica-label=replica'];
    const a = kept(await startOurs(configOf(port, replica('a'))));
    await hasSamples(a.url, 10);
    // It begins now, and knows of what was before by the other one.
    const remote = `remote_read: [{url: '${a.url}/api/v1/read', read_recent: true, filter_external_labels: false}]\n`;
    const b = kept(await startOurs(configOf(port, replica('b')) + remote, flags));
    await until(async () => Number((await valuesOf(b.url, 'count_over_time(up[1m])'))[0]?.[1] ?? 0) >= 15);
    expect((await valuesOf(b.url, 'n_total')).map(([metric]) => metric)).toEqual([
      { __name__: 'n_total', instance: `127.0.0.1:${port}`, job: 'far' },
    ]);
    const { data } = await api(b.url, `/query?query=${encodeURIComponent('n_total[1m]')}`);
    const values = data.result[0].values.map(([t, v]: [number, string]) => [t, Number(v)]);
    for (let i = 1; i < values.length; i++) expect(values[i][1]).toBeGreaterThan(values[i - 1][1]);
    expect(values.length).toBeGreaterThanOrEqual(15);
    expect(await valuesOf(b.url, 'resets(n_total[1m])')).toEqual([[expect.anything(), '0']]);
    // Two of them would be twice as dense.
    const spacing = (values.at(-1)[0] - values[0][0]) / (values.length - 1);
    expect(spacing).toBeGreaterThan(0.15);
    const names = (await api(b.url, '/labels')).data as string[];
    expect(names).not.toContain('replica');
  });

  test('a pair that writes to us: queries see one series, its labels are without the replica', async () => {
    const ours = kept(
      await startOurs(configOf(undefined, '}'), [
        '--web.enable-remote-write-receiver',
        '--query.replica-label=replica',
      ]),
    );
    const write = `remote_write: [{url: '${ours.url}/api/v1/write', queue_config: {batch_send_deadline: 100ms}}]\n`;
    for (const name of ['a', 'b'])
      kept(
        await startOurs(configOf(port, `, external_labels: {replica: ${name}}}`) + write, [
          '--agent',
          `--storage.agent.path=${tempFolder()}`,
        ]),
      );
    await hasSamples(ours.url, 10);
    await until(async () => ((await api(ours.url, '/label/replica/values')).data as string[]).length === 2);
    expect(await valuesOf(ours.url, 'count(n_total)')).toEqual([[{}, '1']]);
    expect(await valuesOf(ours.url, 'resets(n_total[1m])')).toEqual([
      [expect.not.objectContaining({ replica: 'a' }), '0'],
    ]);
    expect((await api(ours.url, '/series?match[]=n_total')).data).toHaveLength(1);
    // Who asks for one of them gets that one.
    expect(await valuesOf(ours.url, 'count(n_total{replica="b"})')).toEqual([[{}, '1']]);
  });
});
