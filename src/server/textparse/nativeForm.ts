/** The native form of a histogram message, checked as Prometheus checks it before it is stored. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { nativeFault } from '../../shared/histogram/nativeFault.ts';
import type { MetricType } from '../../shared/model/metadata.ts';
import { EXPONENTIAL_SCHEMA_MAX, reduceSchema } from '../../shared/histogram/nativeSchema.ts';
import type { HistogramMessage } from './metricFamily.ts';

type Fail = (why: string) => never;

/** Whether there is one at all: an empty native histogram says so by a zero threshold or an empty span. */
export function hasNativeForm(h: HistogramMessage): boolean {
  return h.positiveSpans.length > 0 || h.negativeSpans.length > 0 || h.zeroThreshold > 0 || h.zeroCount > 0;
}

/** @param fail called with the reason if the message contradicts itself. */
export function nativeHistogramOf(h: HistogramMessage, type: MetricType, fail: Fail): NativeHistogram {
  const float = h.countFloat > 0 || h.zeroCountFloat > 0 || h.positiveCounts.length > 0 || h.negativeCounts.length > 0;
  const buckets = (counts: readonly number[], deltas: readonly number[]) =>
    float ? Float64Array.from(counts) : absolute(deltas);
  const made: NativeHistogram = {
    schema: h.schema,
    zeroThreshold: h.zeroThreshold,
    zeroCount: float ? h.zeroCountFloat : h.zeroCount,
    count: float ? h.countFloat : h.count,
    sum: h.sum,
    positiveSpans: h.positiveSpans,
    negativeSpans: h.negativeSpans,
    positiveBuckets: buckets(h.positiveCounts, h.positiveDeltas),
    negativeBuckets: buckets(h.negativeCounts, h.negativeDeltas),
    counterReset: type === 'gaugehistogram' ? 'gauge' : 'unknown',
  };
  const fault = nativeFault(made, !float);
  if (fault !== undefined) fail(fault);
  return h.schema > EXPONENTIAL_SCHEMA_MAX ? reduceSchema(made, EXPONENTIAL_SCHEMA_MAX) : made;
}

function absolute(deltas: readonly number[]): Float64Array {
  let count = 0;
  return Float64Array.from(deltas, (delta) => (count += delta));
}
