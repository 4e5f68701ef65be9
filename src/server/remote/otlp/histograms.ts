/** Histograms of OpenTelemetry as native ones. */
import { CUSTOM_SCHEMA } from '../../../shared/histogram/bounds.ts';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import { EXPONENTIAL_SCHEMA_MAX } from '../../../shared/histogram/nativeSchema.ts';
import { spansOf } from '../../../shared/histogram/spans.ts';
import type { ExponentialPoint, HistogramPoint } from './metrics.ts';

/** As upstream has it whatever the point says, so that histograms of several senders can be added. */
const ZERO_THRESHOLD = 1e-128;
/** Empty buckets between others stay up to this many in a row: they cost less than a span. */
const FILLED_GAP_MAX = 2;

/** Their counts add up to what was observed since the point before, not since the beginning. */
const resetOf = (isDelta: boolean) => (isDelta ? 'gauge' : 'unknown');

/** A scale below that of any schema stays, and will be refused. */
export function nativeOfExponential(point: ExponentialPoint, isDelta: boolean): NativeHistogram {
  const { scale, positive, negative, zeroCount, count, sum } = point;
  const schema = Math.min(scale, EXPONENTIAL_SCHEMA_MAX);
  const width = 2 ** (scale - schema);
  // Bucket 0 lies above 1 there and reaches up to 1 here.
  const indexOf = (bucket: number) => Math.floor(bucket / width) + 1;
  const up = sparse(positive.counts, (i) => indexOf(positive.offset + i));
  const down = sparse(negative.counts, (i) => indexOf(negative.offset + i));
  return {
    schema,
    zeroThreshold: ZERO_THRESHOLD,
    zeroCount,
    count,
    sum: sum ?? 0,
    positiveSpans: up.spans,
    positiveBuckets: up.counts,
    negativeSpans: down.spans,
    negativeBuckets: down.counts,
    counterReset: resetOf(isDelta),
  };
}

/** With the point's own bounds. */
export function nativeOfExplicit({ bounds, counts, count, sum }: HistogramPoint, isDelta: boolean): NativeHistogram {
  const { spans, counts: buckets } = sparse(counts, (i) => i);
  return {
    schema: CUSTOM_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    count,
    sum: sum ?? 0,
    positiveSpans: spans,
    positiveBuckets: buckets,
    negativeSpans: [],
    negativeBuckets: new Float64Array(0),
    customValues: Float64Array.from(bounds),
    counterReset: resetOf(isDelta),
  };
}

function sparse(counts: readonly number[], indexOf: (i: number) => number) {
  const indexes: number[] = [];
  const kept: number[] = [];
  const add = (index: number, count: number) => {
    indexes.push(index);
    kept.push(count);
  };
  counts.forEach((count, i) => {
    if (count === 0) return;
    const index = indexOf(i);
    const last = indexes.at(-1);
    if (index === last) return void (kept[kept.length - 1] += count);
    const isNear = last !== undefined && index - last - 1 <= FILLED_GAP_MAX;
    for (let gap = isNear ? last + 1 : index; gap < index; gap++) add(gap, 0);
    add(index, count);
  });
  return { spans: spansOf(Int32Array.from(indexes)), counts: Float64Array.from(kept) };
}
