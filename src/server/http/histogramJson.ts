/** A native histogram sample as the API writes it: count, sum and the buckets that hold something, from low to high. */
import { formatValue, type ApiHistogram } from '../../shared/api/prometheus.ts';
import type { NativeHistogram, Span } from '../../shared/histogram/native.ts';

/** Which ends of a bucket belong to it, in the API's numbers. */
const OPEN_LEFT = 0;
const OPEN_RIGHT = 1;
const CLOSED = 3;
const CUSTOM_SCHEMA = -53;

export function histogramJson(h: NativeHistogram): string {
  const buckets = bucketsOf(h);
  const json: ApiHistogram = { count: formatValue(h.count), sum: formatValue(h.sum) };
  if (buckets.length > 0) json.buckets = buckets;
  return JSON.stringify(json);
}

type ApiBucket = [number, string, string, string];

function bucketsOf(h: NativeHistogram): ApiBucket[] {
  const bucket = (rule: number, lower: number, upper: number, count: number): ApiBucket => [
    rule,
    formatValue(lower),
    formatValue(upper),
    formatValue(count),
  ];
  const negative: ApiBucket[] = [];
  for (const [index, count] of filled(h.negativeSpans, h.negativeBuckets)) {
    negative.unshift(
      bucket(OPEN_RIGHT, -exponentialBound(h.schema, index), -exponentialBound(h.schema, index - 1), count),
    );
  }
  const zero = h.zeroCount > 0 ? [bucket(CLOSED, -h.zeroThreshold, h.zeroThreshold, h.zeroCount)] : [];
  const positive: ApiBucket[] = [];
  for (const [index, count] of filled(h.positiveSpans, h.positiveBuckets)) {
    const custom = h.schema === CUSTOM_SCHEMA ? (h.customValues ?? new Float64Array()) : undefined;
    const bound = (i: number) => (custom === undefined ? exponentialBound(h.schema, i) : customBound(custom, i));
    positive.push(
      bucket(custom !== undefined && index === 0 ? CLOSED : OPEN_LEFT, bound(index - 1), bound(index), count),
    );
  }
  return [...negative, ...zero, ...positive];
}

/** Index and count of each bucket that is not empty. */
function* filled(spans: readonly Span[], counts: Float64Array): Generator<[index: number, count: number]> {
  let index = 0;
  let at = 0;
  for (const span of spans) {
    index += span.offset;
    for (let i = 0; i < span.length; i++, index++, at++) if (counts[at] !== 0) yield [index, counts[at]];
  }
}

/** Upper bound of bucket `index`: 2^(index · 2^−schema). */
function exponentialBound(schema: number, index: number): number {
  return 2 ** (index * 2 ** -schema);
}

function customBound(bounds: Float64Array, index: number): number {
  if (index < 0) return -Infinity;
  return index < bounds.length ? bounds[index] : Infinity;
}
