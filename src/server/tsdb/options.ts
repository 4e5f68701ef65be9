/** What a store is opened with, and what it tells of itself. */
import type { StoreAdmin } from '../storage/admin.ts';
import type { AppendOutcome, Storage, StorageError } from '../storage/appender.ts';
import type { Changes, Queryable, SelectLease, SelectSpec } from '../storage/queryable.ts';
import type { TsdbLoads } from './bulk/loadDoor.ts';
import type { Retention } from './retention.ts';
import type { StoreObserver, StoreTask, TaskCounts } from './tasks.ts';

export type Log = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields: Record<string, unknown>,
) => void;

export interface TsdbOptions {
  /** The data folder; made if there is none. */
  readonly path: string;
  /** What is kept. Default 15 days, however many bytes. */
  readonly retention?: Retention;
  /** Samples this much older than the newest one of the store are still taken. Default 0: a series only goes forward. */
  readonly outOfOrderWindowMs?: number;
  /** The log is synced to disk at most this long after a commit. Default 1 s. */
  readonly syncIntervalMs?: number;
  /** The head becomes a block when it spans this much. Default 2 h. */
  readonly blockRangeMs?: number;
  /** Default 128 MiB. */
  readonly segmentSizeMax?: number;
  /** Blocks are written and merged on a thread of their own. Default false: in place, chunk by chunk. */
  readonly compactionThread?: boolean;
  readonly now?: () => number;
  readonly log?: Log;
  readonly observer?: StoreObserver;
}

export interface Tsdb extends Storage, Queryable, StoreAdmin, TsdbLoads {
  readonly changes: Changes;
  pack(spec: SelectSpec): SelectLease;
  stats(): TsdbStats;
  /** Number of the log's segment that holds what came at `t`, milliseconds; of the one being written where none does any more. */
  logSegmentAt(t: number): number;
  /** Takes another retention; what is past it goes at once. */
  setRetention(retention: Retention): Promise<void>;
  /** Writes the head to a block and drops the log before it; resolves when that is on disk. Done by itself as the head fills. */
  flush(): Promise<void>;
  /** Syncs the log, ends what runs, gives the folder free. */
  close(): Promise<void>;
}

/** Why samples are refused. */
export interface Refusal {
  readonly code: StorageError['code'];
  /** What is wrong and what to do. */
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

export type SampleKind = 'float' | 'histogram' | 'exemplar';

/** A row of a target that is refused as a whole counts as one. */
export type RefusalCounts = Record<Exclude<AppendOutcome, 'ok'>, number>;

export interface TsdbStats {
  /** Series known, in memory or in blocks. */
  readonly series: number;
  /** Series that came so far, at the start too, and those that were forgotten. */
  readonly seriesCreated: number;
  readonly seriesRemoved: number;
  readonly headGroups: number;
  readonly headColumns: number;
  /** Rows not packed yet, over all groups, and the memory of their slabs. */
  readonly headRows: number;
  readonly headRowBytes: number;
  /** Packed chunks that no block holds yet. */
  readonly headChunks: number;
  readonly headChunkBytes: number;
  /** Packed so far, at the start too. */
  readonly headChunksCreated: number;
  readonly appendersCreated: number;
  /** Appenders that were made and neither committed nor rolled back so far. */
  readonly appendersActive: number;
  readonly samplesAppended: number;
  readonly histogramsAppended: number;
  readonly exemplarsAppended: number;
  /** Of those appended, the ones that are older than their series' newest one. */
  readonly lateAppended: Readonly<Record<'float' | 'histogram', number>>;
  readonly rejected: Readonly<Record<SampleKind, Readonly<RefusalCounts>>>;
  /** Why samples are not taken now, since the last commit: the disk is full, or the folder is gone. */
  readonly refusal: Refusal | undefined;
  /** Commits that could not be written. */
  readonly commitsRefused: number;
  readonly exemplars: number;
  readonly exemplarsMax: number;
  readonly exemplarSeries: number;
  /** Of the oldest exemplar, milliseconds; undefined where there is none. */
  readonly oldestExemplar: number | undefined;
  readonly logSegments: number;
  /** Bytes written to the log since it was opened. */
  readonly logBytes: number;
  /** Bytes of the log's files. */
  readonly logFileBytes: number;
  readonly logRecords: number;
  /** Writes to the log that went well, one a commit. */
  readonly logWrites: number;
  /** The segment that is written, or the next one to be made. */
  readonly logSegment: number;
  readonly writeFailures: number;
  readonly replayMs: number;
  readonly replayedRecords: number;
  /** Incomplete records cut from the end of the log when it was opened. */
  readonly tornRecordsCut: number;
  /** Places inside the log that could not be read, and their bytes. */
  readonly corruptions: number;
  readonly corruptBytes: number;
  /** Records that could not be applied because one they build on was lost. */
  readonly recordsDropped: number;
  readonly blocks: number;
  readonly blockBytes: number;
  readonly blocksWritten: number;
  /** Removed by retention, and how often any was: by age, by size. */
  readonly blocksRemoved: number;
  readonly removalsByAge: number;
  readonly removalsBySize: number;
  /** What is kept; `bytes` is Infinity for no limit, `percentage` 0 where it is not a share of the disk. */
  readonly retention: { readonly ageMs: number; readonly bytes: number; readonly percentage: number };
  /** Times that small blocks were merged into one, and those of them whose times overlapped. */
  readonly compactions: number;
  readonly overlapsMerged: number;
  readonly tasks: Readonly<Record<StoreTask, Readonly<TaskCounts>>>;
  /** Whether the folder was left in good order: no lock of a process that died was in it. */
  readonly isCleanStart: boolean;
  readonly flushFailures: number;
  /** Ranges of deleted samples, over all series, that blocks may still hold. */
  readonly tombstones: number;
  readonly chunkCacheBytes: number;
  /** Of all stored samples, milliseconds; undefined in an empty store. */
  readonly minTime: number | undefined;
  readonly maxTime: number | undefined;
}
