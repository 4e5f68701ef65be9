/** Samples of a group that wait for their commit. */
import type { Cells } from './wal/records.ts';

/** Growing columns of staged samples. */
export class StagedCells implements Cells {
  count = 0;
  columns = new Int32Array(16);
  times = new Float64Array(16);
  bits = new Uint32Array(32);

  get cells(): number {
    return this.columns.length;
  }

  clear(): void {
    this.count = 0;
  }

  push(column: number, t: number, low: number, high: number): void {
    const i = this.count++;
    if (i === this.columns.length) this.#grow();
    this.columns[i] = column;
    this.times[i] = t;
    this.bits[2 * i] = low;
    this.bits[2 * i + 1] = high;
  }

  #grow(): void {
    const { columns, times, bits } = this;
    this.columns = new Int32Array(columns.length * 2);
    this.columns.set(columns);
    this.times = new Float64Array(times.length * 2);
    this.times.set(times);
    this.bits = new Uint32Array(bits.length * 2);
    this.bits.set(bits);
  }
}
