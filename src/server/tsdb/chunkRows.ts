/** A chunk as a RowSource. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { SeriesRef } from '../storage/appender.ts';
import type { Chunk } from './chunkenc/chunk.ts';
import type { RowSource } from './rowSource.ts';

export class ChunkRows implements RowSource {
  readonly #chunk: Chunk;
  readonly #columns: ReadonlyMap<SeriesRef, number>;

  /** @param columns where the series that will be asked for are. */
  constructor(chunk: Chunk, columns: ReadonlyMap<SeriesRef, number>) {
    this.#chunk = chunk;
    this.#columns = columns;
  }

  get times(): Float64Array {
    return this.#chunk.times;
  }

  read(ref: SeriesRef): Float64Array | undefined {
    const column = this.#columns.get(ref);
    return column === undefined ? undefined : this.#chunk.cells(column);
  }

  histograms(ref: SeriesRef): ReadonlyMap<number, NativeHistogram> | undefined {
    const column = this.#columns.get(ref);
    return column === undefined ? undefined : this.#chunk.histograms(column);
  }
}
