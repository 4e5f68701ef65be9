/** A group of the distribution API → what the renderer draws. */
import { eachSlice, resetTimes, type GroupColumns } from '../api/distributionColumns.ts';
import { classicHeatmap, tooLargeFor } from './fromBuckets.ts';
import { withResets } from './counters.ts';
import { heatmapFromCells } from './fromCells.ts';
import { JoinedRows, partOfBucket } from './joined.ts';
import { limitShares, type LimitShares } from './limitShares.ts';
import type { CountUnit, EmptyHeatmap, HeatmapModel, OverlayLine } from './model.ts';
import { bucketOfRank, quantileName } from './quantileLines.ts';
import { boundIndex, distinctBounds } from './slices.ts';

export interface FromDistribution {
  readonly group: GroupColumns;
  /** Of its slices, milliseconds, length S + 1. */
  readonly edges: Float64Array;
  /** Counts are divided by the window where they are to be a second's. */
  readonly windowSeconds: number;
  readonly countUnit: Exclude<CountUnit, 'shareDifference'>;
  /** Of the bounds, as Grafana names it. */
  readonly unit: string;
  readonly title?: string;
}

/** The same model as from the series of the PromQL query that the distribution stands for. */
export function heatmapFromDistribution(input: FromDistribution): HeatmapModel | EmptyHeatmap {
  const { group, edges, countUnit, unit, title } = input;
  const { layouts } = group;
  if (layouts.length === 0) return { kind: 'empty', reason: 'no samples in this time range' };
  const divisor = countUnit === 'perSecond' ? input.windowSeconds : 1;
  if (layouts.some(({ kind }) => kind !== 'classic')) {
    const stepMs = edges[1] - edges[0];
    const model = heatmapFromCells({ ...cellsOf(input, divisor), countUnit, unit, stepMs, title });
    return model.kind === 'empty' ? model : withResets(model, resetTimes(group, edges));
  }
  const yEdges =
    layouts.length === 1 ? layouts[0].bounds : distinctBounds(layouts.flatMap(({ bounds }) => [...bounds]));
  const rows = yEdges.length - 1;
  const slices = edges.length - 1;
  const tooLarge = tooLargeFor(slices, rows);
  if (tooLarge !== undefined) return tooLarge;
  const counts = new Float64Array(slices * rows).fill(NaN);
  const joined = new JoinedRows(slices, rows);
  const places = new Map(layouts.map((layout) => [layout, layout.bounds.map((bound) => boundIndex(yEdges, bound))]));
  eachSlice(group, (x, layout, at) => {
    const base = x * rows;
    const rowOf = places.get(layout)!;
    for (let y = 0; y + 1 < rowOf.length; y++) {
      const [from, to] = [rowOf[y], rowOf[y + 1]];
      const count = group.counts[at + y] / divisor;
      joined.note(x, from, to);
      for (let row = from; row < to; row++) counts[base + row] = count * partOfBucket(yEdges, row, from, to);
    }
  });
  const model = classicHeatmap({ xEdges: edges, yEdges, counts, countUnit, unit, title }, joined);
  return withResets(model, resetTimes(group, edges));
}

/** Native buckets that hold something; a slice in which nothing was observed still says that nothing was. */
function cellsOf({ group, edges }: FromDistribution, divisor: number) {
  const cells = { times: [] as number[], lowers: [] as number[], uppers: [] as number[], counts: [] as number[] };
  const add = (time: number, lower: number, upper: number, count: number) => {
    cells.times.push(time);
    cells.lowers.push(lower);
    cells.uppers.push(upper);
    cells.counts.push(count);
  };
  let areExponential = true;
  eachSlice(group, (x, { kind, bounds }, at) => {
    areExponential &&= kind === 'exponential';
    const before = cells.times.length;
    for (let y = 0; y + 1 < bounds.length; y++) {
      const count = group.counts[at + y];
      if (count !== 0) add(edges[x + 1], bounds[y], bounds[y + 1], count / divisor);
    }
    if (cells.times.length === before) add(edges[x + 1], 0, 0, 0);
  });
  return { ...cells, interpolation: areExponential ? ('exponential' as const) : ('linear' as const) };
}

/**
 * The quantiles of a distribution as lines over its model.
 *
 * @param qs fractions, as they were asked for.
 */
export function linesFromDistribution(
  model: HeatmapModel,
  { group, edges }: Pick<FromDistribution, 'group' | 'edges'>,
  qs: readonly number[],
): OverlayLine[] {
  const times = model.xEdges.slice(1);
  const column = () => new Float64Array(times.length).fill(NaN);
  const sliceAt = placesOf(times);
  const lines = qs.map((q) => ({ name: quantileName(q), times, values: column(), lows: column(), highs: column() }));
  for (let i = 0; i < group.total.length; i++) {
    const x = sliceAt.get(edges[i + 1]);
    if (x === undefined || !(group.total[i] > 0)) continue;
    const total = totalOf(model, x);
    qs.forEach((q, k) => {
      lines[k].values[x] = group.quantiles[k][i];
      [lines[k].lows[x], lines[k].highs[x]] = bucketOfRank(model, x, q * total);
    });
  }
  return lines;
}

/**
 * The shares under limits as the distribution gives them; what the buckets leave open of them is told by the cells.
 *
 * @param limits as they were asked for, in the unit of the y axis.
 */
export function sharesFromDistribution(
  model: HeatmapModel,
  { group, edges }: Pick<FromDistribution, 'group' | 'edges'>,
  limits: readonly number[],
): LimitShares[] {
  const sliceAt = placesOf(model.xEdges.slice(1));
  return limitShares(model, limits).map((drawn, k) => {
    const bySlice = drawn.bySlice.map(() => NaN);
    let total = 0;
    let under = 0;
    for (let i = 0; i < group.total.length; i++) {
      const x = sliceAt.get(edges[i + 1]);
      if (x === undefined || !(group.total[i] > 0)) continue;
      bySlice[x] = group.shares[k][i];
      total += group.total[i];
      under += group.total[i] * group.shares[k][i];
    }
    return { ...drawn, bySlice, share: total > 0 ? under / total : NaN };
  });
}

/** Which slice ends at a time. */
const placesOf = (ends: Float64Array): ReadonlyMap<number, number> => new Map(Array.from(ends, (time, x) => [time, x]));

/** Of the cells of a slice, in their unit. */
function totalOf({ counts, yEdges }: HeatmapModel, slice: number): number {
  const rows = yEdges.length - 1;
  let sum = 0;
  for (let at = slice * rows; at < (slice + 1) * rows; at++) if (counts[at] > 0) sum += counts[at];
  return sum;
}
