/** From a PromQL expression to the histogram under it, and to expressions that look at a part of that histogram. */
import { METRIC_NAME, isPlainMetricName } from '../model/labels.ts';
import type { Matcher } from '../model/matchers.ts';
import { unwrapped, type Expr, type RangeSelector, type VectorSelector } from '../promql/ast.ts';
import { formatExpr } from '../promql/format.ts';
import { parseExpr } from '../promql/parser.ts';

export interface HistogramQuery {
  /** Without `_bucket`. */
  readonly metric: string;
  /** Of the bucket series, the name included. */
  readonly matchers: readonly Matcher[];
  readonly selector: VectorSelector;
  /** Milliseconds: the window of `rate` or `increase`, where it is a plain duration. */
  readonly windowMs: number | undefined;
  /** Labels other than `le` that the expression keeps; undefined where it keeps all of them. */
  readonly by: readonly string[] | undefined;
}

/** The expression is not a histogram's; the message says what to write. */
export class HistogramQueryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'HistogramQueryError';
  }
}

const EXAMPLE = 'sum by (le) (rate(http_request_duration_seconds_bucket[5m]))';
const SUFFIX = '_bucket';
const RATES: ReadonlySet<string> = new Set(['rate', 'increase', 'irate', 'delta']);
/** Functions of a histogram, and which argument it is. */
const READERS: Readonly<Record<string, number>> = { histogram_quantile: 1, histogram_fraction: 2 };

/**
 * The histogram that an expression is about: a selector of buckets, under `rate` or `increase`, under `sum`, under `histogram_quantile`, each of them optional.
 *
 * @throws HistogramQueryError where it is about something else or about more than one.
 */
export function histogramQueryOf(expr: Expr): HistogramQuery {
  let by: readonly string[] | undefined;
  let node = unwrapped(expr);
  for (;;) {
    if (node.kind === 'aggregation') {
      if (node.op !== 'sum') throw refused(`${node.op} of buckets is no histogram; use sum, as in ${EXAMPLE}`);
      if (node.without && node.grouping.includes('le')) throw refused('sum without (le) leaves no buckets; keep le');
      if (!node.without) {
        if (!node.grouping.includes('le')) throw refused(`sum leaves no buckets; group by (le), as in ${EXAMPLE}`);
        by = node.grouping.filter((name) => name !== 'le');
      }
      node = unwrapped(node.expr);
    } else if (node.kind === 'call' && READERS[node.func] !== undefined) {
      node = unwrapped(node.args[READERS[node.func]]);
    } else if (node.kind === 'call' && RATES.has(node.func)) {
      node = unwrapped(node.args[0]);
    } else if (node.kind === 'range') {
      return queryOf(node.selector, node, by);
    } else if (node.kind === 'selector') {
      return queryOf(node, undefined, by);
    } else {
      throw refused(`${told(node)} is not one histogram; ask for the buckets of one, as in ${EXAMPLE}`);
    }
  }
}

function told(node: Expr): string {
  switch (node.kind) {
    case 'call':
      return `${node.func}(…)`;
    case 'binary':
      return `an expression with ${node.op}`;
    case 'subquery':
      return 'a subquery';
    case 'unary':
      return `an expression with ${node.op}`;
    default:
      return `a ${node.kind}`;
  }
}

function queryOf(
  selector: VectorSelector,
  range: RangeSelector | undefined,
  by: readonly string[] | undefined,
): HistogramQuery {
  if (selector.at !== undefined || selector.offset !== undefined) {
    throw refused('offset and @ are not read here; give start and end of the time that is meant');
  }
  const name = selector.matchers.find((m) => m.name === METRIC_NAME && m.op === '=')?.value;
  if (name === undefined) throw refused(`name one histogram, as in ${EXAMPLE}`);
  if (!name.endsWith(SUFFIX)) {
    throw refused(`${name} names no buckets; write ${name.replace(/_(sum|count)$/, '')}${SUFFIX}`);
  }
  const le = selector.matchers.find((m) => m.name === 'le');
  if (le !== undefined) throw refused('all buckets are needed; remove the matcher on le');
  const seconds = range?.range.kind === 'number' ? range.range.seconds : undefined;
  return {
    metric: name.slice(0, -SUFFIX.length),
    matchers: selector.matchers,
    selector,
    windowMs: seconds === undefined ? undefined : Math.round(seconds * 1000),
    by,
  };
}

const refused = (message: string): HistogramQueryError => new HistogramQueryError(message);

/** The expression over the series that a matcher lets through; one on the same label and value with the opposite sense is replaced. */
export function withMatcher(expr: Expr, matcher: Matcher): Expr {
  return overSelector(expr, (selector) => ({
    ...selector,
    matchers: [...selector.matchers.filter((m) => m.name !== matcher.name || m.value !== matcher.value), matcher],
  }));
}

/** The expression with one histogram for each value of a label. */
export function splitBy(expr: Expr, label: string): Expr {
  if (expr.kind === 'aggregation' && expr.op === 'sum') {
    const has = expr.grouping.includes(label);
    if (expr.without) return { ...expr, grouping: expr.grouping.filter((name) => name !== label) };
    return has ? expr : { ...expr, grouping: [...expr.grouping, label] };
  }
  if (expr.kind === 'paren') return { ...expr, expr: splitBy(expr.expr, label) };
  if (expr.kind === 'call') return { ...expr, args: expr.args.map((arg) => splitBy(arg, label)) };
  return expr;
}

function overSelector(expr: Expr, change: (selector: VectorSelector) => VectorSelector): Expr {
  switch (expr.kind) {
    case 'selector':
      return change(expr);
    case 'range':
      return { ...expr, selector: change(expr.selector) };
    case 'paren':
      return { ...expr, expr: overSelector(expr.expr, change) };
    case 'aggregation':
      return { ...expr, expr: overSelector(expr.expr, change) };
    case 'call':
      return { ...expr, args: expr.args.map((arg) => overSelector(arg, change)) };
    default:
      return expr;
  }
}

/** {@link withMatcher} on text. The text must be PromQL. */
export function textWithMatcher(text: string, matcher: Matcher): string {
  return formatExpr(withMatcher(parseExpr(text, { experimental: true }), matcher));
}

/** {@link splitBy} on text. The text must be PromQL. */
export function textSplitBy(text: string, label: string): string {
  return formatExpr(splitBy(parseExpr(text, { experimental: true }), label));
}

/** A selector as text of a metric of the same histogram: `x_sum{model="a"}` from the query over `x_bucket{model="a"}`; '' for the histogram's own name. */
export function siblingSelector(
  { selector, metric }: HistogramQuery,
  suffix: '' | '_bucket' | '_sum' | '_count',
): string {
  const name = metric + suffix;
  const matchers = selector.matchers.map((m) => (m.name === METRIC_NAME && m.op === '=' ? { ...m, value: name } : m));
  return formatExpr({ ...selector, name: isPlainMetricName(name) ? name : undefined, matchers });
}
