import type { BucketLayout } from '../../shared/histogram/layout.ts';

/** Layouts of an answer: those with the same buckets are one. */
export class SharedLayouts {
  readonly #known = new Map<string, BucketLayout>();

  get(layout: BucketLayout): BucketLayout {
    const { kind, schema, zeroThreshold, zeroBucket, le, bounds } = layout;
    const bits = new BigUint64Array(bounds.buffer, bounds.byteOffset, bounds.length);
    const key = `${kind} ${schema} ${zeroThreshold} ${zeroBucket} ${bits.join()} ${JSON.stringify(le)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, layout);
    return layout;
  }
}
