/** At which times selectors and subqueries look, from where a query stands and how they are shifted. */
import type {
  AtModifier,
  DurationExpr,
  Expr,
  RangeSelector,
  Subquery,
  VectorSelector,
} from '../../shared/promql/ast.ts';
import { unwrapped } from '../../shared/promql/ast.ts';
import { durationMs } from '../../shared/promql/durationExpr.ts';
import { QueryError, type StepGrid } from '../storage/engine.ts';
import { gridOf } from './grid.ts';

export interface PlanContext {
  /** The query's own grid: what start(), end(), step() and range() mean. */
  readonly query: StepGrid;
  readonly lookbackDeltaMs: number;
  /** Step of subqueries that name none. */
  readonly subqueryStepMs: number;
}

/** 2^63 nanoseconds. */
const DURATION_MS_MAX = 2 ** 63 / 1e6;

function resolveDuration(expr: DurationExpr, context: PlanContext): number {
  const { query } = context;
  const ms = durationMs(expr, { stepMs: query.stepMs, rangeMs: query.end - query.start });
  const place = `${expr.from}:${expr.to}`;
  if (!Number.isFinite(ms)) throw new QueryError('bad_data', `${place}: duration is NaN or infinite`);
  if (Math.abs(ms) > DURATION_MS_MAX) throw new QueryError('bad_data', `${place}: duration is out of range`);
  return ms;
}

function positiveDuration(expr: DurationExpr, context: PlanContext): number {
  const ms = resolveDuration(expr, context);
  if (ms <= 0) throw new QueryError('bad_data', `${expr.from}:${expr.to}: duration must be greater than 0`);
  return ms;
}

export const rangeMs = (node: RangeSelector | Subquery, context: PlanContext) => positiveDuration(node.range, context);

interface Shifted {
  readonly at: AtModifier | undefined;
  readonly offset: DurationExpr | undefined;
}

export const offsetMs = (node: Shifted, context: PlanContext) =>
  node.offset === undefined ? 0 : resolveDuration(node.offset, context);

export function pinnedTime(at: AtModifier, context: PlanContext): number {
  return at.kind === 'time' ? at.ms : at.kind === 'start' ? context.query.start : context.query.end;
}

/** First and last time a shifted node looks at over a grid. */
export function endsOf(node: Shifted, grid: StepGrid, context: PlanContext): [first: number, last: number] {
  const offset = offsetMs(node, context);
  if (node.at !== undefined) {
    const time = pinnedTime(node.at, context) - offset;
    return [time, time];
  }
  return [grid.start - offset, grid.start + Math.max(0, grid.count - 1) * grid.stepMs - offset];
}

/** How far beyond its windows a selector looks, in milliseconds. */
export interface Reach {
  readonly before: number;
  readonly after: number;
}

export function reachOf({ extension }: VectorSelector, { lookbackDeltaMs }: PlanContext): Reach {
  return {
    before: extension === undefined ? 0 : lookbackDeltaMs,
    after: extension === 'smoothed' ? lookbackDeltaMs : 0,
  };
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
