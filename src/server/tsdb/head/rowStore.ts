/** Rows that are not packed yet, in slabs. */
import { CELL_GAP, cellKind, setGap } from '../../../shared/model/sampleBits.ts';
import { slabRows, widened, type Slab, type SlabPool } from './slabs.ts';

export class RowStore {
  readonly #pool: SlabPool;
  #slabs: Slab[] = [];
  /** Rows of each slab, until all rows are cleared. */
  #slabRows = 1;
  #rowCount = 0;
  /** Whether each row is newer than the one before it. */
  #isInOrder = true;

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  get isInOrder(): boolean {
    return this.#isInOrder;
  }

  get bytes(): number {
    return this.#slabs.reduce((sum, slab) => sum + slab.values.byteLength, 0);
  }

  /** Select copies what it reads, so nobody looks at the slabs any more. */
  clear(): void {
    for (const slab of this.#slabs) this.#pool.giveBack(slab);
    this.#slabs = [];
    this.#rowCount = 0;
    this.#isInOrder = true;
  }

  /** A row from `values[from, from + length)`; the other columns have gaps. Gives the count of cells that are none. */
  append(t: number, values: Float64Array, bits: Uint32Array, from: number, length: number): number {
    const at = this.#startRow(t, length);
    const { rows, values: cells, bits: cellBits } = this.#slabs[this.#slabs.length - 1];
    let filled = length;
    for (let c = 0, cell = at; c < length; c++, cell += rows) {
      const v = values[from + c];
      if (v === v) {
        cells[cell] = v;
      } else {
        // A NaN is copied by its words: passing it as a number may change its bits.
        cellBits[2 * cell] = bits[2 * (from + c)];
        cellBits[2 * cell + 1] = bits[2 * (from + c) + 1];
        if (cellKind(cellBits, cell) === CELL_GAP) filled--;
      }
    }
    return filled;
  }

  /** A row of gaps, to be filled by setCell. Gives its index. */
  appendEmpty(t: number, columns: number): number {
    this.#startRow(t, columns);
    return this.#rowCount - 1;
  }

  setCell(row: number, column: number, low: number, high: number): void {
    const slab = this.#slabWith(row, column + 1);
    const cell = column * slab.rows + (row % slab.rows);
    slab.bits[2 * cell] = low;
    slab.bits[2 * cell + 1] = high;
  }

  /** Cells [from, to) into a row; their columns ascend. */
  setCells(row: number, columns: Int32Array, bits: Uint32Array, from: number, to: number): void {
    const { rows, bits: cellBits } = this.#slabWith(row, columns[to - 1] + 1);
    const at = row % rows;
    for (let i = from; i < to; i++) {
      const word = 2 * (columns[i] * rows + at);
      cellBits[word] = bits[2 * i];
      cellBits[word + 1] = bits[2 * i + 1];
    }
  }

  time(row: number): number {
    return this.#slabs[Math.floor(row / this.#slabRows)].times[row % this.#slabRows];
  }

  /** Of rows in order: how many are older than `t`. */
  countBefore(t: number): number {
    let low = 0;
    let high = this.#rowCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.time(middle) < t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The words of a column's cells in rows [from, to), into those of `out` from cell `at` on. A loop: a view of so few cells costs more than copying them. */
  read(column: number, from: number, to: number, out: Uint32Array, at: number): void {
    let row = from;
    let word = 2 * at;
    while (row < to) {
      const index = Math.floor(row / this.#slabRows);
      const { rows, columns, bits } = this.#slabs[index];
      const first = row - index * rows;
      const count = Math.min(to - row, rows - first);
      const end = word + 2 * count;
      if (column < columns) for (let from = 2 * (column * rows + first); word < end;) out[word++] = bits[from++];
      else for (let cell = word / 2; word < end; word += 2) setGap(out, cell++);
      row += count;
    }
  }

  /** Whether a column has a sample or a stale mark in rows [from, to). */
  hasCell(column: number, from: number, to: number): boolean {
    for (let row = from; row < to; row++) {
      const slab = this.#slabs[Math.floor(row / this.#slabRows)];
      if (column >= slab.columns) continue;
      const cell = column * slab.rows + (row % slab.rows);
      const v = slab.values[cell];
      if (v === v || cellKind(slab.bits, cell) !== CELL_GAP) return true;
    }
    return false;
  }

  /** Gives the row's place in the last slab. */
  #startRow(t: number, columns: number): number {
    const rows = slabRows(columns);
    if (this.#rowCount === 0) this.#slabRows = rows;
    else if (rows < this.#slabRows) this.#divide(rows);
    // Divided, the last slab may be full, which it was not before.
    if (this.#rowCount % this.#slabRows > 0) this.#slabWith(this.#rowCount, columns);
    return this.#addRow(t, columns);
  }

  #addRow(t: number, columns: number): number {
    const at = this.#rowCount % this.#slabRows;
    this.#isInOrder &&= this.#rowCount === 0 || this.time(this.#rowCount - 1) < t;
    if (at === 0) this.#slabs.push(this.#pool.take(this.#slabRows, columns));
    this.#slabs[this.#slabs.length - 1].times[at] = t;
    this.#rowCount++;
    return at;
  }

  /** The slab of a row, made wider if it has not so many columns. */
  #slabWith(row: number, columns: number): Slab {
    const slab = this.#slabs[Math.floor(row / this.#slabRows)];
    if (columns <= slab.columns) return slab;
    if (slabRows(columns) < this.#slabRows) this.#divide(slabRows(columns));
    const index = Math.floor(row / this.#slabRows);
    return (this.#slabs[index] = widened(this.#slabs[index], columns, this.#pool));
  }

  /** A target that was down had few columns: its slabs have many rows, which are not to become many rows of many columns. */
  #divide(rows: number): void {
    const [slabs, count] = [this.#slabs, this.#rowCount];
    [this.#slabs, this.#slabRows, this.#rowCount] = [[], rows, 0];
    for (const slab of slabs) {
      for (let row = 0; row < slab.rows && this.#rowCount < count; row++) {
        const at = this.#addRow(slab.times[row], slab.columns);
        const { bits } = this.#slabs[this.#slabs.length - 1];
        for (let c = 0; c < slab.columns; c++) {
          bits[2 * (c * rows + at)] = slab.bits[2 * (c * slab.rows + row)];
          bits[2 * (c * rows + at) + 1] = slab.bits[2 * (c * slab.rows + row) + 1];
        }
      }
      this.#pool.giveBack(slab);
    }
  }
}
