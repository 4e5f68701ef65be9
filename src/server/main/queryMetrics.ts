/** What the query engine tells of itself on /metrics. */
import type { SelfMetrics } from '../telemetry/selfMetrics.ts';
import type { QueryLog } from '../workers/queryLog.ts';
import type { QueryRunner, QueryTimes } from '../workers/queryRunner.ts';

const QUANTILES = [0.5, 0.9, 0.99];

/** Registers what is observed of each query, and gives the listener. */
export function queryTimeMetrics(metrics: SelfMetrics): (times: QueryTimes) => void {
  const durations = metrics.summary(
    'prometheus_engine_query_duration_seconds',
    'Query timings',
    QUANTILES,
    'prometheus_engine_query_duration_histogram_seconds',
  );
  const read = metrics.ownCounter(
    'prometheus_engine_query_samples_read_total',
    'The total number of samples read by all queries, each once.',
  );
  const samples = metrics.ownCounter(
    'prometheus_engine_query_samples_total',
    'The total number of samples loaded by all queries.',
  );
  return ({ queueMs, prepareMs, evaluateMs, samplesRead }) => {
    durations({ slice: 'queue_time' }, queueMs / 1000);
    durations({ slice: 'prepare_time' }, prepareMs / 1000);
    durations({ slice: 'inner_eval' }, evaluateMs / 1000);
    samples.add(samplesRead);
    read.add(samplesRead);
  };
}

/** @param concurrencyMax queries that may run at the same time. */
export function registerQueryMetrics(
  metrics: SelfMetrics,
  log: QueryLog,
  runner: QueryRunner,
  concurrencyMax: number,
): void {
  const { cache } = runner;
  metrics.gauge(
    'prometheus_engine_queries',
    'The current number of queries being executed or waiting.',
    () => runner.running,
  );
  metrics.gauge(
    'prometheus_engine_queries_concurrent_max',
    'The max number of concurrent queries.',
    () => concurrencyMax,
  );
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
