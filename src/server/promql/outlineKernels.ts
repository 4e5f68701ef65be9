/** Functions over windows that need not see every sample: bit for bit what the kernels of all samples give. */
import type { SeriesOutline } from '../storage/queryable.ts';
import { compensatedSum } from './overTimeKernels.ts';
import { extrapolate, NO_FALLS, type Falls, type WindowGrid } from './rangeKernels.ts';
import type { Row } from './rows.ts';
import type { OutlinedSeries, RunValues, RunWindows } from './runWindows.ts';

/** Writes a value for every step whose window gives one. False, and nothing written, where all samples must be read. */
export type OutlineKernel = (series: OutlinedSeries, grid: WindowGrid, out: Row) => boolean;

/** By what is known of every window that has samples, from times alone. */
function ofTimes(compute: (windows: RunWindows, i: number) => number): OutlineKernel {
  return (series, { ends }, out) => {
    const windows = series.look('times')!.windows;
    return everyWindow(windows, ends.length, out, (i) => compute(windows, i));
  };
}

function ofEnds(compute: (found: RunValues, i: number) => number): OutlineKernel {
  return (series, { ends }, out) => {
    const found = series.look('ends');
    return found !== undefined && everyWindow(found.windows, ends.length, out, (i) => compute(found, i));
  };
}

function everyWindow({ lo, hi }: RunWindows, steps: number, out: Row, compute: (i: number) => number): true {
  for (let i = 0; i < steps; i++) {
    if (hi[i] === lo[i]) continue;
    out.values[i] = compute(i);
    out.present[i] = 1;
  }
  return true;
}

function extrapolated(isCounter: boolean, perSecond: boolean): OutlineKernel {
  return ({ outline, look }, grid, out) => {
    const found = look('ends');
    if (found === undefined) return false;
    const falls = isCounter ? fallsOf(outline, found) : undefined;
    if (isCounter && falls === undefined) return false;
    const { windows, values } = found;
    extrapolate({ ...windows, windows, values, falls }, perSecond, grid, out);
    return true;
  };
}

const resets: OutlineKernel = ({ outline, look }, { ends }, out) => {
  const found = look('ends');
  const falls = found === undefined ? undefined : fallsOf(outline, found);
  if (falls === undefined) return false;
  const { at } = falls;
  let from = 0;
  return everyWindow(found!.windows, ends.length, out, (i) => {
    while (from < at.length && at[from] <= found!.windows.lo[i]) from++;
    let to = from;
    while (to < at.length && at[to] < found!.windows.hi[i]) to++;
    return to - from;
  });
};

/** Runs with falls that are read one by one; with more, all is. */
const FALLING_RUNS_SHARE_MAX = 1 / 8;
let scratch = new Float64Array(512);

/** Where a series falls, from the first window to the last. Undefined where that is not known of too many runs. */
function fallsOf(
  { ends, first, last, resets: lost, isKnown, read }: SeriesOutline,
  { windows, values }: RunValues,
): Falls | undefined {
  const { lo, hi, readAt } = windows;
  const falls: { at: number[]; lost: number[] } = { at: [], lost: [] };
  const look = (cells: Float64Array, from: number, to: number, k: number) => {
    for (let i = from + 1; i < to; i++) {
      if (!(cells[i] < cells[i - 1])) continue;
      falls.at.push(k + i - from);
      falls.lost.push(cells[i - 1]);
    }
  };
  let runsLeft = Math.ceil(ends.length * FALLING_RUNS_SHARE_MAX);
  let before = NaN;
  const until = hi.length > 0 ? hi[hi.length - 1] : 0;
  for (let r = 0, k = 0; r < ends.length && k < until; k = ends[r++]) {
    if (ends[r] <= lo[0]) continue;
    const count = ends[r] - k;
    const isKept = readAt[r] >= 0;
    const mustRead = !isKept && !(isKnown[r] === 1 && lost[r] === 0);
    if (mustRead) {
      if (runsLeft-- === 0) return undefined;
      if (scratch.length < count) scratch = new Float64Array(2 * count);
      read(r, scratch, 0);
    }
    const [cells, from] = isKept ? [values, readAt[r]] : [scratch, 0];
    const begin = isKept || mustRead ? cells[from] : first[r];
    if (begin < before) {
      falls.at.push(k);
      falls.lost.push(before);
    }
    if (isKept || mustRead) look(cells, from, from + count, k);
    before = isKept || mustRead ? cells[from + count - 1] : last[r];
  }
  return falls.at.length > 0 ? falls : NO_FALLS;
}

/** The smallest or largest of every window: of equal ones the first, NaN only where there is no number. */
function extreme(
  isBetter: (a: number, b: number) => boolean,
  bestOf: (outline: SeriesOutline) => Float64Array,
): OutlineKernel {
  return ({ outline, look }, { ends }, out) => {
    const found = look('all');
    if (found === undefined) return false;
    const best = bestOf(outline);
    const { windows, values } = found;
    const { isKnown, isInteger } = outline;
    // A run that never falls tells the last of its largest, and zeros are equal that are not the same.
    for (let r = 0; r < isKnown.length; r++) if (isKnown[r] === 1 && best[r] === 0 && isInteger[r] === 0) return false;
    return everyWindow(windows, ends.length, out, (i) => {
      let result = NaN;
      const take = (v: number) => {
        if (result !== result || isBetter(v, result)) result = v;
      };
      eachPiece(outline, windows, i, (r, from, to) => {
        if (from < 0) take(best[r]);
        else for (let k = from; k < to; k++) take(values[k]);
      });
      return result;
    });
  };
}

/** Walks the runs of a window: whole ones with `from` -1, others by where their samples are. */
function eachPiece(
  { ends }: SeriesOutline,
  { lo, hi, firstRun, lastRun, readAt }: RunWindows,
  i: number,
  visit: (run: number, from: number, to: number) => void,
): void {
  for (let r = firstRun[i]; r <= lastRun[i]; r++) {
    if (readAt[r] < 0) {
      visit(r, -1, -1);
      continue;
    }
    const start = r > 0 ? ends[r - 1] : 0;
    visit(r, readAt[r] + Math.max(lo[i], start) - start, readAt[r] + Math.min(hi[i], ends[r]) - start);
  }
}

/** Whether all sums of a series' integers are exact, in whatever order they are added up. */
function isExact({ ends, min, max, sum, isInteger, isKnown }: SeriesOutline, { readAt }: RunWindows): boolean {
  let magnitude = 0;
  for (let r = 0, k = 0; r < ends.length; k = ends[r++]) {
    if (readAt[r] >= 0 || isKnown[r] === 0) continue;
    magnitude += (ends[r] - k) * Math.max(Math.abs(min[r]), Math.abs(max[r]));
    if (isInteger[r] === 0 || sum[r] !== sum[r] || !(magnitude <= Number.MAX_SAFE_INTEGER / 2)) return false;
  }
  return true;
}

/** Sums of whole numbers, where the samples that are read are ones too; divided by their counts for an average. */
function exactSums(isAverage: boolean): OutlineKernel {
  return ({ outline, look }, { ends: steps }, out) => {
    const found = look('all');
    if (found === undefined || !isExact(outline, found.windows)) return false;
    const { windows, values } = found;
    let magnitude = 0;
    for (let k = 2 * outline.ends.length; k < windows.room; k++) {
      magnitude += Math.abs(values[k]);
      if (!Number.isInteger(values[k]) || Object.is(values[k], -0)) return false;
    }
    if (!(magnitude <= Number.MAX_SAFE_INTEGER / 2)) return false;
    return everyWindow(windows, steps.length, out, (i) => {
      let total = 0;
      eachPiece(outline, windows, i, (r, from, to) => {
        if (from < 0) total += outline.sum[r];
        else for (let k = from; k < to; k++) total += values[k];
      });
      return isAverage ? total / (windows.hi[i] - windows.lo[i]) : total;
    });
  };
}

const exactSum = exactSums(false);

/** Other numbers are added up in their order: a run tells the sum of a window that it fills alone. */
const sumOverTime: OutlineKernel = (series, grid, out) => {
  if (exactSum(series, grid, out)) return true;
  const { outline, look } = series;
  const found = look('alone');
  if (found === undefined) return false;
  const { windows, values } = found;
  const { lo, hi, firstRun, readAt } = windows;
  for (let r = 0; r < outline.ends.length; r++) {
    // What is not finite is not kept by its parts.
    if (readAt[r] < 0 && outline.isKnown[r] === 1 && !Number.isFinite(outline.sum[r])) return false;
  }
  return everyWindow(windows, grid.ends.length, out, (i) => {
    const run = firstRun[i];
    if (readAt[run] < 0) return outline.sum[run];
    const from = readAt[run] + lo[i] - (run > 0 ? outline.ends[run - 1] : 0);
    return compensatedSum(values, from, from + hi[i] - lo[i]);
  });
};

export const OUTLINE_KERNELS: Readonly<Record<string, OutlineKernel>> = {
  rate: extrapolated(true, true),
  increase: extrapolated(true, false),
  delta: extrapolated(false, false),
  resets,
  first_over_time: ofEnds(({ windows, values }, i) => values[windows.firstAt[i]]),
  last_over_time: ofEnds(({ windows, values }, i) => values[windows.lastAt[i]]),
  count_over_time: ofTimes(({ lo, hi }, i) => hi[i] - lo[i]),
  present_over_time: ofTimes(() => 1),
  ts_of_first_over_time: ofTimes(({ times, lo }, i) => times[lo[i]] / 1000),
  ts_of_last_over_time: ofTimes(({ times, hi }, i) => times[hi[i] - 1] / 1000),
  min_over_time: extreme(
    (a, b) => a < b,
    ({ min }) => min,
  ),
  max_over_time: extreme(
    (a, b) => a > b,
    ({ max }) => max,
  ),
  sum_over_time: sumOverTime,
  avg_over_time: exactSums(true),
};
