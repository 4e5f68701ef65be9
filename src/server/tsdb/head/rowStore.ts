/**
 * Rows that are not packed yet: slabs of SLAB_ROWS rows in shared memory, column after column. The writer fills a row and then publishes
 * the count of rows with an atomic store; a reader takes the count and reads the cells below it.
 *
 * ```
 *              row 0 … row 59 | row 0 … row 59 | …
 *   slab:      column 0       | column 1       | …        times: row 0 … row 59
 * ```
 */
import { CELL_GAP, cellKind, GAP_HIGH, GAP_LOW } from '../../../shared/model/sampleBits.ts';

export const SLAB_ROWS = 60;
const GAP = (BigInt(GAP_HIGH) << 32n) | BigInt(GAP_LOW);

interface Slab {
  readonly published: Int32Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly bits: Uint32Array;
  /** Columns there is room for; columns beyond have gaps in all rows of the slab. */
  readonly columns: number;
}

function makeSlab(columns: number): Slab {
  const cells = columns * SLAB_ROWS;
  const memory = new SharedArrayBuffer(8 * (1 + SLAB_ROWS + cells));
  const values = new Float64Array(memory, 8 * (1 + SLAB_ROWS), cells);
  new BigUint64Array(memory, values.byteOffset, cells).fill(GAP);
  return {
    published: new Int32Array(memory, 0, 1),
    times: new Float64Array(memory, 8, SLAB_ROWS),
    values,
    bits: new Uint32Array(memory, values.byteOffset, 2 * cells),
    columns,
  };
}

function emptied(slab: Slab): Slab {
  new BigUint64Array(slab.values.buffer, slab.values.byteOffset, slab.values.length).fill(GAP);
  Atomics.store(slab.published, 0, 0);
  return slab;
}

/** A copy with room for more columns; readers of the old slab are not disturbed. */
function widened(slab: Slab, columns: number): Slab {
  const wide = makeSlab(columns);
  wide.times.set(slab.times);
  wide.values.set(slab.values);
  Atomics.store(wide.published, 0, Atomics.load(slab.published, 0));
  return wide;
}

export class RowStore {
  #slabs: Slab[] = [];
  /** Slabs of packed rows, for the next rows. Select copies what it reads, so nobody looks at them any more. */
  #free: Slab[] = [];
  #rowCount = 0;

  get rowCount(): number {
    return this.#rowCount;
  }

  get bytes(): number {
    return [...this.#slabs, ...this.#free].reduce((sum, slab) => sum + slab.values.byteLength, 0);
  }

  clear(): void {
    this.#free = this.#slabs;
    this.#slabs = [];
    this.#rowCount = 0;
  }

  /** A row from `values[from, from + length)`; the other columns have gaps. Gives the count of cells that are none. */
  append(t: number, values: Float64Array, bits: Uint32Array, from: number, length: number): number {
    const row = this.#startRow(length);
    const slab = this.#slabs[this.#slabs.length - 1];
    const at = row % SLAB_ROWS;
    let filled = length;
    for (let c = 0, cell = at; c < length; c++, cell += SLAB_ROWS) {
      const v = values[from + c];
      if (v === v) {
        slab.values[cell] = v;
      } else {
        // A NaN is copied by its words: passing it as a number may change its bits.
        slab.bits[2 * cell] = bits[2 * (from + c)];
        slab.bits[2 * cell + 1] = bits[2 * (from + c) + 1];
        if (cellKind(slab.bits, cell) === CELL_GAP) filled--;
      }
    }
    this.#publish(slab, at, t);
    return filled;
  }

  /** A row of gaps, to be filled by setCell. Gives its index. */
  appendEmpty(t: number, columns: number): number {
    const row = this.#startRow(columns);
    this.#publish(this.#slabs[this.#slabs.length - 1], row % SLAB_ROWS, t);
    return row;
  }

  setCell(row: number, column: number, low: number, high: number): void {
    const index = Math.floor(row / SLAB_ROWS);
    let slab = this.#slabs[index];
    if (column >= slab.columns) this.#slabs[index] = slab = widened(slab, column + 1 + (column >> 3));
    const cell = column * SLAB_ROWS + (row % SLAB_ROWS);
    slab.bits[2 * cell] = low;
    slab.bits[2 * cell + 1] = high;
  }

  time(row: number): number {
    return this.#slabs[Math.floor(row / SLAB_ROWS)].times[row % SLAB_ROWS];
  }

  /** A column's cells in rows [from, to), into `out` from `at` on. */
  read(column: number, from: number, to: number, out: Float64Array, at: number): void {
    let row = from;
    while (row < to) {
      const index = Math.floor(row / SLAB_ROWS);
      const slab = this.#slabs[index];
      const first = row - index * SLAB_ROWS;
      const count = Math.min(to - row, SLAB_ROWS - first);
      if (column < slab.columns) {
        const cell = column * SLAB_ROWS + first;
        out.set(slab.values.subarray(cell, cell + count), at);
      } else {
        new BigUint64Array(out.buffer, out.byteOffset + 8 * at, count).fill(GAP);
      }
      row += count;
      at += count;
    }
  }

  /** Whether a column has a sample or a stale mark in rows [from, to). */
  hasCell(column: number, from: number, to: number): boolean {
    for (let row = from; row < to; row++) {
      const slab = this.#slabs[Math.floor(row / SLAB_ROWS)];
      if (column >= slab.columns) continue;
      const cell = column * SLAB_ROWS + (row % SLAB_ROWS);
      const v = slab.values[cell];
      if (v === v || cellKind(slab.bits, cell) !== CELL_GAP) return true;
    }
    return false;
  }

  #startRow(columns: number): number {
    const at = this.#rowCount % SLAB_ROWS;
    if (at === 0) {
      const free = this.#free.pop();
      this.#slabs.push(free !== undefined && free.columns >= columns ? emptied(free) : makeSlab(columns));
    } else {
      const last = this.#slabs.length - 1;
      const slab = this.#slabs[last];
      if (slab.columns < columns) this.#slabs[last] = widened(slab, columns + (columns >> 4));
    }
    return this.#rowCount;
  }

  #publish(slab: Slab, at: number, t: number): void {
    slab.times[at] = t;
    Atomics.store(slab.published, 0, at + 1);
    this.#rowCount++;
  }
}
