import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from './configError.ts';
import { loadConfig, parseConfig } from './load.ts';

const parse = (text: string, env = {}) => parseConfig(text, { dir: '/etc/isotherm', path: 'prometheus.yml', env });
const job = (lines: string) => `scrape_configs:\n  - job_name: a\n${lines.replace(/^/gm, '    ')}\n`;
const bad = (name: string, text: string, why: RegExp) =>
  test(`${name} is refused`, () => {
    expect(() => parse(text)).toThrow(ConfigError);
    expect(() => parse(text)).toThrow(why);
  });

describe('a configuration', () => {
  test('that is empty has upstream’s defaults and no jobs', () => {
    const config = parse('');
    expect(config.global).toEqual({
      scrapeIntervalMs: 60_000,
      scrapeTimeoutMs: 10_000,
      evaluationIntervalMs: 60_000,
      ruleQueryOffsetMs: 0,
      externalLabels: [],
    });
    expect(config.scrapeConfigs).toEqual([]);
    expect(config.notices).toEqual([]);
  });

  test('fills jobs from global, and a short interval shortens the timeout', () => {
    const config = parse(
      `global:\n  scrape_interval: 15s\n  body_size_limit: 10MB\nscrape_configs:\n- job_name: a\n- job_name: b\n  scrape_interval: 5s\n  sample_limit: 10\n`,
    );
    const [a, b] = config.scrapeConfigs;
    expect([a.intervalMs, a.timeoutMs, a.limits.bodySize]).toEqual([15_000, 10_000, 10 * 1024 * 1024]);
    expect([b.intervalMs, b.timeoutMs, b.limits.samples]).toEqual([5_000, 5_000, 10]);
    expect([a.metricsPath, a.scheme, a.honorLabels, a.honorTimestamps]).toEqual(['/metrics', 'http', false, true]);
  });

  test('keeps texts as they are written', () => {
    const config = parse(
      job('static_configs:\n- targets: [localhost:8000]\n  labels: {version: 1.0, on: yes, empty: }\n'),
    );
    expect(config.scrapeConfigs[0].staticConfigs).toEqual([
      {
        targets: ['localhost:8000'],
        labels: [
          ['on', 'yes'],
          ['version', '1.0'],
        ],
      },
    ]);
  });

  test('may use anchors and merge keys', () => {
    const config = parse(
      `scrape_configs:\n- job_name: a\n  static_configs: &s\n  - targets: [x:1]\n- job_name: b\n  static_configs: *s\n`,
    );
    expect(config.scrapeConfigs[1].staticConfigs[0].targets).toEqual(['x:1']);
  });

  test('expands the environment in external labels only', () => {
    const config = parse('global:\n  external_labels: {zone: "${ZONE}-$$-$NONE"}\n', { ZONE: 'eu' });
    expect(config.global.externalLabels).toEqual([['zone', 'eu-$-']]);
    expect(config.notices.join()).toMatch(/no NONE/);
  });

  test('may name URLs as targets where relabelling makes addresses of them', () => {
    const probes =
      'static_configs: [{targets: ["http://a/b"]}]\nrelabel_configs: [{target_label: __address__, replacement: "c:1"}]';
    expect(parse(job(probes)).scrapeConfigs[0]!.staticConfigs[0]!.targets).toEqual(['http://a/b']);
  });

  test('makes paths start from its own folder, absolute but for rule files, which are told as they are written', () => {
    const config = parse(
      `rule_files: [rules/*.yml]\n` +
        job('file_sd_configs: [{files: [targets/*.json]}]\nbasic_auth: {username: u, password_file: pw}\n'),
    );
    expect(config.ruleFiles).toEqual(['rules/*.yml']);
    expect(config.scrapeConfigs[0].fileSdConfigs).toEqual([
      { files: ['/etc/isotherm/targets/*.json'], refreshIntervalMs: 300_000 },
    ]);
    expect(config.scrapeConfigs[0].http.basicAuth?.password).toEqual({ kind: 'file', path: '/etc/isotherm/pw' });
  });

  test('says what it asks for in vain', () => {
    const notices = parse(
      'tracing: {endpoint: "x:4317"}\nstorage: {tsdb: {stale_series_compaction_threshold: 0.5}}\n',
    ).notices;
    expect(notices).toEqual([
      expect.stringMatching(/^tracing/),
      expect.stringMatching(/stale_series_compaction_threshold/),
    ]);
  });

  test('with every key of a scrape config is accepted', () => {
    const text = job(
      `scrape_interval: 30s
scrape_timeout: 5s
scrape_protocols: [PrometheusText0.0.4]
fallback_scrape_protocol: PrometheusText0.0.4
metrics_path: /m
scheme: https
params: {'collect[]': [a, b]}
honor_labels: true
honor_timestamps: false
track_timestamps_staleness: true
enable_compression: false
body_size_limit: 1MiB
sample_limit: 1
label_limit: 2
label_name_length_limit: 3
label_value_length_limit: 4
target_limit: 5
keep_dropped_targets: 6
metric_name_validation_scheme: legacy
metric_name_escaping_scheme: underscores
native_histogram_bucket_limit: 0
native_histogram_min_bucket_factor: 1.1
authorization: {type: Bearer, credentials: t}
tls_config: {ca_file: ca.pem, server_name: x, insecure_skip_verify: true, min_version: TLS12}
follow_redirects: false
enable_http2: false
http_headers: {X-Scope: {values: [a], secrets: [b], files: [c]}}
relabel_configs: [{source_labels: [__address__], target_label: host, regex: '(.*):.*'}]
metric_relabel_configs: [{action: Drop, source_labels: [__name__], regex: go_.*}]`,
    );
    const [config] = parse(text).scrapeConfigs;
    expect(config.params).toEqual([{ name: 'collect[]', values: ['a', 'b'] }]);
    expect(config.metricRelabel[0].action).toBe('drop');
    expect(config.http.headers[0].values).toEqual([
      { kind: 'inline', value: 'a' },
      { kind: 'inline', value: 'b' },
      { kind: 'file', path: '/etc/isotherm/c' },
    ]);
  });
});

describe('faults carry their place', () => {
  bad(
    'an unknown key',
    'global:\n  scrape_intervall: 15s\n',
    /^prometheus\.yml:2:3: global\.scrape_intervall: unknown key; did you mean scrape_interval\?/,
  );
  bad(
    'an unknown section',
    'scrape_config:\n- job_name: a\n',
    /^prometheus\.yml:1:1: scrape_config: .*did you mean scrape_configs/,
  );
  bad(
    'a key deep inside',
    job('static_configs:\n- target: [a]'),
    /prometheus\.yml:4:7: scrape_configs\[0\]\.static_configs\[0\]\.target: .*targets/,
  );
  bad('a bad duration', 'global:\n  scrape_interval: 1.5h\n', /^prometheus\.yml:2:20: .*write 1h30m/);
  bad('a list where a value belongs', job('metrics_path: [a]'), /:3:19: .*expected a single value, found a list/);
  bad('text that is not YAML', 'global: [', /^prometheus\.yml:1:\d+: not YAML/);
  bad('a doubled key', 'global: {}\nglobal: {}\n', /not YAML: Map keys must be unique/);
  bad('a job without a name', 'scrape_configs: [{metrics_path: /m}]', /job_name: missing/);
  bad(
    'a job name used twice',
    'scrape_configs: [{job_name: a}, {job_name: a}]',
    /:1:44: scrape_configs\[1\]\.job_name: job "a" is there already/,
  );
  bad(
    'a timeout over the interval',
    job('scrape_interval: 5s\nscrape_timeout: 10s'),
    /10s is longer than the interval of 5s/,
  );
  bad('a target with a scheme', job('static_configs: [{targets: ["http://a:1"]}]'), /is not host:port/);
  bad('a size without a unit', job('body_size_limit: 10'), /not a size/);
  bad(
    'other discovery',
    job('nomad_sd_configs: [{server: "http://x"}]'),
    /nomad_sd_configs: .*http_sd_configs or file_sd_configs/,
  );
  bad(
    'a misspelt key of discovery',
    job('http_sd_configs: [{url: "http://x", refresh: 1m}]'),
    /3:\d+.*http_sd_configs\[0\]\.refresh: unknown key/,
  );
  bad('discovery from a URL that is not HTTP', job('http_sd_configs: [{url: "ftp://x"}]'), /begin with http/);
  bad('A records without a port', job('dns_sd_configs: [{names: [x], type: A}]'), /A records name no port; set port/);
  bad('an unknown type of record', job('dns_sd_configs: [{names: [x], type: TXT}]'), /none of A, AAAA, SRV/);
  bad('a Docker engine nowhere', job('docker_sd_configs: [{host: docker}]'), /write unix:/);
  bad(
    'a login for a cluster that is not named',
    job('kubernetes_sd_configs: [{role: pod, bearer_token: x}]'),
    /kubernetes_sd_configs\[0\]\.bearer_token: .*set api_server/,
  );
  bad(
    'a selector that its role does not know',
    job('kubernetes_sd_configs: [{role: service, selectors: [{role: pod, label: a=b}]}]'),
    /role service selects by service/,
  );
  bad(
    'two logins for Consul',
    job('consul_sd_configs: [{username: a, basic_auth: {username: a}}]'),
    /username and password stand there too/,
  );
  bad(
    'two ways to log in',
    job('basic_auth: {username: a}\nbearer_token: b'),
    /only one of basic_auth and bearer_token/,
  );
  bad('a pattern that is not RE2', job('relabel_configs: [{regex: "(?=a)", target_label: b}]'), /not an RE2 pattern/);
  bad('hashmod without modulus', job('relabel_configs: [{action: hashmod, target_label: b}]'), /needs modulus/);
  bad('a mistyped action', job('relabel_configs: [{action: replce}]'), /did you mean replace/);
  bad(
    'labeldrop with a target',
    job('relabel_configs: [{action: labeldrop, target_label: b}]'),
    /takes no target_label/,
  );
  bad('a reserved header', job('http_headers: {Authorization: {values: [x]}}'), /set by the client itself/);
  bad('an alias without anchor', 'global: *x\n', /prometheus\.yml:1/);

  test('all at once, in order', () => {
    const error = (() => {
      try {
        parse('globl: {}\nscrape_configs:\n- job_name: a\n  foo: 1\n');
      } catch (e) {
        return e as ConfigError;
      }
      throw new Error('accepted');
    })();
    expect(error.faults.map((fault) => [fault.line, fault.column])).toEqual([
      [1, 1],
      [4, 3],
    ]);
  });
});

describe('secrets', () => {
  test('never stand in the text given out', () => {
    const config = parse(
      `# password: hunter2\n` +
        job(
          `basic_auth:\n  username: me\n  password: hunter2 # hunter2\nhttp_headers: {X-Key: {secrets: [hunter2, "hunter2"]}}\nproxy_url: http://u:hunter2@proxy:1`,
        ),
    );
    expect(config.redactedText).not.toContain('hunter2');
    expect(config.redactedText).toMatch(/username: me\n\s+password: <secret>/);
    expect(config.scrapeConfigs[0].http.basicAuth?.password).toEqual({ kind: 'inline', value: 'hunter2' });
    expect(parse(config.redactedText).scrapeConfigs[0].jobName).toBe('a');
  });
});

describe('files', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'isotherm-config-'))));
  afterEach(() => rmSync(dir, { recursive: true }));

  test('named by scrape_config_files add their jobs', () => {
    writeFileSync(
      join(dir, 'main.yml'),
      'scrape_config_files: ["jobs/*.yml", "more*.yml"]\nscrape_configs: [{job_name: a}]',
    );
    writeFileSync(join(dir, 'more1.yml'), 'scrape_configs: [{job_name: b, scrape_interval: 5s}]');
    expect(loadConfig(join(dir, 'main.yml')).scrapeConfigs.map((j) => j.jobName)).toEqual(['a', 'b']);
  });

  test('named by scrape_config_files are blamed for their own faults', () => {
    writeFileSync(join(dir, 'main.yml'), 'scrape_config_files: ["more.yml"]\nscrape_configs: [{job_name: a}]');
    writeFileSync(join(dir, 'more.yml'), 'scrape_configs:\n- job_name: a\n');
    expect(() => loadConfig(join(dir, 'main.yml'))).toThrow(
      `${join(dir, 'more.yml')}:2:13: scrape_configs[0].job_name`,
    );
  });

  test('that are missing or not text are named', () => {
    expect(() => loadConfig(join(dir, 'none.yml'))).toThrow(/none\.yml: no such file/);
    writeFileSync(join(dir, 'latin1.yml'), Buffer.from([0x61, 0xff, 0x62]));
    expect(() => loadConfig(join(dir, 'latin1.yml'))).toThrow(/cannot be read/);
  });
});

test('an interval of 0 is not said: the one of global stands, and the default where that is 0 too', () => {
  const interval = (global: string) =>
    parse(`global: {scrape_interval: ${global}}\nscrape_configs: [{job_name: a, scrape_interval: 0s}]\n`)
      .scrapeConfigs[0].intervalMs;
  expect([interval('5s'), interval('0s')]).toEqual([5_000, 60_000]);
});

test('headers for a proxy are secrets', () => {
  const text =
    'scrape_configs: [{job_name: a, proxy_url: "http://p/", proxy_connect_header: {Authorization: [hunter2]}}]\n';
  expect(parse(text).redactedText).not.toContain('hunter2');
});
