/** Adds label matchers to every selector of an expression: ad-hoc filters and Explore's "filter for this value". */
import { formatMatcher, type Matcher } from '../shared/model/matchers.ts';
import { childrenOf, type Expr, type VectorSelector } from '../shared/promql/ast.ts';
import { parseExpr } from '../shared/promql/parser.ts';
import { readable } from './readable.ts';

/** The expression with the matchers in each of its selectors; the expression itself where it cannot be parsed. */
export function withMatchers(expr: string, matchers: readonly Matcher[]): string {
  if (matchers.length === 0) return expr;
  const selectors = selectorsOf(expr);
  let result = expr;
  // From the back, so that the places before stay true.
  for (const selector of selectors.sort((a, b) => b.from - a.from)) {
    const fresh = matchers.filter((matcher) => !selector.matchers.some((known) => same(known, matcher)));
    if (fresh.length > 0) result = insert(result, selector, fresh.map(formatMatcher).join(', '));
  }
  return result;
}

/** Whether every selector of the expression has the matcher. */
export function hasMatcher(expr: string, matcher: Matcher): boolean {
  const selectors = selectorsOf(expr);
  return selectors.length > 0 && selectors.every((selector) => selector.matchers.some((known) => same(known, matcher)));
}

/** The expression without the matcher, wherever it stands as it is written by `withMatchers`. */
export function withoutMatcher(expr: string, matcher: Matcher): string {
  const text = formatMatcher(matcher);
  return expr.replaceAll(`${text}, `, '').replaceAll(`, ${text}`, '').replaceAll(`{${text}}`, '');
}

function same(a: Matcher, b: Matcher): boolean {
  return a.name === b.name && a.op === b.op && a.value === b.value;
}

function selectorsOf(expr: string): VectorSelector[] {
  const found: VectorSelector[] = [];
  const visit = (node: Expr) => {
    if (node.kind === 'selector') found.push(node);
    else if (node.kind === 'range') found.push(node.selector);
    else childrenOf(node).forEach(visit);
  };
  try {
    visit(parseExpr(readable(expr)));
  } catch {
    // Half-typed text and foreign dialects have no selectors that we could name; the server says what is wrong with them.
    return [];
  }
  return found;
}

function insert(expr: string, selector: VectorSelector, text: string): string {
  const afterName = selector.from + (selector.name?.length ?? 0);
  const brace = /^\s*\{/.exec(expr.slice(afterName));
  if (brace === null) return `${expr.slice(0, afterName)}{${text}}${expr.slice(afterName)}`;
  const inside = afterName + brace[0].length;
  const isEmpty = /^\s*\}/.test(expr.slice(inside));
  return `${expr.slice(0, inside)}${text}${isEmpty ? '' : ', '}${expr.slice(inside)}`;
}
