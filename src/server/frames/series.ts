/** What a query answered, as columns a series: the one form that frames are made from, whether it came over the API or from the engine beside us. */
import type { MatrixColumns } from '../../shared/api/matrixColumns.ts';
import type { ApiHistogram, ApiQueryData, ApiSample, ApiSeries } from '../../shared/api/prometheus.ts';
import { parseValue } from '../../shared/api/prometheus.ts';

export interface FrameSeries {
  /** `__name__` included where the answer has it. */
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds, ascending. */
  readonly times: Float64Array;
  /** As long as times. */
  readonly values: Float64Array;
  /** Native histograms with their times, ascending; such series have no values. */
  readonly histograms?: readonly TimedHistogram[];
}

export interface TimedHistogram {
  /** Milliseconds. */
  readonly t: number;
  /** Ascending, without overlap; bounds may be infinite. */
  readonly buckets: readonly HistogramBucket[];
  readonly count: number;
  readonly sum: number;
}

export interface HistogramBucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

export type Answer =
  | { readonly kind: 'matrix' | 'vector' | 'scalar'; readonly series: readonly FrameSeries[] }
  | { readonly kind: 'string'; readonly t: number; readonly text: string };

/** The `data` of an answer of /api/v1/query or /api/v1/query_range. Seconds become milliseconds. */
export function answerFromApi(data: ApiQueryData): Answer {
  switch (data.resultType) {
    case 'string':
      return { kind: 'string', t: data.result[0] * 1000, text: data.result[1] };
    case 'scalar':
      return { kind: 'scalar', series: [seriesOf({}, [data.result])] };
    case 'vector':
      return { kind: 'vector', series: data.result.map(vectorSeries) };
    case 'matrix':
      return { kind: 'matrix', series: data.result.map(matrixSeries) };
    default:
      throw new Error(
        `the server answered with result type ${JSON.stringify((data as { resultType: unknown }).resultType)}, which is none of PromQL's`,
      );
  }
}

/** Rows of columns: those without gaps are views on them, and share their times. */
export function seriesOfColumns({ head, present, values }: MatrixColumns): FrameSeries[] {
  const { start, step, steps, rows } = head;
  const times = Float64Array.from({ length: steps }, (_, i) => start + i * step);
  return rows.map(({ metric: labels }, row) => {
    const own = values.subarray(row * steps, (row + 1) * steps);
    const bits = present[row];
    if (bits === undefined) return { labels, times, values: own };
    const isThere = (_: number, i: number) => (bits[i >> 3] & (1 << (i & 7))) !== 0;
    return { labels, times: times.filter(isThere), values: own.filter(isThere) };
  });
}

function vectorSeries(series: ApiSeries): FrameSeries {
  const histograms = series.histogram === undefined ? undefined : [timedHistogram(series.histogram)];
  return { ...seriesOf(series.metric, series.value === undefined ? [] : [series.value]), histograms };
}

function matrixSeries(series: ApiSeries): FrameSeries {
  return { ...seriesOf(series.metric, series.values ?? []), histograms: series.histograms?.map(timedHistogram) };
}

function seriesOf(labels: Record<string, string>, samples: readonly ApiSample[]): FrameSeries {
  const times = new Float64Array(samples.length);
  const values = new Float64Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    times[i] = Math.round(samples[i][0] * 1000);
    values[i] = parseValue(samples[i][1]);
  }
  return { labels, times, values };
}

function timedHistogram([seconds, histogram]: [number, ApiHistogram]): TimedHistogram {
  const buckets = (histogram.buckets ?? []).map(([, lower, upper, count]) => ({
    lower: parseValue(lower),
    upper: parseValue(upper),
    count: parseValue(count),
  }));
  return {
    t: Math.round(seconds * 1000),
    buckets: buckets.sort((a, b) => a.upper - b.upper || a.lower - b.lower),
    count: parseValue(histogram.count),
    sum: parseValue(histogram.sum),
  };
}
