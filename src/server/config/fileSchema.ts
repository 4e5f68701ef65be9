/** The keys of the whole file, and of files that hold scrape configs alone. */
import { z } from 'zod';
import { awsLoginKeys } from './discoverySchema.ts';
import { httpKeys, tlsKeys } from './httpSchema.ts';
import { bool, count, duration, labelSet, number, oneOf, percentage, size, text, url } from './scalars.ts';
import { alertmanagerConfigKeys, perJobKeys, relabelKeys, scrapeConfigKeys } from './scrapeSchema.ts';

const globalKeys = z.strictObject({
  ...perJobKeys,
  evaluation_interval: duration.optional(),
  rule_query_offset: duration.optional(),
  query_log_file: text.optional(),
  external_labels: labelSet.optional(),
});

const sigv4Keys = z.strictObject({
  ...awsLoginKeys,
  use_fips_sts_endpoint: bool.optional(),
  service_name: text.optional(),
});

const alertingKeys = z.strictObject({
  alert_relabel_configs: z.array(relabelKeys).optional(),
  alertmanagers: z.array(alertmanagerConfigKeys).optional(),
});

const remoteWriteKeys = z.strictObject({
  url,
  protobuf_message: text.optional(),
  remote_timeout: duration.optional(),
  headers: z.record(text, text).optional(),
  write_relabel_configs: z.array(relabelKeys).optional(),
  name: text.optional(),
  send_exemplars: bool.optional(),
  send_native_histograms: bool.optional(),
  round_robin_dns: bool.optional(),
  failed_request_logging: bool.optional(),
  sigv4: sigv4Keys.optional(),
  azuread: z.unknown().optional(),
  google_iam: z.strictObject({ credentials_file: text.optional() }).optional(),
  ...httpKeys,
  queue_config: z
    .strictObject({
      capacity: count.optional(),
      max_shards: count.optional(),
      min_shards: count.optional(),
      max_samples_per_send: count.optional(),
      batch_send_deadline: duration.optional(),
      min_backoff: duration.optional(),
      max_backoff: duration.optional(),
      retry_on_http_429: bool.optional(),
      sample_age_limit: duration.optional(),
    })
    .optional(),
  metadata_config: z
    .strictObject({
      send: bool.optional(),
      send_interval: duration.optional(),
      max_samples_per_send: count.optional(),
    })
    .optional(),
});

const remoteReadKeys = z.strictObject({
  url,
  name: text.optional(),
  required_matchers: labelSet.optional(),
  remote_timeout: duration.optional(),
  headers: z.record(text, text).optional(),
  read_recent: bool.optional(),
  filter_external_labels: bool.optional(),
  chunked_read_limit: count.optional(),
  ...httpKeys,
});

const storageKeys = z.strictObject({
  tsdb: z
    .strictObject({
      out_of_order_time_window: duration.optional(),
      stale_series_compaction_threshold: number.optional(),
      chunk_encoding: z.strictObject({ floats: oneOf('', 'xor', 'xor2').optional() }).optional(),
      retention: z
        .strictObject({ time: duration.optional(), size: size.optional(), percentage: percentage.optional() })
        .optional(),
    })
    .optional(),
  exemplars: z.strictObject({ max_exemplars: count.optional() }).optional(),
});

const tracingKeys = z.strictObject({
  client_type: oneOf('grpc', 'http').optional(),
  endpoint: text.optional(),
  sampling_fraction: number.optional(),
  insecure: bool.optional(),
  headers: z.record(text, text).optional(),
  compression: oneOf('', 'gzip').optional(),
  timeout: duration.optional(),
  tls_config: tlsKeys.optional(),
});

const otlpKeys = z.strictObject({
  promote_resource_attributes: z.array(text).optional(),
  promote_all_resource_attributes: bool.optional(),
  ignore_resource_attributes: z.array(text).optional(),
  translation_strategy: text.optional(),
  keep_identifying_resource_attributes: bool.optional(),
  convert_histograms_to_nhcb: bool.optional(),
  promote_scope_metadata: bool.optional(),
  label_name_underscore_sanitization: bool.optional(),
  label_name_preserve_multiple_underscores: bool.optional(),
});

export const fileKeys = z.strictObject({
  global: globalKeys.optional(),
  runtime: z.strictObject({ gogc: number.optional() }).optional(),
  rule_files: z.array(text).optional(),
  scrape_config_files: z.array(text).optional(),
  scrape_configs: z.array(scrapeConfigKeys).optional(),
  alerting: alertingKeys.optional(),
  remote_write: z.array(remoteWriteKeys).optional(),
  remote_read: z.array(remoteReadKeys).optional(),
  storage: storageKeys.optional(),
  tracing: tracingKeys.optional(),
  otlp: otlpKeys.optional(),
});
export type RawRemoteWrite = z.output<typeof remoteWriteKeys>;
export type RawRemoteRead = z.output<typeof remoteReadKeys>;
export type RawFile = z.output<typeof fileKeys>;

/** Files named by `scrape_config_files`. */
export const scrapeFileKeys = z.strictObject({ scrape_configs: z.array(scrapeConfigKeys).optional() });
