/** What the backend says about itself on Grafana's /metrics/plugins/<id>. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface BackendMetrics {
  query(status: number, seconds: number): void;
  /** Exposition text 0.0.4. */
  text(instancesOpen: number): Promise<string>;
}

export function createBackendMetrics(): BackendMetrics {
  const registers = [new Registry()];
  collectDefaultMetrics({ register: registers[0], eventLoopMonitoringPrecision: 100 });
  const queries = new Counter({
    name: 'isotherm_datasource_queries_total',
    help: 'Queries answered, by HTTP status of the answer.',
    labelNames: ['status'],
    registers,
  });
  const duration = new Histogram({
    name: 'isotherm_datasource_query_duration_seconds',
    help: 'Time from a query to its frames.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const instances = new Gauge({
    name: 'isotherm_datasource_instances',
    help: 'Data source instances with an open connection pool.',
    registers,
  });
  return {
    query(status, seconds) {
      queries.inc({ status: String(status) });
      duration.observe(seconds);
    },
    text(instancesOpen) {
      instances.set(instancesOpen);
      return registers[0].metrics();
    },
  };
}
