/**
 * The query that a Grafana panel, an alert rule or Explore keeps, and the arithmetic of its step. The names are those of Grafana's Prometheus data
 * source, so that a dashboard made there works after its data source is exchanged.
 */
import { formatDuration, parseDuration } from '../model/durations.ts';

export const QUERY_FORMATS = ['auto', 'time_series', 'table', 'heatmap'] as const;
/** auto: buckets (series with `le`) and native histograms become heatmaps, all else time series. */
export type QueryFormat = (typeof QUERY_FORMATS)[number];

export interface MetricsQuery {
  readonly refId: string;
  readonly expr: string;
  readonly format?: QueryFormat;
  /** Evaluate once, at the end of the range. */
  readonly instant?: boolean;
  /** Evaluate at each step; the default where neither is said. */
  readonly range?: boolean;
  /** `{{label}}` placeholders; '' or '__auto' for the series as PromQL writes it. */
  readonly legendFormat?: string;
  /** Least step, such as 1m; '' for the data source's scrape interval. */
  readonly interval?: string;
  /** Times the step is made longer; 1 for one point a pixel. */
  readonly intervalFactor?: number;
  readonly exemplar?: boolean;
}

/** What the data source keeps in plain sight; secrets are in Grafana's secure store. */
export interface ConnectionOptions {
  readonly authMethod?: 'none' | 'basic' | 'bearer' | 'forward';
  readonly httpMethod?: 'GET' | 'POST';
  /** The usual scrape interval, such as 15s: least step and ground of $__rate_interval. */
  readonly timeInterval?: string;
  /** Seconds; 0 or absent for the default. */
  readonly timeout?: number | string;
  /** Added to every request, as `name=value&…`. */
  readonly customQueryParameters?: string;
  readonly oauthPassThru?: boolean;
  readonly tlsSkipVerify?: boolean;
  readonly tlsAuth?: boolean;
  readonly tlsAuthWithCACert?: boolean;
  readonly serverName?: string;
}

export const DEFAULT_SCRAPE_INTERVAL_MS = 15_000;
/** Points of a range query that Prometheus answers at most. */
export const POINTS_MAX = 11_000;

export interface StepRequest {
  readonly fromMs: number;
  readonly toMs: number;
  /** What Grafana found fit for the panel's width; 1000 from alert rules. */
  readonly intervalMs: number;
  readonly scrapeIntervalMs: number;
  readonly query: MetricsQuery;
}

/** The step of a range query in milliseconds: never finer than samples come, never more points than may be asked for. */
export function stepOf({ fromMs, toMs, intervalMs, scrapeIntervalMs, query }: StepRequest): number {
  const least = minStepOf(query, scrapeIntervalMs);
  const factor = query.intervalFactor !== undefined && query.intervalFactor > 1 ? query.intervalFactor : 1;
  const safe = Math.ceil((toMs - fromMs) / POINTS_MAX / 1000) * 1000;
  return Math.max(1, Math.round(Math.max(least, intervalMs * factor, safe)));
}

function minStepOf(query: MetricsQuery, scrapeIntervalMs: number): number {
  const text = (query.interval ?? '').trim();
  return text === '' ? scrapeIntervalMs : parseInterval(text);
}

/** As parseDuration, with Grafana's `>15s` and bare seconds allowed. */
export function parseInterval(text: string): number {
  const plain = text.trim().replace(/^>/, '');
  return parseDuration(/^\d+$/.test(plain) && plain !== '0' ? `${plain}s` : plain);
}

/**
 * `$__interval`, `$__rate_interval`, `$__range` and their `_s` and `_ms` kinds, in both spellings (`$x`, `${x}`), replaced by durations that PromQL
 * reads. A rate over $__rate_interval holds four scrapes at least, and the one before the step.
 */
export function replaceMacros(expr: string, request: StepRequest, stepMs: number): string {
  const scrapeMs = minStepOf(request.query, request.scrapeIntervalMs);
  const rateMs = Math.max(stepMs + scrapeMs, 4 * scrapeMs);
  const rangeMs = Math.max(1000, Math.round((request.toMs - request.fromMs) / 1000) * 1000);
  const values: Record<string, string> = {
    __interval: formatDuration(stepMs),
    __interval_ms: String(stepMs),
    __rate_interval: formatDuration(rateMs),
    __rate_interval_ms: String(rateMs),
    __range: formatDuration(rangeMs),
    __range_s: String(rangeMs / 1000),
    __range_ms: String(rangeMs),
  };
  return expr.replace(/\$(?:\{(__\w+)\}|(__\w+))/g, (whole, braced: string | undefined, bare: string | undefined) => {
    const name = braced ?? bare ?? '';
    return Object.hasOwn(values, name) ? values[name] : whole;
  });
}
