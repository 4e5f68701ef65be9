/** What packing makes of the oldest rows of a group. */
import type { Chunk } from '../chunkenc/chunk.ts';
import type { HeadGroup } from './group.ts';
import type { RestRows } from './restRows.ts';

/** Rows that became a chunk, by the log's count of the group's records. */
export interface Packed {
  readonly group: HeadGroup;
  readonly chunk: Chunk;
  /** Records [from, to] are in the chunk and in `rest`. */
  readonly from: number;
  readonly to: number;
  /** What stays unpacked; undefined where nothing does. */
  readonly rest: RestRows | undefined;
}
