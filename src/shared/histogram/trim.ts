/** Native histograms without the observations above or below a value. Rules: Prometheus model/histogram, TrimBuckets. */
import { log2 } from '../model/logarithms.ts';
import { compacted } from './arithmetic.ts';
import { isCustom, upperBound } from './bounds.ts';
import type { NativeHistogram } from './native.ts';
import { indexesOf } from './spans.ts';

/** Which side of the limit stays. */
export type Kept = 'below' | 'above';

/** What stays of a bucket, and the value its observations are taken for. */
interface Part {
  readonly count: number;
  readonly middle: number;
}

interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

/**
 * Counts and sum are estimated anew where anything was taken away: observations lie evenly in zero and custom buckets, evenly on a
 * logarithmic scale in others, and a bucket without an end is kept or taken away whole.
 */
export function trimmed(h: NativeHistogram, limit: number, kept: Kept): NativeHistogram {
  const totals = { count: 0, sum: 0 };
  const add = ({ count, middle }: Part): number => {
    totals.count += count;
    totals.sum += middle * count;
    return count;
  };
  const positiveBuckets = trimmedSide(h, true, limit, kept, add);
  const negativeBuckets = trimmedSide(h, false, limit, kept, add);
  const zeroCount = h.zeroCount > 0 ? add(zeroPart(h, limit, kept)) : h.zeroCount;
  const isSame =
    (zeroCount === h.zeroCount || !(h.zeroCount > 0)) &&
    positiveBuckets.every((count, i) => count === h.positiveBuckets[i]) &&
    negativeBuckets.every((count, i) => count === h.negativeBuckets[i]);
  return isSame ? h : compacted({ ...h, ...totals, zeroCount, positiveBuckets, negativeBuckets });
}

function trimmedSide(
  h: NativeHistogram,
  isPositive: boolean,
  limit: number,
  kept: Kept,
  add: (part: Part) => number,
): Float64Array {
  const indexes = indexesOf(isPositive ? h.positiveSpans : h.negativeSpans);
  return (isPositive ? h.positiveBuckets : h.negativeBuckets).map((count, i) => {
    if (count === 0) return count;
    const near = upperBound(h, indexes[i] - 1);
    const far = upperBound(h, indexes[i]);
    const bounds = isPositive ? { lower: near, upper: far } : { lower: -far, upper: -near };
    const middle = (lower: number, upper: number) => middleOf(lower, upper, isPositive, isCustom(h));
    if (kept === 'below' ? bounds.upper <= limit : bounds.lower >= limit)
      return add({ count, middle: middle(bounds.lower, bounds.upper) });
    if (kept === 'below' ? !(bounds.lower < limit) : !(bounds.upper > limit)) return 0;
    if (bounds.lower === -Infinity || bounds.upper === Infinity) return add(endlessPart(bounds, count, limit, kept));
    const below = count * shareBelow(bounds, limit, isCustom(h));
    return add(
      kept === 'below'
        ? { count: below, middle: middle(bounds.lower, limit) }
        : { count: count - below, middle: middle(limit, bounds.upper) },
    );
  });
}

/** Of a bucket with one end at infinity and the limit inside it. */
function endlessPart({ lower, upper }: Bounds, count: number, limit: number, kept: Kept): Part {
  if (lower !== -Infinity) return kept === 'below' ? { count: 0, middle: lower } : { count, middle: limit };
  if (upper === Infinity) return { count: 0, middle: 0 };
  // A bucket that ends above 0 is taken to begin there.
  if (kept === 'below') {
    if (limit > 0) return { count: (count * limit) / upper, middle: limit / 2 };
    return upper <= 0 ? { count, middle: limit } : { count: 0, middle: upper };
  }
  if (limit >= 0) return { count: count * (1 - limit / upper), middle: (limit + upper) / 2 };
  return { count: 0, middle: upper };
}

function shareBelow({ lower, upper }: Bounds, v: number, isLinear: boolean): number {
  if (isLinear) return (v - lower) / (upper - lower);
  const [logLower, logUpper, logV] = [lower, upper, v].map((bound) => log2(Math.abs(bound)));
  return v > 0 ? (logV - logLower) / (logUpper - logLower) : 1 - (logV - logUpper) / (logLower - logUpper);
}

function zeroPart(h: NativeHistogram, limit: number, kept: Kept): Part {
  const hasPositive = h.positiveBuckets.some((count) => count !== 0);
  const hasNegative = h.negativeBuckets.some((count) => count !== 0);
  const lower = hasPositive && !hasNegative ? 0 : -h.zeroThreshold;
  const upper = hasNegative && !hasPositive ? 0 : h.zeroThreshold;
  const whole: Part = { count: h.zeroCount, middle: (lower + upper) / 2 };
  const nothing: Part = { count: 0, middle: 0 };
  if (limit <= lower) return kept === 'below' ? nothing : whole;
  if (limit >= upper) return kept === 'below' ? whole : nothing;
  const [share, middle] =
    kept === 'below'
      ? [(limit - lower) / (upper - lower), (lower + limit) / 2]
      : [(upper - limit) / (upper - lower), (limit + upper) / 2];
  return { count: h.zeroCount * share, middle };
}

function middleOf(lower: number, upper: number, isPositive: boolean, isLinear: boolean): number {
  if (Math.abs(lower) === Infinity) {
    if (Math.abs(upper) === Infinity) return 0;
    return upper > 0 ? upper / 2 : upper;
  }
  if (Math.abs(upper) === Infinity) return lower;
  if (isLinear) return (lower + upper) / 2;
  const magnitude = Math.sqrt(Math.abs(lower * upper));
  return isPositive ? magnitude : -magnitude;
}
