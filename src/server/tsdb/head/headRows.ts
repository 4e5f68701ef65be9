/** The unpacked rows of a group in order of time, whatever order they came in. */
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import { bitsOf } from '../../../shared/model/sampleBits.ts';
import type { HeadGroup } from './group.ts';

export class HeadRows {
  readonly times: Float64Array;
  readonly #group: HeadGroup;
  readonly #count: number;
  /** Row at each place in order of time; absent where rows are in order. */
  readonly #order: Int32Array | undefined;
  #cells: Float64Array;
  readonly #cellBits: Uint32Array;
  #sorted: Float64Array;

  constructor(group: HeadGroup) {
    this.#group = group;
    this.#count = group.rows.rowCount;
    const times = new Float64Array(this.#count);
    for (let row = 0; row < this.#count; row++) times[row] = group.rows.time(row);
    if (!group.rows.isInOrder) {
      this.#order = Int32Array.from(times.keys()).sort((a, b) => times[a] - times[b]);
      times.sort();
    }
    this.times = times;
    this.#cells = new Float64Array(this.#count);
    this.#cellBits = bitsOf(this.#cells);
    this.#sorted = this.#order === undefined ? this.#cells : new Float64Array(this.#count);
  }

  /** The cells of a column in the same array each time, those of rows before `from` left as they are; valid until the next call. */
  readColumn(column: number, from = 0): Float64Array {
    const order = this.#order;
    const first = order === undefined ? from : 0;
    this.#group.rows.read(column, first, this.#count, this.#cellBits, first);
    if (order === undefined) return this.#cells;
    const unsorted = new BigUint64Array(this.#cells.buffer);
    const sorted = new BigUint64Array(this.#sorted.buffer);
    for (let i = 0; i < order.length; i++) sorted[i] = unsorted[order[i]];
    return this.#sorted;
  }

  /** The words of a column's cells in rows [from, to), into those of `out` from cell `at` on. */
  copyColumn(column: number, from: number, to: number, out: Uint32Array, at: number): void {
    if (this.#order === undefined) return this.#group.rows.read(column, from, to, out, at);
    out.set(bitsOf(this.readColumn(column)).subarray(2 * from, 2 * to), 2 * at);
  }

  /** Native histogram samples of a column in rows [from, to), by the row after `from`. */
  columnHistograms(column: number, from: number, to: number): ReadonlyMap<number, NativeHistogram> | undefined {
    if (this.#group.histograms.size === 0) return undefined;
    const samples = new Map<number, NativeHistogram>();
    for (let i = from; i < to; i++) {
      const h = this.#group.histograms.get(this.#order === undefined ? i : this.#order[i])?.get(column);
      if (h !== undefined) samples.set(i - from, h);
    }
    return samples.size > 0 ? samples : undefined;
  }
}
