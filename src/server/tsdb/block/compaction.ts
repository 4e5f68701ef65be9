/** Which blocks become one, and what is in it. Chunks are taken over as they are; nothing is decoded. */
import type { SeriesRef } from '../../storage/appender.ts';
import type { SeriesTable } from '../index/seriesTable.ts';
import type { Block, BlockGroup } from './block.ts';
import type { BlockGroupContent, ChunkContent } from './blockWriter.ts';

/** Blocks of two hours that become one of a day. */
export const BLOCKS_MERGED = 12;
/** A block that spans less is small. */
export const SMALL_BLOCK_MS = 12 * 3_600_000;
/** Small blocks that take more together stay as they are: merging them would read and write for long. */
export const MERGED_BYTES_MAX = 512 * 1024 * 1024;

/** The oldest run of neighbouring small blocks that is long enough. */
export function pickToMerge(blocks: readonly Block[], bytesMax: number): readonly Block[] | undefined {
  let run: Block[] = [];
  for (const block of blocks) {
    if (block.maxTime - block.minTime < SMALL_BLOCK_MS) run.push(block);
    else run = [];
    if (run.length < BLOCKS_MERGED) continue;
    if (run.reduce((sum, { size }) => sum + size, 0) <= Math.min(bytesMax, MERGED_BYTES_MAX)) return run;
    run = run.slice(1);
  }
  return undefined;
}

interface MergedGroup {
  readonly group: BlockGroup;
  sequence: number;
  readonly refs: Map<number, SeriesRef>;
  readonly chunks: ChunkContent[];
}

/** The groups of several blocks, oldest first. Groups of one name are joined where a column is the same series in both. */
export function mergeBlocks(blocks: readonly Block[], series: SeriesTable): BlockGroupContent[] {
  const merged: MergedGroup[] = [];
  const byName = new Map<string, MergedGroup[]>();
  for (const block of blocks) {
    for (const group of block.groups) {
      const name = `${group.kind} ${group.key}`;
      const sameName = byName.get(name) ?? [];
      byName.set(name, sameName);
      let home = sameName.at(-1);
      if (home === undefined || !agrees(home, group)) {
        home = { group, sequence: 0, refs: new Map(), chunks: [] };
        sameName.push(home);
        merged.push(home);
      }
      join(home, block, group);
    }
  }
  return merged.map(({ group, sequence, refs, chunks }) => ({
    kind: group.kind,
    key: group.key,
    sequence,
    columns: [...refs].sort((a, b) => a[0] - b[0]).map(([column, ref]) => [column, series.labels(ref)] as const),
    chunks,
  }));
}

function agrees({ refs }: MergedGroup, group: BlockGroup): boolean {
  return group.columns.every((column, i) => (refs.get(column) ?? group.refs[i]) === group.refs[i]);
}

function join(home: MergedGroup, block: Block, group: BlockGroup): void {
  home.sequence = Math.max(home.sequence, group.sequence);
  group.columns.forEach((column, i) => home.refs.set(column, group.refs[i]));
  for (const chunk of group.chunks) home.chunks.push({ ...chunk, read: () => block.chunkBytes(chunk) });
}
