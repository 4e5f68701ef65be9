/** Whether a histogram that counts started anew, and whether two histograms are the same. Source: Prometheus model/histogram. */
import { customBoundsOf, exponentialBound, isCustom, sameBounds } from './bounds.ts';
import type { NativeHistogram, Span } from './native.ts';
import { indexesOf, sameSpans } from './spans.ts';
import { widenedZeroCount, widening } from './zeroBucket.ts';

/**
 * Whether counting began anew between two samples: any count fell, or the buckets became finer, which counting on cannot bring about.
 * What the sample itself says of it is believed.
 */
export function isReset(now: NativeHistogram, before: NativeHistogram): boolean {
  if (now.counterReset === 'reset') return true;
  if (now.counterReset === 'notReset') return false;
  if (now.count < before.count) return true;
  if (isCustom(now) !== isCustom(before)) return true;
  if (isCustom(now) && !sameBounds(customBoundsOf(now), customBoundsOf(before))) return hasCustomFall(now, before);
  if (now.schema > before.schema || now.zeroThreshold < before.zeroThreshold) return true;
  const swallowed = widening(before, now.zeroThreshold);
  if (swallowed.threshold !== now.zeroThreshold) return true;
  if (now.zeroCount < widenedZeroCount(before, swallowed)) return true;
  if (now.schema === before.schema) {
    return (
      hasFallOf(now.positiveSpans, now.positiveBuckets, before.positiveSpans, before.positiveBuckets, now) ||
      hasFallOf(now.negativeSpans, now.negativeBuckets, before.negativeSpans, before.negativeBuckets, now)
    );
  }
  const [earlier, later] = [before, now].map((h) => ({
    positive: countsAbove(h, indexesOf(h.positiveSpans), h.positiveBuckets, now),
    negative: countsAbove(h, indexesOf(h.negativeSpans), h.negativeBuckets, now),
  }));
  return hasFall(later.positive, earlier.positive) || hasFall(later.negative, earlier.negative);
}

/** {@link hasFall} of what {@link countsAbove} gives for buckets on one side of 0, where none needs another index. */
function hasFallOf(
  spans: readonly Span[],
  counts: Float64Array,
  spansBefore: readonly Span[],
  before: Float64Array,
  like: NativeHistogram,
): boolean {
  if (spansBefore.length === 0) return false;
  // As it is mostly of samples that follow each other.
  if (sameSpans(spans, spansBefore) && !isSwallowed(spans[0].offset, like)) {
    for (let i = 0; i < before.length; i++) if (counts[i] < before[i]) return true;
    return false;
  }
  const [indexes, indexesBefore] = [indexesOf(spans), indexesOf(spansBefore)];
  let j = 0;
  while (j < indexesBefore.length && isSwallowed(indexesBefore[j], like)) j++;
  for (let i = 0; j < indexesBefore.length; j++) {
    const index = indexesBefore[j];
    while (i < indexes.length && indexes[i] < index) i++;
    const isThere = i < indexes.length && indexes[i] === index;
    if (isThere ? counts[i] < before[j] : before[j] !== 0) return true;
  }
  return false;
}

/** Whether a bucket ends within the zero bucket of `like`, whose schema it has. */
const isSwallowed = (index: number, like: NativeHistogram) =>
  !isCustom(like) && exponentialBound(index, like.schema) <= like.zeroThreshold;

/** Counts by bucket index in the schema of `like`, without what ends within its zero bucket. */
function countsAbove(
  h: NativeHistogram,
  indexes: Int32Array,
  counts: Float64Array,
  like: NativeHistogram,
): Map<number, number> {
  const found = new Map<number, number>();
  const width = 2 ** (h.schema - like.schema);
  for (let i = 0; i < indexes.length; i++) {
    const index = width === 1 ? indexes[i] : Math.floor((indexes[i] - 1) / width) + 1;
    if (isSwallowed(index, like)) continue;
    found.set(index, (found.get(index) ?? 0) + counts[i]);
  }
  return found;
}

function hasFall(now: ReadonlyMap<number, number>, before: ReadonlyMap<number, number>): boolean {
  for (const [index, count] of before) {
    const later = now.get(index);
    if (later === undefined ? count !== 0 : later < count) return true;
  }
  return false;
}

/** Falls between the bounds that both have, where these are not the same. */
function hasCustomFall(now: NativeHistogram, before: NativeHistogram): boolean {
  const [nowBounds, beforeBounds] = [customBoundsOf(now), customBoundsOf(before)];
  const inNow = new Set(nowBounds);
  const common = beforeBounds.filter((bound) => inNow.has(bound));
  const countsIn = (h: NativeHistogram, bounds: Float64Array): Float64Array => {
    const counts = new Float64Array(common.length + 1);
    const indexes = indexesOf(h.positiveSpans);
    let place = 0;
    for (let i = 0; i < indexes.length; i++) {
      const upper = indexes[i] < bounds.length ? bounds[indexes[i]] : Infinity;
      while (place < common.length && common[place] < upper) place++;
      counts[place] += h.positiveBuckets[i];
    }
    return counts;
  };
  const earlier = countsIn(before, beforeBounds);
  return countsIn(now, nowBounds).some((count, i) => count < earlier[i]);
}

/** The same layout and the same numbers, NaN being equal to NaN; what is known of resets does not matter. */
export function sameHistogram(a: NativeHistogram, b: NativeHistogram): boolean {
  return (
    a.schema === b.schema &&
    a.zeroThreshold === b.zeroThreshold &&
    Object.is(a.zeroCount, b.zeroCount) &&
    Object.is(a.count, b.count) &&
    Object.is(a.sum, b.sum) &&
    sameBounds(customBoundsOf(a), customBoundsOf(b)) &&
    sameNumbers(indexesOf(a.positiveSpans), indexesOf(b.positiveSpans)) &&
    sameNumbers(indexesOf(a.negativeSpans), indexesOf(b.negativeSpans)) &&
    sameNumbers(a.positiveBuckets, b.positiveBuckets) &&
    sameNumbers(a.negativeBuckets, b.negativeBuckets)
  );
}

function sameNumbers(a: Int32Array | Float64Array, b: Int32Array | Float64Array): boolean {
  return a === b || (a.length === b.length && a.every((v, i) => Object.is(v, b[i])));
}
