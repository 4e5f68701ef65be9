import { secondsPerUnit } from './format.ts';
import type { AxisScale } from './axisScale.ts';

/** A bound on the ticks of one axis, whatever its domain. */
const TICKS_MAX = 200;

/** A logarithmic axis that spans less is nearly straight: steps of one size serve it where powers are too few. */
const NARROW_FACTOR = 20;

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
/** Round times from ten seconds on, in seconds: those that stand alone, and those between. */
const ROUND_TIMES = [
  [10, MINUTE, 10 * MINUTE, HOUR, 10 * HOUR, DAY, 10 * DAY, 100 * DAY],
  [10, 30, MINUTE, 120, 300, 600, 1800, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY, 90 * DAY],
];

/**
 * Round values inside the axis' domain, ascending, at least `spacing` pixels apart.
 *
 * @param unit Grafana's name of the unit; times get minutes and hours, bytes powers of 1024.
 */
export function valueTicks(axis: AxisScale, unit: string, spacing: number): number[] {
  const [low, high] = axis.domain;
  if (!(high > low) || !Number.isFinite(high - low)) return Number.isFinite(low) ? [low] : [];
  const ladders = axis.name === 'log' ? logLadders(low, high, unit) : [];
  for (const ladder of ladders) {
    const ticks = ladder.filter((v) => v >= low * (1 - 1e-9) && v <= high * (1 + 1e-9));
    if (ticks.length >= 2 && spacedBy(axis, ticks, spacing)) return ticks;
  }
  const narrow = axis.name === 'log' && high / low < NARROW_FACTOR;
  if (ladders.length > 0 && !narrow) return thinned(axis, ladders[ladders.length - 1], spacing);
  if (axis.name === 'symlog') return thinned(axis, symlogLadder(low, high), spacing);
  const countMax = Math.max(2, Math.abs(axis.toPixel(high) - axis.toPixel(low)) / spacing);
  return thinned(axis, linearTicks(low, high, countMax, unit), spacing);
}

function spacedBy(axis: AxisScale, ticks: readonly number[], spacing: number): boolean {
  for (let i = 1; i < ticks.length; i++) {
    if (Math.abs(axis.toPixel(ticks[i]) - axis.toPixel(ticks[i - 1])) < spacing) return false;
  }
  return true;
}

function thinned(axis: AxisScale, ladder: readonly number[], spacing: number): number[] {
  const ticks: number[] = [];
  const [low, high] = axis.domain;
  for (const value of ladder) {
    if (value < low || value > high) continue;
    const last = ticks[ticks.length - 1];
    if (last === undefined || Math.abs(axis.toPixel(value) - axis.toPixel(last)) >= spacing) ticks.push(value);
  }
  return ticks;
}

/** From many ticks to few. */
function logLadders(low: number, high: number, unit: string): number[][] {
  const seconds = secondsPerUnit(unit);
  const base = unit === 'bytes' ? 2 : 10;
  if (base === 2) return [1, 2, 4, 10].map((step) => powerLadder(low, high, 2, [1], step));
  const fine = powerLadder(low, high, 10, [1, 2, 3, 4, 5, 6, 7, 8, 9], 1);
  const middle = powerLadder(low, high, 10, [1, 2, 5], 1);
  const decades = powerLadder(low, high, 10, [1], 1);
  const plain = [fine, middle, decades, powerLadder(low, high, 10, [1], 2), powerLadder(low, high, 10, [1], 3)];
  if (seconds === undefined) return plain;
  const rounds = [1, 1, 0, 0, 0].map((row) => ROUND_TIMES[row].map((t) => t / seconds));
  return plain.map((ladder, i) => [...ladder.filter((v) => v * seconds < 10), ...rounds[i]]);
}

function powerLadder(low: number, high: number, base: number, steps: readonly number[], every: number): number[] {
  const from = Math.floor(Math.log(low) / Math.log(base));
  const to = Math.ceil(Math.log(high) / Math.log(base));
  const ladder: number[] = [];
  for (let k = Math.ceil(from / every) * every; k <= to && ladder.length < TICKS_MAX * 10; k += every) {
    for (const step of steps) ladder.push(k < 0 ? step / base ** -k : step * base ** k);
  }
  return ladder;
}

function symlogLadder(low: number, high: number): number[] {
  const top = Math.max(Math.abs(low), Math.abs(high));
  const positive = powerLadder(top / 1e6, top, 10, [1], 1);
  return [...positive.map((v) => -v).reverse(), 0, ...positive];
}

const TIME_STEPS = [10, 15, 30, 60, 120, 300, 600, 1800, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY];

function linearTicks(low: number, high: number, countMax: number, unit: string): number[] {
  const rough = (high - low) / Math.min(countMax, TICKS_MAX);
  const seconds = secondsPerUnit(unit);
  const step =
    (seconds !== undefined && rough * seconds > 5 ? (TIME_STEPS.find((s) => s >= rough * seconds) ?? DAY) : NaN) /
    (seconds ?? 1);
  const nice = Number.isNaN(step) ? niceStep(rough, unit === 'bytes' ? 2 : 10) : step;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / nice - 1e-9); i * nice <= high + nice * 1e-9 && ticks.length < TICKS_MAX; i++) {
    ticks.push(Number((i * nice).toPrecision(12)));
  }
  return ticks;
}

function niceStep(rough: number, base: 2 | 10): number {
  if (base === 2) return 2 ** Math.ceil(Math.log2(rough));
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((s) => s * power >= rough * (1 - 1e-9)) ?? 10) * power;
}

export interface TimeTick {
  readonly time: number;
  readonly text: string;
  /** A new day begins here: the text is a date. */
  readonly major: boolean;
}

const SECOND_MS = 1000;
const QUARTER_MS = 900_000;
const OFFSETS_MAX = 10_000;
const TIME_AXIS_STEPS_MS = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  1e3,
  2e3,
  5e3,
  10e3,
  15e3,
  30e3,
  60e3,
  120e3,
  300e3,
  600e3,
  900e3,
  1800e3,
  3600e3,
  7200e3,
  10800e3,
  21600e3,
  43200e3,
  864e5,
  2 * 864e5,
  7 * 864e5,
  14 * 864e5,
  28 * 864e5,
  91 * 864e5,
  364 * 864e5,
];

/**
 * Round times of a time zone, at most `countMax`, with what to write there.
 *
 * @param timeZone an IANA name; the machine's own zone if undefined.
 */
export function timeTicks(from: number, to: number, countMax: number, timeZone?: string): TimeTick[] {
  if (!(to > from) || countMax < 1) return [];
  const rough = (to - from) / Math.min(countMax, TICKS_MAX);
  const step = TIME_AXIS_STEPS_MS.find((s) => s >= rough) ?? rough;
  const clock = zoneClock(timeZone);
  const ticks: TimeTick[] = [];
  // Round in local time: shift by the zone's offset, which may change inside the range.
  let local = Math.ceil((from + clock.offsetMs(from)) / step) * step;
  for (let i = 0; i < TICKS_MAX; i++, local += step) {
    const time = local - clock.offsetMs(local - clock.offsetMs(local));
    if (time > to) break;
    if (time < from || (ticks.length > 0 && time <= ticks[ticks.length - 1].time)) continue;
    const major = local % 864e5 === 0;
    ticks.push({ time, text: major ? clock.date(time) : clock.time(time, step), major });
  }
  return ticks;
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const DAY_MS = 864e5;

/** Times of a day, or of a week that begins on Monday, counted in milliseconds from its begin; see {@link timeTicks}. */
export function foldTicks(from: number, to: number, countMax: number): TimeTick[] {
  if (to - from > DAY_MS) {
    return WEEKDAYS.map((text, i) => ({ time: i * DAY_MS, text, major: true })).filter(
      ({ time }, i) => time >= from && time < to && i % Math.max(1, Math.ceil(7 / countMax)) === 0,
    );
  }
  return timeTicks(from, to, countMax, 'UTC').map((tick) =>
    tick.major ? { ...tick, text: tick.time < to ? '00:00' : '24:00', major: false } : tick,
  );
}

/** A time of a folded axis: `Tue 14:00`. */
export function foldedTime(time: number, fold: 'day' | 'week'): string {
  const minutes = Math.round((time % DAY_MS) / 60_000);
  const clock = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  return fold === 'day' ? clock : `${WEEKDAYS[Math.floor(time / DAY_MS) % 7]} ${clock}`;
}

interface ZoneClock {
  offsetMs(time: number): number;
  date(time: number): string;
  time(time: number, step: number): string;
}

/** What a zone's clock is ahead of UTC at a time; the machine's own zone if undefined. */
export function zoneOffsetMs(time: number, timeZone?: string): number {
  return zoneClock(timeZone).offsetMs(time);
}

const clocks = new Map<string, ZoneClock>();

function zoneClock(timeZone?: string): ZoneClock {
  const key = timeZone ?? '';
  let clock = clocks.get(key);
  if (clock === undefined) clocks.set(key, (clock = makeClock(timeZone)));
  return clock;
}

function makeClock(timeZone?: string): ZoneClock {
  const zone = { timeZone, hourCycle: 'h23' } as const;
  const parts = new Intl.DateTimeFormat('en-US', {
    ...zone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const minutes = new Intl.DateTimeFormat('en-GB', { ...zone, hour: '2-digit', minute: '2-digit' });
  const seconds = new Intl.DateTimeFormat('en-GB', { ...zone, hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const day = new Intl.DateTimeFormat('en-GB', { ...zone, day: 'numeric', month: 'short' });
  const offsetAt = (time: number): number => {
    const whole = Math.floor(time / SECOND_MS) * SECOND_MS;
    const p: Record<string, number> = {};
    for (const { type, value } of parts.formatToParts(whole)) p[type] = Number(value);
    return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - whole;
  };
  // Clocks change at quarters of an hour; asking Intl for each slice of a long range is slow.
  const offsets = new Map<number, number>();
  return {
    offsetMs(time) {
      const quarter = Math.floor(time / QUARTER_MS);
      let offset = offsets.get(quarter);
      if (offset === undefined) {
        if (offsets.size >= OFFSETS_MAX) offsets.clear();
        offsets.set(quarter, (offset = offsetAt(quarter * QUARTER_MS)));
      }
      return offset;
    },
    date: (time) => day.format(time),
    time: (time, step) => {
      if (step >= 60 * SECOND_MS) return minutes.format(time);
      if (step >= SECOND_MS) return seconds.format(time);
      return `${seconds.format(time)}.${String(((time % 1000) + 1000) % 1000).padStart(3, '0')}`;
    },
  };
}
