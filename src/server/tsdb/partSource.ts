/** A part of a packed select as rows that can be read: a chunk, opened once and kept while it is in use, or rows that lie open. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { ChunksStored, PackedChunk, PackedPart } from '../storage/queryable.ts';
import { readChunkBytes } from './block/chunkBytes.ts';
import { Chunk } from './chunkenc/chunk.ts';
import { DecodedColumns } from './decodedColumns.ts';
import type { KeptSummaries } from './keptSummaries.ts';
import { stepsOf, type Steps } from './steps.ts';

/** Chunks kept by a thread that reads packed selects: bytes, directories and times; more, as long as less is kept decoded. */
export const PACKED_CHUNKS_BYTES_MAX = 64 * 1024 * 1024;
/** Columns of these chunks that are kept decoded, and summaries. Without room for more, columns are decoded again each time. */
export const DECODED_BYTES_MAX = 128 * 1024 * 1024;
/** Columns of a chunk that nobody asked for this long make room for others. */
const UNUSED_MS = 30_000;

export interface PartSource {
  /** Strictly ascending. */
  readonly times: Float64Array;
  /** Whether any column may have native histograms. */
  readonly hasHistograms: boolean;
  /** Writes the cells of rows [from, to) of a column; false where it has none. */
  read(column: number, from: number, to: number, out: Float64Array, at: number): boolean;
  /** Whether every cell of a column is known to be a sample. */
  isFull(column: number): boolean;
  /** Whether it is known that no cell of a full column is below the one before it. */
  rises?(column: number): boolean;
  /** Whether it is known that rows [from, to) have a sample each, none of which is below the one before it. */
  neverFalls(column: number, from: number, to: number): boolean;
  /** The steps of a column of integers that rise, as long as every row has one; `from` is the place of the first of the rows asked for. */
  steps?(column: number, from: number, to: number): PlacedSteps | undefined;
  /** Whether a column has native histograms in any row. */
  isOfHistograms(column: number): boolean;
  /** Those of rows [from, to), and perhaps of others, by row. */
  histograms(column: number, from: number, to: number): ReadonlyMap<number, NativeHistogram> | undefined;
  /** What is known by strides, where the rows are packed. */
  readonly packed: PackedStrides | undefined;
}

export interface PlacedSteps {
  readonly steps: Steps;
  readonly from: number;
}

export interface PackedStrides {
  readonly chunk: Chunk;
  /** Of a column that has cells in the chunk. */
  summaries(column: number): KeptSummaries;
}

interface Entry {
  readonly columns: DecodedColumns;
  /** As of the chunk. */
  readonly number: number;
  readonly isInMemory: boolean;
  usedAt: number;
  /** Bytes of its decoded columns that the cache has counted. */
  counted: number;
}

function areSame(a: ChunksStored, b: ChunksStored): boolean {
  if (a.memoryFrom !== b.memoryFrom || a.blocks.length !== b.blocks.length) return false;
  for (let i = 0; i < a.blocks.length; i++) if (a.blocks[i] !== b.blocks[i]) return false;
  return true;
}

export class PackedChunkCache {
  /** Least recently used first. */
  readonly #chunks = new Map<string, Entry>();
  readonly #bytesMax: number;
  readonly #decodedMax: number;
  #bytes = 0;
  #decoded = 0;
  #lookedAt = 0;
  /** What was stored at the last look. */
  #stored: ChunksStored | undefined;
  readonly #keeper: Keeper = {
    hasRoom: () => this.#hasRoom(),
    count: (id, entry) => {
      // A chunk that was let go meanwhile is not counted any more.
      if (this.#chunks.get(id) === entry) this.#count(entry);
    },
  };

  constructor(bytesMax = PACKED_CHUNKS_BYTES_MAX, decodedMax = DECODED_BYTES_MAX) {
    this.#bytesMax = bytesMax;
    this.#decodedMax = decodedMax;
  }

  /** Of packed chunks and of decoded columns. */
  get bytes(): number {
    return this.#bytes + this.#decoded;
  }

  open(packed: PackedChunk): PartSource {
    const known = this.#chunks.get(packed.id);
    const entry = known ?? this.#load(packed);
    entry.usedAt = performance.now();
    // Last in the order of use.
    if (known !== undefined) this.#chunks.delete(packed.id);
    this.#chunks.set(packed.id, entry);
    if (known === undefined) this.#shrink(entry);
    return new ChunkSource(entry, packed.id, this.#keeper);
  }

  /** Lets go of chunks that are not stored any more. */
  retain(stored: ChunksStored): void {
    const before = this.#stored;
    this.#stored = stored;
    if (before !== undefined && areSame(stored, before)) return;
    const blocks = new Set(stored.blocks);
    for (const [id, entry] of this.#chunks) {
      const isStored = entry.isInMemory ? entry.number >= stored.memoryFrom : blocks.has(entry.number);
      if (!isStored) this.#letGo(id, entry);
    }
  }

  #load(packed: PackedChunk): Entry {
    const chunk = new Chunk('bytes' in packed ? packed.bytes : readChunkBytes(packed));
    this.#bytes += sizeOf(chunk);
    const { number } = packed;
    return { columns: new DecodedColumns(chunk), number, isInMemory: 'bytes' in packed, usedAt: 0, counted: 0 };
  }

  #count(entry: Entry): void {
    this.#decoded += entry.columns.bytes - entry.counted;
    entry.counted = entry.columns.bytes;
  }

  #shrink(newest: Entry): void {
    for (const [id, entry] of this.#chunks) {
      if (this.bytes <= this.#bytesMax + this.#decodedMax || entry === newest) break;
      this.#letGo(id, entry);
    }
  }

  #letGo(id: string, entry: Entry): void {
    this.#bytes -= sizeOf(entry.columns.chunk);
    this.#decoded -= entry.counted;
    this.#chunks.delete(id);
  }

  #hasRoom(): boolean {
    if (this.#isRoomy()) return true;
    const now = performance.now();
    if (now - this.#lookedAt < UNUSED_MS / 10) return false;
    this.#lookedAt = now;
    for (const entry of this.#chunks.values()) {
      if (now - entry.usedAt < UNUSED_MS) break;
      entry.columns.forget();
      this.#count(entry);
    }
    return this.#isRoomy();
  }

  #isRoomy(): boolean {
    return this.#decoded < this.#decodedMax && this.bytes < this.#bytesMax + this.#decodedMax;
  }
}

/** Payload, directory, times. */
function sizeOf(chunk: Chunk): number {
  return chunk.bytes.length + 12 * chunk.columns.length + 8 * chunk.rowCount;
}

export function sourceOf(part: PackedPart, chunks: PackedChunkCache): PartSource {
  return 'times' in part ? new OpenRows(part) : chunks.open(part.chunk);
}

/** What keeps decoded columns. */
interface Keeper {
  /** Whether there may be more of them. */
  readonly hasRoom: () => boolean;
  /** Hears that there is more. */
  readonly count: (id: string, entry: Entry) => void;
}

/** Rows of a packed chunk. */
class ChunkSource implements PartSource, PackedStrides {
  readonly times: Float64Array;
  readonly hasHistograms: boolean;
  readonly chunk: Chunk;
  readonly #columns: DecodedColumns;
  readonly #entry: Entry;
  readonly #id: string;
  readonly #keeper: Keeper;

  constructor(entry: Entry, id: string, keeper: Keeper) {
    const { chunk } = entry.columns;
    this.times = chunk.times;
    this.hasHistograms = chunk.hasHistograms;
    this.chunk = chunk;
    this.#columns = entry.columns;
    this.#entry = entry;
    this.#id = id;
    this.#keeper = keeper;
  }

  get packed(): PackedStrides {
    return this;
  }

  read(column: number, from: number, to: number, out: Float64Array, at: number): boolean {
    return this.#counted(this.#columns.read(column, from, to, out, at, this.#keeper.hasRoom));
  }

  isFull(column: number): boolean {
    return this.chunk.isFull(column);
  }

  rises(column: number): boolean {
    return this.#columns.rises(column);
  }

  neverFalls(column: number): boolean {
    return this.chunk.isFullAndRises(column);
  }

  steps(column: number, from: number, to: number): PlacedSteps | undefined {
    const steps = this.#counted(this.#columns.steps(column, to - from, this.#keeper.hasRoom));
    return steps && { steps, from };
  }

  isOfHistograms(column: number): boolean {
    return this.chunk.isOfHistograms(column);
  }

  histograms(column: number, from: number, to: number): ReadonlyMap<number, NativeHistogram> | undefined {
    return this.#counted(this.#columns.histograms(column, from, to, this.#keeper.hasRoom));
  }

  summaries(column: number): KeptSummaries {
    return this.#counted(this.#columns.summaries(column, this.#keeper.hasRoom));
  }

  #counted<T>(result: T): T {
    if (this.#entry.counted !== this.#columns.bytes) this.#keeper.count(this.#id, this.#entry);
    return result;
  }
}

class OpenRows implements PartSource {
  readonly times: Float64Array;
  readonly hasHistograms: boolean;
  readonly packed = undefined;
  readonly #part: Extract<PackedPart, { times: Float64Array }>;

  constructor(part: Extract<PackedPart, { times: Float64Array }>) {
    this.#part = part;
    this.times = part.times;
    this.hasHistograms = part.histograms.size > 0;
  }

  read(column: number, from: number, to: number, out: Float64Array, at: number): boolean {
    const { values } = this.#part;
    const first = this.#cell(column, from);
    for (let i = 0; i < to - from; i++) {
      const v = values[first + i];
      if (v === v) {
        out[at + i] = v;
        continue;
      }
      // A NaN is copied by its bits: passing it as a number may change them.
      out.set(values.subarray(first + i, first + to - from), at + i);
      break;
    }
    return true;
  }

  isFull(): boolean {
    return false;
  }

  neverFalls(column: number, from: number, to: number): boolean {
    const { values } = this.#part;
    // Of a gap or a mark nothing can be said.
    let before = -Infinity;
    for (let i = this.#cell(column, from), end = this.#cell(column, to); i < end; before = values[i++])
      if (!(values[i] >= before)) return false;
    return true;
  }

  steps(column: number, from: number, to: number): PlacedSteps | undefined {
    if (this.hasHistograms) return undefined;
    // A gap is no integer.
    const steps = stepsOf(this.#part.values, this.#cell(column, from), this.#cell(column, to));
    return steps?.rises === true ? { steps, from: 0 } : undefined;
  }

  isOfHistograms(column: number): boolean {
    return this.#part.histograms.has(column);
  }

  histograms(column: number): ReadonlyMap<number, NativeHistogram> | undefined {
    return this.#part.histograms.get(column);
  }

  #cell(column: number, row: number): number {
    return column * this.times.length + row;
  }
}
