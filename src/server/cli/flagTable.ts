/** Every flag of the server: upstream's names and defaults, and ours. Feeds the parser, `isotherm help` and /api/v1/status/flags. */
import { PROMQL_FEATURE_FLAGS } from '../../shared/promql/features.ts';
import { SCRAPE_FEATURES } from '../config/scrapeFeatures.ts';

export interface FlagSpec {
  readonly type: 'bool' | 'text' | 'number' | 'count' | 'duration' | 'size' | 'choice' | 'list';
  /** As one would write it. '' is "not set". */
  readonly default: string;
  readonly help: string;
  readonly choices?: readonly string[];
  /** The least that makes sense, for a count; 0 if absent. */
  readonly min?: number;
  /**
   * `accepted`: read and without effect; the log says so with this text when somebody sets it.
   * `refused`: setting it is an error with this text, because ignoring it would be wrong.
   */
  readonly accepted?: string;
  readonly refused?: string;
}

const GO_RUNTIME = 'it tunes the Go runtime, and this server runs on Node';
const AGENT_LOG = "an agent's log has one form here";

export const FLAGS = {
  'config.file': { type: 'text', default: 'prometheus.yml', help: 'Prometheus configuration file.' },
  'config.auto-reload': {
    type: 'bool',
    default: 'false',
    help: 'Reload the configuration when its file, a rule file or a scrape config file changes.',
  },
  'config.auto-reload-interval': {
    type: 'duration',
    default: '30s',
    help: 'How often the configuration file is looked at with --config.auto-reload.',
  },
  'web.listen-address': {
    type: 'text',
    default: '127.0.0.1:9090',
    help: 'Address to listen on. Other machines are let in by :9090; nobody is asked for a password without --web.config.file. Port 0 takes a free one.',
  },
  'web.external-url': {
    type: 'text',
    default: '',
    help: 'The URL under which others reach this server, for links; its path is the route prefix unless that is given.',
  },
  'web.route-prefix': {
    type: 'text',
    default: '',
    help: 'Path before all routes. Defaults to the path of --web.external-url.',
  },
  'web.read-timeout': { type: 'duration', default: '5m', help: 'How long a request may take to arrive.' },
  'web.max-connections': {
    type: 'count',
    min: 1,
    default: '512',
    help: 'Connections served at the same time; more are closed.',
  },
  'web.cors.origin': {
    type: 'text',
    default: '.*',
    help: 'RE2 pattern, anchored, of origins whose pages may read answers.',
  },
  'web.enable-lifecycle': { type: 'bool', default: 'false', help: 'Serve POST /-/reload and /-/quit.' },
  'web.enable-remote-write-receiver': {
    type: 'bool',
    default: 'false',
    help: 'Serve POST /api/v1/write (remote write 1.0 and 2.0).',
  },
  'web.remote-write-receiver.accepted-protobuf-messages': {
    type: 'list',
    default: 'prometheus.WriteRequest,io.prometheus.write.v2.Request',
    help: 'Comma-separated messages that the remote write receiver takes: prometheus.WriteRequest (1.0), io.prometheus.write.v2.Request (2.0).',
  },
  'web.enable-push-receiver': {
    type: 'bool',
    default: 'false',
    help: "Take pushes of short-lived jobs at /metrics/job/… (the Pushgateway's API).",
  },
  'web.enable-admin-api': {
    type: 'bool',
    default: 'false',
    help: 'Serve POST /api/v1/admin/tsdb/… (deleting series, cleaning, snapshots), and the wipe of pushed metrics.',
  },
  'web.enable-otlp-receiver': {
    type: 'bool',
    default: 'false',
    help: 'Serve POST /api/v1/otlp/v1/metrics (OTLP over HTTP, protobuf and JSON).',
  },
  'web.config.file': {
    type: 'text',
    default: '',
    help: 'File with TLS, users with passwords, tokens that may read or write, headers and a rate limit.',
  },
  'web.page-title': {
    type: 'text',
    default: 'Isotherm',
    help: 'Title of the pages.',
    accepted: 'the pages keep their own title',
  },
  'web.user-assets': {
    type: 'text',
    default: '',
    help: 'Folder served at /user.',
    accepted: 'nothing is served at /user',
  },
  'web.console.templates': {
    type: 'text',
    default: 'consoles',
    help: 'Folder of console templates.',
    accepted: 'consoles are not served; the pages at / take their place',
  },
  'web.console.libraries': {
    type: 'text',
    default: 'console_libraries',
    help: 'Folder of console libraries.',
    accepted: 'consoles are not served; the pages at / take their place',
  },
  'web.max-notifications-subscribers': {
    type: 'count',
    default: '16',
    help: 'Subscribers of live notifications at the same time.',
  },
  'web.search.max-limit': {
    type: 'count',
    default: '10000',
    help: 'The largest "limit" that the search API takes (--enable-feature=search-api); 0 for any.',
  },
  'storage.tsdb.path': { type: 'text', default: 'data/', help: 'Data folder; made if it is not there.' },
  'storage.tsdb.retention.time': {
    type: 'duration',
    default: '0s',
    help: 'How long samples are kept; 15d unless this, a size or a share is set. The configuration file can say it too; the file goes first.',
  },
  'storage.tsdb.retention.size': {
    type: 'size',
    default: '0B',
    help: 'How many bytes log and blocks may take, such as 512MB; then the oldest blocks go. The file goes first.',
  },
  'storage.tsdb.no-lockfile': {
    type: 'bool',
    default: 'false',
    help: 'Work without a lock file.',
    accepted: 'the data folder is always locked, which keeps two servers from writing to it',
  },
  'storage.tsdb.head-chunks-write-queue-size': {
    type: 'number',
    default: '0',
    help: 'Queue of head chunks to disk.',
    accepted: 'the head keeps its chunks in another way and needs no such queue',
  },
  'storage.tsdb.delay-compact-file.path': {
    type: 'text',
    default: '',
    help: 'File that holds compaction up.',
    accepted: 'nothing here waits for block uploads',
  },
  'push.time-to-live': {
    type: 'duration',
    default: '0s',
    help: 'How long a pushed group is kept that does not say so itself (?ttl=1h, or the grouping label __ttl__); 0s for ever.',
  },
  'query.lookback-delta': {
    type: 'duration',
    default: '5m',
    help: 'How far back an instant selector looks for a sample.',
  },
  'query.replica-label': {
    type: 'list',
    default: '',
    help: 'Comma-separated labels in which servers of a highly available pair differ: queries see what they say of the same series as one (docs/scale.md).',
  },
  'query.timeout': { type: 'duration', default: '2m', help: 'How long a query may take before it is given up.' },
  'query.max-concurrency': {
    type: 'count',
    min: 1,
    default: '20',
    help: 'Queries evaluated at the same time; others wait.',
  },
  'query.max-samples': { type: 'count', min: 1, default: '50000000', help: 'Samples that one query may load.' },
  'query.max-memory': {
    type: 'size',
    default: '1GB',
    help: 'Memory that one query may take for what it holds, such as 512MB; 0B is no limit.',
  },
  workers: {
    type: 'count',
    default: '1',
    help: 'Query worker threads; 0 evaluates, and writes blocks, in the main thread.',
  },
  'collector.machine': {
    type: 'bool',
    default: 'false',
    help: "Metrics of this machine on /metrics, under node_exporter's names.",
  },
  'log.level': {
    type: 'choice',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error'],
    help: 'Only say what is at least this important.',
  },
  'log.format': { type: 'choice', default: 'logfmt', choices: ['logfmt', 'json'], help: 'How log lines are written.' },
  'enable-feature': {
    type: 'list',
    default: '',
    help: `Comma-separated features: ${Object.keys(PROMQL_FEATURE_FLAGS).join(', ')}, concurrent-rule-eval, otlp-deltatocumulative, otlp-native-delta-ingestion, ${Object.values(SCRAPE_FEATURES).join(', ')}. Names of upstream that mean nothing here are told in the log.`,
  },
  agent: {
    type: 'bool',
    default: 'false',
    help: 'Scrape and send on by remote write; samples are kept until they are sent (docs/scale.md).',
  },
  'fleet.config.file': {
    type: 'text',
    default: '',
    help: 'File with the url, and the login, of an engine that speaks the Prometheus API: it answers queries in place of the store here (docs/scale.md).',
  },
  'storage.agent.path': { type: 'text', default: 'data-agent/', help: 'Agent: data folder.' },
  'storage.agent.wal-compression': {
    type: 'bool',
    default: 'true',
    help: 'Agent: compress the log.',
    accepted: AGENT_LOG,
  },
  'storage.agent.retention.min-time': {
    type: 'duration',
    default: '5m',
    help: 'Agent: retention.',
    accepted: 'samples go when they are past storage.agent.retention.max-time',
  },
  'storage.agent.retention.max-time': {
    type: 'duration',
    default: '4h',
    help: 'Agent: how long samples that no receiver takes are kept.',
  },
  'storage.agent.checkpoint-from-in-memory-series': {
    type: 'bool',
    default: 'false',
    help: 'Agent: checkpoints.',
    accepted: AGENT_LOG,
  },
  'storage.agent.checkpoint-batch-size': {
    type: 'number',
    default: '1000',
    help: 'Agent: checkpoints.',
    accepted: AGENT_LOG,
  },
  'storage.agent.no-lockfile': {
    type: 'bool',
    default: 'false',
    help: 'Agent: lock file.',
    accepted: 'the data folder is always locked',
  },
  'storage.remote.flush-deadline': {
    type: 'duration',
    default: '1m',
    help: 'How long to send what waits in memory for remote write at shutdown, five seconds at most; the rest goes out after the next start.',
  },
  'storage.remote.read-sample-limit': {
    type: 'number',
    default: '5e7',
    help: 'Samples that one remote read may touch; streamed ones touch a series at a time and have no limit.',
  },
  'storage.remote.read-concurrent-limit': {
    type: 'count',
    min: 1,
    default: '10',
    help: 'Remote reads answered at the same time; more wait.',
  },
  'storage.remote.read-max-bytes-in-frame': {
    type: 'number',
    default: '1048576',
    help: 'About how many bytes of a series go into one frame of a streamed remote read.',
  },
  'rules.alert.for-outage-tolerance': {
    type: 'duration',
    default: '1h',
    help: 'How long the server may have been away for the "for" state of alerts to be restored.',
  },
  'rules.alert.for-grace-period': {
    type: 'duration',
    default: '10m',
    help: 'What is left of "for" after a restart is at least this; alerts with a shorter "for" begin anew.',
  },
  'rules.alert.resend-delay': {
    type: 'duration',
    default: '1m',
    help: 'How long before an alert that fires is sent to Alertmanager again.',
  },
  'rules.max-concurrent-evals': {
    type: 'count',
    min: 1,
    default: '4',
    help: 'Rules evaluated at the same time, beside one of each group, with --enable-feature=concurrent-rule-eval.',
  },
  'notify.config.file': {
    type: 'text',
    default: '',
    help: 'File of built-in receivers (docs/notify.md): webhooks, Slack and mail for those who run no Alertmanager.',
  },
  'slo.config.file': {
    type: 'text',
    default: '',
    help: 'File of objectives (docs/slo.md): their rules are evaluated beside those of rule_files.',
  },
  'alertmanager.notification-queue-capacity': {
    type: 'count',
    min: 1,
    default: '10000',
    help: 'Alerts that wait to be sent to one Alertmanager at most; the oldest give way.',
  },
  'alertmanager.notification-batch-size': {
    type: 'count',
    min: 1,
    default: '256',
    help: 'Alerts sent to an Alertmanager in one request at most.',
  },
  'alertmanager.drain-notification-queue-on-shutdown': {
    type: 'bool',
    default: 'true',
    help: 'Send the alerts that wait before the server ends.',
  },
  'auto-gomaxprocs': { type: 'bool', default: 'true', help: 'Go runtime.', accepted: GO_RUNTIME },
  'auto-gomemlimit': { type: 'bool', default: 'true', help: 'Go runtime.', accepted: GO_RUNTIME },
  'auto-gomemlimit.ratio': { type: 'number', default: '0.9', help: 'Go runtime.', accepted: GO_RUNTIME },
  'auto-gomemlimit.refresh-interval': { type: 'duration', default: '0s', help: 'Go runtime.', accepted: GO_RUNTIME },
} as const satisfies Readonly<Record<string, FlagSpec>>;

export type FlagName = keyof typeof FLAGS;

type ValueOf<S extends FlagSpec> = S extends { type: 'bool' }
  ? boolean
  : S extends { type: 'number' | 'count' | 'duration' | 'size' }
    ? number
    : S extends { type: 'choice'; choices: readonly (infer C)[] }
      ? C
      : S extends { type: 'list' }
        ? readonly string[]
        : string;

/** Flag values ready for use; durations in milliseconds, sizes in bytes. */
export type Flags = { readonly [K in FlagName]: ValueOf<(typeof FLAGS)[K]> };
