/** What kept queries read: selectors, and functions of windows of them. */
import type { Call, RangeSelector, VectorSelector } from '../../../shared/promql/ast.ts';
import { CELL_GAP, CELL_SAMPLE, cellKind } from '../../../shared/model/sampleBits.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import type { KeptSelect, KeptSeries, KeptWindow } from '../../storage/queryable.ts';
import type { Accumulator } from '../accumulators.ts';
import { areAddedUp } from '../aggregate.ts';
import { NAME_KEEPING } from '../overTimeKernels.ts';
import { extrapolationFactor, type RangeKernel, type WindowGrid } from '../rangeKernels.ts';
import { newRow, type Row } from '../rows.ts';
import { offsetMs, rangeMs, type PlanContext } from '../selectorTimes.ts';
import { sumNow, type PlacedSeries } from '../summedIncreases.ts';
import type { Windows as SampleWindows } from '../windows.ts';
import { unnamedSets } from './labelSets.ts';
import { NotKept, type KeptRows, type KeptScalar } from './nodes.ts';

/** A select, and the series that it found when the query's rows were last looked at. */
export class KeptLeaf {
  readonly #select: KeptSelect;
  #series: KeptSeries | undefined;
  /** Samples read since it was last asked. */
  samplesRead = 0;
  /** Whether all series must have samples where they are read. */
  needsAll = false;

  constructor(select: KeptSelect) {
    this.#select = select;
  }

  /** Whether it finds other series than when {@link labels} was called. */
  get hasChanged(): boolean {
    return this.#select.found() !== this.#series;
  }

  labels(): Labels[] {
    const series = (this.#series = this.#select.found());
    return Array.from(series.refs, (ref) => series.labels(ref));
  }

  read(minTime: number, maxTime: number): readonly KeptWindow[] | undefined {
    const windows = this.#select.read(minTime, maxTime);
    let there = 0;
    for (const { series, times } of windows ?? []) {
      there += series.length;
      this.samplesRead += series.length * times.length;
    }
    return this.needsAll && there !== this.#series?.refs.length ? undefined : windows;
  }
}

/** How far behind the time of evaluation a selector looks. @throws NotKept for one that looks at a time of its own, or beyond its window. */
function behindMs(node: VectorSelector, context: PlanContext): number {
  if (node.at !== undefined || node.extension !== undefined) throw new NotKept();
  return offsetMs(node, context);
}

/** The newest sample of each series within the lookback, unless that ends it. */
export class KeptSelector implements KeptRows {
  readonly kind = 'vector';
  readonly #leaf: KeptLeaf;
  readonly #offsetMs: number;
  readonly #lookbackMs: number;
  row: Row = newRow(0);

  constructor(node: VectorSelector, leaf: KeptLeaf, context: PlanContext) {
    this.#leaf = leaf;
    this.#offsetMs = behindMs(node, context);
    this.#lookbackMs = context.lookbackDeltaMs;
  }

  shape(): readonly Labels[] {
    const labels = this.#leaf.labels();
    this.row = newRow(labels.length);
    return labels;
  }

  evaluate(t: number): boolean {
    const { values, present } = this.row;
    const end = t - this.#offsetMs;
    present.fill(0);
    const windows = this.#leaf.read(end - this.#lookbackMs + 1, end);
    if (windows === undefined) return false;
    for (const { series, times, cells, bits, at } of windows) {
      const count = times.length;
      for (let i = 0, from = at; i < series.length; i++, from += count) {
        let last = from + count - 1;
        while (last >= from && cells[last] !== cells[last] && cellKind(bits, last) === CELL_GAP) last--;
        if (last < from || (cells[last] !== cells[last] && cellKind(bits, last) !== CELL_SAMPLE)) continue;
        values[series[i]] = cells[last];
        present[series[i]] = 1;
      }
    }
    return true;
  }
}

/** Samples of one series, as kernels look at them. */
interface Samples {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  readonly windows?: SampleWindows;
}

/** Of series that have gaps, which have bounds of their own. */
const NO_BOUNDS = { lo: new Int32Array(1), hi: new Int32Array(1) };

/** The samples of a window's series at place `i`; `shared` ends a window in which all cells are samples. */
function samplesOf(
  { times, cells, bits, at }: KeptWindow,
  i: number,
  shared: Omit<Samples, 'times' | 'values'>,
): Samples {
  const count = times.length;
  const from = at + i * count;
  if (isFull(cells, bits, from, count)) return { times, values: cells.subarray(from, from + count), ...shared };
  const [keptTimes, values] = [new Float64Array(count), new Float64Array(count)];
  let n = 0;
  for (let r = 0; r < count; r++) {
    const v = cells[from + r];
    if (v !== v && cellKind(bits, from + r) !== CELL_SAMPLE) continue;
    keptTimes[n] = times[r];
    values[n++] = v;
  }
  return { times: keptTimes.subarray(0, n), values: values.subarray(0, n), lo: Int32Array.of(0), hi: Int32Array.of(n) };
}

function isFull(cells: Float64Array, bits: Uint32Array, from: number, count: number): boolean {
  for (let cell = from; cell < from + count; cell++)
    if (cells[cell] !== cells[cell] && cellKind(bits, cell) !== CELL_SAMPLE) return false;
  return true;
}

/** Functions that differences between the outermost samples are extrapolated for. */
export type Extrapolated = 'rate' | 'increase' | 'delta';

/** What a range selector's windows are read by. */
class Windows {
  readonly leaf: KeptLeaf;
  readonly rangeMs: number;
  readonly #offsetMs: number;

  constructor(node: RangeSelector, leaf: KeptLeaf, context: PlanContext) {
    this.leaf = leaf;
    this.rangeMs = rangeMs(node, context);
    this.#offsetMs = behindMs(node.selector, context);
  }

  endOf(t: number): number {
    return t - this.#offsetMs;
  }

  read(t: number): readonly KeptWindow[] | undefined {
    const end = this.endOf(t);
    return this.leaf.read(end - this.rangeMs + 1, end);
  }

  gridOf(t: number, params: readonly Float64Array[]): WindowGrid {
    return { ends: Float64Array.of(this.endOf(t)), rangeMs: this.rangeMs, evalTimes: Float64Array.of(t), params };
  }
}

const NOTHING = (): void => undefined;

/** rate, increase and delta: most of what rules ask for, so that a series costs no more than its samples. */
export class KeptIncrease implements KeptRows {
  readonly kind = 'vector';
  readonly #windows: Windows;
  readonly #func: Extrapolated;
  readonly #seconds: number;
  /** What was evaluated last, for {@link addUp}; valid until anything else is read. */
  #read: readonly KeptWindow[] = [];
  row: Row = newRow(0);

  constructor(func: Extrapolated, node: RangeSelector, leaf: KeptLeaf, context: PlanContext) {
    this.#func = func;
    this.#windows = new Windows(node, leaf, context);
    this.#seconds = func === 'rate' ? this.#windows.rangeMs / 1000 : 1;
  }

  shape(): readonly Labels[] {
    const labels = unnamedSets(this.#windows.leaf.labels());
    this.row = newRow(labels.length);
    return labels;
  }

  evaluate(t: number): boolean {
    const windows = this.#windows.read(t);
    if (windows === undefined) return false;
    this.#read = windows;
    this.row.present.fill(0);
    for (const window of windows) this.#evaluate(window, this.#windows.endOf(t));
    return true;
  }

  addUp(t: number, groupOf: Int32Array, groups: number, sums: Accumulator): boolean {
    if (this.#func === 'delta') return false;
    const windows = this.#read;
    let there = 0;
    for (const { series } of windows) there += series.length;
    if (!areAddedUp(there, there === groupOf.length ? groups : groupsThere(windows, groupOf))) return false;
    const { values, present } = this.row;
    const read = (s: number, row: Row) => {
      row.present[0] = present[s];
      row.values[0] = values[s];
    };
    const addAt = (group: number, _: number, v: number) => sums.addAt(group, v);
    const add = (group: number, row: Row) => row.present[0] === 1 && sums.addAt(group, row.values[0]);
    const vector = placed(windows, groupOf.length);
    sumNow(this.#func === 'rate', vector, this.#windows.gridOf(t, []), { read }, groupOf, { met: NOTHING, add, addAt });
    return true;
  }

  #evaluate(window: KeptWindow, end: number): void {
    const { series, times, cells, bits, at } = window;
    const { values, present } = this.row;
    const { rangeMs: width } = this.#windows;
    const count = times.length;
    const isCounter = this.#func !== 'delta';
    const shared = count < 2 ? 0 : extrapolationFactor(times, 0, count - 1, end, width, undefined) / this.#seconds;
    for (let i = 0, from = at; i < series.length; i++, from += count) {
      const s = series[i];
      let [samples, first, last] = [cells, from, from + count - 1];
      let sampleTimes = times;
      let factor = shared;
      if (!isFull(cells, bits, from, count)) {
        const own = samplesOf(window, i, NO_BOUNDS);
        [samples, first, last] = [own.values, 0, own.hi[0] - 1];
        sampleTimes = own.times;
        if (last > 0) factor = extrapolationFactor(own.times, 0, last, end, width, undefined) / this.#seconds;
      }
      if (last <= first) continue;
      const v = samples[first];
      let increase = samples[last] - v;
      if (isCounter) {
        for (let k = first + 1; k <= last; k++) if (samples[k] < samples[k - 1]) increase += samples[k - 1];
        // A counter that may have been 0 inside the window is not extrapolated beyond that.
        if (increase > 0 && v >= 0)
          factor = extrapolationFactor(sampleTimes, 0, last - first, end, width, v / increase) / this.#seconds;
      }
      values[s] = increase * factor;
      present[s] = 1;
    }
  }
}

function groupsThere(windows: readonly KeptWindow[], groupOf: Int32Array): number {
  const found = new Set<number>();
  for (const { series } of windows) for (let i = 0; i < series.length; i++) found.add(groupOf[series[i]]);
  return found.size;
}

/** What was read, as sums look at it. */
function placed(windows: readonly KeptWindow[], count: number): PlacedSeries {
  const windowOf = new Int32Array(count).fill(-1);
  const columnOf = new Int32Array(count);
  windows.forEach(({ series }, w) => {
    for (let i = 0; i < series.length; i++) {
      windowOf[series[i]] = w;
      columnOf[series[i]] = i;
    }
  });
  const read = () => {
    throw new Error('series of a kept query are read one by one');
  };
  const groups = windows.map(({ times }) => ({ times, read }));
  const shared = windows.map(({ times }) => sharedSamples(times.length));
  const places = new Map(groups.map((group, w) => [group.times, shared[w].windows]));
  return {
    labels: { length: count } as readonly unknown[],
    series: (s) => samplesOf(windows[windowOf[s]], columnOf[s], shared[windowOf[s]]),
    origin: (s) => (windowOf[s] < 0 ? undefined : { group: groups[windowOf[s]], column: columnOf[s] }),
    windowsOf: ({ times }) => places.get(times)!,
  };
}

/** What series of a window share that have a sample in each of its rows. */
function sharedSamples(count: number) {
  const [lo, hi] = [Int32Array.of(0), Int32Array.of(count)];
  const windows: SampleWindows = { lo, hi, areFull: true, samples: count };
  return { lo, hi, windows };
}

/** Any other function of windows, by its kernel. */
export class KeptWindows implements KeptRows {
  readonly kind = 'vector';
  readonly #windows: Windows;
  readonly #kernel: RangeKernel;
  readonly #params: readonly KeptScalar[];
  readonly #keepsName: boolean;
  readonly #one = newRow(1);
  row: Row = newRow(0);

  constructor(
    { func }: Call,
    node: RangeSelector,
    kernel: RangeKernel,
    params: readonly KeptScalar[],
    leaf: KeptLeaf,
    context: PlanContext,
  ) {
    this.#windows = new Windows(node, leaf, context);
    this.#kernel = kernel;
    this.#params = params;
    this.#keepsName = NAME_KEEPING.has(func);
  }

  shape(): readonly Labels[] {
    for (const param of this.#params) param.shape();
    const labels = this.#windows.leaf.labels();
    this.row = newRow(labels.length);
    return this.#keepsName ? labels : unnamedSets(labels);
  }

  evaluate(t: number): boolean {
    const { values, present } = this.row;
    const one = this.#one;
    present.fill(0);
    for (const param of this.#params) if (!param.evaluate(t)) return false;
    const windows = this.#windows.read(t);
    if (windows === undefined) return false;
    const grid = this.#windows.gridOf(
      t,
      this.#params.map(({ value }) => Float64Array.of(value)),
    );
    for (const window of windows) {
      const shared = { lo: Int32Array.of(0), hi: Int32Array.of(window.times.length) };
      for (let i = 0; i < window.series.length; i++) {
        one.present[0] = 0;
        this.#kernel(samplesOf(window, i, shared), grid, one);
        values[window.series[i]] = one.values[0];
        present[window.series[i]] = one.present[0];
      }
    }
    return true;
  }
}
