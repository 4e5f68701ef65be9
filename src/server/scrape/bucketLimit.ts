/** `native_histogram_bucket_limit` and `native_histogram_min_bucket_factor`. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import {
  EXPONENTIAL_SCHEMA_MIN,
  isExponential,
  reduceSchema,
  schemaOfFactor,
} from '../../shared/histogram/nativeSchema.ts';

export interface BucketLimits {
  /** Buckets a histogram may have, positive and negative together; 0 is no limit. */
  readonly nativeBuckets: number;
  /** Growth from bucket to bucket at least; 0 is no limit. */
  readonly nativeBucketFactorMin: number;
}

/** The histogram at a resolution that keeps the limits, or undefined if the coarsest has too many buckets still. */
export function withinBucketLimits(h: NativeHistogram, limits: BucketLimits): NativeHistogram | undefined {
  let fitting = h;
  if (limits.nativeBucketFactorMin > 1 && isExponential(h))
    fitting = reduceSchema(fitting, schemaOfFactor(limits.nativeBucketFactorMin));
  while (limits.nativeBuckets > 0 && bucketCount(fitting) > limits.nativeBuckets) {
    if (!isExponential(fitting) || fitting.schema <= EXPONENTIAL_SCHEMA_MIN) return undefined;
    fitting = reduceSchema(fitting, fitting.schema - 1);
  }
  return fitting;
}

function bucketCount(h: NativeHistogram): number {
  return h.positiveBuckets.length + h.negativeBuckets.length;
}
