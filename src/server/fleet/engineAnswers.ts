/** JSON answers of an engine → the forms in which our own engine answers. */
import { parseValue, type ApiHistogram, type ApiQueryData, type ApiSeries } from '../../shared/api/prometheus.ts';
import { CUSTOM_SCHEMA } from '../../shared/histogram/bounds.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { spansOf } from '../../shared/histogram/spans.ts';
import { labelsOf } from '../../shared/model/labels.ts';
import type { QueryValue, RawSeries, StepGrid, StepMatrix } from '../storage/engine.ts';

/** @param isRange of query_range; an instant query of a range selector gives its samples as they are. */
export function valueOf(data: ApiQueryData, grid: StepGrid, isRange: boolean): QueryValue {
  switch (data.resultType) {
    case 'string':
      return { kind: 'string', grid, text: data.result[1] };
    case 'scalar':
      return { kind: 'scalar', grid, matrix: matrixOf([{ metric: {}, values: [data.result] }], grid) };
    case 'vector':
      return { kind: 'vector', grid, matrix: matrixOf(data.result.map(asRange), { ...grid, stepMs: 0 }) };
    case 'matrix':
      if (isRange) return { kind: 'matrix', grid, matrix: matrixOf(data.result, grid) };
      return { kind: 'raw', grid, series: data.result.map(rawOf) };
    default:
      throw new Error(
        `the engine answered with result type ${JSON.stringify((data as { resultType: string }).resultType)}`,
      );
  }
}

function asRange({ metric, value, histogram }: ApiSeries): ApiSeries {
  return {
    metric,
    ...(value !== undefined && { values: [value] }),
    ...(histogram !== undefined && { histograms: [histogram] }),
  };
}

/** Samples at their steps; an engine that answers for other times is not heard. */
function matrixOf(series: readonly ApiSeries[], { start, stepMs, count }: StepGrid): StepMatrix {
  const presentStride = (count + 7) >> 3;
  const values = new Float64Array(series.length * count).fill(NaN);
  const present = new Uint8Array(series.length * presentStride);
  const histograms = new Map<number, NativeHistogram>();
  const stepOf = (seconds: number) => (stepMs === 0 ? 0 : Math.round((seconds * 1000 - start) / stepMs));
  series.forEach(({ values: samples = [], histograms: shapes = [] }, s) => {
    const at = (seconds: number) => {
      const i = stepOf(seconds);
      if (i < 0 || i >= count) return -1;
      present[s * presentStride + (i >> 3)] |= 1 << (i & 7);
      return s * count + i;
    };
    for (const [seconds, text] of samples) {
      const cell = at(seconds);
      if (cell >= 0) values[cell] = parseValue(text);
    }
    for (const [seconds, shape] of shapes) {
      const cell = at(seconds);
      if (cell >= 0) histograms.set(cell, histogramOf(shape));
    }
  });
  return {
    labels: series.map(({ metric }) => labelsOf(metric)),
    values,
    present,
    presentStride,
    ...(histograms.size > 0 && { histograms }),
  };
}

export function rawOf({ metric, values: samples = [], histograms: shapes = [] }: ApiSeries): RawSeries {
  const rows = [
    ...samples.map(([seconds, text]) => ({ t: Math.round(seconds * 1000), v: parseValue(text), shape: undefined })),
    ...shapes.map(([seconds, shape]) => ({ t: Math.round(seconds * 1000), v: NaN, shape })),
  ].sort((a, b) => a.t - b.t);
  const histograms = new Map(
    rows.flatMap(({ shape }, i) => (shape === undefined ? [] : [[i, histogramOf(shape)] as const])),
  );
  return {
    labels: labelsOf(metric),
    times: Float64Array.from(rows, ({ t }) => t),
    values: Float64Array.from(rows, ({ v }) => v),
    ...(histograms.size > 0 && { histograms }),
  };
}

/** The API tells bounds, not schemas: whatever the histogram was, it comes as one with custom bounds, which hold the same counts. */
export function histogramOf({ count, sum, buckets = [] }: ApiHistogram): NativeHistogram {
  const read = buckets.map(([, lower, upper, inside]) => ({
    lower: parseValue(lower),
    upper: parseValue(upper),
    count: parseValue(inside),
  }));
  const finite = read.flatMap(({ lower, upper }) => [lower, upper]).filter(Number.isFinite);
  const bounds = [...new Set(finite)].sort((a, b) => a - b);
  const filled = read
    .map(({ upper, count: inside }) => ({ index: upper === Infinity ? bounds.length : bounds.indexOf(upper), inside }))
    .sort((a, b) => a.index - b.index);
  return {
    schema: CUSTOM_SCHEMA,
    count: parseValue(count),
    sum: parseValue(sum),
    zeroCount: 0,
    zeroThreshold: 0,
    counterReset: 'gauge',
    positiveSpans: spansOf(Int32Array.from(filled, ({ index }) => index)),
    positiveBuckets: Float64Array.from(filled, ({ inside }) => inside),
    negativeSpans: [],
    negativeBuckets: new Float64Array(0),
    customValues: Float64Array.from(bounds),
  };
}
