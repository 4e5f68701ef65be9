/** Cells of a few rows of a chunk at which queries look again and again, as several instant ones at the same time do: decoding them takes whole strides. */
import type { Chunk } from './chunkenc/chunk.ts';

/** Wider windows are decoded each time. */
export const WINDOW_ROWS_MAX = 64;
/** Room that is made at first. */
const COLUMNS_MIN = 8;
/** Places begin anew above it. */
const BASE_MAX = 2 ** 30;

export class WindowCells {
  /** Rows [from, to) of all columns that were asked for. */
  #from = 0;
  #to = 0;
  /** One column after the other, as they came. */
  #cells = new Float64Array(0);
  #count = 0;
  /** By column: its place among them, from 1 on, above `#base`; what is not above it is of an earlier window. */
  readonly #places: Int32Array;
  #base = 0;

  constructor({ columns }: Pick<Chunk, 'columns'>) {
    this.#places = new Int32Array((columns.at(-1) ?? -1) + 1);
  }

  get bytes(): number {
    return this.#cells.byteLength + this.#places.byteLength;
  }

  /** Writes rows [from, to) of a column into `out`, from `at` on; false where they are not here. */
  copy(column: number, from: number, to: number, out: Float64Array, at: number): boolean {
    if (from < this.#from || to > this.#to || !(this.#places[column] > this.#base)) return false;
    const cells = this.#cells;
    const first = (this.#places[column] - this.#base - 1) * (this.#to - this.#from) + from - this.#from;
    for (let i = 0; i < to - from; i++) out[at + i] = cells[first + i];
    return true;
  }

  /**
   * Takes rows [from, to) of a column, at most WINDOW_ROWS_MAX, which begin `cells`. Those of another window are forgotten.
   *
   * @param column without gaps and marks: these are told apart by bits, and read each time.
   * @param hasRoom whether there may be more cells.
   */
  keep(column: number, from: number, to: number, cells: Float64Array, hasRoom: () => boolean): void {
    if (from !== this.#from || to !== this.#to) this.#moveTo(from, to);
    if (this.#places[column] > this.#base) return;
    const first = this.#count * (to - from);
    if (first + to - from > this.#cells.length) {
      if (!hasRoom()) return;
      this.#grow(to - from);
    }
    const kept = this.#cells;
    for (let i = 0; i < to - from; i++) kept[first + i] = cells[i];
    this.#places[column] = this.#base + ++this.#count;
  }

  #grow(width: number): void {
    const columns = Math.min(this.#places.length, COLUMNS_MIN + 2 * this.#count);
    const cells = new Float64Array(columns * width);
    cells.set(this.#cells.subarray(0, this.#count * width));
    this.#cells = cells;
  }

  #moveTo(from: number, to: number): void {
    // A chunk may have many columns, and each be read at two places in turns: nothing is done for all of them.
    this.#base += this.#count;
    if (this.#base > BASE_MAX) {
      this.#places.fill(0);
      this.#base = 0;
    }
    this.#count = 0;
    this.#from = from;
    this.#to = to;
  }
}
