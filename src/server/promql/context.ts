/** What every part of the evaluator gets handed. */
import type { Call, Expr, VectorSelector } from '../../shared/promql/ast.ts';
import { QueryError, type StepGrid } from '../storage/engine.ts';
import type { Annotations } from './annotations.ts';
import type { Budget } from './budget.ts';
import type { PromqlFeatures } from '../../shared/promql/features.ts';
import type { Plan } from './plan.ts';
import type { VectorRows } from './rows.ts';
import type { SelectedSeries } from './series.ts';
import type { QueryWindows } from './windows.ts';

export type Value =
  | { readonly kind: 'scalar'; readonly values: Float64Array }
  | { readonly kind: 'vector'; readonly rows: VectorRows }
  | { readonly kind: 'string'; readonly text: string };

export interface EvalContext {
  readonly plan: Plan;
  /** Series of a select by its index in the plan. */
  readonly series: (select: number) => readonly SelectedSeries[];
  /** The same for a selector; without buckets where these are not looked at. */
  readonly seriesFor: (selector: VectorSelector) => readonly SelectedSeries[];
  readonly windows: QueryWindows;
  /** Whether anything selected has native histograms, or something looks for them: then every row is read, for what is to be told of it. */
  readonly hasHistograms: boolean;
  readonly budget: Budget;
  readonly features: PromqlFeatures;
  readonly delaysNames: boolean;
  readonly annotations: Annotations;
  readonly evaluate: (expr: Expr, grid: StepGrid) => Promise<Value>;
  /** Values of parts that the expression has several times; undefined where each is to be evaluated. */
  readonly repeated?: HeldValues;
  /** Watches the evaluation, where it is to be told how it went. */
  readonly watch?: Watch;
}

/** Gives a node's value, evaluating it where it is not held. */
export interface HeldValues {
  valueOf(node: Expr, grid: StepGrid, evaluate: () => Promise<Value>): Promise<Value>;
}

/** What looks on while nodes are evaluated, and while rows of their values are read. */
export interface Watch {
  value(node: Expr, grid: StepGrid, evaluate: () => Promise<Value>): Promise<Value>;
  range<V extends WatchedRange>(node: Expr, grid: StepGrid, evaluate: () => Promise<V>): Promise<V>;
}

/** What is looked at of a range vector. */
export interface WatchedRange {
  readonly labels: readonly unknown[];
  /** Hears of each series that is read, where somebody watches. */
  onRead?: (milliseconds: number, samples: number) => void;
}

export const vectorValue = (rows: VectorRows): Value => ({ kind: 'vector', rows });

/** The rows of an expression whose type is vector. */
export async function rowsOf(expr: Expr, grid: StepGrid, context: EvalContext): Promise<VectorRows> {
  const value = await context.evaluate(expr, grid);
  if (value.kind !== 'vector') throw new QueryError('internal', `a vector was expected, got ${value.kind}`);
  return value.rows;
}

/** The values of an expression whose type is scalar. Length = the grid's count. */
export async function scalarOf(expr: Expr, grid: StepGrid, context: EvalContext): Promise<Float64Array> {
  const value = await context.evaluate(expr, grid);
  if (value.kind !== 'scalar') throw new QueryError('internal', `a scalar was expected, got ${value.kind}`);
  return value.values;
}

/** The text of an expression whose type is string. */
export async function textOf(expr: Expr, grid: StepGrid, context: EvalContext): Promise<string> {
  const value = await context.evaluate(expr, grid);
  if (value.kind !== 'string') throw new QueryError('internal', `a string was expected, got ${value.kind}`);
  return value.text;
}

/** How a function is evaluated. */
export type EvaluateCall = (call: Call, grid: StepGrid, context: EvalContext) => Promise<Value>;
