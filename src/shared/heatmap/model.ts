/** What a cell's number is: observations, observations a second, or the share of the slice's observations less that of what it is compared with. */
export type CountUnit = 'count' | 'perSecond' | 'shareDifference';

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
  readonly countUnit: CountUnit;
  /** Unit of the bounds as Grafana names it: s, ms, µs, bytes, short … */
  readonly unit: string;
  /** The last bucket reaches to +Infinity. */
  readonly openTop: boolean;
  /** The first bucket's lower bound is not a bucket bound of the histogram (a classic histogram's first bucket starts at 0 or -Infinity). */
  readonly openBottom: boolean;
  /** How observations are taken to lie inside a bucket: evenly (classic and custom buckets, the default), or evenly in their logarithm (exponential ones). */
  readonly interpolation?: 'linear' | 'exponential';
  /** At x * Y + y: 1 where bucket y and the one above are one bucket of slice x, whose own bounds were fewer. Undefined where none are. */
  readonly joined?: Uint8Array;
  /** Slices from which on the buckets' bounds differ from those before. */
  readonly layoutChanges?: readonly number[];
  /** Slices in which the counters under the observations began anew. */
  readonly resets?: readonly number[];
  /** The x axis is the time of a day or of a week, in milliseconds from its begin. */
  readonly fold?: 'day' | 'week';
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
  /** What is certain of each value: it lies over `lows` and at most at `highs`, the bounds of its bucket. */
  readonly lows?: Float64Array;
  readonly highs?: Float64Array;
  /** Lines of one group have one colour; by default each has its own. */
  readonly group?: number;
}
