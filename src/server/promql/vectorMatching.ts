/** Arithmetic and comparison between two vectors. */
import type { Binary, VectorMatching } from '../../shared/promql/ast.ts';
import { isComparison, isSetOp } from '../../shared/promql/ast.ts';
import {
  formatLabels,
  labelsFrom,
  labelsKey,
  labelValue,
  METRIC_NAME,
  type Labels,
} from '../../shared/model/labels.ts';
import { QueryError } from '../storage/engine.ts';
import type { Budget } from './budget.ts';
import type { EvalContext } from './context.ts';
import { writeOperated } from './histogramOperators.ts';
import { HistogramWords } from './histogramWords.ts';
import { matchingOf, matchLabels, signatureBy } from './matching.ts';
import { ARITHMETIC, COMPARE } from './operators.ts';
import {
  clearRow,
  heldRows,
  materialize,
  newRow,
  sameLabelSet,
  withoutName,
  type Row,
  type VectorRows,
} from './rows.ts';

/** A row of the "many" side with one of the "one" side that it may meet, and the label set of what comes out. */
interface Pair {
  readonly many: number;
  readonly one: number;
  readonly labels: Labels;
}

/** Writes op(lhs, rhs) for one step into `out`, or leaves it absent where a comparison does not hold. */
type Combine = (left: Row, right: Row, out: Row, step: number) => void;

export async function matchVectors(
  node: Binary,
  lhs: VectorRows,
  rhs: VectorRows,
  steps: number,
  context: EvalContext,
): Promise<VectorRows> {
  const { budget } = context;
  const matching = matchingOf(node.matching);
  const isFlipped = matching.group === 'right';
  const many = isFlipped ? rhs : lhs;
  const one = isFlipped ? lhs : rhs;
  const signature = signatureBy(matching);
  const oneBySignature = groupBy(one.labels, signature);
  const pairs: Pair[] = [];
  many.labels.forEach((labels, m) => {
    for (const o of oneBySignature.get(signature(labels)) ?? []) {
      pairs.push({ many: m, one: o, labels: resultLabels(labels, one.labels[o], node, matching) });
    }
  });
  if (context.hasHistograms) {
    await readOthers(many, new Set(pairs.map((pair) => pair.many)), steps, budget);
    await readOthers(one, new Set(pairs.map((pair) => pair.one)), steps, budget);
  }
  const words = new HistogramWords(context.annotations, node);
  const combine = lhs.hasHistograms || rhs.hasHistograms ? mixedCombiner(node, words) : combiner(node);
  const operate: Combine = isFlipped ? (a, b, out, i) => combine(b, a, out, i) : combine;
  const isPlain =
    [...oneBySignature.values()].every((rows) => rows.length === 1) &&
    (matching.group !== undefined || new Set(pairs.map((pair) => pair.one)).size === pairs.length) &&
    areUnique(pairs.map((pair) => pair.labels));
  if (isPlain) return pairedRows(pairs, many, one, operate, matching, steps, budget);
  return checkedRows(pairs, many, one, operate, node, steps, budget);
}

/** Reads the rows that meet none, so that what is told of them is told. */
async function readOthers(rows: VectorRows, met: ReadonlySet<number>, steps: number, budget: Budget): Promise<void> {
  const row = newRow(steps);
  for (let s = 0; s < rows.labels.length; s++) {
    if (!met.has(s)) rows.read(s, row);
    if (budget.isDue()) await budget.pause();
  }
}

function groupBy(labels: readonly Labels[], signature: (labels: Labels) => string): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  labels.forEach((l, s) => {
    const key = signature(l);
    const rows = groups.get(key);
    if (rows === undefined) groups.set(key, [s]);
    else rows.push(s);
  });
  return groups;
}

const areUnique = (labels: readonly Labels[]) => new Set(labels.map(labelsKey)).size === labels.length;

function combiner(node: Binary): Combine {
  const { op, bool } = node;
  if (isSetOp(op)) throw new Error(`${op} is no arithmetic operator`);
  if (!isComparison(op)) {
    const compute = ARITHMETIC[op];
    return (left, right, out, i) => {
      out.values[i] = compute(left.values[i], right.values[i]);
      out.present[i] = 1;
    };
  }
  const holds = COMPARE[op];
  return (left, right, out, i) => {
    const kept = holds(left.values[i], right.values[i]);
    if (!kept && !bool) return;
    out.values[i] = bool ? (kept ? 1 : 0) : left.values[i];
    out.present[i] = 1;
  };
}

/** As {@link combiner}, for rows in which there may be native histograms. */
function mixedCombiner(node: Binary, words: HistogramWords): Combine {
  const { op, bool } = node;
  if (isSetOp(op)) throw new Error(`${op} is no arithmetic operator`);
  const ofFloats = combiner(node);
  return (left, right, out, i) => {
    const [a, b] = [left.histograms.get(i), right.histograms.get(i)];
    if (a === undefined && b === undefined) return ofFloats(left, right, out, i);
    writeOperated(op, bool, a ?? left.values[i], b ?? right.values[i], out, i, words);
  };
}

/** Source of the rules: Prometheus promql/engine.go, resultMetric. */
function resultLabels(many: Labels, one: Labels, node: Binary, matching: VectorMatching): Labels {
  const keepsName = isComparison(node.op) && !node.bool;
  let labels = keepsName ? many : withoutName(many);
  if (matching.group === undefined) {
    const named = new Set(matching.labels);
    labels = labels.filter(([name]) => named.has(name) === matching.on);
  }
  if (matching.include.length === 0) return labels;
  const included = matching.include.map((name) => [name, labelValue(one, name)] as const);
  return labelsFrom([...labels, ...included]);
}

/** No two rows can be in each other's way: rows are computed when read. */
async function pairedRows(
  pairs: readonly Pair[],
  many: VectorRows,
  one: VectorRows,
  operate: Combine,
  matching: VectorMatching,
  steps: number,
  budget: Budget,
): Promise<VectorRows> {
  // With grouping, one row is met by many and must not be computed for each of them.
  const ones = matching.group === undefined ? one : heldRows(one.labels, await materialize(one, steps, budget));
  const left = newRow(steps);
  const right = newRow(steps);
  return {
    labels: pairs.map((pair) => pair.labels),
    hasHistograms: many.hasHistograms || one.hasHistograms,
    read(s, into) {
      many.read(pairs[s].many, left);
      ones.read(pairs[s].one, right);
      clearRow(into);
      for (let i = 0; i < steps; i++) {
        if (left.present[i] === 1 && right.present[i] === 1) operate(left, right, into, i);
      }
    },
  };
}

/** Rows may collide at some step and not at others: every step is checked. */
async function checkedRows(
  pairs: readonly Pair[],
  many: VectorRows,
  one: VectorRows,
  operate: Combine,
  node: Binary,
  steps: number,
  budget: Budget,
): Promise<VectorRows> {
  const matching = matchingOf(node.matching);
  const manyRows = await materialize(many, steps, budget);
  const oneRows = await materialize(one, steps, budget);
  refuseDuplicates(one, oneRows, manyRows, matching, steps);
  const signature = signatureBy(matching);
  const metOnce = new Map<string, Uint8Array>();
  const labels: Labels[] = [];
  const rows: Row[] = [];
  const rowByKey = new Map<string, Row>();
  for (const pair of pairs) {
    const left = manyRows[pair.many];
    const right = oneRows[pair.one];
    const key = labelsKey(pair.labels);
    let out = rowByKey.get(key);
    if (out === undefined) {
      budget.hold(steps);
      out = newRow(steps);
      rowByKey.set(key, out);
      labels.push(pair.labels);
      rows.push(out);
    }
    const group = signature(many.labels[pair.many]);
    const met = metOnce.get(group) ?? new Uint8Array(steps);
    metOnce.set(group, met);
    const step = newRow(steps);
    for (let i = 0; i < steps; i++) {
      if (left.present[i] === 0 || right.present[i] === 0) continue;
      operate(left, right, step, i);
      if (step.present[i] === 0 && !isComparable(left, right, i, node)) continue;
      if (matching.group === undefined && met[i] === 1) {
        throw new QueryError(
          'execution',
          'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
        );
      }
      if (out.present[i] === 1) {
        if (matching.group === undefined) throw sameLabelSet();
        throw new QueryError('execution', 'multiple matches for labels: grouping labels must ensure unique matches');
      }
      met[i] = 1;
      if (step.present[i] === 0) continue;
      out.values[i] = step.values[i];
      out.present[i] = 1;
      const histogram = step.histograms.get(i);
      if (histogram !== undefined) out.histograms.set(i, histogram);
    }
    if (budget.isDue()) await budget.pause();
  }
  return heldRows(labels, rows);
}

/** Whether two samples are of kinds that can be compared: then they count as a match, though the comparison may not hold. */
function isComparable(left: Row, right: Row, i: number, { op }: Binary): boolean {
  const [a, b] = [left.histograms.has(i), right.histograms.has(i)];
  return a === b && (!a || op === '==' || op === '!=');
}

/** @throws QueryError where two rows of the "one" side share a signature at a step at which the other side has samples at all. */
function refuseDuplicates(
  one: VectorRows,
  oneRows: readonly Row[],
  manyRows: readonly Row[],
  matching: VectorMatching,
  steps: number,
): void {
  const someMany = new Uint8Array(steps);
  for (const row of manyRows) for (let i = 0; i < steps; i++) someMany[i] |= row.present[i];
  for (const rows of groupBy(one.labels, signatureBy(matching)).values()) {
    if (rows.length < 2) continue;
    for (let i = 0; i < steps; i++) {
      if (someMany[i] === 0) continue;
      const there = rows.filter((s) => oneRows[s].present[i] === 1);
      if (there.length < 2) continue;
      const group = formatLabels(matchLabels(one.labels[there[0]], matching).filter(([name]) => name !== METRIC_NAME));
      const side = matching.group === 'right' ? 'left' : 'right';
      const [a, b] = [one.labels[there[1]], one.labels[there[0]]].map(formatLabels);
      throw new QueryError(
        'execution',
        `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: [${a}, ${b}]` +
          ';many-to-many matching not allowed: matching labels must be unique on one side',
      );
    }
  }
}
