/** Functions over windows of one series: counters, gauges and regressions. Formulas: Prometheus promql/functions.go. */
import type { Row } from './rows.ts';
import { CompensatedSum } from './kahan.ts';

/** One series and its windows: samples [lo[i], hi[i]) belong to step i. No gaps, no stale markers. */
export interface WindowedSeries {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly lo: Int32Array;
  readonly hi: Int32Array;
}

export interface WindowGrid {
  /** Right ends of the windows, milliseconds; offset and @ applied. */
  readonly ends: Float64Array;
  readonly rangeMs: number;
  /** The steps' own times, milliseconds. */
  readonly evalTimes: Float64Array;
  /** Scalar arguments, each by step. */
  readonly params: readonly Float64Array[];
}

/** Writes a value for every step whose window gives one; `out` comes cleared. */
export type RangeKernel = (series: WindowedSeries, grid: WindowGrid, out: Row) => void;

/** An extrapolation reaches at most this many average distances beyond the outermost samples. */
const EXTRAPOLATION_REACH = 1.1;

/**
 * What the difference between the samples `first` and `last` is multiplied with to stand for the whole window.
 *
 * @param end of the window, milliseconds. @param fromZero the first value of a counter as a part of its increase: a counter cannot have
 * been below zero, and is not extrapolated back beyond the time at which it was there.
 */
export function extrapolationFactor(
  times: Float64Array,
  first: number,
  last: number,
  end: number,
  rangeMs: number,
  fromZero: number | undefined,
): number {
  let toStart = (times[first] - (end - rangeMs)) / 1000;
  let toEnd = (end - times[last]) / 1000;
  const sampled = (times[last] - times[first]) / 1000;
  const average = sampled / (last - first);
  const reach = average * EXTRAPOLATION_REACH;
  if (toStart >= reach) toStart = average / 2;
  if (fromZero !== undefined && sampled * fromZero < toStart) toStart = sampled * fromZero;
  if (toEnd >= reach) toEnd = average / 2;
  return (sampled + toStart + toEnd) / sampled;
}

/** Indexes at which a counter fell. */
function resetsIn(values: Float64Array, from: number, to: number): number[] {
  const resets: number[] = [];
  for (let k = from + 1; k < to; k++) if (values[k] < values[k - 1]) resets.push(k);
  return resets;
}

/** What an extrapolation owes to times alone, by step; the same for all series that share their windows. */
interface Reaches {
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  readonly times: Float64Array;
  readonly ends: Float64Array;
  readonly rangeMs: number;
  /** Seconds between the outermost samples; from the window's start to the first one, as far as is extrapolated. */
  readonly sampled: Float64Array;
  readonly toStart: Float64Array;
  /** For series that do not reach 0 before the window's start. */
  readonly factors: Float64Array;
}

let lastReaches: Reaches | undefined;

function reachesOf({ times, lo, hi }: WindowedSeries, { ends, rangeMs }: WindowGrid): Reaches {
  const last = lastReaches;
  const isLast = last?.lo === lo && last.hi === hi && last.times === times && last.ends === ends;
  if (isLast && last.rangeMs === rangeMs) return last;
  const steps = ends.length;
  const numbers = () => new Float64Array(steps);
  const reaches = { lo, hi, times, ends, rangeMs, sampled: numbers(), toStart: numbers(), factors: numbers() };
  for (let i = 0; i < steps; i++) {
    const [first, end] = [lo[i], hi[i] - 1];
    if (end <= first) continue;
    const sampled = (times[end] - times[first]) / 1000;
    const average = sampled / (end - first);
    const toStart = (times[first] - (ends[i] - rangeMs)) / 1000;
    reaches.sampled[i] = sampled;
    reaches.toStart[i] = toStart >= average * EXTRAPOLATION_REACH ? average / 2 : toStart;
    reaches.factors[i] = extrapolationFactor(times, first, end, ends[i], rangeMs, undefined);
  }
  lastReaches = reaches;
  return reaches;
}

/** How far above the bound a product must be, so that rounding cannot have brought it there. */
const CLEARLY = 1 + 1e-12;

function extrapolated(isCounter: boolean, perSecond: boolean): RangeKernel {
  return (series, grid, out) => {
    const { times, values, lo, hi } = series;
    const { ends, rangeMs } = grid;
    const { values: outValues, present } = out;
    const steps = ends.length;
    if (steps === 0) return;
    const { sampled, toStart, factors } = reachesOf(series, grid);
    const resets = isCounter ? resetsIn(values, lo[0], hi[steps - 1]) : [];
    const seconds = rangeMs / 1000;
    let firstReset = 0;
    for (let i = 0; i < steps; i++) {
      const first = lo[i];
      const last = hi[i] - 1;
      if (last <= first) continue;
      const v = values[first];
      let increase = values[last] - v;
      if (resets.length > 0) {
        while (firstReset < resets.length && resets[firstReset] <= first) firstReset++;
        for (let r = firstReset; r < resets.length && resets[r] <= last; r++) increase += values[resets[r] - 1];
      }
      let factor = factors[i];
      // Only a counter that may have been 0 inside the window needs a division of its own.
      if (isCounter && increase > 0 && v >= 0 && !(v * sampled[i] > toStart[i] * increase * CLEARLY)) {
        factor = extrapolationFactor(times, first, last, ends[i], rangeMs, v / increase);
      }
      outValues[i] = increase * (perSecond ? factor / seconds : factor);
      present[i] = 1;
    }
  };
}

/** From one sample to the next: the difference, or for a rate what was counted by second; a counter that fell started from 0. */
export function differenceOfTwo(before: number, now: number, seconds: number, isRate: boolean): number {
  if (!isRate) return now - before;
  return (now < before ? now : now - before) / seconds;
}

function lastTwo(isRate: boolean): RangeKernel {
  return ({ times, values, lo, hi }, { ends }, out) => {
    for (let i = 0; i < ends.length; i++) {
      const last = hi[i] - 1;
      if (last <= lo[i]) continue;
      const seconds = (times[last] - times[last - 1]) / 1000;
      out.values[i] = differenceOfTwo(values[last - 1], values[last], seconds, isRate);
      out.present[i] = 1;
    }
  };
}

/** Counts neighbours in the window for which `test` holds, by running totals. */
function neighbours(test: (before: number, now: number) => boolean): RangeKernel {
  return ({ values, lo, hi }, { ends }, out) => {
    const totals = new Uint32Array(values.length);
    for (let k = 1; k < values.length; k++) totals[k] = totals[k - 1] + (test(values[k - 1], values[k]) ? 1 : 0);
    for (let i = 0; i < ends.length; i++) {
      if (hi[i] === lo[i]) continue;
      out.values[i] = totals[hi[i] - 1] - totals[lo[i]];
      out.present[i] = 1;
    }
  };
}

const sumX = new CompensatedSum();
const sumY = new CompensatedSum();
const sumXY = new CompensatedSum();
const sumXX = new CompensatedSum();

/** Least squares over samples [from, to); x in seconds from `interceptTime`. */
function regression(
  times: Float64Array,
  values: Float64Array,
  from: number,
  to: number,
  interceptTime: number,
): { slope: number; intercept: number } {
  for (const sum of [sumX, sumY, sumXY, sumXX]) sum.reset();
  let isConstant = true;
  for (let k = from; k < to; k++) {
    if (values[k] !== values[from]) isConstant = false;
    const x = (times[k] - interceptTime) / 1000;
    sumX.add(x);
    sumY.add(values[k]);
    sumXY.add(x * values[k]);
    sumXX.add(x * x);
  }
  if (isConstant) {
    const y = values[from];
    return Math.abs(y) === Infinity ? { slope: NaN, intercept: NaN } : { slope: 0, intercept: y };
  }
  const n = to - from;
  const [x, y, xy, xx] = [sumX, sumY, sumXY, sumXX].map((s) => s.sum + s.compensation);
  const slope = (xy - (x * y) / n) / (xx - (x * x) / n);
  return { slope, intercept: y / n - (slope * x) / n };
}

const deriv: RangeKernel = ({ times, values, lo, hi }, { ends }, out) => {
  for (let i = 0; i < ends.length; i++) {
    if (hi[i] - lo[i] < 2) continue;
    out.values[i] = regression(times, values, lo[i], hi[i], times[lo[i]]).slope;
    out.present[i] = 1;
  }
};

const predictLinear: RangeKernel = ({ times, values, lo, hi }, { ends, evalTimes, params }, out) => {
  const ahead = params[0];
  for (let i = 0; i < ends.length; i++) {
    if (hi[i] - lo[i] < 2) continue;
    const { slope, intercept } = regression(times, values, lo[i], hi[i], evalTimes[i]);
    out.values[i] = slope * ahead[i] + intercept;
    out.present[i] = 1;
  }
};

const bothNaN = (a: number, b: number) => a !== a && b !== b;

export const COUNTER_KERNELS = {
  rate: extrapolated(true, true),
  increase: extrapolated(true, false),
  delta: extrapolated(false, false),
  irate: lastTwo(true),
  idelta: lastTwo(false),
  changes: neighbours((before, now) => now !== before && !bothNaN(before, now)),
  resets: neighbours((before, now) => now < before),
  deriv,
  predict_linear: predictLinear,
} as const satisfies Record<string, RangeKernel>;
