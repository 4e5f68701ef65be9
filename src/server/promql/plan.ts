/** From a checked tree and a grid to what must be read, and at which times each node looks. */
import type { Call, Expr, VectorSelector } from '../../shared/promql/ast.ts';
import { childrenOf, isTrim } from '../../shared/promql/ast.ts';
import type { FunctionName } from '../../shared/promql/functions.ts';
import type { StepGrid } from '../storage/engine.ts';
import type { SelectSpec } from '../storage/queryable.ts';
import { infoSelect } from './infoPlan.ts';
import { endsOf, rangeMs, reachOf, subqueryGrid, type PlanContext } from './selectorTimes.ts';

export interface Plan {
  readonly expr: Expr;
  readonly context: PlanContext;
  /** What to read; selectors that read the same share one. */
  readonly selects: readonly SelectSpec[];
  readonly selectOf: ReadonlyMap<VectorSelector, number>;
  /** What calls of info() read. */
  readonly infoSelectOf: ReadonlyMap<Call, number>;
  /** Steps of the widest grid in it, that of a subquery perhaps. */
  readonly steps: number;
  /** Points that the windows of its subqueries hold together, for one series. */
  readonly subqueryPoints: number;
  /** Whether something in it may tell of rows that it only reads: what no operator asks for is read all the same then. */
  readonly tells: boolean;
  /** Selectors of whose histograms only count and sum are looked at, with the first time at which they look. */
  readonly statsOnly: ReadonlyMap<VectorSelector, number>;
  /** Nodes whose value is the same at every step. */
  readonly invariant: ReadonlySet<Expr>;
}

/** Functions that look at the evaluation time itself, so that they change with it even over pinned selectors. */
const TIME_DEPENDENT: ReadonlySet<FunctionName> = new Set([
  'days_in_month',
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'hour',
  'minute',
  'month',
  'predict_linear',
  'time',
  'timestamp',
  'year',
]);

/** Functions that tell of samples as they read them, of floats too. */
const TELLING: ReadonlySet<FunctionName> = new Set([
  'histogram_fraction',
  'histogram_quantile',
  'histogram_quantiles',
  'quantile_over_time',
]);

export function planQuery(expr: Expr, context: PlanContext): Plan {
  const statsOnly = new Map<VectorSelector, number>();
  markStatsOnly(expr, false, statsOnly);
  const invariant = new Set<Expr>();
  markInvariant(expr, invariant);
  const found = new Planner(context, statsOnly);
  found.visit(expr, context.query, undefined);
  const { selects, selectOf, infoSelectOf, steps, subqueryPoints, tells } = found;
  return { expr, context, selects, selectOf, infoSelectOf, steps, subqueryPoints, tells, statsOnly, invariant };
}

/** What is found of an expression node by node. */
class Planner {
  readonly selects: SelectSpec[] = [];
  readonly selectOf = new Map<VectorSelector, number>();
  readonly infoSelectOf = new Map<Call, number>();
  steps = 0;
  subqueryPoints = 0;
  tells = false;
  readonly #context: PlanContext;
  readonly #statsOnly: Map<VectorSelector, number>;

  /** @param statsOnly is told the first time at which each of its selectors looks. */
  constructor(context: PlanContext, statsOnly: Map<VectorSelector, number>) {
    this.#context = context;
    this.#statsOnly = statsOnly;
  }

  /** @param caller the function or operator that takes the node's value. */
  visit(node: Expr, grid: StepGrid, caller: string | undefined): void {
    this.steps = Math.max(this.steps, grid.count);
    this.tells ||= node.kind === 'call' ? TELLING.has(node.func) : node.kind === 'binary' && isTrim(node.op);
    if (node.kind === 'selector') {
      this.#addSelector(node, undefined, grid, caller);
    } else if (node.kind === 'range') {
      this.#addSelector(node.selector, rangeMs(node, this.#context), grid, caller);
    } else if (node.kind === 'subquery') {
      const inner = subqueryGrid(node, grid, this.#context);
      this.subqueryPoints += (grid.count * rangeMs(node, this.#context)) / inner.stepMs;
      this.visit(node.expr, inner, undefined);
    } else if (node.kind === 'call' && node.func === 'info') {
      this.visit(node.args[0], grid, 'info');
      this.infoSelectOf.set(node, this.#addSelect(infoSelect(node, grid, this.#context)));
    } else {
      const name = node.kind === 'call' ? node.func : node.kind === 'aggregation' ? node.op : undefined;
      for (const child of childrenOf(node)) this.visit(child, grid, name);
    }
  }

  /** @param width milliseconds of its range, if it has one. */
  #addSelector(selector: VectorSelector, width: number | undefined, grid: StepGrid, caller: string | undefined): void {
    const context = this.#context;
    const [first, last] = endsOf(selector, grid, context);
    const { before, after } = reachOf(selector, context);
    const hints = { func: caller, rangeMs: width, stepMs: grid.stepMs };
    const minTime = first - (width ?? context.lookbackDeltaMs) - before + 1;
    const isStats = this.#statsOnly.has(selector);
    if (isStats) this.#statsOnly.set(selector, minTime);
    // What is said of the first sample's resets depends on the one before it.
    const earlier = isStats ? context.lookbackDeltaMs : 0;
    const { matchers } = selector;
    const spec = { matchers, minTime: minTime - earlier, maxTime: last + after, hints };
    this.selectOf.set(selector, this.#addSelect(spec));
  }

  #addSelect(spec: SelectSpec): number {
    for (let i = 0; i < this.selects.length; i++) if (readTheSame(this.selects[i], spec)) return i;
    return this.selects.push(spec) - 1;
  }
}

function readTheSame(a: SelectSpec, b: SelectSpec): boolean {
  if (a.minTime !== b.minTime || a.maxTime !== b.maxTime || a.matchers.length !== b.matchers.length) return false;
  return a.matchers.every(({ name, op, value }, i) => {
    const other = b.matchers[i];
    return name === other.name && op === other.op && value === other.value;
  });
}

/** Functions that look at count and sum alone, and those that need the buckets, whatever is around them. */
const OF_STATS: ReadonlySet<string> = new Set(['histogram_count', 'histogram_sum', 'histogram_avg']);
const OF_BUCKETS: ReadonlySet<string> = new Set(['histogram_quantile', 'histogram_quantiles', 'histogram_fraction']);

/**
 * @param isStats whether only count and sum matter to what is around the node. What needs the buckets does so for all that is inside it.
 * Rules: Prometheus promql/engine.go, detectHistogramStatsDecoding.
 */
function markStatsOnly(node: Expr, isStats: boolean, found: Map<VectorSelector, number>): void {
  if (node.kind === 'selector') {
    if (isStats) found.set(node, -Infinity);
    return;
  }
  const needsBuckets =
    node.kind === 'subquery' ||
    (node.kind === 'call' && OF_BUCKETS.has(node.func)) ||
    (node.kind === 'binary' && isTrim(node.op));
  if (needsBuckets) return;
  const inside = isStats || (node.kind === 'call' && OF_STATS.has(node.func));
  for (const child of childrenOf(node)) markStatsOnly(child, inside, found);
}

function markInvariant(node: Expr, invariant: Set<Expr>): boolean {
  const children = childrenOf(node).map((child) => markInvariant(child, invariant));
  let is: boolean;
  switch (node.kind) {
    case 'selector':
    case 'subquery':
      is = node.at !== undefined;
      break;
    case 'aggregation':
      // Upstream does not look at the parameter: it is taken at the first step.
      is = invariant.has(node.expr);
      break;
    case 'call':
      is = (!TIME_DEPENDENT.has(node.func) || isTimeOfSelector(node)) && children.every(Boolean);
      break;
    default:
      is = children.every(Boolean);
  }
  if (is) invariant.add(node);
  return is;
}

/** The times of a selector's samples are the samples' own; those of any other vector are of the evaluation. */
function isTimeOfSelector({ func, args }: Call): boolean {
  return func === 'timestamp' && args[0].kind === 'selector';
}
