/**
 * Where the bytes of the head's chunks lie: one behind the other in pieces of shared memory, so that query workers read them where they are. A
 * piece goes when the last of its chunks does; a flush takes all chunks, and begins a new piece.
 */
import { CHUNK_PADDING } from '../chunkenc/chunk.ts';

const PIECE_SIZE_MIN = 16 * 1024;
const PIECE_SIZE_MAX = 512 * 1024;
const ALIGNMENT = 8;

export class ChunkArena {
  #piece = new Uint8Array(new SharedArrayBuffer(0));
  #used = 0;
  #nextSize = PIECE_SIZE_MIN;

  /** A copy of a chunk's bytes, at a multiple of eight and with CHUNK_PADDING zero bytes behind them. */
  keep(bytes: Uint8Array): Uint8Array {
    const size = Math.ceil((bytes.length + CHUNK_PADDING) / ALIGNMENT) * ALIGNMENT;
    if (this.#used + size > this.#piece.length) this.#begin(size);
    const kept = this.#piece.subarray(this.#used, this.#used + bytes.length);
    kept.set(bytes);
    this.#used += size;
    return kept;
  }

  /** The chunks so far go soon: those to come are not to hold their memory. */
  begin(): void {
    this.#piece = this.#piece.subarray(0, 0);
    this.#used = 0;
    this.#nextSize = PIECE_SIZE_MIN;
  }

  #begin(size: number): void {
    this.#piece = new Uint8Array(new SharedArrayBuffer(Math.max(size, this.#nextSize)));
    this.#used = 0;
    this.#nextSize = Math.min(PIECE_SIZE_MAX, 2 * this.#nextSize);
  }
}
