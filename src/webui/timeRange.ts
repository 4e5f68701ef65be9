/** The time range of a page: relative or fixed, its step on a grid that stands still while time moves, and its text in the address. */
import { formatDuration, parseDuration } from '../shared/model/durations.ts';

export type TimeRange =
  | { readonly kind: 'last'; readonly ms: number }
  | { readonly kind: 'between'; readonly start: number; readonly end: number };

/** A range query's grid: milliseconds; start and end are multiples of the step. */
export interface Grid {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

export const RANGES_MS = [300_000, 900_000, 3_600_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000, 604_800_000];

/** A relative range that is longer than this is taken for a slip of the pen. */
export const RANGE_MS_MAX = 366 * 86_400_000;
const RANGE_MS_MIN = 1000;

/** What the parameters say, or undefined where they say nothing valid. */
export function rangeFromParams(params: URLSearchParams): TimeRange | undefined {
  const start = Number(params.get('start') ?? NaN);
  const end = Number(params.get('end') ?? NaN);
  if (Number.isFinite(start) && Number.isFinite(end) && end - start >= RANGE_MS_MIN && end - start <= RANGE_MS_MAX) {
    return { kind: 'between', start, end };
  }
  const text = params.get('range');
  if (text === null) return undefined;
  try {
    const ms = parseDuration(text);
    return ms >= RANGE_MS_MIN && ms <= RANGE_MS_MAX ? { kind: 'last', ms } : undefined;
  } catch {
    return undefined; // A mistyped address gets the default range rather than an empty page.
  }
}

/** Both ends of a range, milliseconds. */
export function shownBy(range: TimeRange, now: number): { readonly start: number; readonly end: number } {
  return range.kind === 'last' ? { start: now - range.ms, end: now } : { start: range.start, end: range.end };
}

/** A fixed range stands before a relative one, which stays in the address as the way back. */
export function rangeParams(range: TimeRange): Partial<Record<'range' | 'start' | 'end', string | undefined>> {
  return range.kind === 'last'
    ? { range: formatDuration(range.ms), start: undefined, end: undefined }
    : { start: String(Math.round(range.start)), end: String(Math.round(range.end)) };
}

/** Each divides the next larger round time, so that columns begin at full minutes, hours and days. */
const STEPS_S = [
  1, 2, 5, 10, 15, 20, 30, 60, 90, 120, 180, 240, 300, 360, 600, 720, 900, 1200, 1800, 3600, 7200, 10_800, 14_400,
  21_600, 43_200, 86_400,
];

/**
 * The grid that covers a range with at most `columnsMax` steps of a round length that is not below the scrape interval.
 *
 * @param now milliseconds; only relative ranges look at it.
 */
export function gridFor(range: TimeRange, now: number, columnsMax: number, scrapeIntervalMs: number): Grid {
  const [from, to] = range.kind === 'last' ? [now - range.ms, now] : [range.start, range.end];
  const wanted = Math.max((to - from) / columnsMax, Math.min(scrapeIntervalMs, (to - from) / 4));
  const step = (STEPS_S.find((s) => s * 1000 >= wanted) ?? Math.ceil(wanted / 86_400_000) * 86_400) * 1000;
  const end = Math.floor(to / step) * step;
  return { start: Math.min(end, Math.ceil(from / step) * step), end, step };
}

/**
 * The window of `rate` at a step: one scrape longer than the step, so that every increase falls into one slice, and half a scrape more against jitter.
 * A missed scrape shows as a gap rather than being smeared over its neighbours, and the first minute is no slow ramp.
 */
export function sliceWindow(step: number, scrapeIntervalMs: number): number {
  return step + Math.ceil((1.5 * scrapeIntervalMs) / 1000) * 1000;
}

export function gridLength(grid: Grid): number {
  return Math.floor((grid.end - grid.start) / grid.step) + 1;
}

/** The grid's times in milliseconds. */
export function gridTimes(grid: Grid): Float64Array {
  return Float64Array.from({ length: gridLength(grid) }, (_, i) => grid.start + i * grid.step);
}

/** Both ends of the pictures: the first slice begins one step before the first grid point. */
export function chartDomain({ start, end, step }: Grid): readonly [number, number] {
  return [start - step, end];
}

/** A grid in a key of what was fetched over it. */
export function gridKey({ start, end, step }: Grid): string {
  return `${start} ${end} ${step}`;
}
