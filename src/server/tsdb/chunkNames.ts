/** What chunks in memory are called where they are sent or kept: the same name for as long as they are there. */
import type { PackedChunk } from '../storage/queryable.ts';
import type { Chunk } from './chunkenc/chunk.ts';

const names = new WeakMap<Chunk, { readonly id: string; readonly number: number }>();
let nextNumber = 1;

/** Of the chunk that is named next. */
export const nextChunkNumber = () => nextNumber;

export function packedChunk(chunk: Chunk): PackedChunk {
  let named = names.get(chunk);
  if (named === undefined) names.set(chunk, (named = { id: `head ${nextNumber}`, number: nextNumber++ }));
  return { ...named, rowCount: chunk.rowCount, bytes: chunk.bytes };
}
