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
  const column = new CumulativeColumn(model);
  for (let x = 0; x < slices; x++) {
    if (!column.load(x)) continue;
    for (let k = 0; k < qs.length; k++) lines[k].values[x] = column.quantile(qs[k]);
  }
  return lines;
}

/** One slice of a model as upper bounds and cumulative counts, which is how quantiles are asked. */
class CumulativeColumn {
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

  /** False if nothing was observed in the slice. */
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
