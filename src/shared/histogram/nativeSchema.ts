/** Resolution of native histograms: schema s has 2^s buckets for each power of two, so one schema less joins buckets by twos. */
import type { NativeHistogram, Span } from './native.ts';

export const EXPONENTIAL_SCHEMA_MIN = -4;
export const EXPONENTIAL_SCHEMA_MAX = 8;

/**
 * The same observations at a lower resolution. Count, sum and the zero bucket stay.
 *
 * @param schema at most `h.schema`; `h` has an exponential schema.
 */
export function reduceSchema(h: NativeHistogram, schema: number): NativeHistogram {
  const steps = h.schema - schema;
  if (steps <= 0) return h;
  const positive = joinBuckets(h.positiveSpans, h.positiveBuckets, steps);
  const negative = joinBuckets(h.negativeSpans, h.negativeBuckets, steps);
  return {
    ...h,
    schema,
    positiveSpans: positive.spans,
    positiveBuckets: positive.buckets,
    negativeSpans: negative.spans,
    negativeBuckets: negative.buckets,
  };
}

/** The bounds of a bucket grow by 2^(2^−schema); the finest schema whose factor is at least this one. */
export function schemaOfFactor(factor: number): number {
  if (factor <= 1) return EXPONENTIAL_SCHEMA_MAX;
  const schema = Math.floor(-Math.log2(Math.log2(factor))) + 0; // never −0
  return Math.min(EXPONENTIAL_SCHEMA_MAX, Math.max(EXPONENTIAL_SCHEMA_MIN, schema));
}

export function isExponential(h: NativeHistogram): boolean {
  return h.customValues === undefined;
}

/** Bucket i reaches up to factor^i, so the bucket that takes it in after n halvings is ⌈i / 2^n⌉. */
function joinBuckets(
  spans: readonly Span[],
  buckets: Float64Array,
  steps: number,
): { spans: Span[]; buckets: Float64Array } {
  const width = 2 ** steps;
  const joined: number[] = [];
  const outSpans: { offset: number; length: number }[] = [];
  let index = 0;
  let last = NaN;
  let from = 0;
  for (const { offset, length } of spans) {
    index += offset;
    for (let i = 0; i < length; i++, index++) {
      const target = Math.ceil(index / width) + 0; // never −0
      const count = buckets[from++];
      if (target === last) {
        joined[joined.length - 1] += count;
        continue;
      }
      if (target === last + 1) outSpans[outSpans.length - 1].length++;
      else outSpans.push({ offset: Number.isNaN(last) ? target : target - last - 1, length: 1 });
      joined.push(count);
      last = target;
    }
  }
  return { spans: outSpans, buckets: Float64Array.from(joined) };
}
