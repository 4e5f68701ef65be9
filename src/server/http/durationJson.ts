/** Computed durations as /api/v1/parse_query gives them. */
import type { DurationExpr } from '../../shared/promql/ast.ts';
import { formatPlain } from '../../shared/model/numberText.ts';

export type DurationNode = Readonly<Record<string, unknown>> | null;

/** Null for what is a number only: its milliseconds are told beside it. */
export function durationJson(expr: DurationExpr | undefined): DurationNode {
  return expr === undefined || expr.kind === 'number' ? null : node(expr);
}

function node(expr: DurationExpr): DurationNode {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: formatPlain(expr.seconds), duration: expr.isDuration };
    case 'paren':
      // A number in parentheses is a sum of one.
      return expr.expr.kind === 'number'
        ? operation('+', null, node(expr.expr), true)
        : { ...node(expr.expr), wrapped: true };
    case 'negated':
      return operation('-', null, node(expr.expr), false);
    case 'binary':
      return operation(expr.op, node(expr.lhs), node(expr.rhs), false);
    case 'call': {
      const [lhs = null, rhs = null] = expr.args.map(node);
      return operation(expr.func, lhs, rhs, false);
    }
  }
}

const operation = (op: string, lhs: DurationNode, rhs: DurationNode, wrapped: boolean): DurationNode => ({
  type: 'durationExpr',
  op,
  lhs,
  rhs,
  wrapped,
});
