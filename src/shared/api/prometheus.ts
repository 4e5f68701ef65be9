/** The JSON of the Prometheus HTTP API (/api/v1), as both sides speak it. Times are seconds, values are texts ("NaN", "+Inf", "0.1"). */
export type ApiErrorType =
  'timeout' | 'canceled' | 'execution' | 'bad_data' | 'internal' | 'unavailable' | 'not_found' | 'not_acceptable';

export interface ApiSuccess<T> {
  status: 'success';
  data: T;
  warnings?: string[];
  infos?: string[];
  /** VictoriaMetrics clusters: a part of the storage did not answer. */
  isPartial?: boolean;
}

export interface ApiFailure {
  status: 'error';
  errorType: ApiErrorType;
  error: string;
}

export type ApiAnswer<T> = ApiSuccess<T> | ApiFailure;
export type ApiSample = [seconds: number, value: string];

export interface ApiSeries {
  metric: Record<string, string>;
  values?: ApiSample[];
  value?: ApiSample;
  histograms?: [seconds: number, histogram: ApiHistogram][];
  histogram?: [seconds: number, histogram: ApiHistogram];
}

/** buckets: [boundary rule, lower, upper, count]; rule 0 open left, 1 open right, 2 open both, 3 closed both. */
export interface ApiHistogram {
  count: string;
  sum: string;
  buckets?: [number, string, string, string][];
}

export type ApiQueryData =
  | { resultType: 'matrix'; result: ApiSeries[] }
  | { resultType: 'vector'; result: ApiSeries[] }
  | { resultType: 'scalar'; result: ApiSample }
  | { resultType: 'string'; result: ApiSample };

export interface ApiTarget {
  discoveredLabels: Record<string, string>;
  labels: Record<string, string>;
  scrapePool: string;
  scrapeUrl: string;
  globalUrl: string;
  lastError: string;
  /** RFC 3339. */
  lastScrape: string;
  /** Seconds. */
  lastScrapeDuration: number;
  health: 'up' | 'down' | 'unknown';
  scrapeInterval: string;
  scrapeTimeout: string;
}

export interface ApiTargets {
  activeTargets: ApiTarget[];
  droppedTargets: { discoveredLabels: Record<string, string>; scrapePool: string }[];
  /** By scrape pool; null if dropped targets were not asked for. */
  droppedTargetCounts: Record<string, number> | null;
}

export interface ApiAlert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  state: 'pending' | 'firing';
  /** RFC 3339. */
  activeAt: string;
  /** Where it fires only because of `keep_firing_for`. */
  keepFiringSince?: string;
  value: string;
}

export interface ApiAlerts {
  alerts: ApiAlert[];
}

interface ApiRuleBase {
  name: string;
  query: string;
  labels: Record<string, string>;
  health: 'unknown' | 'ok' | 'err';
  lastError?: string;
  /** Seconds. */
  evaluationTime: number;
  /** RFC 3339. */
  lastEvaluation: string;
}

export interface ApiAlertingRule extends ApiRuleBase {
  type: 'alerting';
  state: 'unknown' | 'inactive' | 'pending' | 'firing';
  /** Seconds, as is keepFiringFor. */
  duration: number;
  keepFiringFor: number;
  annotations: Record<string, string>;
  /** null where they were not asked for. */
  alerts: ApiAlert[] | null;
}

export interface ApiRecordingRule extends ApiRuleBase {
  type: 'recording';
}

export type ApiRule = ApiAlertingRule | ApiRecordingRule;

export interface ApiRuleGroup {
  name: string;
  file: string;
  rules: ApiRule[];
  /** Seconds, as is evaluationTime. */
  interval: number;
  limit: number;
  evaluationTime: number;
  lastEvaluation: string;
}

export interface ApiRuleGroups {
  groups: ApiRuleGroup[];
  /** Where `group_limit` left groups out: what `group_next_token` must be to get them. */
  groupNextToken?: string;
}

export interface ApiBuildInfo {
  version: string;
  revision: string;
  branch: string;
  buildUser: string;
  buildDate: string;
  goVersion: string;
}

/** The warning of an answer that was cut to the limit that was asked for. */
export const TRUNCATED = 'results truncated due to limit';

/** A number as the API writes it: the shortest text that reads back the same, exponents in two digits at least. */
export function formatValue(v: number): string {
  if (v === Infinity) return '+Inf';
  if (v === -Infinity) return '-Inf';
  if (Number.isNaN(v)) return 'NaN';
  if (v === 0) return Object.is(v, -0) ? '-0' : '0';
  const text = String(v);
  return text.includes('e') ? text.replace(/e([+-])(\d)$/, 'e$10$2') : text;
}

/** The number that a text of the API or of an exposition page stands for; NaN for what is none. */
export function parseValue(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  return text === '' ? NaN : Number(text);
}
