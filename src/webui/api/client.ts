/** Asks the HTTP API. Every failure is an ApiError whose message can be shown as it is. */
import { COLUMNS_TYPE, readDistribution, type ReadDistribution } from '../../shared/api/distributionColumns.ts';
import { parseValue } from '../../shared/api/prometheus.ts';
import type { ApiAnswer, ApiHistogram, ApiQueryData, ApiSeries } from '../../shared/api/prometheus.ts';
import { isPlainMetricName, quoted } from '../../shared/model/labels.ts';
import { gridLength } from '../timeRange.ts';
import type { Grid } from '../timeRange.ts';

export class ApiError extends Error {
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  readonly errorType: string;
  constructor(message: string, status: number, errorType: string) {
    super(message);
    this.status = status;
    this.errorType = errorType;
  }
}

export interface Answer<T> {
  readonly data: T;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** The address of an API path under whatever prefix the page is served from. */
export function apiUrl(path: string): URL {
  return new URL(`api/v1/${path}`, new URL('.', document.baseURI));
}

/**
 * GET with parameters; long ones travel as a form, because addresses have limits.
 *
 * @param path under /api/v1/, already escaped.
 * @throws ApiError; or the signal's AbortError.
 */
export async function ask<T>(
  path: string,
  params: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Answer<T>> {
  const { url, response } = await answerOf(path, params, signal);
  return readJson<T>(url, response, signal);
}

async function answerOf(path: string, params: Readonly<Record<string, string>>, signal: AbortSignal | undefined) {
  const form = new URLSearchParams(params);
  const url = apiUrl(path);
  const asForm = form.toString().length > GET_PARAMS_LENGTH_MAX;
  if (!asForm) url.search = form.toString();
  try {
    return { url, response: await fetch(url, asForm ? { method: 'POST', body: form, signal } : { signal }) };
  } catch (error) {
    if (signal?.aborted) throw error;
    throw noAnswer(url);
  }
}

async function readJson<T>(url: URL, response: Response, signal: AbortSignal | undefined): Promise<Answer<T>> {
  let answer: ApiAnswer<T>;
  try {
    answer = (await response.json()) as ApiAnswer<T>;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(`${url.pathname} answered ${response.status} and no JSON`, response.status, 'internal');
  }
  if (answer.status !== 'success') {
    throw new ApiError(answer.error ?? `HTTP ${response.status}`, response.status, answer.errorType ?? 'internal');
  }
  return { data: answer.data, warnings: answer.warnings ?? [], infos: answer.infos ?? [] };
}

/**
 * POST that changes something.
 *
 * @throws ApiError; what has no JSON answers with undefined.
 */
export function send<T = undefined>(path: string, params: Readonly<Record<string, string>> = {}): Promise<T> {
  return change(apiUrl(path), { method: 'POST', body: new URLSearchParams(params) });
}

/** DELETE of something beside the API. @throws ApiError */
export function sendDelete(path: string): Promise<undefined> {
  return change(new URL(path, new URL('.', document.baseURI)), { method: 'DELETE' });
}

async function change<T>(url: URL, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch {
    throw noAnswer(url);
  }
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  const answer = isJson ? (JSON.parse(text) as ApiAnswer<T>) : undefined;
  if (answer?.status === 'success') return answer.data;
  if (answer === undefined && response.ok) return undefined as T;
  const why = answer?.error ?? (text.trim() || `HTTP ${response.status}`);
  throw new ApiError(why, response.status, answer?.errorType ?? 'internal');
}

function noAnswer(url: URL): ApiError {
  return new ApiError(`No answer from ${url.host}: is the sidecar running, and is the network up?`, 0, 'network');
}

const GET_PARAMS_LENGTH_MAX = 1500;

/** One series on a grid: value i belongs to grid.start + i * grid.step; NaN where there is none. */
export interface GridSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: Float64Array;
  /** For native histograms: one per grid point, or undefined where there is none. */
  readonly histograms?: readonly (ApiHistogram | undefined)[];
}

/** Of the API's questions about an expression over a grid. */
export const gridParams = (expr: string, { start, end, step }: Grid) => ({
  query: expr,
  start: String(start / 1000),
  end: String(end / 1000),
  step: String(step / 1000),
});

export interface AskedReadings {
  /** Fractions. */
  readonly quantiles: readonly number[];
  /** Values, under which shares are wanted. */
  readonly limits?: readonly number[];
  /** What is not needed; by default `mean`. */
  readonly omit?: 'mean' | 'mean,resets';
}

/**
 * The distribution of a histogram over a grid: counts, totals, resets and quantiles of each slice in one answer.
 *
 * @param readings what is read of each slice.
 * @throws ApiError; bad_data for an expression that is no histogram's.
 */
export async function queryDistribution(
  expr: string,
  grid: Grid,
  { quantiles, limits = [], omit = 'mean' }: AskedReadings,
  signal?: AbortSignal,
): Promise<ReadDistribution> {
  const lists = { quantiles: quantiles.join(), ...(limits.length > 0 && { limits: limits.join() }) };
  const params = { ...gridParams(expr, grid), ...lists, omit, format: 'binary' };
  const { url, response } = await answerOf('distribution', params, signal);
  if (response.headers.get('content-type') !== COLUMNS_TYPE) {
    await readJson(url, response, signal);
    throw new ApiError(`${url.pathname} answered with JSON in place of columns`, response.status, 'internal');
  }
  return readDistribution(new Uint8Array(await response.arrayBuffer()), (bytes) => new TextDecoder().decode(bytes));
}

export function queryRange(expr: string, grid: Grid, signal?: AbortSignal): Promise<Answer<GridSeries[]>> {
  return ask<ApiQueryData>('query_range', gridParams(expr, grid), signal).then((answer) => ({
    ...answer,
    data: answer.data.resultType === 'matrix' ? answer.data.result.map((series) => onGrid(series, grid)) : [],
  }));
}

export function onGrid(series: ApiSeries, grid: Grid): GridSeries {
  const length = gridLength(grid);
  const at = (seconds: number) => Math.round((seconds * 1000 - grid.start) / grid.step);
  const values = new Float64Array(length).fill(NaN);
  for (const [seconds, text] of series.values ?? []) values[at(seconds)] = parseValue(text);
  if (series.histograms === undefined) return { metric: series.metric, values };
  const histograms = new Array<ApiHistogram | undefined>(length).fill(undefined);
  for (const [seconds, histogram] of series.histograms) histograms[at(seconds)] = histogram;
  return { metric: series.metric, values, histograms };
}

/** Names of the labels that a metric's series carry within a range. */
export async function seriesLabels(
  metric: string,
  { start, end }: Pick<Grid, 'start' | 'end'>,
  signal?: AbortSignal,
): Promise<string[]> {
  const params = { 'match[]': selectorOf(metric), start: String(start / 1000), end: String(end / 1000) };
  return (await ask<string[]>('labels', params, signal)).data;
}

/** A selector of all series of a metric; names that PromQL would not take bare are quoted. */
export function selectorOf(metric: string): string {
  return isPlainMetricName(metric) ? metric : `{${quoted(metric)}}`;
}

export interface InstantSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The float samples of an instant vector or scalar. */
export async function queryInstant(expr: string, timeMs: number, signal?: AbortSignal): Promise<InstantSample[]> {
  const { data } = await ask<ApiQueryData>('query', { query: expr, time: String(timeMs / 1000) }, signal);
  if (data.resultType === 'scalar') return [{ metric: {}, value: parseValue(data.result[1]) }];
  if (data.resultType !== 'vector') return [];
  return data.result
    .filter((series) => series.value !== undefined)
    .map((series) => ({ metric: series.metric, value: parseValue(series.value![1]) }));
}
