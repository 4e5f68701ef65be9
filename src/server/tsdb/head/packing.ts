/** When rows leave the slabs for a chunk. */
import { bitsOf, CELL_GAP, cellKind } from '../../../shared/model/sampleBits.ts';
import { packRows, type Chunk } from '../chunkenc/chunk.ts';
import type { HeadGroup } from './group.ts';
import { HeadRows } from './headRows.ts';
import { LooseGroup } from './looseGroup.ts';

/** Rows of a full chunk: an hour at 15 s. */
export const CHUNK_ROWS = 240;
/** The newest rows of a loose group stay unpacked for a while: samples of the same time may still come. */
export const LOOSE_ROWS_KEPT = 16;

/** Packs a group's rows if there are enough; gives the new chunk. */
export function packWhenFull(group: HeadGroup): Chunk | undefined {
  const needed = group instanceof LooseGroup ? CHUNK_ROWS + LOOSE_ROWS_KEPT : CHUNK_ROWS;
  return group.rows.rowCount < needed ? undefined : packOldest(group, CHUNK_ROWS);
}

/** Packs all rows of a group, however few; gives the new chunk. */
export function packAll(group: HeadGroup): Chunk | undefined {
  return group.rows.rowCount === 0 ? undefined : packOldest(group, group.rows.rowCount);
}

function packOldest(group: HeadGroup, count: number): Chunk {
  const rows = new HeadRows(group);
  const chunk = packRows({
    times: rows.times.subarray(0, count),
    columnCount: group.columnCount,
    cells: (column) => rows.readColumn(column).subarray(0, count),
    histograms: (column) => firstRows(rows.columnHistograms(column), count),
    joinsBelow: (column) => group.joinsBelow(column),
  });
  const kept = rows.times.length > count ? takeRows(group, rows, count) : [];
  group.clearRows();
  for (const put of kept) put();
  group.chunks.push(chunk);
  return chunk;
}

/** What puts the rows from `from` on into the cleared group again. */
function takeRows(group: HeadGroup, rows: HeadRows, from: number): (() => void)[] {
  if (!(group instanceof LooseGroup)) throw new Error('rows of a scrape are packed together');
  const puts: (() => void)[] = [];
  for (let column = 0; column < group.columnCount; column++) {
    const bits = bitsOf(rows.readColumn(column));
    const histograms = rows.columnHistograms(column);
    for (let i = from; i < rows.times.length; i++) {
      if (cellKind(bits, i) === CELL_GAP) continue;
      const [t, low, high, h] = [rows.times[i], bits[2 * i], bits[2 * i + 1], histograms?.get(i)];
      puts.push(() => {
        const row = group.setSample(column, t, low, high);
        if (h !== undefined) group.setHistogram(row, column, h);
      });
    }
  }
  return puts;
}

function firstRows<T>(samples: ReadonlyMap<number, T> | undefined, count: number): ReadonlyMap<number, T> | undefined {
  if (samples === undefined) return undefined;
  const first = new Map([...samples].filter(([row]) => row < count));
  return first.size > 0 ? first : undefined;
}
