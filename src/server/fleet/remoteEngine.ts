/** PromQL answered by another engine. */
import type { ApiQueryData } from '../../shared/api/prometheus.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { PromqlError } from '../../shared/promql/errors.ts';
import type { PromqlFeatures } from '../../shared/promql/features.ts';
import { QueryError, type QueryEngine, type QueryRequest } from '../storage/engine.ts';
import { valueOf } from './engineAnswers.ts';
import type { EngineApi, EngineParameters } from './engineApi.ts';

/** @param features what expressions may use; faults of them are told as they are when the engine is our own. */
export function createRemoteEngine(api: EngineApi, features: PromqlFeatures = {}): QueryEngine {
  return {
    async query(request: QueryRequest) {
      const parsing = performance.now();
      check(request.expr, features);
      const { expr, start, end, stepMs, lookbackDeltaMs, signal, timeoutMs } = request;
      const isRange = stepMs > 0;
      const asking = performance.now();
      const when: EngineParameters = isRange
        ? [
            ['start', start / 1000],
            ['end', end / 1000],
            ['step', stepMs / 1000],
            // VictoriaMetrics moves start and end onto multiples of the step unless it is told not to keep the answer; others do not know it.
            ['nocache', 1],
          ]
        : [['time', start / 1000]];
      const lookback: EngineParameters =
        lookbackDeltaMs === undefined ? [] : [['lookback_delta', `${lookbackDeltaMs / 1000}s`]];
      const { data, warnings, infos } = await api.ask<ApiQueryData>(
        isRange ? '/query_range' : '/query',
        [['query', expr], ...when, ...lookback],
        { signal, timeoutMs },
      );
      const reading = performance.now();
      const count = isRange ? Math.floor((end - start) / stepMs) + 1 : 1;
      const value = valueOf(data, { start, end, stepMs, count }, isRange);
      const evalMs = performance.now() - reading;
      const stats = { samplesRead: 0, parseMs: asking - parsing, selectMs: reading - asking, evalMs };
      return { value, warnings, infos, stats };
    },
  };
}

function check(expr: string, features: PromqlFeatures): void {
  try {
    parseExpr(expr, features);
  } catch (error) {
    if (error instanceof PromqlError) throw new QueryError('bad_data', error.message, { cause: error });
    throw error;
  }
}
