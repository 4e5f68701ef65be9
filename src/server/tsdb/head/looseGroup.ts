/**
 * A group whose samples arrive one by one. Rows are keyed by time and may come in any order; a sample goes into the row of its time if
 * that is not packed yet, else into a new row. Each column remembers its newest sample, for upstream's rules on order.
 */
import type { AppendOutcome, CellColumns, GroupRef } from '../../storage/appender.ts';
import { bitsOf, CELL_GAP, cellKind, GAP_HIGH, GAP_LOW } from '../../../shared/model/sampleBits.ts';
import type { Chunk } from '../chunkenc/chunk.ts';
import { endOfRow, type Cells, type StagedCells } from '../stagedCells.ts';
import { HeadGroup, HISTOGRAM_HIGH, HISTOGRAM_LOW, type GroupOwner } from './group.ts';

/** Series that share a group by job and instance; the next ones open another, so that rows of unlike times stay narrow. */
export const LOOSE_COLUMNS_MAX = 256;

/** `same`: the sample is there already, bit for bit; nothing to do. */
export type Admission = AppendOutcome | 'same';

export interface Bounds {
  /** Newest time in the store. */
  readonly maxTime: number;
  /** Samples before this are out of bounds. */
  readonly minValidTime: number;
  readonly outOfOrderWindowMs: number;
  /** A sample came that is older than its series' newest one. */
  onLate(byMs: number): void;
}

const CELL = new Float64Array(1);
const CELL_BITS = new Uint32Array(CELL.buffer);

/** High word's bits that are all set in a NaN, and in an infinity. */
const NAN_EXPONENT = 0x7ff00000;

/** Of a NaN: the bits of a gap, or those that stand for a native histogram. */
export function isReserved(low: number, high: number): boolean {
  return (low === GAP_LOW && high === GAP_HIGH) || isHistogram(low, high);
}

function isHistogram(low: number, high: number): boolean {
  return low === HISTOGRAM_LOW && high === HISTOGRAM_HIGH;
}

export class LooseGroup extends HeadGroup {
  /** By column, newest sample committed and newest one staged by the appender `stagedBy`. */
  #lastTime = new Float64Array(4).fill(-Infinity);
  #lastBits = new Uint32Array(8);
  #stagedTime = new Float64Array(4);
  #stagedBits = new Uint32Array(8);
  #stagedBy = new Float64Array(4);
  /** Who staged cells one by one last. */
  #singlyStagedBy = 0;
  /** Rows that the appender `by` staged, the newest of them at `time`: cells from `from` on that are not among the columns' staged samples yet. */
  #stagedRows = { by: 0, cells: undefined as StagedCells | undefined, from: 0, time: 0 };
  readonly #rowByTime = new Map<number, number>();
  /** Chunks that replay brought: their newest samples are looked up when a sample is to be admitted. */
  #unseenChunks: Chunk[] = [];
  /** The row that was filled last: samples of the same time mostly follow each other. */
  #recentTime = NaN;
  #recentRow = 0;

  constructor(ref: GroupRef, key: string, owner: GroupOwner) {
    super(ref, key, 'loose', owner);
  }

  /** What becomes of a sample that appender `owner` stages; upstream's rules. */
  admit(column: number, t: number, low: number, high: number, owner: number, bounds: Bounds): Admission {
    this.#seeChunks();
    this.#reserve(column);
    this.#spreadRows(owner);
    const staged = this.#stagedBy[column] === owner && this.#stagedTime[column] >= this.#lastTime[column];
    const lastTime = staged ? this.#stagedTime[column] : this.#lastTime[column];
    const lastBits = staged ? this.#stagedBits : this.#lastBits;
    if (t >= bounds.minValidTime) {
      if (t > lastTime) return 'ok';
      if (t === lastTime) {
        return lastBits[2 * column] === low && lastBits[2 * column + 1] === high ? 'same' : 'duplicate';
      }
    }
    if (t < lastTime) bounds.onLate(lastTime - t);
    if (bounds.outOfOrderWindowMs > 0) {
      if (t < bounds.maxTime - bounds.outOfOrderWindowMs) return 'tooOld';
      return this.#admitLate(column, t, low, high);
    }
    return t < bounds.minValidTime ? 'outOfBounds' : 'outOfOrder';
  }

  stage(column: number, t: number, low: number, high: number, owner: number): void {
    this.#spreadRows(owner);
    this.#singlyStagedBy = owner;
    this.#stageCell(column, t, low, high, owner);
  }

  /**
   * Whether cells [from, to) are of one time, in the order of their columns, and each is newer than all of its column: `stageRow` takes them then.
   * Else `admit` says what becomes of each.
   */
  takesRow({ columns, times, bits }: CellColumns, from: number, to: number, owner: number, bounds: Bounds): boolean {
    const t = times[from];
    if (t < bounds.minValidTime || from === to) return false;
    for (let i = from, before = -1; i < to; i++) {
      if (times[i] !== t || columns[i] <= before) return false;
      if ((bits[2 * i + 1] & NAN_EXPONENT) === NAN_EXPONENT && isReserved(bits[2 * i], bits[2 * i + 1])) return false;
      before = columns[i];
    }
    return this.#isNewest(t, owner) || this.#areNewest(columns, from, to, t, owner);
  }

  /** @param staged gets them: all cells of this group that `owner` has staged. */
  stageRow(cells: CellColumns, from: number, to: number, owner: number, staged: StagedCells): void {
    const t = cells.times[from];
    if (this.#stagedRows.by !== owner) this.#stagedRows = { by: owner, cells: staged, from: staged.count, time: t };
    this.#stagedRows.time = t;
    staged.pushRow(cells, from, to);
  }

  /** Puts a logged sample into its row. Gives that row, or -1 where the cell was taken already. */
  setSample(column: number, t: number, low: number, high: number): number {
    let row = t === this.#recentTime ? this.#recentRow : this.#rowByTime.get(t);
    if (row === undefined) {
      row = this.rows.appendEmpty(t, this.columnCount);
      this.#rowByTime.set(t, row);
    } else if (this.rows.hasCell(column, row, row + 1)) {
      return -1;
    }
    this.#recentTime = t;
    this.#recentRow = row;
    this.rows.setCell(row, column, low, high);
    if (t < this.#lastTime[column]) this.owner.lateSamples[isHistogram(low, high) ? 'histogram' : 'float']++;
    this.setLast(column, t, low, high);
    return row;
  }

  /** Puts logged samples into their rows. Gives how many were not there. */
  setSamples(cells: Cells): number {
    // They are used for others after their commit.
    if (this.#stagedRows.cells !== undefined) this.#stagedRows = { by: 0, cells: undefined, from: 0, time: 0 };
    const { count, columns, times, bits } = cells;
    let set = 0;
    for (let from = 0, to = 0; from < count; from = to) {
      to = endOfRow(cells, from);
      if (!this.#rowByTime.has(times[from])) set += this.#setRow(cells, from, to);
      else
        for (let i = from; i < to; i++)
          if (this.setSample(columns[i], times[i], bits[2 * i], bits[2 * i + 1]) >= 0) set++;
    }
    return set;
  }

  /** Replay: the newest sample of a column, known from before the log begins. */
  setLast(column: number, t: number, low: number, high: number): void {
    this.#reserve(column);
    if (t > this.lastTime) this.lastTime = t;
    if (t < this.#lastTime[column]) return;
    this.#lastTime[column] = t;
    this.#lastBits[2 * column] = low;
    this.#lastBits[2 * column + 1] = high;
  }

  columnLast(column: number): { t: number; low: number; high: number } {
    this.#seeChunks();
    this.#reserve(column);
    return { t: this.#lastTime[column], low: this.#lastBits[2 * column], high: this.#lastBits[2 * column + 1] };
  }

  override hasSince(column: number, t: number): boolean {
    return this.columnLast(column).t >= t;
  }

  /** Whether appender `owner` staged a sample of a column at `t` or later. */
  hasStagedSince(column: number, t: number, owner: number): boolean {
    this.#spreadRows(owner);
    return this.#stagedBy[column] === owner && this.#stagedTime[column] >= t;
  }

  /** The unpacked row of a time. */
  rowAt(t: number): number | undefined {
    return this.#rowByTime.get(t);
  }

  override sawChunk(chunk: Chunk): void {
    super.sawChunk(chunk);
    this.#unseenChunks.push(chunk);
  }

  override clearRows(): void {
    super.clearRows();
    this.#rowByTime.clear();
    this.#recentTime = NaN;
  }

  /** Puts the cells [from, to) of one time into a row of their own. Gives how many they are. */
  #setRow({ columns, times, bits }: Cells, from: number, to: number): number {
    const t = times[from];
    const row = this.rows.appendEmpty(t, this.columnCount);
    this.#rowByTime.set(t, row);
    this.rows.setCells(row, columns, bits, from, to);
    this.#reserve(columns[to - 1]);
    const isNewest = t > this.lastTime;
    if (isNewest) this.lastTime = t;
    const lastTime = this.#lastTime;
    const lastBits = this.#lastBits;
    const first = columns[from];
    if (isNewest && columns[to - 1] - first === to - 1 - from) {
      lastTime.fill(t, first, first + to - from);
      lastBits.set(bits.subarray(2 * from, 2 * to), 2 * first);
      return to - from;
    }
    for (let i = from; i < to; i++) {
      const column = columns[i];
      if (t < lastTime[column]) {
        this.owner.lateSamples.float++;
        continue;
      }
      lastTime[column] = t;
      lastBits[2 * column] = bits[2 * i];
      lastBits[2 * column + 1] = bits[2 * i + 1];
    }
    return to - from;
  }

  /** Whether `t` is after all of the group, and after all rows that `owner` staged, who staged nothing else. */
  #isNewest(t: number, owner: number): boolean {
    const { by, time } = this.#stagedRows;
    return t > this.lastTime && this.#singlyStagedBy !== owner && (by !== owner || t > time);
  }

  /** Whether `t` is after all of each of these columns. */
  #areNewest(columns: Int32Array, from: number, to: number, t: number, owner: number): boolean {
    this.#seeChunks();
    this.#reserve(columns[to - 1]);
    this.#spreadRows(owner);
    for (let i = from; i < to; i++) {
      const column = columns[i];
      if (t <= this.#lastTime[column]) return false;
      if (this.#stagedBy[column] === owner && t <= this.#stagedTime[column]) return false;
    }
    return true;
  }

  #stageCell(column: number, t: number, low: number, high: number, owner: number): void {
    this.#reserve(column);
    if (this.#stagedBy[column] === owner && this.#stagedTime[column] > t) return;
    this.#stagedBy[column] = owner;
    this.#stagedTime[column] = t;
    this.#stagedBits[2 * column] = low;
    this.#stagedBits[2 * column + 1] = high;
  }

  /** What `owner` staged as rows is among the columns' staged samples then. */
  #spreadRows(owner: number): void {
    const { by, cells, from } = this.#stagedRows;
    if (by !== owner || cells === undefined) return;
    const { count, columns, times, bits } = cells;
    for (let i = from; i < count; i++) this.#stageCell(columns[i], times[i], bits[2 * i], bits[2 * i + 1], owner);
    this.#stagedRows = { by: 0, cells: undefined, from: 0, time: 0 };
    this.#singlyStagedBy = owner;
  }

  #seeChunks(): void {
    if (this.#unseenChunks.length === 0) return;
    for (const chunk of this.#unseenChunks) {
      for (const column of chunk.columns) {
        const bits = bitsOf(chunk.cells(column)!);
        let row = chunk.rowCount - 1;
        while (cellKind(bits, row) === CELL_GAP) row--;
        this.setLast(column, chunk.times[row], bits[2 * row], bits[2 * row + 1]);
      }
    }
    this.#unseenChunks = [];
  }

  #admitLate(column: number, t: number, low: number, high: number): Admission {
    const row = this.#rowByTime.get(t);
    if (row === undefined || this.#cellKindAt(row, column) === CELL_GAP) return 'ok';
    return CELL_BITS[0] === low && CELL_BITS[1] === high ? 'same' : 'duplicate';
  }

  /** Leaves the cell in CELL. */
  #cellKindAt(row: number, column: number): 0 | 1 | 2 {
    this.rows.read(column, row, row + 1, CELL_BITS, 0);
    return cellKind(CELL_BITS, 0);
  }

  #reserve(column: number): void {
    const size = this.#lastTime.length;
    if (column < size) return;
    const grow = <T extends Float64Array | Uint32Array>(grown: T, old: T): T => {
      grown.set(old);
      return grown;
    };
    const wanted = Math.max(column + 1, size * 2);
    this.#lastTime = grow(new Float64Array(wanted).fill(-Infinity), this.#lastTime);
    this.#lastBits = grow(new Uint32Array(2 * wanted), this.#lastBits);
    this.#stagedTime = grow(new Float64Array(wanted), this.#stagedTime);
    this.#stagedBits = grow(new Uint32Array(2 * wanted), this.#stagedBits);
    this.#stagedBy = grow(new Float64Array(wanted), this.#stagedBy);
  }
}
