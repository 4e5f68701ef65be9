/** How one distribution differs from another, cell by cell: in shares, so that more load does not look like slower answers. */
import { partOfBucket } from './joined.ts';
import type { HeatmapModel } from './model.ts';
import { distinctBounds } from './slices.ts';

/**
 * Slice by slice the shares of one histogram less those of another, over the bounds of both. The cells of a slice sum to 0; a slice in which either has
 * nothing observed has no data.
 *
 * @param other its slice at the same time is taken; one asked with an offset has the times of the first.
 */
export function differenceOf(model: HeatmapModel, other: HeatmapModel, title = model.title): HeatmapModel {
  const yEdges = distinctBounds([...model.yEdges, ...other.yEdges]);
  return withShares(model, yEdges, title, (slice) => {
    const middle = (model.xEdges[slice] + model.xEdges[slice + 1]) / 2;
    const at = sliceAt(other, middle);
    return at < 0 ? undefined : sharesOver(other, at, at + 1, yEdges);
  });
}

/**
 * Each slice's shares less those of all that was observed between two times, such as before a deploy; undefined where nothing was.
 *
 * @param from milliseconds; slices that lie within from … to are what is compared with.
 */
export function differenceFrom(model: HeatmapModel, from: number, to: number): HeatmapModel | undefined {
  const { xEdges, yEdges } = model;
  let first = 0;
  while (first + 1 < xEdges.length && xEdges[first] < from) first++;
  let end = first;
  while (end + 1 < xEdges.length && xEdges[end + 1] <= to) end++;
  const baseline = sharesOver(model, first, end, yEdges);
  return baseline && withShares(model, yEdges, model.title, () => baseline);
}

function withShares(
  model: HeatmapModel,
  yEdges: Float64Array,
  title: string | undefined,
  baselineOf: (slice: number) => Float64Array | undefined,
): HeatmapModel {
  const rows = yEdges.length - 1;
  const slices = model.xEdges.length - 1;
  const counts = new Float64Array(slices * rows).fill(NaN);
  for (let x = 0; x < slices; x++) {
    const shares = sharesOver(model, x, x + 1, yEdges);
    const baseline = shares && baselineOf(x);
    if (shares === undefined || baseline === undefined) continue;
    for (let y = 0; y < rows; y++) counts[x * rows + y] = shares[y] - baseline[y];
  }
  return { ...model, yEdges, counts, countUnit: 'shareDifference', joined: undefined, title };
}

/** Of all that was observed in slices from … to - 1, the share of each row of other bounds; undefined where nothing was. */
function sharesOver(model: HeatmapModel, from: number, to: number, yEdges: Float64Array): Float64Array | undefined {
  const buckets = model.yEdges.length - 1;
  const shares = new Float64Array(yEdges.length - 1);
  let total = 0;
  for (let bucket = 0, row = 0; bucket < buckets; bucket++) {
    let sum = 0;
    for (let x = from; x < to; x++) {
      const count = model.counts[x * buckets + bucket];
      if (count > 0) sum += count;
    }
    // The bounds hold all of the model's own, so a bucket is a run of whole rows.
    const first = row;
    const upper = model.yEdges[bucket + 1];
    while (row < shares.length && (yEdges[row + 1] <= upper || row === first)) row++;
    total += sum;
    for (let y = first; y < row; y++) shares[y] += sum * partOfBucket(yEdges, y, first, row, model.interpolation);
  }
  return total > 0 ? shares.map((share) => share / total) : undefined;
}

function sliceAt({ xEdges }: HeatmapModel, time: number): number {
  let low = 0;
  let high = xEdges.length - 1;
  if (!(time > xEdges[0] && time <= xEdges[high])) return -1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (xEdges[middle] < time) low = middle;
    else high = middle;
  }
  return low;
}
