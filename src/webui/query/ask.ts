/** One question of the query page and what came of it. */
import type { ApiQueryData, ApiSeries } from '../../shared/api/prometheus.ts';
import { ratedHistogramOf, type RatedHistogram } from '../../shared/explain/histogramQuery.ts';
import { KnownHistograms } from '../../shared/api/knownHistograms.ts';
import type { ApiMetadata } from '../../shared/api/metadata.ts';
import type { ReadDistribution } from '../../shared/api/distributionColumns.ts';
import { ApiError, ask, queryDistribution, queryRange, type GridSeries } from '../api/client.ts';
import { QUANTILES } from '../charts/heatmaps.ts';
import type { StoreStatus } from '../status/advice.ts';
import { gridFor, type Grid } from '../timeRange.ts';

export const VIEWS = ['graph', 'heatmap', 'table'] as const;
export type View = (typeof VIEWS)[number];

export interface RangeAnswer {
  readonly kind: 'range';
  readonly grid: Grid;
  readonly series: readonly GridSeries[];
  readonly warnings: readonly string[];
  readonly elapsedMs: number;
}

/** A histogram's counts, in place of the series that its expression answers with: all that a heatmap needs, in one answer. */
export interface CountedAnswer {
  readonly kind: 'counted';
  readonly grid: Grid;
  readonly distribution: ReadDistribution;
  readonly countUnit: RatedHistogram['countUnit'];
  readonly warnings: readonly string[];
  readonly elapsedMs: number;
}

export interface InstantAnswer {
  readonly kind: 'instant';
  /** Milliseconds. */
  readonly time: number;
  readonly resultType: ApiQueryData['resultType'];
  readonly rows: readonly ApiSeries[];
  readonly warnings: readonly string[];
  readonly elapsedMs: number;
}

export type AnyAnswer = RangeAnswer | CountedAnswer | InstantAnswer;

export async function askRange(expr: string, grid: Grid, signal: AbortSignal): Promise<RangeAnswer> {
  const began = performance.now();
  const { data: series, warnings, infos } = await queryRange(expr, grid, signal);
  const elapsedMs = performance.now() - began;
  return { kind: 'range', grid, series, warnings: [...warnings, ...infos], elapsedMs };
}

/** What is to be seen of an answer. */
export interface Wanted {
  /** The one that was chosen. */
  readonly view: View | undefined;
  /** Values, under which a heatmap's shares are wanted. */
  readonly limits: readonly number[];
}

/** Of this server; a page is left before it is exchanged for another. */
const knownHistograms = new KnownHistograms(() => performance.now());

/** Whether an expression's name is a histogram's: that of buckets always; of others the metadata tell. */
async function isHistogram({ metric, isNative }: RatedHistogram): Promise<boolean> {
  return !isNative || knownHistograms.has(metric, async () => (await ask<ApiMetadata>('metadata', { metric })).data);
}

/**
 * What an expression is drawn from: a histogram's counts where it is one's rate or increase and is not to be drawn as lines; else series.
 */
export async function askPicture(
  expr: string,
  grid: Grid,
  { view, limits }: Wanted,
  signal: AbortSignal,
): Promise<RangeAnswer | CountedAnswer> {
  const rated = view === 'graph' ? undefined : ratedHistogramOf(expr);
  if (rated === undefined || !(view === 'heatmap' || (await isHistogram(rated)))) return askRange(expr, grid, signal);
  try {
    return await askCounts(expr, grid, rated.countUnit, limits, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 400) return askRange(expr, grid, signal);
    throw error;
  }
}

export async function askCounts(
  expr: string,
  grid: Grid,
  countUnit: CountedAnswer['countUnit'],
  limits: readonly number[],
  signal: AbortSignal,
): Promise<CountedAnswer> {
  const began = performance.now();
  const distribution = await queryDistribution(expr, grid, { quantiles: QUANTILES, limits }, signal);
  const elapsedMs = performance.now() - began;
  return { kind: 'counted', grid, distribution, countUnit, warnings: distribution.head.warnings ?? [], elapsedMs };
}

/** What is there of a store so young that its samples lie behind the last step of a grid. */
export interface YoungAnswer {
  /** Milliseconds: when the store's data starts. */
  readonly beganAt: number;
  readonly answer: RangeAnswer | CountedAnswer;
}

/** A rate over the usual minute has something to say by then. */
const YOUNG_MS = 90_000;
const COLUMNS_MAX = 240;
const STEP_MS_MIN = 1000;

/**
 * Asks again what found nothing on `grid`, on a finer one from the store's beginning until now.
 *
 * @returns 'old' where the store is old enough to have had samples at the grid's steps, 'empty' where nothing was stored yet.
 */
export async function askYoung(
  expr: string,
  grid: Grid,
  now: number,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<YoungAnswer | 'old' | 'empty'> {
  const { data } = await ask<StoreStatus>('status/tsdb', { limit: '1' }, signal);
  const { numSeries, minTime: beganAt } = data.headStats;
  if (numSeries === 0) return 'empty';
  const age = now - beganAt;
  if (!(age >= 0 && age <= Math.max(YOUNG_MS, 2 * grid.step))) return 'old';
  const fine = gridFor({ kind: 'between', start: beganAt, end: now }, now, COLUMNS_MAX, STEP_MS_MIN);
  return { answer: await askPicture(expr, fine, wanted, signal), beganAt };
}

export async function askInstant(expr: string, time: number, signal: AbortSignal): Promise<InstantAnswer> {
  const began = performance.now();
  const { data, warnings, infos } = await ask<ApiQueryData>(
    'query',
    { query: expr, time: String(time / 1000) },
    signal,
  );
  const elapsedMs = performance.now() - began;
  const rows: readonly ApiSeries[] =
    data.resultType === 'scalar' || data.resultType === 'string' ? [{ metric: {}, value: data.result }] : data.result;
  return { kind: 'instant', time, resultType: data.resultType, rows, warnings: [...warnings, ...infos], elapsedMs };
}

/** What an answer is best seen as: counts, buckets by `le`, or native histograms, as a heatmap; all else as lines. */
export function fittingView(answer: Pick<RangeAnswer, 'kind' | 'series'> | CountedAnswer): 'graph' | 'heatmap' {
  if (answer.kind === 'counted') return 'heatmap';
  const { series } = answer;
  if (series.length === 0) return 'graph';
  const native = series.every(({ histograms }) => histograms !== undefined);
  const byBound = series.length > 1 && series.every(({ metric }) => metric.le !== undefined);
  return native || byBound ? 'heatmap' : 'graph';
}

/** `1:15: parse error: …` → the place it names, counted from 0; undefined where none is named. */
export function faultPlace(message: string): { readonly line: number; readonly column: number } | undefined {
  const found = /(\d+):(\d+): parse error/.exec(message);
  return found === null ? undefined : { line: Number(found[1]) - 1, column: Number(found[2]) - 1 };
}

/** The unit of an expression's histogram bounds or values, told by the metric names in it. */
export function unitInExpression(expr: string): string {
  if (/_seconds/.test(expr)) return 's';
  if (/_milliseconds|_ms(_bucket)?\b/.test(expr)) return 'ms';
  if (/_bytes/.test(expr)) return 'bytes';
  return 'short';
}

/** Whether counts in a heatmap of this expression are a second's or a window's. */
export function countUnitInExpression(expr: string): 'count' | 'perSecond' {
  return /\b(i?rate)\s*\(/.test(expr) ? 'perSecond' : 'count';
}
