/** Every function's evaluation, by name. */
import type { Call, Expr, Place } from '../../shared/promql/ast.ts';
import { unwrapped } from '../../shared/promql/ast.ts';
import { nativeVariance } from '../../shared/histogram/distribution.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { FunctionName } from '../../shared/promql/functions.ts';
import { labelsFrom, labelValue, METRIC_NAME, quoted, type Labels } from '../../shared/model/labels.ts';
import { formatFixed } from '../../shared/model/numberText.ts';
import { QueryError, type StepGrid } from '../storage/engine.ts';
import { rowsOf, scalarOf, textOf, vectorValue, type EvalContext, type EvaluateCall, type Value } from './context.ts';
import { extendedFunction } from './extendedRanges.ts';
import { extentOf } from './extents.ts';
import { CALENDAR, greater, lesser, MATH, roundTo } from './elementwise.ts';
import { timesOf } from './grid.ts';
import { histogramFraction, histogramQuantile, histogramQuantiles } from './histogramCalls.ts';
import { HISTOGRAM_WINDOW_FUNCTIONS } from './histogramWindows.ts';
import { HistogramWords } from './histogramWords.ts';
import { info } from './info.ts';
import { labelJoiner, labelReplacer } from './labelCalls.ts';
import { OUTLINE_KERNELS } from './outlineKernels.ts';
import { INCREASES, type SumKernel } from './summedIncreases.ts';
import { summedResets } from './summedResets.ts';
import { NAME_KEEPING, OVER_TIME_KERNELS } from './overTimeKernels.ts';
import { COUNTER_KERNELS, type RangeKernel } from './rangeKernels.ts';
import { rangeVectorOf, WindowRows, type RangeFunction, type RangeVector } from './rangeVectors.ts';
import { rangeNode } from './selectorTimes.ts';
import {
  clearHistograms,
  clearRow,
  heldRows,
  materialize,
  newRow,
  relabeled,
  RelabeledRows,
  unnamed,
  type Row,
  type VectorRows,
} from './rows.ts';
import { selectRows } from './selection.ts';
import { sorting, sortingByLabels } from './sortCalls.ts';

const COUNTER_SUFFIX = /(?:_total|_sum|_count|_bucket)$/;

interface WindowFunction {
  readonly keepsName?: boolean;
  /** Which argument is the range vector; the others are scalars. */
  readonly rangeArg?: number;
  /** Looks at the range vector and the scalars before they are computed with. */
  readonly inspect?: (vector: RangeVector, params: readonly Float64Array[], call: Call, context: EvalContext) => void;
  /** What looks at each row of the result, if anything does. */
  readonly watch?: (
    params: readonly Float64Array[],
    call: Call,
    context: EvalContext,
  ) => ((row: Row) => void) | undefined;
}

/** How a range function is computed: otherwise where the range's selector is `anchored` or `smoothed`. */
function rangeFunction(call: Call, arg: Expr, plain: RangeFunction): RangeFunction {
  const node = rangeNode(arg);
  const extension = node.kind === 'range' ? node.selector.extension : undefined;
  return extension === undefined ? plain : extendedFunction(extension, call.func);
}

const SUM_KERNELS: Readonly<Record<string, SumKernel | undefined>> = { ...INCREASES, resets: summedResets };

function ofWindows(name: string, kernel: RangeKernel, options: WindowFunction = {}): EvaluateCall {
  const { keepsName = false, rangeArg = 0, inspect, watch } = options;
  return async (call, grid, context) => {
    const vector = await rangeVectorOf(call.args[rangeArg], grid, context);
    const others = call.args.filter((_, i) => i !== rangeArg);
    const params: Float64Array[] = [];
    for (const arg of others) params.push(await scalarOf(arg, grid, context));
    inspect?.(vector, params, call, context);
    // Upstream places what it tells of histograms at the first argument, whichever that is.
    const place = rangeArg === 0 ? placeOfRange(call.args[0]) : call.args[0];
    const words = new HistogramWords(context.annotations, place, call);
    const plain = {
      ofFloats: kernel,
      ofHistograms: HISTOGRAM_WINDOW_FUNCTIONS[name],
      ofOutlines: OUTLINE_KERNELS[name],
      sums: SUM_KERNELS[name],
    };
    const rows = new WindowRows(
      rangeFunction(call, call.args[rangeArg], plain),
      vector,
      grid,
      params,
      context.budget,
      words,
    );
    const result = keepsName ? rows : await unnamed(rows, grid.count, context, true);
    return vectorValue(watched(result, watch?.(params, call, context)));
  };
}

function watched(rows: VectorRows, look: ((row: Row) => void) | undefined): VectorRows {
  if (look === undefined) return rows;
  const read = (s: number, into: Row): void => {
    rows.read(s, into);
    look(into);
  };
  return { ...rows, addUp: undefined, read };
}

/** Where upstream places what it tells of a range vector: a subquery has no place of its own. */
function placeOfRange(arg: Expr): Place {
  return rangeNode(arg).kind === 'subquery' ? { from: 0, to: 0 } : arg;
}

/** Why a metric does not look like a counter; undefined where it does. */
function gaugeLook(labels: Labels, { features }: EvalContext): string | undefined {
  const metric = labelValue(labels, METRIC_NAME);
  if (metric === '') return undefined;
  if (features.typeAndUnitLabels !== true) {
    if (COUNTER_SUFFIX.test(metric)) return undefined;
    return `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${quoted(metric)}`;
  }
  const type = labelValue(labels, '__type__');
  if (type === 'counter' || type === 'histogram') return undefined;
  const expected = '__type__ label is not set to "counter" or "histogram"';
  return `metric might not be a counter, ${expected}, got ${quoted(type)}: ${quoted(metric)}`;
}

/** rate and increase tell where a metric does not look like a counter and yet gives a value. */
function tellOfGauges(vector: RangeVector, _: unknown, call: Call, context: EvalContext): void {
  const place = placeOfRange(call.args[0]);
  const told = new Set<string>();
  let metric: string | undefined;
  let message: string | undefined;
  for (let s = 0; s < vector.labels.length; s++) {
    const name = labelValue(vector.labels[s], METRIC_NAME);
    if (name !== metric || context.features.typeAndUnitLabels === true) message = gaugeLook(vector.labels[s], context);
    metric = name;
    if (message === undefined || told.has(message)) continue;
    if (!givesFloats(vector, s)) continue;
    told.add(message);
    context.annotations.info(message, place, call);
  }
}

/** Whether a rate of a series is a number at any step. */
function givesFloats(vector: RangeVector, s: number): boolean {
  const { reach, ends, rangeMs } = vector;
  const { times, lo, hi, histograms } = vector.series(s);
  for (let i = 0; i < hi.length; i++) {
    const isEnough =
      reach.before === 0
        ? hi[i] - lo[i] > 1
        : extentOf(times, lo[i], hi[i], ends[i] - rangeMs, ends[i], reach.after > 0) !== undefined;
    if (isEnough && (histograms === undefined || !hasAnyOf(histograms, lo[i], hi[i]))) return true;
  }
  return false;
}

/** Whether any of the samples [from, to) is a native histogram. */
function hasAnyOf(histograms: ReadonlyMap<number, NativeHistogram>, from: number, to: number): boolean {
  for (let k = from; k < to; k++) if (histograms.has(k)) return true;
  return false;
}

/** quantile_over_time tells of a quantile that is none where it gives a value. */
function watchQuantiles(
  [q]: readonly Float64Array[],
  call: Call,
  { annotations }: EvalContext,
): ((row: Row) => void) | undefined {
  const isQuantile = (v: number) => v >= 0 && v <= 1;
  if (q.every(isQuantile)) return undefined;
  return ({ present }) => {
    for (let i = 0; i < q.length; i++)
      if (present[i] === 1 && !isQuantile(q[i])) annotations.invalidQuantile(q[i], call.args[0], call);
  };
}

/** NaN passes, as upstream lets it: what comes of it is NaN. */
const isFactor = (v: number) => !(v <= 0 || v >= 1);

/** @throws QueryError where a factor of double_exponential_smoothing is none at a step whose window has samples. */
function checkFactors(vector: RangeVector, [smoothing, trend]: readonly Float64Array[]): void {
  if (smoothing.every(isFactor) && trend.every(isFactor)) return;
  for (let s = 0; s < vector.labels.length; s++) {
    const { lo, hi } = vector.series(s);
    for (let i = 0; i < smoothing.length; i++) {
      if (hi[i] === lo[i] || (isFactor(smoothing[i]) && isFactor(trend[i]))) continue;
      const [name, short, v] = isFactor(smoothing[i]) ? ['trend', 'tf', trend[i]] : ['smoothing', 'sf', smoothing[i]];
      const told = `invalid ${name} factor. Expected: 0 < ${short} < 1, got: ${formatFixed(Number(v))}`;
      throw new QueryError('execution', told);
    }
  }
}

/** The rows changed in place, without the metric's name. Native histogram samples are left out, as upstream leaves them. */
async function changed(
  rows: VectorRows,
  change: (row: Row) => void,
  steps: number,
  context: EvalContext,
): Promise<Value> {
  const read = (s: number, into: Row): void => {
    rows.read(s, into);
    for (const step of into.histograms.keys()) into.present[step] = 0;
    clearHistograms(into);
    change(into);
  };
  return vectorValue(await unnamed({ labels: rows.labels, hasHistograms: false, read }, steps, context));
}

function ofValues(compute: (v: number) => number): EvaluateCall {
  return async (call, grid, context) =>
    changed(
      await rowsOf(call.args[0], grid, context),
      ({ values }) => {
        for (let i = 0; i < values.length; i++) values[i] = compute(values[i]);
      },
      grid.count,
      context,
    );
}

function ofDates(compute: (seconds: number) => number): EvaluateCall {
  return async (call, grid, context) => {
    if (call.args.length > 0) return ofValues(compute)(call, grid, context);
    return vectorValue(
      oneRow(
        [],
        timesOf(grid).map((t) => compute(Math.trunc(t / 1000))),
      ),
    );
  };
}

/** A vector of one series that is there at every step. */
function oneRow(labels: Labels, values: Float64Array): VectorRows {
  return {
    labels: [labels],
    hasHistograms: false,
    read(_s, into) {
      clearRow(into);
      into.values.set(values);
      into.present.fill(1);
    },
  };
}

/** max(low, min(v, high)) with bounds that may change by step; no result where low is above high. */
function clamping(
  bounds: (args: readonly Float64Array[], i: number) => readonly [low: number, high: number],
): EvaluateCall {
  return async (call, grid, context) => {
    const rows = await rowsOf(call.args[0], grid, context);
    const args: Float64Array[] = [];
    for (const arg of call.args.slice(1)) args.push(await scalarOf(arg, grid, context));
    const clamp = ({ values, present }: Row): void => {
      for (let i = 0; i < values.length; i++) {
        const [low, high] = bounds(args, i);
        if (low > high) present[i] = 0;
        values[i] = greater(low, lesser(high, values[i]));
      }
    };
    return changed(rows, clamp, grid.count, context);
  };
}

async function round(call: Call, grid: StepGrid, context: EvalContext): Promise<Value> {
  const rows = await rowsOf(call.args[0], grid, context);
  const to = call.args.length > 1 ? await scalarOf(call.args[1], grid, context) : new Float64Array(grid.count).fill(1);
  const change = ({ values }: Row): void => {
    for (let i = 0; i < values.length; i++) values[i] = roundTo(values[i], to[i]);
  };
  return changed(rows, change, grid.count, context);
}

/** What an absent vector would have been labelled with: its `=` matchers, each label named once. */
export function absentLabels(arg: Expr): Labels {
  const node = unwrapped(arg);
  const selector = node.kind === 'range' ? node.selector : node;
  if (selector.kind !== 'selector') return [];
  const counts = new Map<string, number>();
  for (const { name } of selector.matchers) counts.set(name, (counts.get(name) ?? 0) + 1);
  const fixed = selector.matchers.filter((m) => m.op === '=' && m.name !== METRIC_NAME && counts.get(m.name) === 1);
  return labelsFrom(fixed.map((m) => [m.name, m.value]));
}

async function absentWhere(arg: Expr, seen: VectorRows, grid: StepGrid, context: EvalContext): Promise<Value> {
  const out = newRow(grid.count);
  out.values.fill(1);
  out.present.fill(1);
  const row = newRow(grid.count);
  for (let s = 0; s < seen.labels.length; s++) {
    seen.read(s, row);
    for (let i = 0; i < grid.count; i++) if (row.present[i] === 1) out.present[i] = 0;
    if (context.budget.isDue()) await context.budget.pause();
  }
  return vectorValue(heldRows([absentLabels(arg)], [out]));
}

async function timestamp(call: Call, grid: StepGrid, context: EvalContext): Promise<Value> {
  const arg = unwrapped(call.args[0]);
  if (arg.kind === 'selector') {
    return vectorValue(await unnamed(selectRows(arg, grid, context, true), grid.count, context));
  }
  const seconds = timesOf(grid).map((t) => t / 1000);
  const rows = await rowsOf(call.args[0], grid, context);
  const read = (s: number, into: Row): void => {
    rows.read(s, into);
    clearHistograms(into);
    into.values.set(seconds);
  };
  return vectorValue(await unnamed({ labels: rows.labels, hasHistograms: false, read }, grid.count, context));
}

/** The start times of a selector's samples. The store keeps none, which upstream gives as 0; anything else has none. */
async function startTimestamp(call: Call, grid: StepGrid, context: EvalContext): Promise<Value> {
  const arg = unwrapped(call.args[0]);
  if (arg.kind !== 'selector') {
    // It is evaluated for what there is to tell of it.
    const given = await rowsOf(arg, grid, context);
    if (context.hasHistograms) await materialize(given, grid.count, context.budget);
    return vectorValue(heldRows([], []));
  }
  if (context.features.startTimestamps !== true) return vectorValue(heldRows([], []));
  const rows = selectRows(arg, grid, context, true);
  const read = (s: number, into: Row): void => {
    rows.read(s, into);
    into.values.fill(0);
  };
  return vectorValue(await unnamed({ labels: rows.labels, hasHistograms: false, read }, grid.count, context));
}

/** The value of the only series at a step; NaN where there is none or more than one. */
async function scalar(call: Call, grid: StepGrid, context: EvalContext): Promise<Value> {
  const rows = await rowsOf(call.args[0], grid, context);
  const values = new Float64Array(grid.count).fill(NaN);
  const counts = new Uint32Array(grid.count);
  const row = newRow(grid.count);
  for (let s = 0; s < rows.labels.length; s++) {
    rows.read(s, row);
    for (let i = 0; i < grid.count; i++) {
      if (row.present[i] === 1 && !row.histograms.has(i)) values[i] = counts[i]++ === 0 ? row.values[i] : NaN;
    }
    if (context.budget.isDue()) await context.budget.pause();
  }
  return { kind: 'scalar', values };
}

async function labelsChanged(
  call: Call,
  grid: StepGrid,
  context: EvalContext,
  target: string,
  change: (labels: Labels) => Labels,
): Promise<Value> {
  const rows = await rowsOf(call.args[0], grid, context);
  const labels: Labels[] = [];
  for (const own of rows.labels) {
    const changed = change(own);
    labels.push(changed);
    if (changed !== own) context.budget.takeLabel(labelValue(changed, target).length);
    if (context.budget.isDue()) await context.budget.pause();
  }
  // A name that is written anew stays.
  const drops = rows.drops?.map(
    (isDropped, s) => isDropped && (target !== METRIC_NAME || labels[s] === rows.labels[s]),
  );
  return vectorValue(await relabeled(new RelabeledRows(rows, labels, drops), labels, grid.count, context.budget));
}

async function labelReplace(call: Call, grid: StepGrid, context: EvalContext): Promise<Value> {
  const texts: string[] = [];
  for (const arg of call.args.slice(1)) texts.push(await textOf(arg, grid, context));
  const [target, template, source, pattern] = texts;
  return labelsChanged(call, grid, context, target, labelReplacer(target, template, source, pattern));
}

async function labelJoin(call: Call, grid: StepGrid, context: EvalContext): Promise<Value> {
  const texts: string[] = [];
  for (const arg of call.args.slice(1)) texts.push(await textOf(arg, grid, context));
  const [target, separator, ...sources] = texts;
  return labelsChanged(call, grid, context, target, labelJoiner(target, separator, sources));
}

/** A number from each native histogram; float samples give none. */
function ofHistograms(compute: (h: NativeHistogram) => number): EvaluateCall {
  return async (call, grid, context) => {
    const rows = await rowsOf(call.args[0], grid, context);
    const read = (s: number, into: Row): void => {
      rows.read(s, into);
      into.present.fill(0);
      for (const [step, h] of into.histograms) {
        into.values[step] = compute(h);
        into.present[step] = 1;
      }
      clearHistograms(into);
    };
    return vectorValue(await unnamed({ labels: rows.labels, hasHistograms: false, read }, grid.count, context));
  };
}

const constantScalar =
  (valueOf: (context: EvalContext) => number): EvaluateCall =>
  async (_call, grid, context) => ({ kind: 'scalar', values: new Float64Array(grid.count).fill(valueOf(context)) });

function choosing(choose: (a: number, b: number) => number): EvaluateCall {
  return async (call, grid, context) => {
    const a = await scalarOf(call.args[0], grid, context);
    const b = await scalarOf(call.args[1], grid, context);
    return { kind: 'scalar', values: a.map((v, i) => choose(v, b[i])) };
  };
}

const classic =
  (evaluate: (call: Call, grid: StepGrid, context: EvalContext) => Promise<VectorRows>): EvaluateCall =>
  async (call, grid, context) => {
    const rows = await evaluate(call, grid, context);
    const drops = context.delaysNames ? rows.labels.map(() => true) : undefined;
    const marked = new RelabeledRows(rows, rows.labels, drops);
    return vectorValue(await relabeled(marked, rows.labels, grid.count, context.budget));
  };

function mapTable<K extends string, V>(
  table: Readonly<Record<K, V>>,
  change: (value: V, key: K) => EvaluateCall,
): Record<K, EvaluateCall> {
  return Object.fromEntries(Object.entries<V>(table).map(([key, value]) => [key, change(value, key as K)])) as Record<
    K,
    EvaluateCall
  >;
}

const windowFunctions = mapTable({ ...COUNTER_KERNELS, ...OVER_TIME_KERNELS }, (kernel: RangeKernel, name) =>
  ofWindows(name, kernel, { keepsName: NAME_KEEPING.has(name) }),
);

export const CALLS: Readonly<Record<FunctionName, EvaluateCall>> = {
  ...mapTable(MATH, ofValues),
  ...mapTable(CALENDAR, ofDates),
  ...windowFunctions,
  rate: ofWindows('rate', COUNTER_KERNELS.rate, { inspect: tellOfGauges }),
  increase: ofWindows('increase', COUNTER_KERNELS.increase, { inspect: tellOfGauges }),
  quantile_over_time: ofWindows('quantile_over_time', OVER_TIME_KERNELS.quantile_over_time, {
    rangeArg: 1,
    watch: watchQuantiles,
  }),
  double_exponential_smoothing: ofWindows(
    'double_exponential_smoothing',
    OVER_TIME_KERNELS.double_exponential_smoothing,
    { inspect: checkFactors },
  ),
  absent: async (call, grid, context) =>
    absentWhere(call.args[0], await rowsOf(call.args[0], grid, context), grid, context),
  absent_over_time: async (call, grid, context) => {
    const vector = await rangeVectorOf(call.args[0], grid, context);
    const present = {
      ofFloats: OVER_TIME_KERNELS.present_over_time,
      ofHistograms: HISTOGRAM_WINDOW_FUNCTIONS.present_over_time,
      ofOutlines: OUTLINE_KERNELS.present_over_time,
    };
    const words = new HistogramWords(context.annotations, call.args[0], call);
    const seen = new WindowRows(rangeFunction(call, call.args[0], present), vector, grid, [], context.budget, words);
    return absentWhere(rangeNode(call.args[0]), seen, grid, context);
  },
  clamp: clamping(([low, high], i) => [low[i], high[i]]),
  clamp_min: clamping(([low], i) => [low[i], Infinity]),
  clamp_max: clamping(([high], i) => [-Infinity, high[i]]),
  round,
  histogram_quantile: classic(histogramQuantile),
  histogram_fraction: classic(histogramFraction),
  histogram_quantiles: classic(histogramQuantiles),
  histogram_avg: ofHistograms((h) => h.sum / h.count),
  histogram_count: ofHistograms((h) => h.count),
  histogram_sum: ofHistograms((h) => h.sum),
  histogram_stddev: ofHistograms((h) => Math.sqrt(nativeVariance(h))),
  histogram_stdvar: ofHistograms(nativeVariance),
  info,
  label_join: labelJoin,
  label_replace: labelReplace,
  pi: constantScalar(() => Math.PI),
  time: async (_call, grid) => ({ kind: 'scalar', values: timesOf(grid).map((t) => t / 1000) }),
  start: constantScalar((context) => context.plan.context.query.start / 1000),
  end: constantScalar((context) => context.plan.context.query.end / 1000),
  step: constantScalar(({ plan: { context } }) =>
    context.query.start === context.query.end ? 0 : context.query.stepMs / 1000,
  ),
  range: constantScalar(({ plan }) => (plan.context.query.end - plan.context.query.start) / 1000),
  min_of: choosing(lesser),
  max_of: choosing(greater),
  scalar,
  vector: async (call, grid, context) => vectorValue(oneRow([], await scalarOf(call.args[0], grid, context))),
  sort: sorting(false),
  sort_desc: sorting(true),
  sort_by_label: sortingByLabels(false),
  sort_by_label_desc: sortingByLabels(true),
  start_timestamp: startTimestamp,
  timestamp,
};
