/** When rows leave the slabs for a chunk. */
import { bitsOf, CELL_GAP, cellKind } from '../../../shared/model/sampleBits.ts';
import { LONG_CHUNK_ROWS_MIN } from '../block/joinChunks.ts';
import { Chunk, type UnpackedRows } from '../chunkenc/chunk.ts';
import { packedBytes } from '../chunkenc/packing.ts';
import type { ChunkArena } from './chunkArena.ts';
import type { HeadGroup } from './group.ts';
import { HeadRows } from './headRows.ts';
import { LooseGroup } from './looseGroup.ts';
import type { Packed } from './packed.ts';
import { RestRows } from './restRows.ts';

/**
 * Rows of a chunk of the head. A raw sample takes eight bytes, a packed one about half of one; longer chunks are smaller and cheaper by the
 * sample, but not by much from here on. Blocks join them to long ones.
 */
export const CHUNK_ROWS = 48;
/**
 * Rows are packed so early where all of them take more than this, bytes. Below, as with 2,000 series at 15 s, they stay until their block is written, and are
 * packed once; 40,000 series take as much with chunks of 48 rows. Also what a query copies at most.
 */
export const ROW_BYTES_KEPT = 8 * 1024 * 1024;
/** Rows that wait no longer, however little all take: as many as a block's chunks have at least. */
const WAITING_ROWS_MAX = LONG_CHUNK_ROWS_MIN;
/** Nor do more cells of one group, as all of them are packed in one turn. */
const WAITING_CELLS_MAX = 1 << 17;
/** Of all cells, how many may be packed in one commit before the rest waits for the next ones: twice as many as come with a commit where each has all series. */
export const PACKED_SHARE = 1 / 16;
/** The fewest rows of a group's first chunk. */
const FIRST_ROWS_MIN = 12;
/** The newest rows of a loose group stay unpacked for a while: samples of the same time may still come. */
export const LOOSE_ROWS_KEPT = 4;

/**
 * Packs a group's rows if there are enough. All its logged records must be in.
 *
 * @param mayWait whether there is room for more rows.
 */
export function packWhenFull(group: HeadGroup, arena: ChunkArena, mayWait: boolean): Packed | undefined {
  const kept = group instanceof LooseGroup ? LOOSE_ROWS_KEPT : 0;
  const count = group.rows.rowCount - kept;
  group.packAt ||= firstRows(group.ref);
  if (count < (mayWait ? waitingRows(group) : group.packAt)) return undefined;
  group.packAt = CHUNK_ROWS;
  return packOldest(group, count, arena);
}

/** Packs all rows of a group, however few. */
export function packAll(group: HeadGroup, arena: ChunkArena): Packed | undefined {
  if (group.rows.rowCount === 0) return undefined;
  group.packAt = 0;
  return packOldest(group, group.rows.rowCount, arena);
}

/** Puts the samples of a chunk into rows again: what stayed unpacked was logged so before version 4. */
export function unpackInto(group: LooseGroup, chunk: Chunk): void {
  for (const column of chunk.columns) {
    const cells = chunk.cells(column)!;
    const bits = bitsOf(cells);
    const histograms = chunk.histograms(column);
    for (let i = 0; i < cells.length; i++) {
      if (cellKind(bits, i) === CELL_GAP) continue;
      const row = group.setSample(column, chunk.times[i], bits[2 * i], bits[2 * i + 1]);
      const h = histograms?.get(i);
      if (row >= 0 && h !== undefined) group.setHistogram(row, column, h);
    }
  }
}

/** Groups that begin together, at the start or after a flush, are not to be full together for ever: each row fills as many of them as any other. */
function firstRows(ref: number): number {
  return FIRST_ROWS_MIN + ((23 * ref) % CHUNK_ROWS);
}

/** Rows of a group that may wait. */
function waitingRows({ columnCount, packAt }: HeadGroup): number {
  return Math.max(packAt, Math.min(WAITING_ROWS_MAX, WAITING_CELLS_MAX / columnCount));
}

function packOldest(group: HeadGroup, count: number, arena: ChunkArena): Packed {
  const rows = new HeadRows(group);
  const chunk = new Chunk(arena.keep(packedBytes(stretchOf(group, rows, 0, count))));
  const rest = count < rows.times.length ? RestRows.of(rows, group.columnCount, count) : undefined;
  group.clearRows();
  rest?.putInto(group as LooseGroup);
  group.chunks.push(chunk);
  const from = group.packedTo + 1;
  group.packedTo = group.logState.sequence;
  // Its next record is to be read without the ones before it.
  group.logState.epoch = -1;
  return { group, chunk, from, to: group.packedTo, rest };
}

function stretchOf(group: HeadGroup, rows: HeadRows, from: number, to: number): UnpackedRows {
  // A view for each column would cost as much as reading it.
  let stretch: Float64Array | undefined;
  return {
    times: rows.times.subarray(from, to),
    columnCount: group.columnCount,
    cells: (column) => {
      const cells = rows.readColumn(column);
      return (stretch ??= cells.subarray(from, to));
    },
    histograms: (column) => rows.columnHistograms(column, from, to),
    joinsBelow: (column) => group.joinsBelow(column),
  };
}
