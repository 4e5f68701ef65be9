/** The counters under a histogram's expression, and who serves them in which version. */
import { childrenOf, type Expr } from '../promql/ast.ts';
import { formatExpr } from '../promql/format.ts';
import { parseExpr } from '../promql/parser.ts';
import { histogramQueryOf, siblingSelector } from './histogramQuery.ts';

/** Undefined where a text is not PromQL. */
export function parsed(text: string): Expr | undefined {
  try {
    return parseExpr(text, { experimental: true });
  } catch {
    return undefined; // Other languages than PromQL are no expression of ours.
  }
}

/** Metrics by which services say what they are built from. */
const BUILD_INFO = '(.+[_:])?build_info';

/** The versions of those who serve the histogram under an expression, by `build_info` of the same job and instance; undefined where there is none. */
export function versionsExpr(text: string): string | undefined {
  const counter = counterUnder(text);
  if (counter === undefined) return undefined;
  return `group by (version) ({__name__=~${JSON.stringify(BUILD_INFO)},version!=""} and on (job, instance) group by (job, instance) (${counter.selector}))`;
}

/** The series that counts the observations of a histogram, and the labels that its maps are told apart by (undefined: all). */
export function counterUnder(
  text: string,
): { readonly selector: string; readonly by: readonly string[] | undefined } | undefined {
  const expr = parsed(text);
  if (expr === undefined) return undefined;
  try {
    const query = histogramQueryOf(expr);
    return { selector: siblingSelector(query, '_count'), by: query.by };
  } catch {
    return nativeCounter(expr); // No classic histogram; a native one is its own count.
  }
}

function nativeCounter(expr: Expr): ReturnType<typeof counterUnder> {
  let by: readonly string[] | undefined;
  let node = expr;
  for (;;) {
    if (node.kind === 'range') return { selector: formatExpr(node.selector), by };
    if (node.kind === 'aggregation' && node.op === 'sum' && !node.without) by ??= node.grouping;
    const inner = childrenOf(node);
    if (inner.length !== 1 || !WRAPPERS.has(node.kind)) return undefined;
    node = inner[0];
  }
}

const WRAPPERS: ReadonlySet<Expr['kind']> = new Set(['aggregation', 'call', 'paren']);
