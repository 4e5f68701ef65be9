/** Whether the earlier steps of an expression stay what they are when the range moves on. */
import { childrenOf, type DurationExpr, type Expr } from '../../shared/promql/ast.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { readable } from '../readable.ts';

/** Functions whose value tells of the query's range as a whole. */
const OF_THE_RANGE = new Set<string>(['start', 'end', 'range', 'step']);

/** Not with `@ start()` and `@ end()`, with looks into the future, or in another language than PromQL. */
export function isGrowable(expr: string): boolean {
  try {
    return grows(parseExpr(readable(expr), { experimental: true }));
  } catch {
    return false; // Whoever understands it is asked for all of it.
  }
}

function grows(expr: Expr): boolean {
  if (expr.kind === 'call' && OF_THE_RANGE.has(expr.func)) return false;
  if (expr.kind === 'range') return grows(expr.selector) && isFixed(expr.range);
  if (expr.kind === 'selector' || expr.kind === 'subquery') {
    if (expr.at !== undefined && expr.at.kind !== 'time') return false;
    if (expr.offset !== undefined && !isPast(expr.offset)) return false;
    if (expr.kind === 'subquery' && !(isFixed(expr.range) && (expr.step === undefined || isFixed(expr.step))))
      return false;
    if (expr.kind === 'selector' && expr.extension === 'smoothed') return false; // Looks at the sample after the window.
  }
  return childrenOf(expr).every(grows);
}

const isPast = (offset: DurationExpr): boolean => offset.kind === 'number' && offset.seconds >= 0;
const isFixed = (duration: DurationExpr): boolean => duration.kind === 'number';
