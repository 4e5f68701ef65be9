/** Functions of single values. */
import { ln, log10, log2 } from '../../shared/model/logarithms.ts';
import { civilTime, type CivilTime } from './civilTime.ts';

export const MATH = {
  abs: Math.abs,
  acos: Math.acos,
  acosh: Math.acosh,
  asin: Math.asin,
  asinh: Math.asinh,
  atan: Math.atan,
  atanh: Math.atanh,
  ceil: Math.ceil,
  cos: Math.cos,
  cosh: Math.cosh,
  deg: (v: number) => (v * 180) / Math.PI,
  exp: Math.exp,
  floor: Math.floor,
  ln,
  log10,
  log2,
  rad: (v: number) => (v * Math.PI) / 180,
  sgn: (v: number) => (v > 0 ? 1 : v < 0 ? -1 : v),
  sin: Math.sin,
  sinh: Math.sinh,
  sqrt: Math.sqrt,
  tan: Math.tan,
  tanh: Math.tanh,
} as const satisfies Record<string, (v: number) => number>;

/** Calendar parts, in UTC, of a time in seconds. */
export const CALENDAR = {
  day_of_month: part(({ day }) => day),
  day_of_week: part(({ weekday }) => weekday),
  day_of_year: part(({ yearDay }) => yearDay),
  days_in_month: part(({ daysInMonth }) => daysInMonth),
  hour: part(({ hour }) => hour),
  minute: part(({ minute }) => minute),
  month: part(({ month }) => month),
  year: part(({ year }) => year),
} as const satisfies Record<string, (seconds: number) => number>;

function part(of: (time: CivilTime) => number): (seconds: number) => number {
  return (seconds) => of(civilTime(seconds));
}

/** To the nearest multiple of `to`, halves up. */
export function roundTo(v: number, to: number): number {
  const inverse = 1 / to;
  return Math.floor(v * inverse + 0.5) / inverse;
}

/** Go's math.Min and math.Max: an infinity that cannot be beaten wins over NaN. */
export const lesser = (a: number, b: number) => (a === -Infinity || b === -Infinity ? -Infinity : Math.min(a, b));
export const greater = (a: number, b: number) => (a === Infinity || b === Infinity ? Infinity : Math.max(a, b));
