/** What remote write tells of itself on /metrics, under upstream's names. */
import type { RemoteStatus, RemoteWriter } from '../remote/remoteWriter.ts';
import type { SelfMetrics } from '../telemetry/selfMetrics.ts';
import type { TsdbStats } from '../tsdb/db.ts';

type Row = readonly [name: string, help: string, read: (remote: RemoteStatus) => number];

const COUNTERS: readonly Row[] = [
  [
    'prometheus_remote_storage_samples_total',
    'Total number of samples sent to remote storage.',
    ({ queue }) => queue.counts.sent,
  ],
  [
    'prometheus_remote_storage_samples_failed_total',
    'Total number of samples which failed on send to remote storage, non-recoverable errors.',
    ({ queue }) => queue.counts.failed,
  ],
  [
    'prometheus_remote_storage_samples_dropped_total',
    'Total number of samples which were dropped because they were too old.',
    ({ queue }) => queue.counts.dropped,
  ],
  [
    'prometheus_remote_storage_bytes_total',
    'The total number of bytes of data (not metadata) sent by the queue after compression.',
    ({ counts }) => counts.bytes,
  ],
  [
    'isotherm_remote_requests_total',
    'Requests that a remote write receiver took.',
    ({ queue }) => queue.counts.requests,
  ],
  ['isotherm_remote_retries_total', 'Requests that were sent again.', ({ counts }) => counts.retries],
];

const GAUGES: readonly Row[] = [
  [
    'prometheus_remote_storage_samples_pending',
    'The number of samples pending in the queue to be sent to the remote storage.',
    ({ queue }) => queue.pending,
  ],
  [
    'prometheus_remote_storage_shards',
    'The number of requests that may be under way at the same time.',
    ({ queue }) => queue.shards,
  ],
  [
    'prometheus_remote_storage_shards_desired',
    'The number of requests that it wants to be under way: those that may be, as the number follows what was sent at once.',
    ({ queue }) => queue.shards,
  ],
  [
    'prometheus_remote_storage_shards_max',
    'The most requests at the same time.',
    ({ queue }) => queue.limits.maxShards,
  ],
  [
    'prometheus_remote_storage_shards_min',
    'The fewest requests at the same time.',
    ({ queue }) => queue.limits.minShards,
  ],
  [
    'prometheus_remote_storage_shard_capacity',
    'Samples that may wait in memory for each request.',
    ({ queue }) => queue.limits.capacity,
  ],
  [
    'prometheus_remote_storage_max_samples_per_send',
    'The maximum number of samples to be sent, in a single request, to the remote storage.',
    ({ queue }) => queue.limits.samplesPerSend,
  ],
  [
    'prometheus_remote_storage_queue_highest_sent_timestamp_seconds',
    'Timestamp of the newest sample that was sent.',
    ({ queue }) => queue.counts.newestSent / 1000,
  ],
  [
    'isotherm_remote_behind_since_seconds',
    'Since when samples wait in the store to be sent; 0 where none do.',
    ({ queue }) => (queue.behindFrom ?? 0) / 1000,
  ],
];

export function registerRemoteMetrics(
  metrics: SelfMetrics,
  writer: RemoteWriter,
  stored: () => Pick<TsdbStats, 'maxTime' | 'samplesAppended'>,
): void {
  const labelNames = ['remote_name', 'url'];
  const rows = (read: Row[2]) => () =>
    writer.status().map((remote) => ({ labels: { remote_name: remote.name, url: remote.url }, value: read(remote) }));
  for (const [name, help, read] of COUNTERS) metrics.counterRows(name, help, labelNames, rows(read));
  for (const [name, help, read] of GAUGES) metrics.gaugeRows(name, help, labelNames, rows(read));
  metrics.gauge(
    'prometheus_remote_storage_highest_timestamp_in_seconds',
    'Highest timestamp that has come into the remote storage, of all that is stored.',
    () => (stored().maxTime ?? 0) / 1000,
  );
  metrics.counter(
    'prometheus_remote_storage_samples_in_total',
    'Samples in to remote storage, compare to samples sent for queue managers.',
    () => stored().samplesAppended,
  );
}
