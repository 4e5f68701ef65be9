/** Quantiles and fractions of classic histograms: upper bounds and cumulative counts. Source: Prometheus promql/quantile.go. */

/** Relative difference below which a step between neighbouring cumulative counts is rounding, not observations. */
const SMALL_DELTA_TOLERANCE = 1e-12;
const SMALLEST_NORMAL = 2.2250738585072014e-308;

/** What {@link repairCumulative} had to do: nothing, level out rounding, or raise counts that fell. */
export type CumulativeRepair = 'none' | 'rounding' | 'forced';

function isRoundingApart(a: number, b: number): boolean {
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < SMALLEST_NORMAL) return difference < SMALL_DELTA_TOLERANCE * SMALLEST_NORMAL;
  return difference / Math.min(sum, Number.MAX_VALUE) < SMALL_DELTA_TOLERANCE;
}

/**
 * Makes cumulative counts non-decreasing, in place: steps too small to be observations are levelled, counts below their predecessor
 * are raised to it.
 *
 * @param counts cumulative counts by ascending upper bound; only the first `length` are looked at.
 */
export function repairCumulative(counts: Float64Array, length = counts.length): CumulativeRepair {
  let repair: CumulativeRepair = 'none';
  let previous = counts[0];
  for (let i = 1; i < length; i++) {
    const current = counts[i];
    if (current === previous) continue;
    if (isRoundingApart(previous, current)) {
      counts[i] = previous;
      if (repair === 'none') repair = 'rounding';
    } else if (current < previous) {
      counts[i] = previous;
      repair = 'forced';
    } else {
      previous = current;
    }
  }
  return repair;
}

/**
 * The value below which a fraction `q` of observations fall.
 *
 * Linear inside a bucket; the first bucket starts at 0, or is answered by its bound where that is ≤ 0; a rank in the last bucket is
 * answered by the bound before it. Counts that decrease are repaired first (in a copy).
 *
 * @param q fraction in [0, 1]; below 0 gives -Inf, above 1 gives +Inf, NaN gives NaN.
 * @param upperBounds strictly ascending `le` values in the metric's unit, last one +Inf (else NaN is answered). Length B.
 * @param cumulativeCounts observations ≤ upperBounds[i], or their per-second rate. Length B.
 * @returns a value in the metric's unit; NaN if nothing was observed or there are fewer than two buckets. Never throws.
 */
export function bucketQuantile(q: number, upperBounds: Float64Array, cumulativeCounts: Float64Array): number {
  if (Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const counts = cumulativeCounts.slice();
  repairCumulative(counts);
  return quantileOfRepaired(q, upperBounds, counts, counts.length);
}

/** {@link bucketQuantile} for counts that {@link repairCumulative} has seen and a `q` in [0, 1]; looks at the first `length` buckets. */
export function quantileOfRepaired(q: number, upperBounds: Float64Array, counts: Float64Array, length: number): number {
  if (length < 2 || upperBounds[length - 1] !== Infinity) return NaN;
  const observations = counts[length - 1];
  if (observations === 0) return NaN;
  let rank = q * observations;
  let b = 0;
  let end = length - 1;
  while (b < end) {
    const middle = (b + end) >> 1;
    if (counts[middle] >= rank) end = middle;
    else b = middle + 1;
  }
  if (b === length - 1) return upperBounds[length - 2];
  if (b === 0 && upperBounds[0] <= 0) return upperBounds[0];
  let start = 0;
  let count = counts[b];
  if (b > 0) {
    start = upperBounds[b - 1];
    count -= counts[b - 1];
    rank -= counts[b - 1];
  }
  return start + (upperBounds[b] - start) * (rank / count);
}

/**
 * The fraction of observations in (lower, upper].
 *
 * Linear inside a bucket; the first bucket starts at 0 where its bound is positive, else all of it counts as -Inf.
 *
 * @param upperBounds strictly ascending `le` values, last one +Inf (else NaN is answered). Length B.
 * @param cumulativeCounts observations ≤ upperBounds[i], or their per-second rate. Length B.
 * @returns a number in [0, 1]; NaN if nothing was observed or a bound is NaN; 0 for an empty range. Never throws.
 */
export function bucketFraction(
  lower: number,
  upper: number,
  upperBounds: Float64Array,
  cumulativeCounts: Float64Array,
  length = upperBounds.length,
): number {
  if (length === 0 || upperBounds[length - 1] !== Infinity) return NaN;
  const count = cumulativeCounts[length - 1];
  if (count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN;
  if (lower >= upper) return 0;
  const rankAt = (v: number) => Math.min(count, interpolatedRank(v, upperBounds, cumulativeCounts, length));
  return (rankAt(upper) - rankAt(lower)) / count;
}

/** Observations at or below `v`, linear inside a bucket. */
function interpolatedRank(v: number, upperBounds: Float64Array, counts: Float64Array, length: number): number {
  let rank = 0;
  for (let b = 0; b < length; b++) {
    const start = b > 0 ? upperBounds[b - 1] : upperBounds[0] <= 0 ? -Infinity : 0;
    const end = upperBounds[b];
    if (start >= v) return rank;
    // Nothing lies in a bucket whose lower bound is NaN.
    if (start < v && end > v) {
      // What lies in a bucket without a lower bound counts as -Inf; what lies above the last finite bound as +Inf, as long as it is a number.
      if (start === -Infinity) return counts[b];
      return rank + ((counts[b] - rank) * (v - start)) / (end - start);
    }
    rank = counts[b];
  }
  return counts[length - 1];
}
