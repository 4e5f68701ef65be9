/**
 * The search API beside that of a real Prometheus with the same series: the same lines. Not asked: a limit with selectors and nothing searched, of
 * which 3.14 cuts the names before it sorts them, and times without samples, for which it tells of whole blocks.
 */
import { createServer, type Server } from 'node:http';
import { beside, runPrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const PAGE = `# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{code="200",method="get",path="/a"} 1
http_requests_total{code="500",method="post",path="/b"} 2
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="+Inf"} 1
http_request_duration_seconds_sum 1
http_request_duration_seconds_count 1
# HELP Upper Case matters.
# TYPE Upper gauge
Upper{city="Zürich","größe"="1"} 1
Upper{city="zurich"} 1
process_cpu_seconds_total 3
`;

const SEARCHES = String.raw`
/metric_names?match[]={job="app"}
/metric_names?match[]={job="app"}&search[]=http
/metric_names?match[]={job="app"}&search[]=http&sort_by=score&include_score=true
/metric_names?match[]={job="app"}&search[]=total&sort_by=score&include_score=true
/metric_names?match[]={job="app"}&search[]=hrt&sort_by=score&include_score=true&include_metadata=true
/metric_names?match[]={job="app"}&search[]=total&fuzz_alg=jarowinkler&include_score=1
/metric_names?match[]={job="app"}&search[]=total&fuzz_alg=jarowinkler&fuzz_threshold=40&include_score=1&sort_by=score
/metric_names?match[]={job="app"}&search[]=htpreq&fuzz_threshold=60&include_score=true
/metric_names?match[]={job="app"}&search[]=upper
/metric_names?match[]={job="app"}&search[]=UPPER&case_sensitive=false
/metric_names?match[]={job="app"}&search[]=cpu&search[]=http&search[]=&sort_by=alpha&sort_dir=dsc
/metric_names?match[]={job="app"}&search[]=_&limit=2&batch_size=1
/metric_names?match[]={job="app"}&search[]=_&limit=3
/metric_names?match[]={job="app"}&sort_by=alpha&sort_dir=dsc&limit=3
/metric_names?match[]={job="app"}&batch_size=2&include_metadata=true
/metric_names?match[]=Upper&match[]=up
/metric_names?match[]=nope
/label_names?match[]={job="app"}
/label_names?match[]=Upper&sort_by=alpha&sort_dir=dsc
/label_names?match[]=Upper&search[]=gr%C3%B6&include_score=true
/label_values?label=city
/label_values?label=city&search[]=z%C3%BC&include_score=true
/label_values?label=city&search[]=rich&include_score=true&fuzz_alg=jarowinkler
/label_values?label=path&search[]=/&sort_by=score&include_score=true
/label_values?label=nope
/label_values
/metric_names?limit=0
/metric_names?limit=x
/metric_names?limit=100000
/metric_names?batch_size=-1
/metric_names?sort_by=name
/metric_names?sort_by=score
/metric_names?sort_dir=asc
/metric_names?sort_by=alpha&sort_dir=up
/metric_names?search[]=a&sort_by=score&sort_dir=asc
/metric_names?fuzz_threshold=101
/metric_names?fuzz_threshold=x
/metric_names?fuzz_alg=other
/metric_names?case_sensitive=perhaps
/metric_names?include_score=perhaps
/metric_names?include_metadata=perhaps
/metric_names?match[]={
/metric_names?start=x
/metric_names?start=2&end=1
`
  .trim()
  .split('\n');

beside({ prometheus: [3, 0] }, 'the search API beside Prometheus 3', () => {
  let service: Server;
  let ours: Sidecar;
  let peer: PrometheusProcess;

  beforeAll(async () => {
    service = createServer((_, answer) => answer.setHeader('content-type', 'text/plain; version=0.0.4').end(PAGE));
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const { port } = service.address() as { port: number };
    const folder = tempFolder();
    const config = `global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs: [{job_name: app, static_configs: [{targets: ['127.0.0.1:${port}']}]}]
`;
    writeConfig(folder, config);
    const flags = ['--enable-feature=search-api'];
    peer = await runPrometheus({ config, folder, flags });
    ours = await startSidecar(folder, flags);
    for (const url of [ours.url, peer.url])
      await until(async () => (await api(url, '/query?query=Upper')).data.result.length === 2); // Version 3.14 fails at a search of nothing.
  });
  afterAll(async () => {
    await ours?.stop();
    await peer?.stop();
    service?.close();
  });

  async function ask(url: string, search: string): Promise<string> {
    const answer = await fetch(`${url}/api/v1/search${search}`);
    const body = await answer.text();
    const type = answer.headers.get('content-type')?.split(';')[0];
    return `${answer.status} ${type}\n${answer.ok ? body.trim() : JSON.parse(body).errorType}`;
  }

  test.each(SEARCHES)('GET %s', async (search) => {
    expect(await ask(ours.url, search)).toBe(await ask(peer.url, search));
  });
});

test('without its feature flag it says that it is off', async () => {
  const folder = tempFolder();
  writeConfig(folder, 'global: {}\n');
  const ours = await startSidecar(folder);
  const answer = await fetch(`${ours.url}/api/v1/search/metric_names`);
  expect([answer.status, await answer.json()]).toEqual([
    500,
    { status: 'error', errorType: 'unavailable', error: 'search API disabled' },
  ]);
  await ours.stop();
});
