/** A group in the head: its columns, its newest rows, its packed chunks, and what the log knows of it. */
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import { NO_LABELS, type Labels } from '../../../shared/model/labels.ts';
import type { Metadata } from '../../../shared/model/metadata.ts';
import type { GroupRef, GroupWriter, SeriesRef } from '../../storage/appender.ts';
import type { Chunk } from '../chunkenc/chunk.ts';
import type { SeriesTable } from '../index/seriesTable.ts';
import { LogState } from '../wal/valueCodec.ts';
import { RowStore } from './rowStore.ts';

/** `rows`: filled by appendRow. `loose`: filled sample by sample, in any order of time. */
export type GroupKind = 'rows' | 'loose';

/** What holds groups and knows where each series is in them. */
export interface GroupOwner {
  readonly series: SeriesTable;
  addColumn(group: HeadGroup, column: number, ref: SeriesRef): void;
  /** Takes a group that was dropped while idle in again. */
  adopt(group: HeadGroup): void;
}

/** A column whose series is unknown: the log lost the record that named it. */
export const NO_SERIES: SeriesRef = 0;

/** What the cell of a native histogram sample holds, by its two words: a NaN that no float sample is likely to be. */
export const HISTOGRAM_LOW = 0x67a90002;
export const HISTOGRAM_HIGH = 0x7ff4a9b0;

export class HeadGroup implements GroupWriter {
  readonly ref: GroupRef;
  readonly key: string;
  readonly kind: GroupKind;
  readonly rows = new RowStore();
  /** Native histogram samples of unpacked rows: row → column → sample. The cell itself holds a NaN. */
  readonly histograms = new Map<number, Map<number, NativeHistogram>>();
  /** Packed rows that no block holds yet, in the order they were packed. */
  readonly chunks: Chunk[] = [];
  readonly metadata = new Map<string, Metadata>();
  readonly logState = new LogState();
  /** Columns whose names are in the log; the group itself is if this is not negative. */
  columnsLogged = -1;
  /** Time of the newest row; nothing that is stored in the group is newer. */
  lastTime = -Infinity;
  /** Time of the newest row that the appender `stagedBy` holds for its commit. */
  stagedTime = -Infinity;
  stagedBy = 0;
  /** The owner let go of it; it must be adopted before its columns are used. */
  isDropped = false;
  readonly #owner: GroupOwner;
  readonly #refs: SeriesRef[] = [];
  readonly #columns = new Map<SeriesRef, number>();
  readonly #labels: (Labels | undefined)[] = [];
  readonly #joinsBelow: boolean[] = [];

  constructor(ref: GroupRef, key: string, kind: GroupKind, owner: GroupOwner) {
    this.ref = ref;
    this.key = key;
    this.kind = kind;
    this.#owner = owner;
  }

  get columnCount(): number {
    return this.#refs.length;
  }

  /** By column. */
  get refs(): readonly SeriesRef[] {
    return this.#refs;
  }

  column(labels: Labels): number {
    if (this.isDropped) this.#owner.adopt(this);
    return this.columnOf(this.#owner.series.refOf(labels));
  }

  columnOf(ref: SeriesRef): number {
    const known = this.#columns.get(ref);
    if (known !== undefined) return known;
    const column = this.#refs.length;
    this.#refs.push(ref);
    this.#labels[column] = this.#owner.series.labels(ref);
    this.#columns.set(ref, column);
    this.#owner.addColumn(this, column, ref);
    return column;
  }

  columnLabels(column: number): Labels {
    return this.#labels[column] ?? NO_LABELS;
  }

  /** Whether a column is the next larger bucket of the histogram that the column before it belongs to. */
  joinsBelow(column: number): boolean {
    return (this.#joinsBelow[column] ??=
      column > 0 && isNextBucket(this.columnLabels(column - 1), this.columnLabels(column)));
  }

  /** Forgets the unpacked rows. */
  clearRows(): void {
    this.rows.clear();
    this.histograms.clear();
  }

  /** Replay: puts a series at a column, with unknown ones before it where the log lost their names. */
  restoreColumn(column: number, ref: SeriesRef): void {
    while (this.#refs.length < column) this.#refs.push(NO_SERIES);
    if (this.#refs.length > column || this.#columns.has(ref)) return;
    this.columnOf(ref);
  }

  /** Enters all columns anew, once adopted. Series that were forgotten meanwhile have new refs. */
  rejoin(): void {
    this.isDropped = false;
    this.columnsLogged = -1;
    this.#columns.clear();
    this.#labels.forEach((labels, column) => {
      const ref = labels === undefined ? NO_SERIES : this.#owner.series.refOf(labels);
      this.#refs[column] = ref;
      if (ref === NO_SERIES) return;
      this.#columns.set(ref, column);
      this.#owner.addColumn(this, column, ref);
    });
  }

  /** Gives the count of cells that are no gaps. */
  appendRow(t: number, values: Float64Array, bits: Uint32Array, from: number, length: number): number {
    this.lastTime = t;
    return this.rows.append(t, values, bits, from, length);
  }

  setHistogram(row: number, column: number, h: NativeHistogram): void {
    let byColumn = this.histograms.get(row);
    if (byColumn === undefined) this.histograms.set(row, (byColumn = new Map()));
    byColumn.set(column, h);
  }
}

/** Whether two label sets differ in `le` alone, which both have. */
export function isNextBucket(below: Labels, labels: Labels): boolean {
  if (below.length !== labels.length) return false;
  let hasBound = false;
  for (let i = 0; i < labels.length; i++) {
    if (below[i][0] !== labels[i][0]) return false;
    if (labels[i][0] === 'le') hasBound = true;
    else if (below[i][1] !== labels[i][1]) return false;
  }
  return hasBound;
}
