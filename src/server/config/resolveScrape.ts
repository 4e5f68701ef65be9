/** One scrape job: `global` and upstream's defaults filled in, contradictions refused. */
import { labelsFrom, type Labels } from '../../shared/model/labels.ts';
import { formatDuration } from '../../shared/model/durations.ts';
import type { ScrapeConfig, ScrapeProtocol } from './config.ts';
import { resolveDiscovery } from './resolveDiscovery.ts';
import { absolute, resolveHttp } from './resolveHttp.ts';
import { resolveRelabel, type Complain } from './resolveRelabel.ts';
import { ABSENT_DISCOVERY, type RawPerJob, type RawScrapeConfig } from './scrapeSchema.ts';

export const DEFAULT_INTERVAL_MS = 60_000;
export const DEFAULT_TIMEOUT_MS = 10_000;
const FILE_SD_REFRESH_MS = 300_000;
const DEFAULT_PROTOCOLS: readonly ScrapeProtocol[] = [
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
];
/** Only protobuf carries native histograms. */
const NATIVE_PROTOCOLS: readonly ScrapeProtocol[] = ['PrometheusProto', ...DEFAULT_PROTOCOLS];
/** `*` only in the last path element, which names a YAML or JSON file. */
const FILE_SD_PATTERN = /^[^*]*(?:\*[^/]*)?\.(?:json|yml|yaml|JSON|YML|YAML)$/;

export interface JobContext {
  readonly perJob: RawPerJob;
  readonly globalIntervalMs: number;
  readonly globalTimeoutMs: number;
  readonly dir: string;
  readonly complain: Complain;
  readonly notice: (sentence: string) => void;
}

export function resolveScrape(raw: RawScrapeConfig, context: JobContext): ScrapeConfig {
  const { perJob, dir, complain } = context;
  const intervalMs = raw.scrape_interval ?? context.globalIntervalMs;
  const timeoutMs = raw.scrape_timeout ?? Math.min(context.globalTimeoutMs, intervalMs);
  if (timeoutMs > intervalMs) {
    complain(
      ['scrape_timeout'],
      `${formatDuration(timeoutMs)} is longer than the interval of ${formatDuration(intervalMs)}; shorten it`,
    );
  }
  for (const kind of ABSENT_DISCOVERY) {
    if (kind in raw)
      complain([kind], 'this kind of discovery is not supported yet; http_sd_configs or file_sd_configs can stand in');
  }
  noticesOf(raw, perJob, context.notice);
  const nativeHistograms = raw.scrape_native_histograms ?? perJob.scrape_native_histograms ?? false;
  const legacy = (raw.metric_name_validation_scheme ?? perJob.metric_name_validation_scheme) === 'legacy';
  const rules = (key: 'relabel_configs' | 'metric_relabel_configs') =>
    (raw[key] ?? []).map((rule, i) => resolveRelabel(rule, legacy, (path, why) => complain([key, i, ...path], why)));
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
  return {
    jobName: raw.job_name,
    intervalMs,
    timeoutMs,
    protocols: resolveProtocols(raw, perJob, complain) ?? (nativeHistograms ? NATIVE_PROTOCOLS : DEFAULT_PROTOCOLS),
    fallbackProtocol: raw.fallback_scrape_protocol,
    metricsPath: raw.metrics_path ?? '/metrics',
    scheme: raw.scheme ?? 'http',
    params: Object.entries(raw.params ?? {}).map(([name, values]) => ({ name, values })),
    honorLabels: raw.honor_labels ?? false,
    honorTimestamps: raw.honor_timestamps ?? true,
    trackTimestampsStaleness: raw.track_timestamps_staleness ?? false,
    nativeHistograms,
    alwaysClassicHistograms: raw.always_scrape_classic_histograms ?? perJob.always_scrape_classic_histograms ?? false,
    enableCompression: raw.enable_compression ?? true,
    extraScrapeMetrics: raw.extra_scrape_metrics ?? perJob.extra_scrape_metrics ?? false,
    nameValidation: legacy ? 'legacy' : 'utf8',
    escaping:
      raw.metric_name_escaping_scheme ?? perJob.metric_name_escaping_scheme ?? (legacy ? 'underscores' : 'allow-utf-8'),
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
    staticConfigs: (raw.static_configs ?? []).map(({ targets = [], labels }, i) => {
      // Relabelling may still make an address of it: the URLs that blackbox_exporter is to probe stand here.
      const isFinal = (raw.relabel_configs ?? []).length === 0;
      if (isFinal) checkTargets(targets, (path, why) => complain(['static_configs', i, ...path], why));
      return { targets, labels: labelsOfSet(labels) };
    }),
    fileSdConfigs: (raw.file_sd_configs ?? []).map((entry, i) => {
      entry.files.forEach((file, j) => {
        if (!FILE_SD_PATTERN.test(file))
          complain(
            ['file_sd_configs', i, 'files', j],
            'must end in .json, .yml or .yaml, with * only in its last part',
          );
      });
      return {
        files: entry.files.map((file) => absolute(dir, file)),
        refreshIntervalMs: entry.refresh_interval ?? FILE_SD_REFRESH_MS,
      };
    }),
    discovery: resolveDiscovery(raw, dir, complain),
    relabel: rules('relabel_configs'),
    metricRelabel: rules('metric_relabel_configs'),
  };
}

function checkTargets(targets: readonly string[], complain: Complain): void {
  targets.forEach((target, i) => {
    const why = targetFault(target);
    if (why !== undefined) complain(['targets', i], why);
  });
}

/** Why a text cannot be a target's address, or undefined if it can. */
export function targetFault(target: string): string | undefined {
  if (target === '') return 'an empty address; write host:port';
  if (!target.includes('/')) return undefined;
  return `${JSON.stringify(target)} is not host:port; write the scheme in scheme: and the path in metrics_path:`;
}

export function labelsOfSet(record: Readonly<Record<string, string>> | undefined): Labels {
  return labelsFrom(Object.entries(record ?? {}));
}

function resolveProtocols(
  raw: RawScrapeConfig,
  perJob: RawPerJob,
  complain: Complain,
): readonly ScrapeProtocol[] | undefined {
  const wanted = raw.scrape_protocols ?? perJob.scrape_protocols;
  const twice = wanted?.findIndex((protocol, i) => wanted.indexOf(protocol) < i) ?? -1;
  if (twice >= 0) complain(['scrape_protocols', twice], `${wanted?.[twice]} is listed twice`);
  return wanted;
}

/** Keys that may be ignored without a wrong result, but not without a word. */
function noticesOf(raw: RawScrapeConfig, perJob: RawPerJob, notice: (sentence: string) => void): void {
  const say = (key: string, why: string) => notice(`job ${raw.job_name}: ${key}: ${why}`);
  if (raw.convert_classic_histograms_to_nhcb ?? perJob.convert_classic_histograms_to_nhcb) {
    say('convert_classic_histograms_to_nhcb', 'not supported yet; classic buckets are stored as they are');
  }
  if (raw.scrape_failure_log_file ?? perJob.scrape_failure_log_file)
    say('scrape_failure_log_file', 'not supported yet; failures are in the log and on the targets page');
}
