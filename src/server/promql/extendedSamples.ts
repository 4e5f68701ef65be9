import type { RangeExtension } from '../../shared/promql/ast.ts';
import { QueryError, type RawSeries } from '../storage/engine.ts';
import { endsOf, extentOf } from './extents.ts';

/** A range asked for by itself: the samples inside it, between those at its ends. */
export function extendedSamples(
  series: RawSeries,
  extension: RangeExtension,
  end: number,
  rangeMs: number,
): RawSeries | undefined {
  if (series.histograms !== undefined)
    throw new QueryError('execution', `${extension} modifier is not supported with histograms`);
  const { times, values } = series;
  const start = end - rangeMs;
  const isSmoothed = extension === 'smoothed';
  const extent = extentOf(times, 0, times.length, start, end, isSmoothed);
  if (extent === undefined) return undefined;
  const [left, right] = endsOf(times, values, 0, extent, start, end, isSmoothed, false);
  const first = times[extent.first] <= start ? extent.first + 1 : extent.first;
  const last = times[extent.last] >= end ? extent.last - 1 : extent.last;
  const [insideTimes, insideValues] = [
    times.slice(first, Math.max(first, last + 1)),
    values.slice(first, Math.max(first, last + 1)),
  ];
  return {
    ...series,
    times: Float64Array.of(start, ...insideTimes, end),
    values: Float64Array.of(left, ...insideValues, right),
  };
}
