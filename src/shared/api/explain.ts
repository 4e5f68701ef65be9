/** The JSON of /api/v1/distribution and /api/v1/explain. Times are seconds; bounds and limits are texts ("0.1", "+Inf"); null is no data. */

export interface ApiDistribution {
  /** The PromQL whose answer the counts are. */
  expr: string;
  /** Seconds that each slice's counts look back: the window of `increase`. */
  window: number;
  groups: ApiDistributionGroup[];
}

/** One histogram over time: of one value each of the labels in `by`. */
export interface ApiDistributionGroup {
  metric: Record<string, string>;
  /** Slice i lies between edges[i] and edges[i + 1]. */
  edges: number[];
  /** Bucket j holds what is over bounds[j] and at most bounds[j + 1]. */
  bounds: string[];
  /** counts[i][j]: observations in slice i, bucket j; null for slices without data. */
  counts: (number[] | null)[];
  /** Slices without data. */
  gaps: number[];
  /** Observations of each slice. */
  total: (number | null)[];
  /** Mean of each slice's observations; left out where the histogram has no sum. */
  mean?: (number | null)[];
  /** By quantile as asked, of each slice. */
  quantiles: Record<string, (number | null)[]>;
  /** By limit as asked, the share of each slice's observations that are not over it. */
  shares: Record<string, (number | null)[]>;
}

export interface ApiBox {
  from: number;
  to: number;
  lower: string;
  upper: string;
}

export type ApiBaselineKind = 'rest' | 'sameTime' | 'earlier' | 'box' | 'before' | 'value';

export interface ApiExplanation {
  /** Without its name's `_bucket`. */
  metric: string;
  /** As asked, widened to slices and to bounds of classic buckets. */
  box: ApiBox & { count: number };
  /** `box` is what the baseline covers, where it is one box. */
  baseline: { kind: ApiBaselineKind; count: number; box?: ApiBox };
  /** What both sides are called in the readings. */
  words: { inside: string; baseline: string };
  headline: string;
  cautions: string[];
  labelSets: number;
  labels: ApiExplainedLabel[];
}

export interface ApiExplainedLabel {
  label: string;
  score: number;
  /** Labels that divide the series in exactly the same way. */
  sameSplit: string[];
  /** Of all values, those listed are the ones that differ most. */
  valueCount: number;
  values: ApiExplainedValue[];
}

export interface ApiExplainedValue {
  /** '' for series without the label. */
  value: string;
  inside: number;
  baseline: number;
  /** null where the side has no observations. */
  shareInside: number | null;
  shareBaseline: number | null;
  /** Above 0: holds more inside; below: less; 0: the counts do not say. */
  score: number;
  isNew: boolean;
  same: { label: string; value: string }[];
  reading: string;
}
