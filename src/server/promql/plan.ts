/** From a checked tree and a grid to what must be read, and at which times each node looks. */
import type {
  AtModifier,
  DurationExpr,
  Expr,
  RangeSelector,
  Subquery,
  VectorSelector,
} from '../../shared/promql/ast.ts';
import { childrenOf, unwrapped } from '../../shared/promql/ast.ts';
import { durationMs } from '../../shared/promql/durationExpr.ts';
import type { FunctionName } from '../../shared/promql/functions.ts';
import { QueryError, type StepGrid } from '../storage/engine.ts';
import type { SelectSpec } from '../storage/queryable.ts';
import { gridOf } from './grid.ts';

export interface PlanContext {
  /** The query's own grid: what start(), end(), step() and range() mean. */
  readonly query: StepGrid;
  readonly lookbackDeltaMs: number;
  /** Step of subqueries that name none. */
  readonly subqueryStepMs: number;
}

export interface Plan {
  readonly expr: Expr;
  readonly context: PlanContext;
  /** What to read; selectors that read the same share one. */
  readonly selects: readonly SelectSpec[];
  readonly selectOf: ReadonlyMap<VectorSelector, number>;
  /** Steps of the widest grid in it, that of a subquery perhaps. */
  readonly steps: number;
  /** Points that the windows of its subqueries hold together, for one series. */
  readonly subqueryPoints: number;
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
  'vector',
  'year',
]);

export function planQuery(expr: Expr, context: PlanContext): Plan {
  const selects: SelectSpec[] = [];
  const selectOf = new Map<VectorSelector, number>();
  const indexByKey = new Map<string, number>();
  const invariant = new Set<Expr>();
  const addSelect = (selector: VectorSelector, spec: SelectSpec) => {
    const key = JSON.stringify([spec.matchers, spec.minTime, spec.maxTime]);
    let index = indexByKey.get(key);
    if (index === undefined) {
      index = selects.length;
      selects.push(spec);
      indexByKey.set(key, index);
    }
    selectOf.set(selector, index);
  };
  let steps = 0;
  let subqueryPoints = 0;
  const walk = (node: Expr, grid: StepGrid, caller: string | undefined): void => {
    steps = Math.max(steps, grid.count);
    if (node.kind === 'selector' || node.kind === 'range') {
      const selector = node.kind === 'range' ? node.selector : node;
      const width = node.kind === 'range' ? rangeMs(node, context) : context.lookbackDeltaMs;
      const [first, last] = endsOf(selector, grid, context);
      const hints = { func: caller, rangeMs: node.kind === 'range' ? width : undefined, stepMs: grid.stepMs };
      addSelect(selector, { matchers: selector.matchers, minTime: first - width + 1, maxTime: last, hints });
    } else if (node.kind === 'subquery') {
      const inner = subqueryGrid(node, grid, context);
      subqueryPoints += (grid.count * rangeMs(node, context)) / inner.stepMs;
      walk(node.expr, inner, undefined);
    } else {
      const name = node.kind === 'call' ? node.func : node.kind === 'aggregation' ? node.op : undefined;
      for (const child of childrenOf(node)) walk(child, grid, name);
    }
  };
  markInvariant(expr, invariant);
  walk(expr, context.query, undefined);
  return { expr, context, selects, selectOf, steps, subqueryPoints, invariant };
}

function markInvariant(node: Expr, invariant: Set<Expr>): boolean {
  const children = childrenOf(node).map((child) => markInvariant(child, invariant));
  let is: boolean;
  switch (node.kind) {
    case 'selector':
    case 'subquery':
      is = node.at !== undefined;
      break;
    case 'call':
      is = !TIME_DEPENDENT.has(node.func) && children.length > 0 && children.every(Boolean);
      break;
    default:
      is = children.every(Boolean);
  }
  if (is) invariant.add(node);
  return is;
}

export function resolveDuration(expr: DurationExpr, context: PlanContext): number {
  const { query } = context;
  const ms = durationMs(expr, { stepMs: query.stepMs, rangeMs: query.end - query.start });
  if (!Number.isSafeInteger(ms)) throw new QueryError('bad_data', 'duration out of range');
  return ms;
}

function positiveDuration(expr: DurationExpr, context: PlanContext): number {
  const ms = resolveDuration(expr, context);
  if (ms <= 0) throw new QueryError('bad_data', `duration must be greater than 0, got ${ms / 1000}s`);
  return ms;
}

export const rangeMs = (node: RangeSelector | Subquery, context: PlanContext) => positiveDuration(node.range, context);

interface Shifted {
  readonly at: AtModifier | undefined;
  readonly offset: DurationExpr | undefined;
}

const offsetMs = (node: Shifted, context: PlanContext) =>
  node.offset === undefined ? 0 : resolveDuration(node.offset, context);

function pinnedTime(at: AtModifier, context: PlanContext): number {
  return at.kind === 'time' ? at.ms : at.kind === 'start' ? context.query.start : context.query.end;
}

/** First and last time a shifted node looks at over a grid. */
function endsOf(node: Shifted, grid: StepGrid, context: PlanContext): [first: number, last: number] {
  const offset = offsetMs(node, context);
  if (node.at !== undefined) {
    const time = pinnedTime(node.at, context) - offset;
    return [time, time];
  }
  return [grid.start - offset, grid.start + Math.max(0, grid.count - 1) * grid.stepMs - offset];
}

/** The time a shifted node looks at, for every step. */
export function windowEnds(node: Shifted, grid: StepGrid, context: PlanContext): Float64Array {
  const [first] = endsOf(node, grid, context);
  const ends = new Float64Array(grid.count);
  const stepMs = node.at === undefined ? grid.stepMs : 0;
  for (let i = 0; i < ends.length; i++) ends[i] = first + i * stepMs;
  return ends;
}

/** The times at which a subquery's inside is evaluated: multiples of its step that lie in any of its windows. */
export function subqueryGrid(node: Subquery, grid: StepGrid, context: PlanContext): StepGrid {
  const stepMs = node.step === undefined ? context.subqueryStepMs : positiveDuration(node.step, context);
  const [first, last] = endsOf(node, grid, context);
  const after = first - rangeMs(node, context);
  let start = stepMs * Math.trunc(after / stepMs);
  if (start <= after) start += stepMs;
  return last < start ? { start, end: start, stepMs, count: 0 } : gridOf(start, last, stepMs);
}

/** The selector or subquery that a range function's argument is. */
export function rangeNode(arg: Expr): RangeSelector | Subquery {
  const node = unwrapped(arg);
  if (node.kind === 'range' || node.kind === 'subquery') return node;
  throw new QueryError('internal', `a range vector was expected, got ${node.kind}`);
}
