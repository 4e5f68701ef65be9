/** Functions over windows of one series: counters, gauges and regressions. Formulas: Prometheus promql/functions.go. */
import type { Row } from './rows.ts';
import { CompensatedSum } from './kahan.ts';
import type { Reaches, Windows } from './windows.ts';

/** One series and its windows: samples [lo[i], hi[i]) belong to step i. No gaps, no stale markers. */
export interface WindowedSeries {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  /** Those whose `lo` and `hi` these are, where other series may have them too. */
  readonly windows?: Windows;
  /** Whether it is known that no value is below the one before it. */
  readonly rises?: boolean;
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

/** Samples that are below the one before them: their indexes, and what that one was. */
export interface Falls {
  readonly at: readonly number[];
  readonly lost: readonly number[];
}

export const NO_FALLS: Falls = { at: [], lost: [] };

/** Of samples [from, to). */
export function fallsIn(values: Float64Array, from: number, to: number): Falls {
  const at: number[] = [];
  const lost: number[] = [];
  let before = -Infinity;
  for (let k = from; k < to; k++) {
    const v = values[k];
    if (v < before) {
      at.push(k);
      lost.push(before);
    }
    before = v;
  }
  return at.length > 0 ? { at, lost } : NO_FALLS;
}

/** What a counter gained with what it lost by its falls, from number `next` on up to sample `last`, one after the other as upstream adds them. */
export function withLost(gained: number, { at, lost }: Falls, next: number, last: number): number {
  for (let r = next; r < at.length && at[r] <= last; r++) gained += lost[r];
  return gained;
}

/** How far above the bound a product must be, so that rounding cannot have brought it there. */
const CLEARLY = 1 + 1e-12;

type Windowed = Pick<WindowedSeries, 'times' | 'lo' | 'hi' | 'windows'>;

export function reachesOf(
  { times, lo, hi, windows }: Windowed,
  { ends, rangeMs }: Pick<WindowGrid, 'ends' | 'rangeMs'>,
): Reaches {
  // Windows that series share are asked about again and again.
  const known = windows?.reaches;
  const isKnown = known?.lo === lo && known.hi === hi && known.times === times && known.ends === ends;
  if (isKnown && known.rangeMs === rangeMs) return known;
  const steps = ends.length;
  const present = new Uint8Array(steps);
  const [first, last] = [new Int32Array(steps), new Int32Array(steps)];
  const [zeroReach, factors, perSecond] = [new Float64Array(steps), new Float64Array(steps), new Float64Array(steps)];
  let zeroReachMax = 0;
  for (let i = 0; i < steps; i++) {
    const [from, to] = [lo[i], hi[i] - 1];
    if (to <= from) continue;
    const sampled = (times[to] - times[from]) / 1000;
    const average = sampled / (to - from);
    const toStart = (times[from] - (ends[i] - rangeMs)) / 1000;
    present[i] = 1;
    first[i] = from;
    last[i] = to;
    zeroReach[i] = ((toStart >= average * EXTRAPOLATION_REACH ? average / 2 : toStart) / sampled) * CLEARLY;
    if (zeroReach[i] > zeroReachMax) zeroReachMax = zeroReach[i];
    factors[i] = extrapolationFactor(times, from, to, ends[i], rangeMs, undefined);
    perSecond[i] = factors[i] / (rangeMs / 1000);
  }
  const found = { lo, hi, times, ends, rangeMs, present, first, last };
  const reaches = { ...found, zeroReach, zeroReachMax, factors, perSecond };
  if (windows !== undefined) windows.reaches = reaches;
  return reaches;
}

/** What is extrapolated: windows, and what a counter loses in them. */
interface Extrapolation extends Windowed {
  readonly values: Float64Array;
  /** By step: where the first and the last sample of a window are in `values`, if not at their indexes. */
  readonly firstAt?: Int32Array;
  readonly lastAt?: Int32Array;
  /** Undefined for what is no counter. */
  readonly falls: Falls | undefined;
}

export function extrapolate(series: Extrapolation, perSecond: boolean, grid: WindowGrid, out: Row): void {
  const reaches = reachesOf(series, grid);
  const { values, falls, firstAt = reaches.first, lastAt = reaches.last } = series;
  const factors = perSecond ? reaches.perSecond : reaches.factors;
  const seconds = perSecond ? grid.rangeMs / 1000 : 1;
  out.present.set(reaches.present);
  if (falls !== undefined && falls.at.length > 0)
    return counted(values, firstAt, lastAt, falls, reaches, factors, seconds, out.values);
  const most = multiplied(values, firstAt, lastAt, factors, out.values);
  if (falls !== undefined) correctNearZero(values, firstAt, lastAt, most, reaches, seconds, out.values);
}

/** Differences, each times its factor; with no more than this in it, the loop takes a third of the time. @returns the largest difference, at least 0. */
function multiplied(
  values: Float64Array,
  firstAt: Int32Array,
  lastAt: Int32Array,
  factors: Float64Array,
  out: Float64Array,
): number {
  const steps = factors.length;
  let most = 0;
  for (let i = 0; i < steps; i++) {
    const gained = values[lastAt[i]] - values[firstAt[i]];
    if (gained > most) most = gained;
    out[i] = gained * factors[i];
  }
  return most;
}

/** Only a counter that may have been 0 inside a window needs a division of its own there. @param most of what it gained in any. */
function correctNearZero(
  values: Float64Array,
  firstAt: Int32Array,
  lastAt: Int32Array,
  most: number,
  reaches: Reaches,
  seconds: number,
  out: Float64Array,
): void {
  const { times, ends, rangeMs, first, last, present, zeroReach } = reaches;
  const until = lastUpTo(most * reaches.zeroReachMax, values, firstAt) + 1;
  for (let i = 0; i < until; i++) {
    const v = values[firstAt[i]];
    const gained = values[lastAt[i]] - v;
    if (present[i] === 1 && isNearZero(v, gained, zeroReach[i]))
      out[i] = gained * (extrapolationFactor(times, first[i], last[i], ends[i], rangeMs, v / gained) / seconds);
  }
}

/** The last of the values at `places` that is not above a limit: mostly one of the first, as counters rise. */
function lastUpTo(limit: number, values: Float64Array, places: Int32Array): number {
  let i = places.length - 1;
  while (i >= 0 && values[places[i]] > limit) i--;
  return i;
}

/** Whether what a counter gained is not extrapolated as far as its window reaches, since it would have been below 0. */
export const isNearZero = (v: number, gained: number, zeroReach: number) =>
  gained > 0 && v >= 0 && !(v > gained * zeroReach);

function extrapolated(isCounter: boolean, perSecond: boolean): RangeKernel {
  return (series, grid, out) => {
    const { times, values, lo, hi, rises, windows } = series;
    const steps = grid.ends.length;
    if (steps === 0) return;
    const falls = () => (rises === true ? NO_FALLS : fallsIn(values, lo[0], hi[steps - 1]));
    extrapolate({ times, values, lo, hi, windows, falls: isCounter ? falls() : undefined }, perSecond, grid, out);
  };
}

/** What a counter that falls gained in each window. */
function counted(
  values: Float64Array,
  firstAt: Int32Array,
  lastAt: Int32Array,
  falls: Falls,
  { times, ends, rangeMs, first, last, present, zeroReach }: Reaches,
  factors: Float64Array,
  seconds: number,
  out: Float64Array,
): void {
  const steps = ends.length;
  const { at } = falls;
  let next = 0;
  for (let i = 0; i < steps; i++) {
    const v = values[firstAt[i]];
    let increase = values[lastAt[i]] - v;
    while (next < at.length && at[next] <= first[i]) next++;
    if (next < at.length) increase = withLost(increase, falls, next, last[i]);
    let factor = factors[i];
    if (present[i] === 1 && isNearZero(v, increase, zeroReach[i]))
      factor = extrapolationFactor(times, first[i], last[i], ends[i], rangeMs, v / increase) / seconds;
    out[i] = increase * factor;
  }
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
