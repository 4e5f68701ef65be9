/** What the store tells of itself, on /metrics. */
import type { Observe, SelfMetrics } from '../telemetry/selfMetrics.ts';
import type { Tsdb, TsdbStats } from '../tsdb/db.ts';
import type { StoreObserver, StoreTask, TaskCounts } from '../tsdb/tasks.ts';

type Read = (stats: TsdbStats) => number;
type Row = readonly [name: string, help: string, read: Read, labels?: Readonly<Record<string, string>>];

const seconds = (ms: number | undefined) => (ms ?? 0) / 1000;

const countOf =
  (count: (counts: TaskCounts) => number) =>
  (task: StoreTask): Read =>
  ({ tasks }) =>
    count(tasks[task]);
const tried = countOf((counts) => counts.tried);
const failed = countOf((counts) => counts.failed);
const done = countOf((counts) => counts.tried - counts.failed - counts.running);

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
  [
    'prometheus_tsdb_retention_limit_percentage',
    'Share of the disk that log and blocks may take, in percent; 0 is no limit.',
    (s) => s.retention.percentage,
  ],
  ['prometheus_tsdb_blocks_loaded', 'Number of blocks.', (s) => s.blocks],
  ['prometheus_tsdb_exemplar_exemplars_in_storage', 'Number of exemplars in memory.', (s) => s.exemplars],
  ['prometheus_tsdb_exemplar_max_exemplars', 'The most exemplars that are kept.', (s) => s.exemplarsMax],
  [
    'prometheus_tsdb_exemplar_series_with_exemplars_in_storage',
    'Number of series with exemplars in memory.',
    (s) => s.exemplarSeries,
  ],
  [
    'prometheus_tsdb_exemplar_last_exemplars_timestamp_seconds',
    'Timestamp of the oldest exemplar in memory; 0 where there is none.',
    (s) => seconds(s.oldestExemplar),
  ],
  [
    'prometheus_tsdb_head_active_appenders',
    'Number of appenders that are neither committed nor rolled back.',
    (s) => s.appendersActive,
  ],
  ['prometheus_tsdb_wal_segment_current', 'Number of the segment that is written to.', (s) => s.logSegment],
  [
    'prometheus_tsdb_clean_start',
    'Whether the data folder was left in good order: 1 where it was, 0 where a lock was left in it.',
    (s) => Number(s.isCleanStart),
  ],
  [
    'prometheus_tsdb_compaction_populating_block',
    'Whether a block is being written.',
    (s) => Number(s.tasks.blockWrite.running > 0),
  ],
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
const LATE = 'prometheus_tsdb_head_out_of_order_samples_appended_total';
const COUNTERS: readonly Row[] = [
  [APPENDED, 'Total number of appended samples.', (s) => s.samplesAppended, { type: 'float' }],
  [APPENDED, 'Total number of appended samples.', (s) => s.histogramsAppended, { type: 'histogram' }],
  [LATE, 'Total number of appended out of order samples.', (s) => s.lateAppended.float, { type: 'float' }],
  [LATE, 'Total number of appended out of order samples.', (s) => s.lateAppended.histogram, { type: 'histogram' }],
  ['prometheus_tsdb_head_series_created_total', 'Series that came, at the start too.', (s) => s.seriesCreated],
  ['prometheus_tsdb_head_series_removed_total', 'Series that were forgotten.', (s) => s.seriesRemoved],
  ['prometheus_tsdb_head_chunks_created_total', 'Chunks packed, at the start too.', (s) => s.headChunksCreated],
  [
    'prometheus_tsdb_head_chunks_removed_total',
    'Chunks of the head that went to blocks.',
    (s) => s.headChunksCreated - s.headChunks,
  ],
  ['prometheus_tsdb_head_appenders_created_total', 'Appenders made.', (s) => s.appendersCreated],
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
  ['prometheus_tsdb_wal_page_flushes_total', 'Writes to the log, one a commit.', (s) => s.logWrites],
  ['prometheus_tsdb_wal_record_part_writes_total', 'Records written to the log.', (s) => s.logRecords],
  ['prometheus_tsdb_wal_record_parts_bytes_written_total', 'Bytes written to the log.', (s) => s.logBytes],
  ['isotherm_tsdb_wal_syncs_total', 'Syncs of the log to disk.', done('logSync')],
  ['isotherm_tsdb_wal_sync_failures_total', 'Syncs of the log that failed.', failed('logSync')],
  ['prometheus_tsdb_wal_truncations_total', 'Times that segments were to be removed.', tried('logTruncation')],
  ['prometheus_tsdb_wal_truncations_failed_total', 'Truncations of the log that failed.', failed('logTruncation')],
  ['prometheus_tsdb_checkpoint_creations_total', 'Checkpoints that were to be made.', tried('checkpoint')],
  ['prometheus_tsdb_checkpoint_creations_failed_total', 'Checkpoints not made.', failed('checkpoint')],
  ['prometheus_tsdb_checkpoint_deletions_total', 'Times that old checkpoints were to go.', tried('checkpointRemoval')],
  ['prometheus_tsdb_checkpoint_deletions_failed_total', 'Checkpoints not removed.', failed('checkpointRemoval')],
  ['prometheus_tsdb_head_truncations_total', 'Times that the head was to go to a block.', tried('headTruncation')],
  ['prometheus_tsdb_head_truncations_failed_total', 'Times that the head stayed.', failed('headTruncation')],
  ['prometheus_tsdb_compactions_triggered_total', 'Compactions begun.', tried('compaction')],
  ['prometheus_tsdb_compactions_total', 'Blocks written.', (s) => s.blocksWritten],
  ['prometheus_tsdb_compactions_failed_total', 'Blocks that could not be written.', failed('blockWrite')],
  [
    'prometheus_tsdb_vertical_compactions_total',
    'Times that blocks of overlapping times were merged.',
    (s) => s.overlapsMerged,
  ],
  ['prometheus_tsdb_reloads_total', 'Blocks that were to be opened.', tried('blockOpen')],
  ['prometheus_tsdb_reloads_failures_total', 'Blocks that could not be opened.', failed('blockOpen')],
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

const powers = (first: number, factor: number, count: number) =>
  Array.from({ length: count }, (_, i) => first * factor ** i);

/** Bounds of upstream's histograms; of the range it has milliseconds, whatever the name says. */
const COMPACTION_SECONDS = powers(1, 2, 14);
const CHUNK_BYTES = powers(32, 1.5, 12);
const CHUNK_SAMPLES = powers(4, 1.5, 12);
const CHUNK_RANGE_MS = powers(100, 4, 10);
const CLEANUP_SECONDS = [0.01, 0.1, 1, 10, 60, 600];
const LATE_SECONDS = [600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200];

/** Registers what is observed while the store works, and gives the observer. */
export function storeObserver(metrics: SelfMetrics): StoreObserver {
  const timings: Partial<Record<StoreTask, Observe>> = {
    logSync: metrics.summary('prometheus_tsdb_wal_fsync_duration_seconds', 'Duration of a sync.', [0.5, 0.9, 0.99]),
    logTruncation: metrics.summary('prometheus_tsdb_wal_truncate_duration_seconds', 'Duration of log truncation.', []),
    headCollection: metrics.summary('prometheus_tsdb_head_gc_duration_seconds', 'Forgetting what nothing holds.', []),
    blockWrite: metrics.histogram(
      'prometheus_tsdb_compaction_duration_seconds',
      'Time that writing a block took.',
      COMPACTION_SECONDS,
    ),
    tombstoneCleanup: metrics.histogram(
      'prometheus_tsdb_tombstone_cleanup_seconds',
      'Time that writing blocks without what was deleted took.',
      CLEANUP_SECONDS,
    ),
  };
  const bytes = metrics.histogram(
    'prometheus_tsdb_compaction_chunk_size_bytes',
    'Bytes of chunks in their first block, for each of their series on average.',
    CHUNK_BYTES,
  );
  const samples = metrics.histogram(
    'prometheus_tsdb_compaction_chunk_samples',
    'Rows of chunks in their first block: the samples of each of their series.',
    CHUNK_SAMPLES,
  );
  const range = metrics.histogram(
    'prometheus_tsdb_compaction_chunk_range_seconds',
    'Time range of chunks in their first block, in milliseconds as upstream has it.',
    CHUNK_RANGE_MS,
  );
  const late = metrics.histogram(
    'prometheus_tsdb_sample_ooo_delta',
    'Seconds by which samples were older than the newest one of their series, whether they were taken or not.',
    LATE_SECONDS,
  );
  return {
    ended: (task, ms) => timings[task]?.({}, ms / 1000),
    stored(chunk) {
      bytes({}, chunk.seriesBytes);
      samples({}, chunk.rows);
      range({}, chunk.spanMs);
    },
    late: (byMs) => late({}, byMs / 1000),
  };
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
