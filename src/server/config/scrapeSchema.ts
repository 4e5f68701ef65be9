/** The keys of `scrape_config` and of what stands inside it. */
import { z } from 'zod';
import { discoveryKeys } from './discoverySchema.ts';
import { httpKeys } from './httpSchema.ts';
import {
  bool,
  count,
  duration,
  labelName,
  labelSet,
  number,
  oneOf,
  pattern,
  positiveDuration,
  size,
  text,
} from './scalars.ts';

export const relabelKeys = z.strictObject({
  source_labels: z.array(labelName).optional(),
  separator: text.optional(),
  target_label: text.optional(),
  regex: pattern.optional(),
  modulus: count.optional(),
  replacement: text.optional(),
  action: text.optional(),
});
export type RawRelabelConfig = z.output<typeof relabelKeys>;

const staticKeys = z.strictObject({ targets: z.array(text).optional(), labels: labelSet.optional() });

const fileSdKeys = z.strictObject({ files: z.array(text).min(1), refresh_interval: positiveDuration.optional() });

const protocol = oneOf(
  'PrometheusProto',
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
);

/** Discovery kinds that upstream has and this program does not; each is refused by name, since its targets would silently be missing. */
export const ABSENT_DISCOVERY = [
  'aws azure digitalocean dockerswarm ecs elasticache eureka gce hetzner ionos kuma lightsail linode',
  'marathon msk nerve nomad oci openstack outscale ovhcloud puppetdb rds scaleway serverset stackit triton uyuni vultr',
].flatMap((line) => line.split(' ').map((kind) => `${kind}_sd_configs`));

/** What `global` sets for all jobs and a job may set for itself. */
export const perJobKeys = {
  /** 0 is "not said", as upstream has it. */
  scrape_interval: duration.optional(),
  scrape_timeout: duration.optional(),
  scrape_protocols: z.array(protocol).min(1).optional(),
  scrape_native_histograms: bool.optional(),
  convert_classic_histograms_to_nhcb: bool.optional(),
  always_scrape_classic_histograms: bool.optional(),
  extra_scrape_metrics: bool.optional(),
  scrape_failure_log_file: text.optional(),
  body_size_limit: size.optional(),
  sample_limit: count.optional(),
  label_limit: count.optional(),
  label_name_length_limit: count.optional(),
  label_value_length_limit: count.optional(),
  target_limit: count.optional(),
  keep_dropped_targets: count.optional(),
  metric_name_validation_scheme: oneOf('utf8', 'legacy').optional(),
  metric_name_escaping_scheme: oneOf('allow-utf-8', 'underscores', 'dots', 'values').optional(),
};
export type RawPerJob = z.output<z.ZodObject<typeof perJobKeys>>;

/** Where targets come from, and how they are relabelled. */
const sourceKeys = {
  static_configs: z.array(staticKeys).optional(),
  file_sd_configs: z.array(fileSdKeys).optional(),
  ...discoveryKeys,
  relabel_configs: z.array(relabelKeys).optional(),
};
export type RawSources = z.output<z.ZodObject<typeof sourceKeys>>;

const absentKeys = Object.fromEntries(ABSENT_DISCOVERY.map((key) => [key, z.array(z.unknown()).optional()] as const));

const scrapeKeys = {
  job_name: text.min(1, 'must not be empty'),
  ...perJobKeys,
  fallback_scrape_protocol: protocol.optional(),
  metrics_path: text.optional(),
  scheme: oneOf('http', 'https').optional(),
  params: z.record(text, z.array(text)).optional(),
  honor_labels: bool.optional(),
  honor_timestamps: bool.optional(),
  track_timestamps_staleness: bool.optional(),
  enable_compression: bool.optional(),
  native_histogram_bucket_limit: count.optional(),
  native_histogram_min_bucket_factor: number.optional(),
  ...httpKeys,
  ...sourceKeys,
  metric_relabel_configs: z.array(relabelKeys).optional(),
};
export type RawScrapeConfig = z.output<z.ZodObject<typeof scrapeKeys>>;

export const scrapeConfigKeys = z.strictObject({ ...scrapeKeys, ...absentKeys });

const alertmanagerKeys = {
  timeout: positiveDuration.optional(),
  api_version: oneOf('v2').optional(),
  path_prefix: text.optional(),
  scheme: oneOf('http', 'https').optional(),
  ...httpKeys,
  ...sourceKeys,
  alert_relabel_configs: z.array(relabelKeys).optional(),
};
export type RawAlertmanagerConfig = z.output<z.ZodObject<typeof alertmanagerKeys>>;

export const alertmanagerConfigKeys = z.strictObject({
  ...alertmanagerKeys,
  sigv4: z.unknown().optional(),
  ...absentKeys,
});
