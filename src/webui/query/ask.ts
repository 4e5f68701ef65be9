/** One question of the query page and what came of it. */
import type { ApiQueryData, ApiSeries } from '../../shared/api/prometheus.ts';
import { ask, queryRange, type GridSeries } from '../api/client.ts';
import type { Grid } from '../timeRange.ts';

export const VIEWS = ['graph', 'heatmap', 'table'] as const;
export type View = (typeof VIEWS)[number];

export interface RangeAnswer {
  readonly kind: 'range';
  readonly grid: Grid;
  readonly series: readonly GridSeries[];
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

export async function askRange(expr: string, grid: Grid, signal: AbortSignal): Promise<RangeAnswer> {
  const began = performance.now();
  const { data: series, warnings, infos } = await queryRange(expr, grid, signal);
  const elapsedMs = performance.now() - began;
  return { kind: 'range', grid, series, warnings: [...warnings, ...infos], elapsedMs };
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

/** What an answer is best seen as: buckets by `le`, or native histograms, as a heatmap; all else as lines. */
export function fittingView(series: readonly GridSeries[]): 'graph' | 'heatmap' {
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
