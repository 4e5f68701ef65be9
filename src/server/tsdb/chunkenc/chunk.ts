/** A run of rows of one group, packed column by column and read in place. Drawn in docs/chunks.md. */
import { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import { CELL_STALE } from '../../../shared/model/sampleBits.ts';
import { DenseColumn, encodingAt, isBelow, readColumn, writeColumn, type EncodingName } from './column.ts';
import { planIntegers, readIntegers, writeIntegers } from './integers.ts';
import { readNativeHistogram, writeNativeHistogram } from './nativeHistogram.ts';
import { readSummary, skipSummary, summarize, writeSummary, type Summary } from './summary.ts';

export const CHUNK_VERSION = 1;

/** What is packed. */
export interface UnpackedRows {
  /** Strictly ascending, at least one. */
  readonly times: Float64Array;
  readonly columnCount: number;
  /** Cells of a column, one for each time; valid until the next call. */
  cells(column: number): Float64Array;
  /** Native histogram samples by row; their cells hold a NaN. */
  histograms(column: number): ReadonlyMap<number, NativeHistogram> | undefined;
  /** Whether a column is the next bucket of the histogram that the column before it belongs to. */
  joinsBelow(column: number): boolean;
}

/** Used again for each chunk; more than this is given back. */
const SCRATCH_KEPT_MAX = 1 << 18;
const directory = new ByteWriter(1024);
const payloads = new ByteWriter(4096);
const histograms = new ByteWriter();

export function packRows(rows: UnpackedRows): Chunk {
  const { times, columnCount } = rows;
  for (const part of [directory, payloads, histograms]) part.clear(SCRATCH_KEPT_MAX);
  const scratch = new Float64Array(times.length);
  let column = new DenseColumn(times.length);
  let previous = new DenseColumn(times.length);
  let previousIndex = -1;
  let present = 0;
  let histogramColumns = 0;
  for (let c = 0; c < columnCount; c++) {
    column.load(rows.cells(c));
    if (column.count === 0 && !column.kinds.includes(CELL_STALE)) continue;
    const below = previousIndex === c - 1 && rows.joinsBelow(c) ? previous : undefined;
    const start = payloads.length;
    writeColumn(payloads, column, below, scratch);
    directory.varint(c - previousIndex);
    directory.varint(payloads.length - start);
    writeSummary(directory, summarize(column.values, column.count));
    present++;
    previousIndex = c;
    [column, previous] = [previous, column];
    const samples = rows.histograms(c);
    if (samples === undefined) continue;
    histogramColumns++;
    writeHistograms(histograms, c, samples);
  }
  const out = new ByteWriter(directory.length + payloads.length + histograms.length + 64);
  out.u8(CHUNK_VERSION);
  writeTimes(out, times);
  out.varint(present);
  out.raw(directory.written);
  out.raw(payloads.written);
  out.varint(histogramColumns);
  out.raw(histograms.written);
  return new Chunk(out.copy());
}

export class Chunk {
  readonly bytes: Uint8Array;
  readonly times: Float64Array;
  /** Columns that have cells here, ascending; and where their payloads start, with the end of the last one. */
  readonly #columns: Int32Array;
  readonly #starts: Int32Array;
  readonly #summaries: Int32Array;
  /** The column decoded last, kept because the next bucket of a histogram builds on it. */
  #decoded: DenseColumn | undefined;
  #decodedPlace = -1;
  #spare: DenseColumn | undefined;
  readonly #cells: Float64Array;
  #histograms: Map<number, Map<number, NativeHistogram>> | undefined;

  /** @throws Error for bytes of another version, TruncatedError for bytes that end early. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    const input = new ByteReader(bytes);
    const version = input.u8();
    if (version !== CHUNK_VERSION)
      throw new Error(`a chunk of version ${version}; this program reads ${CHUNK_VERSION}`);
    this.times = readTimes(input);
    const count = input.varint();
    this.#columns = new Int32Array(count);
    this.#starts = new Int32Array(count + 1);
    this.#summaries = new Int32Array(count);
    for (let i = 0, column = -1; i < count; i++) {
      this.#columns[i] = column += input.varint();
      this.#starts[i + 1] = this.#starts[i] + input.varint();
      this.#summaries[i] = input.at;
      skipSummary(input);
    }
    for (let i = 0; i <= count; i++) this.#starts[i] += input.at;
    this.#cells = new Float64Array(this.times.length);
  }

  get rowCount(): number {
    return this.times.length;
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

  summary(column: number): Summary | undefined {
    const place = this.#placeOf(column);
    return place < 0 ? undefined : readSummary(new ByteReader(this.bytes, this.#summaries[place]));
  }

  /** How each column is stored: its encoding, its bytes, its samples (marks are none). */
  *layout(): Iterable<{ readonly encoding: EncodingName; readonly size: number; readonly samples: number }> {
    for (let i = 0; i < this.#columns.length; i++) {
      const [start, end] = [this.#starts[i], this.#starts[i + 1]];
      const samples = readSummary(new ByteReader(this.bytes, this.#summaries[i])).count;
      yield { encoding: encodingAt(this.bytes, start), size: end - start, samples };
    }
  }

  /** The cells of a column, valid until the next call; undefined where it has none here. */
  cells(column: number): Float64Array | undefined {
    const place = this.#placeOf(column);
    if (place < 0) return undefined;
    this.#decode(place).store(this.#cells);
    return this.#cells;
  }

  /** Native histogram samples of a column by row. */
  histograms(column: number): ReadonlyMap<number, NativeHistogram> | undefined {
    this.#histograms ??= readHistograms(new ByteReader(this.bytes, this.#starts[this.#columns.length]));
    return this.#histograms.get(column);
  }

  #decode(place: number): DenseColumn {
    if (place === this.#decodedPlace) return this.#decoded!;
    let first = place;
    while (isBelow(this.bytes, this.#starts[first]) && first - 1 !== this.#decodedPlace) first--;
    for (let p = first; p <= place; p++) {
      const target = this.#spare ?? new DenseColumn(this.rowCount);
      readColumn(new ByteReader(this.bytes, this.#starts[p], this.#starts[p + 1]), target, this.#decoded);
      this.#spare = this.#decoded;
      this.#decoded = target;
      this.#decodedPlace = p;
    }
    return this.#decoded!;
  }

  #placeOf(column: number): number {
    const columns = this.#columns;
    let low = 0;
    let high = columns.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (columns[middle] < column) low = middle + 1;
      else high = middle;
    }
    return low < columns.length && columns[low] === column ? low : -1;
  }
}

function writeTimes(out: ByteWriter, times: Float64Array): void {
  out.varint(times.length);
  out.zigzag(times[0]);
  if (times.length === 1) return;
  const steps = new Float64Array(times.length - 1);
  for (let i = 1; i < times.length; i++) steps[i - 1] = times[i] - times[i - 1];
  const run = new ByteWriter();
  writeIntegers(run, steps, steps.length, planIntegers(steps, steps.length));
  out.varint(run.length);
  out.raw(run.written);
}

function readTimes(input: ByteReader): Float64Array {
  const times = new Float64Array(input.varint());
  times[0] = input.zigzag();
  if (times.length === 1) return times;
  const steps = new Float64Array(times.length - 1);
  const run = input.raw(input.varint());
  readIntegers(new ByteReader(run), steps, steps.length);
  for (let i = 1; i < times.length; i++) times[i] = times[i - 1] + steps[i - 1];
  return times;
}

function writeHistograms(out: ByteWriter, column: number, samples: ReadonlyMap<number, NativeHistogram>): void {
  out.varint(column);
  out.varint(samples.size);
  for (const [row, h] of samples) {
    out.varint(row);
    writeNativeHistogram(out, h);
  }
}

function readHistograms(input: ByteReader): Map<number, Map<number, NativeHistogram>> {
  const all = new Map<number, Map<number, NativeHistogram>>();
  for (let columns = input.varint(); columns > 0; columns--) {
    const samples = new Map<number, NativeHistogram>();
    all.set(input.varint(), samples);
    for (let left = input.varint(); left > 0; left--) samples.set(input.varint(), readNativeHistogram(input));
  }
  return all;
}
