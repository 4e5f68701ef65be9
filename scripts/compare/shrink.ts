/** Smaller expressions that still show a difference. */
import { childrenOf, type Expr } from '../../src/shared/promql/ast.ts';
import { ALL_SYNTAX } from '../../src/shared/promql/features.ts';
import { formatExpr } from '../../src/shared/promql/format.ts';
import { parseExpr } from '../../src/shared/promql/parser.ts';

/** Rounds of taking something away. */
const ROUNDS_MAX = 40;

/** @param differs whether an expression shows a difference; those that cannot be read do not. */
export async function shrunk(expr: string, differs: (expr: string) => Promise<boolean>): Promise<string> {
  let smallest = expr;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const smaller = await firstOf(candidates(smallest), differs);
    if (smaller === undefined) return smallest;
    smallest = smaller;
  }
  return smallest;
}

async function firstOf(
  texts: readonly string[],
  test: (text: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (const text of texts) if (await test(text)) return text;
  return undefined;
}

function candidates(text: string): string[] {
  const expr = parseExpr(text, ALL_SYNTAX);
  const texts = [...partsOf(expr), ...replacements(expr).map(formatExpr)];
  return [...new Set(texts)].filter((candidate) => candidate.length < text.length);
}

/** Every expression inside, whole. */
const partsOf = (expr: Expr): string[] => childrenOf(expr).flatMap((child) => [formatExpr(child), ...partsOf(child)]);

/** The expression with one of those inside replaced by something inside that, or without a modifier. */
function replacements(expr: Expr): Expr[] {
  const plainer: Expr[] = [];
  if (expr.kind === 'selector' || expr.kind === 'subquery') {
    if (expr.offset !== undefined) plainer.push({ ...expr, offset: undefined });
    if (expr.at !== undefined) plainer.push({ ...expr, at: undefined });
  }
  if (expr.kind === 'binary' && expr.matching !== undefined) {
    plainer.push({ ...expr, matching: undefined });
    if (expr.matching.fill !== undefined) plainer.push({ ...expr, matching: { ...expr.matching, fill: undefined } });
  }
  if (expr.kind === 'aggregation' && expr.grouping.length > 0) plainer.push({ ...expr, grouping: [], without: false });
  for (const child of childrenOf(expr)) {
    for (const other of [...childrenOf(child), ...replacements(child)]) plainer.push(replaced(expr, child, other));
  }
  return plainer;
}

function replaced(expr: Expr, child: Expr, other: Expr): Expr {
  const swap = <E extends Expr>(e: E): E => (e === child ? (other as E) : e);
  switch (expr.kind) {
    case 'call':
      return { ...expr, args: expr.args.map(swap) };
    case 'aggregation':
      return { ...expr, expr: swap(expr.expr), param: expr.param && swap(expr.param) };
    case 'binary':
      return { ...expr, lhs: swap(expr.lhs), rhs: swap(expr.rhs) };
    case 'range':
      return other.kind === 'selector' ? { ...expr, selector: other } : expr;
    case 'subquery':
    case 'unary':
    case 'paren':
      return { ...expr, expr: swap(expr.expr) };
    default:
      return expr;
  }
}
