/** Bucket bounds of native histograms. Source: Prometheus' native histogram specification, "Buckets". */
import type { NativeHistogram } from './native.ts';

/** Buckets with bounds of their own in place of powers of two. */
export const CUSTOM_SCHEMA = -53;
export const SCHEMA_MAX = 8;

/**
 * 2^(i · 2^−schema) for i = 0 … 2^schema − 1, by schema.
 *
 * The bounds of a schema are those of the one before and, between, the bound below times the schema's factor: so they are upstream's to the
 * last bit, which the nearest doubles are not.
 */
const POWERS: readonly Float64Array[] = Array.from({ length: SCHEMA_MAX + 1 }).reduce<Float64Array[]>(
  (tables, _, schema) => {
    if (schema === 0) return [Float64Array.of(1)];
    const factor = Math.exp(Math.LN2 / 2 ** schema);
    const powers = new Float64Array(2 ** schema);
    for (let i = 0; i < powers.length; i++)
      powers[i] = i % 2 === 0 ? tables[schema - 1][i / 2] : powers[i - 1] * factor;
    return [...tables, powers];
  },
  [],
);

/** v · 2^exponent, without losing what lies below the smallest normal number twice. */
function scaledByPower(v: number, exponent: number): number {
  if (exponent > 1023) return v * 2 ** 1023 * 2 ** (exponent - 1023);
  if (exponent < -1022) return v * 2 ** -1022 * 2 ** (exponent + 1022);
  return v * 2 ** exponent;
}

/**
 * Upper bound of bucket `index` of an exponential schema: 2^(index · 2^−schema).
 *
 * The last bucket of finite observations ends at the largest double, so that infinities have a bucket of their own.
 */
export function exponentialBound(index: number, schema: number): number {
  const perPower = 2 ** schema;
  const exponent = Math.floor(index / perPower);
  if (index === 1024 * perPower) return Number.MAX_VALUE;
  if (schema <= 0) return scaledByPower(1, exponent);
  const fraction = index - exponent * perPower;
  return scaledByPower(POWERS[schema][fraction], exponent);
}

export const isCustom = (h: NativeHistogram) => h.schema === CUSTOM_SCHEMA;

const NO_BOUNDS = new Float64Array(0);

/** The custom bounds of a histogram, ascending, without +Inf; none for exponential schemas. */
export const customBoundsOf = (h: NativeHistogram) => h.customValues ?? NO_BOUNDS;

/** Upper bound of positive bucket `index`; that of index −1 is the lower bound of bucket 0. */
export function upperBound(h: NativeHistogram, index: number): number {
  if (!isCustom(h)) return exponentialBound(index, h.schema);
  const bounds = customBoundsOf(h);
  if (index < 0) return -Infinity;
  return index < bounds.length ? bounds[index] : Infinity;
}

export function sameBounds(a: Float64Array, b: Float64Array): boolean {
  return a === b || (a.length === b.length && a.every((v, i) => v === b[i]));
}
