/** Which queries can be continued: the value at a step is what it is whatever other steps are asked for with it. */
import {
  unwrapped,
  type Aggregation,
  type DurationExpr,
  type Expr,
  type VectorSelector,
} from '../../shared/promql/ast.ts';
import { childrenOf } from '../../shared/promql/ast.ts';
import { typeOf } from '../../shared/promql/check.ts';
import type { FunctionName } from '../../shared/promql/functions.ts';
import { METRIC_NAME } from '../../shared/model/labels.ts';
import type { Plan } from './plan.ts';
import { subqueryGrid } from './selectorTimes.ts';

/** Functions that look at the query's range as a whole, or at which series there are in it. */
const OF_THE_RANGE: ReadonlySet<FunctionName> = new Set([
  'end',
  'info',
  'range',
  'sort',
  'sort_by_label',
  'sort_by_label_desc',
  'sort_desc',
  'start',
  'step',
]);

/** Functions whose rows come in an order that depends on which of their series there are in the range. */
const REORDERING: ReadonlySet<FunctionName> = new Set([
  'histogram_fraction',
  'histogram_quantile',
  'histogram_quantiles',
  'label_join',
  'label_replace',
]);

/** Aggregations that the order of their rows changes: in the last digit of a sum, or in which of equals is taken. */
const OF_THE_ORDER: ReadonlySet<Aggregation['op']> = new Set([
  'avg',
  'bottomk',
  'limitk',
  'stddev',
  'stdvar',
  'sum',
  'topk',
]);

/** How the steps of a query can be evaluated apart from each other. */
export interface Apart {
  /** How far beyond a step's own time its value looks for samples, in milliseconds, at most. */
  readonly aheadMs: number;
  /** Only where the same series are selected for both parts: groups are ordered by the first of their series. */
  readonly needsSameSeries: boolean;
}

/** Undefined where they cannot. */
export function apartOf(plan: Plan): Apart | undefined {
  const { query } = plan.context;
  if (query.stepMs <= 0 || query.count === 0 || !isStepwise(plan.expr)) return undefined;
  return { aheadMs: aheadOf(plan), needsSameSeries: ordersGroups(plan.expr) };
}

function aheadOf({ expr, context, selects }: Plan): number {
  const { query } = context;
  const last = query.start + (query.count - 1) * query.stepMs;
  const newest = selects.reduce((most, { maxTime }) => Math.max(most, maxTime), -Infinity);
  // The inside of a subquery is evaluated at multiples of its step: at one step nearer to its end than at another.
  return selects.length === 0 ? 0 : newest - last + subquerySteps(expr);

  function subquerySteps(node: Expr): number {
    const own = node.kind === 'subquery' ? subqueryGrid(node, query, context).stepMs : 0;
    return childrenOf(node).reduce((sum, child) => sum + subquerySteps(child), own);
  }
}

function isStepwise(node: Expr): boolean {
  switch (node.kind) {
    case 'number':
    case 'string':
      return true;
    case 'selector':
      return isOfStep(node);
    case 'range':
      return isOfStep(node.selector) && isFixed(node.range);
    case 'subquery':
      return isOfStep(node) && isFixed(node.range) && isFixed(node.step) && isStepwise(node.expr);
    case 'aggregation':
      if (OF_THE_ORDER.has(node.op) && !isInStoreOrder(node.expr) && !isOfGroups(node.expr)) return false;
      break;
    case 'call':
      if (OF_THE_RANGE.has(node.func)) return false;
      break;
    case 'binary':
      if (node.matching?.fill !== undefined) return false;
  }
  return childrenOf(node).every(isStepwise);
}

const isOfStep = ({ at, offset }: Pick<VectorSelector, 'at' | 'offset'>) => at === undefined && isFixed(offset);

/** Whether a duration does not depend on the query's range. */
function isFixed(duration: DurationExpr | undefined): boolean {
  switch (duration?.kind) {
    case 'call':
      return duration.func !== 'range' && duration.args.every(isFixed);
    case 'binary':
      return isFixed(duration.lhs) && isFixed(duration.rhs);
    case 'negated':
    case 'paren':
      return isFixed(duration.expr);
    default:
      return true;
  }
}

/** Whether rows come in the order of the store: then the others keep theirs where one of them is not there. */
function isInStoreOrder(node: Expr): boolean {
  const inner = unwrapped(node);
  return inner.kind === 'selector' || (isRowwise(inner) && selectorsIn(inner).every(isOfOneMetric));
}

/** Aggregations with a row for each group that there is, in the order in which the groups are met. */
const GROUPWISE: ReadonlySet<Aggregation['op']> = new Set(['avg', 'count', 'group', 'max', 'min', 'sum']);

/** Whether rows are groups of rows in the order of the store, or groups of such. */
function isOfGroups(node: Expr): boolean {
  const inner = unwrapped(node);
  if (inner.kind !== 'aggregation' || !GROUPWISE.has(inner.op)) return false;
  return isInStoreOrder(inner.expr) || isOfGroups(inner.expr);
}

/** Whether the order of groups changes anything in it. */
const ordersGroups = (node: Expr): boolean =>
  (node.kind === 'aggregation' && OF_THE_ORDER.has(node.op) && isOfGroups(node.expr)) ||
  childrenOf(node).some(ordersGroups);

/** Whether each row is made of one series. */
function isRowwise(node: Expr): boolean {
  switch (node.kind) {
    case 'number':
    case 'string':
    case 'selector':
    case 'range':
      return true;
    case 'aggregation':
      return false;
    case 'call':
      if (REORDERING.has(node.func)) return false;
      return childrenOf(node).every((child) => typeOf(child) === 'scalar' || isRowwise(child));
    case 'binary':
      return (
        (typeOf(node.lhs) === 'scalar' || typeOf(node.rhs) === 'scalar') && childrenOf(node).every(isRowwiseOrScalar)
      );
    default:
      return childrenOf(node).every(isRowwise);
  }
}

const isRowwiseOrScalar = (node: Expr) => typeOf(node) === 'scalar' || isRowwise(node);

const selectorsIn = (node: Expr): readonly VectorSelector[] =>
  node.kind === 'selector' ? [node] : childrenOf(node).flatMap(selectorsIn);

const isOfOneMetric = ({ matchers }: VectorSelector) =>
  matchers.some(({ name, op, value }) => name === METRIC_NAME && op === '=' && value !== '');
