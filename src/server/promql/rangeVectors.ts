/** Range vectors: series with windows, from a range selector or from a subquery evaluated over its own grid. */
import type { Expr, RangeExtension, RangeSelector, Subquery } from '../../shared/promql/ast.ts';
import type { Labels } from '../../shared/model/labels.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { RawSeries, StepGrid } from '../storage/engine.ts';
import type { OpenGroup } from '../storage/queryable.ts';
import type { Budget } from './budget.ts';
import { rowsOf, type EvalContext, type WatchedRange } from './context.ts';
import { timesOf } from './grid.ts';
import { extendedSamples } from './extendedSamples.ts';
import type { WindowFunction } from './histogramWindows.ts';
import type { HistogramWords } from './histogramWords.ts';
import { rangeMs, rangeNode, reachOf, subqueryGrid, windowEnds, type Reach } from './selectorTimes.ts';
import type { RangeKernel, WindowedSeries, WindowGrid } from './rangeKernels.ts';
import { clearRow, heldRows, newRow, withoutName, type Row, type VectorRows } from './rows.ts';
import { withoutStale, type SampledSeries, type SelectedSeries, type SeriesOrigin } from './series.ts';
import type { PlacedSeries, SumKernel } from './summedIncreases.ts';
import type { OutlineKernel } from './outlineKernels.ts';
import { OutlineReader, type OutlinedSeries } from './runWindows.ts';
import { locateWindows, type QueryWindows, type WindowCache, type Windows } from './windows.ts';

export interface RangeVector extends PlacedSeries, WatchedRange {
  readonly labels: readonly Labels[];
  readonly hasHistograms: boolean;
  readonly drops?: VectorRows['drops'];
  readonly ends: Float64Array;
  readonly rangeMs: number;
  /** How far beyond them the windows go on, where samples around are looked at. */
  readonly reach: Reach;
  /** One series; histograms by sample index. */
  series(s: number): WindowedSeries & { readonly histograms: ReadonlyMap<number, NativeHistogram> | undefined };
  /** One series by what is known of it without reading all of its samples; undefined where that is nothing. */
  outlined(s: number): OutlinedSeries | undefined;
}

export async function rangeVectorOf(arg: Expr, grid: StepGrid, context: EvalContext): Promise<RangeVector> {
  const node = rangeNode(arg);
  const vector = async () =>
    node.kind === 'range' ? ofSelector(node, grid, context) : ofSubquery(node, grid, context);
  return context.watch === undefined ? vector() : context.watch.range(node, grid, vector);
}

function ofSelector(node: RangeSelector, grid: StepGrid, context: EvalContext): RangeVector {
  const { plan } = context;
  const series = context.seriesFor(node.selector);
  const ends = windowEnds(node.selector, grid, plan.context);
  const width = rangeMs(node, plan.context);
  return windowed(series, ends, width, context.windows, reachOf(node.selector, plan.context));
}

const NO_REACH: Reach = { before: 0, after: 0 };

export function windowed(
  series: readonly SelectedSeries[],
  ends: Float64Array,
  width: number,
  windows: QueryWindows,
  reach: Reach = NO_REACH,
): RangeVector {
  return new WindowedVector(series, ends, width, windows, reach, undefined);
}

class WindowedVector implements RangeVector {
  readonly labels: readonly Labels[];
  readonly hasHistograms: boolean;
  readonly drops: VectorRows['drops'];
  readonly ends: Float64Array;
  readonly rangeMs: number;
  readonly reach: Reach;
  onRead: RangeVector['onRead'];
  readonly #series: readonly SelectedSeries[];
  readonly #windows: WindowCache;
  readonly #outlines: OutlineReader;

  constructor(
    series: readonly SelectedSeries[],
    ends: Float64Array,
    width: number,
    windows: QueryWindows,
    reach: Reach,
    drops: VectorRows['drops'],
  ) {
    this.#series = series;
    this.rangeMs = width;
    this.reach = reach;
    this.drops = drops;
    const labels = new Array<Labels>(series.length);
    let hasHistograms = false;
    for (let s = 0; s < series.length; s++) {
      labels[s] = series[s].labels;
      hasHistograms ||= series[s].hasHistograms;
    }
    this.labels = labels;
    this.hasHistograms = hasHistograms;
    this.#windows = windows.of(...reachedWindows(ends, width, reach));
    // The very array of others that share the windows: what is known of these is known by it.
    this.ends = reach.after === 0 ? this.#windows.ends : ends;
    this.#outlines = new OutlineReader(this.#windows);
  }

  series(s: number) {
    const started = this.onRead === undefined ? 0 : performance.now();
    const kept = withoutStale(this.#series[s].read());
    const windows = this.#windows.of(kept.times, kept.sharesTimes);
    this.onRead?.(performance.now() - started, kept.values.length);
    const { times, values, histograms, rises } = kept;
    return { times, values, histograms, rises, lo: windows.lo, hi: windows.hi, windows };
  }

  outlined(s: number): OutlinedSeries | undefined {
    const one = this.#series[s];
    const times = one.origin?.group.times;
    if (times !== undefined && this.#outlines.areReadAll(times)) return undefined;
    const outline = one.outline?.();
    return outline === undefined ? undefined : this.#outlines.of(outline);
  }

  origin(s: number): SeriesOrigin | undefined {
    return this.#series[s].origin;
  }

  windowsOf({ times }: Pick<OpenGroup, 'times'>): Windows {
    return this.#windows.of(times, true);
  }
}

function reachedWindows(ends: Float64Array, width: number, { before, after }: Reach): [Float64Array, number] {
  return [after === 0 ? ends : ends.map((end) => end + after), width + before + after];
}

async function ofSubquery(node: Subquery, grid: StepGrid, context: EvalContext): Promise<RangeVector> {
  const { plan, budget } = context;
  const inner = subqueryGrid(node, grid, plan.context);
  // Where no step falls into it there is nothing to tell either.
  const rows = inner.count === 0 ? heldRows([], []) : await rowsOf(node.expr, inner, context);
  // All of it is held at once: refused before any of it is computed.
  budget.expect(inner.count * rows.labels.length);
  const times = timesOf(inner);
  const series: SelectedSeries[] = [];
  const row = newRow(inner.count);
  for (let s = 0; s < rows.labels.length; s++) {
    rows.read(s, row);
    forgetResets(row);
    budget.hold(inner.count);
    const held = compacted(rows.labels[s], times, row);
    series.push({ labels: held.labels, hasHistograms: held.histograms !== undefined, read: () => held });
    if (budget.isDue()) await budget.pause();
  }
  const ends = windowEnds(node, grid, plan.context);
  return new WindowedVector(series, ends, rangeMs(node, plan.context), context.windows, NO_REACH, rows.drops);
}

/** A subquery may skip samples and repeat them: what is known of a reset before one does not hold for the one it comes after here. */
function forgetResets(row: Row): void {
  for (const [step, h] of row.histograms) {
    if (h.counterReset !== 'gauge') row.histograms.set(step, { ...h, counterReset: 'unknown' });
  }
}

/** The present cells of a row, with the row's own times where all are present. */
function compacted(labels: Labels, times: Float64Array, row: Row): SampledSeries {
  if (!row.present.includes(0)) {
    const histograms = row.histograms.size > 0 ? new Map(row.histograms) : undefined;
    return { labels, times, sharesTimes: true, values: row.values.slice(), stale: undefined, histograms };
  }
  const count = row.present.reduce((sum, p) => sum + p, 0);
  const keptTimes = new Float64Array(count);
  const keptValues = new Float64Array(count);
  const histograms = new Map<number, NativeHistogram>();
  let kept = 0;
  for (let i = 0; i < times.length; i++) {
    if (row.present[i] === 0) continue;
    const histogram = row.histograms.get(i);
    if (histogram !== undefined) histograms.set(kept, histogram);
    keptTimes[kept] = times[i];
    keptValues[kept] = row.values[i];
    kept++;
  }
  return {
    labels,
    times: keptTimes,
    sharesTimes: false,
    values: keptValues,
    stale: undefined,
    histograms: histograms.size > 0 ? histograms : undefined,
  };
}

/** What a function does with windows: of floats, and of native histograms where it has an answer for them. */
export interface RangeFunction {
  readonly ofFloats: RangeKernel;
  readonly ofHistograms: WindowFunction | undefined;
  /** The same of floats, where not all samples need be read. */
  readonly ofOutlines?: OutlineKernel;
  /** How sums of it are made, where not each one need be computed. */
  readonly sums?: SumKernel;
}

/** A function of windows, applied to every series when it is read. */
export class WindowRows implements VectorRows {
  readonly labels: readonly Labels[];
  readonly hasHistograms: boolean;
  readonly drops: VectorRows['drops'];
  readonly addUp: VectorRows['addUp'];
  readonly #kernel: RangeFunction;
  readonly #vector: RangeVector;
  readonly #grid: WindowGrid;
  readonly #budget: Budget;
  readonly #words: HistogramWords;

  constructor(
    kernel: RangeFunction,
    vector: RangeVector,
    grid: StepGrid,
    params: readonly Float64Array[],
    budget: Budget,
    words: HistogramWords,
  ) {
    this.labels = vector.labels;
    this.hasHistograms = vector.hasHistograms && kernel.ofHistograms !== undefined;
    this.drops = vector.drops;
    this.#kernel = kernel;
    this.#vector = vector;
    this.#grid = { ends: vector.ends, rangeMs: vector.rangeMs, evalTimes: timesOf(grid), params };
    this.#budget = budget;
    this.#words = words;
    const { sums } = kernel;
    this.addUp = isSummed(sums, vector, grid) ? sums(vector, this.#grid, this, budget) : undefined;
  }

  read(s: number, into: Row): void {
    const { ofFloats, ofHistograms, ofOutlines } = this.#kernel;
    const [vector, grid, budget] = [this.#vector, this.#grid, this.#budget];
    clearRow(into);
    const outlined = ofOutlines === undefined ? undefined : vector.outlined(s);
    if (outlined !== undefined && ofOutlines!(outlined, grid, into)) return;
    const series = vector.series(s);
    if (series.histograms === undefined) return inSlices(ofFloats, series, grid, into, budget);
    const mixed = { ...series, histograms: series.histograms, labels: vector.labels[s] };
    inSlices(ofFloats, floatsOf(mixed, vector), grid, into, budget);
    if (ofHistograms === undefined) tellIgnored(mixed, this.#words);
    else overHistograms(ofHistograms, mixed, grid, into, budget, this.#words);
  }
}

/** Steps this far apart leave most samples out: what is known of them by the stretch is quicker then. */
const SUMMED_STEP_MS_MAX = 900_000;

function isSummed(sums: SumKernel | undefined, vector: RangeVector, { stepMs }: StepGrid): sums is SumKernel {
  return sums !== undefined && !vector.hasHistograms && stepMs <= SUMMED_STEP_MS_MAX;
}

type MixedSeries = WindowedSeries & {
  readonly histograms: ReadonlyMap<number, NativeHistogram>;
  readonly labels: Labels;
};

/** The samples that are no histograms. */
function floatsOf({ times, values, histograms }: MixedSeries, { ends, rangeMs, reach }: RangeVector): WindowedSeries {
  const isFloat = (_: number, k: number) => !histograms.has(k);
  const kept = times.filter(isFloat);
  const windows = locateWindows(kept, ...reachedWindows(ends, rangeMs, reach));
  return {
    times: kept,
    values: values.filter(isFloat),
    windows,
    lo: windows.lo,
    hi: windows.hi,
  };
}

function tellIgnored({ lo, hi, histograms, labels }: MixedSeries, words: HistogramWords): void {
  const indexes = Int32Array.from(histograms.keys()).sort();
  const isMixed = (start: number, i: number) => {
    const count = countBelow(indexes, hi[i]) - countBelow(indexes, start);
    return count > 0 && count < hi[i] - start;
  };
  if (lo.some(isMixed)) words.ignoredInRange(labels);
}

/** How many of ascending numbers are below `limit`. */
function countBelow(ascending: Int32Array, limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Windows between two looks at whether the query's time is over. */
const WINDOWS_PER_CHECK = 64;

/** Writes the steps whose windows have histograms. */
function overHistograms(
  compute: WindowFunction,
  { times, values, histograms, labels, lo, hi }: MixedSeries,
  { ends, rangeMs }: WindowGrid,
  out: Row,
  budget: Budget,
  words: HistogramWords,
): void {
  const indexes = Int32Array.from(histograms.keys()).sort();
  for (let i = 0; i < ends.length; i++) {
    const histogramIndexes = indexes.subarray(countBelow(indexes, lo[i]), countBelow(indexes, hi[i]));
    if (histogramIndexes.length === 0) continue;
    if (i % WINDOWS_PER_CHECK === 0) budget.check();
    const window = {
      labels,
      times,
      values,
      histograms,
      from: lo[i],
      to: hi[i],
      histogramIndexes,
      end: ends[i],
      rangeMs,
    };
    const result = compute(window, words);
    out.present[i] = result === undefined ? 0 : 1;
    if (result === undefined) continue;
    out.values[i] = typeof result === 'number' ? result : NaN;
    if (typeof result === 'object') out.histograms.set(i, result);
  }
}

/** Samples that the windows of one slice hold together; a slice takes milliseconds. */
const SLICE_SAMPLES = 1 << 20;

/** Runs a kernel so that long windows over many steps cannot keep a canceled query, or one whose time is over, going. */
function inSlices(kernel: RangeKernel, series: WindowedSeries, grid: WindowGrid, out: Row, budget: Budget): void {
  const { lo, hi, windows } = series;
  if (windows !== undefined && windows.samples < SLICE_SAMPLES) return kernel(series, grid, out);
  const steps = lo.length;
  let from = 0;
  let samples = 0;
  for (let i = 0; i < steps; i++) {
    samples += hi[i] - lo[i];
    if (samples < SLICE_SAMPLES || i === steps - 1) continue;
    slice(kernel, series, grid, out, from, i + 1);
    budget.check();
    from = i + 1;
    samples = 0;
  }
  if (from === 0) kernel(series, grid, out);
  else slice(kernel, series, grid, out, from, steps);
}

function slice(
  kernel: RangeKernel,
  series: WindowedSeries,
  grid: WindowGrid,
  out: Row,
  from: number,
  to: number,
): void {
  kernel(
    { ...series, lo: series.lo.subarray(from, to), hi: series.hi.subarray(from, to) },
    {
      ...grid,
      ends: grid.ends.subarray(from, to),
      evalTimes: grid.evalTimes.subarray(from, to),
      params: grid.params.map((param) => param.subarray(from, to)),
    },
    { ...out, values: out.values.subarray(from, to), present: out.present.subarray(from, to) },
  );
}

/** The samples of a range vector asked for by itself, at a single step. */
export function rawSeriesOf(vector: RangeVector, budget: Budget, extension?: RangeExtension): RawSeries[] {
  const raw: RawSeries[] = [];
  for (let s = 0; s < vector.labels.length; s++) {
    const { times, values, lo, hi, histograms } = vector.series(s);
    if (hi[0] === lo[0]) continue;
    budget.hold(hi[0] - lo[0], 16 * (hi[0] - lo[0]));
    const kept = new Map<number, NativeHistogram>();
    for (let k = lo[0]; k < hi[0]; k++) {
      const histogram = histograms?.get(k);
      if (histogram !== undefined) kept.set(k - lo[0], histogram);
    }
    const series: RawSeries = {
      labels: vector.drops?.[s] === true ? withoutName(vector.labels[s]) : vector.labels[s],
      times: times.slice(lo[0], hi[0]),
      values: values.slice(lo[0], hi[0]),
      ...(kept.size > 0 ? { histograms: kept } : {}),
    };
    const asked = extension === undefined ? series : extendedSamples(series, extension, vector.ends[0], vector.rangeMs);
    if (asked !== undefined) raw.push(asked);
  }
  return raw;
}
