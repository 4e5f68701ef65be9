/** What remote write tells of itself on /metrics, under upstream's names. */
import type { KindCounts } from '../remote/outgoing.ts';
import type { RemoteStatus, RemoteWriter, RemoteWriterDeps } from '../remote/remoteWriter.ts';
import type { SelfMetrics } from '../telemetry/selfMetrics.ts';
import type { Tsdb } from '../tsdb/db.ts';

type Row = readonly [name: string, help: string, read: (remote: RemoteStatus) => number];

const KINDS = ['samples', 'histograms', 'exemplars'] as const;
const ofEachKind = (row: (kind: keyof KindCounts) => Row) => KINDS.map(row);

const COUNTERS: readonly Row[] = [
  ...ofEachKind((kind) => [
    `prometheus_remote_storage_${kind}_total`,
    `Total number of ${kind} sent to remote storage.`,
    ({ queue }) => queue.counts.sent[kind],
  ]),
  ...ofEachKind((kind) => [
    `prometheus_remote_storage_${kind}_failed_total`,
    `Total number of ${kind} which failed on send to remote storage, non-recoverable errors.`,
    ({ queue }) => queue.counts.failed[kind],
  ]),
  ...ofEachKind((kind) => [
    `prometheus_remote_storage_${kind}_retried_total`,
    `Total number of ${kind} which were not taken and sent again.`,
    ({ queue }) => queue.counts.retried[kind],
  ]),
  [
    'prometheus_remote_storage_metadata_total',
    'Total number of metadata entries sent to remote storage.',
    ({ metadata }) => metadata.sent,
  ],
  [
    'prometheus_remote_storage_metadata_failed_total',
    'Total number of metadata entries which failed on send to remote storage, non-recoverable errors.',
    ({ metadata }) => metadata.failed,
  ],
  [
    'prometheus_remote_storage_metadata_retried_total',
    'Total number of metadata entries which were not taken and sent again.',
    ({ metadata }) => metadata.retried,
  ],
  [
    'prometheus_remote_storage_metadata_bytes_total',
    'The total number of bytes of metadata sent by the queue after compression.',
    ({ metadata }) => metadata.bytes,
  ],
  [
    'prometheus_remote_storage_enqueue_retries_total',
    'Commits that found the queue full and were left to the store, to be read back from it.',
    ({ queue }) => queue.counts.full,
  ],
  [
    'prometheus_remote_storage_bytes_total',
    'The total number of bytes of data (not metadata) sent by the queue after compression.',
    ({ queue }) => queue.counts.bytes,
  ],
  [
    'isotherm_remote_requests_total',
    'Requests that a remote write receiver took.',
    ({ queue }) => queue.counts.requests,
  ],
  ['isotherm_remote_retries_total', 'Requests that were sent again.', ({ queue }) => queue.counts.retries],
];

const GAUGES: readonly Row[] = [
  ...ofEachKind((kind) => [
    `prometheus_remote_storage_${kind}_pending`,
    `The number of ${kind} pending in the queue to be sent to the remote storage.`,
    ({ queue }) => queue.pending[kind],
  ]),
  [
    'prometheus_remote_storage_queue_highest_timestamp_seconds',
    'Timestamp of the newest sample that came to be sent.',
    ({ queue }) => queue.counts.newestCome / 1000,
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

/** Upstream's, for requests. */
const SEND_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120, 300];

/** Registers how long requests take, and gives the listener. */
export function remoteTimeMetrics(metrics: SelfMetrics): NonNullable<RemoteWriterDeps['observe']> {
  const durations = metrics.histogram(
    'prometheus_remote_storage_sent_batch_duration_seconds',
    'Duration of send calls to the remote storage.',
    SEND_SECONDS,
    ['remote_name', 'url'],
  );
  return ({ name, url }, ms) => durations({ remote_name: name, url }, ms / 1000);
}

export function registerRemoteMetrics(
  metrics: SelfMetrics,
  writer: RemoteWriter,
  tsdb: Pick<Tsdb, 'stats' | 'logSegmentAt'>,
): void {
  const labelNames = ['remote_name', 'url'];
  const rows = (read: Row[2]) => () =>
    writer.status().map((remote) => ({ labels: { remote_name: remote.name, url: remote.url }, value: read(remote) }));
  for (const [name, help, read] of COUNTERS) metrics.counterRows(name, help, labelNames, rows(read));
  for (const [name, help, read] of GAUGES) metrics.gaugeRows(name, help, labelNames, rows(read));
  metrics.gauge(
    'prometheus_remote_storage_highest_timestamp_in_seconds',
    'Highest timestamp that has come into the remote storage, of all that is stored.',
    () => (tsdb.stats().maxTime ?? 0) / 1000,
  );
  const appended = {
    samples: 'samplesAppended',
    histograms: 'histogramsAppended',
    exemplars: 'exemplarsAppended',
  } as const;
  for (const kind of KINDS) {
    const help = `What came of ${kind}; compare to ${kind} sent by the queues.`;
    metrics.counter(`prometheus_remote_storage_${kind}_in_total`, help, () => tsdb.stats()[appended[kind]]);
  }
  metrics.gaugeRows(
    'prometheus_wal_watcher_current_segment',
    'Segment of the log with the oldest sample that is to be sent; the one that is written where nothing waits in the store.',
    ['consumer'],
    () =>
      writer.status().map(({ name, queue }) => ({
        labels: { consumer: name },
        value: queue.behindFrom === undefined ? tsdb.stats().logSegment : tsdb.logSegmentAt(queue.behindFrom),
      })),
  );
  registerDropped(metrics, writer);
}

/** Of the reasons that upstream knows there is one here. */
function registerDropped(metrics: SelfMetrics, writer: RemoteWriter): void {
  for (const kind of KINDS) {
    metrics.counterRows(
      `prometheus_remote_storage_${kind}_dropped_total`,
      `Total number of ${kind} which were dropped before being sent.`,
      ['remote_name', 'url', 'reason'],
      () =>
        writer.status().map(({ name, url, queue }) => ({
          labels: { remote_name: name, url, reason: 'too_old' },
          value: queue.counts.dropped[kind],
        })),
    );
  }
}
