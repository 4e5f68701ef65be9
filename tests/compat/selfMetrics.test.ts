/** Our own /metrics beside that of a Prometheus with the same configuration: the same types and labels, and what is not there is what docs/metrics.md says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beside, freePort, runPrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const PAGE = readFileSync(join(__dirname, '..', '..', 'docs', 'metrics.md'), 'utf8');
const [THERE, NOT_THERE] = PAGE.split('## Not there');
const namesIn = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].flatMap((match) => match[1].split(/\s+/));

/** Family to type, and to the names of its series' labels. */
interface Page {
  readonly types: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  /** By series as it is written. */
  readonly values: ReadonlyMap<string, number>;
}

/** Of discovery mechanisms that a build of Prometheus may leave out. */
const OF_MECHANISMS = /^prometheus_(sd_(azure|kuma|linode|nomad)|treecache)_/;

/** What a build of Go has to say and ours has not. */
const OTHER_LABELS = new Set(['prometheus_build_info']);

beside({ prometheus: [3, 0] }, 'our own metrics beside those of Prometheus 3', () => {
  let ours: Sidecar;
  let peer: PrometheusProcess;
  let mine: Page;
  let theirs: Page;

  beforeAll(async () => {
    const folder = tempFolder();
    writeConfig(folder, "groups: [{name: g, interval: 1s, rules: [{record: a, expr: 'sum(up)'}]}]\n", 'rules.yml');
    const nobody = `127.0.0.1:${await freePort()}`;
    const config = (address: string) => `global: {scrape_interval: 1s, scrape_timeout: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['${nobody}']}]}]}
remote_write: [{url: 'http://${nobody}/api/v1/write'}]
scrape_configs:
  - {job_name: self, static_configs: [{targets: ['${address}']}]}
  - {job_name: samples, sample_limit: 1, static_configs: [{targets: ['${address}']}]}
  - {job_name: body, body_size_limit: 10B, static_configs: [{targets: ['${address}']}]}
  - {job_name: labels, label_limit: 1, static_configs: [{targets: ['${address}']}]}
  - {job_name: targets, target_limit: 1, static_configs: [{targets: ['${address}', '${nobody}']}]}
  - {job_name: unusable, static_configs: [{targets: ['${address}']}], relabel_configs: [{target_label: __scrape_timeout__, replacement: 9s}]}
`;
    peer = await runPrometheus({ config, folder });
    writeConfig(folder, config(new URL(peer.url).host));
    ours = await startSidecar(folder);
    // Some are there from the second scrape on.
    for (const { url } of [peer, ours]) {
      await until(async () => {
        const { data } = await api(url, '/query?query=count_over_time(a[1m])%20%3E%203');
        return data.result.length > 0;
      });
    }
    // What is asked of the page itself is seen from the second time on.
    await pageOf(ours.url);
    [mine, theirs] = await Promise.all([pageOf(ours.url), pageOf(peer.url)]);
  });
  afterAll(async () => {
    await ours?.stop();
    await peer?.stop('SIGKILL'); // It would wait a minute for the receiver that is not there.
  });

  test('names that both have are of one type', () => {
    const shared = [...theirs.types].filter(([name]) => mine.types.has(name));
    expect(shared.length).toBeGreaterThan(100);
    expect(shared.filter(([name, type]) => mine.types.get(name) !== type)).toEqual([]);
  });

  test('series that both have are told apart by the same labels', () => {
    const shared = [...theirs.labels].filter(([name]) => mine.labels.has(name) && !OTHER_LABELS.has(name));
    expect(shared.length).toBeGreaterThan(90);
    expect(shared.filter(([name, labels]) => mine.labels.get(name) !== labels)).toEqual([]);
  });

  test.each([
    'prometheus_target_scrapes_exceeded_sample_limit_total',
    'prometheus_target_scrapes_exceeded_body_size_limit_total',
    'prometheus_target_scrape_pool_exceeded_label_limits_total',
    'prometheus_target_scrape_pool_exceeded_target_limit_total',
    'prometheus_target_sync_failed_total{scrape_job="unusable"}',
    'prometheus_target_scrape_pool_sync_total{scrape_job="self"}',
    'prometheus_target_sync_length_seconds_count{scrape_job="self"}',
    'net_conntrack_listener_conn_accepted_total{listener_name="http"}',
    'promhttp_metric_handler_requests_total{code="200"}',
    'process_network_receive_bytes_total',
    // The one that asks, and another where the server is scraping itself just then.
    'promhttp_metric_handler_requests_in_flight',
    'prometheus_engine_query_duration_histogram_seconds_count{slice="inner_eval"}',
    'prometheus_engine_query_samples_read_total',
    'prometheus_rule_evaluation_duration_histogram_seconds_bucket{le="10"}',
    'prometheus_rule_group_duration_histogram_seconds_bucket{le="10"}',
    'prometheus_target_interval_length_histogram_seconds_count{interval="1s"}',
    'prometheus_target_sync_length_histogram_seconds_count{scrape_job="self"}',
  ])('both count: %s', (series) => {
    expect([mine.values.get(series), theirs.values.get(series)]).toEqual([expect.any(Number), expect.any(Number)]);
    expect(Math.min(mine.values.get(series)!, theirs.values.get(series)!)).toBeGreaterThan(0);
  });

  test.each([
    'prometheus_target_scrape_pools_total',
    'prometheus_target_scrape_pool_reloads_total',
    'prometheus_target_scrape_pool_target_limit{scrape_job="targets"}',
    'prometheus_target_scrape_pool_target_limit{scrape_job="self"}',
    'prometheus_target_sync_failed_total{scrape_job="self"}',
    'prometheus_target_scrapes_exceeded_native_histogram_bucket_limit_total',
    'prometheus_api_notification_active_subscribers',
    'prometheus_web_federation_errors_total',
    'process_virtual_memory_max_bytes',
  ])('both have the same: %s', (series) => {
    expect(mine.values.get(series) ?? 0).toBe(theirs.values.get(series) ?? 0);
  });

  test('what is said to be there is there', () => {
    const said = namesIn(THERE, /`((?:process|prometheus|promhttp|net_conntrack)_\w+)`/g);
    expect(said.length).toBeGreaterThan(40);
    expect(said.filter((name) => !mine.types.has(name))).toEqual([]);
  });

  test('what is not there is said', () => {
    const missing = [...theirs.types.keys()].filter((name) => !name.startsWith('go_') && !mine.types.has(name));
    const said = namesIn(NOT_THERE, /```\n([^`]+)\n```/g);
    expect(missing.filter((name) => !said.includes(name))).toEqual([]);
    expect(said.filter((name) => !missing.includes(name) && !OF_MECHANISMS.test(name))).toEqual([]);
  });
});

async function pageOf(url: string): Promise<Page> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
  const labels = new Map<string, string>();
  for (const [, name, pairs = ''] of text.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/gm)) {
    const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
    const names = [...pairs.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label]) => label);
    const own = names.filter((label) => label !== 'le' && label !== 'quantile').sort();
    labels.set(family, own.join());
  }
  const values = new Map([...text.matchAll(/^([^#\n].*) (\S+)$/gm)].map(([, series, v]) => [series, Number(v)]));
  return { types, labels, values };
}
