/** What the store tells of itself, on /metrics. */
import type { SelfMetrics } from '../telemetry/selfMetrics.ts';
import type { Tsdb, TsdbStats } from '../tsdb/db.ts';

type Read = (stats: TsdbStats) => number;
type Row = readonly [name: string, help: string, read: Read, labels?: Readonly<Record<string, string>>];

const seconds = (ms: number | undefined) => (ms ?? 0) / 1000;

const GAUGES: readonly Row[] = [
  ['prometheus_tsdb_head_series', 'Total number of series in the store.', (s) => s.series],
  ['prometheus_tsdb_head_chunks', 'Total number of chunks in the head.', (s) => s.headChunks],
  ['prometheus_tsdb_lowest_timestamp_seconds', 'Lowest timestamp value stored.', (s) => seconds(s.minTime)],
  ['prometheus_tsdb_head_max_time_seconds', 'Maximum timestamp of the head.', (s) => seconds(s.maxTime)],
  ['prometheus_tsdb_lowest_timestamp', 'Lowest timestamp value stored, in milliseconds.', (s) => s.minTime ?? 0],
  ['prometheus_tsdb_head_min_time', 'Lowest timestamp value stored, in milliseconds.', (s) => s.minTime ?? 0],
  ['prometheus_tsdb_head_min_time_seconds', 'Lowest timestamp value stored.', (s) => seconds(s.minTime)],
  ['prometheus_tsdb_head_max_time', 'Maximum timestamp of the head, in milliseconds.', (s) => s.maxTime ?? 0],
  ['prometheus_tsdb_wal_storage_size_bytes', 'Size of the write-ahead log.', (s) => s.logFileBytes],
  ['prometheus_tsdb_storage_blocks_bytes', 'Bytes that all blocks use.', (s) => s.blockBytes],
  [
    'prometheus_tsdb_retention_limit_bytes',
    'Bytes that log and blocks may take; 0 is no limit.',
    (s) => (Number.isFinite(s.retention.bytes) ? s.retention.bytes : 0),
  ],
  [
    'prometheus_tsdb_retention_limit_seconds',
    'How long samples are kept; 0 is no limit.',
    (s) => seconds(s.retention.ageMs),
  ],
  ['prometheus_tsdb_blocks_loaded', 'Number of blocks.', (s) => s.blocks],
  ['prometheus_tsdb_exemplar_exemplars_in_storage', 'Number of exemplars in memory.', (s) => s.exemplars],
  ['prometheus_tsdb_data_replay_duration_seconds', 'Time taken to replay the log.', (s) => seconds(s.replayMs)],
  ['isotherm_tsdb_head_groups', 'Sets of series that arrive together.', (s) => s.headGroups],
  ['isotherm_tsdb_head_columns', 'Columns of the groups in the head.', (s) => s.headColumns],
  ['isotherm_tsdb_head_rows', 'Rows of the head that are not packed.', (s) => s.headRows],
  ['isotherm_tsdb_head_row_bytes', 'Memory of the rows that are not packed.', (s) => s.headRowBytes],
  ['isotherm_tsdb_head_chunk_bytes', 'Memory of the packed chunks.', (s) => s.headChunkBytes],
  ['isotherm_tsdb_chunk_cache_bytes', 'Memory of decoded chunks kept.', (s) => s.chunkCacheBytes],
  ['isotherm_tsdb_tombstones', 'Ranges of deleted samples that blocks may still hold.', (s) => s.tombstones],
  ['isotherm_tsdb_takes_samples', 'Whether the last commit could be written.', (s) => Number(s.refusal === undefined)],
  ['isotherm_tsdb_wal_segments', 'Files of the write-ahead log.', (s) => s.logSegments],
];

const APPENDED = 'prometheus_tsdb_head_samples_appended_total';
const COUNTERS: readonly Row[] = [
  [APPENDED, 'Total number of appended samples.', (s) => s.samplesAppended, { type: 'float' }],
  [APPENDED, 'Total number of appended samples.', (s) => s.histogramsAppended, { type: 'histogram' }],
  ['prometheus_tsdb_exemplar_exemplars_appended_total', 'Appended exemplars.', (s) => s.exemplarsAppended],
  ...refused('prometheus_tsdb_out_of_order_samples_total', 'Samples refused as out of order.', 'outOfOrder'),
  ...refused('prometheus_tsdb_too_old_samples_total', 'Samples refused as too old.', 'tooOld'),
  ...refused('prometheus_tsdb_out_of_bound_samples_total', 'Samples refused as out of bounds.', 'outOfBounds'),
  [
    'prometheus_tsdb_exemplar_out_of_order_exemplars_total',
    'Exemplars refused as out of order.',
    ({ rejected }) => rejected.exemplar.outOfOrder,
  ],
  [
    'isotherm_tsdb_duplicate_samples_total',
    'Samples refused as another value stood there.',
    ({ rejected }) => rejected.float.duplicate + rejected.histogram.duplicate,
  ],
  ['isotherm_tsdb_commits_refused_total', 'Commits that could not be written.', (s) => s.commitsRefused],
  ['prometheus_tsdb_wal_corruptions_total', 'Total number of log corruptions.', (s) => s.corruptions],
  ['prometheus_tsdb_wal_writes_failed_total', 'Writes to the log that failed.', (s) => s.writeFailures],
  ['isotherm_tsdb_wal_torn_records_total', 'Records cut from the end of the log at start.', (s) => s.tornRecordsCut],
  ['isotherm_tsdb_wal_syncs_total', 'Syncs of the log to disk.', (s) => s.syncs],
  ['isotherm_tsdb_wal_sync_failures_total', 'Syncs of the log that failed.', (s) => s.syncFailures],
  ['prometheus_tsdb_compactions_total', 'Blocks written.', (s) => s.blocksWritten],
  ['prometheus_tsdb_compactions_failed_total', 'Blocks that could not be written.', (s) => s.flushFailures],
  [
    'prometheus_tsdb_time_retentions_total',
    'Times that blocks were removed as they were too old.',
    (s) => s.removalsByAge,
  ],
  [
    'prometheus_tsdb_size_retentions_total',
    'Times that blocks were removed as they took too many bytes.',
    (s) => s.removalsBySize,
  ],
  ['isotherm_tsdb_blocks_removed_total', 'Blocks removed by retention.', (s) => s.blocksRemoved],
];

function refused(name: string, help: string, why: keyof TsdbStats['rejected']['float']): Row[] {
  return (['float', 'histogram'] as const).map((type) => [name, help, ({ rejected }) => rejected[type][why], { type }]);
}

export function registerStoreMetrics(metrics: SelfMetrics, tsdb: Tsdb): void {
  const stats = onceATurn(() => tsdb.stats());
  for (const [name, help, read, labels] of GAUGES) metrics.gauge(name, help, () => read(stats()), labels);
  for (const [name, help, read, labels] of COUNTERS) metrics.counter(name, help, () => read(stats()), labels);
}

/** One answer for all who ask within a turn of the event loop: the page asks for each of its lines. */
function onceATurn<T>(ask: () => T): () => T {
  let answer: { readonly value: T } | undefined;
  return () => {
    if (answer === undefined) {
      answer = { value: ask() };
      setImmediate(() => (answer = undefined));
    }
    return answer.value;
  };
}
