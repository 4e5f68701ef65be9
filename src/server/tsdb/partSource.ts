/** A part of a packed select as rows that can be read: a chunk, opened once and kept while it is in use, or rows that lie open. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { PackedChunk, PackedPart } from '../storage/queryable.ts';
import { readChunkBytes } from './block/chunkBytes.ts';
import { Chunk } from './chunkenc/chunk.ts';

/** Chunks kept by a thread that reads packed selects: bytes, directories and room to decode one column. */
export const PACKED_CHUNKS_BYTES_MAX = 64 * 1024 * 1024;

export interface PartSource {
  /** Strictly ascending. */
  readonly times: Float64Array;
  /** Whether any column may have native histograms. */
  readonly hasHistograms: boolean;
  /** Writes the cells of rows [from, to) of a column; false where it has none. */
  read(column: number, from: number, to: number, out: Float64Array, at: number): boolean;
  histograms(column: number): ReadonlyMap<number, NativeHistogram> | undefined;
}

export class PackedChunkCache {
  /** Least recently used first. */
  readonly #chunks = new Map<string, Chunk>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax = PACKED_CHUNKS_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  open(packed: PackedChunk): Chunk {
    const known = this.#chunks.get(packed.id);
    if (known !== undefined) {
      this.#chunks.delete(packed.id);
      this.#chunks.set(packed.id, known);
      return known;
    }
    const chunk = new Chunk('bytes' in packed ? packed.bytes : readChunkBytes(packed));
    this.#chunks.set(packed.id, chunk);
    this.#bytes += sizeOf(chunk);
    for (const [oldest, old] of this.#chunks) {
      if (this.#bytes <= this.#bytesMax || old === chunk) break;
      this.#bytes -= sizeOf(old);
      this.#chunks.delete(oldest);
    }
    return chunk;
  }
}

/** Payload, directory, times, and columns decoded last. */
function sizeOf(chunk: Chunk): number {
  return chunk.bytes.length + 12 * chunk.columns.length + 32 * chunk.rowCount;
}

export function sourceOf(part: PackedPart, chunks: PackedChunkCache): PartSource {
  if ('times' in part) return new OpenRows(part);
  const chunk = chunks.open(part.chunk);
  return {
    times: chunk.times,
    hasHistograms: true,
    read: (column, from, to, out, at) => chunk.read(column, from, to, out, at),
    histograms: (column) => chunk.histograms(column),
  };
}

class OpenRows implements PartSource {
  readonly times: Float64Array;
  readonly hasHistograms: boolean;
  readonly #part: Extract<PackedPart, { times: Float64Array }>;

  constructor(part: Extract<PackedPart, { times: Float64Array }>) {
    this.#part = part;
    this.times = part.times;
    this.hasHistograms = part.histograms.size > 0;
  }

  read(column: number, from: number, to: number, out: Float64Array, at: number): boolean {
    out.set(this.#part.values[column].subarray(from, to), at);
    return true;
  }

  histograms(column: number): ReadonlyMap<number, NativeHistogram> | undefined {
    return this.#part.histograms.get(column);
  }
}
