import type { HeatmapModel } from '../shared/heatmap/model.ts';

/** The cells that are drawn: those of the model, merged where they would be smaller than a pixel. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Milliseconds, length columns + 1. */
  readonly xEdges: Float64Array;
  /** In the metric's unit, length rows + 1. */
  readonly yEdges: Float64Array;
  /** Column x is the model's slices firstSlice[x] … firstSlice[x + 1] - 1. Length columns + 1. */
  readonly firstSlice: Uint32Array;
  /** Row y is the model's buckets firstBucket[y] … firstBucket[y + 1] - 1. Length rows + 1. */
  readonly firstBucket: Uint32Array;
  /** At x * rows + y: the sum of the merged cells' counts (of rates and shares: the sum over buckets of the mean over slices); NaN if none has data. */
  readonly counts: Float64Array;
  /** The same per slice of the model: what is coloured, so that colours do not depend on how many slices share a pixel. */
  readonly perSlice: Float64Array;
  /** At x * rows + y: 1 where rows y and y + 1 are one bucket in all of the column's slices. Undefined where none are. */
  readonly joined?: Uint8Array;
}

/**
 * Merges a model's cells.
 *
 * @param firstSlice group begins, ascending, ending with one past the last slice.
 * @param firstBucket the same for buckets.
 */
export function mergeCells(model: HeatmapModel, firstSlice: Uint32Array, firstBucket: Uint32Array): Grid {
  const columns = Math.max(0, firstSlice.length - 1);
  const rows = Math.max(0, firstBucket.length - 1);
  const buckets = model.yEdges.length - 1;
  const counts = new Float64Array(columns * rows);
  const perSlice = new Float64Array(columns * rows);
  const seen = new Uint32Array(rows);
  /** One more than the slice in which a row last had data. */
  const lastSlice = new Uint32Array(rows);
  const [from, to] = rows > 0 ? [firstBucket[0], firstBucket[rows]] : [0, 0];
  const rowOf = new Uint32Array(to - from);
  for (let y = 0; y < rows; y++) rowOf.fill(y, firstBucket[y] - from, firstBucket[y + 1] - from);
  const given = model.counts;
  const isWhole = hasNoGaps(given);
  for (let x = 0; x < columns; x++) {
    const at = x * rows;
    if (isWhole) {
      sumSlices(given, counts, firstSlice[x], firstSlice[x + 1], buckets, from, rowOf, at);
      const slices = firstSlice[x + 1] - firstSlice[x];
      for (let y = 0; y < rows; y++) {
        perSlice[at + y] = counts[at + y] / slices;
        if (model.countUnit !== 'count') counts[at + y] = perSlice[at + y];
      }
      continue;
    }
    seen.fill(0);
    // One flat loop over all cells: it is where the time of a large map goes.
    for (let slice = firstSlice[x]; slice < firstSlice[x + 1]; slice++) {
      const base = slice * buckets + from;
      if (rowOf.length === rows) {
        for (let y = 0; y < rows; y++) {
          const count = given[base + y];
          if (count !== count) continue; // NaN
          counts[at + y] += count;
          seen[y]++;
        }
        continue;
      }
      for (let i = 0; i < rowOf.length; i++) {
        const count = given[base + i];
        if (count !== count) continue; // NaN
        const y = rowOf[i];
        counts[at + y] += count;
        if (lastSlice[y] === slice + 1) continue;
        lastSlice[y] = slice + 1;
        seen[y]++;
      }
    }
    for (let y = 0; y < rows; y++) {
      if (seen[y] === 0) {
        counts[at + y] = perSlice[at + y] = NaN;
        continue;
      }
      perSlice[at + y] = counts[at + y] / seen[y];
      if (model.countUnit !== 'count') counts[at + y] = perSlice[at + y];
    }
  }
  return {
    columns,
    rows,
    xEdges: pick(model.xEdges, firstSlice),
    yEdges: pick(model.yEdges, firstBucket),
    firstSlice,
    firstBucket,
    counts,
    perSlice,
    joined: joinedRows(model, firstSlice, firstBucket),
  };
}

/** Of each array of counts, whether it has a value everywhere: asked for every frame of a range that moves. */
const gapless = new WeakMap<Float64Array, boolean>();

function hasNoGaps(counts: Float64Array): boolean {
  let known = gapless.get(counts);
  if (known === undefined) {
    known = true;
    for (let i = 0; i < counts.length && known; i++) known = counts[i] === counts[i];
    gapless.set(counts, known);
  }
  return known;
}

/** Adds slices first … end - 1 into the column that begins at `at`; there are no gaps to mind. */
function sumSlices(
  given: Float64Array,
  counts: Float64Array,
  first: number,
  end: number,
  buckets: number,
  from: number,
  rowOf: Uint32Array,
  at: number,
): void {
  for (let slice = first; slice < end; slice++) {
    const base = slice * buckets + from;
    for (let i = 0; i < rowOf.length; i++) counts[at + rowOf[i]] += given[base + i];
  }
}

function joinedRows({ joined, yEdges }: HeatmapModel, firstSlice: Uint32Array, firstBucket: Uint32Array) {
  if (joined === undefined) return undefined;
  const columns = firstSlice.length - 1;
  const rows = firstBucket.length - 1;
  const buckets = yEdges.length - 1;
  const out = new Uint8Array(Math.max(0, columns * rows)).fill(1);
  for (let x = 0; x < columns; x++) {
    for (let y = 0; y < rows; y++) {
      const top = firstBucket[y + 1] - 1;
      for (let slice = firstSlice[x]; slice < firstSlice[x + 1]; slice++) {
        if (y + 1 === rows || joined[slice * buckets + top] === 0) out[x * rows + y] = 0;
      }
    }
  }
  return out;
}

const pick = (edges: Float64Array, indexes: Uint32Array): Float64Array => Float64Array.from(indexes, (i) => edges[i]);

/**
 * Groups of neighbours, each at least `sizeMin` pixels: begins of the groups, and one past the last. The last group may be smaller.
 *
 * @param pixels where the bounds stand, monotone. @param from first index to group. @param to one past the last.
 */
export function groupBySize(pixels: (bound: number) => number, from: number, to: number, sizeMin: number): Uint32Array {
  const begins: number[] = [];
  let begin = from;
  let beginPixel = pixels(from);
  for (let i = from; i < to; i++) {
    const endPixel = pixels(i + 1);
    if (Math.abs(endPixel - beginPixel) < sizeMin - 1e-6 && i + 1 < to) continue;
    begins.push(begin);
    begin = i + 1;
    beginPixel = endPixel;
  }
  begins.push(to);
  return Uint32Array.from(begins);
}
