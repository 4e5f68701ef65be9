/** Time slices from timestamps: each timestamp ends a slice one step long; where steps are missing, a slice without data stands in between. */
export interface Slices {
  /** Slice bounds in milliseconds, length count + 1. */
  readonly xEdges: Float64Array;
  /** The slice that ends at times[i]. */
  readonly sliceOf: Uint32Array;
}

/** What a Date can hold, in milliseconds; times are kept a little inside, so that slices have room before them. */
const DATE_MAX_MS = 8.64e15;
const TIME_MAX_MS = 8.6e15;

/** Whether a number is a time that a calendar has. */
export function isTime(ms: number): boolean {
  return Math.abs(ms) <= TIME_MAX_MS;
}

/** A lone timestamp says nothing about its step. */
const LONE_STEP_MS = 15_000;
/** A distance of more steps than this is a gap. */
const GAP_FROM_STEPS = 1.5;

/**
 * @param times milliseconds, strictly ascending, at least one; see {@link isTime}.
 * @param stepMs how long a slice is; by default the smallest distance of two times.
 */
export function slicesOf(times: Float64Array, stepMs?: number): Slices {
  const step = stepMs !== undefined && stepMs > 0 ? stepMs : smallestStep(times);
  const edges = [Math.max(-DATE_MAX_MS, times[0] - step)];
  const sliceOf = new Uint32Array(times.length);
  for (let i = 0; i < times.length; i++) {
    const time = times[i];
    if (time - edges[edges.length - 1] > step * GAP_FROM_STEPS) edges.push(time - step);
    edges.push(time);
    sliceOf[i] = edges.length - 2;
  }
  return { xEdges: Float64Array.from(edges), sliceOf };
}

function smallestStep(times: Float64Array): number {
  let step = Infinity;
  for (let i = 1; i < times.length; i++) step = Math.min(step, times[i] - times[i - 1]);
  return Number.isFinite(step) ? step : LONE_STEP_MS;
}

/** Numbers ascending, each once; NaN left out. */
export function distinctSorted(numbers: Iterable<number>): Float64Array {
  return Float64Array.from([...new Set(numbers)].filter((n) => !Number.isNaN(n))).sort();
}

/** Bounds closer than this, relative to their size, are two spellings of one. */
const SAME_BOUND = 1e-9;

/** Bucket bounds ascending, each once; 0.3 and 0.30000000000000004 are one. NaN left out. */
export function distinctBounds(numbers: Iterable<number>): Float64Array {
  const sorted = distinctSorted(numbers);
  let n = 0;
  for (const bound of sorted) if (n === 0 || !isSameBound(sorted[n - 1], bound)) sorted[n++] = bound;
  return sorted.slice(0, n);
}

export function isSameBound(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= SAME_BOUND * Math.min(Math.abs(a), Math.abs(b));
}

/** Index of a bound among {@link distinctBounds}; -1 if it is none of them. */
export function boundIndex(bounds: Float64Array, bound: number): number {
  let low = 0;
  let high = bounds.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    if (isSameBound(bounds[middle], bound)) return middle;
    if (bounds[middle] < bound) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
