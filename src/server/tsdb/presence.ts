/**
 * Which series have samples in a range, as runs of refs: an answer in milliseconds for a million of them. Series of a group come and go together,
 * so a group is a few runs, and those of blocks and packed chunks never change. Deleted samples are not looked at.
 */
import type { SeriesRef } from '../storage/appender.ts';
import type { TimeRange } from '../storage/queryable.ts';
import type { BlockSet } from './block/blockSet.ts';
import type { Chunk } from './chunkenc/chunk.ts';
import { NO_SERIES, type HeadGroup } from './head/group.ts';
import type { Head } from './head/head.ts';
import { runsOf, union, type RefRuns } from './index/refRuns.ts';

/** What unpacked rows of a group hold; cells come to them, and none goes before all are packed. */
interface RowsSeen {
  /** Changes when rows are packed. */
  readonly packedTo: number;
  /** By column: 1 where any row has a cell. */
  columns: Uint8Array;
  seen: number;
  runs: RefRuns;
}

export class Presence {
  readonly #head: Head;
  readonly #blocks: BlockSet;
  readonly #ofBlocks = new WeakMap<Uint32Array, RefRuns>();
  readonly #ofChunks = new WeakMap<Chunk, RefRuns>();
  readonly #ofRows = new WeakMap<HeadGroup, RowsSeen>();

  constructor(head: Head, blocks: BlockSet) {
    this.#head = head;
    this.#blocks = blocks;
  }

  /** Of blocks and packed chunks, series are found whose group has samples in the range. */
  of({ minTime, maxTime }: TimeRange): RefRuns {
    const sets = new Set<RefRuns>();
    const overlaps = (stored: TimeRange) => stored.minTime <= maxTime && stored.maxTime >= minTime;
    for (const [, { refs, chunks }] of this.#blocks.groupsIn(minTime, maxTime))
      if (chunks.some(overlaps)) sets.add(kept(this.#ofBlocks, refs, () => ascendingRuns(refs)));
    for (const group of this.#head.groups) {
      if (group === undefined) continue;
      for (const chunk of group.chunks) if (overlaps(chunk)) sets.add(this.#ofChunk(group, chunk));
      if (group.rows.rowCount > 0) sets.add(this.#rowsIn(group, { minTime, maxTime }));
    }
    return union([...sets]);
  }

  #ofChunk({ refs }: HeadGroup, chunk: Chunk): RefRuns {
    return kept(this.#ofChunks, chunk, () => ascendingRuns(Uint32Array.from(chunk.columns, (column) => refs[column])));
  }

  #rowsIn(group: HeadGroup, { minTime, maxTime }: TimeRange): RefRuns {
    const { rows, refs } = group;
    const first = rows.isInOrder ? rows.countBefore(minTime) : 0;
    const end = rows.isInOrder ? rows.countBefore(maxTime + 1) : rows.rowCount;
    const inRange: number[] = [];
    // From the newest on: it has most of the columns.
    for (let row = end - 1; row >= first; row--)
      if (rows.time(row) >= minTime && rows.time(row) <= maxTime) inRange.push(row);
    if (inRange.length === rows.rowCount) return this.#allRows(group);
    const found = new Uint8Array(refs.length);
    let seen = 0;
    for (let i = 0; i < inRange.length && seen < refs.length; i++) seen += markRow(group, inRange[i], found);
    return ascendingRuns(refs.filter((_, column) => found[column] === 1));
  }

  #allRows(group: HeadGroup): RefRuns {
    const { rows, refs, packedTo } = group;
    let known = this.#ofRows.get(group);
    if (known?.packedTo !== packedTo) {
      known = { packedTo, columns: new Uint8Array(refs.length), seen: 0, runs: new Uint32Array(0) };
      this.#ofRows.set(group, known);
    }
    if (known.columns.length < refs.length) {
      const grown = new Uint8Array(refs.length);
      grown.set(known.columns);
      known.columns = grown;
    }
    if (known.seen === refs.length) return known.runs;
    let seen = known.seen;
    for (let row = rows.rowCount - 1; row >= 0 && seen < refs.length; row--) seen += markRow(group, row, known.columns);
    if (seen === known.seen) return known.runs;
    const { columns } = known;
    known.seen = seen;
    return (known.runs = ascendingRuns(refs.filter((_, column) => columns[column] === 1)));
  }
}

/** Marks the columns with a cell in a row that are not marked yet, and counts them. */
function markRow({ rows }: HeadGroup, row: number, marked: Uint8Array): number {
  let count = 0;
  for (let column = 0; column < marked.length; column++) {
    if (marked[column] === 1 || !rows.hasCell(column, row, row + 1)) continue;
    marked[column] = 1;
    count++;
  }
  return count;
}

function kept<K extends object>(cache: WeakMap<K, RefRuns>, key: K, make: () => RefRuns): RefRuns {
  let runs = cache.get(key);
  if (runs === undefined) cache.set(key, (runs = make()));
  return runs;
}

/** Columns whose series is not known count for nothing. */
function ascendingRuns(refs: Uint32Array): RefRuns {
  return runsOf(refs.filter((ref) => ref !== NO_SERIES).sort() as Iterable<SeriesRef>);
}
