/**
 * A native histogram sample: exponential (schema −4…8) or with custom bounds (schema −53).
 * Source: Prometheus' native histogram specification.
 */
export interface Span {
  /** Gap to the bucket after the previous span; for the first span the index of its first bucket. */
  readonly offset: number;
  readonly length: number;
}

export interface NativeHistogram {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly count: number;
  readonly sum: number;
  readonly positiveSpans: readonly Span[];
  readonly negativeSpans: readonly Span[];
  /** Absolute (not delta) counts, one for each bucket that a span covers. */
  readonly positiveBuckets: Float64Array;
  readonly negativeBuckets: Float64Array;
  /** Ascending upper bounds without +Inf; only for schema −53. */
  readonly customValues?: Float64Array;
  readonly counterReset: 'unknown' | 'reset' | 'notReset' | 'gauge';
}

/** What a histogram was before its first observation: upstream's form of it. */
export function withoutObservations({ schema, zeroThreshold, customValues }: NativeHistogram): NativeHistogram {
  const none = { zeroCount: 0, count: 0, sum: 0, positiveSpans: [], negativeSpans: [] };
  const buckets = { positiveBuckets: new Float64Array(0), negativeBuckets: new Float64Array(0) };
  const empty = { schema, zeroThreshold, ...none, ...buckets, counterReset: 'reset' as const };
  return customValues === undefined ? empty : { ...empty, customValues };
}
