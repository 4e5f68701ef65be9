/** Classic histograms as native ones with custom bounds, here and in a real Prometheus (3 or later): the same series with the same samples. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PROTOBUF_TYPE, protobufPage } from '../support/metricFamilyWriter.ts';
import { beside, runPrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

jest.setTimeout(60_000);

interface Page {
  readonly name: string;
  readonly body: string | Uint8Array;
  readonly type?: string;
}
const TEXT = 'text/plain; version=0.0.4';
const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0';
const type = '# TYPE h histogram\n';
const buckets = (...pairs: (readonly [le: string, count: number])[]) =>
  pairs.map(([le, count]) => `h_bucket{le="${le}"} ${count}\n`).join('');

const PAGES: readonly Page[] = [
  { name: 'a histogram', body: `${type}${buckets(['0.5', 1], ['1', 4], ['+Inf', 6])}h_sum 7.5\nh_count 6\n` },
  {
    name: 'empty buckets between',
    body: `${type}${buckets(['1', 0], ['2', 3], ['3', 3], ['4', 3], ['+Inf', 9])}h_sum 1\nh_count 9\n`,
  },
  { name: 'nothing observed', body: `${type}${buckets(['1', 0], ['+Inf', 0])}h_sum 0\nh_count 0\n` },
  { name: 'no bucket up to infinity', body: `${type}${buckets(['1', 2], ['2', 3])}h_sum 4\nh_count 5\n` },
  { name: 'no count', body: `${type}${buckets(['1', 2], ['+Inf', 3])}h_sum 4\n` },
  { name: 'no sum', body: `${type}${buckets(['1', 2], ['+Inf', 3])}h_count 3\n` },
  { name: 'no buckets', body: `${type}h_sum 4\nh_count 3\n` },
  { name: 'buckets out of order', body: `${type}${buckets(['2', 3], ['1', 2], ['+Inf', 3])}h_sum 4\nh_count 3\n` },
  { name: 'counts that fall', body: `${type}${buckets(['1', 4], ['2', 3], ['+Inf', 5])}h_sum 4\nh_count 5\n` },
  { name: 'a count that is another', body: `${type}${buckets(['1', 2], ['+Inf', 3])}h_sum 4\nh_count 4\n` },
  { name: 'float counts', body: `${type}${buckets(['1', 0.5], ['+Inf', 2.25])}h_sum 4\nh_count 2.25\n` },
  {
    name: 'negative bounds',
    body: `${type}${buckets(['-1', 1], ['0', 2], ['1', 3], ['+Inf', 4])}h_sum -4\nh_count 4\n`,
  },
  {
    name: 'several under labels, and others around them',
    body: `# TYPE a gauge\na 1\n${type}h_bucket{r="x",le="1"} 1\nh_bucket{r="x",le="+Inf"} 2\nh_sum{r="x"} 3\nh_count{r="x"} 2\nh_bucket{r="y",le="1"} 1\nh_bucket{r="y",le="+Inf"} 1\nh_sum{r="y"} 1\nh_count{r="y"} 1\n# TYPE z counter\nz_total 1\n`,
  },
  { name: 'no type', body: `${buckets(['1', 2], ['+Inf', 3])}h_sum 4\nh_count 3\n` },
  { name: 'another type', body: `# TYPE h gauge\n${buckets(['1', 2], ['+Inf', 3])}h_sum 4\nh_count 3\n` },
  {
    name: 'a series of another family under the type',
    body: `${type}${buckets(['1', 2], ['+Inf', 3])}h_sum 4\nh_count 3\ng_count 7\n`,
  },
  {
    name: 'own times',
    body: `${type}h_bucket{le="1"} 2 @NOW\nh_bucket{le="+Inf"} 3 @NOW\nh_sum 4 @NOW\nh_count 3 @NOW\n`,
  },
  {
    name: 'OpenMetrics',
    type: OPEN_METRICS,
    body: `${type}h_bucket{le="1.0"} 2 # {trace_id="a"} 0.5\nh_bucket{le="+Inf"} 3\nh_count 3\nh_sum 4\n# EOF\n`,
  },
  {
    name: 'protobuf',
    type: PROTOBUF_TYPE,
    body: protobufPage([
      { name: 'h', type: 'histogram', metrics: [{ histogram: { count: 6, sum: 3, buckets: [{ le: 1, count: 4 }] } }] },
    ]),
  },
  {
    name: 'an exponential form beside',
    type: PROTOBUF_TYPE,
    body: protobufPage([
      {
        name: 'h',
        type: 'histogram',
        metrics: [
          {
            histogram: {
              count: 6,
              sum: 3,
              buckets: [{ le: 1, count: 6 }],
              native: { schema: 2, zeroThreshold: 0.001, zeroCount: 0, spans: [[0, 4]], deltas: [1, 1, 0, -1] },
            },
          },
        ],
      },
    ]),
  },
];

const JOBS = ['plain', 'kept', 'native', 'labelled'] as const;
const CONVERT = '  convert_classic_histograms_to_nhcb: true\n';
const setLabel = (name: string) => `{target_label: __${name}__, replacement: 'true'}`;
const LINES: Readonly<Record<(typeof JOBS)[number], string>> = {
  plain: CONVERT,
  kept: `${CONVERT}  always_scrape_classic_histograms: true\n`,
  native: `${CONVERT}  scrape_native_histograms: true\n  always_scrape_classic_histograms: true\n`,
  labelled: `  relabel_configs: [${setLabel('convert_classic_histograms_to_nhcb')}, ${setLabel('always_scrape_classic_histograms')}]\n`,
};

beside({ prometheus: [3, 14] }, 'histograms with custom bounds', () => {
  let server: Server;
  let peer: PrometheusProcess;
  let sidecar: Sidecar;
  beforeAll(async () => {
    const now = String(Date.now());
    server = createServer((request, response) => {
      const { body, type: contentType = TEXT } = PAGES[Number(request.url?.slice(1))];
      response
        .setHeader('content-type', contentType)
        .end(typeof body === 'string' ? body.replaceAll('@NOW', now) : body);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const targets = PAGES.map(
      (_, i) => `  - {targets: ["${address}"], labels: {page: "${i}", __metrics_path__: "/${i}"}}\n`,
    );
    const job = (name: (typeof JOBS)[number]) =>
      `- job_name: ${name}\n${LINES[name]}  static_configs:\n${targets.join('')}`;
    const config = `global: {scrape_interval: 1s}\nscrape_configs:\n${JOBS.map(job).join('')}`;
    const folder = tempFolder();
    writeConfig(folder, config);
    [sidecar, peer] = await Promise.all([startSidecar(folder), runPrometheus({ config, folder })]);
    for (const { url } of [sidecar, peer]) {
      await until(async () => {
        const { data } = await api(url, '/query?query=count(up==1)');
        return data.result[0]?.value[1] === String(PAGES.length * JOBS.length);
      });
    }
  });
  afterAll(async () => {
    await Promise.all([sidecar?.stop(), peer?.stop()]);
    server?.closeAllConnections();
    server?.close();
  });

  /** What a page came to: labels and value or histogram, without what tells of time. */
  const seriesOf = async (url: string, job: string, page: number) => {
    const query = encodeURIComponent(
      `{job="${job}",page="${page}",__name__!~"scrape_.*duration.*|scrape_series_added"}`,
    );
    const { data } = await api(url, `/query?query=${query}`);
    type Result = { metric: Record<string, string>; value?: [number, string]; histogram?: [number, unknown] };
    return (data.result as Result[])
      .map(({ metric, value, histogram }) =>
        JSON.stringify([Object.entries(metric).sort(), value?.[1] ?? histogram?.[1]]),
      )
      .sort();
  };

  test.each(JOBS.flatMap((job) => PAGES.map(({ name }, i) => [job, name, i] as const)))('%s: %s', async (job, _, i) => {
    const ours = await seriesOf(sidecar.url, job, i);
    expect(ours).toEqual(await seriesOf(peer.url, job, i));
    expect(ours.length).toBeGreaterThan(0);
  });
});
