/** One scrape job: `global` and upstream's defaults filled in, contradictions refused. */
import { formatDuration } from '../../shared/model/durations.ts';
import type { ScrapeConfig, ScrapeProtocol } from './config.ts';
import { absolute, resolveHttp } from './resolveHttp.ts';
import { resolveRelabels, type Complain } from './resolveRelabel.ts';
import { resolveSources } from './resolveSources.ts';
import { SCRAPE_FEATURES } from './scrapeFeatures.ts';
import type { RawPerJob, RawScrapeConfig } from './scrapeSchema.ts';

export const DEFAULT_INTERVAL_MS = 60_000;
export const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_PROTOCOLS: readonly ScrapeProtocol[] = [
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
];
/** Only protobuf carries native histograms, and it tells best when counters began. */
const PROTOBUF_FIRST: readonly ScrapeProtocol[] = ['PrometheusProto', ...DEFAULT_PROTOCOLS];
export interface JobContext {
  readonly perJob: RawPerJob;
  readonly globalIntervalMs: number;
  readonly globalTimeoutMs: number;
  readonly dir: string;
  readonly complain: Complain;
  /** Names given to `--enable-feature`. */
  readonly features: readonly string[];
}

export function resolveScrape(raw: RawScrapeConfig, context: JobContext): ScrapeConfig {
  const { perJob, dir, complain, features } = context;
  const intervalMs = raw.scrape_interval || context.globalIntervalMs;
  const timeoutMs = raw.scrape_timeout || Math.min(context.globalTimeoutMs, intervalMs);
  if (timeoutMs > intervalMs) {
    complain(
      ['scrape_timeout'],
      `${formatDuration(timeoutMs)} is longer than the interval of ${formatDuration(intervalMs)}; shorten it`,
    );
  }
  const nativeHistograms = raw.scrape_native_histograms ?? perJob.scrape_native_histograms ?? false;
  const legacy = (raw.metric_name_validation_scheme ?? perJob.metric_name_validation_scheme) === 'legacy';
  const rules = (key: 'relabel_configs' | 'metric_relabel_configs') => resolveRelabels(raw[key], key, legacy, complain);
  const limit = (
    key:
      | 'body_size_limit'
      | 'sample_limit'
      | 'label_limit'
      | 'label_name_length_limit'
      | 'label_value_length_limit'
      | 'target_limit'
      | 'keep_dropped_targets',
  ) => raw[key] ?? perJob[key] ?? 0;
  const startTimes = features.includes(SCRAPE_FEATURES.startTimes);
  const extraMetrics = features.includes(SCRAPE_FEATURES.extraMetrics);
  const protobufFirst = nativeHistograms || startTimes;
  const failureLog = raw.scrape_failure_log_file ?? perJob.scrape_failure_log_file;
  const escaping =
    raw.metric_name_escaping_scheme ?? perJob.metric_name_escaping_scheme ?? (legacy ? 'underscores' : 'allow-utf-8');
  if (legacy && escaping === 'allow-utf-8')
    complain(
      ['metric_name_escaping_scheme'],
      'allow-utf-8 asks for names that metric_name_validation_scheme: legacy refuses',
    );
  return {
    jobName: raw.job_name,
    intervalMs,
    timeoutMs,
    protocols: resolveProtocols(raw, perJob, complain) ?? (protobufFirst ? PROTOBUF_FIRST : DEFAULT_PROTOCOLS),
    fallbackProtocol: raw.fallback_scrape_protocol,
    metricsPath: raw.metrics_path ?? '/metrics',
    scheme: raw.scheme ?? 'http',
    params: Object.entries(raw.params ?? {}).map(([name, values]) => ({ name, values })),
    honorLabels: raw.honor_labels ?? false,
    honorTimestamps: raw.honor_timestamps ?? true,
    trackTimestampsStaleness: raw.track_timestamps_staleness ?? false,
    nativeHistograms,
    alwaysClassicHistograms: raw.always_scrape_classic_histograms ?? perJob.always_scrape_classic_histograms ?? false,
    customBuckets: raw.convert_classic_histograms_to_nhcb ?? perJob.convert_classic_histograms_to_nhcb ?? false,
    startTimes,
    enableCompression: raw.enable_compression ?? true,
    extraScrapeMetrics: raw.extra_scrape_metrics ?? perJob.extra_scrape_metrics ?? extraMetrics,
    failureLogFile: failureLog ? absolute(dir, failureLog) : undefined,
    nameValidation: legacy ? 'legacy' : 'utf8',
    escaping,
    limits: {
      bodySize: limit('body_size_limit'),
      samples: limit('sample_limit'),
      labels: limit('label_limit'),
      labelNameLength: limit('label_name_length_limit'),
      labelValueLength: limit('label_value_length_limit'),
      targets: limit('target_limit'),
      keepDroppedTargets: limit('keep_dropped_targets'),
      nativeBuckets: raw.native_histogram_bucket_limit ?? 0,
      nativeBucketFactorMin: raw.native_histogram_min_bucket_factor ?? 0,
    },
    http: resolveHttp(raw, dir, complain),
    ...resolveSources(raw, dir, complain),
    relabel: rules('relabel_configs'),
    metricRelabel: rules('metric_relabel_configs'),
  };
}

function resolveProtocols(
  raw: RawScrapeConfig,
  perJob: RawPerJob,
  complain: Complain,
): readonly ScrapeProtocol[] | undefined {
  checkProtocols(raw.scrape_protocols, complain);
  return raw.scrape_protocols ?? perJob.scrape_protocols;
}

export function checkProtocols(wanted: readonly ScrapeProtocol[] | undefined, complain: Complain): void {
  const twice = wanted?.findIndex((protocol, i) => wanted.indexOf(protocol) < i) ?? -1;
  if (twice >= 0) complain(['scrape_protocols', twice], `${wanted?.[twice]} is listed twice`);
}
