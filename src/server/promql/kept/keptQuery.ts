/** Instant queries that are asked again and again, as rules are: planned once, and evaluated at one time without waiting. */
import {
  childrenOf,
  isComparison,
  isSetOp,
  isTrim,
  unwrapped,
  type Aggregation,
  type AggregationOp,
  type Binary,
  type Call,
  type Expr,
  type VectorSelector,
} from '../../../shared/promql/ast.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import { PromqlError } from '../../../shared/promql/errors.ts';
import { QueryError, type KeptVector } from '../../storage/engine.ts';
import type { Queryable } from '../../storage/queryable.ts';
import { ACCUMULATORS } from '../accumulators.ts';
import { absentLabels } from '../calls.ts';
import { greater, lesser, MATH, roundTo } from '../elementwise.ts';
import { gridOf } from '../grid.ts';
import { labelJoiner, labelReplacer } from '../labelCalls.ts';
import { ARITHMETIC, COMPARE } from '../operators.ts';
import { OVER_TIME_KERNELS } from '../overTimeKernels.ts';
import { COUNTER_KERNELS, type RangeKernel } from '../rangeKernels.ts';
import type { PlanContext } from '../selectorTimes.ts';
import { KeptAggregation, KeptQuantile, type KeptAggregationOp } from './aggregated.ts';
import { NotKept, type KeptNode, type KeptRows, type KeptScalar } from './nodes.ts';
import * as operators from './operators.ts';
import { KeptIncrease, KeptLeaf, KeptSelector, KeptWindows, type Extrapolated } from './selected.ts';

type Keep = NonNullable<Queryable['keep']>;

export class KeptEvaluation {
  readonly #root: KeptRows;
  readonly #leaves: readonly KeptLeaf[];
  #labels: readonly Labels[] = [];
  /** Whether its rows, as they were found last, can be computed so. */
  #isKept = false;

  constructor(root: KeptRows, leaves: readonly KeptLeaf[]) {
    this.#root = root;
    this.#leaves = leaves;
  }

  /** The answer at a time in milliseconds, valid until the next one; undefined where it is to be evaluated the ordinary way. */
  at(t: number): KeptVector | undefined {
    if (this.#leaves.some((leaf) => leaf.hasChanged)) this.#look();
    for (const leaf of this.#leaves) leaf.samplesRead = 0;
    if (!this.#isKept || !this.#root.evaluate(t)) return undefined;
    let samplesRead = 0;
    for (const leaf of this.#leaves) samplesRead += leaf.samplesRead;
    const { values, present } = this.#root.row;
    return { labels: this.#labels, values, present, samplesRead };
  }

  #look(): void {
    try {
      this.#labels = this.#root.shape();
      this.#isKept = true;
    } catch (fault) {
      // What refuses the labels tells so when it is evaluated.
      if (!(fault instanceof NotKept || fault instanceof QueryError)) throw fault;
      this.#isKept = false;
      // All leaves have seen what there is.
      for (const leaf of this.#leaves) leaf.labels();
    }
  }
}

/** How a query is kept; undefined for those that only the ordinary evaluation knows. @param expr checked, without parentheses. */
export function keptEvaluation(
  expr: Expr,
  keep: Keep,
  times: Pick<PlanContext, 'lookbackDeltaMs' | 'subqueryStepMs'>,
): KeptEvaluation | undefined {
  // Of an instant query, whenever it is asked, durations are the same.
  const builder = new Builder(keep, { ...times, query: gridOf(0, 0, 0) });
  try {
    const root = builder.node(expr);
    return root.kind === 'vector' ? new KeptEvaluation(root, builder.leaves) : undefined;
  } catch (fault) {
    if (fault instanceof NotKept || fault instanceof QueryError || fault instanceof PromqlError) return undefined;
    throw fault;
  }
}

const KERNELS: Partial<Record<string, RangeKernel>> = { ...COUNTER_KERNELS, ...OVER_TIME_KERNELS };
const EXTRAPOLATED: ReadonlySet<string> = new Set<Extrapolated>(['rate', 'increase', 'delta']);
/** What is refused or told by step is left to the ordinary evaluation. */
const INSPECTED: ReadonlySet<string> = new Set(['double_exponential_smoothing', 'quantile_over_time']);

class Builder {
  readonly leaves: KeptLeaf[] = [];
  readonly #keep: Keep;
  readonly #context: PlanContext;

  constructor(keep: Keep, context: PlanContext) {
    this.#keep = keep;
    this.#context = context;
  }

  node(expr: Expr): KeptNode {
    switch (expr.kind) {
      case 'number':
        return new operators.KeptNumber(() => expr.value);
      case 'paren':
        return this.node(expr.expr);
      case 'selector':
        return new KeptSelector(expr, this.#leaf(expr), this.#context);
      case 'aggregation':
        return this.#aggregation(expr);
      case 'binary':
        return this.#binary(expr);
      case 'unary':
        return expr.op === '+' ? this.node(expr.expr) : this.#negated(this.node(expr.expr));
      case 'call':
        return this.#call(expr);
      default:
        throw new NotKept();
    }
  }

  #leaf({ matchers }: VectorSelector): KeptLeaf {
    const select = this.#keep(matchers);
    if (select === undefined) throw new NotKept();
    const leaf = new KeptLeaf(select);
    this.leaves.push(leaf);
    return leaf;
  }

  #rows(expr: Expr): KeptRows {
    const node = this.node(expr);
    if (node.kind !== 'vector') throw new NotKept();
    return node;
  }

  #scalar(expr: Expr): KeptScalar {
    const node = this.node(expr);
    if (node.kind !== 'scalar') throw new NotKept();
    return node;
  }

  #negated(node: KeptNode): KeptNode {
    if (node.kind === 'scalar') return new operators.KeptComputed((v) => -v, [node]);
    return new operators.KeptChange(node, [], ({ values }, s) => (values[s] = -values[s]));
  }

  #aggregation(node: Aggregation): KeptRows {
    if (!isAccumulated(node.op)) throw new NotKept();
    const first = this.leaves.length;
    const rows = this.#rows(node.expr);
    // Groups stand in the order in which their first rows come, which is not that of all rows where some are not there, and sums depend on their order.
    if (regroups(node.expr)) for (const leaf of this.leaves.slice(first)) leaf.needsAll = true;
    return new KeptAggregation(node, node.op, rows);
  }

  #binary(node: Binary): KeptNode {
    const lhs = this.node(node.lhs);
    const rhs = this.node(node.rhs);
    const { op } = node;
    if (lhs.kind === 'scalar' && rhs.kind === 'scalar') {
      if (isSetOp(op) || isTrim(op)) throw new NotKept();
      const compute = isComparison(op) ? (a: number, b: number) => (COMPARE[op](a, b) ? 1 : 0) : ARITHMETIC[op];
      return new operators.KeptComputed(compute, [lhs, rhs]);
    }
    if (lhs.kind === 'vector' && rhs.kind === 'vector')
      return isSetOp(op) ? new operators.KeptSets(node, lhs, rhs) : new operators.KeptPairs(node, lhs, rhs);
    if (lhs.kind === 'vector' && rhs.kind === 'scalar') return operators.keptWithScalar(node, lhs, rhs, false);
    if (lhs.kind === 'scalar' && rhs.kind === 'vector') return operators.keptWithScalar(node, rhs, lhs, true);
    throw new NotKept();
  }

  #call(call: Call): KeptNode {
    const { func, args } = call;
    const kernel = KERNELS[func];
    if (kernel !== undefined) return this.#windows(call, kernel);
    if (isMath(func)) return this.#changed(args[0], [], ({ values }, s) => (values[s] = MATH[func](values[s])));
    switch (func) {
      case 'histogram_quantile':
        return new KeptQuantile(this.#scalar(args[0]), this.#rows(args[1]));
      case 'clamp':
        return this.#changed(args[0], args.slice(1), clamped);
      case 'clamp_min':
        return this.#changed(args[0], args.slice(1), (row, s, [low]) => clamped(row, s, [low, Infinity]));
      case 'clamp_max':
        return this.#changed(args[0], args.slice(1), (row, s, [high]) => clamped(row, s, [-Infinity, high]));
      case 'round':
        return this.#changed(args[0], args.slice(1), ({ values }, s, [to = 1]) => (values[s] = roundTo(values[s], to)));
      case 'absent':
        return new operators.KeptAbsent(this.#rows(args[0]), absentLabels(args[0]));
      case 'label_replace': {
        const [target, template, source, pattern] = args.slice(1).map(textOf);
        return operators.keptUnderLabels(this.#rows(args[0]), labelReplacer(target, template, source, pattern));
      }
      case 'label_join': {
        const [target, separator, ...sources] = args.slice(1).map(textOf);
        return operators.keptUnderLabels(this.#rows(args[0]), labelJoiner(target, separator, sources));
      }
      case 'scalar':
        return new operators.KeptOnly(this.#rows(args[0]));
      case 'vector':
        return new operators.KeptOne(this.#scalar(args[0]));
      case 'time':
        return new operators.KeptNumber((t) => t / 1000);
      default:
        throw new NotKept();
    }
  }

  #changed(rows: Expr, args: readonly Expr[], change: operators.ChangeSample): KeptNode {
    const child = this.#rows(rows);
    return new operators.KeptChange(
      child,
      args.map((arg) => this.#scalar(arg)),
      change,
    );
  }

  #windows(call: Call, kernel: RangeKernel): KeptRows {
    if (INSPECTED.has(call.func)) throw new NotKept();
    const [ranged, ...others] = call.args;
    const node = unwrapped(ranged);
    if (node.kind !== 'range') throw new NotKept();
    const params = others.map((arg) => this.#scalar(arg));
    const leaf = this.#leaf(node.selector);
    if (isExtrapolated(call.func)) return new KeptIncrease(call.func, node, leaf, this.#context);
    return new KeptWindows(call, node, kernel, params, leaf, this.#context);
  }
}

/** Whether rows come out of it in another order than that of the series. */
const regroups = (expr: Expr): boolean =>
  expr.kind === 'aggregation' ||
  (expr.kind === 'call' && expr.func === 'histogram_quantile') ||
  childrenOf(expr).some(regroups);

const isAccumulated = (op: AggregationOp): op is KeptAggregationOp => op in ACCUMULATORS;
const isMath = (func: string): func is keyof typeof MATH => Object.hasOwn(MATH, func);
const isExtrapolated = (func: string): func is Extrapolated => EXTRAPOLATED.has(func);

const clamped: operators.ChangeSample = ({ values, present }, s, [low, high]) => {
  if (low > high) present[s] = 0;
  values[s] = greater(low, lesser(high, values[s]));
};

function textOf(expr: Expr): string {
  const node = unwrapped(expr);
  if (node.kind !== 'string') throw new NotKept();
  return node.value;
}
