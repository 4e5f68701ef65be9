/** The query engine: text and grid in, matrix out. */
import { unwrapped, withoutParens, type Expr } from '../../shared/promql/ast.ts';
import { typeOf } from '../../shared/promql/check.ts';
import { PromqlError } from '../../shared/promql/errors.ts';
import type { PromqlFeatures } from '../../shared/promql/features.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { TYPE_NAMES } from '../../shared/promql/valueType.ts';
import { compareLabels, type Labels } from '../../shared/model/labels.ts';
import { LastAsked } from '../../shared/model/lastAsked.ts';
import {
  QueryError,
  type AnswerFormat,
  type AnswerPieces,
  type AnsweringEngine,
  type QueryRequest,
  type QueryResult,
  type QueryValue,
  type StepGrid,
} from '../storage/engine.ts';
import {
  SelectLimitError,
  type GroupColumns,
  type OpenGroup,
  type Queryable,
  type SelectSpec,
} from '../storage/queryable.ts';
import { Annotations } from './annotations.ts';
import { answerPieces, inTurn } from './answer/answerPieces.ts';
import { Budget } from './budget.ts';
import type { EvalContext } from './context.ts';
import { evaluateExpr } from './evaluate.ts';
import { Explanation } from './explain.ts';
import { Gate } from './gate.ts';
import { gridOf } from './grid.ts';
import { planQuery, type Plan } from './plan.ts';
import { rangeVectorOf, rawSeriesOf } from './rangeVectors.ts';
import { repeatedNodes, RepeatedValues } from './repeated.ts';
import { matrixOf, withNamesDropped, type VectorRows } from './rows.ts';
import { selectedSeries, type SelectedSeries } from './series.ts';
import { statsSeries } from './statsSeries.ts';
import { countedSteps } from './stepCounts.ts';
import { QueryWindows } from './windows.ts';

export interface EngineLimits extends PromqlFeatures {
  readonly lookbackDeltaMs: number;
  readonly timeoutMs: number;
  /** Cells that a query holds in memory. Where a store only lends whole columns, twice as many may be read. */
  readonly maxSamples: number;
  /** Bytes of memory that a query takes for what it holds, about. Any number if not given. */
  readonly maxBytes?: number;
  /** Queries evaluated at a time; others wait within their timeout. */
  readonly maxConcurrency: number;
  /** Step of subqueries that name none: the global evaluation interval. One minute if not given. */
  readonly subqueryStepMs?: number;
}

export const DEFAULT_LIMITS: EngineLimits = {
  lookbackDeltaMs: 300_000,
  timeoutMs: 120_000,
  maxSamples: 50_000_000,
  maxConcurrency: 20,
};

export const SUBQUERY_STEP_MS = 60_000;

/** Expressions that are kept parsed, and how long such a one is at most. */
const PARSED_MAX = 64;
const PARSED_CHARS_MAX = 1000;

/** By what they are parsed with, which lives as long as an engine. */
const parsers = new WeakMap<PromqlFeatures, LastAsked<Expr>>();

/** Of a text, its expression without parentheses. */
function parsedBy(features: PromqlFeatures): LastAsked<Expr> {
  let known = parsers.get(features);
  if (known === undefined) {
    const parse = (text: string) => withoutParens(parseExpr(text, features));
    parsers.set(features, (known = new LastAsked(parse, PARSED_MAX, PARSED_CHARS_MAX)));
  }
  return known;
}

/** A request, parsed and planned. */
export interface PreparedQuery {
  readonly request: QueryRequest;
  readonly plan: Plan;
  readonly features: PromqlFeatures;
  readonly parseMs: number;
}

/** @throws QueryError (bad_data) whose message has line and column. */
export function prepareQuery(request: QueryRequest, limits: EngineLimits): PreparedQuery {
  const started = performance.now();
  const { expr: text } = request;
  try {
    const expr = request.parsed ?? parsedBy(limits).of(text);
    const type = typeOf(expr);
    if (request.stepMs > 0 && type !== 'scalar' && type !== 'vector') {
      throw new QueryError(
        'bad_data',
        `invalid expression type "${TYPE_NAMES[type]}" for range query, must be Scalar or instant Vector`,
      );
    }
    const plan = planQuery(expr, {
      query: gridOf(request.start, request.end, request.stepMs),
      lookbackDeltaMs: request.lookbackDeltaMs ?? limits.lookbackDeltaMs,
      subqueryStepMs: limits.subqueryStepMs ?? SUBQUERY_STEP_MS,
    });
    return { request, plan, features: limits, parseMs: performance.now() - started };
  } catch (fault) {
    if (fault instanceof PromqlError) throw new QueryError('bad_data', fault.message, { cause: fault });
    throw fault;
  }
}

const NO_REPEATED: ReturnType<typeof repeatedNodes> = new Map();
const READS_PER_HELD = 2;

/** Cells that a query may read. */
export const readsMax = (budget: Budget) => READS_PER_HELD * budget.samplesLeft;

/** What a query is told whose selects have more cells than it may read; other faults as they are. */
export function readFault(fault: unknown, budget: Budget): unknown {
  if (!(fault instanceof SelectLimitError)) return fault;
  const limit = `${readsMax(budget)}, ${READS_PER_HELD} times --query.max-samples=${budget.samplesLeft}`;
  return new QueryError(
    'execution',
    `query reads more samples than ${limit}; shorten the range, add matchers, or raise the flag`,
    { cause: fault },
  );
}

/**
 * What a select answers for each of the plan's specs, in order.
 *
 * @throws QueryError (execution) where the store would touch more samples than may be read.
 */
export async function readSelects(
  queryable: Queryable,
  specs: readonly SelectSpec[],
  budget: Budget,
): Promise<readonly (readonly GroupColumns[])[]> {
  const maxSamples = readsMax(budget);
  try {
    return await Promise.all(specs.map((spec) => queryable.select({ ...spec, maxSamples })));
  } catch (fault) {
    throw readFault(fault, budget);
  }
}

/** Columns that are read already. */
export function openColumns({ times, columns }: GroupColumns): OpenGroup {
  let last = 0;
  return {
    times,
    refs: Uint32Array.from(columns, ({ ref }) => ref),
    labels: columns.map(({ labels }) => labels),
    hasHistograms: columns.some((c) => c.histograms !== undefined && c.histograms.size > 0),
    read(s, out) {
      out.set(columns[s].values);
      last = s;
      return 'some';
    },
    histograms: () => columns[last].histograms,
  };
}

/** Evaluates what was prepared over what was read. */
export async function evaluatePrepared(
  prepared: PreparedQuery,
  selected: readonly (readonly OpenGroup[])[],
  budget: Budget,
  selectMs: number,
): Promise<QueryResult> {
  const started = performance.now();
  const { request, plan, features } = prepared;
  budget.expect(plan.steps);
  let samplesRead = 0;
  for (const groups of selected) for (const group of groups) samplesRead += group.times.length * group.refs.length;
  const loaded: (readonly SelectedSeries[] | undefined)[] = selected.map(() => undefined);
  const stats: (readonly SelectedSeries[] | undefined)[] = selected.map(() => undefined);
  const annotations = new Annotations(request.expr);
  const explanation = request.explain === true ? new Explanation(request.expr, plan) : undefined;
  const hasNative = selected.some((groups) => groups.some((group) => group.hasHistograms));
  const repeated = hasNative ? NO_REPEATED : repeatedNodes(plan.expr, plan.statsOnly);
  const context: EvalContext = {
    repeated: repeated.size === 0 ? undefined : new RepeatedValues(repeated, budget, annotations),
    plan,
    budget,
    features,
    delaysNames: features.delayedNameRemoval === true,
    annotations,
    hasHistograms: plan.tells || hasNative,
    windows: new QueryWindows(),
    series: (select) => (loaded[select] ??= selectedSeries(selected[select])),
    seriesFor: (selector) => {
      const select = plan.selectOf.get(selector)!;
      const series = context.series(select);
      const from = plan.statsOnly.get(selector);
      if (!context.hasHistograms || from === undefined) return series;
      return (stats[select] ??= statsSeries(series, from));
    },
    evaluate: (expr, grid) => evaluateExpr(expr, grid, context),
    watch: explanation,
  };
  const isCounted = request.perStep === true && features.perStepStats === true;
  // First: what it holds for it is free again then.
  const steps = isCounted ? await countedSteps(context) : undefined;
  const value = await queryValue(plan.context.query, context);
  return {
    value,
    warnings: annotations.warnings,
    infos: annotations.infos,
    plan: explanation?.tree(),
    stats: { steps, samplesRead, parseMs: prepared.parseMs, selectMs, evalMs: performance.now() - started },
  };
}

async function queryValue(grid: StepGrid, context: EvalContext): Promise<QueryValue> {
  const { plan, budget } = context;
  const isRange = grid.stepMs > 0;
  if (typeOf(plan.expr) === 'matrix') {
    const node = unwrapped(plan.expr);
    const extension = node.kind === 'range' ? node.selector.extension : undefined;
    return { kind: 'raw', grid, series: rawSeriesOf(await rangeVectorOf(node, grid, context), budget, extension) };
  }
  const value = await context.evaluate(plan.expr, grid);
  if (value.kind === 'string') return { kind: 'string', grid, text: value.text };
  if (value.kind === 'scalar') {
    const rows: VectorRows = {
      labels: [[]],
      hasHistograms: false,
      read(_s, into) {
        into.values.set(value.values);
        into.present.fill(1);
      },
    };
    return { kind: isRange ? 'matrix' : 'scalar', grid, matrix: await matrixOf(rows, grid.count, budget) };
  }
  const rows = await withNamesDropped(value.rows, grid.count, budget);
  if (!isRange) return { kind: 'vector', grid, matrix: await matrixOf(rows, grid.count, budget) };
  return { kind: 'matrix', grid, matrix: await matrixOf(rows, grid.count, budget, orderOf(rows.labels)) };
}

interface PlacedLabels {
  readonly labels: Labels;
  readonly place: number;
}

/** The places of label sets, in the order of these. */
function orderOf(sets: readonly Labels[]): Int32Array {
  const placed: PlacedLabels[] = [];
  for (let place = 0; place < sets.length; place++) placed.push({ labels: sets[place], place });
  placed.sort(byLabels);
  return Int32Array.from(placed, placeOf);
}

const byLabels = (a: PlacedLabels, b: PlacedLabels) => compareLabels(a.labels, b.labels);
const placeOf = ({ place }: PlacedLabels) => place;

/** A result as {@link AnsweringEngine.answer} gives it. @param totalMs that the query waited and ran. */
export function written(result: QueryResult, format: AnswerFormat, totalMs: number): AnswerPieces {
  return inTurn(answerPieces(result, format, totalMs), true);
}

/** An engine that writes answers in the caller's thread. */
export function answering(query: AnsweringEngine['query']): AnsweringEngine {
  return {
    query,
    async answer(request, format) {
      const started = performance.now();
      const result = await query(request);
      return written(result, format, performance.now() - started);
    },
  };
}

/** Evaluates in the caller's thread, letting it do other things every few milliseconds. */
export function createEngine(queryable: Queryable, limits: EngineLimits): AnsweringEngine {
  const gate = new Gate(limits.maxConcurrency);
  const query = async (request: QueryRequest): Promise<QueryResult> => {
    const prepared = prepareQuery(request, limits);
    const timeoutMs = Math.min(request.timeoutMs ?? limits.timeoutMs, limits.timeoutMs);
    const maxSamples = Math.min(request.maxSamples ?? limits.maxSamples, limits.maxSamples);
    const budget = new Budget({ timeoutMs, maxSamples, maxBytes: limits.maxBytes, signal: request.signal });
    const leave = await gate.enter(timeoutMs, request.signal);
    try {
      const started = performance.now();
      const selected = await readSelects(queryable, prepared.plan.selects, budget);
      const open = selected.map((groups) => groups.map(openColumns));
      return await evaluatePrepared(prepared, open, budget, performance.now() - started);
    } finally {
      leave();
    }
  };
  return answering(query);
}
