/**
 * The same requests, good and bad, to ours and to a real Prometheus that scrapes the same service: same status, same error type, same
 * shape. The peer is `prometheus` on PATH, or the program that ISOTHERM_PROMETHEUS names.
 */
import {
  besidePrometheus,
  installedVersion,
  runPrometheus,
  type PrometheusProcess,
} from '../support/prometheusProcess.ts';
import { shapeDifferences } from '../support/answerShape.ts';
import { startScrapedService, type ScrapedService } from '../support/scrapedService.ts';
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
POST /query_range?step=1&start=x query=up&start=1&end=2&step=
POST /query?query=up&time=x time=
POST /query?query=nope( query=up
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
GET /query?query=up&limit=1
GET /query?query=up&limit=0
GET /query?query=up&lookback_delta=1m
GET /query?query=up&time=1e400
GET /query?query=up&time=-1
GET /query?query=up&time=2024-13-01T00:00:00Z
GET /query?query=up&time=2024-02-30T00:00:00Z
GET /query?query=up&time=2023-02-29T00:00:00Z
GET /query?query=up&time=2024-02-29T00:00:00Z
GET /query?query=up&time=2024-04-31T00:00:00Z
GET /query?query=up&time=0000-01-01T00:00:00Z
GET /query?query=up&time=2024-01-01T00:00:00,5Z
GET /query?query=up&timeout=1_0
GET /query?query=up&timeout=Inf
GET /query?query=up&lookback_delta=0x1p6
GET /query_range?query=up&start=A&end=T&step=1_0
GET /query_range?query=up&start=A&end=T&step=0x1p1
GET /query_range?query=up&start=A&end=T&step=-Inf
GET /labels?start=2024-02-30T00:00:00Z
GET /query?query=0x1F
GET /query?query=Inf
GET /query?query=NaN
GET /query?query=1%2F0
GET /query?query='single'
GET /query?query=%60raw%60
GET /query?query=%22unclosed
GET /query?query=sum
GET /query?query=sum()
GET /query?query=sum(up,up)
GET /query?query=by(job)
GET /query?query=up%20and%20up
GET /query?query=up%20or%20vector(1)
GET /query?query=up%20unless%20up
GET /query?query=up%20and%201
GET /query?query=1%20and%20up
GET /query?query=1%20%3D%3D%202
GET /query?query=1%20%3D%3D%20bool%202
GET /query?query=-up
GET /query?query=-%22a%22
GET /query?query=up%20%40%20start()
GET /query?query=up%20%40%20end()
GET /query?query=up%20%40%20x
GET /query?query=up%20offset%20-1m
GET /query?query=up%20offset%20x
GET /query?query=up%5B5m:1m%5D
GET /query?query=up%5B5m:%5D
GET /query?query=up%5B0s%5D
GET /query?query=up%5B-1m%5D
GET /query?query=rate(up%5B5m:10s%5D)
GET /query?query=quantile(0.9,requests_total)
GET /query?query=quantile(2,requests_total)
GET /query?query=count_values(%22v%22,up)
GET /query?query=count_values(%22%22,up)
GET /query?query=bottomk(1,requests_total)
GET /query?query=topk(-1,up)
GET /query?query=topk(NaN,up)
GET /query?query=stddev(up)
GET /query?query=group(up)
GET /query?query=sum%20without%20(instance)%20(up)
GET /query?query=absent(nope)
GET /query?query=absent_over_time(nope%5B5m%5D)
GET /query?query=label_join(up,%22a%22,%22-%22,%22job%22,%22instance%22)
GET /query?query=label_join(up,%22%22,%22-%22,%22job%22)
GET /query?query=sort_desc(up)
GET /query?query=round(up,0.1)
GET /query?query=clamp(up,0,1)
GET /query?query=clamp(up,2,1)
GET /query?query=hour()
GET /query?query=day_of_week(vector(0))
GET /query?query=predict_linear(requests_total%5B1m%5D,60)
GET /query?query=deriv(temperature%5B1m%5D)
GET /query?query=changes(temperature%5B1m%5D)
GET /query?query=resets(requests_total%5B1m%5D)
GET /query?query=irate(requests_total%5B1m%5D)
GET /query?query=increase(requests_total%5B1m%5D)
GET /query?query=delta(temperature%5B1m%5D)
GET /query?query=scalar(temperature)
GET /query?query=timestamp(up)
GET /query?query=pi()
GET /query?query=%7B__name__%3D%22up%22%7D
GET /query?query=%7B__name__%3D~%22req.%2B%22%7D
GET /query?query=up%7Bjob!%3D%22app%22%7D
GET /query?query=up%7Bjob%3D%22a%22,%7D
GET /query?query=up%7Bjob%7D
GET /query?query=up%23comment
GET /query?query=up)
GET /query?query=%28up
GET /query?query=up%20up
GET /query?query=histogram_count(latency_seconds)
GET /query?query=histogram_quantile(2,latency_seconds_bucket)
GET /query_range?query=up&start=A&end=T&step=1&limit=1
GET /query_range?query=up&start=A&end=T&step=1&stats=all
GET /query_range?query=up&start=A&end=T&step=1&timeout=x
GET /query_range?query=rate(requests_total%5B10s%5D)&start=A&end=T&step=1
GET /query_range?query=vector(1)&start=A&end=T&step=1
GET /query_range?query=time()&start=A&end=T&step=1
GET /query_range?query=up%20%40%20end()&start=A&end=T&step=1
GET /query_range?query=up&start=x&end=T&step=1
GET /query_range?query=up&start=A&end=x&step=1
GET /query_range?query=up&start=A&end=T&step=
GET /query_range?query=up&start=A&end=T&step=1.5m
GET /query_range?query=up&start=A&end=T&step=NaN
GET /query_range?query=requests_total%20%2B%20on(job)%20requests_total&start=A&end=T&step=1
GET /query_range?start=A&end=T&step=1
GET /query_range?query=sum(up)%20by%20(&start=A&end=T&step=1
POST /query query=sum(up)&stats=all
POST /query_range query=up
POST /query_range query=up&start=2&end=1&step=1
GET /series?match[]=up&limit=1
GET /series?match[]=up&start=2&end=1
GET /series?match[]=up%5B5m%5D
GET /series?match[]=sum(up)
GET /series?match[]=up&match[]=%7B
GET /series?match[]=%7B__name__%3D%22up%22,job%3D~%22.%2B%22%7D
GET /series?match[]=%7Bjob%3D~%22(%22%7D
POST /series match[]=
POST /series start=1
GET /labels?limit=1
GET /labels?start=2&end=1
GET /labels?match[]=up&match[]=nope
GET /labels?match[]=%7B
GET /label/job/values?limit=1
GET /label/job/values?start=2&end=1
GET /label/job/values?match[]=up&match[]=nope
GET /label/job/values?match[]=%7B%7D
GET /label/le/values
GET /metadata?limit_per_metric=1
GET /metadata?metric=latency_seconds
GET /targets?scrapePool=app
GET /targets?scrapePool=nope
GET /targets?state=dropped&scrapePool=dropped
GET /targets/metadata
GET /targets/metadata?metric=requests_total
GET /targets/metadata?metric=nope
GET /targets/metadata?limit=1
GET /targets/metadata?limit=x
GET /targets/metadata?match_target=%7Bjob%3D%22app%22%7D
GET /targets/metadata?match_target=%7B
GET /query_exemplars?query=latency_seconds_bucket&start=A&end=T
GET /query_exemplars?query=(
GET /query_exemplars?query=up&start=x
POST /query_exemplars query=up&start=1&end=2
GET /format_query
GET /format_query?query=sum(up)by(job)
GET /format_query?query=up%20offset%201h
GET /format_query?query=(
POST /format_query query=
GET /rules?type=alert&type=record
GET /status/tsdb?limit=1
GET /status/nope
GET /status/walreplay
GET /
PUT /query
PATCH /labels
POST /rules
POST /alerts
POST /alertmanagers
POST /status/flags
PUT /label/job/values
OPTIONS /query_range
OPTIONS /labels
POST /admin/tsdb/snapshot
POST /admin/tsdb/delete_series match[]=up
POST /admin/tsdb/clean_tombstones
GET /admin/tsdb/snapshot
PUT /admin/tsdb/clean_tombstones
POST /write
POST /read
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

/** What 2.42 does not have, or answers otherwise: limits that are no numbers, durations as numbers, quoted names, methods that are not there. */
const NEWER_REQUESTS = String.raw`
GET /parse_query
GET /parse_query?query=sum(rate(up%5B5m%5D))
GET /parse_query?query=(
POST /parse_query query=up
GET /scrape_pools
GET /scrape_pools/config
GET /scrape_pools/config?scrapePool=nope
GET /scrape_pools/config?scrapePool=app
GET /targets/relabel_steps
GET /targets/relabel_steps?scrapePool=app
GET /targets/relabel_steps?scrapePool=nope&labels=%7B%7D
GET /targets/relabel_steps?scrapePool=app&labels=x
GET /targets/relabel_steps?scrapePool=dropped&labels=%7B%22job%22:%22dropped%22%7D
GET /rules?group_limit=1
GET /rules?group_limit=x
GET /rules?group_limit=-1
GET /rules?group_next_token=x
GET /rules?exclude_alerts=true
GET /rules?exclude_alerts=x
GET /status/tsdb?limit=20000
GET /status/tsdb/blocks
GET /status/self_metrics?metric_name_pattern=prometheus_build_info
GET /status/self_metrics?metric_name_pattern=(
GET /features
GET /notifications
DELETE /series
GET /label/bad-name/values
GET /label/job/values?limit=x
GET /labels?limit=x
GET /metadata?limit_per_metric=x
GET /query?query=%7B%22up%22%7D
GET /query?query=5m
GET /query?query=up%7B%22job%22%3D%22app%22%7D
GET /query?query=up&limit=-1
GET /query?query=up&limit=x
GET /query?query=up&lookback_delta=x
GET /rules?match[]=%7B
GET /series?match[]=up&limit=-1
GET /series?match[]=up&limit=x
GET /status/tsdb?limit=0
GET /status/tsdb?limit=x
POST /query query=up&limit=x
GET /query?query=up&limit=9223372036854775807
GET /query?query=up&limit=9223372036854775808
GET /query?query=up&time=2024-01-01T24:00:00Z
GET /metadata?limit=99999999999999999999
GET /targets/metadata?match_target=%7B%7D
GET /targets/metadata?match_target=%7Bjob=~%22.*%22%7D
GET /targets/metadata?match_target=%7Bjob=%22%22%7D
GET /targets/metadata?match_target=up%7B__name__=%22a%22%7D
GET /status/tsdb?limit=1e3
GET /query?query=up&lookback_delta=-60
PUT /write
DELETE /read
PATCH /otlp/v1/metrics
`
  .trim()
  .split('\n');

/** Requests whose answers have equally many items. */
const COUNTED = String.raw`
GET /query?query=up&time=T
GET /query?query=up&lookback_delta=-60
GET /query?query=requests_total&limit=1
GET /labels
GET /labels?limit=3
GET /label/__name__/values
GET /label/job/values?match[]=up
GET /series?match[]=%7Bjob%3D%22app%22%7D
GET /metadata
GET /targets/metadata
GET /targets/metadata?limit=1
GET /targets/metadata?limit=0
GET /targets/metadata?metric=requests_total
GET /status/self_metrics?metric_name_pattern=prometheus_build_info
`
  .trim()
  .split('\n');

const isNew = (installedVersion?.[0] ?? 0) >= 3;

besidePrometheus('the API beside Prometheus', () => {
  let service: ScrapedService;
  let ours: Sidecar;
  let peer: PrometheusProcess;
  let now: number;

  beforeAll(async () => {
    service = await startScrapedService();
    const folder = tempFolder();
    const config =
      `global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n` +
      `  - job_name: app\n    static_configs: [{targets: ['${service.address}']}]\n` +
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

  test.each([...REQUESTS, ...(isNew ? NEWER_REQUESTS : [])])('%s', async (request) => {
    const [mine, theirs] = await Promise.all([ask(ours.url, request), ask(peer.url, request)]);
    const found =
      mine.status !== theirs.status || mine.body?.errorType !== theirs.body?.errorType
        ? [`${mine.status} ${JSON.stringify(mine.body)}, not ${theirs.status} ${JSON.stringify(theirs.body)}`]
        : shapeDifferences(mine.body, theirs.body, request.split(' ')[1]);
    expect({ request, differs: found }).toEqual({ request, differs: [] });
  });

  test.each(['1e21', '1e-7', '1e100', '-5e-324', '0.1', '123456789012345678', 'Inf', 'NaN', '-0'])(
    'the scalar %s is written alike, and so it is as a vector',
    async (query) => {
      for (const expr of [query, `vector(${query})`]) {
        const request = `GET /query?time=1&query=${encodeURIComponent(expr)}`;
        expect((await ask(ours.url, request)).body).toEqual((await ask(peer.url, request)).body);
      }
    },
  );

  test.each(isNew ? COUNTED : COUNTED.slice(0, 1))('%s has as many items', async (request) => {
    const [mine, theirs] = await Promise.all([ask(ours.url, request), ask(peer.url, request)]);
    expect(countOf(mine.body?.data)).toBe(countOf(theirs.body?.data));
  });
});

/** Of a list, of what is named, or of a query's result. */
function countOf(data: unknown): number {
  const { result } = data as { result?: readonly unknown[] };
  return result?.length ?? Object.keys(data as object).length;
}
