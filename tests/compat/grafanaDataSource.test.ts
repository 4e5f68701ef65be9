/**
 * What Grafana's own Prometheus data source asks (facts of Grafana 12.4.0: its backend's client, its language provider and variables, its
 * alerting pages), asked of ours and of a Prometheus that scrape the same service: same status, error type, shape and content
 * type, and the same data where the moment of asking does not show in it.
 */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { shapeDifferences } from '../support/answerShape.ts';
import { besidePrometheus, installedVersion } from '../support/prometheusProcess.ts';
import { startScrapedByBoth, type ScrapedByBoth } from '../support/scrapedByBoth.ts';

/** Go's client unfolds gzip by itself; the rest Grafana sets or passes on. */
const HEADERS = {
  'accept-encoding': 'gzip',
  'user-agent': 'Grafana/12.4.0',
  'x-grafana-org-id': '1',
  'x-datasource-uid': 'ds',
  'x-dashboard-uid': 'board',
  'x-panel-id': '2',
  'x-grafana-cache': 'private, max-age=60',
  fromalert: 'true',
};

/**
 * Requests, one a line: method and path below /api/v1, then the parameters, not escaped yet: a form of POST, the query of GET.
 * AT and FROM are seconds with samples, NOW the same with milliseconds, SNAP_FROM and SNAP_TO whole minutes around them, MS_FROM and MS_TO milliseconds.
 */
const REQUESTS = String.raw`
POST /query query=1+1&time=4
GET /query query=1+1&time=4
POST /query query=1+1&time=4&timeout=60s
GET /query query=1+1&time=4&timeout=60s
POST /query?max_source_resolution=5m&timeout=10 query=1+1&time=4
GET /query max_source_resolution=5m&query=1+1&time=4&timeout=10
GET /status/buildinfo
GET /rules
GET /rules file=FILE&file[]=FILE&rule_group=g&rule_group[]=g&rule_name=Cold&rule_name[]=Cold
GET /rules exclude_alerts=true&group_limit=1
GET /rules exclude_alerts=false&group_limit=40&group_next_token=
GET /rules file[]=nope
GET /rules rule_group[]=nope
GET /rules rule_name[]=nope
POST /query_exemplars query=test&start=MS_FROM&end=MS_TO
GET /query_exemplars query=test&start=MS_FROM&end=MS_TO
POST /query_exemplars end=AT&query=latency_seconds_bucket&start=FROM
POST /query_exemplars end=AT&query=histogram_quantile(0.95, sum(rate(latency_seconds_bucket[1m0s])) by (le))&start=FROM
GET /query_exemplars end=AT&query=histogram_quantile(0.95, sum(rate(latency_seconds_bucket[1m0s])) by (le))&start=FROM
POST /query_exemplars end=AT&query=sum(&start=FROM
GET /metadata limit=40000
GET /metadata limit=1000
GET /metadata limit=0
GET /label/__name__/values limit=40000&start=SNAP_FROM&end=SNAP_TO
GET /label/__name__/values limit=0&start=SNAP_FROM&end=SNAP_TO
GET /label/__name__/values limit=1000&start=SNAP_FROM&end=SNAP_TO&match[]={__name__=~".*lat.*"}
GET /label/__name__/values limit=1000&start=SNAP_FROM&end=SNAP_TO&match[]={__name__=~"(?i).*LAT"}
GET /label/__name__/values limit=1000&start=SNAP_FROM&end=SNAP_TO&match[]={__name__=~".*lat",job="app"}
GET /label/__name__/values limit=40000&start=SNAP_FROM&end=SNAP_TO&match[]={__name__=~"("}
GET /label/job/values limit=40000&start=SNAP_FROM&end=SNAP_TO
GET /label/job/values limit=40000&start=SNAP_FROM&end=SNAP_TO&match[]=requests_total
GET /label/le/values limit=40000&start=SNAP_FROM&end=SNAP_TO&match[]=latency_seconds_bucket{job="app"}
GET /label/le/values limit=40000&start=SNAP_FROM&end=SNAP_TO&match[]={__name__="latency_seconds_bucket"}
GET /label/nope/values limit=40000&start=SNAP_FROM&end=SNAP_TO
GET /label/U__my_2e_label/values limit=40000&start=SNAP_FROM&end=SNAP_TO
GET /label/job/values end=AT&limit=1000&match[]=latency_seconds_bucket{job="app"}&match[]=requests_total{job="app"}&start=FROM
GET /label/job/values end=AT&match[]={job=~"app|b"}&start=FROM
POST /labels limit=40000&start=SNAP_FROM&end=SNAP_TO
GET /labels limit=40000&start=SNAP_FROM&end=SNAP_TO
POST /labels limit=40000&start=SNAP_FROM&end=SNAP_TO&match[]={__name__="latency_seconds_bucket"}
GET /labels limit=40000&start=SNAP_FROM&end=SNAP_TO&match[]={__name__="latency_seconds_bucket"}
POST /labels limit=40000&start=SNAP_FROM&end=SNAP_TO&match[]={__name__=~".*requests.*"}
POST /labels limit=40000&start=SNAP_FROM&end=SNAP_TO&match[]={
GET /labels end=AT&limit=1000&match[]=latency_seconds_bucket{job="app"}&start=FROM
POST /series start=FROM&end=AT&match[]={__name__!=""}&limit=40000
GET /series start=FROM&end=AT&match[]={__name__!=""}&limit=40000
POST /series start=FROM&end=AT&match[]={__name__="requests_total",job!=""}&limit=40000
POST /series start=FROM&end=AT&match[]={"my.label"!=""}&limit=40000
POST /series match[]=requests_total&start=FROM&end=AT
POST /series match[]=label_values(&start=FROM&end=AT
GET /series match[]=requests_total&start=FROM&end=AT
POST /query query=sum by (route) (requests_total)&time=AT
GET /query query=sum by (route) (requests_total)&time=AT
POST /query query=requests_total&time=NOW
POST /query query=temperature&time=AT&timeout=60s
POST /query query="text"&time=AT
POST /query query=requests_total[5s]&time=AT
POST /query query=ALERTS{alertstate="firing"}&time=AT
POST /query query=sort_desc(topk(5, latency_seconds_bucket))&time=AT
POST /query query=sum(&time=AT
GET /query query=sum(&time=AT
POST /query query=nope(up)&time=AT
POST /query query=&time=AT
POST /query query=rate(requests_total)&time=AT
POST /query_range end=AT&query=requests_total&start=FROM&step=1
GET /query_range end=AT&query=requests_total&start=FROM&step=1
POST /query_range end=AT&query=requests_total&start=FROM&step=15
POST /query_range end=AT&query=requests_total&start=FROM&step=0.5
POST /query_range end=AT&query=requests_total&start=FROM&step=0.001
POST /query_range end=AT&query=requests_total&start=FROM&step=604800
POST /query_range end=AT&query=requests_total&start=FROM&step=1&timeout=60s
GET /query_range end=AT&query=requests_total&start=FROM&step=1&timeout=1m
POST /query_range end=AT&query=requests_total&start=FROM&step=1&timeout=sixty
POST /query_range?max_source_resolution=5m end=AT&query=requests_total&start=FROM&step=1
POST /query_range end=NOW&query=temperature&start=FROM&step=1
POST /query_range end=AT&query=rate(requests_total{route="/a"}[1m0s])&start=FROM&step=1
POST /query_range end=AT&query=rate(requests_total[1h0m0s])&start=FROM&step=1
POST /query_range end=AT&query=sum(increase(requests_total[300s])) by (route)&start=FROM&step=1
POST /query_range end=AT&query=sum by(le) (latency_seconds_bucket)&start=FROM&step=1
POST /query_range end=AT&query=histogram_quantile(0.95, sum(latency_seconds_bucket) by (le))&start=FROM&step=1
POST /query_range end=AT&query=histogram_avg(rate(latency_seconds[1m0s]))&start=FROM&step=1
POST /query_range end=AT&query=histogram_fraction(0,0.2,rate(latency_seconds[1m0s]))&start=FROM&step=1
POST /query_range end=AT&query=job:requests:sum&start=FROM&step=1
POST /query_range end=AT&query={"requests_total", "job"="app"}&start=FROM&step=1
POST /query_range end=AT&query=ALERTS{severity="page"}&start=FROM&step=1
POST /query_range end=AT&query=1+1&start=FROM&step=1
POST /query_range end=AT&query=nope&start=FROM&step=1
POST /query_range end=AT&query=requests_total{job="app"&start=FROM&step=1
GET /query_range end=AT&query=requests_total{job="app"&start=FROM&step=1
POST /query_range end=AT&query=requests_total[5m]&start=FROM&step=1
POST /query_range end=AT&query=latency_seconds_bucket + on(job) latency_seconds_bucket&start=FROM&step=1
POST /query_range end=AT&query=requests_total&start=0&step=1
POST /query_range end=AT&query=requests_total&start=FROM&step=0
POST /query_range end=FROM&query=requests_total&start=AT&step=1
`
  .trim()
  .split('\n');

/** Names in quotes, limits, and what rules tell are of version 3. */
const NEEDS_VERSION_3 = /\{"|^GET \/rules|U__|histogram_avg|limit=\d|group_limit|rule_name|rule_group|file\[\]/;

/** Where data tells of the program, of the moment, or of when each server scraped; and metadata without a limit, which docs/api.md tells of. */
const DATA_DIFFERS = /(\/status|\/rules) ?|\[5s\]&|metadata limit=0/;

interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: Record<string, unknown>;
}

besidePrometheus("what Grafana's Prometheus data source asks", () => {
  let both: ScrapedByBoth;
  beforeAll(async () => void (both = await startScrapedByBoth()));
  afterAll(() => both?.stop());

  const isNew = (installedVersion?.[0] ?? 0) >= 3;
  test.each(REQUESTS.filter((request) => isNew || !NEEDS_VERSION_3.test(request)))('%s', async (line) => {
    const [method, path] = line.split(' ', 2);
    const params = filled(line.slice(method.length + path.length + 2));
    const [mine, theirs] = await Promise.all([both.ours, both.peer].map(({ url }) => ask(url, method, path, params)));
    const told = ({ status, type, body }: Answer) => ({ status, type, errorType: body.errorType });
    expect(told(mine)).toEqual(told(theirs));
    if (DATA_DIFFERS.test(line)) expect(shapeDifferences(mine.body, theirs.body, path)).toEqual([]);
    else expect(inOrder(mine.body.data)).toEqual(inOrder(theirs.body.data));
  });

  function filled(text: string): string {
    const { at, rulesFile } = both;
    const places: Readonly<Record<string, number | string>> = {
      FILE: rulesFile,
      AT: at,
      FROM: at - 3,
      NOW: at + 0.123,
      MS_FROM: (at - 1800) * 1000,
      MS_TO: at * 1000,
      SNAP_FROM: Math.floor((at - 60) / 60) * 60,
      SNAP_TO: Math.ceil(at / 60) * 60 + 60,
    };
    return text
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => {
        const [name, ...rest] = pair.split('=');
        const value = rest.join('=');
        return `${encodeURIComponent(name)}=${encodeURIComponent(String(places[value] ?? value))}`;
      })
      .join('&');
  }
});

function ask(base: string, method: string, path: string, params: string): Promise<Answer> {
  const isForm = method === 'POST';
  const url = `${base}/api/v1${path}${isForm || params === '' ? '' : `?${params}`}`;
  const headers = { ...HEADERS, ...(isForm && { 'content-type': 'application/x-www-form-urlencoded' }) };
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.once('error', reject);
      response.once('end', () => resolve(answerOf(response.statusCode!, response.headers, Buffer.concat(pieces))));
    });
    request.once('error', reject);
    request.end(isForm ? params : undefined);
  });
}

function answerOf(status: number, headers: IncomingHttpHeaders, bytes: Buffer): Answer {
  const encoding = headers['content-encoding'];
  const text = (encoding === 'gzip' ? gunzipSync(bytes) : bytes).toString();
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status, type: headers['content-type'], body };
}

/** Series come in any order. */
function inOrder(data: unknown): unknown {
  const result = (data as { result?: unknown } | undefined)?.result;
  if (Array.isArray(data)) return sorted(data);
  return Array.isArray(result) && typeof result[0] === 'object'
    ? { ...(data as object), result: sorted(result) }
    : data;
}

const sorted = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort();
