/** What is read from the counts of each slice. */
export interface Readings {
  /** Fractions in [0, 1]. */
  readonly quantiles: readonly number[];
  /** Values in the metric's unit, under each of which the share is told. */
  readonly limits: readonly number[];
}
