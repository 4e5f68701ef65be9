/** Which samples belong to which step. Found once for all series that share their times. */

/** Samples [lo[i], hi[i]) lie in (ends[i] - width, ends[i]]. */
export interface Windows {
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  /** Whether each has a sample. */
  readonly areFull: boolean;
}

/**
 * @param times ascending, milliseconds.
 * @param ends non-descending, milliseconds; one per step.
 * @param width milliseconds; windows are open on the left.
 */
export function locateWindows(times: Float64Array, ends: Float64Array, width: number): Windows {
  const steps = ends.length;
  const lo = new Int32Array(steps);
  const hi = new Int32Array(steps);
  let l = 0;
  let h = 0;
  let areFull = true;
  for (let i = 0; i < steps; i++) {
    const end = ends[i];
    const start = end - width;
    while (h < times.length && times[h] <= end) h++;
    while (l < h && times[l] <= start) l++;
    lo[i] = l;
    hi[i] = h;
    if (l === h) areFull = false;
  }
  return { lo, hi, areFull };
}

/** Windows by times array, so that a group's are found once. */
export class WindowCache {
  private readonly ends: Float64Array;
  private readonly width: number;
  private readonly found = new Map<Float64Array, Windows>();
  private lastTimes: Float64Array | undefined;
  private last: Windows | undefined;

  constructor(ends: Float64Array, width: number) {
    this.ends = ends;
    this.width = width;
  }

  /** @param isShared whether other series may come with the same array. */
  of(times: Float64Array, isShared: boolean): Windows {
    if (times === this.lastTimes) return this.last!;
    const windows = this.found.get(times) ?? locateWindows(times, this.ends, this.width);
    if (isShared) {
      this.found.set(times, windows);
      this.lastTimes = times;
      this.last = windows;
    }
    return windows;
  }
}
