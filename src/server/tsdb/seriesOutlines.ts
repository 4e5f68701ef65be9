/** Series of a group by what is known of their strides, put together over all places where their samples lie. */
import { bitsOf, CELL_SAMPLE, cellKind } from '../../shared/model/sampleBits.ts';
import type { SeriesOutline } from '../storage/queryable.ts';
import type { PartSource } from './partSource.ts';

/** Rows [from, to) of a place; slices follow each other in time. */
export interface OutlineSlice {
  readonly source: PartSource;
  readonly from: number;
  readonly to: number;
}

/** Samples of a slice that belong together: those of a stride that lie in the slice, or all of rows that are not packed. */
interface Run {
  readonly slice: number;
  /** Rows of the place. */
  readonly from: number;
  readonly to: number;
  /** Of the chunk; -1 where its summary does not hold, as some of its samples lie outside. */
  readonly stride: number;
  readonly samples: number;
}

/** Runs [from, to) of a slice that are whole strides, one after the other. */
interface Stretch {
  readonly slice: number;
  readonly from: number;
  readonly to: number;
  readonly stride: number;
}

/** What series share that have their samples at the same times. */
interface Layout {
  readonly times: Float64Array;
  readonly ends: Int32Array;
  readonly isKnown: Uint8Array;
  readonly runs: readonly Run[];
  readonly stretches: readonly Stretch[];
}

/** The marks of a column in a slice: a chunk's number of them, -1 for none; or where its cells are, told by a text. */
type Marks = number | string;
const ABSENT = 'absent';

export class SeriesOutlines {
  readonly #slices: readonly OutlineSlice[];
  readonly #times: Float64Array;
  readonly #layouts = new Map<string, Layout>();
  #lastMarks: readonly Marks[] = [];
  #lastLayout: Layout | undefined;
  #arrays = arraysFor(0);
  #scratch = new Float64Array(0);

  /** @param times of all rows of the slices, for series that have a sample in each. */
  constructor(slices: readonly OutlineSlice[], times: Float64Array) {
    this.#slices = slices;
    this.#times = times;
  }

  /** @param columns by slice; -1 where it has none of the series. The series has no native histograms. */
  of(columns: readonly number[]): SeriesOutline {
    const marks: Marks[] = [];
    for (let i = 0; i < columns.length; i++) marks.push(this.#marksOf(this.#slices[i], columns[i]));
    const layout = this.#layoutOf(marks);
    const { times, ends, isKnown, runs } = layout;
    if (this.#arrays.first.length < runs.length) this.#arrays = arraysFor(runs.length);
    return {
      ...{ times, ends, isKnown, ...this.#arrays },
      fill: () => this.#fill(layout, columns),
      read: (r, out, at) => this.#read(runs[r], columns[runs[r].slice], out, at),
    };
  }

  #marksOf({ source, from, to }: OutlineSlice, column: number): Marks {
    if (column < 0) return ABSENT;
    if (source.packed !== undefined) return source.packed.chunk.marksOf(column) ?? ABSENT;
    const cells = this.#cells(source, column, from, to);
    const bits = bitsOf(cells);
    let text = '';
    for (let i = 0; i < to - from; i++) if (cellKind(bits, i) !== CELL_SAMPLE) text += `,${i}`;
    return text === '' ? -1 : text;
  }

  #layoutOf(marks: readonly Marks[]): Layout {
    if (this.#lastLayout !== undefined && marks.every((m, i) => m === this.#lastMarks[i])) return this.#lastLayout;
    const key = marks.join('|');
    let layout = this.#layouts.get(key);
    if (layout === undefined) this.#layouts.set(key, (layout = this.#layOut(marks)));
    this.#lastMarks = marks;
    return (this.#lastLayout = layout);
  }

  #layOut(marks: readonly Marks[]): Layout {
    const isFull = marks.every(isFullMark);
    const times = isFull ? this.#times : new Float64Array(this.#times.length);
    const runs: Run[] = [];
    let count = 0;
    for (let slice = 0; slice < this.#slices.length; slice++) {
      const { source, from, to } = this.#slices[slice];
      const hasSample = rowsWithSamples(source, marks[slice], from);
      const strideEnds = source.packed?.chunk.strideEnds ?? Int32Array.of(to);
      for (let stride = 0, row = 0; stride < strideEnds.length; row = strideEnds[stride++]) {
        const [first, end] = [Math.max(row, from), Math.min(strideEnds[stride], to)];
        if (first >= end) continue;
        const before = count;
        if (isFull) count += end - first;
        else if (hasSample === undefined) {
          times.set(source.times.subarray(first, end), count);
          count += end - first;
        } else for (let i = first; i < end; i++) if (hasSample(i)) times[count++] = source.times[i];
        const samples = count - before;
        if (samples === 0) continue;
        const isKnown = source.packed !== undefined && samples === samplesIn(source, marks[slice], stride);
        runs.push({ slice, from: first, to: end, stride: isKnown ? stride : -1, samples });
      }
    }
    const ends = new Int32Array(runs.length);
    const isKnown = new Uint8Array(runs.length);
    for (let r = 0, end = 0; r < runs.length; r++) {
      ends[r] = end += runs[r].samples;
      isKnown[r] = runs[r].stride >= 0 ? 1 : 0;
    }
    return { times: isFull ? times : times.slice(0, count), ends, isKnown, runs, stretches: stretchesOf(runs) };
  }

  /** By numbers: a stretch is a few strides, and a view of them costs more than copying them. */
  #fill({ stretches }: Layout, columns: readonly number[]): void {
    const { first, last, min, max, sum, resets, isInteger } = this.#arrays;
    for (const { slice, from, to, stride } of stretches) {
      const column = columns[slice];
      const packed = this.#slices[slice].source.packed!;
      const known = packed.summaries(column);
      const ofIntegers = packed.chunk.isOfIntegers(column) ? 1 : 0;
      for (let r = from, s = known.at + stride; r < to; r++, s++) {
        first[r] = known.first[s];
        last[r] = known.last[s];
        min[r] = known.min[s];
        max[r] = known.max[s];
        sum[r] = known.sum === undefined ? NaN : known.sum[s];
        resets[r] = known.resets === undefined ? 0 : known.resets[s];
        isInteger[r] = ofIntegers;
      }
    }
  }

  #read({ slice, from, to, samples }: Run, column: number, out: Float64Array, at: number): void {
    const { source } = this.#slices[slice];
    if (samples === to - from) return void source.read(column, from, to, out, at);
    const cells = this.#cells(source, column, from, to);
    const [bits, outBits] = [bitsOf(cells), bitsOf(out)];
    for (let i = 0, n = at; i < to - from; i++) {
      if (cells[i] !== cells[i] && cellKind(bits, i) !== CELL_SAMPLE) continue;
      outBits[2 * n] = bits[2 * i];
      outBits[2 * n++ + 1] = bits[2 * i + 1];
    }
  }

  /** Valid until the next call. */
  #cells(source: PartSource, column: number, from: number, to: number): Float64Array {
    if (this.#scratch.length < to - from) this.#scratch = new Float64Array(to - from);
    source.read(column, from, to, this.#scratch, 0);
    return this.#scratch;
  }
}

function stretchesOf(runs: readonly Run[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (let r = 0; r < runs.length;) {
    const from = r++;
    const { slice, stride } = runs[from];
    if (stride < 0) continue;
    while (r < runs.length && runs[r].slice === slice && runs[r].stride === stride + r - from) r++;
    stretches.push({ slice, from, to: r, stride });
  }
  return stretches;
}

function arraysFor(runs: number) {
  return {
    first: new Float64Array(runs),
    last: new Float64Array(runs),
    min: new Float64Array(runs),
    max: new Float64Array(runs),
    sum: new Float64Array(runs),
    resets: new Float64Array(runs),
    isInteger: new Uint8Array(runs),
  };
}

const isFullMark = (marks: Marks) => marks === -1;

/** Whether a row of a place has a sample; undefined where all have. @param from the first row that a text of marks counts from. */
function rowsWithSamples({ packed }: PartSource, marks: Marks, from: number): ((row: number) => boolean) | undefined {
  if (marks === ABSENT) return () => false;
  if (marks === -1) return undefined;
  if (typeof marks === 'number') return (row) => packed!.chunk.hasSample(marks, row);
  const others = new Set(marks.slice(1).split(',').map(Number));
  return (row) => !others.has(row - from);
}

/** All samples of a stride. */
function samplesIn({ packed }: PartSource, marks: Marks, stride: number): number {
  if (typeof marks === 'string') return 0;
  const ends = packed!.chunk.sampleEnds(marks);
  return ends[stride] - (stride > 0 ? ends[stride - 1] : 0);
}
