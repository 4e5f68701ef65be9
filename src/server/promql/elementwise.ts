/** Functions of single values. */
const DEGREES = 180 / Math.PI;

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
  deg: (v: number) => v * DEGREES,
  exp: Math.exp,
  floor: Math.floor,
  ln: Math.log,
  log10: Math.log10,
  log2: Math.log2,
  rad: (v: number) => (v * Math.PI) / 180,
  sgn: (v: number) => (v > 0 ? 1 : v < 0 ? -1 : v),
  sin: Math.sin,
  sinh: Math.sinh,
  sqrt: Math.sqrt,
  tan: Math.tan,
  tanh: Math.tanh,
} as const satisfies Record<string, (v: number) => number>;

/** Calendar parts, in UTC. The date comes from whole seconds. */
export const CALENDAR = {
  day_of_month: (d: Date) => d.getUTCDate(),
  day_of_week: (d: Date) => d.getUTCDay(),
  day_of_year: (d: Date) =>
    1 +
    (Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate()) - Date.UTC(d.getUTCFullYear(), 0, 1)) / 86_400_000,
  days_in_month: (d: Date) => new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + 1, 0)).getUTCDate(),
  hour: (d: Date) => d.getUTCHours(),
  minute: (d: Date) => d.getUTCMinutes(),
  month: (d: Date) => d.getUTCMonth() + 1,
  year: (d: Date) => d.getUTCFullYear(),
} as const satisfies Record<string, (date: Date) => number>;

/** To the nearest multiple of `to`, halves up. */
export function roundTo(v: number, to: number): number {
  const inverse = 1 / to;
  return Math.floor(v * inverse + 0.5) / inverse;
}

/** Go's math.Min and math.Max: an infinity that cannot be beaten wins over NaN. */
export const lesser = (a: number, b: number) => (a === -Infinity || b === -Infinity ? -Infinity : Math.min(a, b));
export const greater = (a: number, b: number) => (a === Infinity || b === Infinity ? Infinity : Math.max(a, b));
