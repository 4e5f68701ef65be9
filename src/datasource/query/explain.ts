/** An expression in words, innermost first: what each step takes and gives. */
import { childrenOf, type Expr } from '../../shared/promql/ast.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { rangeText, readable } from '../readable.ts';

export interface ExplainedStep {
  /** The step as it stands in the expression. */
  readonly code: string;
  readonly words: string;
}

/** Functions that people meet first; of the others the name has to do. */
const CALLS: Readonly<Record<string, string>> = {
  rate: 'how fast each grew, per second over the range; restarts of the process are allowed for',
  increase: 'by how much each grew over the range; restarts of the process are allowed for',
  irate: 'how fast each grew between its last two samples, per second',
  delta: 'the difference between the end and the beginning of the range, for values that go up and down',
  deriv: 'the slope of each, per second, as a straight line through the range',
  histogram_quantile: 'the value below which this fraction of the observations lies, read from their buckets',
  histogram_fraction: 'the fraction of the observations that lies between the two bounds, read from their buckets',
  histogram_count: 'the number of observations in each histogram',
  histogram_sum: 'the sum of the observations in each histogram',
  histogram_avg: 'the mean of the observations in each histogram',
  label_replace: 'the same values, with one label written from another',
  label_join: 'the same values, with one label joined from others',
  absent: '1 if there is nothing, and nothing if there is something',
  clamp_min: 'the same values, none below the bound',
  clamp_max: 'the same values, none above the bound',
  abs: 'the same values without their signs',
  ceil: 'the same values, rounded up',
  floor: 'the same values, rounded down',
  sort: 'the same values, smallest first',
  sort_desc: 'the same values, largest first',
  time: 'the time of the evaluation, in seconds since 1970',
  vector: 'the number as a series without labels',
  scalar: 'the one series as a number',
  predict_linear: 'where each will be so many seconds later, if it goes on as in the range',
};

const AGGREGATIONS: Readonly<Record<string, string>> = {
  sum: 'added up',
  avg: 'as their mean',
  min: 'as the smallest',
  max: 'as the largest',
  count: 'counted',
  group: 'as 1 each',
  stddev: 'as their standard deviation',
  stdvar: 'as their variance',
  quantile: 'as their quantile over series',
  topk: 'only the largest',
  bottomk: 'only the smallest',
  count_values: 'counted by value',
  limitk: 'only so many of them',
  limit_ratio: 'only that share of them',
};

const MATCHES: Readonly<Record<string, string>> = {
  '=': 'is',
  '!=': 'is not',
  '=~': 'matches',
  '!~': 'does not match',
};

/** Undefined where the text is no expression yet. */
export function explainExpr(text: string): ExplainedStep[] | undefined {
  let tree: Expr;
  try {
    tree = parseExpr(readable(text));
  } catch {
    return undefined;
  }
  const steps: ExplainedStep[] = [];
  const visit = (node: Expr) => {
    if (node.kind === 'paren') return visit(node.expr);
    // A range says in its own words what its selector is.
    if (node.kind !== 'range') childrenOf(node).forEach(visit);
    const words = wordsOf(node, text);
    if (words !== undefined) steps.push({ code: text.slice(node.from, node.to), words });
    return undefined;
  };
  visit(tree);
  return steps;
}

function wordsOf(node: Expr, text: string): string | undefined {
  switch (node.kind) {
    case 'selector':
      return `the newest sample at each step of ${seriesOf(node, text)}`;
    case 'range':
      return `at each step, the samples of the last ${rangeText(text, node)} of ${seriesOf(node.selector, text)}`;
    case 'subquery':
      return `the expression before it, evaluated again and again over the last ${rangeText(text, node).split(':')[0]}`;
    case 'call':
      if (CALLS[node.func] !== undefined) return CALLS[node.func];
      return /_over_time$/.test(node.func)
        ? `for each series, the ${node.func.replace('_over_time', '').replace(/_/g, ' ')} of the samples in the range`
        : `the function ${node.func} of it`;
    case 'aggregation': {
      const labels = node.grouping.join(', ');
      const groups = node.without
        ? `all that differ in nothing but ${labels || 'nothing'}`
        : labels === ''
          ? 'all series together'
          : `the series of each ${labels}`;
      return `${groups}, ${AGGREGATIONS[node.op]}`;
    }
    case 'binary':
      if (node.op === 'and') return 'those on the left that have a partner on the right';
      if (node.op === 'unless') return 'those on the left that have no partner on the right';
      if (node.op === 'or') return 'those on the left, and those on the right that have no partner there';
      return /^[<>=!]/.test(node.op) && !node.bool
        ? 'those for which this is true; the others are left out'
        : 'computed for series with the same labels on both sides';
    default:
      return undefined;
  }
}

function seriesOf(node: Extract<Expr, { kind: 'selector' }>, text: string): string {
  const name = text.slice(node.from, node.from + (node.name?.length ?? 0));
  const conditions = node.matchers
    .filter((matcher) => matcher.name !== '__name__')
    .map(({ name: label, op, value }) => `${label} ${MATCHES[op]} ${value === '' ? 'empty' : value}`);
  const offset =
    node.offset === undefined ? '' : `, as they were ${text.slice(node.offset.from, node.offset.to)} earlier`;
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  return `${name === '' ? 'all series' : name}${where}${offset}`;
}
