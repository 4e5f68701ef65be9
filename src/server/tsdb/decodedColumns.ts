/** Columns of a chunk that were decoded lately, small enough to be kept: a counter's steps take a byte or two each. */
import type { Chunk, Summaries } from './chunkenc/chunk.ts';

/** Steps of at most 16 bits add up to less than 31 in this many rows. */
const ROWS_MAX = 65_536;
/** A column is kept where at least this share of its rows is asked for at once. */
const SHARE_MIN = 0.5;
/** Summaries of fewer strides are read again each time: that is quick, and many small arrays take more than they hold. */
const STRIDES_MIN = 8;
/** What an array takes besides its bytes: itself, its buffer, the object around it, its place in a map (measured in a heap snapshot). */
const OVERHEAD = 330;

/** Integers by their steps, or numbers as they are. */
interface Steps {
  readonly base: number;
  /** Whether none of them goes down. */
  readonly rises: boolean;
  readonly steps: Int8Array | Int16Array;
}
type Kept = Steps | Float64Array;

/** Of the summaries of a column; those of a column that never falls have neither sum nor resets. */
export type KeptSummaries = Pick<Summaries, 'first' | 'last' | 'min' | 'max'> &
  Partial<Pick<Summaries, 'sum' | 'resets'>>;

export class DecodedColumns {
  readonly chunk: Chunk;
  readonly #columns = new Map<number, Kept>();
  readonly #summaries = new Map<number, KeptSummaries>();
  #kept = 0;

  constructor(chunk: Chunk) {
    this.chunk = chunk;
  }

  /** Of what is kept, and of the memory that the chunk decodes into. */
  get bytes(): number {
    return this.#kept + this.chunk.scratchBytes;
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
    if (to - from < rows * SHARE_MIN || !hasRoom() || !chunk.isFull(column))
      return chunk.read(column, from, to, out, at);
    const isWhole = from === 0 && to === rows;
    if (isWhole) chunk.read(column, from, to, out, at);
    const cells = isWhole ? out.subarray(at, at + rows) : chunk.cells(column)!;
    if (!isWhole) out.set(cells.subarray(from, to), at);
    this.#keep(column, fold(cells));
    return true;
  }

  /** Whether it is known that no cell of a column is below the one before it. */
  rises(column: number): boolean {
    const kept = this.#columns.get(column);
    return kept !== undefined && 'steps' in kept && kept.rises;
  }

  /** As {@link Chunk.summaries}, and valid as long; a column that has none here must not be asked for. */
  summaries(column: number, hasRoom: () => boolean): KeptSummaries {
    const known = this.#summaries.get(column);
    if (known !== undefined) return known;
    const found = this.chunk.summaries(column)!;
    if (this.chunk.strideEnds.length < STRIDES_MIN) return found;
    const [first, last] = [found.first.slice(), found.last.slice()];
    const { min, max, sum, resets } = found;
    const kept = this.chunk.neverFalls(column)
      ? { first, last, min: first, max: last }
      : { first, last, min: min.slice(), max: max.slice(), sum: sum.slice(), resets: resets.slice() };
    if (!hasRoom()) return kept;
    this.#summaries.set(column, kept);
    this.#kept += ('sum' in kept ? 6 : 2) * (OVERHEAD + first.byteLength);
    return kept;
  }

  forget(): void {
    this.#columns.clear();
    this.#summaries.clear();
    this.#kept = 0;
  }

  #keep(column: number, kept: Kept): void {
    this.#columns.set(column, kept);
    this.#kept += OVERHEAD + ('steps' in kept ? kept.steps.byteLength : kept.byteLength);
  }
}

let scratch = new Int16Array(1024);

/** Bit for bit: whole numbers whose steps are small by these, others as they are. */
function fold(cells: Float64Array): Kept {
  const n = cells.length;
  if (n > ROWS_MAX) return cells.slice();
  if (scratch.length < n) scratch = new Int16Array(2 * n);
  let before = cells[0];
  if (!Number.isSafeInteger(before) || Object.is(before, -0)) return cells.slice();
  let isNarrow = true;
  let rises = true;
  scratch[0] = 0;
  for (let i = 1; i < n; i++) {
    const v = cells[i];
    const step = v - before;
    // A step that is no integer, or too wide, comes back as another number; minus zero is told by its sign.
    scratch[i] = step;
    if (scratch[i] !== step || before + step !== v || (v === 0 && 1 / v < 0)) return cells.slice();
    if (step > 127 || step < -128) isNarrow = false;
    if (step < 0) rises = false;
    before = v;
  }
  if (!(Math.abs(before) <= Number.MAX_SAFE_INTEGER)) return cells.slice();
  const steps = isNarrow ? Int8Array.from(scratch.subarray(0, n)) : scratch.slice(0, n);
  return { base: cells[0], rises, steps };
}

function unfold(kept: Kept, from: number, to: number, out: Float64Array, at: number): void {
  if (!('steps' in kept)) return out.set(kept.subarray(from, to), at);
  const { base, steps } = kept;
  let sum = 0;
  for (let i = 0; i < from; i++) sum = (sum + steps[i]) | 0;
  for (let i = from, o = at; i < to; i++, o++) {
    sum = (sum + steps[i]) | 0;
    out[o] = base + sum;
  }
}
