/** Every key of the configuration that concerns scraping, with a good and a bad value. Written for this project. */

/** A key: a value that is right, one that is wrong, and what has to stand beside it. YAML in flow style. */
export interface KeyRow {
  readonly good: string;
  readonly bad: string;
  readonly beside?: Readonly<Record<string, string>>;
  /** The key that it stands in for. */
  readonly insteadOf?: string;
  /** Why ours refuses what promtool takes for good. */
  readonly refused?: string;
}

export interface KeySection {
  readonly name: string;
  /** Dotted path of the object that the keys stand in, as errors name it; '' for the file itself. */
  readonly path: string;
  /** Lines before the key, and how far it is indented. */
  readonly head: readonly string[];
  readonly indent: number;
  /** Keys without which the object is not right. */
  readonly base?: Readonly<Record<string, string>>;
  readonly keys: Readonly<Record<string, KeyRow>>;
}

const row = (good: string, bad: string, beside?: KeyRow['beside']): KeyRow => ({ good, bad, beside });
const text = row('a', '[a]');
const flag = row('true', 'maybe');
const count = row('3', '-3');
const port = row('8080', 'http');
const duration = row('15s', 'often');
const size = row('1MB', '1 lot');
const list = row('[a]', '{a: b}');
const map = row('{a: b}', '[a]');
const url = row('"http://a/"', '"://"');
const file = row('there.txt', '[there.txt]');
const object = row('{}', '[a]');
const objects = row('[]', '{a: b}');

/** What `global` sets for all jobs and a job may set for itself. */
const perJob = {
  scrape_interval: duration,
  scrape_timeout: row('5s', 'often'),
  scrape_protocols: row('[PrometheusText0.0.4]', '[text]'),
  scrape_native_histograms: flag,
  convert_classic_histograms_to_nhcb: flag,
  always_scrape_classic_histograms: flag,
  extra_scrape_metrics: flag,
  scrape_failure_log_file: text,
  body_size_limit: size,
  sample_limit: count,
  label_limit: count,
  label_name_length_limit: count,
  label_value_length_limit: count,
  target_limit: count,
  keep_dropped_targets: count,
  metric_name_validation_scheme: row('legacy', 'strict', { metric_name_escaping_scheme: 'underscores' }),
  metric_name_escaping_scheme: row('dots', 'none'),
};

const proxy = {
  proxy_url: url,
  no_proxy: row('a', '[a]', { proxy_url: '"http://p/"' }),
  proxy_from_environment: flag,
  proxy_connect_header: row('{a: [b]}', '[a]', { proxy_url: '"http://p/"' }),
};

const http = {
  basic_auth: row('{username: a}', '{username: [a]}'),
  authorization: row('{credentials: a}', '{type: Basic}'),
  bearer_token: text,
  bearer_token_file: file,
  oauth2: row('{client_id: a, client_secret: b, token_url: "http://t/"}', '{client_id: a}'),
  tls_config: row('{insecure_skip_verify: true}', '{insecure_skip_verify: maybe}'),
  follow_redirects: flag,
  enable_http2: flag,
  http_headers: row('{X-A: {values: [b]}}', '{X-A: b}'),
  ...proxy,
};

const tls = {
  ca: text,
  ca_file: file,
  cert: row('a', '[a]', { key: 'b' }),
  cert_file: row('there.txt', '[a]', { key_file: 'there.txt' }),
  key: row('a', '[a]', { cert: 'b' }),
  key_file: row('there.txt', '[a]', { cert_file: 'there.txt' }),
  server_name: text,
  insecure_skip_verify: flag,
  min_version: row('TLS12', '"1.2"'),
  max_version: row('TLS13', '"1.3"'),
};

const signed = { grant_type: '"urn:ietf:params:oauth:grant-type:jwt-bearer"', client_certificate_key: 'k' };
const oauth2 = {
  client_id: text,
  client_secret: text,
  client_secret_file: { ...file, insteadOf: 'client_secret' },
  grant_type: row('client_credentials', '[a]'),
  client_certificate_key: row('k', '[k]', { grant_type: signed.grant_type }),
  client_certificate_key_file: row('there.txt', '[a]', { grant_type: signed.grant_type }),
  client_certificate_key_id: row('a', '[a]', signed),
  signature_algorithm: row('RS384', 'HS256', signed),
  iss: row('a', '[a]', signed),
  audience: row('a', '[a]', signed),
  claims: row('{a: b}', '[a]', signed),
  scopes: list,
  token_url: row('"http://t/"', '[a]'),
  endpoint_params: map,
  tls_config: row('{server_name: a}', '{server_name: [a]}'),
  ...proxy,
};

const relabel = {
  source_labels: row('[a]', '{a: b}'),
  separator: row('"-"', '[a]'),
  target_label: text,
  regex: row('"(.+)"', '"("'),
  modulus: row('8', '-8'),
  replacement: row('"$1"', '[a]'),
  action: row('lowercase', 'remove'),
};

const relabelRules = row('[{source_labels: [a], target_label: b}]', '[{action: remove}]');
const filters = row('[{name: a, values: [b]}]', '[{name: a, value: [b]}]');

const sources = {
  static_configs: row('[{targets: ["a:1"]}]', '[{target: ["a:1"]}]'),
  file_sd_configs: row('[{files: [a.yml]}]', '[{files: [a.txt]}]'),
  http_sd_configs: row('[{url: "http://a/"}]', '[{}]'),
  dns_sd_configs: row('[{names: [a]}]', '[{names: []}]'),
  consul_sd_configs: row('[{server: "a:8500"}]', '[{server: ""}]'),
  docker_sd_configs: row('[{host: "unix:///var/run/docker.sock"}]', '[{}]'),
  kubernetes_sd_configs: row('[{role: pod}]', '[{role: job}]'),
  ec2_sd_configs: row('[{region: a}]', '[{region: [a]}]'),
  relabel_configs: relabelRules,
};

/** A section inside the one job of the file. */
const inJob = (
  name: string,
  keys: KeySection['keys'],
  base?: KeySection['base'],
  suffix: '' | '[0]' = '',
): KeySection => ({
  name,
  path: `scrape_configs[0].${name}${suffix}`,
  head: ['scrape_configs:', '- job_name: a', `  ${name}:`, ...(suffix === '' ? [] : ['  -'])],
  indent: 4,
  base,
  keys,
});
const discovery = (kind: string, keys: KeySection['keys'], base?: KeySection['base']) =>
  inJob(`${kind}_sd_configs`, keys, base, '[0]');
const section = (name: string, keys: KeySection['keys'], base?: KeySection['base']): KeySection => ({
  name,
  path: name,
  head: [`${name}:`],
  indent: 2,
  base,
  keys,
});
/** The first of a list's objects. */
const first = (name: string, keys: KeySection['keys'], base?: KeySection['base']): KeySection => ({
  ...section(name, keys, base),
  path: `${name}[0]`,
  head: [`${name}:`, '-'],
});

const awsLogin = {
  region: text,
  access_key: row('a', '[a]', { secret_key: 'b' }),
  secret_key: row('a', '[a]', { access_key: 'b' }),
  profile: text,
  role_arn: text,
  external_id: text,
};

export const CONFIG_KEYS: readonly KeySection[] = [
  {
    name: 'the file',
    path: '',
    head: [],
    indent: 0,
    keys: {
      global: object,
      runtime: object,
      rule_files: row('[]', '{a: b}'),
      scrape_config_files: row('[]', '{a: b}'),
      scrape_configs: row('[{job_name: a}]', '{job_name: a}'),
      alerting: object,
      remote_write: objects,
      remote_read: objects,
      storage: object,
      tracing: row('{endpoint: "a:4317"}', '[a]'),
      otlp: object,
    },
  },
  section('global', {
    ...perJob,
    metric_name_escaping_scheme: row('dots', '[a]'),
    evaluation_interval: duration,
    rule_query_offset: duration,
    query_log_file: text,
    external_labels: map,
  }),
  section('runtime', { gogc: row('-1', 'half') }),
  first(
    'scrape_configs',
    {
      job_name: text,
      ...perJob,
      fallback_scrape_protocol: row('PrometheusText0.0.4', 'text'),
      metrics_path: row('/m', '[/m]'),
      scheme: row('https', '[https]'),
      params: row('{a: [b]}', '{a: b}'),
      honor_labels: flag,
      honor_timestamps: flag,
      track_timestamps_staleness: flag,
      enable_compression: flag,
      native_histogram_bucket_limit: count,
      native_histogram_min_bucket_factor: row('1.1', 'big'),
      ...http,
      ...sources,
      metric_relabel_configs: relabelRules,
    },
    { job_name: 'j' },
  ),
  inJob('basic_auth', { username: text, username_file: file, password: text, password_file: file }),
  inJob('authorization', { type: text, credentials: text, credentials_file: file }),
  inJob('tls_config', tls),
  inJob('oauth2', oauth2, { client_id: 'i', client_secret: 's', token_url: '"http://t/"' }),
  { ...inJob('http_headers', { values: list, secrets: list, files: row('[there.txt]', '{a: b}') }), ...header() },
  inJob('relabel_configs', relabel, { source_labels: '[b]', target_label: 'c' }, '[0]'),
  inJob('metric_relabel_configs', relabel, { source_labels: '[b]', target_label: 'c' }, '[0]'),
  inJob('static_configs', { targets: row('["a:1"]', '"a:1"'), labels: map }, undefined, '[0]'),
  discovery('file', { files: row('[a.json]', '[a.txt]'), refresh_interval: duration }, { files: '[a.yml]' }),
  discovery(
    'http',
    { url: row('"http://a/"', '"ftp://a/"'), refresh_interval: duration, ...http },
    { url: '"http://b/"' },
  ),
  discovery(
    'dns',
    { names: row('[a]', '[]'), type: row('AAAA', 'TXT'), port, refresh_interval: duration },
    { names: '[a]', port: '80' },
  ),
  discovery('consul', {
    server: row('"a:8500"', '""'),
    path_prefix: text,
    token: text,
    datacenter: text,
    namespace: text,
    partition: text,
    tag_separator: text,
    scheme: row('https', '[a]'),
    username: text,
    password: text,
    allow_stale: flag,
    refresh_interval: duration,
    services: list,
    tags: list,
    node_meta: map,
    filter: text,
    health_filter: text,
    ...http,
  }),
  discovery(
    'docker',
    {
      host: row('"tcp://a:2375"', '""'),
      port,
      filters,
      host_networking_host: text,
      match_first_network: flag,
      refresh_interval: duration,
      ...http,
    },
    { host: '"unix:///var/run/docker.sock"' },
  ),
  discovery(
    'kubernetes',
    {
      role: row('service', 'job'),
      api_server: url,
      kubeconfig_file: { ...file, insteadOf: 'api_server' },
      namespaces: row('{names: [a]}', '[a]'),
      selectors: row('[{role: pod, label: "a=b"}]', '[{role: job}]'),
      attach_metadata: row('{node: true}', '{nodes: true}'),
      ...http,
    },
    { role: 'pod', api_server: '"http://k/"' },
  ),
  nestedIn('kubernetes', 'namespaces', { own_namespace: flag, names: list }),
  nestedIn('kubernetes', 'attach_metadata', {
    node: flag,
    namespace: flag,
    deployment: flag,
    job: flag,
    cronjob: flag,
  }),
  nestedIn(
    'kubernetes',
    'selectors',
    { role: row('pod', 'job'), label: row('"a=b"', '[a]'), field: row('"a=b"', '[a]') },
    { role: 'pod' },
  ),
  nestedIn('docker', 'filters', { name: text, values: list }, { name: 'a', values: '[b]' }),
  nestedIn('ec2', 'filters', { name: text, values: list }, { name: 'a', values: '[b]' }),
  discovery(
    'ec2',
    { endpoint: row('"http://a/"', '[a]'), ...awsLogin, port, refresh_interval: duration, filters, ...http },
    { region: 'a' },
  ),
  section('alerting', {
    alert_relabel_configs: relabelRules,
    alertmanagers: row('[{api_version: v2}]', '[{api_version: v1}]'),
  }),
  within(
    'alerting',
    'alertmanagers',
    {
      timeout: duration,
      api_version: row('v2', 'v1'),
      path_prefix: text,
      scheme: row('https', '[a]'),
      sigv4: { ...row('{region: a}', '[a]'), refused: 'a login that is not spoken' },
      alert_relabel_configs: relabelRules,
      ...http,
      ...sources,
    },
    '[0]',
  ),
  section('storage', { tsdb: object, exemplars: object }),
  within('storage', 'exemplars', { max_exemplars: row('10', 'ten') }),
  within('storage', 'tsdb', {
    out_of_order_time_window: duration,
    stale_series_compaction_threshold: row('0.5', 'half'),
    chunk_encoding: row('{floats: xor}', '{floats: gorilla}'),
    retention: row('{time: 1d}', '{time: long}'),
  }),
  section(
    'tracing',
    {
      client_type: row('http', 'udp'),
      endpoint: row('"a:4318"', '[a]'),
      sampling_fraction: row('0.5', 'half'),
      insecure: flag,
      headers: map,
      compression: row('gzip', 'zip'),
      timeout: duration,
      tls_config: row('{insecure_skip_verify: true}', '[a]'),
    },
    { endpoint: '"b:4317"' },
  ),
  section('otlp', {
    promote_resource_attributes: row('[a]', '[a, a]'),
    promote_all_resource_attributes: flag,
    ignore_resource_attributes: row('[a]', '{a: b}', { promote_all_resource_attributes: 'true' }),
    translation_strategy: row('NoTranslation', 'Some'),
    keep_identifying_resource_attributes: flag,
    convert_histograms_to_nhcb: flag,
    promote_scope_metadata: flag,
    label_name_underscore_sanitization: flag,
    label_name_preserve_multiple_underscores: flag,
  }),
  first(
    'remote_write',
    {
      url,
      protobuf_message: row('io.prometheus.write.v2.Request', 'a'),
      remote_timeout: duration,
      headers: map,
      write_relabel_configs: relabelRules,
      name: text,
      send_exemplars: flag,
      send_native_histograms: flag,
      round_robin_dns: flag,
      failed_request_logging: flag,
      sigv4: { ...row('{region: a}', '[a]'), refused: 'a login that is not spoken' },
      azuread: {
        ...row('{cloud: AzurePublic, managed_identity: {client_id: 00000000-0000-0000-0000-000000000000}}', '[a]'),
        refused: 'a login that is not spoken',
      },
      google_iam: { ...row('{credentials_file: there.txt}', '[a]'), refused: 'a login that is not spoken' },
      queue_config: row('{max_shards: 5}', '{max_shards: many}'),
      metadata_config: row('{send: false}', '{send: maybe}'),
      ...http,
    },
    { url: '"http://r/"' },
  ),
  first(
    'remote_read',
    {
      url,
      name: text,
      required_matchers: map,
      remote_timeout: duration,
      headers: map,
      read_recent: flag,
      filter_external_labels: flag,
      chunked_read_limit: row('1000', '-1'),
      ...http,
    },
    { url: '"http://r/"' },
  ),
];

/** The place of the keys of one header. */
function header() {
  return {
    path: 'scrape_configs[0].http_headers.X-A',
    head: ['scrape_configs:', '- job_name: a', '  http_headers:', '    X-A:'],
    indent: 6,
  };
}

/** What stands inside a key of a section. */
function within(outer: string, key: string, keys: KeySection['keys'], suffix: '' | '[0]' = ''): KeySection {
  return {
    name: `${outer} ${key}`,
    path: `${outer}.${key}${suffix}`,
    head: [`${outer}:`, `  ${key}:`, ...(suffix === '' ? [] : ['  -'])],
    indent: 4,
    keys,
  };
}

/** What stands inside a key of a kind of discovery. */
function nestedIn(kind: string, key: string, keys: KeySection['keys'], base?: KeySection['base']): KeySection {
  const isList = base !== undefined;
  const needed = { kubernetes: 'role: pod', docker: 'host: "tcp://a:1"', ec2: 'region: a' }[kind];
  return {
    name: `${kind} ${key}`,
    path: `scrape_configs[0].${kind}_sd_configs[0].${key}${isList ? '[0]' : ''}`,
    head: [
      'scrape_configs:',
      '- job_name: a',
      `  ${kind}_sd_configs:`,
      `  - ${needed}`,
      `    ${key}:`,
      ...(isList ? ['    -'] : []),
    ],
    indent: 6,
    base,
    keys,
  };
}
