/** The *_over_time functions. Formulas: Prometheus promql/functions.go. */
import { CompensatedMean, CompensatedSum } from './kahan.ts';
import { quantileOf, sortedNaNFirst } from './quantile.ts';
import type { RangeKernel } from './rangeKernels.ts';

/** A value from the samples [from, to) of every window that has any. */
function perWindow(compute: (values: Float64Array, from: number, to: number) => number): RangeKernel {
  return ({ values, lo, hi }, { ends }, out) => {
    for (let i = 0; i < ends.length; i++) {
      if (hi[i] === lo[i]) continue;
      out.values[i] = compute(values, lo[i], hi[i]);
      out.present[i] = 1;
    }
  };
}

/** The time, in seconds, of the sample that `choose` picks from every window that has any. */
function timeOf(choose: (values: Float64Array, from: number, to: number) => number): RangeKernel {
  return ({ times, values, lo, hi }, { ends }, out) => {
    for (let i = 0; i < ends.length; i++) {
      if (hi[i] === lo[i]) continue;
      out.values[i] = times[choose(values, lo[i], hi[i])] / 1000;
      out.present[i] = 1;
    }
  };
}

/**
 * Sliding minimum or maximum: a queue of candidates, best first; every sample enters and leaves once. NaN counts only where nothing
 * else is in the window.
 */
function extreme(isBetter: (a: number, b: number) => boolean): RangeKernel {
  return ({ values, lo, hi }, { ends }, out) => {
    const queue = new Int32Array(values.length);
    let head = 0;
    let tail = 0;
    let entered = ends.length > 0 ? lo[0] : 0;
    for (let i = 0; i < ends.length; i++) {
      if (hi[i] === lo[i]) continue;
      if (entered < lo[i]) entered = lo[i];
      for (; entered < hi[i]; entered++) {
        const v = values[entered];
        if (v !== v) continue;
        while (tail > head && isBetter(v, values[queue[tail - 1]])) tail--;
        queue[tail++] = entered;
      }
      while (head < tail && queue[head] < lo[i]) head++;
      out.values[i] = head < tail ? values[queue[head]] : NaN;
      out.present[i] = 1;
    }
  };
}

const sum = new CompensatedSum();
const mean = new CompensatedMean();

/** Running totals of whole numbers, as long as every total is exact; undefined for other values. Length n + 1. */
function exactTotals(values: Float64Array, from: number, to: number): Float64Array | undefined {
  const totals = new Float64Array(values.length + 1);
  let magnitude = 0;
  for (let k = from; k < to; k++) {
    const v = values[k];
    magnitude += Math.abs(v);
    if (!Number.isInteger(v) || Object.is(v, -0) || magnitude > Number.MAX_SAFE_INTEGER) return undefined;
    totals[k + 1] = totals[k] + v;
  }
  return totals;
}

/** Neumaier's sum over samples [from, to), in local variables: the window loops spend their time here. */
export function compensatedSum(values: Float64Array, from: number, to: number): number {
  let total = 0;
  let compensation = 0;
  for (let k = from; k < to; k++) {
    const v = values[k];
    const next = total + v;
    if (next === Infinity || next === -Infinity) compensation = 0;
    else if (Math.abs(total) >= Math.abs(v)) compensation += total - next + v;
    else compensation += v - next + total;
    total = next;
  }
  return total + compensation;
}

/** Sums of whole numbers come from running totals, which are exact; others are added up window by window. */
const sumOverTime: RangeKernel = ({ values, lo, hi }, { ends }, out) => {
  const steps = ends.length;
  const totals = steps > 0 ? exactTotals(values, lo[0], hi[steps - 1]) : undefined;
  for (let i = 0; i < steps; i++) {
    if (hi[i] === lo[i]) continue;
    out.values[i] = totals !== undefined ? totals[hi[i]] - totals[lo[i]] : compensatedSum(values, lo[i], hi[i]);
    out.present[i] = 1;
  }
};

const avgOverTime: RangeKernel = ({ values, lo, hi }, { ends }, out) => {
  const steps = ends.length;
  const totals = steps > 0 ? exactTotals(values, lo[0], hi[steps - 1]) : undefined;
  for (let i = 0; i < steps; i++) {
    if (hi[i] === lo[i]) continue;
    out.present[i] = 1;
    if (totals !== undefined) {
      out.values[i] = (totals[hi[i]] - totals[lo[i]]) / (hi[i] - lo[i]);
      continue;
    }
    mean.reset();
    for (let k = lo[i]; k < hi[i]; k++) mean.add(values[k]);
    out.values[i] = mean.value;
  }
};

/** The quantile of windows, sorted in one borrowed array. */
const quantileOverTime: RangeKernel = ({ values, lo, hi }, { ends, params }, out) => {
  let scratch = new Float64Array(64);
  for (let i = 0; i < ends.length; i++) {
    const length = hi[i] - lo[i];
    if (length === 0) continue;
    if (length > scratch.length) scratch = new Float64Array(2 * length);
    const window = scratch.subarray(0, length);
    window.set(values.subarray(lo[i], hi[i]));
    out.values[i] = quantileOf(params[0][i], sortedNaNFirst(window));
    out.present[i] = 1;
  }
};
const deviation = new CompensatedSum();

function variance(values: Float64Array, from: number, to: number): number {
  sum.reset();
  deviation.reset();
  let count = 0;
  for (let k = from; k < to; k++) {
    count++;
    const delta = values[k] - (sum.sum + sum.compensation);
    sum.add(delta / count);
    deviation.add(delta * (values[k] - (sum.sum + sum.compensation)));
  }
  return (deviation.sum + deviation.compensation) / count;
}

function medianDeviation(values: Float64Array, from: number, to: number): number {
  for (let k = from; k < to; k++) if (values[k] !== values[k]) return NaN;
  const median = quantileOf(0.5, sortedNaNFirst(values.slice(from, to)));
  return quantileOf(0.5, sortedNaNFirst(values.slice(from, to).map((v) => Math.abs(v - median))));
}

/** Index of the best sample, NaN being worst; of equals the last. */
const indexOfBest =
  (isWorse: (a: number, b: number) => boolean) => (values: Float64Array, from: number, to: number) => {
    let best = from;
    for (let k = from + 1; k < to; k++) {
      if (values[best] !== values[best] || isWorse(values[best], values[k]) || values[best] === values[k]) best = k;
    }
    return best;
  };

/** Holt's linear smoothing; a window needs two samples. */
const doubleExponentialSmoothing: RangeKernel = ({ values, lo, hi }, { ends, params }, out) => {
  for (let i = 0; i < ends.length; i++) {
    if (hi[i] - lo[i] < 2) continue;
    const smoothing = params[0][i];
    const trend = params[1][i];
    let before = 0;
    let level = values[lo[i]];
    let slope = values[lo[i] + 1] - values[lo[i]];
    for (let k = lo[i] + 1; k < hi[i]; k++) {
      const scaled = smoothing * values[k];
      if (k > lo[i] + 1) slope = trend * (level - before) + (1 - trend) * slope;
      before = level;
      level = scaled + (1 - smoothing) * (level + slope);
    }
    out.values[i] = level;
    out.present[i] = 1;
  }
};

export const OVER_TIME_KERNELS = {
  sum_over_time: sumOverTime,
  avg_over_time: avgOverTime,
  count_over_time: perWindow((_values, from, to) => to - from),
  min_over_time: extreme((a, b) => a < b),
  max_over_time: extreme((a, b) => a > b),
  first_over_time: perWindow((values, from) => values[from]),
  last_over_time: perWindow((values, _from, to) => values[to - 1]),
  present_over_time: perWindow(() => 1),
  stddev_over_time: perWindow((values, from, to) => Math.sqrt(variance(values, from, to))),
  stdvar_over_time: perWindow(variance),
  quantile_over_time: quantileOverTime,
  mad_over_time: perWindow(medianDeviation),
  double_exponential_smoothing: doubleExponentialSmoothing,
  ts_of_first_over_time: timeOf((_values, from) => from),
  ts_of_last_over_time: timeOf((_values, _from, to) => to - 1),
  ts_of_max_over_time: timeOf(indexOfBest((a, b) => a < b)),
  ts_of_min_over_time: timeOf(indexOfBest((a, b) => a > b)),
} as const satisfies Record<string, RangeKernel>;

/** Of these the result is a sample of the metric, and keeps its name. */
export const NAME_KEEPING: ReadonlySet<string> = new Set(['first_over_time', 'last_over_time']);
