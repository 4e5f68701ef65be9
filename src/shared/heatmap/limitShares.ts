/** How many observations stay under a limit, such as a service level's latency, from the cells that are drawn. */
import type { HeatmapModel } from './model.ts';

/** Shares are fractions in [0, 1]; NaN where nothing was observed. */
export interface LimitShares {
  /** In the unit of the y axis. */
  readonly limit: number;
  /** At or under the limit, by slice: what `histogram_fraction(-Inf, limit, …)` gives over the same buckets. Length X. */
  readonly bySlice: Float64Array;
  /** Of all slices together. */
  readonly share: number;
  /** What is certain of `share`, wherever in its bucket each observation lies: equal where the limit is a bucket bound. */
  readonly least: number;
  readonly most: number;
}

/** @param limits in the unit of the y axis. Never throws. */
export function limitShares(model: HeatmapModel, limits: readonly number[]): LimitShares[] {
  return limits.map((limit) => sharesUnder(model, limit));
}

interface Ranks {
  total: number;
  under: number;
  least: number;
  most: number;
}

function sharesUnder(model: HeatmapModel, limit: number): LimitShares {
  const rows = Math.max(0, model.yEdges.length - 1);
  const slices = Math.max(0, model.xEdges.length - 1);
  const bySlice = new Float64Array(slices).fill(NaN);
  const all: Ranks = { total: 0, under: 0, least: 0, most: 0 };
  for (let x = 0; x < slices; x++) {
    const slice = ranksOf(model, model.counts.subarray(x * rows, (x + 1) * rows), limit);
    if (slice.total > 0) bySlice[x] = slice.under / slice.total;
    all.total += slice.total;
    all.under += slice.under;
    all.least += slice.least;
    all.most += slice.most;
  }
  const of = (rank: number) => (all.total > 0 ? rank / all.total : NaN);
  return { limit, bySlice, share: of(all.under), least: of(all.least), most: of(all.most) };
}

function ranksOf(model: HeatmapModel, counts: Float64Array, limit: number): Ranks {
  const { yEdges } = model;
  const ranks: Ranks = { total: 0, under: 0, least: 0, most: 0 };
  for (let y = 0; y < counts.length; y++) {
    const count = counts[y];
    if (!(count > 0)) continue;
    ranks.total += count;
    if (yEdges[y + 1] <= limit) {
      ranks.under += count;
      ranks.least += count;
      ranks.most += count;
    } else if (yEdges[y] < limit) {
      ranks.under += count * shareInside(model, counts, y, limit);
      ranks.most += count;
    }
  }
  return ranks;
}

/** Of the observations in row y, the share below a limit between its bounds. Source: Prometheus promql/quantile.go, fractions. */
function shareInside(model: HeatmapModel, counts: Float64Array, y: number, limit: number): number {
  const { yEdges } = model;
  let lower = yEdges[y];
  let upper = yEdges[y + 1];
  if (model.interpolation !== 'exponential') {
    // The first bucket of a classic histogram begins at 0 where its bound is positive.
    if (y === 0 && model.openBottom && lower === -Infinity && upper > 0) lower = 0;
    if (limit <= lower) return 0;
    if (lower === -Infinity) return 1;
    return upper === Infinity ? 0 : (limit - lower) / (upper - lower);
  }
  if (lower < 0 && upper > 0) {
    // A zero bucket reaches only to the side on which there are observations.
    if (!hasCounts(counts, 0, y)) lower = 0;
    else if (!hasCounts(counts, y + 1, counts.length)) upper = 0;
  }
  if (limit <= lower) return 0;
  if (limit >= upper) return 1;
  if (lower === -Infinity) return 1;
  if (upper === Infinity) return 0;
  if (lower <= 0 && upper >= 0) return (limit - lower) / (upper - lower);
  const [logLower, logUpper, logLimit] = [lower, upper, limit].map((value) => Math.log2(Math.abs(value)));
  return (logLimit - logLower) / (logUpper - logLower);
}

function hasCounts(counts: Float64Array, from: number, to: number): boolean {
  for (let y = from; y < to; y++) if (counts[y] > 0) return true;
  return false;
}
