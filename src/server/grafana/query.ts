/** A panel's, an alert rule's or Explore's query: macros and step, the question to the server, and the answer in the shape that was asked for. */
import type { ApiAnswer, ApiQueryData } from '../../shared/api/prometheus.ts';
import {
  QUERY_FORMATS,
  replaceMacros,
  stepOf,
  type MetricsQuery,
  type QueryFormat,
  type StepRequest,
} from '../../shared/api/grafanaQuery.ts';
import type { ReadDistribution } from '../../shared/api/distributionColumns.ts';
import { hasMatrixForm, MATRIX_TYPE, readMatrix } from '../../shared/api/matrixColumns.ts';
import { formatDuration } from '../../shared/model/durations.ts';
import { ratedHistogramOf } from '../../shared/explain/histogramQuery.ts';
import { encodeFrame } from '../frames/arrow.ts';
import { distributionFrames } from '../frames/distribution.ts';
import type { Frame, FrameMeta, FrameNotice } from '../frames/frame.ts';
import { areBuckets, areNativeHistograms, heatmapCellsFrames, heatmapRowsFrames } from '../frames/heatmap.ts';
import { matrixFromBytes } from '../frames/matrixBytes.ts';
import { answerFromApi, seriesOfColumns, type Answer, type FrameSeries } from '../frames/series.ts';
import {
  exemplarFrame,
  numericFrames,
  tableFrame,
  textFrame,
  timeSeriesFrames,
  type ApiExemplarSeries,
  type FrameContext,
} from '../frames/shapes.ts';
import { askDistribution, isHistogram } from './askDistribution.ts';
import type { DataQuery, DataResponse } from './messages.ts';
import { askApi, parseAnswer, type ApiCall, type ApiResult } from './promApi.ts';
import { SettingsError } from './settings.ts';
import { UpstreamError, type Upstream } from './upstream.ts';

export interface QueryScope {
  readonly upstream: Upstream;
  /** Of the caller, sent on. */
  readonly headers: Readonly<Record<string, string>>;
  /** Alert rules want numbers and series, never pictures. */
  readonly fromAlert: boolean;
  readonly signal: AbortSignal;
}

/** The user's mistake in a query; the message says what to write. */
export class QueryModelError extends Error {}

/** Answers one query; what goes wrong with it is in the response, for its refId alone. Never rejects. */
export async function answerQuery(query: DataQuery, scope: QueryScope): Promise<DataResponse> {
  try {
    const frames = await framesOf(query, scope);
    return { frames: frames.map(encodeFrame), error: '', status: 200, errorSource: '' };
  } catch (error) {
    return failure(error);
  }
}

/** A response that says what went wrong, and whether the user, the server asked, or we ourselves have to do something about it. */
export function failure(error: unknown): DataResponse {
  const refused = (status: number, text: string): DataResponse => ({
    frames: [],
    error: text,
    status,
    errorSource: 'downstream',
  });
  if (error instanceof UpstreamError) return refused(error.status, error.message);
  if (error instanceof SettingsError || error instanceof QueryModelError) return refused(400, error.message);
  const text = error instanceof Error ? error.message : String(error);
  return { frames: [], error: `the data source failed: ${text}`, status: 500, errorSource: 'plugin' };
}

async function framesOf(data: DataQuery, scope: QueryScope): Promise<Frame[]> {
  return framesOfQuery(readQuery(data), data, scope);
}

/** @param data the range, and the interval that fits the screen. @throws what `failure` puts in words. */
export async function framesOfQuery(
  query: MetricsQuery,
  data: Pick<DataQuery, 'fromMs' | 'toMs' | 'intervalMs'>,
  scope: QueryScope,
): Promise<Frame[]> {
  if (query.expr.trim() === '') return [];
  const request: StepRequest = {
    fromMs: data.fromMs,
    toMs: data.toMs,
    intervalMs: data.intervalMs,
    scrapeIntervalMs: scope.upstream.connection.scrapeIntervalMs,
    query,
  };
  const stepMs = stepInWords(request);
  const expr = replaceMacros(query.expr, request, stepMs);
  const wantsRange = query.range === true || query.instant !== true;
  const parts: Promise<Frame[]>[] = [];
  if (wantsRange) parts.push(rangeFrames(query, expr, request, stepMs, scope));
  if (query.instant === true) parts.push(instantFrames(query, expr, request, scope));
  if (query.exemplar === true && wantsRange && !scope.fromAlert)
    parts.push(exemplarFrames(query, expr, request, scope));
  return (await Promise.all(parts)).flat();
}

function readQuery(data: DataQuery): MetricsQuery {
  return checkedQuery(JSON.parse(new TextDecoder().decode(data.json)) as Partial<MetricsQuery>, data.refId);
}

/** @throws QueryModelError */
export function checkedQuery(raw: Partial<MetricsQuery>, refId: string): MetricsQuery {
  if (raw.expr !== undefined && typeof raw.expr !== 'string')
    throw new QueryModelError('expr must be a text: a PromQL expression');
  if (raw.format !== undefined && !QUERY_FORMATS.includes(raw.format)) {
    throw new QueryModelError(`format ${JSON.stringify(raw.format)} is unknown; choose ${QUERY_FORMATS.join(', ')}`);
  }
  if (raw.sinceMs !== undefined && !Number.isFinite(raw.sinceMs))
    throw new QueryModelError('sinceMs must be a time in milliseconds');
  return { ...raw, refId, expr: raw.expr ?? '' };
}

/** @throws QueryModelError */
export function stepInWords(request: StepRequest): number {
  try {
    return stepOf(request);
  } catch (cause) {
    throw new QueryModelError(`min step: ${(cause as Error).message}`, { cause });
  }
}

async function rangeFrames(
  query: MetricsQuery,
  expr: string,
  request: StepRequest,
  stepMs: number,
  scope: QueryScope,
): Promise<Frame[]> {
  // On multiples of the step, so that a refresh asks for the same points again and lines do not tremble.
  const first = Math.floor(request.fromMs / stepMs) * stepMs;
  const start = Math.max(first, Math.ceil((query.sinceMs ?? first) / stepMs) * stepMs);
  const end = Math.floor(request.toMs / stepMs) * stepMs;
  if (start > end) return [];
  const parameters = { query: expr, start: seconds(start), end: seconds(end), step: seconds(stepMs) };
  const told = `Step: ${formatDuration(stepMs)}`;
  const rated = wantsPicture(query, scope) ? ratedHistogramOf(expr) : undefined;
  // Who wants a heatmap means a histogram.
  if (
    rated !== undefined &&
    (query.format === 'heatmap' || (await isHistogram(scope.upstream, rated, scope.headers)))
  ) {
    const counted = await askDistribution(scope.upstream, callOf(scope, 'distribution', parameters));
    if (counted !== undefined && (rated.isNative || haveBuckets(counted.data))) {
      const context = { ...contextOf(query, expr, counted, told), stepMs };
      return distributionFrames(counted.data, rated.countUnit, context);
    }
  }
  const call = callOf(scope, 'query_range', parameters);
  const headers = { ...call.headers, ...(hasMatrixForm && { accept: `${MATRIX_TYPE}, application/json` }) };
  const result = await askApi(scope.upstream, { ...call, headers }, readRange);
  const answer = result.data;
  return shaped(answer, chooseShape(query, answer, scope.fromAlert, false), {
    ...contextOf(query, expr, result, told),
    stepMs,
  });
}

/** A classic histogram has two buckets at least; one series with `le` is a line. */
const haveBuckets = ({ groups }: ReadDistribution): boolean =>
  groups.every(({ layouts }) => layouts.some(({ bounds }) => bounds.length > 2));

async function instantFrames(
  query: MetricsQuery,
  expr: string,
  request: StepRequest,
  scope: QueryScope,
): Promise<Frame[]> {
  const result = await ask(scope, 'query', { query: expr, time: seconds(request.toMs) });
  const answer = answerFromApi(result.data);
  // A range selector asked at one time gives raw samples: series, and no step between them.
  const isRaw = answer.kind === 'matrix';
  return shaped(answer, chooseShape(query, answer, scope.fromAlert, !isRaw), {
    ...contextOf(query, expr, result, isRaw ? 'Raw samples' : 'Instant'),
    stepMs: 0,
  });
}

async function exemplarFrames(
  query: MetricsQuery,
  expr: string,
  request: StepRequest,
  scope: QueryScope,
): Promise<Frame[]> {
  try {
    const found = await askRoute<ApiExemplarSeries[]>(scope, 'query_exemplars', {
      query: expr,
      start: seconds(Math.max(request.fromMs, query.sinceMs ?? request.fromMs)),
      end: seconds(request.toMs),
    });
    if (found.data.length === 0) return [];
    return [exemplarFrame(found.data, { ...contextOf(query, expr, found, 'Exemplars'), stepMs: 0 })];
  } catch (error) {
    // Many servers know no exemplars; the query itself is none the worse for it.
    if (error instanceof UpstreamError && error.kind !== 'canceled') return [];
    throw error;
  }
}

/** Histograms are to become heatmaps. */
const wantsPicture = ({ format = 'auto' }: MetricsQuery, { fromAlert }: QueryScope): boolean =>
  !fromAlert && (format === 'auto' || format === 'heatmap');

type Shape = 'series' | 'numbers' | 'table' | 'rows' | 'cells';

function chooseShape(query: MetricsQuery, answer: Answer, fromAlert: boolean, oneMoment: boolean): Shape {
  if (answer.kind === 'string') return 'table';
  const { series } = answer;
  const plain: Shape = oneMoment ? 'numbers' : 'series';
  if (fromAlert) return plain;
  const format: QueryFormat = query.format ?? 'auto';
  if (format === 'table') return 'table';
  if (format === 'time_series') return plain;
  if (areNativeHistograms(series)) return 'cells';
  if (areBuckets(series) && (!oneMoment || format === 'heatmap')) return 'rows';
  if (format === 'heatmap' && series.length > 0) {
    throw new QueryModelError(
      'this is no histogram: a heatmap needs several series with an le label, as of sum by (le) (rate(name_bucket[$__rate_interval])), or native histograms; choose the format "auto" or "time series" for other queries',
    );
  }
  return plain;
}

function shaped(answer: Answer, shape: Shape, context: FrameContext): Frame[] {
  if (answer.kind === 'string') return [textFrame(answer, context)];
  const { series } = answer;
  if (series.length === 0) return [];
  const frames = {
    series: () => timeSeriesFrames(valuesOnly(series), context),
    numbers: () => numericFrames(valuesOnly(series), context),
    table: () => [tableFrame(valuesOnly(series), context)],
    rows: () => heatmapRowsFrames(series, context),
    cells: () => heatmapCellsFrames(series, context),
  }[shape]();
  return frames;
}

/** Where numbers are wanted, a native histogram counts by its number of observations. */
function valuesOnly(series: readonly FrameSeries[]): FrameSeries[] {
  return series.map((one) => {
    if (one.histograms === undefined || one.values.length > 0) return one;
    return {
      labels: one.labels,
      times: Float64Array.from(one.histograms, (h) => h.t),
      values: Float64Array.from(one.histograms, (h) => h.count),
    };
  });
}

function contextOf(query: MetricsQuery, expr: string, result: ApiResult<unknown>, how: string): FrameContext {
  const notice =
    (severity: FrameNotice['severity']) =>
    (text: string): FrameNotice => ({ severity, text });
  const notices = [...result.warnings.map(notice('warning')), ...result.infos.map(notice('info'))];
  const meta: FrameMeta = {
    executedQueryString: `Expr: ${expr}\n${how}`,
    ...(notices.length > 0 ? { notices } : {}),
  };
  const legendFormat = query.legendFormat === '__auto' ? '' : (query.legendFormat ?? '');
  return { refId: query.refId, expr, legendFormat, stepMs: 0, meta };
}

function ask(scope: QueryScope, route: string, parameters: Record<string, string>): Promise<ApiResult<ApiQueryData>> {
  return askRoute<ApiQueryData>(scope, route, parameters);
}

function askRoute<T>(scope: QueryScope, route: string, parameters: Record<string, string>): Promise<ApiResult<T>> {
  return askApi<T>(scope.upstream, callOf(scope, route, parameters));
}

function callOf(scope: QueryScope, route: string, parameters: Record<string, string>): ApiCall {
  return {
    path: `/api/v1/${route}`,
    method: scope.upstream.connection.queryMethod,
    parameters: new URLSearchParams(parameters),
    headers: scope.headers,
    signal: scope.signal,
  };
}

/** A large answer of a sidecar is columns; samples of plain JSON go from the bytes into columns; the rest of it, and other answers, are parsed. */
function readRange(body: Buffer, contentType: string): ApiAnswer<Answer> | undefined {
  if (contentType === MATRIX_TYPE) {
    const matrix = readMatrix(body, (bytes) => new TextDecoder().decode(bytes));
    const { warnings = [], infos = [] } = matrix.head;
    const data: Answer = { kind: 'matrix', series: seriesOfColumns(matrix) };
    return { status: 'success', data, warnings: [...warnings], infos: [...infos] };
  }
  const matrix = matrixFromBytes(body);
  if (matrix !== undefined) {
    const answer = parseAnswer<unknown>(Buffer.from(matrix.envelope));
    return answer?.status === 'success' ? { ...answer, data: { kind: 'matrix', series: matrix.series } } : undefined;
  }
  const answer = parseAnswer<ApiQueryData>(body);
  return answer?.status === 'success' ? { ...answer, data: answerFromApi(answer.data) } : answer;
}

function seconds(ms: number): string {
  return String(ms / 1000);
}
