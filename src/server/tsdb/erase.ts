/** Taking deleted samples out of cells, chunks and the groups of a block that is about to be written. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { Labels } from '../../shared/model/labels.ts';
import { bitsOf, CELL_GAP, cellKind, fillGaps } from '../../shared/model/sampleBits.ts';
import type { BlockGroupContent, ChunkContent } from './block/blockWriter.ts';
import { Chunk, packRows } from './chunkenc/chunk.ts';
import { eraseCells, isDeleted } from './deletedCells.ts';
import { isNextBucket } from './index/nextBucket.ts';
import type { DeletedRanges } from './tombstones.ts';

/** What is deleted of the series with these labels. */
export type DeletedOf = (labels: Labels) => DeletedRanges | undefined;

/**
 * The groups without what is deleted; groups of which nothing is left are left out. A chunk is erased twice, to learn its size and when it is
 * written, so that only one at a time is in memory.
 */
export async function eraseGroups(
  groups: readonly BlockGroupContent[],
  deletedOf: DeletedOf,
): Promise<BlockGroupContent[]> {
  const left: BlockGroupContent[] = [];
  for (const group of groups) {
    const erased = await eraseGroup(group, deletedOf);
    if (erased !== undefined) left.push(erased);
  }
  return left;
}

/** Whether anything of a group is deleted. */
export function isTouched({ columns, chunks }: BlockGroupContent, deletedOf: DeletedOf): boolean {
  return columns.some(([, labels]) => {
    const ranges = deletedOf(labels);
    return ranges !== undefined && chunks.some((chunk) => touches(ranges, chunk));
  });
}

async function eraseGroup(group: BlockGroupContent, deletedOf: DeletedOf): Promise<BlockGroupContent | undefined> {
  if (!isTouched(group, deletedOf)) return group;
  const labels = new Map(group.columns);
  const deleted = new Map<number, DeletedRanges>();
  for (const [column, columnLabels] of group.columns) {
    const ranges = deletedOf(columnLabels);
    if (ranges !== undefined) deleted.set(column, ranges);
  }
  const joinsBelow = (column: number) => {
    const [below, here] = [labels.get(column - 1), labels.get(column)];
    return below !== undefined && here !== undefined && isNextBucket(below, here);
  };
  const left = new Set<number>();
  const chunks: ChunkContent[] = [];
  for (const chunk of group.chunks) {
    const erased = () => eraseChunk(new Chunk(chunk.read()), deleted, joinsBelow);
    const isErased = [...deleted.values()].some((ranges) => touches(ranges, chunk));
    const kept = isErased ? erased() : new Chunk(chunk.read());
    // Erasing a large block would keep everything else waiting.
    await new Promise((resolve) => setImmediate(resolve));
    if (kept === undefined) continue;
    for (const column of kept.columns) left.add(column);
    chunks.push(isErased ? contentOf(kept, () => erased()!.bytes) : chunk);
  }
  if (chunks.length === 0) return undefined;
  return { ...group, columns: group.columns.filter(([column]) => left.has(column)), chunks };
}

/** What is written of a chunk. `read` gives the same bytes, now or later. */
export function contentOf({ bytes, rowCount, minTime, maxTime }: Chunk, read: () => Uint8Array): ChunkContent {
  return { size: bytes.length, rowCount, minTime, maxTime, read };
}

/** The chunk without the deleted cells, and without rows that have none then; undefined if no row is left. */
export function eraseChunk(
  chunk: Chunk,
  deleted: ReadonlyMap<number, DeletedRanges>,
  joinsBelow: (column: number) => boolean,
): Chunk | undefined {
  const { times } = chunk;
  const cellsOf = (column: number): Float64Array | undefined => {
    const cells = chunk.cells(column);
    const ranges = deleted.get(column);
    if (cells === undefined || ranges === undefined) return cells;
    return eraseCells(times, cells, ranges) ? cells : undefined;
  };
  const isKept = new Uint8Array(times.length);
  for (const column of chunk.columns) {
    const cells = cellsOf(column);
    if (cells === undefined) continue;
    const bits = bitsOf(cells);
    for (let row = 0; row < times.length; row++) if (cellKind(bits, row) !== CELL_GAP) isKept[row] = 1;
  }
  const rows = Int32Array.from(times.keys()).filter((row) => isKept[row] === 1);
  if (rows.length === 0) return undefined;
  const gaps = new Float64Array(times.length);
  fillGaps(gaps);
  const picked = new Float64Array(rows.length);
  return packRows({
    times: Float64Array.from(rows, (row) => times[row]),
    columnCount: (chunk.columns.at(-1) ?? -1) + 1,
    cells: (column) => pick(cellsOf(column) ?? gaps, rows, picked),
    histograms: (column) => pickHistograms(chunk.histograms(column), times, rows, deleted.get(column)),
    joinsBelow,
  });
}

/** Bit for bit: a NaN keeps its payload. */
function pick(cells: Float64Array, rows: Int32Array, picked: Float64Array): Float64Array {
  const from = new BigUint64Array(cells.buffer, cells.byteOffset, cells.length);
  const to = new BigUint64Array(picked.buffer);
  for (let i = 0; i < rows.length; i++) to[i] = from[rows[i]];
  return picked;
}

function pickHistograms(
  samples: ReadonlyMap<number, NativeHistogram> | undefined,
  times: Float64Array,
  rows: Int32Array,
  ranges: DeletedRanges = [],
): ReadonlyMap<number, NativeHistogram> | undefined {
  if (samples === undefined) return undefined;
  const picked = new Map<number, NativeHistogram>();
  rows.forEach((row, i) => {
    const h = samples.get(row);
    if (h !== undefined && !isDeleted(times[row], ranges)) picked.set(i, h);
  });
  return picked.size > 0 ? picked : undefined;
}

function touches(ranges: DeletedRanges, stored: { readonly minTime: number; readonly maxTime: number }): boolean {
  return ranges.some(({ minTime, maxTime }) => minTime <= stored.maxTime && maxTime >= stored.minTime);
}
