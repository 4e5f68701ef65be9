/** A native histogram as text, for count_values(). Format: Prometheus model/histogram, FloatHistogram.String. */
import { formatGo } from '../model/numberText.ts';
import { schemaBucketsOf, type Bucket } from './buckets.ts';
import type { NativeHistogram } from './native.ts';

function formatBucket({ lower, upper, count, lowerInclusive, upperInclusive }: Bucket): string {
  const ends = `${formatGo(lower)},${formatGo(upper)}`;
  return `${lowerInclusive ? '[' : '('}${ends}${upperInclusive ? ']' : ')'}:${formatGo(count)}`;
}

export function formatHistogram(h: NativeHistogram): string {
  const parts = [`count:${formatGo(h.count)}`, `sum:${formatGo(h.sum)}`];
  for (const bucket of schemaBucketsOf(h)) if (bucket.count !== 0) parts.push(formatBucket(bucket));
  return `{${parts.join(', ')}}`;
}
