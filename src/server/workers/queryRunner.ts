/** Queries on worker threads: the main thread reads columns, a worker evaluates them over shared memory. */
import { Budget, canceled } from '../promql/budget.ts';
import { Gate } from '../promql/gate.ts';
import {
  evaluatePrepared,
  prepareQuery,
  readSelects,
  type EngineLimits,
  type PreparedQuery,
} from '../promql/engine.ts';
import type { QueryEngine, QueryRequest, QueryResult } from '../storage/engine.ts';
import type { GroupColumns, Queryable } from '../storage/queryable.ts';
import { WorkerPool } from './workerPool.ts';

/**
 * Queries with less work than this, in samples read, row cells computed and samples in windows, are evaluated where they are asked: it takes them about ten
 * milliseconds, and sending ten thousand series away takes more.
 */
const INLINE_WORK_MAX = 500_000;

export interface QueryRunnerOptions {
  readonly queryable: Queryable;
  /** Threads; 0 evaluates everything in the caller's. They are started when first needed and ended when idle. */
  readonly workers: number;
  readonly limits: EngineLimits;
  /** Work up to which a query is evaluated in the caller's thread all the same. */
  readonly inlineWorkMax?: number;
}

export interface QueryRunner extends QueryEngine {
  /** Cancels what is running and ends the threads. */
  close(): Promise<void>;
}

export function createQueryRunner(options: QueryRunnerOptions): QueryRunner {
  const { queryable, limits, workers, inlineWorkMax = INLINE_WORK_MAX } = options;
  const gate = new Gate(limits.maxConcurrency);
  const pool = new WorkerPool(workers);
  const closing = new AbortController();

  const evaluate = (
    prepared: PreparedQuery,
    selected: readonly (readonly GroupColumns[])[],
    budget: Budget,
    timeoutMs: number,
    selectMs: number,
  ) => {
    const isSmall = workOf(prepared, selected) <= inlineWorkMax;
    if (workers === 0 || isSmall) return evaluatePrepared(prepared, selected, budget, selectMs);
    const { signal, ...request } = prepared.request;
    return pool.run({ request, limits, selected, selectMs, timeoutMs }, signal);
  };

  return {
    async query(asked: QueryRequest): Promise<QueryResult> {
      if (closing.signal.aborted) throw canceled();
      const signal = asked.signal === undefined ? closing.signal : AbortSignal.any([asked.signal, closing.signal]);
      const request = { ...asked, signal };
      const prepared = prepareQuery(request, limits);
      const timeoutMs = Math.min(request.timeoutMs ?? limits.timeoutMs, limits.timeoutMs);
      const maxSamples = Math.min(request.maxSamples ?? limits.maxSamples, limits.maxSamples);
      const started = performance.now();
      const leave = await gate.enter(timeoutMs, signal);
      try {
        const left = timeoutMs - (performance.now() - started);
        const budget = new Budget({ timeoutMs: left, maxSamples, signal });
        const selecting = performance.now();
        const selected = await readSelects(queryable, prepared.plan.selects, budget);
        const selectMs = performance.now() - selecting;
        return await evaluate(prepared, selected, budget, left - selectMs, selectMs);
      } finally {
        leave();
      }
    },
    async close() {
      closing.abort();
      await pool.close();
    },
  };
}

/** Samples read, row cells computed and samples in windows: a rough measure of the time it takes. */
function workOf(prepared: PreparedQuery, selected: readonly (readonly GroupColumns[])[]): number {
  const { steps, subqueryPoints, selects } = prepared.plan;
  let work = 0;
  let series = 1;
  selected.forEach((groups, i) => {
    const { minTime, maxTime, hints } = selects[i];
    const windowShare = (hints?.rangeMs ?? 0) / (maxTime - minTime + 1);
    for (const { times, columns } of groups) {
      work += (times.length + steps + steps * times.length * windowShare) * columns.length;
      series += columns.length;
    }
  });
  return work + steps + subqueryPoints * series;
}
