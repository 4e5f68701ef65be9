/** The way out of a store: columns, group by group. Groups never show beyond the query engine. */
import type { Exemplar, Metadata } from '../../shared/model/metadata.ts';
import type { Labels } from '../../shared/model/labels.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { SeriesRef } from './appender.ts';

export interface SelectSpec {
  readonly matchers: readonly Matcher[];
  /** Both inclusive, milliseconds. */
  readonly minTime: number;
  readonly maxTime: number;
  /** What will be done with the samples; a store may use it to read less, never to answer differently. */
  readonly hints?: {
    readonly func?: string;
    readonly rangeMs?: number;
    readonly stepMs?: number;
    readonly by?: boolean;
    readonly grouping?: readonly string[];
  };
  /** Refuse with SelectLimitError once this many cells would be touched. */
  readonly maxSamples?: number;
}

/**
 * Series that share timestamps, with their cells in [minTime, maxTime]. Views on an
 * ArrayBuffer are made for this answer and belong to the asker, who may transfer them to another thread; views on shared memory stay the
 * store's, are not written again below the lengths given here, and are not to be written to. Structured-cloneable.
 */
export interface GroupColumns {
  /** Milliseconds, strictly ascending. Length n. */
  readonly times: Float64Array;
  readonly columns: readonly SeriesColumn[];
}

export interface SeriesColumn {
  readonly ref: SeriesRef;
  readonly labels: Labels;
  /** Length n; cells may carry gap or stale bits (`shared/model/sampleBits.ts`). */
  readonly values: Float64Array;
  /** Native histogram samples by row index, where the series has any. */
  readonly histograms?: ReadonlyMap<number, NativeHistogram>;
}

/**
 * A group as the evaluator reads it: columns are decoded when they are asked for, one after the other. Series without any sample in the range
 * may be among them.
 */
export interface OpenGroup {
  /** Milliseconds, strictly ascending. Length n. Shared with other queries: not to be written to, nor transferred. */
  readonly times: Float64Array;
  readonly refs: Uint32Array;
  /** By series of the group, as `refs`. */
  readonly labels: readonly Labels[];
  readonly hasHistograms: boolean;
  /** As in `PackedGroup`. */
  readonly isReplica?: boolean;
  /**
   * Writes the n cells of a series, with gap and stale bits; or the first `rows` of them.
   *
   * @returns `none`, leaving `out` undefined, where it has no cells; `full` where none of them is a gap or stale.
   */
  read(series: number, out: Float64Array, rows?: number): 'none' | 'some' | 'full';
  /** Whether it is known that no value of the series that was read last, and was `full`, is below the one before it. */
  rises?(): boolean;
  /** Native histogram samples, by row, of the series that was read last. */
  histograms(): ReadonlyMap<number, NativeHistogram> | undefined;
  /**
   * Adds up what series gain: `totals[i]` gets the sum of their cells of row i, less that of row 0. Up to {@link SERIES_ADDED_MAX} series.
   *
   * @returns their first and last cells; undefined for those that are left out, as it is not known that they have a sample in every row, only integers
   * and never a lower one after a higher one, or as a step is large.
   */
  addGains?(series: readonly number[], totals: Float64Array): readonly (RisingBounds | undefined)[];
  /** Whether it is known that a series has a number in every row, none below the one before it: those that `addGains` adds are, and others. */
  neverFalls?(series: number): boolean;
  /** How many rows at the beginning have cells up to `limit`, of a series that was added up. */
  rowsUpTo?(series: number, limit: number): number;
  /** Undefined where the series must be read: it has native histograms or deleted samples, or comes from places that overlap in time. */
  outline?(series: number): SeriesOutline | undefined;
}

/** The first and the last cell of a series that never falls. */
export interface RisingBounds {
  readonly first: number;
  readonly last: number;
}

/** How many series are added up at once. */
export const SERIES_ADDED_MAX = 256;

/**
 * A series as runs of samples of which much is known without decoding them. Arrays by run are filled by `fill`, and overwritten when another outline of
 * the group is asked for; `times`, `ends` and `isKnown` are the same arrays wherever series have their samples at the same times.
 */
export interface SeriesOutline {
  /** Of its samples: there are no gaps and no stale marks. */
  readonly times: Float64Array;
  /** Run r is samples [ends[r − 1], ends[r]), at least one. */
  readonly ends: Int32Array;
  /** By run: 1 where the arrays below hold; the samples of others are to be read. */
  readonly isKnown: Uint8Array;
  readonly first: Float64Array;
  readonly last: Float64Array;
  /** Of the samples that are numbers; of equal ones the first, where that is not 0 (then it may have the other sign). NaN where there is none. */
  readonly min: Float64Array;
  readonly max: Float64Array;
  /** As Neumaier's sum from 0 on gives it; NaN where that is not kept. */
  readonly sum: Float64Array;
  /** The samples before every fall, added up: 0 where nothing falls, and only there. NaN where that is not kept. */
  readonly resets: Float64Array;
  /** By run: 1 where all samples are known to be integers, and none of them −0. */
  readonly isInteger: Uint8Array;
  /** Fills the arrays by run, before any of them is looked at: where times alone tell that all is to be read, that is spared. */
  fill(): void;
  /** Writes the samples of a run into `out`, from `at` on. */
  read(run: number, out: Float64Array, at: number): void;
}

/** A packed chunk: bytes in memory (shared memory is seen by all threads, other memory is copied), or a part of a block file that is held open. */
export type PackedChunk = {
  /** The same wherever the same chunk is meant, for as long as the process runs. */
  readonly id: string;
  /** Of its block; of chunks in memory one that is larger the later they were named. */
  readonly number: number;
  readonly rowCount: number;
} & (
  | { readonly bytes: Uint8Array }
  | { readonly file: string; readonly fd: number; readonly place: number; readonly size: number }
);

/** Rows of a group that lie together, and where its series are in them: the column of each, -1 where there is none of it. */
export type PackedPart =
  | { readonly columns: Int32Array; readonly chunk: PackedChunk }
  | {
      readonly columns: Int32Array;
      readonly times: Float64Array;
      /** Column after column: row r of column c is cell c × times.length + r. One array for all, as a view of few cells takes more than they do. The job's own that it is packed for. */
      readonly values: Float64Array;
      /** By column, then by row. */
      readonly histograms: ReadonlyMap<number, ReadonlyMap<number, NativeHistogram>>;
    };

/** Where the samples of series that share timestamps lie. Structured-cloneable; parts stand in the order in which they came. */
export interface PackedGroup {
  readonly refs: Uint32Array;
  readonly parts: readonly PackedPart[];
  readonly deleted: ReadonlyMap<SeriesRef, readonly TimeRange[]>;
  /** Where other groups have the same series, they are what another server says of it: one is followed, samples are not mixed. */
  readonly isReplica?: boolean;
}

/** What chunks of a store there are at a time. Chunks that are not among them are not named again, or under another id. */
export interface ChunksStored {
  /** Numbers of the blocks, ascending. */
  readonly blocks: readonly number[];
  /** Chunks in memory have this number or larger ones. */
  readonly memoryFrom: number;
}

/** What a select finds, not decoded: a look into the index. */
export interface PackedSelect {
  readonly minTime: number;
  readonly maxTime: number;
  readonly groups: readonly PackedGroup[];
  /** Cells in the range, about. */
  readonly cells: number;
  /** For those who keep chunks that they opened; undefined where nothing is known. */
  readonly stored?: ChunksStored;
  /** What is to be told with the answer. */
  readonly warnings?: readonly string[];
}

/** Files named in `select` stay open until it is released. */
export interface SelectLease {
  readonly select: PackedSelect;
  labels(ref: SeriesRef): Labels;
  release(): void;
}

/** Series that were found, by ascending ref: the order in which queries have them. */
export interface KeptSeries {
  readonly refs: Uint32Array;
  labels(ref: SeriesRef): Labels;
}

/** Cells of series that share their times: row r of the series at place `series[i]` is cell `at + i * times.length + r`. */
export interface KeptWindow {
  /** Places in {@link KeptSeries}. */
  readonly series: Int32Array;
  /** Milliseconds, strictly ascending, at least one. */
  readonly times: Float64Array;
  /** With gap and stale bits. */
  readonly cells: Float64Array;
  readonly bits: Uint32Array;
  readonly at: number;
}

/**
 * What matchers find, kept for who reads the newest samples again and again. Nothing is waited for, and next to nothing allocated; a series is in one
 * window at most.
 */
export interface KeptSelect {
  /** The same object for as long as the matchers find the same series. */
  found(): KeptSeries;
  /**
   * The samples in [minTime, maxTime]. Valid until anything of the same store is read so again.
   *
   * @returns undefined where they do not lie in memory in such a way, or are many: they are to be selected.
   */
  read(minTime: number, maxTime: number): readonly KeptWindow[] | undefined;
}

/** What may have changed in a store since it was read: for those who keep what they made of it. */
export interface Changes {
  /** The present moment, to be asked about later. */
  mark(): number;
  /** Samples at this time and later may be others than they were at the mark; −Infinity where all may be. */
  oldestSince(mark: number): number;
}

export interface TimeRange {
  readonly minTime: number;
  readonly maxTime: number;
}

/**
 * A series may appear in several of the groups that `select` returns (it moved between targets, or came by two ways); the reader merges them
 * by time, the earlier group in the answer standing where both have a sample at the same millisecond.
 */
export interface Queryable {
  select(spec: SelectSpec): Promise<readonly GroupColumns[]>;
  /**
   * The same in parts, some thousands of series in each, as the store is when a part is asked for: who reads all that there is holds one part at a
   * time. `maxSamples` is a part's.
   */
  selectInParts?(spec: SelectSpec): AsyncIterable<readonly GroupColumns[]>;
  /** Without it nothing that was read may be kept. */
  readonly changes?: Changes;
  /** The same as where it lies, for those who decode it themselves, on another thread perhaps. Without it, everyone gets columns. */
  pack?(spec: SelectSpec): SelectLease | Promise<SelectLease>;
  /** For who asks again and again, where there is a quicker way for that. */
  keep?(matchers: readonly Matcher[]): KeptSelect | undefined;
  /** Label sets of the series with samples in the range that match any of the matcher sets; all series if there is none. Sorted. */
  series(matcherSets: readonly (readonly Matcher[])[], range: TimeRange): Promise<readonly Labels[]>;
  labelNames(matcherSets: readonly (readonly Matcher[])[], range: TimeRange): Promise<readonly string[]>;
  labelValues(name: string, matcherSets: readonly (readonly Matcher[])[], range: TimeRange): Promise<readonly string[]>;
  /** Series there are of each value of each label, known without a look at any series; deleted ones may be among them. */
  labelCounts?(): LabelCounts;
  /** Metadata by metric family; several entries where targets disagree. */
  metadata(metric?: string): ReadonlyMap<string, readonly Metadata[]>;
  exemplars(
    matcherSets: readonly (readonly Matcher[])[],
    range: TimeRange,
  ): readonly { labels: Labels; exemplars: readonly Exemplar[] }[];
}

/** By label name, then by value: how many series have it. */
export type LabelCounts = Iterable<readonly [name: string, counts: Iterable<readonly [value: string, series: number]>]>;

export class SelectLimitError extends Error {
  readonly code = 'query_too_many_samples';
  constructor(seen: number, limit: number) {
    super(
      `query touches ${seen} samples, over --query.max-samples=${limit}; shorten the range, add matchers, or raise the flag`,
    );
    this.name = 'SelectLimitError';
  }
}
