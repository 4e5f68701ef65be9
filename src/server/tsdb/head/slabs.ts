/**
 * Slabs: some rows of a group, column after column, in shared memory. Rows stay in them until there are enough for a chunk, so slabs come and
 * go all the time; the free ones wait in a pool for the next group of their size.
 *
 * ```
 *              row 0 … row n | row 0 … row n | …
 *   slab:      column 0      | column 1      | …        times: row 0 … row n
 * ```
 */
import { fillGaps } from '../../../shared/model/sampleBits.ts';

/** Rows of a slab of many columns: few, so that one that has just begun wastes little. */
const WIDE_SLAB_ROWS = 12;
/** Rows of a slab of few columns: as many as a chunk has, so that there are not many slabs. */
const NARROW_SLAB_ROWS = 48;
const NARROW_COLUMNS_MAX = 32;
/**
 * Free slabs are kept up to this, and up to a share of the bytes of those in use: groups give their slabs back together and take new ones one by one,
 * and a slab that is let go costs memory until the next collection of old objects, which may be minutes away.
 */
const FREE_SLAB_BYTES_MIN = 4 * 1024 * 1024;
const FREE_SLAB_SHARE = 1 / 4;

export interface Slab {
  /** Rows there is room for. */
  readonly rows: number;
  /** Columns there is room for; columns beyond have gaps in all rows of the slab. */
  readonly columns: number;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly bits: Uint32Array;
}

/** Rows of the slabs of a group that has so many columns. */
export function slabRows(columns: number): number {
  return columns <= NARROW_COLUMNS_MAX ? NARROW_SLAB_ROWS : WIDE_SLAB_ROWS;
}

export class SlabPool {
  /** By rows and columns, those last that were given back or taken last. */
  readonly #free = new Map<string, Slab[]>();
  #freeBytes = 0;
  #usedBytes = 0;

  /** Of the slabs that were taken. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** A slab of gaps. */
  take(rows: number, columns: number): Slab {
    const room = roundedUp(columns);
    this.#usedBytes += 8 * rows * room;
    const slab = this.#listOf(rows, room).pop();
    if (slab === undefined) return makeSlab(rows, room);
    this.#freeBytes -= slab.values.byteLength;
    fillGaps(slab.values);
    return slab;
  }

  /** Takes a slab that nobody looks at any more. */
  giveBack(slab: Slab): void {
    this.#usedBytes -= slab.values.byteLength;
    this.#freeBytes += slab.values.byteLength;
    this.#listOf(slab.rows, slab.columns).push(slab);
    const most = Math.max(FREE_SLAB_BYTES_MIN, FREE_SLAB_SHARE * this.#usedBytes);
    while (this.#freeBytes > most) this.#letGo();
  }

  /** The free slabs of a size, which is the last one to be let go of from now on. */
  #listOf(rows: number, columns: number): Slab[] {
    const size = `${rows} ${columns}`;
    const list = this.#free.get(size) ?? [];
    this.#free.delete(size);
    this.#free.set(size, list);
    return list;
  }

  /** One of the size that nobody has asked for longest. */
  #letGo(): void {
    for (const [size, list] of this.#free) {
      const slab = list.pop();
      if (slab === undefined) {
        this.#free.delete(size);
        continue;
      }
      this.#freeBytes -= slab.values.byteLength;
      return;
    }
  }
}

/** A slab with room for more columns and the same rows. */
export function widened(slab: Slab, columns: number, pool: SlabPool): Slab {
  const wide = pool.take(slab.rows, columns);
  wide.times.set(slab.times);
  wide.bits.set(slab.bits);
  pool.giveBack(slab);
  return wide;
}

/** One of few sizes, an eighth apart, so that groups find each other's slabs. */
function roundedUp(columns: number): number {
  if (columns <= 8) return 8;
  const step = 2 ** (Math.floor(Math.log2(columns)) - 3);
  return Math.ceil(columns / step) * step;
}

function makeSlab(rows: number, columns: number): Slab {
  const cells = rows * columns;
  const memory = new SharedArrayBuffer(8 * (rows + cells));
  const slab = {
    rows,
    columns,
    times: new Float64Array(memory, 0, rows),
    values: new Float64Array(memory, 8 * rows, cells),
    bits: new Uint32Array(memory, 8 * rows, 2 * cells),
  };
  fillGaps(slab.values);
  return slab;
}
