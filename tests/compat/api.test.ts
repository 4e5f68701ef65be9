/**
 * The same requests, good and bad, to ours and to a real Prometheus that scrapes the same service: same status, same error type, same
 * shape. The peer is `prometheus` on PATH, or the program that ISOTHERM_PROMETHEUS names.
 */
import { createServer, type Server } from 'node:http';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { besidePrometheus, runPrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

/** Requests, one a line: METHOD path, or POST path body. */
const REQUESTS = String.raw`
GET /query?query=up
GET /query?query=up&time=T
GET /query?query=up&time=2024-01-01T00:00:00Z
GET /query?query=up&time=2024-01-01T00:00:00.123456789%2B02:00
GET /query?query=up&time=foo
GET /query?query=up&time=
GET /query?query=up&timeout=5s
GET /query?query=up&timeout=0.5
GET /query?query=up&timeout=x
GET /query?query=up&stats=true
GET /query?query=up&stats=all
GET /query
GET /query?query=
GET /query?query=up%5B
GET /query?query=up%5B1m%5D
GET /query?query=1
GET /query?query=-1.5e10
GET /query?query=%22text%22
GET /query?query=time()
GET /query?query=vector(1)
GET /query?query=nope
GET /query?query=nope()
GET /query?query=rate(up)
GET /query?query=rate(requests_total%5B10s%5D)
GET /query?query=sum(requests_total)
GET /query?query=sum%20by%20(route)(requests_total)
GET /query?query=requests_total%20%2B%20on(route)%20requests_total
GET /query?query=up%20%2B%20on(job)%20group_left%20up
GET /query?query=requests_total%20*%20on(job)%20requests_total
GET /query?query=histogram_quantile(0.9,latency_seconds_bucket)
GET /query?query=up%20offset%201h
GET /query?query=up%20%3E%20bool%200
GET /query?query=topk(1,requests_total)
GET /query?query=label_replace(up,%22a%22,%22$1%22,%22job%22,%22(.*)%22)
GET /query?query=label_replace(up,%22a%22,%22$1%22,%22job%22,%22(%22)
GET /query?query=%7Bjob%3D~%22(%22%7D
GET /query?query=%7B%7D
GET /query?query=max_over_time(up%5B10s%5D)
GET /query?query=max_over_time(sum(up)%5B10s:1s%5D)
GET /query_range?query=up&start=A&end=T&step=1
GET /query_range?query=up&start=A&end=T&step=1s
GET /query_range?query=up&start=A&end=T&step=0.5
GET /query_range?query=1&start=A&end=T&step=1
GET /query_range?query=nope&start=A&end=T&step=1
GET /query_range?query=up
GET /query_range?query=up&start=1
GET /query_range?query=up&start=1&end=2
GET /query_range?query=up&start=1&end=2&step=0
GET /query_range?query=up&start=1&end=2&step=-1
GET /query_range?query=up&start=1&end=2&step=x
GET /query_range?query=up&start=1&end=2&step=1e30
GET /query_range?query=up&start=2&end=1&step=1
GET /query_range?query=up&start=0&end=11000&step=1
GET /query_range?query=up&start=0&end=11001&step=1
GET /query_range?query=up%5B1m%5D&start=1&end=2&step=1
GET /query_range?query=%22a%22&start=1&end=2&step=1
GET /query_range?query=(&start=1&end=2&step=1
POST /query query=up
POST /query query=up%7B&time=1
POST /query_range query=up&start=1&end=2&step=1
POST /query_range?step=1 query=up&start=1&end=2
GET /series
GET /series?match[]=
GET /series?match[]=up
GET /series?match[]=up&match[]=requests_total
GET /series?match[]=nope
GET /series?match[]=%7B%7D
GET /series?match[]=%7Ba%3D%22%22%7D
GET /series?match[]=%7Ba%3D~%22.*%22%7D
GET /series?match[]=up%7B
GET /series?match[]=up&start=x
GET /series?match[]=up&end=x
GET /series?match[]=up&start=0&end=1
POST /series match[]=up
GET /labels
GET /labels?match[]=up
GET /labels?match[]=nope
GET /labels?match[]=%7B%7D
GET /labels?start=x
POST /labels match[]=up
GET /label/job/values
GET /label/__name__/values
GET /label/nope/values
GET /label/job/values?match[]=up
GET /label/job/values?match[]=%7B
GET /label/job/values?end=x
GET /metadata
GET /metadata?metric=requests_total
GET /metadata?metric=nope
GET /metadata?limit=1
GET /metadata?limit=0
GET /metadata?limit=x
GET /targets
GET /targets?state=active
GET /targets?state=dropped
GET /targets?state=any
GET /targets?state=foo
GET /query_exemplars?query=up
GET /query_exemplars
GET /query_exemplars?query=up&start=2&end=1
GET /format_query?query=up%2B1
GET /format_query?query=up%2B
POST /format_query query=up
GET /rules
GET /rules?type=alert
GET /rules?type=record
GET /rules?type=x
GET /alerts
GET /alertmanagers
GET /status/config
GET /status/flags
GET /status/buildinfo
GET /status/runtimeinfo
GET /status/tsdb
GET /nope
POST /label/job/values
DELETE /query
PUT /query_range
POST /targets
POST /metadata
OPTIONS /query
`
  .trim()
  .split('\n');

/** Keys of ours that the peer's version does not have yet, or that are ours alone. */
const EXTRA_KEYS = new Set([
  'application',
  'nodeVersion',
  'droppedTargetCounts',
  'scrapePool',
  'hostname',
  'serverTime',
  'GOMEMLIMIT',
  'samplesRead',
  'infos',
  'warnings',
]);

/** Labels that tell of scrape options for native histograms, which ours does not have yet. */
const LACKING_KEYS = /^__.*_histograms.*__$/;

/** Paths whose keys are data, not shape. */
const KEYED_BY_DATA = /^\$\.data$/;
const DATA_KEYED_PATHS = /^\/(status\/flags|metadata)/;

function differences(ours: unknown, theirs: unknown, at: string, keyed: boolean): string[] {
  if (kindOf(ours) !== kindOf(theirs)) return [`${at}: ${kindOf(ours)}, not ${kindOf(theirs)}`];
  if (Array.isArray(ours) && Array.isArray(theirs)) {
    if (ours.length === 0 || theirs.length === 0) return [];
    return differences(ours[0], theirs[0], `${at}[0]`, keyed);
  }
  if (kindOf(ours) !== 'object') return [];
  const a = ours as Record<string, unknown>;
  const b = theirs as Record<string, unknown>;
  const shared = Object.keys(b).filter((key) => key in a);
  const inner = shared.flatMap((key) => differences(a[key], b[key], `${at}.${key}`, keyed));
  if (keyed && KEYED_BY_DATA.test(at)) return inner;
  const missing = Object.keys(b)
    .filter((key) => !(key in a) && !LACKING_KEYS.test(key))
    .map((key) => `${at}.${key}: missing`);
  const extra = Object.keys(a)
    .filter((key) => !(key in b) && !EXTRA_KEYS.has(key))
    .map((key) => `${at}.${key}: not theirs`);
  return [...missing, ...extra, ...inner];
}

const kindOf = (value: unknown) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);

besidePrometheus('the API beside Prometheus', () => {
  let service: Server;
  let ours: Sidecar;
  let peer: PrometheusProcess;
  let now: number;

  beforeAll(async () => {
    service = await startService();
    const folder = tempFolder();
    const { port } = service.address() as { port: number };
    const config =
      `global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n` +
      `  - job_name: app\n    static_configs: [{targets: ['127.0.0.1:${port}']}]\n` +
      `  - job_name: dropped\n    static_configs: [{targets: ['127.0.0.1:1']}]\n` +
      `    relabel_configs: [{action: drop, source_labels: [job], regex: dropped}]\n`;
    writeConfig(folder, config);
    peer = await runPrometheus({ config, folder });
    ours = await startSidecar(folder);
    for (const url of [ours.url, peer.url]) {
      await until(async () => {
        const answer = await api(url, '/query?query=count_over_time(requests_total[1m])').catch(() => undefined);
        return Number(answer?.data?.result?.[0]?.value[1] ?? 0) >= 3;
      });
    }
    now = Date.now() / 1000;
  });
  afterAll(async () => {
    await ours?.stop();
    await peer?.stop();
    service?.close();
  });

  async function ask(base: string, request: string) {
    const [method, path, body] = request.split(' ');
    const url = `${base}/api/v1${path}`.replace('=T', `=${now}`).replace('=A', `=${now - 3}`);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(url, body === undefined ? { method } : { method, body, headers });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true && text !== '';
    return { status: answer.status, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : undefined };
  }

  test.each(REQUESTS)('%s', async (request) => {
    const [mine, theirs] = await Promise.all([ask(ours.url, request), ask(peer.url, request)]);
    const found =
      mine.status !== theirs.status || mine.body?.errorType !== theirs.body?.errorType
        ? [`${mine.status} ${JSON.stringify(mine.body)}, not ${theirs.status} ${JSON.stringify(theirs.body)}`]
        : differences(mine.body, theirs.body, '$', DATA_KEYED_PATHS.test(request.split(' ')[1]));
    expect({ request, differs: found }).toEqual({ request, differs: [] });
  });
});

async function startService(): Promise<Server> {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'requests_total', help: 'Requests.', labelNames: ['route'], registers }).inc({ route: '/a' }, 3);
  const latency = new Histogram({ name: 'latency_seconds', help: 'Latency.', buckets: [0.1, 1], registers });
  latency.observe(0.5);
  new Gauge({ name: 'temperature', help: 'Warmth.', registers }).set(-1.5);
  const server = createServer((_, answer) => {
    void registry.metrics().then((page) => answer.setHeader('content-type', registry.contentType).end(page));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
