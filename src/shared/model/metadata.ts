/** What a scraped page says about a metric family besides its samples. */
export type MetricType =
  'counter' | 'gauge' | 'histogram' | 'gaugehistogram' | 'summary' | 'info' | 'stateset' | 'unknown';

export interface Metadata {
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
}

export interface Exemplar {
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** Observed value, in the metric's unit. */
  readonly v: number;
  /** Milliseconds; absent where the page gave no time. */
  readonly t?: number;
}
