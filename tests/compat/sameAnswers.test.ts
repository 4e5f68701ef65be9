/** A real Prometheus scrapes a service and forwards every sample to ours; then both are asked the same, and the numbers must be the same. */
import { createServer, type Server } from 'node:http';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { besidePrometheus, runPrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const INTERVAL_MS = 250;
/** So many that no window that is asked for reaches back to where the series start: how rates reach beyond it changed with version 3. */
const SCRAPES = 44;

const QUESTIONS = [
  'up',
  'requests_total offset 1s',
  'rate(requests_total[3s])',
  'irate(requests_total[3s])',
  'increase(requests_total[4s])',
  'sum by (route) (rate(requests_total[3s]))',
  'rate(requests_total[3s]) / ignoring(route) group_left sum without (route) (rate(requests_total[3s]))',
  'histogram_quantile(0.95, sum by (le) (rate(latency_seconds_bucket[3s])))',
  'sum(rate(latency_seconds_sum[3s])) / sum(rate(latency_seconds_count[3s]))',
  'avg_over_time(level[3s])',
  'stddev_over_time(level[3s])',
  'quantile_over_time(0.3, level[3s])',
  'deriv(level[3s])',
  'delta(level[3s])',
  'predict_linear(level[3s], 60)',
  'changes(level[3s])',
  'topk(1, requests_total)',
  'max_over_time(sum(level)[4s:1s])',
  'label_replace(up, "copy", "$1", "job", "(.*)")',
  'count({__name__=~".+"}) by (job)',
  'absent(nothing)',
  'clamp(level, -0.5, 0.5) > 0',
];

besidePrometheus('the same samples, the same questions', () => {
  let service: Server;
  let ours: Sidecar;
  let peer: PrometheusProcess;
  let range: string;

  beforeAll(async () => {
    service = await startService();
    const { port } = service.address() as { port: number };
    const folder = tempFolder();
    writeConfig(folder, 'global: {scrape_interval: 1m}\n');
    ours = await startSidecar(folder, ['--web.enable-remote-write-receiver']);
    const config =
      `global: {scrape_interval: ${INTERVAL_MS}ms, scrape_timeout: ${INTERVAL_MS}ms}\nscrape_configs:\n` +
      `  - {job_name: app, static_configs: [{targets: ['127.0.0.1:${port}']}]}\n` +
      `remote_write:\n  - {url: '${ours.url}/api/v1/write', queue_config: {batch_send_deadline: 100ms}}\n`;
    peer = await runPrometheus({ config, folder });
    await until(async () => {
      const counted = await api(ours.url, '/query?query=count_over_time(up[5m])');
      return Number(counted.data.result[0]?.value[1] ?? 0) >= SCRAPES;
    });
    // What is asked lies behind the newest sample of both.
    const newest = (await api(ours.url, '/query?query=timestamp(up)')).data.result[0].value[1];
    // Off the grid of the samples: whether a window's left end is part of it changed with version 3.
    range = `&start=${Number(newest) - 4.9}&end=${Number(newest) - 0.9}&step=0.5`;
  });
  afterAll(async () => {
    await peer?.stop();
    await ours?.stop();
    service?.close();
  });

  test.each(QUESTIONS)('%s', async (query) => {
    const path = `/query_range?query=${encodeURIComponent(query)}${range}`;
    const [mine, theirs] = await Promise.all([api(ours.url, path), api(peer.url, path)]);
    expect(seriesOf(theirs).length).toBeGreaterThan(0);
    expect(seriesOf(mine)).toEqual(seriesOf(theirs));
  });
});

interface Answer {
  readonly data: { readonly result: { metric: Record<string, string>; values: [number, string][] }[] };
}

/** Series in a fixed order, values to twelve digits: sums may be added up in another order. */
function seriesOf({ data }: Answer) {
  return data.result
    .map(({ metric, values }) => ({
      labels: JSON.stringify(Object.entries(metric).sort()),
      values: values.map(([t, v]) => `${t} ${Number(v).toPrecision(12)}`),
    }))
    .sort((a, b) => (a.labels < b.labels ? -1 : 1));
}

/** Metrics that move with every page, in a way that repeats from run to run. */
async function startService(): Promise<Server> {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({ name: 'requests_total', help: 'Requests.', labelNames: ['route'], registers });
  const latency = new Histogram({ name: 'latency_seconds', help: 'Latency.', buckets: [0.01, 0.1, 1], registers });
  const level = new Gauge({ name: 'level', help: 'Level.', registers });
  let pages = 0;
  const server = createServer((_, answer) => {
    pages++;
    requests.inc({ route: '/a' }, pages % 5);
    requests.inc({ route: '/b' }, 1);
    latency.observe((pages % 7) / 5);
    level.set(Math.sin(pages));
    void registry.metrics().then((page) => answer.setHeader('content-type', registry.contentType).end(page));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
