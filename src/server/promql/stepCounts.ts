/**
 * How many samples each step of a query looks at, as `stats=all` tells it, by a walk of its own over the tree: evaluating counts nothing.
 * Each step counts what it would as an instant query, whatever is shared between steps; a native histogram counts as its size in samples.
 * Rules: Prometheus promql/engine.go and util/stats/query_stats.go.
 */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import {
  childrenOf,
  unwrapped,
  type Call,
  type Expr,
  type RangeSelector,
  type Subquery,
} from '../../shared/promql/ast.ts';
import type { StepCounts, StepGrid } from '../storage/engine.ts';
import { Annotations } from './annotations.ts';
import { rowsOf, type EvalContext } from './context.ts';
import { evaluateExpr } from './evaluate.ts';
import { firstStepOf } from './grid.ts';
import { infoSeriesOf } from './info.ts';
import { infoTimes } from './infoPlan.ts';
import { rangeVectorOf, rawSeriesOf, type RangeVector } from './rangeVectors.ts';
import { newRow } from './rows.ts';
import { offsetMs, rangeMs, subqueryGrid, windowEnds } from './selectorTimes.ts';
import type { SelectedSeries } from './series.ts';
import { WindowCache } from './windows.ts';

/**
 * What the query looks at, by step of its grid. Subqueries are evaluated for it; what that holds is given back.
 *
 * @throws QueryError as evaluating does.
 */
export async function countedSteps(context: EvalContext): Promise<StepCounts> {
  const { plan } = context;
  const counting: EvalContext = {
    ...context,
    annotations: new Annotations(''),
    repeated: undefined,
    watch: undefined,
    evaluate: (expr, grid) => evaluateExpr(expr, grid, counting),
  };
  const node = unwrapped(plan.expr);
  const counts = newCounts(plan.context.query);
  if (node.kind === 'range') await countRaw(node, counts, counting);
  else if (node.kind === 'subquery') await countRawSubquery(node, counts, counting);
  else await count(node, counts, counting);
  return counts;
}

const newCounts = (grid: StepGrid): StepCounts => ({
  grid,
  queryable: new Float64Array(grid.count),
  read: new Float64Array(grid.count),
});

/** Adds what an expression that is no range vector looks at. */
async function count(node: Expr, counts: StepCounts, context: EvalContext): Promise<void> {
  const { grid } = counts;
  if (grid.count > 1 && isInvariant(node, context)) {
    const once = newCounts(firstStepOf(grid));
    await count(node, once, context);
    for (let i = 0; i < grid.count; i++) counts.queryable[i] += once.queryable[0];
    counts.read[0] += once.read[0];
    return;
  }
  if (node.kind === 'selector') {
    // What is interpolated is not counted.
    if (node.extension === 'smoothed') return;
    const ends = windowEnds(node, grid, context.plan.context);
    return countNewest(context.seriesFor(node), ends, sizeOf, counts, context);
  }
  if (node.kind === 'call') return countCall(node, counts, context);
  for (const child of childrenOf(node)) await count(child, counts, context);
}

async function countCall(call: Call, counts: StepCounts, context: EvalContext): Promise<void> {
  const [first] = call.args;
  if (call.func === 'info') return countInfo(call, counts, context);
  if ((call.func === 'timestamp' || call.func === 'start_timestamp') && first.kind === 'selector') {
    const ends = windowEnds(first, counts.grid, context.plan.context);
    return countNewest(context.seriesFor(first), ends, () => 1, counts, context);
  }
  for (const arg of call.args) {
    const node = unwrapped(arg);
    if (node.kind !== 'range' && node.kind !== 'subquery') {
      await count(node, counts, context);
      continue;
    }
    await context.budget.lend(async () => {
      const vector = await rangeVectorOf(node, counts.grid, context);
      const at = node.kind === 'range' ? node.selector.at : undefined;
      await countWindows(vector, at !== undefined, node.kind === 'range', counts, context);
    });
    if (node.kind === 'subquery') {
      const width = rangeMs(node, context.plan.context);
      mergeRead(await countInside(node, counts.grid, context), counts, offsetMs(node, context.plan.context), width);
    }
  }
}

/** The same at every step. timestamp() of a pinned selector is so too, though that of anything else is not. */
function isInvariant(node: Expr, { plan }: EvalContext): boolean {
  if (plan.invariant.has(node)) return true;
  const inner = unwrapped(node);
  if (inner.kind !== 'call' || inner.func !== 'timestamp') return false;
  const [arg] = inner.args;
  return arg.kind === 'selector' && arg.at !== undefined;
}

/** Samples of all series at the ends of windows as long as the lookback. */
async function countNewest(
  series: readonly SelectedSeries[],
  ends: Float64Array,
  weightOf: (histogram: NativeHistogram | undefined) => number,
  { queryable, read }: StepCounts,
  { plan, budget }: EvalContext,
): Promise<void> {
  const cache = new WindowCache(ends, plan.context.lookbackDeltaMs);
  for (const one of series) {
    const { times, sharesTimes, stale, histograms } = one.read();
    const { lo, hi } = cache.of(times, sharesTimes);
    for (let i = 0; i < ends.length; i++) {
      const at = hi[i] - 1;
      if (at < lo[i] || stale?.[at] === 1) continue;
      const weight = histograms === undefined ? 1 : weightOf(histograms.get(at));
      queryable[i] += weight;
      read[i] += weight;
    }
    if (budget.isDue()) await budget.pause();
  }
}

/** Whole windows; of what is read only what the window before did not have. @param isRead whether it was read from the store for this. */
async function countWindows(
  vector: RangeVector,
  isPinned: boolean,
  isRead: boolean,
  { queryable, read }: StepCounts,
  { budget }: EvalContext,
): Promise<void> {
  for (let s = 0; s < vector.labels.length; s++) {
    const { times, lo, hi, histograms } = vector.series(s);
    const before = histograms === undefined ? undefined : sizesBefore(times.length, histograms);
    const between = (from: number, to: number) => (before === undefined ? to - from : before[to] - before[from]);
    for (let i = 0; i < lo.length; i++) {
      queryable[i] += between(lo[i], hi[i]);
      if (!isRead || (isPinned && i > 0)) continue;
      read[i] += between(i === 0 ? lo[i] : Math.max(lo[i], hi[i - 1]), hi[i]);
    }
    if (budget.isDue()) await budget.pause();
  }
}

/** What the inside of a subquery looks at, over its own grid. */
async function countInside(node: Subquery, grid: StepGrid, context: EvalContext): Promise<StepCounts> {
  const inside = newCounts(subqueryGrid(node, grid, context.plan.context));
  if (inside.grid.count > 0) await count(node.expr, inside, context);
  return inside;
}

/**
 * Adds what a subquery reads to the first step that uses it.
 *
 * @param offset of the subquery, milliseconds.
 * @param width of its windows, milliseconds: what lies between two of them is not counted.
 */
function mergeRead(inside: StepCounts, { grid, read }: StepCounts, offset: number, width: number): void {
  if (grid.count <= 1) {
    read[0] += total(inside.read);
    return;
  }
  inside.read.forEach((n, k) => {
    const t = inside.grid.start + k * inside.grid.stepMs + offset;
    const step = Math.min(grid.count - 1, Math.max(0, Math.ceil((t - grid.start) / grid.stepMs)));
    if (t > grid.start + step * grid.stepMs - width) read[step] += n;
  });
}

async function countInfo(call: Call, counts: StepCounts, context: EvalContext): Promise<void> {
  const { plan, budget } = context;
  const [arg] = call.args;
  await count(arg, counts, context);
  const labels = await budget.lend(async () => {
    const rows = await rowsOf(arg, counts.grid, context);
    const row = newRow(counts.grid.count);
    return rows.labels.filter((_, s) => {
      rows.read(s, row);
      return row.present.includes(1);
    });
  });
  const series = infoSeriesOf(call, labels, context.series(plan.infoSelectOf.get(call)!));
  await countNewest(series, infoTimes(arg, counts.grid, plan.context), () => 1, counts, context);
}

/** A range vector that is the whole query: what it answers is what it read. */
async function countRaw(node: RangeSelector, counts: StepCounts, context: EvalContext): Promise<void> {
  const { budget } = context;
  await budget.lend(async () => {
    const vector = await rangeVectorOf(node, counts.grid, context);
    for (const { times, histograms } of rawSeriesOf(vector, budget, node.selector.extension)) {
      const size = histograms === undefined ? times.length : sizesBefore(times.length, histograms)[times.length];
      counts.queryable[0] += size;
      counts.read[0] += size;
    }
  });
}

async function countRawSubquery(node: Subquery, counts: StepCounts, context: EvalContext): Promise<void> {
  const inside = await countInside(node, counts.grid, context);
  counts.queryable[0] += total(inside.queryable);
  counts.read[0] += total(inside.read);
}

export const total = (counts: Float64Array): number => counts.reduce((sum, n) => sum + n, 0);

/** Samples before each index. Length: `count` + 1. */
function sizesBefore(count: number, histograms: ReadonlyMap<number, NativeHistogram>): Float64Array {
  const before = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) before[i + 1] = before[i] + sizeOf(histograms.get(i));
  return before;
}

/** Bytes that upstream's form of a native histogram takes without its spans and buckets, in which it counts, and those of a float sample. */
const HISTOGRAM_BYTES = 168;
const SAMPLE_BYTES = 16;

/** In float samples. Source: Prometheus promql/value.go, HPoint.size, and model/histogram/float_histogram.go, Size. */
function sizeOf(h: NativeHistogram | undefined): number {
  if (h === undefined) return 1;
  const words =
    h.positiveSpans.length +
    h.negativeSpans.length +
    h.positiveBuckets.length +
    h.negativeBuckets.length +
    (h.customValues?.length ?? 0);
  return Math.floor((HISTOGRAM_BYTES + 8 * words + 8) / SAMPLE_BYTES);
}
