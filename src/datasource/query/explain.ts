/** An expression in words, innermost first: what each step takes and gives. */
import { childrenOf, type Expr } from '../../shared/promql/ast.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { rangeText, readable } from '../readable.ts';
import { tr } from '../../shared/texts/texts.ts';

export interface ExplainedStep {
  /** The step as it stands in the expression. */
  readonly code: string;
  readonly words: string;
}

/** Functions that people meet first; of the others the name has to do. */
const CALLS: Readonly<Record<string, string>> = {
  rate: tr('how fast each grew, per second over the range; restarts of the process are allowed for'),
  increase: tr('by how much each grew over the range; restarts of the process are allowed for'),
  irate: tr('how fast each grew between its last two samples, per second'),
  delta: tr('the difference between the end and the beginning of the range, for values that go up and down'),
  deriv: tr('the slope of each, per second, as a straight line through the range'),
  histogram_quantile: tr('the value below which this fraction of the observations lies, read from their buckets'),
  histogram_fraction: tr('the fraction of the observations that lies between the two bounds, read from their buckets'),
  histogram_count: tr('the number of observations in each histogram'),
  histogram_sum: tr('the sum of the observations in each histogram'),
  histogram_avg: tr('the mean of the observations in each histogram'),
  label_replace: tr('the same values, with one label written from another'),
  label_join: tr('the same values, with one label joined from others'),
  absent: tr('1 if there is nothing, and nothing if there is something'),
  clamp_min: tr('the same values, none below the bound'),
  clamp_max: tr('the same values, none above the bound'),
  abs: tr('the same values without their signs'),
  ceil: tr('the same values, rounded up'),
  floor: tr('the same values, rounded down'),
  sort: tr('the same values, smallest first'),
  sort_desc: tr('the same values, largest first'),
  time: tr('the time of the evaluation, in seconds since 1970'),
  vector: tr('the number as a series without labels'),
  scalar: tr('the one series as a number'),
  predict_linear: tr('where each will be so many seconds later, if it goes on as in the range'),
};

const AGGREGATIONS: Readonly<Record<string, string>> = {
  sum: tr('added up'),
  avg: tr('as their mean'),
  min: tr('as the smallest'),
  max: tr('as the largest'),
  count: 'counted',
  group: tr('as 1 each'),
  stddev: tr('as their standard deviation'),
  stdvar: tr('as their variance'),
  quantile: tr('as their quantile over series'),
  topk: tr('only the largest'),
  bottomk: tr('only the smallest'),
  count_values: tr('counted by value'),
  limitk: tr('only so many of them'),
  limit_ratio: tr('only that share of them'),
};

const MATCHES: Readonly<Record<string, string>> = {
  '=': 'is',
  '!=': tr('is not'),
  '=~': 'matches',
  '!~': tr('does not match'),
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
      return tr('the newest sample at each step of {0}', seriesOf(node, text));
    case 'range':
      return tr(
        'at each step, the samples of the last {0} of {1}',
        rangeText(text, node),
        seriesOf(node.selector, text),
      );
    case 'subquery':
      return tr(
        'the expression before it, evaluated again and again over the last {0}',
        rangeText(text, node).split(':')[0],
      );
    case 'call':
      if (CALLS[node.func] !== undefined) return CALLS[node.func];
      return /_over_time$/.test(node.func)
        ? tr(
            'for each series, the {0} of the samples in the range',
            node.func.replace('_over_time', '').replace(/_/g, ' '),
          )
        : tr('the function {0} of it', node.func);
    case 'aggregation': {
      const labels = node.grouping.join(', ');
      const groups = node.without
        ? tr('all that differ in nothing but {0}', labels || 'nothing')
        : labels === ''
          ? tr('all series together')
          : tr('the series of each {0}', labels);
      return `${groups}, ${AGGREGATIONS[node.op]}`;
    }
    case 'binary':
      if (node.op === 'and') return tr('those on the left that have a partner on the right');
      if (node.op === 'unless') return tr('those on the left that have no partner on the right');
      if (node.op === 'or') return tr('those on the left, and those on the right that have no partner there');
      return /^[<>=!]/.test(node.op) && !node.bool
        ? tr('those for which this is true; the others are left out')
        : tr('computed for series with the same labels on both sides');
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
    node.offset === undefined ? '' : tr(', as they were {0} earlier', text.slice(node.offset.from, node.offset.to));
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  return `${name === '' ? tr('all series') : name}${where}${offset}`;
}
