import { quantileOfRepaired } from '../histogram/classic.ts';
import type { HeatmapModel, OverlayLine } from './model.ts';

/** `p50`, `p99.9`: a quantile's name as people say it. */
export function quantileName(q: number): string {
  return `p${Number((q * 100).toPrecision(12))}`;
}

/**
 * Quantiles of every slice, from the cells that are drawn: the same numbers as `histogram_quantile` over the same buckets.
 *
 * @param qs fractions in [0, 1].
 * @returns a line for each q, in the unit of the y axis, one value a slice at the slice's end, with the bounds of the bucket that it lies in; NaN where
 * nothing was observed.
 */
export function quantileLines(model: HeatmapModel, qs: readonly number[]): OverlayLine[] {
  const slices = Math.max(0, model.xEdges.length - 1);
  const times = model.xEdges.slice(1);
  const empty = () => new Float64Array(slices).fill(NaN);
  const lines = qs.map((q) => ({ name: quantileName(q), times, values: empty(), lows: empty(), highs: empty() }));
  const column = model.interpolation === 'exponential' ? new ExponentialColumn(model) : new CumulativeColumn(model);
  for (let x = 0; x < slices; x++) {
    if (!column.load(x)) continue;
    for (let k = 0; k < qs.length; k++) {
      const value = column.quantile(qs[k]);
      lines[k].values[x] = value;
      [lines[k].lows[x], lines[k].highs[x]] = bucketOfRank(model, x, qs[k] * column.total);
    }
  }
  return lines;
}

/** The bounds of the bucket that holds a rank: where the quantile certainly lies. */
export function bucketOfRank(model: HeatmapModel, slice: number, rank: number): readonly [low: number, high: number] {
  const { yEdges, counts, joined } = model;
  const rows = yEdges.length - 1;
  const base = slice * rows;
  let seen = 0;
  let row = -1;
  for (let y = 0; y < rows; y++) {
    if (!(counts[base + y] > 0)) continue;
    row = y;
    seen += counts[base + y];
    // Sums of rates end a little beside the rank that they should meet.
    if (seen >= rank * (1 - 1e-12)) break;
  }
  if (row < 0) return [NaN, NaN];
  let from = row;
  let to = row + 1;
  while (from > 0 && joined?.[base + from - 1] === 1) from--;
  while (to < rows && joined?.[base + to - 1] === 1) to++;
  return [yEdges[from], yEdges[to]];
}

/** Quantiles of one slice at a time. */
interface Column {
  /** False if nothing was observed in the slice. */
  load(slice: number): boolean;
  /** Observations of the slice. */
  readonly total: number;
  quantile(q: number): number;
}

/** One slice as upper bounds and cumulative counts, which is how quantiles of classic histograms are asked. */
class CumulativeColumn implements Column {
  private readonly model: HeatmapModel;
  private readonly rows: number;
  /** 1 where the first row's lower bound is a true bound: it then stands as a bucket of its own, below which nothing lies. */
  private readonly lead: number;
  private readonly bounds: Float64Array;
  private readonly cumulative: Float64Array;
  /** How many of them the slice at hand has: where rows are joined, a slice has fewer bounds than there are rows. */
  private length: number;
  total = 0;

  constructor(model: HeatmapModel) {
    this.model = model;
    this.rows = Math.max(0, model.yEdges.length - 1);
    this.lead = model.openBottom || model.yEdges[0] === -Infinity ? 0 : 1;
    const uppers = model.yEdges.subarray(1 - this.lead);
    this.bounds = model.openTop ? uppers.slice() : Float64Array.of(...uppers, Infinity);
    this.cumulative = new Float64Array(this.bounds.length);
    this.length = this.bounds.length;
  }

  load(slice: number): boolean {
    const { counts, joined, yEdges, openTop } = this.model;
    let sum = 0;
    let n = this.lead;
    for (let y = 0; y < this.rows; y++) {
      const at = slice * this.rows + y;
      if (counts[at] > 0) sum += counts[at];
      if (joined?.[at] === 1) continue;
      this.bounds[n] = yEdges[y + 1];
      this.cumulative[n++] = sum;
    }
    if (!openTop) {
      this.bounds[n] = Infinity;
      this.cumulative[n++] = sum;
    }
    this.length = n;
    this.total = sum;
    return sum > 0;
  }

  quantile(q: number): number {
    if (Number.isNaN(q)) return NaN;
    if (q < 0) return -Infinity;
    if (q > 1) return Infinity;
    const value = quantileOfRepaired(q, this.bounds, this.cumulative, this.length);
    if (!Number.isNaN(value) || this.lead === 0) return value;
    // Rank 0 in front of a true lower bound: the least observation is at best where the first bucket with any begins.
    return this.bounds[Math.max(0, this.cumulative.findIndex((sum) => sum > 0) - 1)];
  }
}

/**
 * One slice of exponential buckets: observations lie evenly in the logarithm, around zero evenly in value; a zero bucket reaches only to the side
 * on which there are observations. Source: Prometheus promql/quantile.go, histogramQuantile.
 */
class ExponentialColumn implements Column {
  private readonly model: HeatmapModel;
  private readonly rows: number;
  private counts: Float64Array = new Float64Array(0);
  total = 0;

  constructor(model: HeatmapModel) {
    this.model = model;
    this.rows = Math.max(0, model.yEdges.length - 1);
  }

  load(slice: number): boolean {
    this.counts = this.model.counts.subarray(slice * this.rows, (slice + 1) * this.rows);
    this.total = 0;
    for (const count of this.counts) if (count > 0) this.total += count;
    return this.total > 0;
  }

  quantile(q: number): number {
    if (Number.isNaN(q)) return NaN;
    if (q < 0) return -Infinity;
    if (q > 1) return Infinity;
    // The lower half is counted from below and the upper from above, so that a rank between two buckets goes to the outer one.
    const fromBelow = q < 0.5;
    const rank = (fromBelow ? q : 1 - q) * this.total;
    let seen = 0;
    let row = -1;
    for (let i = 0; i < this.rows; i++) {
      const y = fromBelow ? i : this.rows - 1 - i;
      if (!(this.counts[y] > 0)) continue;
      row = y;
      seen += this.counts[y];
      if (seen >= rank) break;
    }
    const inside = (fromBelow ? rank - (seen - this.counts[row]) : seen - rank) / this.counts[row];
    return this.valueInside(row, Math.min(1, Math.max(0, inside)));
  }

  private valueInside(row: number, share: number): number {
    let lower = this.model.yEdges[row];
    let upper = this.model.yEdges[row + 1];
    if (lower < 0 && upper > 0) {
      if (!this.hasCounts(0, row)) lower = 0;
      else if (!this.hasCounts(row + 1, this.rows)) upper = 0;
    }
    if (upper === Infinity) return lower;
    if (lower === -Infinity) return upper;
    if (lower <= 0 && upper >= 0) return lower + (upper - lower) * share;
    return Math.sign(lower) * Math.abs(lower) ** (1 - share) * Math.abs(upper) ** share;
  }

  private hasCounts(from: number, to: number): boolean {
    for (let y = from; y < to; y++) if (this.counts[y] > 0) return true;
    return false;
  }
}
