/** The buckets of a native histogram with their bounds, from low to high. */
import { isCustom, upperBound } from './bounds.ts';
import type { NativeHistogram } from './native.ts';
import { indexesOf } from './spans.ts';

export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  readonly lowerInclusive: boolean;
  readonly upperInclusive: boolean;
}

/** Every bucket that a span covers, empty ones too, and the zero bucket where it holds something; ascending, none reaching into another. */
export function bucketsOf(h: NativeHistogram): Bucket[] {
  return arranged(h, isCustom(h) ? 0 : h.zeroThreshold, h.zeroCount > 0);
}

/** As {@link bucketsOf}, but with the bounds that the schema gives, though some may lie in the zero bucket. */
export function schemaBucketsOf(h: NativeHistogram): Bucket[] {
  return arranged(h, 0, h.zeroCount !== 0);
}

/** @param nearest bounds of exponential buckets lie no nearer to 0. */
function arranged(h: NativeHistogram, nearest: number, hasZeroBucket: boolean): Bucket[] {
  const buckets: Bucket[] = [];
  const negative = indexesOf(h.negativeSpans);
  for (let i = negative.length - 1; i >= 0; i--) {
    buckets.push({
      lower: -upperBound(h, negative[i]),
      upper: -Math.max(nearest, upperBound(h, negative[i] - 1)),
      count: h.negativeBuckets[i],
      lowerInclusive: true,
      upperInclusive: false,
    });
  }
  if (hasZeroBucket && !isCustom(h)) buckets.push(zeroBucketOf(h));
  const positive = indexesOf(h.positiveSpans);
  for (let i = 0; i < positive.length; i++) {
    const below = upperBound(h, positive[i] - 1);
    const lower = isCustom(h) ? below : Math.max(nearest, below);
    buckets.push({
      lower,
      upper: upperBound(h, positive[i]),
      count: h.positiveBuckets[i],
      lowerInclusive: isCustom(h) && lower === -Infinity,
      upperInclusive: true,
    });
  }
  return buckets;
}

export function zeroBucketOf(h: NativeHistogram): Bucket {
  return {
    lower: -h.zeroThreshold,
    upper: h.zeroThreshold,
    count: h.zeroCount,
    lowerInclusive: true,
    upperInclusive: true,
  };
}
