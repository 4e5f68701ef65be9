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
 * @returns a line for each q, in the unit of the y axis, one value a slice at the slice's end; NaN where nothing was observed.
 */
export function quantileLines(model: HeatmapModel, qs: readonly number[]): OverlayLine[] {
  const slices = Math.max(0, model.xEdges.length - 1);
  const times = model.xEdges.slice(1);
  const lines = qs.map((q) => ({ name: quantileName(q), times, values: new Float64Array(slices).fill(NaN) }));
  const column = model.interpolation === 'exponential' ? new ExponentialColumn(model) : new CumulativeColumn(model);
  for (let x = 0; x < slices; x++) {
    if (!column.load(x)) continue;
    for (let k = 0; k < qs.length; k++) lines[k].values[x] = column.quantile(qs[k]);
  }
  return lines;
}

/** Quantiles of one slice at a time. */
interface Column {
  /** False if nothing was observed in the slice. */
  load(slice: number): boolean;
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

  constructor(model: HeatmapModel) {
    this.model = model;
    this.rows = Math.max(0, model.yEdges.length - 1);
    this.lead = model.openBottom || model.yEdges[0] === -Infinity ? 0 : 1;
    const uppers = model.yEdges.subarray(1 - this.lead);
    this.bounds = model.openTop ? uppers : Float64Array.of(...uppers, Infinity);
    this.cumulative = new Float64Array(this.bounds.length);
  }

  load(slice: number): boolean {
    let sum = 0;
    for (let y = 0; y < this.rows; y++) {
      const count = this.model.counts[slice * this.rows + y];
      if (count > 0) sum += count;
      this.cumulative[y + this.lead] = sum;
    }
    if (!this.model.openTop) this.cumulative[this.cumulative.length - 1] = sum;
    return sum > 0;
  }

  quantile(q: number): number {
    if (Number.isNaN(q)) return NaN;
    if (q < 0) return -Infinity;
    if (q > 1) return Infinity;
    const value = quantileOfRepaired(q, this.bounds, this.cumulative, this.bounds.length);
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
  private total = 0;

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
