/** Rows into the bytes of a chunk. Drawn in docs/chunks.md. */
import { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import { CELL_SAMPLE } from '../../../shared/model/sampleBits.ts';
import { ENCODING, subtract, writeAlone, writeHead, writeIntegers, type SampleEnds } from './columnWriter.ts';
import { DenseColumn } from './denseColumn.ts';
import { encodeRun, planRun, RUN } from './integerRun.ts';
import { writeMarks } from './markRuns.ts';
import { writeNativeHistogram } from './nativeHistogram.ts';
import { KERNEL_ROWS_MAX, PackKernel } from './packKernel.ts';
import { strideEndsOf } from './strides.ts';
import type { UnpackedRows } from './unpackedRows.ts';

export const CHUNK_VERSION = 2;
/** Zero bytes after a chunk in memory, so that its words can be read from any bit on. */
export const CHUNK_PADDING = 8;
/** Buckets of one histogram that are held at a time; the next ones begin another run. */
const RUN_COLUMNS_MAX = 256;
/** From this many buckets on, the upper ones are written as what they are below the next. */
const SPLIT_BUCKETS_MIN = 4;

/** The chunk's bytes, with CHUNK_PADDING zero bytes behind them in their buffer. */
export function packBytes(rows: UnpackedRows): Uint8Array<SharedArrayBuffer> {
  const bytes = packedBytes(rows);
  // Shared, so that other threads read it where it lies.
  const padded = new Uint8Array(new SharedArrayBuffer(bytes.length + CHUNK_PADDING));
  padded.set(bytes);
  return padded.subarray(0, bytes.length);
}

/** The chunk's bytes, valid until the next chunk is packed: for those who keep them in memory of their own. */
export function packedBytes(rows: UnpackedRows): Uint8Array {
  const { length } = rows.times;
  if (pool.rows !== length) pool = new ColumnPool(length, false);
  return new Packer(rows, pool).pack();
}

/** The same by plain code alone, whatever the rows are: what the kernel is held to. */
export function plainlyPackedBytes(rows: UnpackedRows): Uint8Array {
  return new Packer(rows, new ColumnPool(rows.times.length, true)).pack();
}

/** Used again for each chunk; more than this is given back. */
const WRITTEN_KEPT_MAX = 1 << 18;
const writers = {
  directory: new ByteWriter(),
  regions: new ByteWriter(),
  histograms: new ByteWriter(),
  out: new ByteWriter(),
};

let kernel: PackKernel | undefined;

/** Columns for chunks of as many rows. */
class ColumnPool {
  readonly rows: number;
  readonly scratch: Float64Array;
  readonly #kernel: PackKernel | undefined;
  readonly #free: DenseColumn[] = [];
  #made = 0;

  constructor(rows: number, isPlain: boolean) {
    this.rows = rows;
    if (!isPlain && rows <= KERNEL_ROWS_MAX) this.#kernel = kernel ??= new PackKernel();
    this.scratch = this.#kernel?.scratch ?? new Float64Array(rows);
  }

  take(): DenseColumn {
    return this.#free.pop() ?? new DenseColumn(this.rows, this.#kernel?.slot(this.#made++, this.rows));
  }

  giveBack(column: DenseColumn): void {
    this.#free.push(column);
  }
}

/** That of the chunk that was packed last: the next one mostly has as many rows. */
let pool = new ColumnPool(0, true);

class Packer {
  readonly #rows: UnpackedRows;
  readonly #ends: Int32Array;
  readonly #marks: MarksTable;
  readonly #directory = writers.directory;
  readonly #regions = writers.regions;
  readonly #pool: ColumnPool;
  readonly #scratch: Float64Array;
  /** First column in the chunk with this content, for those that may be repeated. */
  readonly #byContent = new Map<number, number>();
  /** Buckets of one histogram that were not written yet; or one column. */
  #run: DenseColumn[] = [];
  #written = 0;
  #previous = -1;

  constructor(rows: UnpackedRows, columns: ColumnPool) {
    this.#rows = rows;
    this.#ends = strideEndsOf(rows.times);
    this.#marks = new MarksTable(this.#ends);
    this.#pool = columns;
    this.#scratch = columns.scratch;
    for (const writer of Object.values(writers)) writer.clear(WRITTEN_KEPT_MAX);
  }

  pack(): Uint8Array {
    const { times, columnCount } = this.#rows;
    const { histograms, out } = writers;
    let histogramColumns = 0;
    for (let c = 0; c < columnCount; c++) {
      const column = this.#load(c);
      if (column.isAbsent) {
        this.#pool.giveBack(column);
        continue;
      }
      if (!this.#joins(column)) this.#flush();
      this.#run.push(column);
      const samples = this.#rows.histograms(c);
      if (samples === undefined) continue;
      histogramColumns++;
      writeHistograms(histograms, c, samples);
    }
    this.#flush();
    out.u8(CHUNK_VERSION);
    writeTimes(out, times);
    writeStrideEnds(out, this.#ends);
    this.#marks.write(out);
    out.varint(this.#written);
    out.append(this.#directory);
    out.append(this.#regions);
    out.varint(histogramColumns);
    out.append(histograms);
    return out.written;
  }

  #load(c: number): DenseColumn {
    const column = this.#pool.take();
    column.load(c, this.#rows.cells(c));
    return column;
  }

  #joins(column: DenseColumn): boolean {
    const below = this.#run.at(-1);
    if (below === undefined || below.column !== column.column - 1 || this.#run.length === RUN_COLUMNS_MAX) return false;
    if (!column.integers || !below.integers || !this.#rows.joinsBelow(column.column)) return false;
    if (!column.hasMarksOf(below)) return false;
    // Counters are never too far apart.
    return (isCounter(column) && isCounter(below)) || subtract(column, below, this.#scratch);
  }

  /** Writes the run. */
  #flush(): void {
    const run = this.#run;
    if (run.length === 0) return;
    const ends = this.#marks.sampleEnds(run[0]);
    const marks = run[0].hasMarks ? this.#marks.numberOf(run[0]) : undefined;
    if (run.length === 1) this.#writeAlone(run[0], ends, marks);
    else this.#writeBuckets(run, ends, marks);
    for (const column of run) this.#pool.giveBack(column);
    this.#run = [];
  }

  /**
   * Buckets up from the smallest, and down from the largest. What stands between the two is not written: it follows from the rest, and it is
   * the step that would take most.
   */
  #writeBuckets(run: readonly DenseColumn[], ends: SampleEnds, marks: number | undefined): void {
    const split = run.length < SPLIT_BUCKETS_MIN ? run.length : this.#dearestStep(run);
    this.#writeAlone(run[0], ends, marks);
    for (let i = 1; i < run.length; i++) {
      const isUp = i < split;
      if (!isUp && i === run.length - 1) {
        this.#writeAlone(run[i], ends, marks);
        continue;
      }
      subtract(isUp ? run[i] : run[i + 1], isUp ? run[i - 1] : run[i], this.#scratch);
      const region = this.#begin();
      writeIntegers(this.#regions, isUp ? ENCODING.up : ENCODING.down, run[i], this.#scratch, ends, marks);
      this.#end(run[i], region);
    }
  }

  /** The difference that moves most: close enough to the one that takes most bits. */
  #dearestStep(run: readonly DenseColumn[]): number {
    let dearest = 1;
    let most = -1;
    for (let i = 1; i < run.length; i++) {
      const moved = movement(run[i], run[i - 1]);
      if (moved > most) [dearest, most] = [i, moved];
    }
    return dearest;
  }

  #writeAlone(column: DenseColumn, ends: SampleEnds, marks: number | undefined): void {
    const region = this.#begin();
    const like = this.#columnLike(column);
    if (like === undefined) writeAlone(this.#regions, column, ends, marks, this.#scratch);
    else {
      writeHead(this.#regions, ENCODING.same, undefined);
      this.#regions.varint(column.column - like);
    }
    this.#end(column, region);
  }

  /** An earlier column with the same cells, such as the bucket of all observations for their count. */
  #columnLike(column: DenseColumn): number | undefined {
    if (column.steady || column.constant || column.count === 0) return undefined;
    const like = this.#byContent.get(column.hash);
    if (like === undefined) {
      this.#byContent.set(column.hash, column.column);
      return undefined;
    }
    const other = this.#load(like);
    const isSame = column.equals(other);
    this.#pool.giveBack(other);
    return isSame ? like : undefined;
  }

  #begin(): number {
    return this.#regions.length;
  }

  #end({ column }: DenseColumn, region: number): void {
    this.#directory.varint(column - this.#previous);
    this.#directory.varint(this.#regions.length - region);
    this.#previous = column;
    this.#written++;
  }
}

/** The distinct patterns of marks in a chunk: columns of a page that failed have the same. */
class MarksTable {
  readonly #ends: Int32Array;
  readonly #tables: { readonly kinds: Uint8Array; readonly sampleEnds: SampleEnds }[] = [];
  readonly #byCount = new Map<number, number[]>();

  constructor(ends: Int32Array) {
    this.#ends = ends;
  }

  numberOf({ kinds, count }: DenseColumn): number {
    const candidates = this.#byCount.get(count) ?? [];
    const known = candidates.find((number) => sameBytes(this.#tables[number].kinds, kinds));
    if (known !== undefined) return known;
    const number = this.#tables.push({ kinds: kinds.slice(), sampleEnds: sampleEndsOf(kinds, this.#ends) }) - 1;
    this.#byCount.set(count, [...candidates, number]);
    return number;
  }

  sampleEnds(column: DenseColumn): SampleEnds {
    return column.hasMarks ? this.#tables[this.numberOf(column)].sampleEnds : this.#ends;
  }

  write(out: ByteWriter): void {
    out.varint(this.#tables.length);
    for (const { kinds } of this.#tables) writeMarks(out, kinds);
  }
}

function isCounter({ rising, values }: DenseColumn): boolean {
  return rising && values[0] >= 0;
}

/** Sum of the steps of what one column has over another. */
function movement(column: DenseColumn, below: DenseColumn): number {
  const { kernel, values, count } = column;
  if (kernel !== undefined) return kernel.movement(column, below);
  let sum = 0;
  for (let i = 1; i < count; i++) sum += Math.abs(values[i] - values[i - 1] - (below.values[i] - below.values[i - 1]));
  return sum;
}

/** For each stride, the samples up to its end. */
export function sampleEndsOf(kinds: Uint8Array, ends: Int32Array): SampleEnds {
  const sampleEnds = new Int32Array(ends.length);
  let n = 0;
  for (let s = 0, row = 0; s < ends.length; s++) {
    for (; row < ends[s]; row++) if (kinds[row] === CELL_SAMPLE) n++;
    sampleEnds[s] = n;
  }
  return sampleEnds;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function writeTimes(out: ByteWriter, times: Float64Array): void {
  out.varint(times.length);
  out.zigzag(times[0]);
  if (times.length === 1) return;
  const steps = new Float64Array(times.length - 1);
  for (let i = 1; i < times.length; i++) steps[i - 1] = times[i] - times[i - 1];
  const plan = planRun(steps, 0, steps.length);
  out.varint(plan.mode + 8 * plan.k);
  out.varint(plan.gapK);
  out.varint(steps[0]);
  out.varint(steps[steps.length - 1]);
  out.varint(plan.mode === RUN.direct ? plan.min : 0);
  const codes = encodeRun(steps, 0, steps.length, plan);
  out.varint(codes.byteLength);
  codes.writeTo(out);
}

function writeStrideEnds(out: ByteWriter, ends: Int32Array): void {
  out.varint(ends.length - 1);
  for (let s = 0; s < ends.length - 1; s++) out.varint(ends[s] - (s > 0 ? ends[s - 1] : 0));
}

function writeHistograms(out: ByteWriter, column: number, samples: ReadonlyMap<number, NativeHistogram>): void {
  out.varint(column);
  out.varint(samples.size);
  for (const [row, h] of samples) {
    out.varint(row);
    writeNativeHistogram(out, h);
  }
}
