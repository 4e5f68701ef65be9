/** Walks the tree: every node to its value over a whole grid. */
import { multiplied } from '../../shared/histogram/arithmetic.ts';
import type { Expr, VectorSelector } from '../../shared/promql/ast.ts';
import { QueryError, type StepGrid } from '../storage/engine.ts';
import { evaluateAggregation } from './aggregate.ts';
import { evaluateBinary } from './binary.ts';
import { CALLS } from './calls.ts';
import { vectorValue, type EvalContext, type Value } from './context.ts';
import { SMOOTHED_SELECTOR } from './extendedRanges.ts';
import { firstStepOf } from './grid.ts';
import { HistogramWords } from './histogramWords.ts';
import { windowEnds } from './selectorTimes.ts';
import { windowed, WindowRows } from './rangeVectors.ts';
import { clearHistograms, heldRows, materialize, unnamed, type Row, type VectorRows } from './rows.ts';
import { selectRows } from './selection.ts';

/** @throws QueryError. */
export function evaluateExpr(expr: Expr, grid: StepGrid, context: EvalContext): Promise<Value> {
  const { budget, watch, repeated } = context;
  budget.check();
  if (watch !== undefined) return watch.value(expr, grid, () => valueOf(expr, grid, context));
  if (repeated !== undefined) return repeated.valueOf(expr, grid, () => valueOf(expr, grid, context));
  return valueOf(expr, grid, context);
}

function valueOf(expr: Expr, grid: StepGrid, context: EvalContext): Promise<Value> {
  // A subquery may have a single step and yet reach from one time to another.
  const isSame = grid.count > 0 && grid.start !== grid.end && context.plan.invariant.has(expr);
  return isSame ? steadyValueOf(expr, grid, context) : evaluateNode(expr, grid, context);
}

/** Where the value is the same at every step. */
async function steadyValueOf(expr: Expr, grid: StepGrid, context: EvalContext): Promise<Value> {
  return broadcast(await evaluateNode(expr, firstStepOf(grid), context), grid.count, context);
}

async function evaluateNode(expr: Expr, grid: StepGrid, context: EvalContext): Promise<Value> {
  switch (expr.kind) {
    case 'number':
      return { kind: 'scalar', values: new Float64Array(grid.count).fill(expr.value) };
    case 'string':
      return { kind: 'string', text: expr.value };
    case 'paren':
      return evaluateNode(expr.expr, grid, context);
    case 'selector':
      return vectorValue(
        expr.extension === 'smoothed' ? smoothedRows(expr, grid, context) : selectRows(expr, grid, context),
      );
    case 'call':
      return CALLS[expr.func](expr, grid, context);
    case 'aggregation':
      return evaluateAggregation(expr, grid, context);
    case 'binary':
      return evaluateBinary(expr, grid, context);
    case 'unary':
      return negated(expr.op, await context.evaluate(expr.expr, grid), grid.count, context);
    case 'range':
    case 'subquery':
      throw new QueryError('internal', 'a range vector was evaluated as a vector');
  }
}

/** Every series at every step between the samples on both sides of it, both within the lookback. */
function smoothedRows(node: VectorSelector, grid: StepGrid, context: EvalContext): VectorRows {
  const { plan, budget, annotations } = context;
  const { lookbackDeltaMs } = plan.context;
  const series = context.seriesFor(node);
  const reach = { before: 0, after: lookbackDeltaMs };
  const ends = windowEnds(node, grid, plan.context);
  const vector = windowed(series, ends, lookbackDeltaMs, context.windows, reach);
  return new WindowRows(SMOOTHED_SELECTOR, vector, grid, [], budget, new HistogramWords(annotations, node));
}

async function negated(op: '+' | '-', value: Value, steps: number, context: EvalContext): Promise<Value> {
  if (op === '+' || value.kind === 'string') return value;
  if (value.kind === 'scalar') return { kind: 'scalar', values: value.values.map((v) => -v) };
  const { rows } = value;
  const read = (s: number, into: Row): void => {
    rows.read(s, into);
    for (let i = 0; i < steps; i++) into.values[i] = -into.values[i];
    for (const [step, h] of into.histograms) into.histograms.set(step, multiplied(h, -1));
  };
  const { labels, hasHistograms } = rows;
  return vectorValue(await unnamed({ labels, hasHistograms, read }, steps, context));
}

/** A one-step value at every step. */
async function broadcast(value: Value, steps: number, context: EvalContext): Promise<Value> {
  if (value.kind === 'string') return value;
  if (value.kind === 'scalar') return { kind: 'scalar', values: new Float64Array(steps).fill(value.values[0]) };
  const held = await materialize(value.rows, 1, context.budget);
  const source = heldRows(value.rows.labels, held, value.rows.drops);
  const rows: VectorRows = {
    labels: source.labels,
    hasHistograms: source.hasHistograms,
    drops: source.drops,
    read(s, into) {
      into.values.fill(held[s].values[0]);
      into.present.fill(held[s].present[0]);
      clearHistograms(into);
      const histogram = held[s].histograms.get(0);
      if (histogram !== undefined) for (let i = 0; i < steps; i++) into.histograms.set(i, histogram);
    },
  };
  return vectorValue(rows);
}
