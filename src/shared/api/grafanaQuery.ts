/**
 * The query that a Grafana panel, an alert rule or Explore keeps, and the arithmetic of its step. The names are those of Grafana's Prometheus data
 * source, so that a dashboard made there works after its data source is exchanged.
 */
import { formatDuration, parseDuration } from '../model/durations.ts';

export const QUERY_FORMATS = ['auto', 'time_series', 'table', 'heatmap'] as const;
/** auto: buckets (series with `le`) and native histograms become heatmaps, all else time series. */
export type QueryFormat = (typeof QUERY_FORMATS)[number];

export interface LabelFilter {
  readonly name: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** A histogram asked for without PromQL. */
export interface LatencyQuery {
  /** Without `_bucket`. */
  readonly metric: string;
  readonly isNative?: boolean;
  readonly filters: readonly LabelFilter[];
  readonly splitBy: readonly string[];
  readonly show: 'heatmap' | 'quantiles' | 'within' | 'rate';
  readonly quantiles: readonly number[];
  readonly limitMs?: number;
}

/** One metric, a function over time, an aggregation; '' for none. */
export interface BuilderQuery {
  readonly metric: string;
  readonly filters: readonly LabelFilter[];
  readonly overTime: string;
  /** '' for $__rate_interval. */
  readonly range: string;
  readonly aggregate: string;
  readonly by: readonly string[];
  /** Of quantile, topk and bottomk. */
  readonly number?: number;
}

export interface MetricsQuery {
  readonly refId: string;
  /** What is asked, whichever editor wrote it. */
  readonly expr: string;
  readonly editorMode?: 'code' | 'builder' | 'latency';
  readonly latency?: LatencyQuery;
  readonly builder?: BuilderQuery;
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
  /** New steps are pushed as they come, while the range ends now. */
  readonly live?: boolean;
  /** Milliseconds: only steps from then on are asked, on the grid and with the macros of the whole range. The browser holds the earlier ones. */
  readonly sinceMs?: number;
}

/** What a live channel is about; the browser hands it to the backend with each subscription. */
export interface LiveRequest {
  /** Variables filled in, macros not. */
  readonly query: MetricsQuery;
  readonly intervalMs: number;
  /** Length of the range on the screen. */
  readonly rangeMs: number;
}

/** What a live channel pushes: all steps from `sinceMs` on, in place of what is held of them. */
export interface LivePacket<FrameJson> {
  readonly sinceMs: number;
  /** The newest of them. */
  readonly toMs: number;
  readonly frames: readonly FrameJson[];
  /** Why there is nothing new; the channel goes on. */
  readonly error?: string;
}

/** What a data source that collects by itself scrapes and keeps. */
export interface CollectOptions {
  /** Whether `targets` or `config` counts. */
  readonly source?: 'targets' | 'config';
  /** One a line: an address or URL, with `job =` before it where the job has a name. */
  readonly targets?: string;
  /** A whole prometheus.yml; `${NAME}` stands for one of the secrets. */
  readonly config?: string;
  /** How long samples are kept, such as 15d. */
  readonly retention?: string;
  /** Where API and pages listen, `host:port`; '' for a free port that only the Grafana machine reaches. */
  readonly listen?: string;
  /** CPU, memory, disk and network of the Grafana machine too. */
  readonly machine?: boolean;
}

/** What the data source keeps in plain sight; secrets are in Grafana's secure store. */
export interface ConnectionOptions {
  /** `collect`: the backend scrapes and stores by itself. `beside`: it asks the server at the URL. */
  readonly mode?: 'collect' | 'beside';
  readonly collect?: CollectOptions;
  readonly authMethod?: 'none' | 'basic' | 'bearer' | 'forward' | 'sigv4';
  /** Signed for Amazon's service; the names are those of Grafana's own fields. */
  readonly sigV4Auth?: boolean;
  readonly sigV4AuthType?: string;
  readonly sigV4Region?: string;
  readonly sigV4AssumeRoleArn?: string;
  readonly httpMethod?: 'GET' | 'POST';
  /** The usual scrape interval, such as 15s: least step and ground of $__rate_interval. */
  readonly timeInterval?: string;
  /** Seconds; 0 or absent for the default. */
  readonly timeout?: number | string;
  /** Added to every request, as `name=value&…`. */
  readonly customQueryParameters?: string;
  /** Refreshes ask for new steps only; on by default. */
  readonly incrementalQuerying?: boolean;
  /** Steps younger than this are asked again, as samples may come late: 10m. */
  readonly incrementalQueryOverlapWindow?: string;
  readonly oauthPassThru?: boolean;
  readonly tlsSkipVerify?: boolean;
  readonly tlsAuth?: boolean;
  readonly tlsAuthWithCACert?: boolean;
  readonly serverName?: string;
}

/** A data source that names neither a mode nor a server is a new one, and collects. */
export function modeOf(url: string, { mode }: ConnectionOptions): 'collect' | 'beside' {
  return mode ?? (url.trim() === '' ? 'collect' : 'beside');
}

/** What is wrong with settings for collecting, and where: counted from 1, line 0 for the whole. */
export interface CollectFault {
  readonly line: number;
  readonly column: number;
  readonly why: string;
}

/** Answer of the backend's check of such settings. */
export interface CollectCheck {
  readonly faults: readonly CollectFault[];
  /** What they ask for, in words; '' where there are faults. */
  readonly summary: string;
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
