/** The configuration after checking: every default filled in, every duration in milliseconds, every path absolute. */
import type { Labels } from '../../shared/model/labels.ts';
import type { DiscoveryConfig } from './discoveryConfig.ts';
import type { HttpConfig } from './httpConfig.ts';

export type { HttpConfig, Secret, TlsConfig, TlsVersion } from './httpConfig.ts';

export type ScrapeProtocol =
  'PrometheusProto' | 'OpenMetricsText1.0.0' | 'OpenMetricsText0.0.1' | 'PrometheusText1.0.0' | 'PrometheusText0.0.4';

export type EscapingScheme = 'allow-utf-8' | 'underscores' | 'dots' | 'values';

export type RelabelAction =
  | 'replace'
  | 'keep'
  | 'drop'
  | 'hashmod'
  | 'labelmap'
  | 'labeldrop'
  | 'labelkeep'
  | 'lowercase'
  | 'uppercase'
  | 'keepequal'
  | 'dropequal';

export interface RelabelConfig {
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  readonly targetLabel: string;
  /** RE2, known to compile; anchored when used. */
  readonly regex: string;
  readonly modulus: number;
  readonly replacement: string;
  readonly action: RelabelAction;
}

export interface StaticConfig {
  readonly targets: readonly string[];
  readonly labels: Labels;
}

export interface FileSdConfig {
  /** Absolute; the last path element may hold `*`. */
  readonly files: readonly string[];
  readonly refreshIntervalMs: number;
}

/** Where targets come from. */
export interface TargetSources {
  readonly staticConfigs: readonly StaticConfig[];
  readonly fileSdConfigs: readonly FileSdConfig[];
  /** Of the other kinds. */
  readonly discovery: readonly DiscoveryConfig[];
}

/** Limits as upstream counts them; 0 is no limit. */
export interface ScrapeLimits {
  /** Bytes after decompression. */
  readonly bodySize: number;
  readonly samples: number;
  readonly labels: number;
  readonly labelNameLength: number;
  readonly labelValueLength: number;
  readonly targets: number;
  readonly keepDroppedTargets: number;
  /** Buckets of a native histogram, both sides together. */
  readonly nativeBuckets: number;
  /** Growth from bucket to bucket of a native histogram, at least. */
  readonly nativeBucketFactorMin: number;
}

export interface ScrapeConfig extends TargetSources {
  /** The pages are those of the metrics that were pushed here, and no target is asked. */
  readonly isPushed?: boolean;
  readonly jobName: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** In order of preference. */
  readonly protocols: readonly ScrapeProtocol[];
  readonly fallbackProtocol?: ScrapeProtocol;
  readonly metricsPath: string;
  readonly scheme: 'http' | 'https';
  readonly params: readonly { readonly name: string; readonly values: readonly string[] }[];
  readonly honorLabels: boolean;
  readonly honorTimestamps: boolean;
  readonly trackTimestampsStaleness: boolean;
  /** Native histograms are taken where the page has them; else their classic form. */
  readonly nativeHistograms: boolean;
  /** Of a histogram that has both forms, the classic one is taken beside the native one. */
  readonly alwaysClassicHistograms: boolean;
  /** Classic histograms are stored as native ones with custom bounds. */
  readonly customBuckets: boolean;
  /** Where a counter says when it began, a zero is stored at that time. */
  readonly startTimes: boolean;
  readonly enableCompression: boolean;
  readonly extraScrapeMetrics: boolean;
  /** Absolute. Each failed scrape becomes a line of it. */
  readonly failureLogFile?: string;
  readonly nameValidation: 'utf8' | 'legacy';
  readonly escaping: EscapingScheme;
  readonly limits: ScrapeLimits;
  readonly http: HttpConfig;
  readonly relabel: readonly RelabelConfig[];
  readonly metricRelabel: readonly RelabelConfig[];
}

export interface GlobalConfig {
  readonly scrapeIntervalMs: number;
  readonly scrapeTimeoutMs: number;
  readonly evaluationIntervalMs: number;
  readonly ruleQueryOffsetMs: number;
  readonly externalLabels: Labels;
  /** Where a line is written for every query; undefined for nowhere. */
  readonly queryLogFile?: string;
}

export interface AlertmanagerConfig extends TargetSources {
  readonly scheme: 'http' | 'https';
  readonly pathPrefix: string;
  readonly timeoutMs: number;
  readonly http: HttpConfig;
  readonly relabel: readonly RelabelConfig[];
  readonly alertRelabel: readonly RelabelConfig[];
}

export interface AlertingConfig {
  readonly alertRelabel: readonly RelabelConfig[];
  readonly alertmanagers: readonly AlertmanagerConfig[];
}

/** What remote write is spoken in: version 1 and version 2. */
export type WriteMessage = 'prometheus.WriteRequest' | 'io.prometheus.write.v2.Request';

export interface RemoteWriteConfig {
  readonly url: string;
  readonly message: WriteMessage;
  /** As the file names it; '' for none. */
  readonly name: string;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly http: HttpConfig;
  readonly relabel: readonly RelabelConfig[];
  readonly sendExemplars: boolean;
  readonly sendNativeHistograms: boolean;
  readonly queue: RemoteQueueConfig;
  /** Type, help and unit are sent this often; 0 for never. */
  readonly metadataIntervalMs: number;
}

/** Another server that queries are also answered from. */
export interface RemoteReadConfig {
  readonly url: string;
  /** As the file names it; '' for none. */
  readonly name: string;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly http: HttpConfig;
  /** It is asked only for what has all of these as equality matchers. */
  readonly requiredMatchers: Labels;
  /** It is asked also for times of which the store here has samples. */
  readonly readRecent: boolean;
  /** It is asked for what has the external labels of this server, and answers without them. */
  readonly filterExternalLabels: boolean;
}

export interface RemoteQueueConfig {
  /** Samples that wait in memory, for each request that may be under way. */
  readonly capacity: number;
  /** Requests under way at the same time. */
  readonly minShards: number;
  readonly maxShards: number;
  readonly samplesPerSend: number;
  /** Samples wait at most this long for others to go with. */
  readonly sendDeadlineMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly retryOn429: boolean;
  /** Older samples are not sent; 0 for any age. */
  readonly sampleAgeMs: number;
}

/** What becomes of the names of OTLP metrics. */
export interface OtlpNaming {
  /** Letters that classic names do not have become underscores; else names stay as they are. */
  readonly escapes: boolean;
  /** Unit and kind are told by the metric's name. */
  readonly addsSuffixes: boolean;
  /** A label that begins with one underscore gets `key` before it. Where names are escaped only. */
  readonly prefixesUnderscore: boolean;
  /** Several underscores in a row stay in labels. Where names are escaped only. */
  readonly keepsUnderscores: boolean;
}

/** How OTLP metrics become series. */
export interface OtlpConfig {
  readonly naming: OtlpNaming;
  /** All attributes of a resource become labels of its metrics but `resourceAttributes`; else those alone do. */
  readonly promotesAllResourceAttributes: boolean;
  readonly resourceAttributes: ReadonlySet<string>;
  /** What became `job` and `instance` stays in `target_info`. */
  readonly keepsIdentifying: boolean;
  /** Name, version, schema and attributes of a scope become labels. */
  readonly promotesScope: boolean;
  /** Histograms with bounds of their own are stored as native ones. */
  readonly customBuckets: boolean;
}

export interface StorageConfig {
  readonly outOfOrderWindowMs: number;
  readonly retentionMs?: number;
  readonly retentionBytes?: number;
  /** Of the disk, 0 to 100. */
  readonly retentionPercentage?: number;
  readonly exemplarsMax: number;
}

export interface Config {
  /** As given to the program; what errors name. */
  readonly path: string;
  /** Folder that relative paths of the file start from. */
  readonly dir: string;
  readonly global: GlobalConfig;
  readonly scrapeConfigs: readonly ScrapeConfig[];
  /** Relative where the configuration's own path is, as upstream tells them; the last path element may hold `*`. */
  readonly ruleFiles: readonly string[];
  /** Absolute, else as `ruleFiles`: where further jobs were read from. */
  readonly scrapeConfigFiles: readonly string[];
  readonly alerting: AlertingConfig;
  readonly remoteWrite: readonly RemoteWriteConfig[];
  readonly remoteRead: readonly RemoteReadConfig[];
  readonly storage: StorageConfig;
  readonly otlp: OtlpConfig;
  /** What the file asks for and this program does not do (yet), one sentence each. Empty for most files. */
  readonly notices: readonly string[];
  /** The file as it may be shown: comments gone, secrets replaced by `<secret>`. */
  readonly redactedText: string;
}
