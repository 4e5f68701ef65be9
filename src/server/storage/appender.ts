/**
 * The way into a store. Samples arrive as rows of a group (a scrape) or one by one (remote write, explicit timestamps).
 *
 * Order of a commit: log first, then memory, then the caller learns. After `commit()` returns, a killed process loses nothing of it;
 * after the promise of `commit({ sync: true })` resolves, a machine that loses power does not either.
 */
import type { Labels } from '../../shared/model/labels.ts';
import type { Exemplar, Metadata } from '../../shared/model/metadata.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';

/** Names a series for the life of an open store. */
export type SeriesRef = number;
/** Names a group: the set of series that arrive together and share their timestamps. */
export type GroupRef = number;

export type AppendOutcome = 'ok' | 'duplicate' | 'outOfOrder' | 'tooOld' | 'outOfBounds';

export type Refuse = (outcome: Exclude<AppendOutcome, 'ok'>) => void;

/** A group as its writer sees it: columns are added and never move; a column belongs to one series. */
export interface GroupWriter {
  readonly ref: GroupRef;
  /** Columns so far; a row has this many values. */
  readonly columnCount: number;
  /** The column of a series in this group, made if there is none. O(1) after the first call. */
  column(labels: Labels): number;
  readonly columnLabels: (column: number) => Labels;
  /** As it was set last, by metric family. */
  readonly metadata: ReadonlyMap<string, Metadata>;
}

/** Series whose single samples lie together. */
export interface SampleGroup {
  /** The store let go of it: ask for the places of its series again. */
  readonly isDropped: boolean;
  columnLabels(column: number): Labels;
}

/** Where single samples of a series go. */
export interface SeriesPlace {
  readonly group: SampleGroup;
  readonly column: number;
}

/** Samples as parallel columns: the column of each series in its group, milliseconds, low and high word of the value. */
export interface CellColumns {
  readonly columns: Int32Array;
  readonly times: Float64Array;
  /** Length = 2 × that of the others. */
  readonly bits: Uint32Array;
}

export interface Appender {
  /**
   * One row: `values[c]` belongs to column c; cells with gap bits have no sample, cells with stale bits end their series
   * (`shared/model/sampleBits.ts`). The array is copied; length = the group's columnCount.
   *
   * @param t milliseconds. A row whose time is not after the group's last row is refused as a whole, with the outcome.
   */
  appendRow(group: GroupWriter, t: number, values: Float64Array): AppendOutcome;
  /** One sample outside rows. */
  append(labels: Labels, t: number, v: number): AppendOutcome;
  appendStale(labels: Labels, t: number): AppendOutcome;
  /** Where `append` puts the samples of a series; made if there is none. For many samples, also by later appenders. */
  place(labels: Labels): SeriesPlace;
  /**
   * Cells [from, to), each as `append`, or `appendStale` where the value has its bits. The arrays are copied.
   *
   * @param refuse called for each that is not taken.
   * @returns how many were taken.
   */
  appendCells(group: SampleGroup, cells: CellColumns, from: number, to: number, refuse: Refuse): number;
  appendHistogram(labels: Labels, t: number, h: NativeHistogram): AppendOutcome;
  /**
   * Says since when a counter counts, whose sample at `t` is appended next: a zero at `created`. It is appended where that is before `t` and at
   * most an hour old, nothing of the series is as new, here or in the store, and nothing is deleted there; most are not, as a counter tells its age again and again.
   *
   * @param created milliseconds.
   * @returns whether it was appended.
   */
  appendCreated(labels: Labels, t: number, created: number): boolean;
  /** The same of a native histogram: one without observations, of the same schema, that is a reset. */
  appendCreatedHistogram(labels: Labels, t: number, created: number, h: NativeHistogram): boolean;
  /**
   * The same of columns of the row that is appended at `t` next.
   *
   * @param created milliseconds, as `columns`.
   * @param taken called for each that was appended.
   */
  appendCreatedColumns(
    group: GroupWriter,
    t: number,
    columns: Uint32Array,
    created: Float64Array,
    taken?: (column: number, t: number) => void,
  ): void;
  appendExemplar(labels: Labels, exemplar: Exemplar): AppendOutcome;
  /** Type, help and unit of a metric family as `group`'s target gives them. Not logged. */
  setMetadata(group: GroupWriter, metric: string, metadata: Metadata): void;
  /** Log, then memory. Throws StorageError when the log cannot be written; then nothing of it is visible. */
  commit(options?: { sync?: boolean }): Promise<void>;
  rollback(): void;
}

export interface Storage {
  /** The group with this key (job, instance and target hash of a scrape), made if there is none. Keys survive restarts. */
  group(key: string): GroupWriter;
  appender(): Appender;
}

/** The store refuses: full disk, closed, damaged. `code` is stable, `message` says what to do. */
export class StorageError extends Error {
  readonly code: 'closed' | 'disk_full' | 'io' | 'locked' | 'corrupt';
  constructor(code: StorageError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StorageError';
    this.code = code;
  }
}
