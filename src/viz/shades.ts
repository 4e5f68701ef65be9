import type { HeatmapModel } from '../shared/heatmap/model.ts';
import type { AxisScale, YScaleName } from './axisScale.ts';
import { formatCount, formatShare } from './format.ts';
import type { Grid } from './grid.ts';
import type { Row } from './rows.ts';

/** What a cell's colour tells. */
export type ColorBy = 'count' | 'density' | 'columnShare' | 'totalShare';

/**
 * What is coloured, at x * rows + y, of one slice: the count; the count for each unit of the axis (a decade on a logarithmic one), so that a tall bucket
 * does not look fuller than it is; or a share in [0, 1]. Rows without a true height count as high as they are drawn. Joined rows have the value of their bucket.
 */
export function shadesOf(
  model: HeatmapModel,
  grid: Grid,
  rows: readonly Row[],
  axis: AxisScale,
  colorBy: ColorBy,
): Float64Array {
  const shades = grid.joined === undefined ? grid.perSlice : joinedSums(grid, rows);
  switch (colorBy) {
    case 'count':
      return shades;
    case 'density':
      return densities(grid, shades, rows, unitPixels(axis));
    case 'columnShare': {
      const totals = columnTotals(model, grid);
      return shades.map((value, i) => shareOf(value, totals[Math.floor(i / grid.rows)]));
    }
    case 'totalShare': {
      const total = columnTotals(model, grid).reduce((sum, one, x) => sum + (one > 0 ? one * slicesOf(grid, x) : 0), 0);
      return shades.map((value) => shareOf(value, total));
    }
  }
}

const shareOf = (value: number, total: number): number => (total > 0 ? value / total : value);
const slicesOf = ({ firstSlice }: Grid, column: number): number => firstSlice[column + 1] - firstSlice[column];

function joinedSums({ columns, rows, perSlice, joined }: Grid, placed: readonly Row[]): Float64Array {
  const sums = perSlice.slice();
  for (let x = 0; x < columns; x++) {
    for (let y = 0; y < rows; y++) {
      const from = y;
      while (joined![x * rows + y] === 1 && placed[y + 1]?.strip === placed[y].strip) y++;
      if (y === from) continue;
      const group = perSlice.subarray(x * rows + from, x * rows + y + 1);
      sums.fill(
        group.reduce((sum, value) => (Number.isNaN(value) ? sum : sum + value), 0),
        x * rows + from,
        x * rows + y + 1,
      );
    }
  }
  return sums;
}

function densities(grid: Grid, shades: Float64Array, placed: readonly Row[], perUnit: number): Float64Array {
  const { columns, rows, joined } = grid;
  const out = shades.slice();
  for (let x = 0; x < columns; x++) {
    for (let y = 0; y < rows; y++) {
      const from = y;
      while (joined?.[x * rows + y] === 1 && placed[y + 1]?.strip === placed[y].strip) y++;
      const height = Math.max(1e-6, placed[from].bottom - placed[y].top);
      for (let k = from; k <= y; k++) out[x * rows + k] *= perUnit / height;
    }
  }
  return out;
}

/** Pixels of one unit of the axis; of a decade where it is not linear. */
function unitPixels(axis: AxisScale): number {
  const [low, high] = axis.domain;
  if (!(high > low)) return 1;
  if (axis.name === 'linear') return Math.abs(axis.toPixel(low + 1) - axis.toPixel(low));
  const top = high > 0 ? high : -low;
  return Math.abs(
    axis.toPixel(Math.sign(high > 0 ? 1 : -1) * top) - axis.toPixel((Math.sign(high > 0 ? 1 : -1) * top) / 10),
  );
}

/** All that was observed in one slice of each column, rows out of view included. */
function columnTotals({ counts, yEdges }: HeatmapModel, grid: Grid): Float64Array {
  const buckets = yEdges.length - 1;
  const totals = new Float64Array(grid.columns);
  for (let x = 0; x < grid.columns; x++) {
    let sum = 0;
    let slices = 0;
    for (let slice = grid.firstSlice[x]; slice < grid.firstSlice[x + 1]; slice++) {
      let present = false;
      for (let i = slice * buckets; i < (slice + 1) * buckets; i++) {
        if (Number.isNaN(counts[i])) continue;
        sum += counts[i];
        present = true;
      }
      if (present) slices++;
    }
    totals[x] = slices === 0 ? 0 : sum / slices;
  }
  return totals;
}

/** The shades of a model's own cells, for the colours that several maps share; strips have no density and are left out of it. */
export function modelShades({ counts, yEdges }: HeatmapModel, colorBy: ColorBy, yScale: YScaleName): Float64Array {
  if (colorBy === 'count') return counts;
  const buckets = yEdges.length - 1;
  const shades = new Float64Array(counts.length);
  const widths = Float64Array.from({ length: Math.max(0, buckets) }, (_, y) =>
    unitsOf(yEdges[y], yEdges[y + 1], yScale),
  );
  let all = 0;
  for (let i = 0; i < counts.length; i++) if (counts[i] > 0) all += counts[i];
  for (let base = 0; base + buckets <= counts.length && buckets > 0; base += buckets) {
    let total = 0;
    for (let y = 0; y < buckets; y++) if (counts[base + y] > 0) total += counts[base + y];
    for (let y = 0; y < buckets; y++) {
      const by = colorBy === 'density' ? widths[y] : colorBy === 'columnShare' ? total : all;
      shades[base + y] = by > 0 ? counts[base + y] / by : 0;
    }
  }
  return shades;
}

/** The largest shade of all models. */
export function maxShade(models: readonly HeatmapModel[], colorBy: ColorBy, yScale: YScaleName): number {
  let max = 0;
  for (const model of models) {
    for (const shade of modelShades(model, colorBy, yScale)) {
      const size = Math.abs(shade);
      if (size > max && size < Infinity) max = size;
    }
  }
  return max;
}

function unitsOf(low: number, high: number, yScale: YScaleName): number {
  if (yScale === 'linear' || low < 0) return high - low;
  return low > 0 ? Math.log10(high / low) : Infinity;
}

/** A shade with its unit, for the legend. */
export function formatShade(
  value: number,
  colorBy: ColorBy,
  countUnit: HeatmapModel['countUnit'],
  yScale: YScaleName,
  unit: string,
): string {
  if (countUnit === 'shareDifference' || colorBy === 'count') return formatCount(value, countUnit);
  if (colorBy !== 'density') return formatShare(value);
  return `${formatCount(Number(value.toPrecision(3)), countUnit)} per ${yScale === 'linear' ? unit || 'unit' : 'decade'}`;
}
