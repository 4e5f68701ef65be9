/** The native form of a histogram message, checked as Prometheus checks it before it is stored. */
import type { NativeHistogram, Span } from '../../shared/histogram/native.ts';
import type { MetricType } from '../../shared/model/metadata.ts';
import { EXPONENTIAL_SCHEMA_MAX, EXPONENTIAL_SCHEMA_MIN, reduceSchema } from '../../shared/histogram/nativeSchema.ts';
import type { HistogramMessage } from './metricFamily.ts';

/** Schemas above ours that the format has room for. They are brought down when they are read. */
const WIRE_SCHEMA_MAX = 52;

type Fail = (why: string) => never;

/** Whether there is one at all: an empty native histogram says so by a zero threshold or an empty span. */
export function hasNativeForm(h: HistogramMessage): boolean {
  return h.positiveSpans.length > 0 || h.negativeSpans.length > 0 || h.zeroThreshold > 0 || h.zeroCount > 0;
}

/** @param fail called with the reason if the message contradicts itself. */
export function nativeHistogramOf(h: HistogramMessage, type: MetricType, fail: Fail): NativeHistogram {
  if (h.schema < EXPONENTIAL_SCHEMA_MIN || h.schema > WIRE_SCHEMA_MAX)
    fail(`native histogram schema ${h.schema} is not within ${EXPONENTIAL_SCHEMA_MIN} and ${WIRE_SCHEMA_MAX}`);
  const float = h.countFloat > 0 || h.zeroCountFloat > 0 || h.positiveCounts.length > 0 || h.negativeCounts.length > 0;
  const buckets = (side: 'positive' | 'negative') => {
    const values = float
      ? Float64Array.from(side === 'positive' ? h.positiveCounts : h.negativeCounts)
      : absolute(side === 'positive' ? h.positiveDeltas : h.negativeDeltas);
    checkSpans(side === 'positive' ? h.positiveSpans : h.negativeSpans, values.length, fail);
    if (values.some((count) => count < 0)) fail(`a ${side} bucket of a native histogram has a negative count`);
    return values;
  };
  const made: NativeHistogram = {
    schema: h.schema,
    zeroThreshold: h.zeroThreshold,
    zeroCount: float ? h.zeroCountFloat : h.zeroCount,
    count: float ? h.countFloat : h.count,
    sum: h.sum,
    positiveSpans: h.positiveSpans,
    negativeSpans: h.negativeSpans,
    positiveBuckets: buckets('positive'),
    negativeBuckets: buckets('negative'),
    counterReset: type === 'gaugehistogram' ? 'gauge' : 'unknown',
  };
  if (!float) checkCount(made, fail);
  return h.schema > EXPONENTIAL_SCHEMA_MAX ? reduceSchema(made, EXPONENTIAL_SCHEMA_MAX) : made;
}

function absolute(deltas: readonly number[]): Float64Array {
  let count = 0;
  return Float64Array.from(deltas, (delta) => (count += delta));
}

function checkSpans(spans: readonly Span[], bucketCount: number, fail: Fail): void {
  let covered = 0;
  spans.forEach(({ offset, length }, i) => {
    if (i > 0 && offset < 0) fail(`span ${i} of a native histogram goes back by ${-offset} buckets`);
    covered += length;
  });
  if (covered !== bucketCount)
    fail(`the spans of a native histogram cover ${covered} buckets and it has ${bucketCount} of them`);
}

/** Observations that are not a number are counted and stand in no bucket; the sum then is not a number either. */
function checkCount({ count, sum, zeroCount, positiveBuckets, negativeBuckets }: NativeHistogram, fail: Fail): void {
  let observed = zeroCount;
  for (const n of positiveBuckets) observed += n;
  for (const n of negativeBuckets) observed += n;
  if (Number.isNaN(sum) ? observed > count : observed !== count)
    fail(`the buckets of a native histogram hold ${observed} observations and its count is ${count}`);
}
