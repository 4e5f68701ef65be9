/** The builder: one metric, a function over time, an aggregation, written as PromQL and read back from it. */
import type { BuilderQuery } from '../../shared/api/grafanaQuery.ts';
import type { Expr } from '../../shared/promql/ast.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { rangeText, readable } from '../readable.ts';
import { selectorText } from './selectorText.ts';

export const OVER_TIME = [
  'rate',
  'increase',
  'irate',
  'delta',
  'avg_over_time',
  'max_over_time',
  'min_over_time',
  'sum_over_time',
  'count_over_time',
  'last_over_time',
] as const;
export const AGGREGATES = ['sum', 'avg', 'max', 'min', 'count', 'stddev', 'quantile', 'topk', 'bottomk'] as const;
/** Aggregations with a number before the vector, and the number to begin with. */
export const AGGREGATE_NUMBERS: Partial<Record<(typeof AGGREGATES)[number], number>> = {
  quantile: 0.9,
  topk: 5,
  bottomk: 5,
};

export const BUILDER_DEFAULT: BuilderQuery = {
  metric: '',
  filters: [],
  overTime: '',
  range: '',
  aggregate: '',
  by: [],
};
const RANGE_DEFAULT = '$__rate_interval';

export function builderExpr(builder: BuilderQuery): string {
  const { metric, filters, overTime, range, aggregate, by } = builder;
  if (metric === '' && filters.every(({ value }) => value === '')) return '';
  const selector = selectorText(metric, filters);
  const inner = overTime === '' ? selector : `${overTime}(${selector}[${range === '' ? RANGE_DEFAULT : range}])`;
  if (aggregate === '') return inner;
  const number = AGGREGATE_NUMBERS[aggregate as keyof typeof AGGREGATE_NUMBERS];
  const grouping = by.length === 0 ? '' : ` by (${by.join(', ')})`;
  const argument = number === undefined ? '' : `${builder.number ?? number}, `;
  return `${aggregate}${grouping === '' ? '' : `${grouping} `}(${argument}${inner})`;
}

/** The builder's parts of an expression; undefined where it is more than the builder can show. */
export function builderOf(expr: string): BuilderQuery | undefined {
  if (expr.trim() === '') return BUILDER_DEFAULT;
  let tree: Expr;
  try {
    tree = parseExpr(readable(expr));
  } catch {
    return undefined;
  }
  const found = read(tree, expr);
  // What the builder would write must mean the same; else something was overlooked.
  return found !== undefined && plain(builderExpr(found)) === plain(expr) ? found : undefined;
}

function read(tree: Expr, text: string): BuilderQuery | undefined {
  if (tree.kind === 'aggregation') {
    if (tree.without || !(AGGREGATES as readonly string[]).includes(tree.op)) return undefined;
    const inner = read(tree.expr, text);
    if (inner === undefined || inner.aggregate !== '') return undefined;
    const number = tree.param?.kind === 'number' ? tree.param.value : undefined;
    return { ...inner, aggregate: tree.op, by: [...tree.grouping], ...(number === undefined ? {} : { number }) };
  }
  if (tree.kind === 'call') {
    const [argument] = tree.args;
    if (!(OVER_TIME as readonly string[]).includes(tree.func) || argument?.kind !== 'range') return undefined;
    const range = rangeText(text, argument);
    return {
      ...readSelector(argument.selector, text),
      overTime: tree.func,
      range: range === RANGE_DEFAULT ? '' : range,
    };
  }
  return tree.kind === 'selector' ? readSelector(tree, text) : undefined;
}

function readSelector(selector: Extract<Expr, { kind: 'selector' }>, text: string): BuilderQuery {
  const own = text.slice(selector.from, selector.to);
  // Values from the text itself: where variables stand, the tree holds what stands for them.
  const values = [...own.matchAll(/(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g)].map(([, , value]) => unescaped(value));
  const named = selector.matchers.filter(({ name }) => name !== '__name__');
  const metric = selector.name === undefined ? '' : own.slice(0, selector.name.length);
  return {
    ...BUILDER_DEFAULT,
    metric,
    filters: named.map(({ name, op, value }, i) => ({ name, op, value: values[i] ?? value })),
  };
}

function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}

function plain(text: string): string {
  return text.replace(/\s+/g, '');
}
