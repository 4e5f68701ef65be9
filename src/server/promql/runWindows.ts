/** Windows over series of which runs of samples are known without decoding: which samples have to be read all the same. */
import type { SeriesOutline } from '../storage/queryable.ts';
import type { WindowCache, Windows } from './windows.ts';

/**
 * What of a window's samples matters to a function: `times` alone; the samples at both `ends`; `all` of them, as far as a whole run tells it; or
 * all of them in their order, which a run tells only where it is `alone` in its window.
 */
export type LooksAt = 'times' | 'ends' | 'all' | 'alone';

/** The same for all series whose samples have the same times. */
export interface RunWindows extends Windows {
  readonly times: Float64Array;
  /** By step: the runs of a window's first and last sample. Undefined for an empty window. */
  readonly firstRun: Int32Array;
  readonly lastRun: Int32Array;
  /** By run: where its samples are in `values`, if they are read; else -1. */
  readonly readAt: Int32Array;
  /** By step, where ends are looked at: a window's first and last sample in `values`. */
  readonly firstAt: Int32Array;
  readonly lastAt: Int32Array;
  /** Length of `values`: first and last sample of each run, then the samples of those that are read. */
  readonly room: number;
}

export interface RunValues {
  readonly windows: RunWindows;
  readonly values: Float64Array;
}

/** More than this share of the samples is not read run by run: all of them at once is quicker, and may be kept. */
const READ_SHARE_MAX = 1 / 8;

/** One series. */
export interface OutlinedSeries {
  readonly outline: SeriesOutline;
  /** Undefined where too many samples would have to be read. Valid until another series is looked at. */
  look(at: LooksAt): RunValues | undefined;
}

/** Finds windows and the runs to read once for all series that share their times. */
export class OutlineReader {
  readonly #cache: WindowCache;
  readonly #found = new Map<LooksAt, Map<Float64Array, RunWindows | 'read all'>>();
  #values = new Float64Array(0);

  constructor(cache: WindowCache) {
    this.#cache = cache;
  }

  of(outline: SeriesOutline): OutlinedSeries {
    return { outline, look: (at) => this.#look(outline, at) };
  }

  /** Whether all samples of series with these times had to be read so far: then what is known of others need not be looked up. */
  areReadAll(times: Float64Array): boolean {
    let any = false;
    for (const byTimes of this.#found.values()) {
      const windows = byTimes.get(times);
      if (windows !== undefined && windows !== 'read all') return false;
      any ||= windows !== undefined;
    }
    return any;
  }

  #look(outline: SeriesOutline, at: LooksAt): RunValues | undefined {
    let byTimes = this.#found.get(at);
    if (byTimes === undefined) this.#found.set(at, (byTimes = new Map()));
    let windows = byTimes.get(outline.times);
    if (windows === undefined) {
      windows = locateRuns(outline, this.#cache.of(outline.times, true), at);
      byTimes.set(outline.times, windows);
    }
    if (windows === 'read all') return undefined;
    if (at === 'times') return { windows, values: this.#values };
    outline.fill();
    return { windows, values: this.#read(outline, windows) };
  }

  #read({ ends, first, last, read }: SeriesOutline, { readAt, room }: RunWindows): Float64Array {
    if (this.#values.length < room) this.#values = new Float64Array(room);
    const values = this.#values;
    for (let r = 0; r < ends.length; r++) {
      values[2 * r] = first[r];
      values[2 * r + 1] = last[r];
      if (readAt[r] >= 0) read(r, values, readAt[r]);
    }
    return values;
  }
}

export function locateRuns(outline: SeriesOutline, windows: Windows, at: LooksAt): RunWindows | 'read all' {
  const { times, ends, isKnown } = outline;
  const { lo, hi } = windows;
  const steps = lo.length;
  const index = () => new Int32Array(steps);
  const [firstRun, lastRun] = [index(), index()];
  const startOf = (r: number) => (r > 0 ? ends[r - 1] : 0);
  const readAt = new Int32Array(ends.length).fill(-1);
  let room = 2 * ends.length;
  const roomMax = room + times.length * READ_SHARE_MAX;
  const read = (r: number) => {
    if (readAt[r] >= 0) return;
    readAt[r] = room;
    room += ends[r] - startOf(r);
  };
  const isEnd = (r: number, k: number) => isKnown[r] === 1 && (k === startOf(r) || k === ends[r] - 1);
  const isWhole = (r: number, i: number) => isKnown[r] === 1 && lo[i] <= startOf(r) && hi[i] >= ends[r];
  let a = 0;
  let b = 0;
  for (let i = 0; i < steps; i++) {
    if (hi[i] === lo[i]) continue;
    while (ends[a] <= lo[i]) a++;
    while (ends[b] < hi[i]) b++;
    firstRun[i] = a;
    lastRun[i] = b;
    if (at === 'ends') {
      if (!isEnd(a, lo[i])) read(a);
      if (!isEnd(b, hi[i] - 1)) read(b);
    } else if (at !== 'times' && (at === 'all' || a < b || !isWhole(a, i))) {
      for (let r = a; r <= b; r++) if (at === 'alone' || !isWhole(r, i)) read(r);
    }
    if (room > roomMax) return 'read all';
  }
  const [firstAt, lastAt] = [index(), index()];
  const placeOf = (r: number, k: number) =>
    isEnd(r, k) ? 2 * r + (k === startOf(r) ? 0 : 1) : readAt[r] + k - startOf(r);
  for (let i = 0; i < steps && at === 'ends'; i++) {
    if (hi[i] === lo[i]) continue;
    firstAt[i] = placeOf(firstRun[i], lo[i]);
    lastAt[i] = placeOf(lastRun[i], hi[i] - 1);
  }
  return { ...windows, times, firstRun, lastRun, readAt, firstAt, lastAt, room };
}
