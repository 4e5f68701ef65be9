/** A run of rows of one group, packed column by column and read in place. Drawn in docs/chunks.md. */
import { ByteReader } from '../../../shared/bytes/byteReader.ts';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import {
  bitsOf,
  CELL_GAP,
  CELL_SAMPLE,
  CELL_STALE,
  cellKind,
  setGap,
  setStale,
} from '../../../shared/model/sampleBits.ts';
import { firstAbove } from './strides.ts';
import {
  addBounds,
  completeSummaries,
  hasIntegerBounds,
  readSamples,
  readSummaries,
  type ColumnHead,
} from './columnReader.ts';
import { ENCODING, ENCODING_BITS, HAS_MARKS, RISING, type EncodingName, type SampleEnds } from './columnWriter.ts';
import { readRun } from './integerRun.ts';
import { readMarks } from './markRuns.ts';
import { findHistogramColumns, readHistogramColumn } from './nativeHistogram.ts';
import { CHUNK_PADDING, CHUNK_VERSION, packBytes, sampleEndsOf } from './packing.ts';
import { makeSummaries, type Summaries, type SummaryArrays } from './summary.ts';
import type { UnpackedRows } from './unpackedRows.ts';
import { readVersion1 } from './v1/chunk.ts';

export { CHUNK_PADDING, CHUNK_VERSION } from './packing.ts';
export type { Summaries } from './summary.ts';
export type { UnpackedRows } from './unpackedRows.ts';

export function packRows(rows: UnpackedRows): Chunk {
  return new Chunk(packBytes(rows));
}

/** A pattern of gaps and stale marks that columns of the chunk have. */
interface Marks {
  /** By row. */
  readonly kinds: Uint8Array;
  readonly sampleEnds: SampleEnds;
}

const ENCODING_NAMES = Object.keys(ENCODING) as readonly EncodingName[];

export class Chunk {
  readonly bytes: Uint8Array;
  #times: Float64Array;
  /** Row after the last one of each stride: what `summaries` are by. The last one is the count of rows. */
  readonly strideEnds: Int32Array;
  /** Columns that have cells here, ascending; and where their regions start, with the end of the last one. */
  readonly #columns: Int32Array;
  readonly #starts: Int32Array;
  /** The chunk's bytes as words, with two more behind them. */
  readonly #words: Int32Array;
  readonly #marks: readonly Marks[];
  /** The column decoded last, kept because the next bucket of a histogram builds on it; and which samples of it. */
  #decoded = new Float64Array(0);
  #spare = new Float64Array(0);
  #decodedPlace = -1;
  #from = 0;
  #to = 0;
  #cells: Float64Array | undefined;
  #summaries: SummaryArrays | undefined;
  /** Of the column whose summaries were asked for last, for its neighbour. */
  #bounds: (SummaryArrays & { place: number }) | undefined;
  /** Where the native histograms of each column begin, once it was asked for. */
  #histograms: ReadonlyMap<number, number> | undefined;

  /**
   * @param bytes of any version. They are used in place where they lie at a multiple of four and CHUNK_PADDING more follow in their
   * buffer, which may be shared; else they are copied.
   * @throws Error for bytes of a version to come, TruncatedError for bytes that end early.
   */
  constructor(bytes: Uint8Array) {
    const version = bytes[0];
    if (version === 1) bytes = packBytes(readVersion1(bytes));
    else if (version !== CHUNK_VERSION) {
      throw new Error(`a chunk of version ${version}; this program reads ${CHUNK_VERSION} and 1`);
    }
    this.bytes = bytes = padded(bytes);
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, (bytes.length + CHUNK_PADDING) >> 2);
    const input = new ByteReader(bytes, 1);
    this.#times = readTimes(input, this.#words);
    this.strideEnds = readStrideEnds(input, this.times.length);
    this.#marks = Array.from({ length: input.varint() }, () => readPattern(input, this.times.length, this.strideEnds));
    const count = input.varint();
    this.#columns = new Int32Array(count);
    this.#starts = new Int32Array(count + 1);
    for (let i = 0, column = -1; i < count; i++) {
      this.#columns[i] = column += input.varint();
      this.#starts[i + 1] = this.#starts[i] + input.varint();
    }
    for (let i = 0; i <= count; i++) this.#starts[i] += input.at;
  }

  get times(): Float64Array {
    return this.#times;
  }

  /** Keeps its times in other memory from now on, where the same ones are. */
  moveTimes(times: Float64Array): void {
    this.#times = times;
  }

  get rowCount(): number {
    return this.times.length;
  }

  /** Of the memory that columns are decoded into, once any was. */
  get scratchBytes(): number {
    return 8 * (this.#decoded.length + this.#spare.length + (this.#cells?.length ?? 0));
  }

  get minTime(): number {
    return this.times[0];
  }

  get maxTime(): number {
    return this.times[this.times.length - 1];
  }

  /** Columns that have cells here, ascending. */
  get columns(): Int32Array {
    return this.#columns;
  }

  /** How each column is stored: its encoding, its bytes, its samples (marks are none). */
  *layout(): Iterable<{ readonly encoding: EncodingName; readonly size: number; readonly samples: number }> {
    for (let place = 0; place < this.#columns.length; place++) {
      const size = this.#starts[place + 1] - this.#starts[place];
      const samples = this.#sampleEnds(this.#head(this.#origin(place))).at(-1)!;
      yield { encoding: ENCODING_NAMES[this.#encoding(place)], size, samples };
    }
  }

  /** The cells of a column, valid until the next call; undefined where it has none here. */
  cells(column: number): Float64Array | undefined {
    this.#cells ??= new Float64Array(this.rowCount);
    return this.read(column, 0, this.rowCount, this.#cells, 0) ? this.#cells : undefined;
  }

  /**
   * Decodes the cells of a column in rows [from, to) into `out`, from `at` on. Only the strides that these rows touch are decoded, and as far as they go.
   * Buckets build on their neighbours: read them in ascending order, or as `readingOrder` says.
   *
   * @returns false where the column has no cells in this chunk; `out` is as it was then.
   */
  read(column: number, from: number, to: number, out: Float64Array, at: number): boolean {
    const place = this.#placeOf(column);
    if (place < 0) return false;
    if (from >= to) return true;
    const origin = this.#origin(place);
    if (!this.#hasMarks(origin)) {
      this.#decode(origin, from, to);
      copy(this.#decoded, from, to, out, at);
      return true;
    }
    const marks = this.#marks[this.#head(origin).marks];
    const { sampleEnds } = marks;
    const first = firstAbove(this.strideEnds, from);
    const begin = first > 0 ? sampleEnds[first - 1] : 0;
    this.#decode(origin, begin, sampleEnds[firstAbove(this.strideEnds, to - 1)]);
    spread(marks.kinds, first > 0 ? this.strideEnds[first - 1] : 0, begin, from, to, this.#decoded, out, at);
    return true;
  }

  /** Whether a column has a sample or a stale mark at `t` or later. */
  hasCellSince(column: number, t: number): boolean {
    const cells = this.cells(column);
    if (cells === undefined) return false;
    const bits = bitsOf(cells);
    for (let row = this.rowCount - 1; row >= 0 && this.times[row] >= t; row--)
      if (cellKind(bits, row) !== CELL_GAP) return true;
    return false;
  }

  /** The row after the last one of a row's stride. */
  strideEnd(row: number): number {
    return this.strideEnds[firstAbove(this.strideEnds, row)];
  }

  /** Whether a column has a sample in every row. */
  isFull(column: number): boolean {
    const place = this.#placeOf(column);
    return place >= 0 && !this.#hasMarks(this.#origin(place));
  }

  /**
   * Whether no sample of a column is below the one before it in this chunk (and none is a NaN): a counter that did not begin again. Then
   * the increase between any two samples is their difference. True for a column that has no cells here.
   */
  neverFalls(column: number): boolean {
    const place = this.#placeOf(column);
    if (place < 0) return true;
    const head = this.bytes[this.#starts[this.#origin(place)]];
    return (head & RISING) > 0 || (head & ENCODING_BITS) === ENCODING.empty;
  }

  /** Whether a column {@link isFull} and {@link neverFalls}. */
  isFullAndRises(column: number): boolean {
    const place = this.#placeOf(column);
    if (place < 0) return false;
    const head = this.bytes[this.#starts[this.#origin(place)]];
    return (head & (RISING | HAS_MARKS)) === RISING;
  }

  /**
   * The same columns in the order in which reading all of them takes least: the upper buckets of a histogram from the last one down, as each is
   * written by what the next one has over it.
   *
   * @param columns ascending.
   */
  readingOrder(columns: Int32Array): Int32Array {
    const ordered = columns.slice();
    const isDown = (i: number) => {
      const place = i < columns.length ? this.#placeOf(columns[i]) : -1;
      return place >= 0 && this.#encoding(place) === ENCODING.down;
    };
    for (let from = 0; from < ordered.length; from++) {
      if (!isDown(from)) continue;
      let to = from + 1;
      while (isDown(to)) to++;
      // Behind the last one stands the bucket that they are written down from, if it is asked for.
      if (to < columns.length && columns[to] === columns[to - 1] + 1) to++;
      ordered.subarray(from, to).reverse();
      from = to - 1;
    }
    return ordered;
  }

  /**
   * What is known of a column without decoding it, by stride: an hour each in a long chunk of rows that are seconds apart, the whole of a short
   * one. Undefined where the column has no cells here. Buckets build on their neighbours: ask in ascending order.
   */
  summaries(column: number): Summaries | undefined {
    const place = this.#placeOf(column);
    if (place < 0) return undefined;
    const out = (this.#summaries ??= makeSummaries(this.strideEnds.length));
    const origin = this.#origin(place);
    this.#boundsOf(origin);
    const head = this.#head(origin);
    const ends = this.#sampleEnds(head);
    const { first, last } = this.#bounds!;
    this.#fillRows(head, ends, out);
    if (head.flags & RISING) {
      fillRising(out, first, last);
      return out;
    }
    const kept = readSummaries(head, ends, out);
    out.first.set(first);
    out.last.set(last);
    completeSummaries(head, ends, kept, out);
    return out;
  }

  /** Which of the chunk's patterns of gaps and stale marks a column has: -1 for none, undefined where it has no cells here. */
  marksOf(column: number): number | undefined {
    const place = this.#placeOf(column);
    if (place < 0) return undefined;
    const origin = this.#origin(place);
    return this.#hasMarks(origin) ? this.#head(origin).marks : -1;
  }

  /** Samples up to the end of each stride, of columns with a pattern of marks. */
  sampleEnds(marks: number): Int32Array {
    return marks < 0 ? this.strideEnds : this.#marks[marks].sampleEnds;
  }

  /** By row: whether columns with a pattern of marks have a sample there. */
  hasSample(marks: number, row: number): boolean {
    return marks < 0 || this.#marks[marks].kinds[row] === CELL_SAMPLE;
  }

  /** Whether all samples of a column are integers in the chunk's sense: none is −0, none needs more than 50 bits. */
  isOfIntegers(column: number): boolean {
    const place = this.#placeOf(column);
    return place >= 0 && hasIntegerBounds(this.#head(this.#origin(place)));
  }

  /** Native histogram samples of a column in rows [from, to), by row, decoded anew each time; undefined where it has none in any row. */
  histograms(column: number, from = 0, to = this.rowCount): ReadonlyMap<number, NativeHistogram> | undefined {
    const at = this.#histogramPlaces().get(column);
    return at === undefined ? undefined : readHistogramColumn(new ByteReader(this.bytes, at), from, to);
  }

  /** Whether a column has native histograms. */
  isOfHistograms(column: number): boolean {
    return this.#histogramPlaces().has(column);
  }

  /** Whether any column has. */
  get hasHistograms(): boolean {
    return this.bytes[this.#starts[this.#columns.length]] > 0;
  }

  #histogramPlaces(): ReadonlyMap<number, number> {
    return (this.#histograms ??= findHistogramColumns(new ByteReader(this.bytes, this.#starts[this.#columns.length])));
  }

  /** Leaves samples [from, to) of a column in `#decoded`. */
  #decode(place: number, from: number, to: number): void {
    const isKept = this.#from <= from && to <= this.#to;
    if (isKept && place === this.#decodedPlace) return;
    const encoding = this.#encoding(place);
    if (encoding === ENCODING.up) {
      this.#decode(place - 1, from, to);
      return this.#add(place, place, 1, from, to);
    }
    if (encoding === ENCODING.same) {
      this.#decode(this.#origin(place), from, to);
      return this.#remember(place, from, to);
    }
    if (encoding !== ENCODING.down) return this.#take(place, from, to);
    if (isKept && this.#decodedPlace === place - 1 && this.#encoding(place - 1) === ENCODING.down) {
      return this.#add(place, place - 1, 1, from, to);
    }
    this.#decode(place + 1, from, to);
    this.#add(place, place, -1, from, to);
  }

  /** Leaves first and last of each stride of a column in `#bounds`. */
  #boundsOf(place: number): void {
    const bounds = (this.#bounds ??= { ...makeSummaries(this.strideEnds.length), place: -1 });
    if (bounds.place === place) return;
    const encoding = this.#encoding(place);
    if (encoding === ENCODING.up) {
      this.#boundsOf(place - 1);
      this.#addBounds(place, place, 1);
    } else if (encoding !== ENCODING.down) {
      const head = this.#head(this.#origin(place));
      if (head.encoding === ENCODING.up || head.encoding === ENCODING.down) this.#boundsOf(this.#origin(place));
      else this.#takeBounds(head, bounds);
      bounds.place = place;
    } else if (bounds.place === place - 1 && this.#encoding(place - 1) === ENCODING.down) {
      this.#addBounds(place, place - 1, 1);
    } else {
      this.#boundsOf(place + 1);
      this.#addBounds(place, place, -1);
    }
  }

  #takeBounds(head: ColumnHead, bounds: SummaryArrays): void {
    const ends = this.#sampleEnds(head);
    if (!hasIntegerBounds(head)) {
      readSummaries(head, ends, bounds);
      return;
    }
    for (let s = 0, from = 0; s < ends.length; from = ends[s++]) {
      bounds.first[s] = bounds.last[s] = from < ends[s] ? 0 : NaN;
    }
    addBounds(head, ends, 1, bounds.first, bounds.last);
  }

  #addBounds(place: number, differences: number, sign: number): void {
    const bounds = this.#bounds!;
    const head = this.#head(differences);
    addBounds(head, this.#sampleEnds(head), sign, bounds.first, bounds.last);
    bounds.place = place;
  }

  /** Decodes what stands alone. */
  #take(place: number, from: number, to: number): void {
    if (this.#decoded.length === 0) this.#decoded = new Float64Array(this.rowCount);
    const head = this.#head(place);
    readSamples(head, this.#words, this.#sampleEnds(head), from, to, this.#decoded);
    this.#remember(place, from, to);
  }

  /** Adds the differences of a column to what is decoded, which becomes column `place`. */
  #add(place: number, differences: number, sign: number, from: number, to: number): void {
    if (this.#spare.length === 0) this.#spare = new Float64Array(this.rowCount);
    const head = this.#head(differences);
    const decoded = this.#decoded;
    const spare = this.#spare;
    readSamples(head, this.#words, this.#sampleEnds(head), from, to, spare);
    if (sign > 0) for (let i = from; i < to; i++) decoded[i] += spare[i];
    else for (let i = from; i < to; i++) decoded[i] -= spare[i];
    this.#remember(place, from, to);
  }

  #remember(place: number, from: number, to: number): void {
    this.#decodedPlace = place;
    this.#from = from;
    this.#to = to;
  }

  /** A head is one byte. */
  #encoding(place: number): number {
    return this.bytes[this.#starts[place]] & ENCODING_BITS;
  }

  #hasMarks(place: number): boolean {
    return (this.bytes[this.#starts[place]] & HAS_MARKS) > 0;
  }

  #head(place: number): ColumnHead {
    const input = new ByteReader(this.bytes, this.#starts[place], this.#starts[place + 1]);
    const flags = input.u8();
    const marks = flags & HAS_MARKS ? input.varint() : -1;
    return { encoding: flags & ENCODING_BITS, flags, marks, input };
  }

  /** Where the samples of a column are: its own place, or that of the column which is like it. */
  #origin(place: number): number {
    if (this.#encoding(place) !== ENCODING.same) return place;
    return this.#placeOf(this.#columns[place] - this.#head(place).input.varint());
  }

  #sampleEnds({ marks }: ColumnHead): SampleEnds {
    return marks < 0 ? this.strideEnds : this.#marks[marks].sampleEnds;
  }

  #fillRows({ marks }: ColumnHead, ends: SampleEnds, out: Summaries): void {
    const kinds = marks < 0 ? undefined : this.#marks[marks].kinds;
    for (let s = 0, row = 0, from = 0; s < ends.length; row = this.strideEnds[s], from = ends[s++]) {
      out.count[s] = ends[s] - from;
      out.firstRow[s] = out.lastRow[s] = -1;
      if (from === ends[s]) continue;
      out.firstRow[s] = kinds === undefined ? row : kinds.indexOf(CELL_SAMPLE, row);
      out.lastRow[s] =
        kinds === undefined ? this.strideEnds[s] - 1 : kinds.lastIndexOf(CELL_SAMPLE, this.strideEnds[s] - 1);
    }
  }

  #placeOf(column: number): number {
    const place = firstAbove(this.#columns, column - 1);
    return place < this.#columns.length && this.#columns[place] === column ? place : -1;
  }
}

/** Up to here a loop is quicker than a call, and leaves nothing behind. */
const FEW = 64;

function copy(cells: Float64Array, from: number, to: number, out: Float64Array, at: number): void {
  if (to - from > FEW) out.set(to - from === cells.length ? cells : cells.subarray(from, to), at);
  else for (let i = from; i < to; i++) out[at + i - from] = cells[i];
}

/** Of a column that never falls. */
function fillRising(out: SummaryArrays, first: Float64Array, last: Float64Array): void {
  out.first.set(first);
  out.last.set(last);
  out.min.set(first);
  out.max.set(last);
  out.sum.fill(NaN);
  for (let s = 0; s < first.length; s++) out.resets[s] = first[s] === first[s] ? 0 : NaN;
}

/** Puts samples and marks of rows [from, to) together; the first sample of `row` and of those behind it is `n`. */
function spread(
  kinds: Uint8Array,
  row: number,
  n: number,
  from: number,
  to: number,
  samples: Float64Array,
  out: Float64Array,
  at: number,
): void {
  const outBits = bitsOf(out);
  const sampleBits = bitsOf(samples);
  for (; row < from; row++) if (kinds[row] === CELL_SAMPLE) n++;
  for (let i = at; row < to; row++, i++) {
    if (kinds[row] === CELL_GAP) setGap(outBits, i);
    else if (kinds[row] === CELL_STALE) setStale(outBits, i);
    else {
      outBits[2 * i] = sampleBits[2 * n];
      outBits[2 * i + 1] = sampleBits[2 * n + 1];
      n++;
    }
  }
}

function padded(bytes: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = bytes;
  if (byteOffset % 4 === 0 && byteOffset + length + CHUNK_PADDING <= buffer.byteLength) return bytes;
  const copy = new Uint8Array(length + CHUNK_PADDING);
  copy.set(bytes);
  return copy.subarray(0, length);
}

function readTimes(input: ByteReader, words: Int32Array): Float64Array {
  const times = new Float64Array(input.varint());
  times[0] = input.zigzag();
  if (times.length === 1) return times;
  const head = input.varint();
  const [gapK, first, last, min] = [input.varint(), input.varint(), input.varint(), input.varint()];
  const size = input.varint();
  const steps = new Float64Array(times.length - 1);
  const run = { mode: head & 7, k: head >> 3, gapK, first, last, min };
  readRun(words, 8 * input.at, run, steps, 0, steps.length);
  input.raw(size);
  for (let i = 1; i < times.length; i++) times[i] = times[i - 1] + steps[i - 1];
  return times;
}

function readStrideEnds(input: ByteReader, rows: number): Int32Array {
  const ends = new Int32Array(input.varint() + 1);
  for (let s = 0, row = 0; s < ends.length - 1; s++) ends[s] = row += input.varint();
  ends[ends.length - 1] = rows;
  return ends;
}

function readPattern(input: ByteReader, rows: number, ends: Int32Array): Marks {
  const kinds = new Uint8Array(rows);
  readMarks(input, kinds);
  return { kinds, sampleEnds: sampleEndsOf(kinds, ends) };
}
