/** Queries on worker threads: the main thread looks into the index, a worker reads and evaluates. */
import { Budget, canceled } from '../promql/budget.ts';
import { Gate } from '../promql/gate.ts';
import {
  answerOf,
  prepareQuery,
  readFault,
  readsMax,
  type EngineLimits,
  type PreparedQuery,
} from '../promql/engine.ts';
import type { AnsweringEngine, QueryRequest, QueryResult } from '../storage/engine.ts';
import type { Queryable, SelectLease } from '../storage/queryable.ts';
import { PackedChunkCache } from '../tsdb/partSource.ts';
import type { ActiveQueries } from './activeQueries.ts';
import { evaluatePacked } from './packedEvaluation.ts';
import { packedColumns } from './queryJob.ts';
import { WorkerPool } from './workerPool.ts';

/**
 * Queries with less work than this, in samples read, row cells computed and samples in windows, are evaluated where they are asked: it takes them about ten
 * milliseconds, and sending ten thousand series away takes more.
 */
const INLINE_WORK_MAX = 500_000;

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
}

export interface QueryRunner extends AnsweringEngine {
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
  /** On the clock that all threads share. */
  readonly askedAt: number;
}

export function createQueryRunner(options: QueryRunnerOptions): QueryRunner {
  const { queryable, limits, workers, inlineWorkMax = INLINE_WORK_MAX } = options;
  const gate = new Gate(limits.maxConcurrency);
  const pool = new WorkerPool(workers);
  const closing = new AbortController();

  /** For queries that are evaluated in the caller's thread. */
  const chunks =
    workers === 0 ? new PackedChunkCache() : new PackedChunkCache(INLINE_CHUNKS_BYTES_MAX, INLINE_CHUNKS_BYTES_MAX);

  /** Lets a query in when it is its turn, and keeps what it reads open until `evaluate` is done. */
  const admitted = async <T>(asked: QueryRequest, evaluate: (query: Admitted) => Promise<T>): Promise<T> => {
    if (closing.signal.aborted) throw canceled();
    const askedAt = performance.timeOrigin + performance.now();
    const signal = asked.signal === undefined ? closing.signal : AbortSignal.any([asked.signal, closing.signal]);
    const request = { ...asked, signal };
    const prepared = prepareQuery(request, limits);
    const timeoutMs = Math.min(request.timeoutMs ?? limits.timeoutMs, limits.timeoutMs);
    const maxSamples = Math.min(request.maxSamples ?? limits.maxSamples, limits.maxSamples);
    const started = performance.now();
    const leave = await gate.enter(timeoutMs, signal);
    let selected: readonly SelectLease[] = [];
    const end = options.active?.begin(request.expr, Date.now());
    try {
      const left = timeoutMs - (performance.now() - started);
      const budget = new Budget({ timeoutMs: left, maxSamples, maxBytes: limits.maxBytes, signal });
      const selecting = performance.now();
      selected = await packSelects(queryable, prepared, budget);
      const selectMs = performance.now() - selecting;
      return await evaluate({ prepared, selected, budget, timeoutMs: left - selectMs, selectMs, askedAt });
    } finally {
      for (const lease of selected) lease.release();
      end?.();
      leave();
    }
  };

  const isInline = ({ prepared, selected }: Admitted) => workers === 0 || workOf(prepared, selected) <= inlineWorkMax;

  const evaluateHere = ({ prepared, selected, budget, selectMs }: Admitted): Promise<QueryResult> => {
    const labels = selected.map(({ select, labels: labelsOf }) =>
      select.groups.map(({ refs }) => Array.from(refs, (ref) => labelsOf(ref))),
    );
    const selects = selected.map(({ select }) => select);
    return evaluatePacked(prepared, selects, labels, chunks, budget, selectMs);
  };

  const jobOf = ({ prepared, selected, selectMs, timeoutMs, askedAt }: Admitted) => {
    const { signal, ...request } = prepared.request;
    return { job: { request, limits, selected, selectMs, timeoutMs, askedAt }, signal };
  };

  return {
    query: (asked) =>
      admitted(asked, (query) => {
        if (isInline(query)) return evaluateHere(query);
        const { job, signal } = jobOf(query);
        return pool.run(job, signal);
      }),
    answer: (asked, format) =>
      admitted(asked, (query) => {
        if (isInline(query)) return answerOf(evaluateHere(query), format);
        const { job, signal } = jobOf(query);
        return pool.answer(job, format, signal);
      }),
    async close() {
      closing.abort();
      await pool.close();
    },
  };
}

/** @throws QueryError (execution) where there are more samples than may be read. */
async function packSelects(
  queryable: Queryable,
  { plan }: PreparedQuery,
  budget: Budget,
): Promise<readonly SelectLease[]> {
  const maxSamples = readsMax(budget);
  if (queryable.pack !== undefined) return plan.selects.map((spec) => queryable.pack!({ ...spec, maxSamples }));
  try {
    return (await Promise.all(plan.selects.map((spec) => queryable.select({ ...spec, maxSamples })))).map(
      packedColumns,
    );
  } catch (fault) {
    throw readFault(fault, budget);
  }
}

/** Samples read, row cells computed and samples in windows: a rough measure of the time it takes. */
function workOf({ plan }: PreparedQuery, selected: readonly SelectLease[]): number {
  const { steps, subqueryPoints, selects } = plan;
  let work = 0;
  let series = 1;
  selected.forEach(({ select }, i) => {
    const { minTime, maxTime, hints } = selects[i];
    const windowShare = (hints?.rangeMs ?? 0) / (maxTime - minTime + 1);
    const found = select.groups.reduce((sum, { refs }) => sum + refs.length, 0);
    work += select.cells + steps * found + steps * select.cells * windowShare;
    series += found;
  });
  return work + steps + subqueryPoints * series;
}
