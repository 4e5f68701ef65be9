/** The calendar, in UTC, as Go's time package has it: also beyond the years that the platform's dates reach. */
export interface CivilTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  /** From 1. */
  readonly day: number;
  /** From 0, a Sunday. */
  readonly weekday: number;
  /** From 1. */
  readonly yearDay: number;
  readonly daysInMonth: number;
  readonly hour: number;
  readonly minute: number;
}

/** Seconds that the platform's dates hold, either way from 1970. */
const DATE_SECONDS_MAX = 8.64e12;
const DAY_MS = 86_400_000;

/** @param seconds since 1970; what is behind the point does not count. */
export function civilTime(seconds: number): CivilTime {
  if (!(Math.abs(seconds) < DATE_SECONDS_MAX)) return farTime(seconds);
  const date = new Date(Math.trunc(seconds) * 1000);
  return partsOf(date, date.getUTCFullYear());
}

function partsOf(date: Date, year: number): CivilTime {
  const dateYear = date.getUTCFullYear();
  const month = date.getUTCMonth();
  const firstOfYear = new Date(0).setUTCFullYear(dateYear, 0, 1);
  const lastOfMonth = new Date(new Date(0).setUTCFullYear(dateYear, month + 1, 0));
  return {
    year,
    month: month + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    yearDay: 1 + Math.floor((date.getTime() - firstOfYear) / DAY_MS),
    daysInMonth: lastOfMonth.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
  };
}

/** The calendar repeats after 400 years, a whole number of weeks. */
const CYCLE_YEARS = 400n;
const CYCLE_SECONDS = 146_097n * 86_400n;
const INT64_MIN = -(2n ** 63n);
/** Where Go's absolute time begins, March of this year before our era: what lies before it comes out after the end. */
const FIRST_YEAR = -292_277_022_400n;
const FIRST_SECOND = (FIRST_YEAR / CYCLE_YEARS) * CYCLE_SECONDS + BigInt(new Date(0).setUTCFullYear(0, 2, 1) / 1000);

/** Numbers that are no 64-bit integers are taken for the smallest, as amd64 converts them. */
function farTime(seconds: number): CivilTime {
  const isInt64 = seconds >= -(2 ** 63) && seconds < 2 ** 63;
  const given = isInt64 ? BigInt(Math.trunc(seconds)) : INT64_MIN;
  const counted = BigInt.asUintN(64, given - FIRST_SECOND) + FIRST_SECOND;
  let cycles = counted / CYCLE_SECONDS;
  if (counted < 0n) cycles--;
  const date = new Date(Number(counted - cycles * CYCLE_SECONDS) * 1000);
  return partsOf(date, date.getUTCFullYear() + Number(cycles * CYCLE_YEARS));
}
