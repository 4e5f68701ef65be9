/** Queries on worker threads: the main thread looks into the index, a worker reads and evaluates. */
import type { Labels } from '../../shared/model/labels.ts';
import { Budget, canceled } from '../promql/budget.ts';
import { Gate } from '../promql/gate.ts';
import {
  prepareQuery,
  readFault,
  readsMax,
  SUBQUERY_STEP_MS,
  type EngineLimits,
  type PreparedQuery,
} from '../promql/engine.ts';
import { keptEvaluation } from '../promql/kept/keptQuery.ts';
import { childrenOf, type Expr } from '../../shared/promql/ast.ts';
import { inTurn } from '../promql/answer/answerPieces.ts';
import { continuedAnswer, type KeptAnswer } from '../promql/answer/continuedAnswer.ts';
import { apartOf } from '../promql/stepwise.ts';
import {
  QueryError,
  type AnswerFormat,
  type AnsweringEngine,
  type KeptQuery,
  type QueryRequest,
  type QueryResult,
  type QueryStats,
  type StepGrid,
} from '../storage/engine.ts';
import { packedColumns } from '../storage/leases.ts';
import type { PackedGroup, Queryable, SelectLease, SelectSpec } from '../storage/queryable.ts';
import { PackedChunkCache } from '../tsdb/partSource.ts';
import type { ActiveQueries } from './activeQueries.ts';
import { evaluatePacked } from './packedEvaluation.ts';
import { isPlain, keepable, keptOnTheWay, writtenRows } from './keptAnswers.ts';
import type { QueryLog } from './queryLog.ts';
import { areSame, ResultCache, type KeptForms, type KeptFound, type SeriesRead } from './resultCache.ts';
import { WorkerPool, type WrittenAnswer } from './workerPool.ts';

/**
 * Queries with less work than this are evaluated where they are asked: about five milliseconds, for which scrapes and other requests wait. A thread for them
 * takes longer than that waiting is worth: see docs/decisions/049.
 */
const INLINE_WORK_MAX = 500_000;
/**
 * What takes how much of it, some ten nanoseconds each: a series, besides its samples; one of these; a cell of a row that is added up,
 * of one that is answered, and one of native histograms; a sample in a window.
 */
const SERIES_WORK = 100;
const SAMPLE_WORK = 1;
const CELL_WORK = 2;
const ANSWERED_WORK = 8;
const HISTOGRAM_WORK = 300;
const WINDOW_WORK = 1;
/** For functions that look at little more than the ends of their windows. */
const ENDS_WORK = 0.02;
const OF_ENDS: ReadonlySet<string> = new Set(['rate', 'increase', 'delta', 'irate', 'idelta']);

/** Where they take longer than they were thought to, others have their turn after this time. */
const INLINE_SLICE_MS = 5;

/** Kept queries hold less than this. Where less is allowed, nothing is kept, so that the ordinary evaluation refuses what it is to refuse. */
const KEPT_SAMPLES_MIN = 1_000_000;
const KEPT_BYTES_MIN = 32 * 1024 * 1024;

/** Chunks, and columns of them, kept for the small queries that are evaluated where they are asked though there are workers. */
const INLINE_CHUNKS_BYTES_MAX = 16 * 1024 * 1024;

export interface QueryRunnerOptions {
  readonly queryable: Queryable;
  /** Threads; 0 evaluates everything in the caller's. They are started when first needed and ended when idle. */
  readonly workers: number;
  readonly limits: EngineLimits;
  /** Work up to which a query is evaluated in the caller's thread all the same. */
  readonly inlineWorkMax?: number;
  /** Where the queries that run are noted. */
  readonly active?: ActiveQueries;
  /** Where those that ended are noted. */
  readonly queryLog?: QueryLog;
  /** Hears of each query that could be parsed, when it ended. */
  readonly onQuery?: (times: QueryTimes) => void;
  /** Whether answers are kept for those who ask again. True if not given. */
  readonly keepsAnswers?: boolean;
}

export interface QueryTimes {
  /** Until it was its turn. */
  readonly queueMs: number;
  /** Parsing it, and finding its series. */
  readonly prepareMs: number;
  readonly evaluateMs: number;
  readonly samplesRead: number;
}

export interface QueryRunner extends AnsweringEngine {
  /** Answers that are kept, where the store says what changes. */
  readonly cache: ResultCache | undefined;
  /** Queries that run or wait. */
  readonly running: number;
  /** Cancels what is running and ends the threads. */
  close(): Promise<void>;
}

/** A query that was let in, with what its selects found. */
interface Admitted {
  readonly prepared: PreparedQuery;
  readonly selected: readonly SelectLease[];
  readonly budget: Budget;
  readonly timeoutMs: number;
  readonly selectMs: number;
  /** Where it is evaluated in the caller's thread. */
  readonly isInline: boolean;
  /** On the clock that all threads share. */
  readonly askedAt: number;
  /** How its answer is to be kept; undefined where it cannot be. */
  readonly keeping?: Keeping;
}

/** How an answer is kept. */
type Form = keyof KeptForms;

interface Keeping<F extends Form = Form> {
  readonly form: F;
  readonly key: string;
  readonly mark: number;
  /** Of the whole answer. */
  readonly grid: StepGrid;
  /** The first steps, which are not evaluated. */
  readonly part: KeptFound<F> | undefined;
  readonly needsSameSeries: boolean;
}

export function createQueryRunner(options: QueryRunnerOptions): QueryRunner {
  const { queryable, limits, workers, inlineWorkMax = INLINE_WORK_MAX } = options;
  const gate = new Gate(limits.maxConcurrency);
  const pool = new WorkerPool(workers, limits);
  const closing = new AbortController();
  const { changes } = queryable;
  const cache = changes === undefined || options.keepsAnswers === false ? undefined : new ResultCache(changes);

  /** How the answer of a query is kept, and what is there of it. */
  const keepingOf = (form: Form, { plan, request, features }: PreparedQuery): Keeping | undefined => {
    if (cache === undefined || features.delayedNameRemoval === true || request.explain === true) return undefined;
    const apart = apartOf(plan);
    if (apart === undefined) return undefined;
    const { query: grid, lookbackDeltaMs } = plan.context;
    const key = JSON.stringify([request.expr, grid.stepMs, grid.end - grid.start, lookbackDeltaMs, request.keepsAs]);
    // Taken first: what changes from now on is not in what is kept.
    const mark = cache.mark();
    const { aheadMs, needsSameSeries } = apart;
    return { form, key, mark, grid, needsSameSeries, part: cache.find(form, key, grid, aheadMs) };
  };

  /** For queries that are evaluated in the caller's thread. */
  const chunks =
    workers === 0 ? new PackedChunkCache() : new PackedChunkCache(INLINE_CHUNKS_BYTES_MAX, INLINE_CHUNKS_BYTES_MAX);

  /** Evaluates a query and notes it in the log, if there is one. */
  const logged = async <T extends { readonly stats: QueryStats }>(
    request: QueryRequest,
    keeps: Form | undefined,
    evaluate: (query: Admitted) => Promise<T>,
  ): Promise<T> => {
    const askedAt = now();
    const note = (stats: QueryStats | undefined, error?: string) =>
      options.queryLog?.write({ request, stats, totalMs: now() - askedAt, error });
    try {
      const result = await admitted(request, askedAt, keeps, evaluate);
      note(result.stats);
      tellTimes(result.stats, now() - askedAt);
      return result;
    } catch (fault) {
      // As upstream, which logs what it could parse.
      if (!(fault instanceof QueryError && fault.errorType === 'bad_data')) note(undefined, textOfFault(fault));
      throw fault;
    }
  };

  /** What is neither finding nor evaluating is waiting: for its turn, and for a thread. */
  const tellTimes = ({ parseMs, selectMs, evalMs, samplesRead }: QueryStats, totalMs: number) => {
    const prepareMs = parseMs + selectMs;
    const queueMs = Math.max(0, totalMs - prepareMs - evalMs);
    options.onQuery?.({ queueMs, prepareMs, evaluateMs: evalMs, samplesRead });
  };

  /** Lets a query in when it is its turn, and keeps what it reads open until `evaluate` is done. */
  const admitted = async <T>(
    request: QueryRequest,
    askedAt: number,
    keeps: Form | undefined,
    evaluate: (query: Admitted) => Promise<T>,
  ): Promise<T> => {
    if (closing.signal.aborted) throw canceled();
    const { signal } = request;
    const whole = prepareQuery(request, limits);
    const timeoutMs = Math.min(request.timeoutMs ?? limits.timeoutMs, limits.timeoutMs);
    const maxSamples = Math.min(request.maxSamples ?? limits.maxSamples, limits.maxSamples);
    const started = performance.now();
    const leave = await gate.enter(timeoutMs, signal);
    let selected: readonly SelectLease[] = [];
    let end: (() => void) | undefined;
    try {
      const left = timeoutMs - (performance.now() - started);
      const budget = new Budget({
        timeoutMs: left,
        maxSamples,
        maxBytes: limits.maxBytes,
        sliceMs: INLINE_SLICE_MS,
        signal,
        closing: closing.signal,
      });
      const selecting = performance.now();
      const keeping = keeps === undefined ? undefined : keepingOf(keeps, whole);
      const rest = keeping?.part && restOf({ ...request, parsed: whole.plan.expr }, keeping.part);
      const prepared = rest === undefined ? whole : prepareQuery(rest, limits);
      selected = await packSelects(queryable, prepared, budget);
      // No thread is to be started any more.
      if (closing.signal.aborted) throw canceled();
      const selectMs = performance.now() - selecting;
      const isSmall = workOf(prepared, selected) <= inlineWorkMax;
      // A small one is over before anybody could ask what ran; a look into a file takes longer than some of them.
      if (!isSmall) end = options.active?.begin(request.expr, Date.now());
      const found = { prepared, selected, budget, selectMs, askedAt, keeping };
      return await evaluate({ ...found, timeoutMs: left - selectMs, isInline: isSmall || workers === 0 });
    } finally {
      for (const lease of selected) lease.release();
      end?.();
      leave();
    }
  };

  const evaluateHere = ({ prepared, selected, budget, selectMs }: Admitted): Promise<QueryResult> => {
    const labels = selected.map(({ select, labels: labelsOf }) =>
      select.groups.map(({ refs }) => {
        const sets = new Array<Labels>(refs.length);
        for (let s = 0; s < refs.length; s++) sets[s] = labelsOf(refs[s]);
        return sets;
      }),
    );
    const selects = selected.map(({ select }) => select);
    return evaluatePacked(prepared, selects, labels, chunks, budget, selectMs);
  };

  const jobOf = ({ prepared, selected, selectMs, timeoutMs, askedAt }: Admitted) => {
    const { signal, origin: _, parsed: __, ...request } = prepared.request;
    return { job: { request, selected, selectMs, timeoutMs, askedAt }, signal };
  };

  const evaluate = (query: Admitted): Promise<QueryResult> => {
    if (query.isInline) return evaluateHere(query);
    const { job, signal } = jobOf(query);
    return pool.run(job, signal);
  };

  /** The steps that are not kept are evaluated, and written after the others; not joined where that has something to tell. */
  const answerContinued = async (
    query: Admitted,
    keeping: Keeping<'written'>,
    part: KeptFound<'written'>,
  ): Promise<WrittenAnswer> => {
    const { key, mark, grid } = keeping;
    const series = seriesRead(query, keeping);
    if (!areSame(series, part.series)) return NOT_JOINED;
    const result = await evaluate(query);
    const tail = keepable(result);
    if (tail === undefined) return NOT_JOINED;
    const answer = continuedAnswer(part, tail, grid);
    cache?.keep('written', key, mark, answer, series);
    return { pieces: inTurn([answer.body]), stats: result.stats, rows: () => undefined };
  };

  const answerWhole = async (query: Admitted, format: AnswerFormat): Promise<WrittenAnswer> => {
    const keep = query.keeping !== undefined;
    if (!query.isInline) {
      const { job, signal } = jobOf(query);
      return pool.answer({ ...job, keep }, format, signal);
    }
    const result = await evaluateHere(query);
    const { pieces, rows } = writtenRows(result, format, now() - query.askedAt, keep);
    return { pieces: inTurn(pieces, true), stats: result.stats, rows };
  };

  const answerTo = (query: Admitted, format: AnswerFormat): Promise<WrittenAnswer> => {
    const { keeping } = query;
    if (keeping === undefined || !isOf('written', keeping)) return answerWhole(query, format);
    return answerKept(query, format, keeping);
  };

  const answerKept = async (
    query: Admitted,
    format: AnswerFormat,
    keeping: Keeping<'written'>,
  ): Promise<WrittenAnswer> => {
    if (keeping.part !== undefined) return answerContinued(query, keeping, keeping.part);
    const series = seriesRead(query, keeping);
    const keep = (whole: KeptAnswer) => cache?.keep('written', keeping.key, keeping.mark, whole, series);
    const answer = await answerWhole(query, format);
    return { ...answer, pieces: keptOnTheWay(answer.pieces, keeping.grid, answer.rows, keep) };
  };

  /** The steps of which nothing is kept by who asks. */
  const resultTo = async (query: Admitted): Promise<QueryResult> => {
    const { keeping } = query;
    if (keeping === undefined || !isOf('made', keeping)) return evaluate(query);
    const { key, mark, grid, part } = keeping;
    const series = seriesRead(query, keeping);
    if (part !== undefined && !areSame(series, part.series)) return NO_RESULT;
    const result = await evaluate(query);
    if (keepable(result) === undefined) return part === undefined ? result : NO_RESULT;
    const standing = part && { made: part.kept.made, from: part.from, count: part.count };
    const keep = (made: unknown, bytes: number) => cache?.keep('made', key, mark, { grid, made, bytes }, series);
    return { ...result, kept: { standing, keep } };
  };

  /** Limits that no kept query comes near. */
  const isRoomy = limits.maxSamples >= KEPT_SAMPLES_MIN && (limits.maxBytes ?? Infinity) >= KEPT_BYTES_MIN;

  const keep = (expr: Expr): KeptQuery | undefined => {
    if (queryable.keep === undefined || limits.delayedNameRemoval === true || !isRoomy) return undefined;
    const { lookbackDeltaMs, subqueryStepMs = SUBQUERY_STEP_MS } = limits;
    const kept = keptEvaluation(expr, (matchers) => queryable.keep!(matchers), { lookbackDeltaMs, subqueryStepMs });
    if (kept === undefined) return undefined;
    return {
      at(t) {
        // What is to be logged, or refused, is so by the ordinary evaluation.
        if (options.queryLog?.isOn === true || closing.signal.aborted) return undefined;
        const started = performance.now();
        const answer = kept.at(t);
        if (answer === undefined) return undefined;
        const evaluateMs = performance.now() - started;
        options.onQuery?.({ queueMs: 0, prepareMs: 0, evaluateMs, samplesRead: answer.samplesRead });
        return answer;
      },
    };
  };

  return {
    cache,
    keep,
    get running() {
      return gate.size;
    },
    async query(asked) {
      if (asked.keepsAs === undefined) return logged(asked, undefined, evaluate);
      const result = await logged(asked, 'made', resultTo);
      return result === NO_RESULT ? logged(asked, undefined, evaluate) : result;
    },
    async answer(asked, format) {
      const ask = (keeps: Form | undefined) => logged(asked, keeps, (query) => answerTo(query, format));
      const answer = await ask(isPlain(format) ? 'written' : undefined);
      const whole = answer === NOT_JOINED ? await ask(undefined) : answer;
      return whole.pieces;
    },
    async close() {
      closing.abort();
      gate.close();
      await pool.close();
    },
  };
}

const NO_STATS: QueryStats = { samplesRead: 0, parseMs: 0, selectMs: 0, evalMs: 0 };
/** What is kept is of no use: the query is to be asked as a whole. */
const NOT_JOINED: WrittenAnswer = { pieces: inTurn([]), stats: NO_STATS, rows: () => undefined };
const NO_RESULT: QueryResult = {
  value: { kind: 'string', grid: { start: 0, end: 0, stepMs: 0, count: 0 }, text: '' },
  warnings: [],
  infos: [],
  stats: NO_STATS,
};

const isOf = <F extends Form>(form: F, keeping: Keeping): keeping is Keeping<F> => keeping.form === form;

/** By select, and there in the order of the store. */
function seriesRead({ selected }: Admitted, { needsSameSeries }: Pick<Keeping, 'needsSameSeries'>): SeriesRead {
  if (!needsSameSeries) return undefined;
  return selected.flatMap(({ select, labels }) => {
    const refs = new Set(select.groups.flatMap((group) => [...group.refs]));
    return [...refs].sort((a, b) => a - b).map(labels);
  });
}

/** The steps of a request that are not kept; the last one at least, which tells of notes and refusals. */
const restOf = (request: QueryRequest, { count }: KeptFound): QueryRequest => ({
  ...request,
  start: request.start + count * request.stepMs,
});

/** On the clock that all threads share. */
const now = () => performance.timeOrigin + performance.now();

const textOfFault = (fault: unknown) => (fault instanceof Error ? fault.message : String(fault));

/** @throws QueryError (execution) where there are more samples than may be read. */
async function packSelects(
  queryable: Queryable,
  { plan }: PreparedQuery,
  budget: Budget,
): Promise<readonly SelectLease[]> {
  const maxSamples = readsMax(budget);
  const { selects } = plan;
  try {
    if (selects.length === 1) return [await packSelect(queryable, selects[0], maxSamples)];
    return await allOrNone(selects.map((spec) => packSelect(queryable, spec, maxSamples)));
  } catch (fault) {
    throw readFault(fault, budget);
  }
}

/** Where one fails, the others are released. */
async function allOrNone(asked: readonly Promise<SelectLease>[]): Promise<readonly SelectLease[]> {
  const leases = await Promise.allSettled(asked);
  const failed = leases.find((lease) => lease.status === 'rejected');
  const taken = leases.flatMap((lease) => (lease.status === 'fulfilled' ? [lease.value] : []));
  if (failed === undefined) return taken;
  for (const lease of taken) lease.release();
  throw failed.reason;
}

async function packSelect(
  queryable: Queryable,
  { matchers, minTime, maxTime, hints }: SelectSpec,
  maxSamples: number,
): Promise<SelectLease> {
  const spec = { matchers, minTime, maxTime, hints, maxSamples };
  return queryable.pack === undefined ? packedColumns(await queryable.select(spec)) : queryable.pack(spec);
}

/** A rough measure of the time it takes. */
function workOf({ plan }: PreparedQuery, selected: readonly SelectLease[]): number {
  const { steps, subqueryPoints, selects } = plan;
  const floatWork = answersSeries(plan.expr) ? ANSWERED_WORK : CELL_WORK;
  let work = 0;
  let series = 1;
  selected.forEach(({ select: { groups, cells } }, i) => {
    const { minTime, maxTime, hints } = selects[i];
    const windowShare = (hints?.rangeMs ?? 0) / (maxTime - minTime + 1);
    const windowWork = OF_ENDS.has(hints?.func ?? '') ? ENDS_WORK : WINDOW_WORK;
    const cellWork = groups.some(hasHistograms) ? HISTOGRAM_WORK : floatWork;
    let found = 0;
    for (const { refs } of groups) found += refs.length;
    work += found * (SERIES_WORK + steps * cellWork) + cells * (SAMPLE_WORK + steps * windowShare * windowWork);
    series += found;
  });
  return work + steps + subqueryPoints * series;
}

/** Of chunks that is known only to who reads them: their newest samples, which lie open, are taken for all. */
const hasHistograms = ({ parts }: PackedGroup) =>
  parts.some((part) => 'histograms' in part && part.histograms.size > 0);

/** Whether what series gave is written, in place of what they come to together. */
function answersSeries(expr: Expr): boolean {
  if (expr.kind === 'aggregation') return false;
  return expr.kind === 'selector' || expr.kind === 'range' || childrenOf(expr).some(answersSeries);
}
