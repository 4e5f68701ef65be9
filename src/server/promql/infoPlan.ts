/** What info() reads, and as of when. */
import { childrenOf, type Call, type Expr, type VectorSelector } from '../../shared/promql/ast.ts';
import { METRIC_NAME } from '../../shared/model/labels.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import type { StepGrid } from '../storage/engine.ts';
import type { SelectSpec } from '../storage/queryable.ts';
import { timesOf } from './grid.ts';
import { offsetMs, pinnedTime, type PlanContext } from './selectorTimes.ts';

const TARGET_INFO: Matcher = { name: METRIC_NAME, op: '=', value: 'target_info' };
const ANY_INFO: Matcher = { name: METRIC_NAME, op: '=~', value: '.+_info' };

const matchersOf = ({ args }: Call) => (args.length > 1 ? (args[1] as VectorSelector).matchers : []);

/** Matchers of the labels that are asked for. */
export const dataMatchersOf = (call: Call) => matchersOf(call).filter(({ name }) => name !== METRIC_NAME);

/** What the names of info metrics must match: that of target_info where nothing is said. */
export function infoNameMatchers(call: Call): readonly Matcher[] {
  const written = matchersOf(call).filter(({ name }) => name === METRIC_NAME);
  if (written.length === 0) return [TARGET_INFO];
  return written.some(({ op }) => op === '=' || op === '=~') ? written : [ANY_INFO, ...written];
}

export function infoSelect(call: Call, grid: StepGrid, context: PlanContext): SelectSpec {
  const times = infoTimes(call.args[0], grid, context);
  return {
    matchers: [...dataMatchersOf(call), ...infoNameMatchers(call)],
    minTime: times[0] - context.lookbackDeltaMs + 1,
    maxTime: times[times.length - 1],
    hints: { func: 'info', stepMs: grid.stepMs },
  };
}

/** The times as of which info series are looked up: those that the first selector inside looks at. Length: the grid's count, at least 1. */
export function infoTimes(arg: Expr, grid: StepGrid, context: PlanContext): Float64Array {
  const { at, offset } = shiftOf(arg, context) ?? { at: undefined, offset: 0 };
  const times = grid.count === 0 ? Float64Array.of(grid.start) : timesOf(grid);
  return times.map((t) => (at ?? t) - offset);
}

interface Shift {
  readonly at: number | undefined;
  readonly offset: number;
}

/** How the first selector is shifted: offsets of subqueries around it add up, until an `@` pins it. */
function shiftOf(expr: Expr, context: PlanContext): Shift | undefined {
  if (expr.kind === 'selector') return { at: expr.at && pinnedTime(expr.at, context), offset: offsetMs(expr, context) };
  for (const child of childrenOf(expr)) {
    const inner = shiftOf(child, context);
    if (inner === undefined) continue;
    if (expr.kind !== 'subquery' || inner.at !== undefined) return inner;
    return { at: expr.at && pinnedTime(expr.at, context), offset: inner.offset + offsetMs(expr, context) };
  }
  return undefined;
}
