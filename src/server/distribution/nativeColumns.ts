/** Native histograms over time → the columns of a distribution. */
import type { GroupColumns } from '../../shared/api/distributionColumns.ts';
import { customBoundsOf, isCustom } from '../../shared/histogram/bounds.ts';
import { bucketsOf, zeroBucketOf, type Bucket } from '../../shared/histogram/buckets.ts';
import { nativeFraction, nativeQuantile } from '../../shared/histogram/distribution.ts';
import type { BucketLayout } from '../../shared/histogram/layout.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { Readings } from './readings.ts';
import type { SharedLayouts } from './sharedLayouts.ts';

/**
 * @param slices what was observed in each; undefined is no data.
 * @param resets by slice.
 */
export function nativeColumns(
  slices: readonly (NativeHistogram | undefined)[],
  resets: Float64Array | undefined,
  { quantiles, limits }: Readings,
  shared: SharedLayouts,
): GroupColumns {
  const column = () => new Float64Array(slices.length).fill(NaN);
  const group = {
    layoutOf: column(),
    total: column(),
    mean: column(),
    resets: resets && column(),
    quantiles: quantiles.map(column),
    shares: limits.map(column),
  };
  const kinds = new Map<string, SeenBuckets>();
  const seen = slices.map((h) => {
    if (h === undefined) return undefined;
    const key = isCustom(h) ? `custom ${customBoundsOf(h).join()}` : `${h.schema} ${h.zeroThreshold}`;
    let kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, (kind = new SeenBuckets(h)));
    const buckets = bucketsOf(h).filter(({ count }) => count !== 0);
    kind.add(buckets);
    return { kind, buckets };
  });
  const layouts: BucketLayout[] = [];
  const placed = new Map([...kinds.values()].map((kind) => [kind, kind.placed(shared)]));
  for (const { layout } of placed.values()) if (!layouts.includes(layout)) layouts.push(layout);
  const parts: Float64Array[] = [];
  slices.forEach((h, x) => {
    if (h === undefined) return;
    const { kind, buckets } = seen[x]!;
    const { layout, placeOf } = placed.get(kind)!;
    const counts = new Float64Array(layout.bounds.length - 1);
    for (const bucket of buckets) counts[placeOf(bucket)] = bucket.count;
    parts.push(counts);
    group.layoutOf[x] = layouts.indexOf(layout);
    group.total[x] = h.count;
    if (h.count > 0) group.mean[x] = h.sum / h.count;
    if (resets !== undefined) group.resets![x] = resets[x];
    quantiles.forEach((q, k) => (group.quantiles[k][x] = nativeQuantile(q, h).value));
    limits.forEach((limit, k) => (group.shares[k][x] = nativeFraction(-Infinity, limit, h)));
  });
  return { layouts, counts: joined(parts), ...group };
}

interface Placed {
  readonly layout: BucketLayout;
  /** Which of its buckets one is. */
  readonly placeOf: (bucket: Bucket) => number;
}

/** The buckets of histograms whose bounds are of one family: a schema with a zero threshold, or the same custom bounds. */
class SeenBuckets {
  readonly #like: NativeHistogram;
  readonly #bounds = new Set<number>();
  #zero: Bucket | undefined;

  constructor(like: NativeHistogram) {
    this.#like = like;
    if (isCustom(like)) for (const bound of [-Infinity, ...customBoundsOf(like), Infinity]) this.#bounds.add(bound);
  }

  add(buckets: readonly Bucket[]): void {
    for (const bucket of buckets) {
      if (isZeroBucket(bucket, this.#like)) this.#zero = bucket;
      this.#bounds.add(bucket.lower + 0);
      this.#bounds.add(bucket.upper + 0);
    }
  }

  placed(shared: SharedLayouts): Placed {
    // Where nothing was observed at all, the zero bucket says so.
    if (this.#bounds.size === 0) this.add([zeroBucketOf(this.#like)]);
    const bounds = [...this.#bounds].sort((a, b) => a - b);
    if (isCustom(this.#like)) return this.#places(shared.get({ kind: 'custom', bounds: Float64Array.from(bounds) }));
    // A zero bucket without width begins and ends at 0.
    if (this.#zero?.upper === 0) bounds.splice(bounds.indexOf(0), 0, 0);
    const zeroBucket = this.#zero === undefined ? undefined : bounds.indexOf(this.#zero.lower + 0);
    const { schema, zeroThreshold } = this.#like;
    const layout: BucketLayout = { kind: 'exponential', schema, zeroThreshold, bounds: Float64Array.from(bounds) };
    return this.#places(shared.get(zeroBucket === undefined ? layout : { ...layout, zeroBucket }));
  }

  #places(layout: BucketLayout): Placed {
    // Of two bounds that are the same the later one counts: the bucket between them, which has both, is known as the zero bucket.
    const places = new Map(Array.from(layout.bounds, (bound, y) => [bound, y]));
    const placeOf = (bucket: Bucket) =>
      isZeroBucket(bucket, this.#like) ? layout.zeroBucket! : places.get(bucket.lower + 0)!;
    return { layout, placeOf };
  }
}

const isZeroBucket = ({ lowerInclusive, upperInclusive }: Bucket, of: NativeHistogram): boolean =>
  !isCustom(of) && lowerInclusive && upperInclusive;

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
