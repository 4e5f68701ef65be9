/** The chunks of blocks that were used last, checked and with their directories read. */
import type { Chunk } from '../chunkenc/chunk.ts';

export const CHUNK_CACHE_BYTES_MAX = 16 * 1024 * 1024;

export class ChunkCache {
  /** Least recently used first. */
  readonly #chunks = new Map<string, Chunk>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string, load: () => Chunk): Chunk {
    const known = this.#chunks.get(key);
    if (known !== undefined) {
      this.#chunks.delete(key);
      this.#chunks.set(key, known);
      return known;
    }
    const chunk = load();
    this.#chunks.set(key, chunk);
    this.#bytes += sizeOf(chunk);
    for (const [oldest, { bytes }] of this.#chunks) {
      if (this.#bytes <= CHUNK_CACHE_BYTES_MAX || bytes === chunk.bytes) break;
      this.#bytes -= sizeOf(this.#chunks.get(oldest)!);
      this.#chunks.delete(oldest);
    }
    return chunk;
  }
}

/** Payload, directory and times. */
function sizeOf(chunk: Chunk): number {
  return chunk.bytes.length + 12 * chunk.columns.length + 16 * chunk.rowCount;
}
