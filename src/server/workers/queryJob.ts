/** What goes between the main thread and a query worker. Everything is structured-cloneable; columns stay on shared memory. */
import type { EngineLimits } from '../promql/engine.ts';
import type { QueryError, QueryRequest, QueryResult } from '../storage/engine.ts';
import type { GroupColumns } from '../storage/queryable.ts';

export interface QueryJob {
  readonly id: number;
  readonly request: Omit<QueryRequest, 'signal'>;
  readonly limits: EngineLimits;
  /** By select of the plan, which is the same wherever the same request is planned. */
  readonly selected: readonly (readonly GroupColumns[])[];
  readonly selectMs: number;
  /** Milliseconds left of the query's time. */
  readonly timeoutMs: number;
  /** One word of shared memory: not 0 once the query is canceled. */
  readonly cancelFlag: Int32Array;
}

export type QueryAnswer =
  | { readonly id: number; readonly result: QueryResult }
  | { readonly id: number; readonly errorType: QueryError['errorType']; readonly message: string };

/** The buffers of a result that can be handed over in place of being copied. */
export function transferablesOf(result: QueryResult): ArrayBuffer[] {
  const { value } = result;
  const views =
    value.kind === 'raw'
      ? value.series.flatMap((s) => [s.times, s.values])
      : value.kind === 'string'
        ? []
        : [value.matrix.values, value.matrix.present];
  return [...new Set(views.map((view) => view.buffer))].filter((buffer) => buffer instanceof ArrayBuffer);
}
