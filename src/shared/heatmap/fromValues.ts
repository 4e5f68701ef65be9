/** A heatmap of plain values: at each time, how the values of many series are distributed. */
import { tooLargeFor } from './fromBuckets.ts';
import type { EmptyHeatmap, HeatmapModel } from './model.ts';
import { distinctSorted, isTime, slicesOf } from './slices.ts';

export interface FromValues {
  readonly series: readonly { readonly times: Float64Array; readonly values: Float64Array }[];
  /** Of the values, as Grafana names it. */
  readonly unit: string;
  readonly stepMs?: number;
  readonly title?: string;
}

const ROWS = 24;
/** Values all above 0 that span more than this factor lie better on buckets that grow by one. */
const GROWING_FROM = 8;

/** Each value is one observation, in a bucket of our making: growing by a factor, or of one width where values are close together or below 0. */
export function heatmapFromValues({ series, unit, stepMs, title }: FromValues): HeatmapModel | EmptyHeatmap {
  let [least, most] = [Infinity, -Infinity];
  for (const { times, values } of series) {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i]) || !isTime(times[i])) continue;
      least = Math.min(least, values[i]);
      most = Math.max(most, values[i]);
    }
  }
  if (least > most) return { kind: 'empty', reason: 'no values in this time range' };
  const times = distinctSorted(allTimes(series)).filter(isTime);
  const { xEdges, sliceOf } = slicesOf(times, stepMs);
  const yEdges = boundsFor(least, most);
  const rows = yEdges.length - 1;
  const slices = xEdges.length - 1;
  const tooLarge = tooLargeFor(slices, rows);
  if (tooLarge !== undefined) return tooLarge;
  const counts = new Float64Array(slices * rows).fill(NaN);
  for (const one of series) {
    let at = 0;
    for (let i = 0; i < one.values.length; i++) {
      if (!Number.isFinite(one.values[i]) || !isTime(one.times[i])) continue;
      while (times[at] !== one.times[i]) at = times[at] < one.times[i] ? at + 1 : 0;
      const base = sliceOf[at] * rows;
      if (Number.isNaN(counts[base])) counts.fill(0, base, base + rows);
      counts[base + rowOf(yEdges, one.values[i])]++;
    }
  }
  return {
    kind: 'heatmap',
    xEdges,
    yEdges,
    counts,
    countUnit: 'count',
    unit,
    openTop: false,
    openBottom: false,
    title,
  };
}

function* allTimes(series: FromValues['series']): Iterable<number> {
  for (const { times, values } of series)
    for (let i = 0; i < times.length; i++) if (Number.isFinite(values[i])) yield times[i];
}

/** Bounds, strictly ascending; the first lies below the least value, the last at or over the most. */
export function boundsFor(least: number, most: number): Float64Array {
  const bounds = distinctSorted(niceBounds(least, most));
  return bounds.length > 1 ? bounds : Float64Array.of(-Infinity, most);
}

function niceBounds(least: number, most: number): Float64Array {
  if (least > 0 && most / least > GROWING_FROM) {
    const perDoubling = Math.max(1, Math.min(8, Math.floor(ROWS / Math.log2(most / least))));
    const from = Math.ceil(Math.log2(least) * perDoubling) - 1;
    const to = Math.max(from + 1, Math.ceil(Math.log2(most) * perDoubling));
    // Of more powers of two than rows every n-th is taken.
    const every = Math.max(1, Math.ceil((to - from) / (2 * ROWS)));
    const bounds: number[] = [];
    for (let k = from; k < to + every; k += every) bounds.push(2 ** (k / perDoubling));
    return Float64Array.from(bounds);
  }
  const span = most - least || Math.abs(most) / 10 || 1;
  if (!Number.isFinite(span)) return Float64Array.of(-Infinity, 0, Infinity);
  const power = 10 ** Math.floor(Math.log10(span / ROWS));
  const step = ([1, 2, 5].find((s) => s * power >= span / ROWS) ?? 10) * power;
  const from = Math.ceil(least / step) - 1;
  const rows = Math.max(1, Math.min(4 * ROWS, Math.ceil(most / step) - from));
  const bounds = Float64Array.from({ length: rows + 1 }, (_, i) => Number(((from + i) * step).toPrecision(12)));
  bounds[0] = Math.min(bounds[0], least - step / 2);
  bounds[rows] = Math.max(bounds[rows], most);
  return bounds;
}

/** The row (lower, upper] that holds a value. */
function rowOf(yEdges: Float64Array, value: number): number {
  let low = 0;
  let high = yEdges.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (yEdges[middle] < value) low = middle;
    else high = middle;
  }
  return low;
}
