/** Which samples belong to which step. Found once for all series that share their times. */

/** Samples [lo[i], hi[i]) lie in (ends[i] - width, ends[i]]. */
export interface Windows {
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  /** Whether each has a sample. */
  readonly areFull: boolean;
  /** Samples of all of them together. */
  readonly samples: number;
  /** How the increases over them are extrapolated, once that was asked. */
  reaches?: Reaches;
}

/** What an extrapolation owes to times alone, by step; the same for all series that share their windows. */
export interface Reaches {
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  readonly times: Float64Array;
  readonly ends: Float64Array;
  readonly rangeMs: number;
  /** 1 where a window has two samples; all else means something only there. */
  readonly present: Uint8Array;
  /** The outermost samples of each window. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** A counter whose first value is above its increase times this was not at 0 inside the window, rounding allowed for. */
  readonly zeroReach: Float64Array;
  /** The largest of these. */
  readonly zeroReachMax: number;
  /** For series that do not reach 0 before the window's start. */
  readonly factors: Float64Array;
  /** The same for a value by second. */
  readonly perSecond: Float64Array;
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
  let samples = 0;
  for (let i = 0; i < steps; i++) {
    h = firstAfter(times, ends[i], h);
    l = firstAfter(times, ends[i] - width, l);
    lo[i] = l;
    hi[i] = h;
    samples += h - l;
    if (l === h) areFull = false;
  }
  return { lo, hi, areFull, samples };
}

/** The first index from `from` on whose time is after `t`: in steps that double, then by halves, for it may be near or far. */
function firstAfter(times: Float64Array, t: number, from: number): number {
  let step = 1;
  let low = from;
  while (low + step <= times.length && times[low + step - 1] <= t) {
    low += step;
    step *= 2;
  }
  let high = Math.min(times.length, low + step - 1);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Windows by times array, so that a group's are found once. */
export class WindowCache {
  readonly ends: Float64Array;
  readonly width: number;
  private readonly found = new Map<Float64Array, Windows>();
  private bytes = 0;
  private lastTimes: Float64Array | undefined;
  private last: Windows | undefined;

  constructor(ends: Float64Array, width: number) {
    this.ends = ends;
    this.width = width;
  }

  /** @param isShared whether other series may come with the same array. */
  of(times: Float64Array, isShared: boolean): Windows {
    if (times === this.lastTimes) return this.last!;
    const known = this.found.get(times);
    const windows = known ?? locateWindows(times, this.ends, this.width);
    if (isShared) {
      if (known === undefined) this.keep(times, windows);
      this.lastTimes = times;
      this.last = windows;
    }
    return windows;
  }

  private keep(times: Float64Array, windows: Windows): void {
    this.found.set(times, windows);
    this.bytes += 8 * times.length + STEP_BYTES * this.ends.length;
    if (this.bytes > RECENT_BYTES_MAX) recent.delete(this);
  }
}

/** What a step takes in windows and their reaches. */
const STEP_BYTES = 41;
/** Fewer are found anew as quickly. */
const RECENT_STEPS_MIN = 64;
const RECENT_MAX = 4;
/** Of one, with the times that it is of. */
const RECENT_BYTES_MAX = 4 * 1024 * 1024;

/** What this thread's last queries found, oldest first: the panels of a dashboard look at the same times in the same steps. */
const recent = new Set<WindowCache>();

/** The windows of a query: parts of it that look at the same times, over the same width, share what is found. */
export class QueryWindows {
  readonly #caches: WindowCache[] = [];

  of(ends: Float64Array, width: number): WindowCache {
    const fits = (cache: WindowCache) => cache.width === width && areEqual(cache.ends, ends);
    const own = this.#caches.find(fits);
    if (own !== undefined) return own;
    const cache = [...recent].find(fits) ?? new WindowCache(ends, width);
    this.#caches.push(cache);
    if (ends.length >= RECENT_STEPS_MIN) putLast(cache);
    return cache;
  }
}

function putLast(cache: WindowCache): void {
  recent.delete(cache);
  recent.add(cache);
  const [oldest] = recent;
  if (recent.size > RECENT_MAX) recent.delete(oldest);
}

function areEqual(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}
