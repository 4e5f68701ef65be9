/** Which samples an `anchored` or `smoothed` window begins and ends with. */

/** The samples that a window's result is made of, [first, last]. */
export interface Extent {
  readonly first: number;
  readonly last: number;
}

/** First index in [from, to) whose time is after `t` (or at it, if `orAt`); `to` if there is none. */
export function firstAfter(times: Float64Array, from: number, to: number, t: number, orAt = false): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (orAt ? times[middle] >= t : times[middle] > t) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** From the sample at or before the window's start to the last one, or with `smoothed` the first one at or after its end. */
export function extentOf(
  times: Float64Array,
  from: number,
  to: number,
  start: number,
  end: number,
  isSmoothed: boolean,
): Extent | undefined {
  if (to <= from) return undefined;
  const first = Math.max(from, firstAfter(times, from, to - 1, start) - 1);
  const last = isSmoothed ? firstAfter(times, from, to - 1, end, true) : to - 1;
  if (times[last] <= start || (isSmoothed && times[first] > end)) return undefined;
  return { first, last };
}

/** Between samples `k` and `k + 1`. A counter that fell began anew at 0. */
export function interpolated(
  times: Float64Array,
  values: Float64Array,
  k: number,
  t: number,
  isCounter: boolean,
): number {
  const before = isCounter && values[k + 1] < values[k] ? 0 : values[k];
  return before + ((values[k + 1] - before) * (t - times[k])) / (times[k + 1] - times[k]);
}

/** The values at the window's two ends. */
export function endsOf(
  times: Float64Array,
  values: Float64Array,
  from: number,
  { first, last }: Extent,
  start: number,
  end: number,
  isSmoothed: boolean,
  isCounter: boolean,
): readonly [left: number, right: number] {
  const left =
    isSmoothed && times[first] < start ? interpolated(times, values, first, start, isCounter) : values[first];
  const right =
    isSmoothed && last > from && times[last] > end
      ? interpolated(times, values, last - 1, end, isCounter)
      : values[last];
  return [left, right];
}
