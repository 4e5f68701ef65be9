import type { Layout } from './layout.ts';

/** One drawn cell. */
export interface Cell {
  /** Index of the grid's column and row. */
  readonly column: number;
  readonly row: number;
  /** Slice bounds in milliseconds; the cell covers (fromTime, toTime]. */
  readonly fromTime: number;
  readonly toTime: number;
  /** Bucket bounds in the metric's unit; the cell covers (fromValue, toValue]. */
  readonly fromValue: number;
  readonly toValue: number;
  /** Observations, or their rate (the model's countUnit); NaN if there is no data. */
  readonly count: number;
  /** Of all the column's observations, those of hidden rows included, the cell's part in [0, 1]; NaN if there is none. */
  readonly share: number;
  /** The part of the column's observations in lower buckets, in [0, 1]; NaN if there is none. */
  readonly below: number;
  /** What is coloured, of one slice. */
  readonly shade: number;
  /** The lowest and highest row of the bucket: more than one where rows are joined. */
  readonly lowRow: number;
  readonly highRow: number;
}

/** The cell at CSS pixels from the canvas' top left corner; undefined beside the plot or between strips. */
export function hitTest(layout: Layout, x: number, y: number): Cell | undefined {
  const column = columnAt(layout, x);
  if (column < 0) return undefined;
  const row = layout.rows.findIndex(({ top, bottom }) => y >= top && y < bottom);
  return row < 0 ? undefined : cellAt(layout, column, row);
}

/** The grid's column at a pixel, or -1. */
export function columnAt(layout: Layout, x: number): number {
  const { columnEdges, plot } = layout;
  const last = columnEdges.length - 1;
  if (last < 1 || x < plot.x || x > plot.x + plot.width || x < columnEdges[0] || x >= columnEdges[last]) return -1;
  let low = 0;
  let high = last - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (columnEdges[middle] <= x) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The cell of a column and row of the grid; both must exist. */
export function cellAt(layout: Layout, column: number, row: number): Cell {
  const { grid } = layout;
  const base = column * grid.rows;
  let lowRow = row;
  let highRow = row;
  while (lowRow > 0 && grid.joined?.[base + lowRow - 1] === 1) lowRow--;
  while (highRow + 1 < grid.rows && grid.joined?.[base + highRow] === 1) highRow++;
  let count = grid.counts[base + lowRow];
  for (let y = lowRow + 1; y <= highRow; y++) count += grid.counts[base + y];
  const counts = columnCounts(layout, column);
  let total = 0;
  let below = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    if (Number.isNaN(counts[bucket])) continue;
    total += counts[bucket];
    if (bucket < grid.firstBucket[lowRow]) below += counts[bucket];
  }
  return {
    column,
    row,
    fromTime: grid.xEdges[column],
    toTime: grid.xEdges[column + 1],
    fromValue: grid.yEdges[lowRow],
    toValue: grid.yEdges[highRow + 1],
    count,
    share: total > 0 ? count / total : NaN,
    below: total > 0 ? below / total : NaN,
    shade: layout.shades[base + row],
    lowRow,
    highRow,
  };
}

/** Observations by drawn row, bottom row first, of columns from … to - 1 (of rates and shares: the sum over columns). Length rows. */
export function rowTotals({ grid }: Layout, from = 0, to = grid.columns): Float64Array {
  const totals = new Float64Array(grid.rows);
  for (let x = from; x < to; x++) {
    for (let y = 0; y < grid.rows; y++) {
      const count = grid.counts[x * grid.rows + y];
      if (!Number.isNaN(count)) totals[y] += count;
    }
  }
  return totals;
}

/** Counts of the model's buckets over one column's slices (of rates: their mean); NaN where there is no data. One for each bucket. */
export function columnCounts(layout: Layout, column: number): Float64Array {
  const { model, grid } = layout;
  const buckets = model.yEdges.length - 1;
  const sums = new Float64Array(buckets).fill(NaN);
  const seen = new Uint32Array(buckets);
  for (let slice = grid.firstSlice[column]; slice < grid.firstSlice[column + 1]; slice++) {
    for (let y = 0; y < buckets; y++) {
      const count = model.counts[slice * buckets + y];
      if (Number.isNaN(count)) continue;
      sums[y] = seen[y] === 0 ? count : sums[y] + count;
      seen[y]++;
    }
  }
  if (model.countUnit !== 'count') for (let y = 0; y < buckets; y++) if (seen[y] > 1) sums[y] /= seen[y];
  return sums;
}

/** All that was observed in a column, hidden rows included; NaN if there is no data. */
export function columnTotal(layout: Layout, column: number): number {
  let total = NaN;
  for (const count of columnCounts(layout, column)) {
    if (!Number.isNaN(count)) total = Number.isNaN(total) ? count : total + count;
  }
  return total;
}
