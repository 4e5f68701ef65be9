/** `remote_write`: upstream's defaults filled in, what is not there refused. */
import type { RemoteWriteConfig, WriteMessage } from './config.ts';
import type { RawRemoteWrite } from './fileSchema.ts';
import { resolveHttp } from './resolveHttp.ts';
import { resolveRelabels, type Complain } from './resolveRelabel.ts';

const TIMEOUT_MS = 30_000;
const QUEUE = {
  capacity: 10_000,
  minShards: 1,
  maxShards: 50,
  samplesPerSend: 2_000,
  sendDeadlineMs: 5_000,
  minBackoffMs: 30,
  maxBackoffMs: 5_000,
} as const;
const METADATA_INTERVAL_MS = 60_000;
/** Ways to log in to clouds that this program does not speak. */
const ABSENT = ['sigv4', 'azuread', 'google_iam'] as const;

export function resolveRemoteWrite(raw: RawRemoteWrite, dir: string, complain: Complain): RemoteWriteConfig {
  for (const key of ABSENT) {
    if (raw[key] !== undefined) complain([key], 'this login is not supported yet; put a proxy that signs before it');
  }
  const queue = raw.queue_config ?? {};
  const samplesPerSend = queue.max_samples_per_send || QUEUE.samplesPerSend;
  const minShards = queue.min_shards || QUEUE.minShards;
  const maxShards = queue.max_shards || QUEUE.maxShards;
  if (minShards > maxShards) complain(['queue_config', 'min_shards'], 'is more than max_shards; lower it');
  return {
    url: raw.url,
    // Others were refused by the check of the section.
    message: (raw.protobuf_message ?? 'prometheus.WriteRequest') as WriteMessage,
    name: raw.name ?? '',
    timeoutMs: raw.remote_timeout ?? TIMEOUT_MS,
    headers: raw.headers ?? {},
    http: resolveHttp(raw, dir, complain),
    relabel: resolveRelabels(raw.write_relabel_configs, 'write_relabel_configs', false, complain),
    sendExemplars: raw.send_exemplars ?? false,
    sendNativeHistograms: raw.send_native_histograms ?? false,
    queue: {
      capacity: Math.max(samplesPerSend, queue.capacity || QUEUE.capacity),
      minShards,
      maxShards,
      samplesPerSend,
      sendDeadlineMs: queue.batch_send_deadline ?? QUEUE.sendDeadlineMs,
      minBackoffMs: queue.min_backoff || QUEUE.minBackoffMs,
      maxBackoffMs: queue.max_backoff || QUEUE.maxBackoffMs,
      retryOn429: queue.retry_on_http_429 ?? false,
      sampleAgeMs: queue.sample_age_limit ?? 0,
    },
    metadataIntervalMs:
      (raw.metadata_config?.send ?? true) ? (raw.metadata_config?.send_interval ?? METADATA_INTERVAL_MS) : 0,
  };
}
