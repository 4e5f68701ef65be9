/** Arithmetic and comparison between two vectors. */
import type { Binary, VectorMatching } from '../../shared/promql/ast.ts';
import { isComparison, isSetOp, isTrim } from '../../shared/promql/ast.ts';
import { labelsFrom, labelsKey, labelValue, type Labels } from '../../shared/model/labels.ts';
import type { Budget } from './budget.ts';
import type { EvalContext } from './context.ts';
import { writeOperated } from './histogramOperators.ts';
import { HistogramWords } from './histogramWords.ts';
import { matchingOf, signatureBy } from './matching.ts';
import { ARITHMETIC, COMPARE } from './operators.ts';
import { clearRow, heldRows, materialize, newRow, withoutName, type Row, type VectorRows } from './rows.ts';
import { matchByStep, type Combine } from './stepMatching.ts';

/** Writes op(left, right) for one step into `out`, or leaves it absent where a comparison does not hold. */
type Operation = (left: Row, right: Row, out: Row, step: number) => void;

/** A row of the "many" side with one of the "one" side that it may meet, and the label set of what comes out. */
export interface Pair {
  readonly many: number;
  readonly one: number;
  readonly labels: Labels;
}

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
  const { pairs, isPlain, labelsOf } = pairsOf(node, many.labels, one.labels, context.delaysNames);
  if (context.hasHistograms) {
    await readOthers(many, new Set(pairs.map((pair) => pair.many)), steps, budget);
    await readOthers(one, new Set(pairs.map((pair) => pair.one)), steps, budget);
  }
  const words = new HistogramWords(context.annotations, node);
  const combine = lhs.hasHistograms || rhs.hasHistograms ? mixedCombiner(node, words) : combiner(node, words);
  const operate: Combine = (a, b, out, i, rank) => {
    words.ofPair(i, rank);
    if (isFlipped) combine(b, a, out, i);
    else combine(a, b, out, i);
  };
  const matched = isPlain
    ? await pairedRows(pairs, many, one, operate, matching, steps, budget)
    : await matchByStep({ node, matching, many, one, combine: operate, labelsOf }, steps, budget);
  return node.bool && context.delaysNames ? { ...matched, drops: matched.labels.map(() => true) } : matched;
}

/** Rows that may meet. */
interface Pairs {
  readonly pairs: readonly Pair[];
  /** Whether no two of them can be in each other's way, at whatever steps they have samples. */
  readonly isPlain: boolean;
  /** The labels of what comes out of two. */
  readonly labelsOf: (many: Labels, one: Labels) => Labels;
}

/** @param delaysNames as in EvalContext. */
export function pairsOf(node: Binary, many: readonly Labels[], one: readonly Labels[], delaysNames: boolean): Pairs {
  const matching = matchingOf(node.matching);
  const signature = signatureBy(matching);
  const oneBySignature = groupBy(one, signature);
  const pairs: Pair[] = [];
  const keepsName = isTrim(node.op) || (isComparison(node.op) && (!node.bool || delaysNames));
  const labelsOf = (ofMany: Labels, ofOne: Labels) => resultLabels(ofMany, ofOne, keepsName, matching);
  many.forEach((labels, m) => {
    for (const o of oneBySignature.get(signature(labels)) ?? [])
      pairs.push({ many: m, one: o, labels: labelsOf(labels, one[o]) });
  });
  const isPlain =
    [...oneBySignature.values()].every((rows) => rows.length === 1) &&
    (matching.group !== undefined || new Set(pairs.map((pair) => pair.one)).size === pairs.length) &&
    matching.fill === undefined &&
    areUnique(pairs.map((pair) => pair.labels));
  return { pairs, isPlain, labelsOf };
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

function combiner(node: Binary, words: HistogramWords): Operation {
  const { op, bool } = node;
  if (isSetOp(op)) throw new Error(`${op} is no arithmetic operator`);
  if (isTrim(op)) return () => words.incompatibleTypes('float', op, 'float');
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
function mixedCombiner(node: Binary, words: HistogramWords): Operation {
  const { op, bool } = node;
  if (isSetOp(op)) throw new Error(`${op} is no arithmetic operator`);
  const ofFloats = combiner(node, words);
  return (left, right, out, i) => {
    const [a, b] = [left.histograms.get(i), right.histograms.get(i)];
    if (a === undefined && b === undefined) return ofFloats(left, right, out, i);
    writeOperated(op, bool, a ?? left.values[i], b ?? right.values[i], out, i, words);
  };
}

/** Source of the rules: Prometheus promql/engine.go, resultMetric. */
function resultLabels(many: Labels, one: Labels, keepsName: boolean, matching: VectorMatching): Labels {
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
        if (left.present[i] === 1 && right.present[i] === 1) operate(left, right, into, i, pairs[s].many);
      }
    },
  };
}
