/** The buckets that a histogram has at a time. Bounds are in the metric's unit. */
export interface BucketLayout {
  /** `classic`: series by `le`. Native ones have bounds of their own (`custom`) or powers of two (`exponential`). */
  readonly kind: 'classic' | 'custom' | 'exponential';
  /**
   * Ascending, length B + 1; bucket y covers (bounds[y], bounds[y + 1]]. Of exponential buckets those that hold something in no slice are left out: between
   * two others they are one.
   */
  readonly bounds: Float64Array;
  /** Of classic buckets: the upper bounds as the label `le` spells them. Length B. */
  readonly le?: readonly string[];
  /** Of exponential buckets: a bound is 2^(2^-schema) times the one before. */
  readonly schema?: number;
  /** Of exponential buckets: what is no farther from 0 is in the zero bucket. */
  readonly zeroThreshold?: number;
  /** Which bucket is the zero bucket; undefined where it holds nothing in any slice. */
  readonly zeroBucket?: number;
}
