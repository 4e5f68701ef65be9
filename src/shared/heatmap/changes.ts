/** Times at which a distribution changes for good, and values round which observations gather. */
import type { HeatmapModel } from './model.ts';

export interface StepChange {
  /** Milliseconds: the end of the last slice before it. */
  readonly time: number;
  /** The largest difference of the shares up to a bound, before and after, in [0, 1]. */
  readonly distance: number;
}

/** Windows before and after are this part of all slices, and at least so many. */
const WINDOW_PART = 12;
const WINDOW_MIN = 4;
/** A change is told where the distributions differ by more than this, and by more than chance does once in many thousands. */
const DISTANCE_MIN = 0.25;
const CHANCE = 2.4;

/** Compares, at each time, as many slices before it as after it (Kolmogorov and Smirnov's distance). Strongest of neighbours only, ascending by time. */
export function stepChanges(model: HeatmapModel): StepChange[] {
  const rows = model.yEdges.length - 1;
  const slices = model.xEdges.length - 1;
  const window = Math.max(WINDOW_MIN, Math.floor(slices / WINDOW_PART));
  if (rows < 2 || slices < 2 * window) return [];
  const factor = model.countUnit === 'perSecond' ? (model.xEdges[1] - model.xEdges[0]) / 1000 : 1;
  const sums = runningSums(model, rows, slices);
  const distances = new Float64Array(slices + 1);
  for (let x = window; x + window <= slices; x++) {
    let [before, after] = [0, 0];
    for (let y = 0; y < rows; y++) {
      before += sums[x * rows + y] - sums[(x - window) * rows + y];
      after += sums[(x + window) * rows + y] - sums[x * rows + y];
    }
    let [under, later, most] = [0, 0, 0];
    for (let y = 0; y < rows; y++) {
      under += sums[x * rows + y] - sums[(x - window) * rows + y];
      later += sums[(x + window) * rows + y] - sums[x * rows + y];
      most = Math.max(most, Math.abs(under / before - later / after));
    }
    const certain = most * Math.sqrt((before * after * factor) / (before + after)) > CHANCE;
    if (before > 0 && after > 0 && certain && most > DISTANCE_MIN) distances[x] = most;
  }
  const found: StepChange[] = [];
  for (let x = window; x + window <= slices; x++) {
    if (distances[x] === 0) continue;
    const near = distances.subarray(Math.max(0, x - window), x + window + 1);
    if (distances[x] === Math.max(...near) && distances.indexOf(distances[x], Math.max(0, x - window)) === x) {
      found.push({ time: model.xEdges[x], distance: distances[x] });
    }
  }
  return found;
}

function runningSums({ counts }: HeatmapModel, rows: number, slices: number): Float64Array {
  const sums = new Float64Array((slices + 1) * rows);
  for (let x = 0; x < slices; x++) {
    for (let y = 0; y < rows; y++) {
      const count = counts[x * rows + y];
      sums[(x + 1) * rows + y] = sums[x * rows + y] + (count > 0 ? count : 0);
    }
  }
  return sums;
}

/** A mode holds at least this share of all observations, and the valley to the next is at most so deep as this part of the lower of both. */
const MODE_SHARE = 0.05;
const VALLEY_PART = 0.6;
/** Densities are taken over about this factor, so that the grain of fine buckets makes no modes. */
const SMOOTH_FACTOR = 1.3;

interface Bar {
  readonly middle: number;
  readonly width: number;
  readonly count: number;
}

/** Values round which observations gather: peaks of the density over the logarithm, of all slices together; ascending. */
export function modesOf({ yEdges, counts }: HeatmapModel): number[] {
  const rows = yEdges.length - 1;
  const bars: Bar[] = [];
  for (let y = 0; y < rows; y++) {
    const [low, high] = [yEdges[y], yEdges[y + 1]];
    if (!(low > 0) || high === Infinity) continue;
    let count = 0;
    for (let i = y; i < counts.length; i += rows) if (counts[i] > 0) count += counts[i];
    const last = bars[bars.length - 1];
    const width = Math.log(high / low);
    if (last !== undefined && last.width < Math.log(SMOOTH_FACTOR)) {
      bars[bars.length - 1] = {
        middle: last.middle * Math.exp(width / 2),
        width: last.width + width,
        count: last.count + count,
      };
    } else bars.push({ middle: Math.sqrt(low * high), width, count });
  }
  return peaksOf(bars).map((bar) => bars[bar].middle);
}

function peaksOf(bars: readonly Bar[]): number[] {
  const height = (i: number): number => (i < 0 || i >= bars.length ? 0 : bars[i].count / bars[i].width);
  const total = bars.reduce((sum, { count }) => sum + count, 0);
  const peaks: number[] = [];
  for (let i = 0; i < bars.length; i++) {
    if (!(height(i) > 0) || height(i) < height(i - 1) || height(i) <= height(i + 1)) continue;
    const last = peaks[peaks.length - 1];
    if (last === undefined) peaks.push(i);
    else if (height(valleyBetween(last, i, height)) <= VALLEY_PART * Math.min(height(last), height(i))) peaks.push(i);
    else if (height(i) > height(last)) peaks[peaks.length - 1] = i;
  }
  const bounds = [0, ...peaks.slice(1).map((peak, k) => valleyBetween(peaks[k], peak, height)), bars.length];
  return peaks.filter((_, k) => {
    const share = bars.slice(bounds[k], bounds[k + 1]).reduce((sum, { count }) => sum + count, 0) / total;
    return share >= MODE_SHARE;
  });
}

function valleyBetween(from: number, to: number, height: (i: number) => number): number {
  let lowest = from;
  for (let i = from; i <= to; i++) if (height(i) < height(lowest)) lowest = i;
  return lowest;
}
