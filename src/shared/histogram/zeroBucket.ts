/** Widening of zero buckets, so that two histograms agree on one threshold. */
import { upperBound } from './bounds.ts';
import type { NativeHistogram } from './native.ts';
import { indexesOf } from './spans.ts';

/** The buckets that a wider zero bucket swallows: as many of the lowest of either sign. */
export interface Widening {
  readonly threshold: number;
  readonly positive: number;
  readonly negative: number;
}

/**
 * What a zero bucket of at least `threshold` swallows. Where the threshold would cut a bucket that holds something, it is raised to that
 * bucket's end.
 *
 * @param threshold at least the histogram's own.
 */
export function widening(h: NativeHistogram, threshold: number): Widening {
  if (threshold === h.zeroThreshold) return { threshold, positive: 0, negative: 0 };
  const positiveIndexes = indexesOf(h.positiveSpans);
  const negativeIndexes = indexesOf(h.negativeSpans);
  for (let wanted = threshold; ;) {
    const positive = swallowed(h, positiveIndexes, h.positiveBuckets, wanted);
    const negative = swallowed(h, negativeIndexes, h.negativeBuckets, positive.threshold);
    // A threshold raised for the negative buckets may cut a positive one: once more.
    if (negative.threshold === positive.threshold) {
      return { threshold: negative.threshold, positive: positive.buckets, negative: negative.buckets };
    }
    wanted = negative.threshold;
  }
}

function swallowed(
  h: NativeHistogram,
  indexes: Int32Array,
  counts: Float64Array,
  threshold: number,
): { threshold: number; buckets: number } {
  for (let i = 0; i < indexes.length; i++) {
    if (upperBound(h, indexes[i] - 1) >= threshold) return { threshold, buckets: i };
    const upper = upperBound(h, indexes[i]);
    if (upper > threshold) return { threshold: counts[i] === 0 ? threshold : upper, buckets: i + 1 };
  }
  return { threshold, buckets: indexes.length };
}

/** The histogram's zero count under a widening. */
export function widenedZeroCount(h: NativeHistogram, { positive, negative }: Widening): number {
  let count = h.zeroCount;
  for (let i = 0; i < positive; i++) count += h.positiveBuckets[i];
  for (let i = 0; i < negative; i++) count += h.negativeBuckets[i];
  return count;
}
