/** A group in the head: its columns, its newest rows, its packed chunks, and what the log knows of it. */
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import type { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import { NO_LABELS, type Labels } from '../../../shared/model/labels.ts';
import type { Metadata } from '../../../shared/model/metadata.ts';
import type { GroupRef, GroupWriter, SeriesRef } from '../../storage/appender.ts';
import type { Chunk } from '../chunkenc/chunk.ts';
import { grownTo } from '../../../shared/bytes/grownArray.ts';
import type { SeriesTable } from '../index/seriesTable.ts';
import { LogState } from '../wal/logState.ts';
import { RowStore } from './rowStore.ts';
import type { SlabPool } from './slabs.ts';

/** `rows`: filled by appendRow. `loose`: filled sample by sample, in any order of time. */
export type GroupKind = 'rows' | 'loose';

/** What holds groups and knows where each series is in them. */
export interface GroupOwner {
  /** Samples that are there and are older than their series' newest one. */
  readonly lateSamples: Record<'float' | 'histogram', number>;
  readonly series: SeriesTable;
  readonly slabs: SlabPool;
  addColumn(group: HeadGroup, column: number, ref: SeriesRef): void;
  /** The column of a series in a group, -1 if it has none there. */
  columnIn(group: HeadGroup, ref: SeriesRef): number;
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
  readonly rows: RowStore;
  /** Native histogram samples of unpacked rows: row → column → sample. The cell itself holds a NaN. */
  readonly histograms = new Map<number, Map<number, NativeHistogram>>();
  /** Packed rows that no block holds yet, in the order they were packed. */
  readonly chunks: Chunk[] = [];
  readonly metadata = new Map<string, Metadata>();
  readonly logState = new LogState();
  /** The group's records up to this sequence are in chunks, here or in blocks. */
  packedTo = 0;
  /** Rows that are to make the next chunk; 0 for the first one. */
  packAt = 0;
  /** Columns whose names are in the log; the group itself is if this is not negative. */
  columnsLogged = -1;
  /** Time of the newest row; nothing that is stored in the group is newer. */
  lastTime = -Infinity;
  /** Time of the newest row that the appender `stagedBy` holds for its commit. */
  stagedTime = -Infinity;
  stagedBy = 0;
  /** Rows up to this time, of the columns that there were then, may be in blocks. */
  #flushedTo = -Infinity;
  #flushedColumns = 0;
  /** The owner let go of it; it must be adopted before its columns are used. */
  isDropped = false;
  protected readonly owner: GroupOwner;
  #refs = new Uint32Array(8);
  #columnCount = 0;
  /** By column, while the owner has let go of it: the owner may forget the series. */
  #labels: readonly Labels[] = [];

  constructor(ref: GroupRef, key: string, kind: GroupKind, owner: GroupOwner) {
    this.ref = ref;
    this.key = key;
    this.kind = kind;
    this.owner = owner;
    this.rows = new RowStore(owner.slabs);
  }

  get columnCount(): number {
    return this.#columnCount;
  }

  /** By column. Valid until a column is added. */
  get refs(): Uint32Array {
    return this.#refs.subarray(0, this.#columnCount);
  }

  column(labels: Labels): number {
    if (this.isDropped) this.owner.adopt(this);
    return this.columnOf(this.owner.series.refOf(labels));
  }

  columnOf(ref: SeriesRef): number {
    const known = this.owner.columnIn(this, ref);
    if (known >= 0) return known;
    const column = this.#columnCount;
    this.#push(ref);
    this.owner.addColumn(this, column, ref);
    return column;
  }

  columnLabels(column: number): Labels {
    if (this.isDropped) return this.#labels[column];
    return column < this.#columnCount ? this.owner.series.labels(this.#refs[column]) : NO_LABELS;
  }

  /** Writes the label sets of the columns from `from` on. */
  writeLabels(out: ByteWriter, from: number): void {
    this.owner.series.writeLabels(out, this.refs.subarray(from));
  }

  /** Whether a column is the next larger bucket of the histogram that the column before it belongs to. */
  joinsBelow(column: number): boolean {
    return column > 0 && this.owner.series.isNextBucket(this.#refs[column - 1], this.#refs[column]);
  }

  /** Whether a column may have a sample or a mark at `t` or later. Blocks are not read: what may be in them is taken to be there. */
  hasSince(column: number, t: number): boolean {
    if (t > this.lastTime) return false;
    if (t <= this.#flushedTo && column < this.#flushedColumns) return true;
    for (let row = this.rows.rowCount - 1; row >= 0 && this.rows.time(row) >= t; row--)
      if (this.rows.hasCell(column, row, row + 1)) return true;
    return this.chunks.some((chunk) => chunk.maxTime >= t && chunk.hasCellSince(column, t));
  }

  /** Rows up to `t` are in blocks, or in a checkpoint. */
  flushed(t: number): void {
    this.#flushedTo = Math.max(this.#flushedTo, t);
    this.#flushedColumns = this.#columnCount;
  }

  /** Forgets the unpacked rows. */
  clearRows(): void {
    this.rows.clear();
    this.histograms.clear();
  }

  /** Replay: puts a series at a column, with unknown ones before it where the log lost their names. */
  restoreColumn(column: number, ref: SeriesRef): void {
    while (this.#columnCount < column) this.#push(NO_SERIES);
    if (this.#columnCount > column || this.owner.columnIn(this, ref) >= 0) return;
    this.columnOf(ref);
  }

  /** The owner lets go of it, while it still knows the series. */
  drop(): void {
    this.#labels = Array.from(this.refs, (ref) => this.owner.series.labels(ref));
    this.isDropped = true;
  }

  /** Replay: columns that a chunk has are taken, whether the log still names them or not. */
  reserveColumns(count: number): void {
    while (this.#columnCount < count) this.#push(NO_SERIES);
  }

  /** Replay: a chunk of the group, here or in a block. */
  sawChunk(chunk: Chunk): void {
    this.lastTime = Math.max(this.lastTime, chunk.maxTime);
  }

  /** Enters all columns anew, once adopted. Series that were forgotten meanwhile have new refs. */
  rejoin(): void {
    this.isDropped = false;
    this.columnsLogged = -1;
    this.#labels.forEach((labels, column) => {
      const ref = this.#refs[column] === NO_SERIES ? NO_SERIES : this.owner.series.refOf(labels);
      this.#refs[column] = ref;
      this.owner.addColumn(this, column, ref);
    });
    this.#labels = [];
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

  #push(ref: SeriesRef): void {
    this.#refs = grownTo(this.#refs, this.#columnCount + 1);
    this.#refs[this.#columnCount++] = ref;
  }
}
