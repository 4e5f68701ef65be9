/** Columns of steps that never go down, added up row by row. One at a time on a thread: {@link StepSums} is its memory. */
import { instantiate } from '../wasm/instance.ts';
import { STEP_ROWS_MAX, type Steps } from './steps.ts';
import { LANES, STEP_SUMS, STEPS_AT, SUMS_AT } from './stepSums.wat.ts';

export class StepSums {
  readonly #add: (count: number) => void;
  readonly #steps: Int8Array;
  readonly #sums: Uint16Array;
  /** Of steps of two bytes. */
  #wide = new Int32Array(0);
  #hasWide = false;
  #count = 0;

  constructor() {
    const { memory, add } = instantiate<{ readonly add: (count: number) => void }>(STEP_SUMS);
    this.#add = add;
    this.#steps = new Int8Array(memory.buffer, STEPS_AT, STEP_ROWS_MAX + LANES);
    this.#sums = new Uint16Array(memory.buffer, SUMS_AT, STEP_ROWS_MAX + LANES);
  }

  /** Sums of `count` rows are to be made, of up to `SERIES_ADDED_MAX` columns: of their single bytes, which are 127 at most, 31 bits hold what all rows gain. */
  begin(count: number): void {
    this.#count = count;
    this.#hasWide = false;
    this.#sums.fill(0, 0, count + LANES);
  }

  /** Adds the steps of a column, from that which leads to row `from` + 1 on. */
  add({ steps }: Steps, from: number): void {
    const count = this.#count;
    if (steps instanceof Int16Array) return this.#addWide(steps, from);
    // Where nothing is added, at the first row, a column has its 0.
    this.#steps.set(from === 0 && steps.length === count ? steps : steps.subarray(from, from + count));
    this.#steps[0] = 0;
    this.#add(count);
  }

  #addWide(steps: Int16Array, from: number): void {
    if (!this.#hasWide) {
      if (this.#wide.length < this.#count) this.#wide = new Int32Array(this.#count);
      this.#wide.fill(0, 0, this.#count);
      this.#hasWide = true;
    }
    const wide = this.#wide;
    for (let i = 1; i < this.#count; i++) wide[i] = (wide[i] + steps[from + i]) | 0;
  }

  /** Writes `base`, and behind it what has been added to it up to each row, from `at` on. @returns the last one. */
  totals(base: number, out: Float64Array, at: number): number {
    const sums = this.#sums;
    const count = this.#count;
    if (this.#hasWide) {
      const wide = this.#wide;
      let total = base;
      for (let i = 0; i < count; i++) out[at + i] = total += sums[i] + wide[i];
      return total;
    }
    let sum = 0;
    for (let i = 0; i < count; i++) {
      sum = (sum + sums[i]) | 0;
      out[at + i] = base + sum;
    }
    return base + sum;
  }
}
