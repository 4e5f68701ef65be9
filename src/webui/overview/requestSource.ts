/** Which counter of requests the overview shows, and how its series are told apart and judged. */
import { isPlainLabelName, quoted } from '../../shared/model/labels.ts';
import type { GridSeries } from '../api/client.ts';
import type { Inventory } from './inventory.ts';
import { rangeSelector } from './latencySource.ts';

const KNOWN_COUNTERS = [
  'http_requests_total',
  'vllm:request_success_total',
  'sglang:num_requests_total',
  'sglang_num_requests_total',
  'trtllm_request_success_total',
  'http_server_requests_seconds_count',
  'http_request_duration_seconds_count',
  'http_server_request_duration_seconds_count',
  'model_prediction_latency_seconds_count',
  'tgi_request_count_total',
];
const STATUS_LABELS = ['status', 'code', 'status_code', 'http_code', 'http_response_status_code', 'finished_reason'];
const ROUTE_LABELS = ['route', 'handler', 'path', 'uri', 'endpoint', 'http_route', 'model_name', 'model'];

export function chooseRequests(inventory: Inventory): string | undefined {
  const known = KNOWN_COUNTERS.find((name) => inventory.names.has(name));
  if (known !== undefined) return known;
  const likely = [...inventory.names].filter(
    (name) => /requests?(_count)?_total$/.test(name) && inventory.metadata[name]?.type !== 'gauge',
  );
  return likely.find((name) => !/^(prometheus|isotherm|promhttp|nodejs)_/.test(name)) ?? likely[0];
}

export interface RequestLabels {
  readonly status?: string;
  readonly route?: string;
}

export function requestLabels(labels: readonly string[]): RequestLabels {
  return {
    status: STATUS_LABELS.find((name) => labels.includes(name)),
    route: ROUTE_LABELS.find((name) => labels.includes(name)),
  };
}

export function requestRates(metric: string, labels: RequestLabels, windowMs: number): string {
  const by = [labels.status, labels.route].filter((name) => name !== undefined);
  const names = by.map((name) => (isPlainLabelName(name) ? name : quoted(name))).join(', ');
  return `sum by (${names}) (rate(${rangeSelector(metric, windowMs)}))`;
}

export type StatusClass = 'good' | 'info' | 'warn' | 'bad' | 'quiet';

/** HTTP classes, and the words by which inference servers tell how a request ended. */
export function statusClass(status: string): StatusClass {
  if (/^2/.test(status) || /^(ok|success|stop|length)$/i.test(status)) return 'good';
  if (/^[13]/.test(status)) return 'info';
  if (/^4/.test(status) || /^(abort|cancel)/i.test(status)) return 'warn';
  if (/^5/.test(status) || /error|fail/i.test(status)) return 'bad';
  return 'quiet';
}

export interface RateGroup {
  readonly name: string;
  readonly values: Float64Array;
}

/** Sums of series that share a label's value, by that value. A time where no series has a sample stays NaN. */
export function sumBy(series: readonly GridSeries[], label: string | undefined, length: number): RateGroup[] {
  const groups = new Map<string, Float64Array>();
  for (const { metric, values } of series) {
    const name = label === undefined ? 'all' : (metric[label] ?? 'none');
    let sums = groups.get(name);
    if (sums === undefined) groups.set(name, (sums = new Float64Array(length).fill(NaN)));
    for (let i = 0; i < length; i++) {
      if (Number.isNaN(values[i])) continue;
      sums[i] = Number.isNaN(sums[i]) ? values[i] : sums[i] + values[i];
    }
  }
  return [...groups].map(([name, values]) => ({ name, values })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Share of requests that failed on the server's side, at the last time that has any; NaN where there are none. */
export function errorShare(groups: readonly RateGroup[]): number {
  const length = groups[0]?.values.length ?? 0;
  for (let i = length - 1; i >= 0; i--) {
    let all = 0;
    let bad = 0;
    for (const { name, values } of groups) {
      if (Number.isNaN(values[i])) continue;
      all += values[i];
      if (statusClass(name) === 'bad') bad += values[i];
    }
    if (all > 0) return bad / all;
  }
  return NaN;
}
