/** A native histogram as text, for count_values(). Format: Prometheus model/histogram, FloatHistogram.String. */
import { schemaBucketsOf, type Bucket } from './buckets.ts';
import type { NativeHistogram } from './native.ts';

/** Exponents from here on are written as such. */
const PLAIN_EXPONENT_MAX = 6;
const PLAIN_EXPONENT_MIN = -4;

/** A number as Go's %g writes it. */
export function formatShort(v: number): string {
  if (v === Infinity) return '+Inf';
  if (v === -Infinity) return '-Inf';
  if (v === 0 || Number.isNaN(v)) return Object.is(v, -0) ? '-0' : String(v);
  const [digits, exponent] = v.toExponential().split('e');
  if (Number(exponent) >= PLAIN_EXPONENT_MIN && Number(exponent) < PLAIN_EXPONENT_MAX) return String(v);
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}

function formatBucket({ lower, upper, count, lowerInclusive, upperInclusive }: Bucket): string {
  const ends = `${formatShort(lower)},${formatShort(upper)}`;
  return `${lowerInclusive ? '[' : '('}${ends}${upperInclusive ? ']' : ')'}:${formatShort(count)}`;
}

export function formatHistogram(h: NativeHistogram): string {
  const parts = [`count:${formatShort(h.count)}`, `sum:${formatShort(h.sum)}`];
  for (const bucket of schemaBucketsOf(h)) if (bucket.count !== 0) parts.push(formatBucket(bucket));
  return `{${parts.join(', ')}}`;
}
