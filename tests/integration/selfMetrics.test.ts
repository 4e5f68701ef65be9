/** The sidecar's own /metrics: things happen to it, and the numbers under Prometheus' names move. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const RULES = `groups:
- name: g
  interval: 1s
  rules:
  - {alert: Up, expr: 'vector(1)', annotations: {good: 'is {{ $value }}', bad: '{{ query "sum(" | first }}'}}
`;
/** Its second line is older each time, so that the store refuses it. */
const PAGE = (asked: number) => `# TYPE own_time gauge
own_time ${asked}
# HELP late_time Comes with a time of its own.
# TYPE late_time gauge
late_time ${asked} ${Date.now() - asked * 60_000}
# TYPE far_time gauge
far_time 1 ${Date.now() + 3_600_000}
`;

let sidecar: Sidecar;
let target: Server;
let values: ReadonlyMap<string, number>;
/** What the receiver answers, first come first. */
const answers: number[] = [500];
let pages = 0;
let writes = 0;

beforeAll(async () => {
  target = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.url === '/write') {
        writes++;
        response.writeHead(answers.shift() ?? 204).end();
      } else if (request.url === '/targets') response.writeHead(503).end();
      else response.setHeader('content-type', 'text/plain; version=0.0.4').end(PAGE(pages++));
    });
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const folder = tempFolder();
  const here = `127.0.0.1:${(target.address() as AddressInfo).port}`;
  // Ports below 1024 that nothing listens on.
  const nobody = '127.0.0.1:9';
  writeConfig(folder, RULES, 'rules.yml');
  writeConfig(folder, '[{targets: [{broken', 'broken.json');
  writeConfig(
    folder,
    `global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['${nobody}', '${nobody.replace('9', '11')}']}]}]}
remote_write:
- url: http://${here}/write
  name: there
  queue_config: {batch_send_deadline: 200ms, min_backoff: 10ms}
  metadata_config: {send_interval: 1s}
scrape_configs:
- {job_name: here, static_configs: [{targets: ['${here}']}]}
- {job_name: nobody, static_configs: [{targets: ['${nobody}']}]}
- {job_name: unknown, static_configs: [{targets: ['no-such-host.invalid:80']}]}
- {job_name: files, file_sd_configs: [{files: [broken.json]}]}
- {job_name: pages, http_sd_configs: [{url: 'http://${here}/targets', refresh_interval: 1s}]}
- {job_name: names, dns_sd_configs: [{names: [localhost.invalid], type: A, port: 80, refresh_interval: 1s}]}
- {job_name: catalog, consul_sd_configs: [{server: '${nobody}', refresh_interval: 1s}]}
- {job_name: cluster, kubernetes_sd_configs: [{role: node, api_server: 'http://${nobody}'}]}
`,
  );
  sidecar = await startSidecar(folder);
  const happened = (text: string) =>
    pages > 3 &&
    /remote_storage_samples_retried_total\{.*\} [1-9]/.test(text) &&
    /remote_storage_metadata_total\{.*\} [1-9]/.test(text) &&
    /sd_refresh_failures_total\{mechanism="http",config="pages"\} [2-9]/.test(text) &&
    /sd_dns_lookups_total [1-9]/.test(text) &&
    /template_text_expansion_failures_total [1-9]/.test(text) &&
    /conn_failed_total\{dialer_name="unknown",reason="\w+"\} [1-9]/.test(text);
  let text = '';
  await until(async () => happened((text = await (await fetch(`${sidecar.url}/metrics`)).text())), 40_000);
  values = new Map([...text.matchAll(/^([^#\n].*) (\S+)$/gm)].map(([, series, value]) => [series, Number(value)]));
}, 60_000);
afterAll(async () => {
  await sidecar?.stop();
  target?.close();
});

const valueOf = (series: string) =>
  values.get(series.replace('REMOTE', `remote_name="there",url="http://127.0.0.1:${portOf()}/write"`));
const portOf = () => (target.address() as AddressInfo).port;

test.each([
  // Discovery.
  'prometheus_sd_file_read_errors_total',
  'prometheus_sd_file_scan_duration_seconds_count',
  'prometheus_sd_http_failures_total',
  'prometheus_sd_refresh_failures_total{mechanism="http",config="pages"}',
  'prometheus_sd_refresh_duration_seconds_count{mechanism="http",config="pages"}',
  'prometheus_sd_refresh_duration_histogram_seconds_count{mechanism="dns"}',
  'prometheus_sd_dns_lookups_total',
  'prometheus_sd_consul_rpc_failures_total',
  'prometheus_sd_consul_rpc_duration_seconds_count{endpoint="agent",call="self"}',
  'prometheus_sd_kubernetes_failures_total',
  'prometheus_sd_received_updates_total{name="scrape"}',
  'prometheus_sd_updates_total{name="notify"}',
  'prometheus_sd_last_update_timestamp_seconds{name="scrape",config="here"}',
  // Connections.
  'net_conntrack_dialer_conn_attempted_total{dialer_name="here"}',
  'net_conntrack_dialer_conn_established_total{dialer_name="here"}',
  'net_conntrack_dialer_conn_established_total{dialer_name="http"}',
  'net_conntrack_dialer_conn_established_total{dialer_name="remote_storage_write_client"}',
  'net_conntrack_dialer_conn_failed_total{dialer_name="nobody",reason="refused"}',
  'net_conntrack_dialer_conn_failed_total{dialer_name="unknown",reason="resolution"}',
  'net_conntrack_dialer_conn_failed_total{dialer_name="consul_sd",reason="refused"}',
  'net_conntrack_dialer_conn_failed_total{dialer_name="alertmanager",reason="refused"}',
  // Scrapes.
  'prometheus_target_scrapes_sample_out_of_order_total',
  'prometheus_target_scrapes_sample_out_of_bounds_total',
  'prometheus_target_scrape_duration_seconds_count',
  'prometheus_target_metadata_cache_bytes{scrape_job="here"}',
  // Remote write.
  'prometheus_remote_storage_samples_total{REMOTE}',
  'prometheus_remote_storage_samples_retried_total{REMOTE}',
  'prometheus_remote_storage_bytes_total{REMOTE}',
  'prometheus_remote_storage_metadata_total{REMOTE}',
  'prometheus_remote_storage_metadata_bytes_total{REMOTE}',
  'prometheus_remote_storage_sent_batch_duration_seconds_count{REMOTE}',
  'prometheus_remote_storage_queue_highest_timestamp_seconds{REMOTE}',
  'prometheus_wal_watcher_current_segment{consumer="there"}',
  // Rules.
  'prometheus_template_text_expansions_total',
  'prometheus_template_text_expansion_failures_total',
  // The store.
  'prometheus_tsdb_head_series_created_total',
  'prometheus_tsdb_head_appenders_created_total',
  'prometheus_tsdb_wal_fsync_duration_seconds_count',
  'prometheus_tsdb_wal_page_flushes_total',
  'prometheus_tsdb_wal_record_part_writes_total',
  'prometheus_tsdb_sample_ooo_delta_count',
])('moves: %s', (series) => {
  expect(valueOf(series)).toBeGreaterThan(0);
});

test.each([
  ['prometheus_sd_discovered_targets{name="scrape",config="here"}', 1],
  ['prometheus_sd_discovered_targets{name="notify",config="config-0"}', 2],
  ['prometheus_remote_storage_samples_failed_total{REMOTE}', 0],
  ['prometheus_remote_storage_histograms_total{REMOTE}', 0],
  ['net_conntrack_dialer_conn_failed_total{dialer_name="here",reason="refused"}', 0],
  ['prometheus_tsdb_clean_start', 1],
])('%s is %d', (series, value) => {
  expect(valueOf(series)).toBe(value);
});

test('one batch was retried, and every request is in the histogram of their durations', () => {
  const sent = valueOf('prometheus_remote_storage_sent_batch_duration_seconds_count{REMOTE}')!;
  expect(sent).toBeLessThanOrEqual(writes);
  expect(sent).toBeGreaterThan(1);
});
