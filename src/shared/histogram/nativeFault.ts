/** What a native histogram that comes from outside may not be, as Prometheus checks it before it is stored. */
import { CUSTOM_SCHEMA } from './bounds.ts';
import type { NativeHistogram, Span } from './native.ts';
import { EXPONENTIAL_SCHEMA_MIN } from './nativeSchema.ts';

/** Schemas above ours that the formats have room for. They are brought down when they are read. */
const WIRE_SCHEMA_MAX = 52;

/**
 * How a histogram contradicts itself; undefined if it does not.
 *
 * @param isWhole its counts are whole numbers, whose sum must be right; those of floats may be off by what rounding does.
 */
export function nativeFault(h: NativeHistogram, isWhole: boolean): string | undefined {
  const isCustom = h.schema === CUSTOM_SCHEMA;
  if (!isCustom && (h.schema < EXPONENTIAL_SCHEMA_MIN || h.schema > WIRE_SCHEMA_MAX))
    return `native histogram schema ${h.schema} is not within ${EXPONENTIAL_SCHEMA_MIN} and ${WIRE_SCHEMA_MAX}`;
  return (
    spansFault(h.positiveSpans, h.positiveBuckets.length) ??
    spansFault(h.negativeSpans, h.negativeBuckets.length) ??
    (h.positiveBuckets.some((count) => count < 0) ? sideFault('positive') : undefined) ??
    (h.negativeBuckets.some((count) => count < 0) ? sideFault('negative') : undefined) ??
    (isWhole ? countFault(h) : undefined) ??
    (isCustom ? customFault(h) : undefined)
  );
}

const sideFault = (side: string) => `a ${side} bucket of a native histogram has a negative count`;

function spansFault(spans: readonly Span[], bucketCount: number): string | undefined {
  const back = spans.findIndex(({ offset }, i) => i > 0 && offset < 0);
  if (back >= 0) return `span ${back} of a native histogram goes back by ${-spans[back].offset} buckets`;
  const covered = spans.reduce((sum, { length }) => sum + length, 0);
  if (covered === bucketCount) return undefined;
  return `the spans of a native histogram cover ${covered} buckets and it has ${bucketCount} of them`;
}

/** Observations that are not a number are counted and stand in no bucket; the sum then is not a number either. */
function countFault({ count, sum, zeroCount, positiveBuckets, negativeBuckets }: NativeHistogram): string | undefined {
  let observed = zeroCount;
  for (const n of positiveBuckets) observed += n;
  for (const n of negativeBuckets) observed += n;
  if (Number.isNaN(sum) ? observed <= count : observed === count) return undefined;
  return `the buckets of a native histogram hold ${observed} observations and its count is ${count}`;
}

function customFault(h: NativeHistogram): string | undefined {
  const bounds = h.customValues ?? new Float64Array(0);
  if (h.zeroCount !== 0 || h.zeroThreshold !== 0 || h.negativeSpans.length > 0)
    return 'a native histogram with custom bounds has a zero bucket or negative ones';
  if (bounds.some((bound, i) => !(bound < Infinity) || (i > 0 && bound <= bounds[i - 1])))
    return 'the custom bounds of a native histogram are not finite and ascending';
  const last = h.positiveSpans.reduce((at, { offset, length }) => at + offset + length, 0);
  if ((h.positiveSpans[0]?.offset ?? 0) < 0 || last > bounds.length + 1)
    return `a native histogram has buckets beyond its ${bounds.length} custom bounds`;
  return undefined;
}
