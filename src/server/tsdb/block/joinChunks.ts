/** Chunks of a group into longer ones, without what is deleted. One column at a time is unpacked. */
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import { bitsOf, CELL_GAP, cellKind, fillGaps } from '../../../shared/model/sampleBits.ts';
import type { Chunk } from '../chunkenc/chunk.ts';
import { packRows, type UnpackedRows } from '../chunkenc/chunk.ts';
import { eraseRanges, isDeleted } from '../deletedCells.ts';
import { isNextBucket } from '../index/nextBucket.ts';
import { firstNotBelow } from '../../../shared/model/sortedNumbers.ts';
import type { DeletedRanges } from '../tombstones.ts';

/** Rows of a long chunk: eight hours at 15 s. */
export const LONG_CHUNK_ROWS_MAX = 2048;
/** A wide group's chunks have fewer rows, so that reading one series does not read too much beside it; but not fewer than these. */
const LONG_CHUNK_CELLS_MAX = 1 << 21;
export const LONG_CHUNK_ROWS_MIN = 480;

export type DeletedColumns = ReadonlyMap<number, DeletedRanges>;

/** Runs of neighbouring chunks that become one each. */
export function batchesOf<C extends { readonly rowCount: number }>(chunks: readonly C[], columns: number): C[][] {
  const rowsMax = Math.max(LONG_CHUNK_ROWS_MIN, Math.min(LONG_CHUNK_ROWS_MAX, LONG_CHUNK_CELLS_MAX / columns));
  const batches: C[][] = [];
  let rows = Infinity;
  for (const chunk of chunks) {
    if (rows + chunk.rowCount > rowsMax) {
      batches.push([]);
      rows = 0;
    }
    batches.at(-1)!.push(chunk);
    rows += chunk.rowCount;
  }
  return batches;
}

/** By column: whether it is the next larger bucket of the histogram that the column before it belongs to. */
export function bucketJoins(columns: Int32Array, labels: readonly Labels[]): (column: number) => boolean {
  const joins = new Set<number>();
  for (let i = 1; i < columns.length; i++) {
    if (columns[i] === columns[i - 1] + 1 && isNextBucket(labels[i - 1], labels[i])) joins.add(columns[i]);
  }
  return (column) => joins.has(column);
}

/** One chunk of all rows; where two have a sample of a series at the same time, the earlier chunk's stands. Undefined if nothing is left. */
export function joinChunks(
  chunks: readonly Chunk[],
  deleted: DeletedColumns,
  joinsBelow: (column: number) => boolean,
): Chunk | undefined {
  const rows = new JoinedRows(chunks, deleted, joinsBelow);
  return rows.times.length === 0 ? undefined : packRows(rows);
}

interface Part {
  readonly chunk: Chunk;
  /** Row in the joined chunk of each row of this one; -1 for one that is left out. */
  readonly rows: Int32Array;
  /** The rows follow each other from this one on, and no other chunk has any among them. Negative where that is not so. */
  readonly offset: number;
}

class JoinedRows implements UnpackedRows {
  readonly times: Float64Array;
  readonly columnCount: number;
  readonly #parts: readonly Part[];
  readonly #deleted: DeletedColumns;
  readonly #cells: Float64Array;
  readonly #joinsBelow: (column: number) => boolean;

  constructor(chunks: readonly Chunk[], deleted: DeletedColumns, joinsBelow: (column: number) => boolean) {
    this.#deleted = deleted;
    this.#joinsBelow = joinsBelow;
    const kept = chunks.map((chunk) => keptRows(chunk, deleted));
    this.times = mergedTimes(chunks, kept);
    this.columnCount = chunks.reduce((count, { columns }) => Math.max(count, (columns.at(-1) ?? -1) + 1), 0);
    this.#parts = chunks.map((chunk, i) => {
      const isApart = chunks.every((other) => other === chunk || !overlap(chunk, other));
      return partOf(chunk, kept[i], this.times, isApart);
    });
    this.#cells = new Float64Array(this.times.length);
  }

  joinsBelow(column: number): boolean {
    return this.#joinsBelow(column);
  }

  cells(column: number): Float64Array {
    const cells = this.#cells;
    const bits = bitsOf(cells);
    const ranges = this.#deleted.get(column);
    fillGaps(cells);
    for (const { chunk, rows, offset } of this.#parts) {
      if (offset >= 0) {
        chunk.read(column, 0, chunk.rowCount, cells, offset);
        continue;
      }
      const own = chunk.cells(column);
      if (own !== undefined) mergeCells(own, rows, cells, bits);
    }
    if (ranges !== undefined) eraseRanges(this.times, bits, ranges);
    return cells;
  }

  histograms(column: number): ReadonlyMap<number, NativeHistogram> | undefined {
    const ranges = this.#deleted.get(column) ?? [];
    const samples = new Map<number, NativeHistogram>();
    for (const { chunk, rows } of this.#parts) {
      for (const [row, h] of chunk.histograms(column) ?? []) {
        const t = chunk.times[row];
        if (rows[row] >= 0 && !isDeleted(t, ranges) && this.#isFirst(chunk, column, t)) samples.set(rows[row], h);
      }
    }
    return samples.size > 0 ? samples : undefined;
  }

  /** Whether no earlier chunk has a sample of the column at this time. */
  #isFirst(chunk: Chunk, column: number, t: number): boolean {
    for (const { chunk: earlier } of this.#parts) {
      if (earlier === chunk) return true;
      const row = firstNotBelow(earlier.times, t);
      if (earlier.times[row] !== t) continue;
      const cell = new Float64Array(1);
      if (earlier.read(column, row, row + 1, cell, 0) && cellKind(bitsOf(cell), 0) !== CELL_GAP) return false;
    }
    return true;
  }
}

/** Rows that have any cell left, as ones; undefined for all. */
function keptRows(chunk: Chunk, deleted: DeletedColumns): Uint8Array | undefined {
  const isTouched = [...deleted.values()].some((ranges) => touches(ranges, chunk));
  if (!isTouched) return undefined;
  const { times, columns } = chunk;
  const isKept = new Uint8Array(times.length);
  for (const column of columns) {
    const bits = bitsOf(chunk.cells(column)!);
    const ranges = deleted.get(column);
    if (ranges !== undefined) eraseRanges(times, bits, ranges);
    for (let row = 0; row < times.length; row++) if (cellKind(bits, row) !== CELL_GAP) isKept[row] = 1;
  }
  return isKept;
}

export function touches(
  ranges: DeletedRanges,
  stored: { readonly minTime: number; readonly maxTime: number },
): boolean {
  return ranges.some(({ minTime, maxTime }) => minTime <= stored.maxTime && maxTime >= stored.minTime);
}

function mergedTimes(chunks: readonly Chunk[], kept: readonly (Uint8Array | undefined)[]): Float64Array {
  const all: number[] = [];
  chunks.forEach(({ times }, i) => {
    for (let row = 0; row < times.length; row++) if (kept[i]?.[row] !== 0) all.push(times[row]);
  });
  const sorted = Float64Array.from(all).sort();
  return sorted.filter((t, i) => i === 0 || t !== sorted[i - 1]);
}

function overlap(a: Chunk, b: Chunk): boolean {
  return a.minTime <= b.maxTime && b.minTime <= a.maxTime;
}

function partOf(chunk: Chunk, kept: Uint8Array | undefined, times: Float64Array, isApart: boolean): Part {
  const rows = new Int32Array(chunk.rowCount).fill(-1);
  const offset = firstNotBelow(times, chunk.minTime);
  for (let i = 0, row = offset; i < rows.length; i++) {
    if (kept?.[i] === 0) continue;
    while (times[row] < chunk.times[i]) row++;
    rows[i] = row;
  }
  return { chunk, rows, offset: isApart && kept === undefined ? offset : -1 };
}

function mergeCells(own: Float64Array, rows: Int32Array, cells: Float64Array, bits: Uint32Array): void {
  const ownBits = bitsOf(own);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (row < 0 || cellKind(ownBits, i) === CELL_GAP || cellKind(bits, row) !== CELL_GAP) continue;
    if (own[i] === own[i]) cells[row] = own[i];
    else {
      bits[2 * row] = ownBits[2 * i];
      bits[2 * row + 1] = ownBits[2 * i + 1];
    }
  }
}
