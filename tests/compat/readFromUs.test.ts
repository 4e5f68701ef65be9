/** A real Prometheus reads from ours: by federation, which it scrapes, and by remote read, which it queries; both as its own samples. */
import { createServer, type Server } from 'node:http';
import {
  besidePrometheus,
  installedVersion,
  runPrometheus,
  type PrometheusProcess,
} from '../support/prometheusProcess.ts';
import { PROTOBUF_TYPE, protobufPage } from '../support/metricFamilyWriter.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const PAGE = protobufPage([
  {
    name: 'c_total',
    type: 'counter',
    metrics: [
      { labels: { a: 'x' }, v: 7 },
      { labels: { a: '"quoted" ü' }, v: 2.5 },
    ],
  },
  { name: 'g', type: 'gauge', metrics: [{ v: -Infinity }] },
  {
    name: 'h',
    type: 'histogram',
    metrics: [
      {
        histogram: {
          count: 6,
          sum: 12.5,
          native: {
            schema: 1,
            zeroThreshold: 0.001,
            zeroCount: 1,
            spans: [
              [0, 2],
              [1, 1],
            ],
            deltas: [1, 1, -1],
            negativeSpans: [[0, 1]],
            negativeDeltas: [1],
          },
        },
      },
    ],
  },
]);

/** Version 2 does not read native histograms from remote in the same form. */
const hasHistograms = (installedVersion?.[0] ?? 3) > 2;

besidePrometheus('a Prometheus that reads from ours', () => {
  let service: Server;
  let ours: Sidecar;
  let peer: PrometheusProcess;

  beforeAll(async () => {
    service = createServer((_, answer) => answer.setHeader('content-type', PROTOBUF_TYPE).end(PAGE));
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const { port } = service.address() as { port: number };
    const folder = tempFolder();
    writeConfig(
      folder,
      `global: {scrape_interval: 300ms, scrape_timeout: 300ms, external_labels: {zone: eu}}
scrape_configs: [{job_name: app, scrape_native_histograms: true, static_configs: [{targets: ['127.0.0.1:${port}']}]}]
`,
    );
    ours = await startSidecar(folder);
    await until(async () => (await api(ours.url, '/query?query=h')).data.result.length === 1);
    const native = hasHistograms ? 'scrape_native_histograms: true, ' : '';
    const config = `global: {scrape_interval: 300ms, scrape_timeout: 300ms}
scrape_configs:
  - {job_name: fed, honor_labels: true, ${native}metrics_path: /federate, params: {'match[]': ['{job="app"}']}, static_configs: [{targets: ['${new URL(ours.url).host}']}]}
remote_read:
  - {url: '${ours.url}/api/v1/read', read_recent: true, required_matchers: {zone: eu}}
`;
    peer = await runPrometheus({ config, folder, flags: hasHistograms ? [] : ['--enable-feature=native-histograms'] });
    await until(
      async () => (await api(peer.url, '/query?query=c_total{zone="eu",job="app"}')).data.result.length === 2,
    );
  });
  afterAll(async () => {
    await peer?.stop();
    await ours?.stop();
    service?.close();
  });

  const QUERIES = ['c_total', 'g', 'up', ...(hasHistograms ? ['h', 'histogram_quantile(0.5, h)'] : [])];

  test.each(QUERIES)('%s', async (query) => {
    const at = (await api(ours.url, '/query?query=timestamp(up)')).data.result[0].value[1];
    const ask = async (url: string, selector: string) => {
      const expr = query.replace(/\b(c_total|g|up|h)(?!\w|istogram)/, `$1${selector}`);
      const { data } = await api(url, `/query?query=${encodeURIComponent(`sum without (zone) (${expr})`)}&time=${at}`);
      const rows = data.result as {
        metric: Record<string, string>;
        value?: [number, string];
        histogram?: [number, unknown];
      }[];
      return rows.map(({ metric, value, histogram }) => JSON.stringify([metric, value?.[1] ?? histogram?.[1]])).sort();
    };
    const mine = await ask(ours.url, '{job="app"}');
    expect(mine.length).toBeGreaterThan(0);
    expect(await ask(peer.url, '{job="app",zone="eu"}')).toEqual(mine);
  });

  (hasHistograms ? test : test.skip)(
    'it was given streams of chunks, all of which it could read (needs version 3)',
    async () => {
      const page = await (await fetch(`${peer.url}/metrics`)).text();
      const reads = page.split('\n').filter((line) => line.startsWith('prometheus_remote_read_client_queries_total{'));
      expect(reads.length).toBeGreaterThan(0);
      for (const line of reads) expect(line).toMatch(/code="200".*response_type="chunked"/);
    },
  );

  test.each(hasHistograms ? ['g', 'h'] : ['g'])('a range of %s read from afar has every sample', async (metric) => {
    const count = async (url: string, selector: string, at: number) =>
      Number(
        (await api(url, `/query?query=count_over_time(${metric}${selector}[1h])&time=${at}`)).data.result[0]?.value[1],
      );
    const at = Number((await api(ours.url, '/query?query=timestamp(g{job="app"})')).data.result[0].value[1]);
    expect(await count(peer.url, '{job="app",zone="eu"}', at)).toBe(await count(ours.url, '{job="app"}', at));
  });
});

describe('what cannot be federated or read', () => {
  let ours: Sidecar;
  beforeAll(async () => {
    const folder = tempFolder();
    writeConfig(folder, 'global: {scrape_interval: 1m}\n');
    ours = await startSidecar(folder);
  });
  afterAll(() => ours.stop());

  // Nothing asked for is nothing answered, and `{}` is no error here (as it is of /api/v1/series), as upstream has both.
  test.each([
    ['', 200],
    ['?match[]={}', 200],
    ['?match[]=sum(', 400],
    ['?match[]=up%20offset%201m', 400],
  ])('GET /federate%s answers %d', async (search, status) => {
    const answer = await fetch(`${ours.url}/federate${search}`);
    expect([answer.status, (await answer.text()).length > 0]).toEqual([status, status !== 200]);
  });

  test.each([new Uint8Array(), Uint8Array.of(1, 2, 3), Uint8Array.of(2, 4, 0xff, 0xff)])(
    'POST /api/v1/read with %j',
    async (body) => {
      const answer = await fetch(`${ours.url}/api/v1/read`, { method: 'POST', body });
      expect(answer.status).toBe(400);
    },
  );
});
