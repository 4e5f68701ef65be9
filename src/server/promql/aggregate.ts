/** Aggregations: rows by group, each group to one row (or, for topk and its kin, to some of its rows). */
import { AGGREGATION_PARAMETERS, type Aggregation } from '../../shared/promql/ast.ts';
import { isCustom } from '../../shared/histogram/bounds.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { formatHistogram } from '../../shared/histogram/text.ts';
import { labelsFrom, labelsKey, METRIC_NAME, type Labels } from '../../shared/model/labels.ts';
import { QueryError, type StepGrid } from '../storage/engine.ts';
import { ACCUMULATORS, type Accumulator, type Sum } from './accumulators.ts';
import { rowsOf, scalarOf, textOf, vectorValue, type EvalContext, type Value } from './context.ts';
import { greater, lesser } from './elementwise.ts';
import { FirstRows, groupRows, rowsTaken, type Grouping } from './grouping.ts';
import { MixedAccumulator } from './histogramSums.ts';
import { HistogramWords } from './histogramWords.ts';
import { takenByRatio, takenRows, type IsTaken } from './limitRatio.ts';
import { formatGo, formatPlain } from '../../shared/model/numberText.ts';
import { quantileOf, sortedNaNFirst } from './quantile.ts';
import {
  clearRow,
  floatRows,
  heldRows,
  materialize,
  newRow,
  type GroupSums,
  type Row,
  type VectorRows,
} from './rows.ts';
import { selectExtremes, type Extreme } from './topk.ts';

export async function evaluateAggregation(node: Aggregation, grid: StepGrid, context: EvalContext): Promise<Value> {
  const { op } = node;
  // Upstream places what it tells of topk and bottomk at the aggregation, of others at what they aggregate.
  const words = new HistogramWords(context.annotations, op === 'topk' || op === 'bottomk' ? node : node.expr, node);
  // Upstream evaluates the parameter first, which shows where both are refused.
  const param = AGGREGATION_PARAMETERS[op] === 'scalar' ? await scalarOf(node.param!, grid, context) : NO_PARAMETER;
  const given = await rowsOf(node.expr, grid, context);
  const onIgnored = () => words.ignoredInAggregation(op);
  const rows = TAKES_HISTOGRAMS.has(op) ? given : floatRows(given, onIgnored);
  const extremes = (rank: Extreme, of: VectorRows, wanted: Float64Array, isTaken?: IsTaken) => {
    const groups = groupRows(of.labels, node.grouping, node.without);
    return selectExtremes(rank, of, groups, wanted, grid.count, context.budget, onIgnored, isTaken);
  };
  switch (op) {
    case 'topk':
    case 'bottomk':
    case 'limitk':
      return vectorValue(await extremes(op, rows, wholeNumbers(param)));
    case 'quantile':
      return vectorValue(await quantiles(node, param, rows, grid, context));
    case 'count_values':
      return vectorValue(await countValues(node, rows, grid, context));
    case 'limit_ratio': {
      const isTaken = takenByRatio(node, param, rows.labels, context);
      if (isTaken === undefined) {
        // The rows are read for what there is to tell of them.
        await materialize(rows, grid.count, context.budget);
        return vectorValue(heldRows([], []));
      }
      if (grid.count > 1) return vectorValue(takenRows(rows, isTaken));
      // Upstream puts them into a heap, which a single step shows.
      return vectorValue(await extremes('limitk', rows, Float64Array.of(rows.labels.length), isTaken));
    }
    default:
      return vectorValue(await accumulate(ACCUMULATORS[op], node, rows, grid, context));
  }
}

const NO_PARAMETER = new Float64Array(0);

/** Those that look at histograms themselves, if only to leave them out. */
const TAKES_HISTOGRAMS: ReadonlySet<Aggregation['op']> = new Set([
  'sum',
  'avg',
  'count',
  'group',
  'count_values',
  'topk',
  'bottomk',
  'limitk',
  'limit_ratio',
]);

/** Accumulators for rows with native histograms, which sum and avg add up and others do not look at. */
function accumulatorOf(
  start: (steps: number) => Accumulator,
  node: Aggregation,
  rows: VectorRows,
  steps: number,
  context: EvalContext,
): Accumulator | MixedAccumulator {
  const isSum = node.op === 'sum' || node.op === 'avg';
  if (!isSum || !rows.hasHistograms) return start(steps);
  return new MixedAccumulator(
    start(steps),
    steps,
    node.op === 'avg',
    new HistogramWords(context.annotations, node.expr, node),
  );
}

async function accumulate(
  start: (steps: number) => Accumulator,
  node: Aggregation,
  rows: VectorRows,
  grid: StepGrid,
  context: EvalContext,
): Promise<VectorRows> {
  const { budget } = context;
  const steps = grid.count;
  const grouping = groupRows(rows.labels, node.grouping, node.without);
  const { groupOf, labels } = grouping;
  if (isWide(rows, grouping, steps)) return groupByGroup(start, rows, grouping, steps);
  budget.hold(labels.length * steps, labels.length * steps * ACCUMULATED_CELL_BYTES);
  const accumulators = labels.map(() => accumulatorOf(start, node, rows, steps, context));
  const firsts = new FirstRows(labels.length);
  if (node.op === 'sum' && rows.addUp !== undefined && areAddedUp(rows.labels.length, labels.length)) {
    await rows.addUp(groupOf, new Sums(accumulators as Sum[], firsts));
  } else {
    const row = newRow(steps);
    for (let s = 0; s < rows.labels.length; s++) {
      rows.read(s, row);
      if (grid.stepMs === 0 && row.present[0] === 1) firsts.met(groupOf[s], s);
      accumulators[groupOf[s]].add(row, rows.labels[s]);
      if (budget.isDue()) await budget.pause();
    }
  }
  const groups: VectorRows = {
    labels,
    drops: groupDrops(rows, groupOf, labels.length),
    hasHistograms: rows.hasHistograms && accumulators.some((a) => a instanceof MixedAccumulator),
    read(g, into) {
      clearRow(into);
      accumulators[g].finish(into);
    },
  };
  return inOrder(groups, grid, firsts);
}

/**
 * The groups of an instant query in upstream's order, which shows where some of them are taken, or where equals are sorted. Over a range it is that of
 * all rows that are selected: a step's answer must not depend on what other steps are asked for with it, be it alone.
 */
function inOrder(groups: VectorRows, { stepMs }: StepGrid, firsts: FirstRows): VectorRows {
  const order = stepMs === 0 ? firsts.order() : undefined;
  return order === undefined ? groups : rowsTaken(groups, order);
}

class Sums implements GroupSums {
  readonly #sums: readonly Sum[];
  readonly #firsts: FirstRows;

  constructor(sums: readonly Sum[], firsts: FirstRows) {
    this.#sums = sums;
    this.#firsts = firsts;
  }

  met(group: number, s: number): void {
    this.#firsts.met(group, s);
  }

  add(group: number, row: Row): void {
    this.#sums[group].add(row);
  }

  addAt(group: number, step: number, value: number): void {
    this.#sums[group].addAt(step, value);
  }
}

/** A sum, what was lost of it, and whether there is any. */
const ACCUMULATED_CELL_BYTES = 17;
/** Groups that take more cells together are added up one after the other. */
const CELLS_TOGETHER_MAX = 1 << 20;
/** Series of a group on average, up to which that reads them nearly in their order. */
const SMALL_GROUP = 4;

/** Whether rates are added up by what their series have in common: of so many rows there are these many sums. */
export const areAddedUp = (rows: number, sums: number) => rows > sums * SMALL_GROUP;

function isWide({ labels, hasHistograms }: VectorRows, groups: Grouping, steps: number): boolean {
  const count = groups.labels.length;
  return count * steps > CELLS_TOGETHER_MAX && labels.length <= count * SMALL_GROUP && !hasHistograms;
}

/** Each group is added up when it is read, so that one is held at a time. */
function groupByGroup(
  start: (steps: number) => Accumulator,
  rows: VectorRows,
  { groupOf, labels }: Grouping,
  steps: number,
): VectorRows {
  const members: number[][] = labels.map(() => []);
  groupOf.forEach((g, s) => members[g].push(s));
  const row = newRow(steps);
  return {
    labels,
    drops: groupDrops(rows, groupOf, labels.length),
    hasHistograms: false,
    read(g, into) {
      clearRow(into);
      const accumulator = start(steps);
      for (const s of members[g]) {
        rows.read(s, row);
        accumulator.add(row);
      }
      accumulator.finish(into);
    },
  };
}

/** Upstream's end of 64-bit integers, the largest that a double tells from the next power of two. */
const INT64_END = 9223372036854774784;

/** The k of topk and its kin, by step. */
function wholeNumbers(values: Float64Array): Float64Array {
  if (values.some(Number.isNaN)) throw new QueryError('execution', 'Parameter value is NaN');
  const [least, most] = [values.reduce(lesser, Infinity), values.reduce(greater, -Infinity)];
  if (most < 1) return values.map(Math.trunc);
  if (least <= -(2 ** 63)) throw new QueryError('execution', `Scalar value ${formatGo(least)} underflows int64`);
  if (most >= INT64_END) throw new QueryError('execution', `Scalar value ${formatGo(most)} overflows int64`);
  return values.map(Math.trunc);
}

async function quantiles(
  node: Aggregation,
  q: Float64Array,
  rows: VectorRows,
  grid: StepGrid,
  context: EvalContext,
): Promise<VectorRows> {
  const { budget, annotations } = context;
  const steps = grid.count;
  const [least, most] = [q.reduce(lesser, Infinity), q.reduce(greater, -Infinity)];
  if (q.some(Number.isNaN)) annotations.invalidQuantile(NaN, node.param!, node);
  if (most > 1) annotations.invalidQuantile(most, node.param!, node);
  if (least < 0) annotations.invalidQuantile(least, node.param!, node);
  const { groupOf, labels } = groupRows(rows.labels, node.grouping, node.without);
  const held = await materialize(rows, steps, budget);
  const members: Row[][] = labels.map(() => []);
  const firsts = new FirstRows(labels.length);
  held.forEach((row, s) => {
    members[groupOf[s]].push(row);
    if (grid.stepMs === 0 && row.present[0] === 1) firsts.met(groupOf[s], s);
  });
  const read = (g: number, into: Row): void => {
    clearRow(into);
    const scratch = new Float64Array(members[g].length);
    for (let i = 0; i < steps; i++) {
      let n = 0;
      for (const row of members[g]) if (row.present[i] === 1) scratch[n++] = row.values[i];
      if (n === 0) continue;
      into.values[i] = quantileOf(q[i], sortedNaNFirst(scratch.subarray(0, n)));
      into.present[i] = 1;
    }
  };
  const drops = groupDrops(rows, groupOf, labels.length);
  return inOrder({ labels, drops, hasHistograms: false, read }, grid, firsts);
}

/** A group's name is dropped where that of any of its rows is. */
function groupDrops({ drops }: VectorRows, groupOf: Int32Array, count: number): VectorRows['drops'] {
  if (drops === undefined) return undefined;
  const ofGroups = new Array<boolean>(count).fill(false);
  drops.forEach((isDropped, s) => (ofGroups[groupOf[s]] ||= isDropped));
  return ofGroups;
}

/** @throws QueryError as upstream does, where custom buckets were divided by 0 or came to be NaN: what they have of a zero bucket then is no 0. */
function textOfHistogram(h: NativeHistogram): string {
  if (isCustom(h) && h.zeroCount !== 0)
    throw new QueryError('execution', 'histograms with custom buckets have no zero bucket');
  return formatHistogram(h);
}

async function countValues(
  node: Aggregation,
  rows: VectorRows,
  grid: StepGrid,
  context: EvalContext,
): Promise<VectorRows> {
  const { budget } = context;
  const steps = grid.count;
  const label = await textOf(node.param!, grid, context);
  if (label === '') throw new QueryError('execution', `invalid label name ${JSON.stringify(label)}`);
  const { groupOf, labels } = groupRows(rows.labels, node.grouping, node.without);
  const isDropped = node.without && (label === METRIC_NAME || node.grouping.includes(label));
  const out = new Map<string, { labels: Labels; row: Row }>();
  const row = newRow(steps);
  for (let s = 0; s < rows.labels.length; s++) {
    rows.read(s, row);
    let lastValue: number | undefined;
    let last: Row | undefined;
    for (let i = 0; i < steps; i++) {
      if (row.present[i] === 0) continue;
      const histogram = row.histograms.get(i);
      if (last === undefined || histogram !== undefined || !Object.is(row.values[i], lastValue)) {
        lastValue = histogram === undefined ? row.values[i] : undefined;
        const text = histogram === undefined ? formatPlain(row.values[i]) : textOfHistogram(histogram);
        const counted = isDropped ? labels[groupOf[s]] : labelsFrom([...labels[groupOf[s]], [label, text]]);
        const key = labelsKey(counted);
        let entry = out.get(key);
        if (entry === undefined) {
          budget.hold(steps);
          entry = { labels: counted, row: newRow(steps) };
          out.set(key, entry);
        }
        last = entry.row;
      }
      last.values[i] += 1;
      last.present[i] = 1;
    }
    if (budget.isDue()) await budget.pause();
  }
  const entries = [...out.values()];
  return heldRows(
    entries.map((entry) => entry.labels),
    entries.map((entry) => entry.row),
  );
}
