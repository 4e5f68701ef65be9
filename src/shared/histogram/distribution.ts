/** Quantiles, fractions and deviations of native histograms. Source: Prometheus promql/quantile.go and functions.go. */
import { exp2, log2 } from '../model/logarithms.ts';
import { bucketsOf, type Bucket } from './buckets.ts';
import { isCustom } from './bounds.ts';
import type { NativeHistogram } from './native.ts';

interface Ends {
  lower: number;
  upper: number;
}

/** Ends of a bucket for interpolation: what 0 lies in begins or ends there if the histogram has one sign only. */
function fromZero({ lower, upper }: Bucket, h: NativeHistogram): Ends {
  if (lower > 0 || upper < 0) return { lower, upper };
  if (h.negativeBuckets.length === 0 && h.positiveBuckets.length > 0) return { lower: 0, upper };
  if (h.positiveBuckets.length === 0 && h.negativeBuckets.length > 0) return { lower, upper: 0 };
  return { lower, upper };
}

/** What observations of NaN, which are in no bucket, did to a quantile. */
export type NanEffect = 'none' | 'result' | 'skew';

/**
 * The value below which a fraction `q` of observations fall: linear inside the zero bucket and custom buckets, exponential in others.
 *
 * @param q fraction; below 0 gives -Inf, above 1 gives +Inf, NaN gives NaN.
 * @returns a value in the metric's unit, NaN if nothing was observed, and what observed NaNs did to it.
 */
export function nativeQuantile(q: number, h: NativeHistogram): { value: number; nan: NanEffect } {
  const plain = (value: number) => ({ value, nan: 'none' as const });
  if (q < 0) return plain(-Infinity);
  if (q > 1) return plain(Infinity);
  if (h.count === 0 || Number.isNaN(q)) return plain(NaN);
  const hasNaN = Number.isNaN(h.sum);
  // From the nearer end, except that ranks of NaN observations lie beyond the last bucket.
  const fromBelow = hasNaN || q < 0.5;
  const rank = (fromBelow ? q : 1 - q) * h.count;
  const buckets = bucketsOf(h);
  if (!fromBelow) buckets.reverse();
  let bucket: Bucket = { lower: 0, upper: 0, count: 0, lowerInclusive: false, upperInclusive: false };
  let count = 0;
  let seen = 0;
  for (bucket of buckets) {
    count += bucket.count;
    seen++;
    if (bucket.count !== 0 && count >= rank) break;
  }
  let { lower, upper }: Ends = isCustom(h) ? bucket : fromZero(bucket, h);
  if (isCustom(h)) {
    if (lower === -Infinity) {
      if (upper <= 0) return plain(upper);
      lower = 0;
    } else if (upper === Infinity) {
      return plain(lower);
    }
  }
  count = Math.min(count, h.count);
  if (count < rank) return hasNaN ? { value: NaN, nan: 'result' } : plain(upper);
  const within = fromBelow ? rank - (count - bucket.count) : count - rank;
  if (!hasNaN) return plain(valueAt(within / bucket.count, lower, upper, h));
  // Upstream (3.14) looks on for the highest bucket, to know whether all was counted, and then interpolates in that one.
  const highest = bucketsOf(h).at(-1) ?? bucket;
  if (highest.lower !== bucket.lower) ({ lower, upper } = highest);
  const counted = buckets.slice(seen).reduce((sum, one) => sum + one.count, count);
  return { value: valueAt(within / highest.count, lower, upper, h), nan: counted < h.count ? 'skew' : 'none' };
}

/** The value at a fraction of the way through a bucket. */
function valueAt(fraction: number, lower: number, upper: number, h: NativeHistogram): number {
  if (isCustom(h) || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction;
  const logLower = log2(Math.abs(lower));
  const logUpper = log2(Math.abs(upper));
  if (lower > 0) return exp2(logLower + (logUpper - logLower) * fraction);
  return -exp2(logUpper + (logLower - logUpper) * (1 - fraction));
}

/** Whether some observations are in no bucket, as those of NaN are. */
export function hasNanObservations(h: NativeHistogram): boolean {
  return Number.isNaN(h.sum) && bucketsOf(h).reduce((sum, { count }) => sum + count, 0) < h.count;
}

/**
 * The fraction of observations between two values, interpolated as for {@link nativeQuantile}. Observed NaNs are in none.
 *
 * @returns a number in [0, 1]; NaN if nothing was observed or an end is NaN; 0 for an empty range.
 */
export function nativeFraction(lower: number, upper: number, h: NativeHistogram): number {
  if (h.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN;
  if (lower >= upper) return 0;
  const [below, upTo] = observedBelow([lower, upper], h);
  return (upTo - below) / h.count;
}

/** How many observations lie below each of some values, none of which is NaN; interpolated as for {@link nativeQuantile}. Observed NaNs lie below none. */
export function observedBelow(values: ArrayLike<number>, h: NativeHistogram): Float64Array {
  const buckets = bucketsOf(h);
  const most = Number.isNaN(h.sum) ? buckets.reduce((sum, bucket) => sum + bucket.count, 0) : h.count;
  return Float64Array.from(values, (v) => rankOf(v, buckets, h, most));
}

/** Observations below `v`. */
function rankOf(v: number, buckets: readonly Bucket[], h: NativeHistogram, most: number): number {
  let rank = 0;
  for (const bucket of buckets) {
    const ends = fromZero(bucket, h);
    if (ends.lower >= v) return Math.min(rank, most);
    if (ends.upper > v) return Math.min(rank + bucket.count * shareBelow(v, ends, h), most);
    rank += bucket.count;
  }
  return most;
}

/** The share of a bucket's observations below a value inside it. */
function shareBelow(v: number, { lower, upper }: { lower: number; upper: number }, h: NativeHistogram): number {
  if (isCustom(h) || (lower <= 0 && upper >= 0)) {
    return lower === -Infinity ? 1 : (v - lower) / (upper - lower);
  }
  const [logLower, logUpper, logV] = [lower, upper, v].map((end) => log2(Math.abs(end)));
  return v > 0 ? (logV - logLower) / (logUpper - logLower) : 1 - (logV - logUpper) / (logLower - logUpper);
}

/** The variance of observations, each taken for the middle of its bucket: geometric, or arithmetic for custom bounds. */
export function nativeVariance(h: NativeHistogram): number {
  const mean = h.sum / h.count;
  let sum = 0;
  let compensation = 0;
  for (const { lower, upper, count } of bucketsOf(h)) {
    if (count === 0) continue;
    const delta = middle(lower, upper, h) - mean;
    const v = count * delta * delta;
    const next = sum + v;
    if (Math.abs(next) === Infinity) compensation = 0;
    else compensation += Math.abs(sum) >= Math.abs(v) ? sum - next + v : v - next + sum;
    sum = next;
  }
  return (sum + compensation) / h.count;
}

function middle(lower: number, upper: number, h: NativeHistogram): number {
  if (isCustom(h)) return (upper + lower) / 2;
  if (lower <= 0 && upper >= 0) return 0;
  const magnitude = Math.sqrt(upper * lower);
  return upper < 0 ? -magnitude : magnitude;
}
