import { tooLargeFor } from './fromBuckets.ts';
import { JoinedRows, partOfBucket } from './joined.ts';
import type { EmptyHeatmap, HeatmapModel } from './model.ts';
import { boundIndex, distinctBounds, distinctSorted, isSameBound, isTime, slicesOf } from './slices.ts';

/** Cells as a list: native histograms over time, or any other heatmap. All columns of one length, in any order. */
export interface CellList {
  /** Milliseconds: the end of the cell's slice. */
  readonly times: ArrayLike<number>;
  /** Bucket bounds in the metric's unit; the cell covers (lower, upper]. */
  readonly lowers: ArrayLike<number>;
  readonly uppers: ArrayLike<number>;
  /** NaN is no data. */
  readonly counts: ArrayLike<number>;
  readonly countUnit: HeatmapModel['countUnit'];
  readonly unit: string;
  readonly stepMs?: number;
  /** See the model; by default exponential if all bounds are those of exponential histograms. */
  readonly interpolation?: HeatmapModel['interpolation'];
  readonly title?: string;
}

/**
 * A heatmap whose rows are all bounds that occur. A cell that covers several rows, because the layout of the buckets changes within the range,
 * is divided among them as quantiles divide it, and the rows are joined; sums stay. Buckets that a slice does not mention are 0 there.
 */
export function heatmapFromCells(cells: CellList): HeatmapModel | EmptyHeatmap {
  const { times, lowers, uppers, counts } = cells;
  const kept: number[] = [];
  for (let i = 0; i < times.length; i++) {
    if (isTime(times[i]) && !Number.isNaN(counts[i]) && lowers[i] <= uppers[i]) kept.push(i);
  }
  if (kept.length === 0) return { kind: 'empty', reason: 'no cells in this time range' };
  const stamps = distinctSorted(kept.map((i) => times[i]));
  const yEdges = rowBounds(kept, cells);
  const { xEdges, sliceOf } = slicesOf(stamps, cells.stepMs);
  const rows = yEdges.length - 1;
  const slices = xEdges.length - 1;
  if (rows < 1) return { kind: 'empty', reason: 'nothing was observed in this time range' };
  const tooLarge = tooLargeFor(slices, rows);
  if (tooLarge !== undefined) return tooLarge;
  const interpolation = cells.interpolation ?? (areExponential(kept, cells) ? 'exponential' : 'linear');
  const grid = new Float64Array(slices * rows).fill(NaN);
  for (let i = 0; i < stamps.length; i++) grid.fill(0, sliceOf[i] * rows, (sliceOf[i] + 1) * rows);
  const joined = new JoinedRows(slices, rows);
  const sliceAt = new Map(Array.from(stamps, (time, i) => [time, sliceOf[i]]));
  for (const i of kept) {
    const slice = sliceAt.get(times[i])!;
    const base = slice * rows;
    if (isSameBound(lowers[i], uppers[i])) {
      // A bucket of a single value, such as a zero bucket without width, belongs to the row that holds the value.
      if (counts[i] > 0) grid[base + rowOfValue(yEdges, uppers[i])] += counts[i];
      continue;
    }
    const from = boundIndex(yEdges, lowers[i]);
    const to = boundIndex(yEdges, uppers[i]);
    joined.note(slice, from, to);
    for (let y = from; y < to; y++) grid[base + y] += counts[i] * partOfBucket(yEdges, y, from, to, interpolation);
  }
  return {
    kind: 'heatmap',
    xEdges,
    yEdges,
    counts: grid,
    joined: joined.flags(),
    layoutChanges: joined.changes(),
    countUnit: cells.countUnit,
    unit: cells.unit,
    interpolation,
    openTop: yEdges[rows] === Infinity,
    openBottom: yEdges[0] === -Infinity,
    title: cells.title,
  };
}

/** The bounds of all cells that have a width; where there is none, those of the values at which something was observed. */
function rowBounds(kept: readonly number[], { lowers, uppers, counts }: CellList): Float64Array {
  const wide = kept.filter((i) => !isSameBound(lowers[i], uppers[i]));
  if (wide.length > 0) return distinctBounds(wide.flatMap((i) => [lowers[i], uppers[i]]));
  const values = distinctBounds(kept.filter((i) => counts[i] > 0 && Number.isFinite(uppers[i])).map((i) => uppers[i]));
  return values.length > 0 ? Float64Array.of(-Infinity, ...values) : values;
}

/** The row (lower, upper] that holds a value; the outermost one for values beyond all bounds. */
function rowOfValue(yEdges: Float64Array, value: number): number {
  let row = 0;
  while (row < yEdges.length - 2 && yEdges[row + 1] < value) row++;
  return row;
}

const SCHEMA_MIN = -4;
const SCHEMA_MAX = 8;
const NEARLY = 1e-6;

/**
 * Whether all bounds are powers of 2^(2^-schema), neighbours in a cell, as in exponential native histograms; the zero bucket may be any.
 * Source: Prometheus' native histogram specification.
 */
function areExponential(kept: readonly number[], { lowers, uppers }: CellList): boolean {
  let found = false;
  for (const i of kept) {
    if (lowers[i] <= 0 && uppers[i] >= 0) continue;
    const [near, far] = [Math.abs(lowers[i]), Math.abs(uppers[i])].sort((a, b) => a - b);
    const step = Math.log2(far / near);
    const schema = -Math.log2(step);
    const power = Math.log2(far) / step;
    const fits =
      Math.abs(schema - Math.round(schema)) < NEARLY &&
      Math.abs(power - Math.round(power)) < NEARLY * Math.max(1, Math.abs(power));
    if (!fits || schema < SCHEMA_MIN - NEARLY || schema > SCHEMA_MAX + NEARLY) return false;
    found = true;
  }
  return found;
}
