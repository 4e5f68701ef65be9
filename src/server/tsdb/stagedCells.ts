/** Samples of a group that wait for their commit. */
import { bitsOf } from '../../shared/model/sampleBits.ts';
import type { CellColumns } from '../storage/appender.ts';

/** Samples of one loose group, staged together. */
export interface Cells {
  readonly count: number;
  readonly columns: Int32Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** The words of the values, two a cell. */
  readonly bits: Uint32Array;
  /** All are of one time, in the order of their columns. */
  readonly isRow: boolean;
}

/** Where the cells that are of one time, in the order of their columns, end. */
export function endOfRow({ count, columns, times, isRow }: Cells, from: number): number {
  if (isRow) return count;
  let to = from + 1;
  while (to < count && times[to] === times[from] && columns[to] > columns[to - 1]) to++;
  return to;
}

/** Growing columns of staged samples. */
export class StagedCells implements Cells {
  count = 0;
  isRow = true;
  columns = new Int32Array(16);
  times = new Float64Array(16);
  values = new Float64Array(16);
  bits = bitsOf(this.values);

  get cells(): number {
    return this.columns.length;
  }

  clear(): void {
    this.count = 0;
    this.isRow = true;
  }

  push(column: number, t: number, low: number, high: number): void {
    const i = this.count++;
    this.#follows(column, t, i);
    if (i === this.columns.length) this.#growTo(2 * i);
    this.columns[i] = column;
    this.times[i] = t;
    this.bits[2 * i] = low;
    this.bits[2 * i + 1] = high;
  }

  /** Cells [from, to), which are of one time, in the order of their columns. */
  pushRow({ columns, times, bits }: CellColumns, from: number, to: number): void {
    const first = this.count;
    const count = first + to - from;
    this.#follows(columns[from], times[from], first);
    if (count > this.columns.length) this.#growTo(Math.max(count, 2 * first));
    this.count = count;
    const { columns: ownColumns, times: ownTimes, bits: ownBits } = this;
    for (let i = first, other = from; i < count; i++, other++) {
      ownColumns[i] = columns[other];
      ownTimes[i] = times[other];
      ownBits[2 * i] = bits[2 * other];
      ownBits[2 * i + 1] = bits[2 * other + 1];
    }
  }

  #follows(column: number, t: number, i: number): void {
    this.isRow &&= i === 0 || (t === this.times[i - 1] && column > this.columns[i - 1]);
  }

  #growTo(count: number): void {
    const { columns, times, bits } = this;
    this.columns = new Int32Array(count);
    this.columns.set(columns);
    this.times = new Float64Array(count);
    this.times.set(times);
    this.values = new Float64Array(count);
    this.bits = bitsOf(this.values);
    this.bits.set(bits);
  }
}
