/** The *_over_time functions. Formulas: Prometheus promql/functions.go. */
import { CompensatedMean, CompensatedSum } from './kahan.ts';
import { quantileOf, sortedNaNFirst } from './quantile.ts';
import type { RangeKernel } from './rangeKernels.ts';

/** A value from the samples [from, to) of every window that has any. */
function perWindow(
  compute: (values: Float64Array, from: number, to: number, step: number, params: readonly Float64Array[]) => number,
): RangeKernel {
  return ({ values, lo, hi }, { ends, params }, out) => {
    for (let i = 0; i < ends.length; i++) {
      if (hi[i] === lo[i]) continue;
      out.values[i] = compute(values, lo[i], hi[i], i, params);
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
  sum_over_time: perWindow((values, from, to) => {
    sum.reset();
    for (let k = from; k < to; k++) sum.add(values[k]);
    return sum.value;
  }),
  avg_over_time: perWindow((values, from, to) => {
    mean.reset();
    for (let k = from; k < to; k++) mean.add(values[k]);
    return mean.value;
  }),
  count_over_time: perWindow((_values, from, to) => to - from),
  min_over_time: extreme((a, b) => a < b),
  max_over_time: extreme((a, b) => a > b),
  first_over_time: perWindow((values, from) => values[from]),
  last_over_time: perWindow((values, _from, to) => values[to - 1]),
  present_over_time: perWindow(() => 1),
  stddev_over_time: perWindow((values, from, to) => Math.sqrt(variance(values, from, to))),
  stdvar_over_time: perWindow(variance),
  quantile_over_time: perWindow((values, from, to, step, params) =>
    quantileOf(params[0][step], sortedNaNFirst(values.slice(from, to))),
  ),
  mad_over_time: perWindow(medianDeviation),
  double_exponential_smoothing: doubleExponentialSmoothing,
  ts_of_first_over_time: timeOf((_values, from) => from),
  ts_of_last_over_time: timeOf((_values, _from, to) => to - 1),
  ts_of_max_over_time: timeOf(indexOfBest((a, b) => a < b)),
  ts_of_min_over_time: timeOf(indexOfBest((a, b) => a > b)),
} as const satisfies Record<string, RangeKernel>;
