/**
 * When counters began, as zeros (`--enable-feature=created-timestamp-zero-ingestion`), here and in a real Prometheus (3 or later): the same series get a zero
 * for the same starts. Each page is shown by a service that is up, goes down, comes back, and is then replaced between two scrapes.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PROTOBUF_TYPE, protobufPage, type WrittenFamily } from '../support/metricFamilyWriter.ts';
import { beside, runPrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

jest.setTimeout(90_000);

const TEXT = 'text/plain; version=0.0.4';
const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0';
const FLAG = '--enable-feature=created-timestamp-zero-ingestion';
const JOBS = ['plain', 'native', 'converted'] as const;
const LINES: Readonly<Record<(typeof JOBS)[number], string>> = {
  plain: '',
  native: '  scrape_native_histograms: true\n  always_scrape_classic_histograms: true\n',
  converted: '  convert_classic_histograms_to_nhcb: true\n',
};

interface Page {
  readonly name: string;
  readonly type: string;
  /** @param start milliseconds. */
  readonly body: (start: number) => string | Uint8Array;
}

const om = (name: string, body: (seconds: string) => string): Page => ({
  name,
  type: OPEN_METRICS,
  body: (start) => `${body((start / 1000).toFixed(3))}# EOF\n`,
});
const protobuf = (name: string, family: (start: number) => WrittenFamily): Page => ({
  name,
  type: PROTOBUF_TYPE,
  body: (start) => protobufPage([family(start)]),
});
const NATIVE = { schema: 2, zeroThreshold: 0.001, zeroCount: 0, spans: [[0, 4]], deltas: [1, 1, 0, -1] } as const;

const PAGES: readonly Page[] = [
  protobuf('a counter', (start) => ({ name: 'a_total', type: 'counter', metrics: [{ v: 3, start }] })),
  protobuf('counters of two starts', (start) => ({
    name: 'a_total',
    type: 'counter',
    metrics: [
      { labels: { r: 'x' }, v: 3, start: start + 7 },
      { labels: { r: 'y' }, v: 4, start },
      { labels: { r: 'z' }, v: 5 },
    ],
  })),
  protobuf('a summary', (start) => ({
    name: 's',
    type: 'summary',
    metrics: [{ summary: { count: 3, sum: 2, quantiles: [[0.5, 1]] }, start }],
  })),
  protobuf('a classic histogram', (start) => ({
    name: 'h',
    type: 'histogram',
    metrics: [{ histogram: { count: 3, sum: 2, buckets: [{ le: 1, count: 2 }] }, start }],
  })),
  protobuf('a native histogram', (start) => ({
    name: 'h',
    type: 'histogram',
    metrics: [{ histogram: { count: 6, sum: 3, buckets: [{ le: 1, count: 6 }], native: NATIVE }, start }],
  })),
  protobuf('a gauge', () => ({ name: 'g', type: 'gauge', metrics: [{ v: 3 }] })),
  protobuf('a counter from the future', (start) => ({
    name: 'a_total',
    type: 'counter',
    metrics: [{ v: 3, start: start + 600_000 }],
  })),
  protobuf('a counter of long ago', () => ({
    name: 'a_total',
    type: 'counter',
    metrics: [{ v: 3, start: 86_400_000 }],
  })),
  om('a counter', (s) => `# TYPE a counter\na_total 3\na_created ${s}\n`),
  om(
    'counters',
    (s) =>
      `# TYPE a counter\na_total{r="x"} 3\na_created{r="x"} ${s}\na_total{r="y"} 3\na_total{r="z"} 1\na_created{r="z"} ${s}\n`,
  ),
  om('a summary', (s) => `# TYPE q summary\nq{quantile="0.5"} 3\nq_count 4\nq_sum 5\nq_created ${s}\n`),
  om(
    'histograms',
    (s) =>
      `# TYPE h histogram\nh_bucket{r="x",le="1.0"} 3\nh_bucket{r="x",le="+Inf"} 4\nh_count{r="x"} 4\nh_sum{r="x"} 5\nh_created{r="x"} ${s}\nh_bucket{r="y",le="1.0"} 3\nh_bucket{r="y",le="+Inf"} 4\nh_count{r="y"} 4\nh_sum{r="y"} 5\n`,
  ),
  om('a start of nothing', (s) => `# TYPE a counter\na_created{r="x"} ${s}\n# TYPE b counter\nb_total 1\n`),
  om('a gauge named so', (s) => `# TYPE a_created gauge\na_created ${s}\n`),
  om('an own time', (s) => `# TYPE a counter\na_total 3 ${s.slice(0, -4)}.999\na_created ${s}\n`),
  {
    name: 'text has no starts',
    type: TEXT,
    body: (start) => `# TYPE a counter\na_total 3\na_created ${start / 1000}\n`,
  },
];

/** Up twice, down twice, back twice, and from then on another one. */
const PHASES = ['up', 'up', 'down', 'down', 'back', 'back', 'replaced', 'replaced', 'replaced'] as const;
type Phase = (typeof PHASES)[number];

beside({ prometheus: [3, 0] }, 'zeros where counters began', () => {
  let server: Server;
  let peer: PrometheusProcess;
  let sidecar: Sidecar;
  /** By path: how often it was asked, and the starts that it told. */
  const shown = new Map<string, { asked: number; starts: Partial<Record<Phase, number>> }>();

  beforeAll(async () => {
    const longAgo = Date.now() - 60_000;
    server = createServer((request, response) => {
      const path = request.url!;
      const { asked, starts } = shown.get(path) ?? { asked: 0, starts: { up: longAgo } };
      shown.set(path, { asked: asked + 1, starts });
      const phase = PHASES[Math.min(asked, PHASES.length - 1)];
      if (phase === 'down') {
        // It comes up again between two scrapes that find it down.
        starts.back ??= Date.now() + 100;
        return void response.writeHead(503).end();
      }
      if (phase === 'replaced') starts.replaced ??= Date.now() - 100;
      const { type, body } = PAGES[Number(path.split('/').at(-1))];
      response.setHeader('content-type', type).end(body(starts[phase]!));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const job = (who: string) => (name: (typeof JOBS)[number]) => {
      const targets = PAGES.map(
        (_, i) => `  - {targets: ["${address}"], labels: {page: "${i}", __metrics_path__: "/${who}/${name}/${i}"}}\n`,
      );
      return `- job_name: ${name}\n${LINES[name]}  static_configs:\n${targets.join('')}`;
    };
    const config = (who: string) => `global: {scrape_interval: 2s}\nscrape_configs:\n${JOBS.map(job(who)).join('')}`;
    const folder = tempFolder();
    writeConfig(folder, config('ours'));
    [sidecar, peer] = await Promise.all([
      startSidecar(folder, [FLAG]),
      runPrometheus({ config: config('theirs'), folder, flags: [FLAG] }),
    ]);
    await until(
      () => shown.size === 2 * JOBS.length * PAGES.length && [...shown.values()].every(({ asked }) => asked > 8),
      60_000,
    );
  });
  afterAll(async () => {
    await Promise.all([sidecar?.stop(), peer?.stop()]);
    server?.closeAllConnections();
    server?.close();
  });

  /** By series, the phases whose start has a zero. */
  const zerosOf = async (who: 'ours' | 'theirs', job: string, page: number): Promise<Record<string, string[]>> => {
    const { url } = who === 'ours' ? sidecar : peer;
    const { data } = await api(
      url,
      `/query?query=${encodeURIComponent(`{job="${job}",page="${page}",__name__!~"scrape_.*|up"}[1h]`)}`,
    );
    const starts = Object.entries(shown.get(`/${who}/${job}/${page}`)!.starts);
    type Result = {
      metric: Record<string, string>;
      values?: [number, string][];
      histograms?: [number, { count: string }][];
    };
    return Object.fromEntries(
      (data.result as Result[]).map(
        ({ metric: { job: _job, instance: _instance, page: _page, ...metric }, ...all }) => {
          const samples = [
            ...(all.values ?? []),
            ...(all.histograms ?? []).map(([t, { count }]) => [t, count] as const),
          ];
          const zeros = samples.filter(([, v]) => v === '0').map(([t]) => Math.round(t * 1000));
          // Seven milliseconds later in a page of two starts.
          const phaseOf = (t: number) => starts.find(([, start]) => t === start || t === start + 7)?.[0] ?? String(t);
          return [JSON.stringify(Object.entries(metric).sort()), zeros.map(phaseOf)];
        },
      ),
    );
  };

  test.each(JOBS.flatMap((job) => PAGES.map(({ name, type }, i) => [job, name, type.slice(12, 23), i] as const)))(
    '%s: %s (%s)',
    async (job, _name, _type, page) => {
      const ours = await zerosOf('ours', job, page);
      expect(ours).toEqual(await zerosOf('theirs', job, page));
      expect(Object.keys(ours).length).toBeGreaterThan(0);
    },
  );

  test('a counter has a zero for each of its starts', async () => {
    expect(Object.values(await zerosOf('ours', 'plain', 0))).toEqual([['up', 'back', 'replaced']]);
    expect(Object.values(await zerosOf('ours', 'plain', 8))).toEqual([['up', 'back', 'replaced']]);
  });
});
