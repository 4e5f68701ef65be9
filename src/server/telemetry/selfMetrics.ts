/**
 * The server's own metrics: upstream's names where dashboards expect them, `isotherm_*` for the rest, `process_*` and `nodejs_*` (event-loop
 * delay among them) as prom-client has them.
 */
import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type Metric,
  type MetricObjectWithValues,
  type MetricValue,
} from 'prom-client';
import type { BuildInfo } from './build.ts';
import { RecentQuantiles } from './recentQuantiles.ts';

/** How often the event loop's delay is sampled. prom-client's 10 ms would wake an idle process a hundred times a second. */
const EVENT_LOOP_SAMPLE_MS = 100;
const HTTP_SECONDS = [0.1, 0.2, 0.4, 1, 3, 8, 20, 60, 120];
/** Quantiles are those of the last ten minutes, as upstream's. */
const SUMMARY_MS = 600_000;
/** Of the histograms beside summaries. */
const TIMING_SECONDS = [0.01, 0.1, 1, 10];
const HTTP_BYTES = [100, 1_000, 10_000, 100_000, 1e6, 1e7, 1e8, 1e9];

interface Observations {
  readonly labels: Readonly<Record<string, string>>;
  readonly of: RecentQuantiles;
  /** Observations up to each of TIMING_SECONDS. */
  readonly atMost: number[];
}

export type ReadNumber = () => number;

export type Observe = (labels: Readonly<Record<string, string>>, value: number) => void;

export interface MetricRow {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface SelfMetrics {
  /** A gauge whose value is asked for when the page is written. */
  gauge(name: string, help: string, read: ReadNumber, labels?: Readonly<Record<string, string>>): void;
  /** A counter that something else counts; `read` gives its total. */
  counter(name: string, help: string, read: ReadNumber, labels?: Readonly<Record<string, string>>): void;
  /** Gauges and counters whose rows come and go; they are asked for when the page is written. */
  gaugeRows(name: string, help: string, labelNames: readonly string[], read: () => readonly MetricRow[]): void;
  counterRows(name: string, help: string, labelNames: readonly string[], read: () => readonly MetricRow[]): void;
  /** A counter that is counted up by its caller. */
  ownCounter(name: string, help: string): { add(count?: number): void };
  /** The same by label values; a count of 0 makes its row. */
  ownCounterRows(name: string, help: string, labelNames: readonly string[]): Observe;
  /** Quantiles of what is observed, each observation with its label values; with the name of a histogram, the same observations also as that. */
  summary(name: string, help: string, quantiles: readonly number[], histogram?: string): Observe;
  /** Counts of what is observed by upper bounds, each observation with its label values. */
  histogram(name: string, help: string, bounds: readonly number[], labelNames?: readonly string[]): Observe;
  observeHttp(handler: string, status: number, seconds: number, bytes: number): void;
  /** All of it as data. */
  families(): Promise<readonly MetricObjectWithValues<MetricValue<string>>[]>;
  /** The text exposition page. */
  page(): Promise<string>;
}

export function createSelfMetrics(build: BuildInfo): SelfMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLE_MS });
  buildInfoGauge(registry, build);
  const requests = new Counter({
    name: 'prometheus_http_requests_total',
    help: 'Counter of HTTP requests.',
    labelNames: ['handler', 'code'],
    registers,
  });
  const durations = new Histogram({
    name: 'prometheus_http_request_duration_seconds',
    help: 'Histogram of latencies for HTTP requests.',
    labelNames: ['handler'],
    buckets: HTTP_SECONDS,
    registers,
  });
  const sizes = new Histogram({
    name: 'prometheus_http_response_size_bytes',
    help: 'Histogram of response size for HTTP requests.',
    labelNames: ['handler'],
    buckets: HTTP_BYTES,
    registers,
  });
  const readings = new Map<
    string,
    { readonly labels: Readonly<Record<string, string>>; readonly read: ReadNumber }[]
  >();
  const reading = (name: string, read: ReadNumber, labels: Readonly<Record<string, string>> = {}) => {
    const known = readings.get(name);
    const rows = known ?? [];
    rows.push({ labels, read });
    readings.set(name, rows);
    return known === undefined ? rows : undefined;
  };
  return {
    gauge(name, help, read, labels) {
      const rows = reading(name, read, labels);
      if (rows === undefined) return;
      const collect = function (this: Gauge) {
        for (const row of rows) this.set(row.labels, row.read());
      };
      new Gauge({ name, help, labelNames: Object.keys(labels ?? {}), registers, collect });
    },
    counter(name, help, read, labels) {
      const rows = reading(name, read, labels);
      if (rows === undefined) return;
      const collect = function (this: Counter) {
        this.reset();
        for (const row of rows) this.inc(row.labels, row.read());
      };
      new Counter({ name, help, labelNames: Object.keys(labels ?? {}), registers, collect });
    },
    gaugeRows(name, help, labelNames, read) {
      const collect = function (this: Gauge) {
        this.reset();
        for (const { labels, value } of read()) this.set(labels, value);
      };
      new Gauge({ name, help, labelNames: [...labelNames], registers, collect });
    },
    counterRows(name, help, labelNames, read) {
      const collect = function (this: Counter) {
        this.reset();
        for (const { labels, value } of read()) this.inc(labels, value);
      };
      new Counter({ name, help, labelNames: [...labelNames], registers, collect });
    },
    ownCounter(name, help) {
      const counter = new Counter({ name, help, registers });
      return { add: (count = 1) => counter.inc(count) };
    },
    ownCounterRows(name, help, labelNames) {
      const counter = new Counter({ name, help, labelNames: [...labelNames], registers });
      return (labels, count) => counter.inc(labels, count);
    },
    summary: (name, help, quantiles, histogram) => summaryIn(registry, name, help, quantiles, histogram),
    histogram(name, help, bounds, labelNames = []) {
      const histogram = new Histogram({ name, help, labelNames: [...labelNames], buckets: [...bounds], registers });
      return (labels, value) => histogram.observe(labels, value);
    },
    observeHttp(handler, status, seconds, bytes) {
      requests.inc({ handler, code: String(status) });
      durations.observe({ handler }, seconds);
      sizes.observe({ handler }, bytes);
    },
    families: () => registry.getMetricsAsJSON(),
    page: () => registry.metrics(),
  };
}

/** The library's own summaries spend more on an observation than a small query takes. */
function summaryIn(
  registry: Registry,
  name: string,
  help: string,
  quantiles: readonly number[],
  histogram: string | undefined,
): Observe {
  const byLabels = new Map<string, Observations>();
  const rows = () =>
    [...byLabels.values()].flatMap(({ labels, of }) => [
      ...of.quantiles(quantiles).map((value, i) => ({ labels: { quantile: quantiles[i], ...labels }, value })),
      { metricName: `${name}_sum`, labels, value: of.sum },
      { metricName: `${name}_count`, labels, value: of.count },
    ]);
  const metric = { name, help, type: 'summary', aggregator: 'sum', get: async () => ({ ...metric, values: rows() }) };
  registry.registerMetric(metric as unknown as Metric);
  if (histogram !== undefined) registry.registerMetric(histogramOf(histogram, help, byLabels));
  return (labels, value) => {
    let key = '';
    for (const label in labels) key += `${labels[label]}\xff`;
    let row = byLabels.get(key);
    if (row === undefined)
      byLabels.set(
        key,
        (row = {
          labels,
          of: new RecentQuantiles(SUMMARY_MS, () => performance.now()),
          atMost: TIMING_SECONDS.map(() => 0),
        }),
      );
    row.of.observe(value);
    for (let i = 0; i < TIMING_SECONDS.length; i++) if (value <= TIMING_SECONDS[i]) row.atMost[i]++;
  };
}

/** The same observations as a histogram beside the summary. */
function histogramOf(name: string, help: string, byLabels: ReadonlyMap<string, Observations>): Metric {
  const rows = () =>
    [...byLabels.values()].flatMap(({ labels, of, atMost }) => [
      ...[...TIMING_SECONDS, '+Inf'].map((le, i) => ({
        metricName: `${name}_bucket`,
        labels: { le, ...labels },
        value: atMost[i] ?? of.count,
      })),
      { metricName: `${name}_sum`, labels, value: of.sum },
      { metricName: `${name}_count`, labels, value: of.count },
    ]);
  const metric = {
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    get: async () => ({ ...metric, values: rows() }),
  };
  return metric as unknown as Metric;
}

function buildInfoGauge(registry: Registry, build: BuildInfo): void {
  const row = { version: build.apiVersion, revision: build.revision, branch: build.branch, goversion: '' };
  const rows = [
    ['prometheus_build_info', { ...row }],
    ['isotherm_build_info', { version: build.version, revision: build.revision, node: build.nodeVersion }],
  ] as const;
  for (const [name, labels] of rows) {
    const help = 'A metric with a constant 1 value labeled by what was built.';
    new Gauge({ name, help, labelNames: Object.keys(labels), registers: [registry] }).set({ ...labels }, 1);
  }
}
