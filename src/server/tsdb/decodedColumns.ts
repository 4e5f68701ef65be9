/** Columns of a chunk that were decoded lately, small enough to be kept: a counter's steps take a byte or two each. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { Chunk } from './chunkenc/chunk.ts';
import { SummaryPages, type KeptSummaries } from './keptSummaries.ts';
import { addUp, STEP_ROWS_MAX, stepsOf, type Steps } from './steps.ts';
import { WINDOW_ROWS_MAX, WindowCells } from './windowCells.ts';

/** A column is kept where at least this share of its rows is asked for at once. */
const SHARE_MIN = 0.5;
/** Summaries of fewer strides are read again each time: that is quick. */
const STRIDES_MIN = 8;
/** What an array takes besides its bytes: itself, its buffer, the object around it, its place in a map (measured in a heap snapshot). */
const OVERHEAD = 330;

/** What a native histogram takes besides its counts, with its place in a map (measured in a heap snapshot). */
const HISTOGRAM_OVERHEAD = 280;

const ROWS_AHEAD = new Float64Array(WINDOW_ROWS_MAX);

/** Integers by their steps, or numbers as they are. */
type Kept = Steps | Float64Array;

export class DecodedColumns {
  readonly chunk: Chunk;
  readonly #columns = new Map<number, Kept>();
  readonly #histograms = new Map<number, ReadonlyMap<number, NativeHistogram>>();
  #summaries: SummaryPages;
  #window: WindowCells | undefined;
  #kept = 0;

  constructor(chunk: Chunk) {
    this.chunk = chunk;
    this.#summaries = new SummaryPages(chunk.strideEnds.length);
  }

  /** Of what is kept, and of the memory that the chunk decodes into. */
  get bytes(): number {
    return this.#kept + this.#summaries.bytes + (this.#window?.bytes ?? 0) + this.chunk.scratchBytes;
  }

  /** As {@link Chunk.read}. @param hasRoom whether more may be kept. Columns with gaps, marks or histograms are decoded every time. */
  read(column: number, from: number, to: number, out: Float64Array, at: number, hasRoom: () => boolean): boolean {
    const kept = this.#columns.get(column);
    if (kept !== undefined) {
      unfold(kept, from, to, out, at);
      return true;
    }
    const { chunk } = this;
    const rows = chunk.rowCount;
    if (!this.#isWorthKeeping(column, to - from, hasRoom)) return this.#readPart(column, from, to, out, at, hasRoom);
    const isWhole = from === 0 && to === rows;
    if (isWhole) chunk.read(column, from, to, out, at);
    const cells = isWhole ? out.subarray(at, at + rows) : chunk.cells(column)!;
    if (!isWhole) out.set(cells.subarray(from, to), at);
    this.#keep(column, fold(cells));
    return true;
  }

  /** Who looks at a time looks at later ones next: the rows that follow in the stride are kept with those that are asked for. */
  #readPart(column: number, from: number, to: number, out: Float64Array, at: number, hasRoom: () => boolean): boolean {
    if (this.#window?.copy(column, from, to, out, at) === true) return true;
    const { chunk } = this;
    const isNarrow = from < to && to - from <= WINDOW_ROWS_MAX;
    if (!isNarrow || !chunk.isFull(column) || (this.#window === undefined && !hasRoom()))
      return chunk.read(column, from, to, out, at);
    const until = Math.min(from + WINDOW_ROWS_MAX, chunk.strideEnd(to - 1));
    chunk.read(column, from, until, ROWS_AHEAD, 0);
    for (let i = 0; i < to - from; i++) out[at + i] = ROWS_AHEAD[i];
    (this.#window ??= new WindowCells(chunk)).keep(column, from, until, ROWS_AHEAD, hasRoom);
    return true;
  }

  /** The steps of a column of integers that never falls, kept. Undefined where it is not one, or not to be kept. @param count rows asked for. */
  steps(column: number, count: number, hasRoom: () => boolean): Steps | undefined {
    let kept = this.#columns.get(column);
    if (kept === undefined) {
      const { chunk } = this;
      if (!chunk.neverFalls(column) || !chunk.isOfIntegers(column)) return undefined;
      if (!this.#isWorthKeeping(column, count, hasRoom)) return undefined;
      this.#keep(column, (kept = fold(chunk.cells(column)!)));
    }
    return 'steps' in kept && kept.rises ? kept : undefined;
  }

  #isWorthKeeping(column: number, count: number, hasRoom: () => boolean): boolean {
    return count >= this.chunk.rowCount * SHARE_MIN && hasRoom() && this.chunk.isFull(column);
  }

  /** Whether it is known that no cell of a column is below the one before it. */
  rises(column: number): boolean {
    const kept = this.#columns.get(column);
    if (kept === undefined) return false;
    return 'steps' in kept ? kept.rises : this.chunk.neverFalls(column);
  }

  /** As {@link Chunk.summaries}, and valid as long; a column that has none here must not be asked for. */
  summaries(column: number, hasRoom: () => boolean): KeptSummaries {
    const known = this.#summaries.of(column);
    if (known !== undefined) return known;
    const { chunk } = this;
    const found = chunk.summaries(column)!;
    if (chunk.strideEnds.length >= STRIDES_MIN && hasRoom())
      return this.#summaries.keep(column, found, chunk.neverFalls(column));
    return { ...found, at: 0 };
  }

  /** As {@link Chunk.histograms}, perhaps with those of other rows. A column is decoded as a whole, and kept, where there is room. */
  histograms(
    column: number,
    from: number,
    to: number,
    hasRoom: () => boolean,
  ): ReadonlyMap<number, NativeHistogram> | undefined {
    const { chunk } = this;
    const known = this.#histograms.get(column);
    if (known !== undefined || !chunk.isOfHistograms(column)) return known;
    if (!hasRoom()) return chunk.histograms(column, from, to);
    const found = chunk.histograms(column)!;
    this.#histograms.set(column, found);
    for (const { positiveBuckets, negativeBuckets } of found.values())
      this.#kept += HISTOGRAM_OVERHEAD + positiveBuckets.byteLength + negativeBuckets.byteLength;
    return found;
  }

  forget(): void {
    this.#columns.clear();
    this.#histograms.clear();
    this.#summaries = new SummaryPages(this.chunk.strideEnds.length);
    this.#window = undefined;
    this.#kept = 0;
  }

  #keep(column: number, kept: Kept): void {
    this.#columns.set(column, kept);
    this.#kept += OVERHEAD + ('steps' in kept ? kept.steps.byteLength : kept.byteLength);
  }
}

/** Bit for bit: whole numbers whose steps are small by these, others as they are. */
function fold(cells: Float64Array): Kept {
  return (cells.length <= STEP_ROWS_MAX ? stepsOf(cells, 0, cells.length) : undefined) ?? cells.slice();
}

function unfold(kept: Kept, from: number, to: number, out: Float64Array, at: number): void {
  if ('steps' in kept) addUp(kept, from, to, out, at);
  else out.set(kept.subarray(from, to), at);
}
