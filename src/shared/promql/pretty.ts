/** Expressions over several lines, each as long as it may be, as upstream's format_query lays them out. */
import type { Expr } from './ast.ts';
import { formatAggregationHead, formatExpr, formatOperator, formatSubquerySuffix } from './format.ts';

const LINE_CHARACTERS_MAX = 100;
const INDENT = '  ';

/** Parses back to the same tree. */
export function prettyExpr(expr: Expr, level = 0): string {
  const indent = INDENT.repeat(level);
  const line = formatExpr(expr);
  if (expr.kind === 'unary') return `${indent}${expr.op}${prettyExpr(expr.expr, level).trim()}`;
  if (line.length <= LINE_CHARACTERS_MAX) return expr.kind === 'subquery' ? line : indent + line;
  const inside = (inner: Expr) => prettyExpr(inner, level + 1);
  switch (expr.kind) {
    case 'aggregation': {
      const param = expr.param === undefined ? '' : `${inside(expr.param)},\n`;
      return `${indent}${formatAggregationHead(expr)}(\n${param}${inside(expr.expr)}\n${indent})`;
    }
    case 'binary':
      return `${inside(expr.lhs)}\n${indent}${formatOperator(expr)}\n${inside(expr.rhs)}`;
    case 'call':
      return `${indent}${expr.func}(\n${expr.args.map(inside).join(',\n')}\n${indent})`;
    case 'paren':
      return `${indent}(\n${inside(expr.expr)}\n${indent})`;
    case 'subquery':
      return prettyExpr(expr.expr, level) + formatSubquerySuffix(expr);
    default:
      return indent + line;
  }
}
