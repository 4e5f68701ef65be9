/** What an OTLP request says, whatever it was written in. Source: opentelemetry/proto/metrics/v1/metrics.proto of OpenTelemetry. */

/** A value of an attribute. Whole numbers beyond 2^53 are bigints, bytes are base64. */
export type AttributeValue =
  string | number | bigint | boolean | null | readonly AttributeValue[] | ReadonlyMap<string, AttributeValue>;

/** Names and values as texts, in the order of the request. */
export type Attributes = readonly (readonly [key: string, text: string])[];

export interface OtlpExemplar {
  readonly attributes: Attributes;
  /** Milliseconds. */
  readonly t: number;
  readonly v: number;
  /** Hexadecimal; '' for none. */
  readonly traceId: string;
  readonly spanId: string;
}

/** Times are whole milliseconds; `nanos` is what they leave of `t`, for the order of points alone. */
export interface Point {
  readonly attributes: Attributes;
  readonly start: number;
  readonly t: number;
  readonly nanos: number;
  /** The series ended: there is no value. */
  readonly isMissing: boolean;
  readonly exemplars: readonly OtlpExemplar[];
}

export interface NumberPoint extends Point {
  readonly v: number;
}

export interface HistogramPoint extends Point {
  readonly count: number;
  readonly sum: number | undefined;
  /** Ascending, without +Inf. */
  readonly bounds: readonly number[];
  /** Observations in each bucket, not cumulative; one more than bounds, or none. */
  readonly counts: readonly number[];
}

/** Neighbouring buckets; bucket `offset` is the first of them. */
export interface DenseBuckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

export interface ExponentialPoint extends Point {
  readonly count: number;
  readonly sum: number | undefined;
  /** Bucket i holds what is above base^i and at most base^(i + 1), for base = 2^(2^−scale). */
  readonly scale: number;
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positive: DenseBuckets;
  readonly negative: DenseBuckets;
}

export interface SummaryPoint extends Point {
  readonly count: number;
  readonly sum: number;
  readonly quantiles: readonly { readonly quantile: number; readonly v: number }[];
}

export type Temporality = 'unspecified' | 'delta' | 'cumulative';
/** By their numbers. */
export const TEMPORALITIES: readonly Temporality[] = ['unspecified', 'delta', 'cumulative'];

export type MetricData =
  | { readonly kind: 'gauge'; readonly points: readonly NumberPoint[] }
  | {
      readonly kind: 'sum';
      readonly points: readonly NumberPoint[];
      readonly temporality: Temporality;
      readonly isMonotonic: boolean;
    }
  | { readonly kind: 'histogram'; readonly points: readonly HistogramPoint[]; readonly temporality: Temporality }
  | { readonly kind: 'exponential'; readonly points: readonly ExponentialPoint[]; readonly temporality: Temporality }
  | { readonly kind: 'summary'; readonly points: readonly SummaryPoint[] };

export interface OtlpMetric {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  /** undefined for a kind that did not exist when this was written. */
  readonly data: MetricData | undefined;
}

export interface ScopeMetrics {
  readonly name: string;
  readonly version: string;
  readonly schemaUrl: string;
  readonly attributes: Attributes;
  readonly metrics: readonly OtlpMetric[];
}

export interface ResourceMetrics {
  readonly attributes: Attributes;
  readonly scopes: readonly ScopeMetrics[];
}

/** Bit of a point's flags. */
export const NO_RECORDED_VALUE = 1;

/** Lists and maps in values, in each other. */
const DEPTH_MAX = 64;

/** @throws OtlpError for a value too deep inside of others. */
export function checkDepth(depth: number): void {
  if (depth > DEPTH_MAX) throw new OtlpError(`an attribute is a value in a value more than ${DEPTH_MAX} times`);
}

/** The request is not one of OTLP. */
export class OtlpError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OtlpError';
  }
}
