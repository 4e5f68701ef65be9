/** Binary operators: which operands they have decides who works. */
import type { Binary } from '../../shared/promql/ast.ts';
import { isComparison, isSetOp, isTrim } from '../../shared/promql/ast.ts';
import { QueryError, type StepGrid } from '../storage/engine.ts';
import { vectorValue, type EvalContext, type Value } from './context.ts';
import { writeOperated } from './histogramOperators.ts';
import { HistogramWords } from './histogramWords.ts';
import { ARITHMETIC, COMPARE } from './operators.ts';
import { unnamed, type Row, type VectorRows } from './rows.ts';
import { setOperation } from './setOperators.ts';
import { matchVectors } from './vectorMatching.ts';

export async function evaluateBinary(node: Binary, grid: StepGrid, context: EvalContext): Promise<Value> {
  const lhs = await context.evaluate(node.lhs, grid);
  const rhs = await context.evaluate(node.rhs, grid);
  if (lhs.kind === 'scalar' && rhs.kind === 'scalar')
    return { kind: 'scalar', values: ofScalars(node, lhs.values, rhs.values) };
  if (lhs.kind === 'vector' && rhs.kind === 'vector') {
    if (isSetOp(node.op)) return vectorValue(await setOperation(node, lhs.rows, rhs.rows, grid.count, context.budget));
    return vectorValue(await matchVectors(node, lhs.rows, rhs.rows, grid.count, context));
  }
  if (lhs.kind === 'vector' && rhs.kind === 'scalar')
    return vectorValue(await withScalar(node, lhs.rows, rhs.values, false, grid.count, context));
  if (lhs.kind === 'scalar' && rhs.kind === 'vector')
    return vectorValue(await withScalar(node, rhs.rows, lhs.values, true, grid.count, context));
  throw new Error(`operator ${node.op} between ${lhs.kind} and ${rhs.kind} passed the type check`);
}

function ofScalars(node: Binary, a: Float64Array, b: Float64Array): Float64Array {
  const { op } = node;
  if (isSetOp(op)) throw new Error(`set operator ${op} between scalars passed the type check`);
  if (isTrim(op)) throw new QueryError('execution', `operator "${op}" not allowed for Scalar operations`);
  if (!isComparison(op)) {
    const compute = ARITHMETIC[op];
    return a.map((v, i) => compute(v, b[i]));
  }
  const holds = COMPARE[op];
  return a.map((v, i) => (holds(v, b[i]) ? 1 : 0));
}

/** @param isFlipped the scalar is on the left. */
async function withScalar(
  node: Binary,
  rows: VectorRows,
  scalar: Float64Array,
  isFlipped: boolean,
  steps: number,
  context: EvalContext,
): Promise<VectorRows> {
  const { op, bool } = node;
  if (isSetOp(op)) throw new Error(`set operator ${op} with a scalar passed the type check`);
  const words = new HistogramWords(context.annotations, node);
  let change: (row: Row, rank: number) => void;
  if (isComparison(op)) {
    const holds = COMPARE[op];
    change = ({ values, present }) => {
      for (let i = 0; i < steps; i++) {
        const kept = isFlipped ? holds(scalar[i], values[i]) : holds(values[i], scalar[i]);
        if (bool) values[i] = kept ? 1 : 0;
        else if (!kept) present[i] = 0;
      }
    };
  } else if (isTrim(op)) {
    change = ({ present }, rank) => {
      for (let i = 0; i < steps; i++) {
        if (present[i] === 0) continue;
        words.ofPair(i, rank);
        words.incompatibleTypes('float', op, 'float');
        present[i] = 0;
      }
    };
  } else {
    const compute = ARITHMETIC[op];
    change = ({ values }) => {
      for (let i = 0; i < steps; i++)
        values[i] = isFlipped ? compute(scalar[i], values[i]) : compute(values[i], scalar[i]);
    };
  }
  const changed: VectorRows = {
    labels: rows.labels,
    hasHistograms: rows.hasHistograms,
    drops: rows.drops,
    read(s, into) {
      rows.read(s, into);
      if (into.histograms.size === 0) return change(into, s);
      const histograms = [...into.histograms];
      for (const [i] of histograms) into.present[i] = 0;
      change(into, s);
      for (const [i, h] of histograms) {
        const [left, right] = isFlipped ? [scalar[i], h] : [h, scalar[i]];
        words.ofPair(i, s);
        writeOperated(op, bool, left, right, into, i, words);
      }
    },
  };
  return (isComparison(op) && !bool) || isTrim(op) ? changed : unnamed(changed, steps, context);
}
