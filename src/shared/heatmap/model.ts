/**
 * What a heatmap draws: counts of observations by time slice and bucket, with the true bounds of both. Pure data; made by the panel from frames, by
 * the web UI from the API, and by tests by hand; laid out and rastered by `viz`.
 */
export interface HeatmapModel {
  readonly kind: 'heatmap';
  /** Slice bounds in milliseconds, ascending. Length X + 1; slice x covers (xEdges[x], xEdges[x + 1]]. */
  readonly xEdges: Float64Array;
  /**
   * Bucket bounds in the metric's unit, ascending. Length Y + 1. The first may be -Infinity or 0 (see openBottom), the last +Infinity (openTop).
   * Bucket y covers (yEdges[y], yEdges[y + 1]].
   */
  readonly yEdges: Float64Array;
  /** Observations (or observations a second, see countUnit) in slice x, bucket y at x * Y + y; NaN where there is no data, 0 where nothing was observed. */
  readonly counts: Float64Array;
  readonly countUnit: 'count' | 'perSecond';
  /** Unit of the bounds as Grafana names it: s, ms, µs, bytes, short … */
  readonly unit: string;
  /** The last bucket reaches to +Infinity. */
  readonly openTop: boolean;
  /** The first bucket's lower bound is not a bucket bound of the histogram (a classic histogram's first bucket starts at 0 or -Infinity). */
  readonly openBottom: boolean;
  /** How observations are taken to lie inside a bucket: evenly (classic and custom buckets, the default), or evenly in their logarithm (exponential ones). */
  readonly interpolation?: 'linear' | 'exponential';
  /** Shown above the map: the label set that this histogram stands for. */
  readonly title?: string;
}

export interface EmptyHeatmap {
  readonly kind: 'empty';
  /** Why there is nothing to draw, in words for the user. */
  readonly reason: string;
}

/** A line over the cells, in the unit of the y axis; NaN leaves a gap. Same x as the slices: value i stands at the end of slice i. */
export interface OverlayLine {
  readonly name: string;
  /** Milliseconds, ascending. */
  readonly times: Float64Array;
  readonly values: Float64Array;
}
