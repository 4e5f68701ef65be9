/** A native histogram sample as the API writes it: count, sum and the buckets that hold something, from low to high. */
import { formatValue, type ApiHistogram } from './prometheus.ts';
import { bucketsOf, type Bucket } from '../histogram/buckets.ts';
import type { NativeHistogram } from '../histogram/native.ts';

/** Which ends of a bucket belong to it, in the API's numbers. */
function ruleOf({ lowerInclusive, upperInclusive }: Bucket): number {
  if (lowerInclusive) return upperInclusive ? 3 : 1;
  return upperInclusive ? 0 : 2;
}

export function histogramJson(h: NativeHistogram): string {
  const buckets = bucketsOf(h)
    .filter((bucket) => bucket.count !== 0)
    .map((bucket): [number, string, string, string] => [
      ruleOf(bucket),
      formatValue(bucket.lower),
      formatValue(bucket.upper),
      formatValue(bucket.count),
    ]);
  const json: ApiHistogram = { count: formatValue(h.count), sum: formatValue(h.sum) };
  if (buckets.length > 0) json.buckets = buckets;
  return JSON.stringify(json);
}
