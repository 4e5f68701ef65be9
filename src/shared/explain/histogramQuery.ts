/** From a PromQL expression to the histogram under it, and to expressions that look at a part of that histogram. */
import { METRIC_NAME, isPlainMetricName } from '../model/labels.ts';
import type { Matcher } from '../model/matchers.ts';
import { unwrapped, type Aggregation, type Expr, type RangeSelector, type VectorSelector } from '../promql/ast.ts';
import { formatExpr } from '../promql/format.ts';
import { parseExpr } from '../promql/parser.ts';

export interface HistogramQuery {
  /** Without `_bucket`. */
  readonly metric: string;
  /** Its samples are histograms; else it has a series for each bucket. */
  readonly isNative: boolean;
  /** Of the bucket series, or of the native ones, the name included. */
  readonly matchers: readonly Matcher[];
  readonly selector: VectorSelector;
  /** Milliseconds: the window of `rate` or `increase`, where it is a plain duration. */
  readonly windowMs: number | undefined;
  /** Labels other than `le` that the expression keeps; undefined where it keeps all of them, or all but those `without`. */
  readonly by: readonly string[] | undefined;
  /** Labels that the expression sums over, where it names those. */
  readonly without: readonly string[] | undefined;
}

/** Which histograms an expression may be about. */
export type HistogramKinds = 'classic' | 'any';

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
 * The histogram that an expression is about: a selector of buckets, under `rate` or `increase`, under `sum`, under `histogram_quantile`, each of them optional;
 * with `any`, of native histograms too: those whose name does not end as that of buckets, sums and counts does.
 *
 * @throws HistogramQueryError where it is about something else or about more than one.
 */
export function histogramQueryOf(expr: Expr, kinds: HistogramKinds = 'classic'): HistogramQuery {
  const sums: Aggregation[] = [];
  let node = unwrapped(expr);
  for (;;) {
    if (node.kind === 'aggregation') {
      if (node.op !== 'sum') throw refused(`${node.op} of buckets is no histogram; use sum, as in ${EXAMPLE}`);
      sums.push(node);
      node = unwrapped(node.expr);
    } else if (node.kind === 'call' && READERS[node.func] !== undefined) {
      node = unwrapped(node.args[READERS[node.func]]);
    } else if (node.kind === 'call' && RATES.has(node.func)) {
      node = unwrapped(node.args[0]);
    } else if (node.kind === 'range') {
      return queryOf(node.selector, node, sums, kinds);
    } else if (node.kind === 'selector') {
      return queryOf(node, undefined, sums, kinds);
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
  sums: readonly Aggregation[],
  kinds: HistogramKinds,
): HistogramQuery {
  if (selector.at !== undefined || selector.offset !== undefined) {
    throw refused('offset and @ are not read here; give start and end of the time that is meant');
  }
  const name = selector.matchers.find((m) => m.name === METRIC_NAME && m.op === '=')?.value;
  if (name === undefined) throw refused(`name one histogram, as in ${EXAMPLE}`);
  const isNative = kinds === 'any' && !/_(bucket|sum|count)$/.test(name);
  if (!isNative && !name.endsWith(SUFFIX)) {
    throw refused(`${name} names no buckets; write ${name.replace(/_(sum|count)$/, '')}${SUFFIX}`);
  }
  if (!isNative) checkBuckets(selector, sums);
  const sum = sums.at(0);
  const seconds = range?.range.kind === 'number' ? range.range.seconds : undefined;
  const grouping = sum?.grouping.filter((label) => label !== 'le');
  return {
    metric: isNative ? name : name.slice(0, -SUFFIX.length),
    isNative,
    matchers: selector.matchers,
    selector,
    windowMs: seconds === undefined ? undefined : Math.round(seconds * 1000),
    by: sum?.without === false ? grouping : undefined,
    without: sum?.without === true ? grouping : undefined,
  };
}

/** All buckets are there, and stay apart. */
function checkBuckets(selector: VectorSelector, sums: readonly Aggregation[]): void {
  for (const { without, grouping } of sums) {
    if (without && grouping.includes('le')) throw refused('sum without (le) leaves no buckets; keep le');
    if (!without && !grouping.includes('le')) {
      throw refused(`sum leaves no buckets; group by (le), as in ${EXAMPLE}`);
    }
  }
  const le = selector.matchers.find((m) => m.name === 'le');
  if (le !== undefined) throw refused('all buckets are needed; remove the matcher on le');
}

/** What the distribution API answers with counts for what an expression answers with, step by step. */
export interface RatedHistogram extends Pick<HistogramQuery, 'metric' | 'isNative'> {
  /** Milliseconds: of the window of `rate` or `increase`. */
  readonly windowMs: number;
  readonly countUnit: 'count' | 'perSecond';
}

/**
 * Whether an expression is a histogram's rate or increase, summed or not, and nothing else: its answer is then the same as the distribution's.
 *
 * @returns undefined for what it is not.
 */
export function ratedHistogramOf(text: string): RatedHistogram | undefined {
  try {
    const expr = parseExpr(text, { experimental: true });
    const { metric, windowMs, isNative, selector } = histogramQueryOf(expr, 'any');
    let node = unwrapped(expr);
    if (node.kind === 'aggregation') node = unwrapped(node.expr);
    if (node.kind !== 'call' || (node.func !== 'rate' && node.func !== 'increase')) return undefined;
    if (windowMs === undefined || selector.extension !== undefined) return undefined;
    return { metric, isNative, windowMs, countUnit: node.func === 'rate' ? 'perSecond' : 'count' };
  } catch {
    return undefined; // No PromQL, or about something else: asked as it is written.
  }
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
