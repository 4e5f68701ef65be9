/** Memory for the rows that an appender stages. */
import { bitsOf } from '../../shared/model/sampleBits.ts';
import type { RowView } from './wal/records.ts';

export class RowArena {
  #values = new Float64Array(256);
  #bits = bitsOf(this.#values);
  #used = 0;

  get cells(): number {
    return this.#values.length;
  }

  /** A copy of a row, valid until clear(). */
  stage(values: Float64Array): RowView {
    const from = this.#used;
    if (from + values.length > this.#values.length) {
      // Rows staged before keep the memory they lie in.
      this.#values = new Float64Array(Math.max(2 * this.#values.length, values.length));
      this.#bits = bitsOf(this.#values);
      this.#used = 0;
      return this.stage(values);
    }
    this.#values.set(values, from);
    this.#used += values.length;
    return { values: this.#values, bits: this.#bits, from, length: values.length };
  }

  clear(): void {
    this.#used = 0;
  }
}
