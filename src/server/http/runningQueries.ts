/** The queries that clients wait for, each of which can be cancelled, and the slowest of those that ended. */
import { QueryError, type QueryRequest } from '../storage/engine.ts';

export interface RunningQuery {
  readonly id: string;
  readonly expr: string;
  /** Milliseconds; equal for an instant query. */
  readonly start: number;
  readonly end: number;
  readonly stepMs: number;
  /** Who asked: an address. */
  readonly client: string;
  readonly startedAt: number;
}

interface Running {
  readonly query: RunningQuery;
  readonly gone: AbortController;
  isByOperator: boolean;
}

export interface EndedQuery extends RunningQuery {
  readonly durationMs: number;
  /** '' where it was answered. */
  readonly error: string;
}

/** How many of the slowest are kept, and for how long: what was slow yesterday hides what is slow now. */
const SLOW_MAX = 50;
const SLOW_KEPT_MS = 86_400_000;
/** Of an expression; longer ones are cut. */
const EXPR_CHARS_MAX = 10_000;

export class RunningQueries {
  readonly #running = new Map<string, Running>();
  /** Slowest first. */
  #slow: EndedQuery[] = [];
  /** When the first of the slowest began. */
  #oldest = 0;
  #last = 0;

  active(): readonly RunningQuery[] {
    return [...this.#running.values()].map(({ query }) => query);
  }

  /** Slowest first. */
  slow(now: number): readonly EndedQuery[] {
    return this.#slow.filter(({ startedAt }) => startedAt > now - SLOW_KEPT_MS);
  }

  /** @returns whether there is such a query. */
  cancel(id: string): boolean {
    const found = this.#running.get(id);
    if (found === undefined) return false;
    found.isByOperator ||= !found.gone.signal.aborted;
    found.gone.abort();
    return true;
  }

  /** Runs a query where it can be seen and cancelled. @param gone ends it. */
  async run<T>(request: QueryRequest, gone: AbortController, client: string, work: () => Promise<T>): Promise<T> {
    const { start, end, stepMs, expr } = request;
    const query = {
      id: String(++this.#last),
      expr: expr.slice(0, EXPR_CHARS_MAX),
      start,
      end,
      stepMs,
      client,
      startedAt: Date.now(),
    };
    const running = { query, gone, isByOperator: false };
    this.#running.set(query.id, running);
    const began = performance.now();
    try {
      const result = await work();
      this.#keep(query, performance.now() - began, '');
      return result;
    } catch (error) {
      const told = running.isByOperator ? new QueryError('canceled', 'the query was cancelled by an operator') : error;
      this.#keep(query, performance.now() - began, told instanceof Error ? told.message : String(told));
      throw told;
    } finally {
      this.#running.delete(query.id);
    }
  }

  #keep(query: RunningQuery, durationMs: number, error: string): void {
    const goneBefore = query.startedAt - SLOW_KEPT_MS;
    if (this.#slow.length >= SLOW_MAX && this.#oldest > goneBefore && this.#slow[SLOW_MAX - 1].durationMs >= durationMs)
      return;
    const recent = this.#slow.filter(({ startedAt }) => startedAt > goneBefore);
    recent.push({ ...query, durationMs, error });
    this.#slow = recent.sort((a, b) => b.durationMs - a.durationMs).slice(0, SLOW_MAX);
    this.#oldest = Math.min(...this.#slow.map(({ startedAt }) => startedAt));
  }
}
