/** Operators with a native histogram on either side. Rules: Prometheus promql/engine.go, vectorElemBinop. */
import { isTrim, type ArithmeticOp, type ComparisonOp, type TrimOp } from '../../shared/promql/ast.ts';
import { compacted, divided, HistogramSum, multiplied } from '../../shared/histogram/arithmetic.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { sameHistogram } from '../../shared/histogram/resets.ts';
import { trimmed } from '../../shared/histogram/trim.ts';
import type { HistogramWords } from './histogramWords.ts';
import type { Row } from './rows.ts';

export type Operator = ArithmeticOp | ComparisonOp | TrimOp;
type Operand = number | NativeHistogram;

/** A sample, whether a comparison holds, or nothing where the operator does not know such operands. */
export function operateOnHistograms(
  op: Operator,
  left: Operand,
  right: Operand,
  words: HistogramWords,
): NativeHistogram | boolean | undefined {
  if (typeof left === 'object' && typeof right === 'object') {
    if (op === '==') return sameHistogram(left, right);
    if (op === '!=') return !sameHistogram(left, right);
    if (op === '+' || op === '-') return added(left, right, op, words);
  } else if (typeof left === 'object' && typeof right === 'number') {
    if (op === '*') return compacted(multiplied(left, right));
    if (op === '/') return compacted(divided(left, right));
    if (isTrim(op)) return trimmed(left, right, op === '</' ? 'below' : 'above');
  } else if (typeof left === 'number' && typeof right === 'object') {
    if (op === '*') return compacted(multiplied(right, left));
  }
  const nameOf = (operand: Operand) => (typeof operand === 'object' ? 'histogram' : 'float');
  words.incompatibleTypes(nameOf(left), op, nameOf(right));
  return undefined;
}

function added(
  left: NativeHistogram,
  right: NativeHistogram,
  op: '+' | '-',
  words: HistogramWords,
): NativeHistogram | undefined {
  const sum = new HistogramSum(left);
  if (!sum.add(right, op === '+' ? 1 : -1)) return void words.incompatibleLayout(op);
  const work = op === '+' ? 'addition' : 'subtraction';
  // Upstream gives no result where resets contradict each other.
  if (sum.collided) return void words.collidingResets(work);
  if (sum.reconciled) words.reconciledBounds(work);
  return op === '+' ? sum.result() : sum.result('gauge');
}

/** Writes what {@link operateOnHistograms} gives into a row: the left operand or 1 and 0 for a comparison. */
export function writeOperated(
  op: Operator,
  bool: boolean,
  left: Operand,
  right: Operand,
  out: Row,
  step: number,
  words: HistogramWords,
): void {
  const result = operateOnHistograms(op, left, right, words);
  out.histograms.delete(step);
  out.present[step] = 0;
  if (result === undefined || (result === false && !bool)) return;
  if (typeof result === 'boolean' && bool) out.values[step] = result ? 1 : 0;
  else {
    out.values[step] = NaN;
    out.histograms.set(step, typeof result === 'object' ? result : (left as NativeHistogram));
  }
  out.present[step] = 1;
}
