/** The sum of two exponential histograms, at a scale that both can be told in and that keeps the buckets few. */
import type { DenseBuckets, ExponentialPoint } from './metrics.ts';

/** Of each side; SDKs have the same bound. */
const BUCKETS_MAX = 160;

export function addExponential(a: ExponentialPoint, b: ExponentialPoint): ExponentialPoint {
  const common = Math.min(a.scale, b.scale);
  let [left, right] = [atScale(a, common), atScale(b, common)];
  const scale = Math.min(
    scaleThatFits(common, left.positive, right.positive),
    scaleThatFits(common, left.negative, right.negative),
  );
  [left, right] = [atScale(left, scale), atScale(right, scale)];
  const zeroThreshold = Math.max(a.zeroThreshold, b.zeroThreshold);
  [left, right] = [withZeroUpTo(left, zeroThreshold), withZeroUpTo(right, zeroThreshold)];
  return {
    ...a,
    scale,
    zeroThreshold,
    zeroCount: left.zeroCount + right.zeroCount,
    count: a.count + b.count,
    sum: sumIfBoth(a.sum, b.sum),
    positive: merged(left.positive, right.positive),
    negative: merged(left.negative, right.negative),
  };
}

function atScale(h: ExponentialPoint, scale: number): ExponentialPoint {
  const steps = h.scale - scale;
  if (steps === 0) return h;
  return { ...h, scale, positive: joined(h.positive, steps), negative: joined(h.negative, steps) };
}

/** 2^steps neighbours become one. */
function joined({ offset, counts }: DenseBuckets, steps: number): DenseBuckets {
  const width = 2 ** steps;
  const first = Math.floor(offset / width);
  const sums: number[] = [];
  counts.forEach((count, i) => {
    const at = Math.floor((offset + i) / width) - first;
    sums[at] = (sums[at] ?? 0) + count;
  });
  return { offset: first, counts: sums };
}

interface Extent {
  readonly from: number;
  /** The one after the last. */
  readonly to: number;
}

/** From the first bucket that holds something to the last. */
function extentOf(...sides: readonly DenseBuckets[]): Extent {
  let [from, to] = [Infinity, -Infinity];
  for (const { offset, counts } of sides) {
    const first = counts.findIndex((count) => count !== 0);
    if (first < 0) continue;
    from = Math.min(from, offset + first);
    to = Math.max(to, offset + counts.findLastIndex((count) => count !== 0) + 1);
  }
  return from < to ? { from, to } : { from: 0, to: 0 };
}

function scaleThatFits(scale: number, a: DenseBuckets, b: DenseBuckets): number {
  let { from, to } = extentOf(a, b);
  for (; to - from > BUCKETS_MAX; scale--) {
    from = Math.trunc(from / 2);
    to = Math.trunc(to / 2);
  }
  return scale;
}

function merged(a: DenseBuckets, b: DenseBuckets): DenseBuckets {
  const { from, to } = extentOf(a, b);
  const at = ({ offset, counts }: DenseBuckets, bucket: number) => counts[bucket - offset] ?? 0;
  return { offset: from, counts: Array.from({ length: to - from }, (_, i) => at(a, from + i) + at(b, from + i)) };
}

/** What lies within `threshold` of zero is counted with the zeros. */
function withZeroUpTo(h: ExponentialPoint, threshold: number): ExponentialPoint {
  if (threshold <= h.zeroThreshold) return h;
  // The bucket that the threshold lies in: above base^i and at most base^(i + 1).
  const last = Math.ceil(Math.log2(threshold) * 2 ** h.scale) - 1;
  const beyond = ({ offset, counts }: DenseBuckets): DenseBuckets => {
    const inside = Math.min(Math.max(last + 1 - offset, 0), counts.length);
    return { offset: offset + inside, counts: counts.slice(inside) };
  };
  const [positive, negative] = [beyond(h.positive), beyond(h.negative)];
  const total = ({ counts }: DenseBuckets) => counts.reduce((sum, count) => sum + count, 0);
  const moved = total(h.positive) + total(h.negative) - total(positive) - total(negative);
  return { ...h, zeroThreshold: threshold, zeroCount: h.zeroCount + moved, positive, negative };
}

/** A sum that one of the two lacks is not known any more. */
export const sumIfBoth = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? undefined : a + b;
