/** What the query engine tells of itself on /metrics. */
import type { SelfMetrics } from '../telemetry/selfMetrics.ts';
import type { QueryLog } from '../workers/queryLog.ts';
import type { ResultCache } from '../workers/resultCache.ts';

export function registerQueryMetrics(metrics: SelfMetrics, log: QueryLog, cache: ResultCache | undefined): void {
  metrics.gauge('prometheus_engine_query_log_enabled', 'State of the query log.', () => Number(log.isOn));
  metrics.counter(
    'prometheus_engine_query_log_failures_total',
    'The number of query log failures.',
    () => log.failures,
  );
  metrics.gauge('isotherm_query_cache_bytes', 'Answers of range queries that are kept.', () => cache?.bytes ?? 0);
  metrics.counter(
    'isotherm_query_cache_hits_total',
    'Range queries of which only the newest steps were evaluated.',
    () => cache?.hits ?? 0,
  );
  metrics.counter(
    'isotherm_query_cache_misses_total',
    'Range queries that were evaluated as a whole though their answer could be kept.',
    () => cache?.misses ?? 0,
  );
}
