/** Computed durations as /api/v1/parse_query gives them. */
import type { DurationExpr } from '../../shared/promql/ast.ts';
import { isLiteral } from '../../shared/promql/durationExpr.ts';
import { formatPlain } from '../../shared/model/numberText.ts';

export type DurationNode = Readonly<Record<string, unknown>> | null;

/** Null for what is a number only: its milliseconds are told beside it. */
export function durationJson(expr: DurationExpr | undefined): DurationNode {
  return expr === undefined || isLiteral(expr) ? null : node(expr);
}

function node(expr: DurationExpr): DurationNode {
  if (isLiteral(expr)) {
    const { seconds, isDuration } = literalOf(expr);
    return { type: 'numberLiteral', val: formatPlain(seconds), duration: isDuration };
  }
  switch (expr.kind) {
    case 'paren':
      // A number in parentheses is a sum of one.
      return isLiteral(expr.expr) ? operation('+', null, node(expr.expr), true) : { ...node(expr.expr), wrapped: true };
    case 'unary':
      return expr.op === '+' ? node(expr.expr) : operation('-', null, node(expr.expr), false);
    case 'binary':
      return operation(expr.op, node(expr.lhs), node(expr.rhs), false);
    case 'call': {
      const [lhs = null, rhs = null] = expr.args.map(node);
      return operation(expr.func, lhs, rhs, false);
    }
    default:
      throw new Error(`a ${expr.kind} is no operation`);
  }
}

const operation = (op: string, lhs: DurationNode, rhs: DurationNode, wrapped: boolean): DurationNode => ({
  type: 'durationExpr',
  op,
  lhs,
  rhs,
  wrapped,
});

function literalOf(expr: DurationExpr): { seconds: number; isDuration: boolean } {
  if (expr.kind === 'number') return expr;
  if (expr.kind !== 'unary') throw new Error(`a ${expr.kind} is no number`);
  const { seconds, isDuration } = literalOf(expr.expr);
  return { seconds: expr.op === '-' ? -seconds : seconds, isDuration };
}
