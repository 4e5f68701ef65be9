/** Parameters of a request, from the URL and a form alike, and how their texts are read. */
import type { FastifyRequest } from 'fastify';
import { parseDuration } from '../../shared/model/durations.ts';
import { readGoBool, readGoFloat } from '../../shared/model/numberText.ts';
import { ApiError, invalidParameter } from './apiError.ts';

/** As far as time goes here, milliseconds: what a Date can hold. */
export const TIME_MIN = -8.64e15;
export const TIME_MAX = 8.64e15;

/** The longest step, range or timeout: 2^63 nanoseconds, where upstream's overflow. */
const DURATION_MS_MAX = 2 ** 63 / 1e6;

export class Params {
  readonly #sources: readonly URLSearchParams[];

  /** Earlier sources stand before later ones: a form before the URL, as upstream has it. */
  constructor(...sources: readonly URLSearchParams[]) {
    this.#sources = sources;
  }

  /** The first value, be it empty; '' if there is none. */
  text(name: string): string {
    for (const source of this.#sources) {
      const value = source.get(name);
      if (value !== null) return value;
    }
    return '';
  }

  texts(name: string): string[] {
    return this.#sources.flatMap((source) => source.getAll(name));
  }

  /** A required time in milliseconds. */
  time(name: string): number {
    const text = this.text(name);
    const t = parseTime(text);
    if (t === undefined) throw invalidParameter(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`);
    return t;
  }

  timeOr(name: string, otherwise: number): number {
    const text = this.text(name);
    if (text === '') return otherwise;
    const t = parseTime(text);
    if (t !== undefined) return t;
    const why = `cannot parse ${JSON.stringify(text)} to a valid timestamp`;
    throw invalidParameter(name, `invalid time value for '${name}': ${why}`);
  }

  /** A required duration in milliseconds, written as seconds or with units. @param refused what is thrown for a text that is none. */
  duration(name: string, refused = (why: string): ApiError => invalidParameter(name, why)): number {
    const text = this.text(name);
    const ms = parseSeconds(text) ?? parseUnits(text);
    if (ms === undefined) throw refused(`cannot parse ${JSON.stringify(text)} to a valid duration`);
    if (Math.abs(ms) >= DURATION_MS_MAX)
      throw refused(`cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64`);
    return ms;
  }

  durationOr<T>(name: string, otherwise: T): number | T {
    return this.text(name) === '' ? otherwise : this.duration(name);
  }

  /** How many things may be answered; 0 or nothing is no limit. */
  limit(name = 'limit'): number {
    const text = this.text(name);
    if (text === '') return Infinity;
    const limit = wholeNumberOf(text);
    if (limit === undefined) {
      const fault = /^[+-]?\d+$/.test(text) ? 'value out of range' : 'invalid syntax';
      throw invalidParameter(name, `strconv.Atoi: parsing ${JSON.stringify(text)}: ${fault}`);
    }
    if (limit < 0) throw invalidParameter(name, 'limit must be non-negative');
    return limit === 0 ? Infinity : limit;
  }
}

/** Of digits with a sign or without; undefined for what is none, or has more than 64 bits. */
export function wholeNumberOf(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const exact = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, exact) === exact ? Number(text) : undefined;
}

/** A day ends before 24:00, which a Date would take. A fraction may stand behind a comma, as upstream has it. */
const RFC3339 = /^(\d{4}-\d\d-\d\d)T(?!24)\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Milliseconds of seconds since 1970 (decimals allowed) or an RFC 3339 time, cut to a millisecond; undefined for neither. */
export function parseTime(text: string): number | undefined {
  const t = parseTimestamp(text) ?? parseDate(text);
  return t === undefined || !Number.isFinite(t) ? undefined : Math.min(TIME_MAX, Math.max(TIME_MIN, t));
}

function parseDate(text: string): number | undefined {
  const day = RFC3339.exec(text)?.[1];
  const midnight = new Date(`${day}T00:00:00Z`);
  // A Date takes 30 February for 1 March.
  const isDay = day !== undefined && Number.isFinite(midnight.getTime()) && midnight.toISOString().startsWith(day);
  return isDay ? Date.parse(text.replace(',', '.')) : undefined;
}

/** As upstream reads a time: what is behind the point is rounded by itself. */
function parseTimestamp(text: string): number | undefined {
  const seconds = readGoFloat(text);
  if (seconds === undefined) return undefined;
  const whole = Math.trunc(seconds);
  return whole * 1000 + Math.round((seconds - whole) * 1000);
}

function parseSeconds(text: string): number | undefined {
  const seconds = readGoFloat(text);
  return seconds === undefined || Number.isNaN(seconds) ? undefined : seconds * 1000;
}

function parseUnits(text: string): number | undefined {
  try {
    return parseDuration(text);
  } catch {
    return undefined; // The API's own words for it are the caller's.
  }
}

/** At most this many evaluation times in a range query, as upstream; bounds the answer's size by series. */
export const POINTS_MAX = 11_000;

export interface RangeParams {
  readonly start: number;
  readonly end: number;
  readonly stepMs: number;
}

/** `start`, `end` and `step` of a range query, checked in upstream's order. */
export function rangeParams(params: Params): RangeParams {
  const start = params.time('start');
  const end = params.time('end');
  if (end < start) throw invalidParameter('end', 'end timestamp must not be before start time');
  const stepMs = Math.trunc(params.duration('step'));
  if (stepMs <= 0) {
    throw invalidParameter(
      'step',
      'zero or negative query resolution step widths are not accepted. Try a positive integer',
    );
  }
  if ((end - start) / stepMs > POINTS_MAX) {
    throw new ApiError(
      'bad_data',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    );
  }
  return { start, end, stepMs };
}

export function paramsOf({ body, query }: FastifyRequest): Params {
  const fromUrl = query as URLSearchParams;
  return body instanceof URLSearchParams ? new Params(body, fromUrl) : new Params(fromUrl);
}

/** Of a URL, what is behind its question mark. */
export const queryOf = (url: string): string => url.slice(url.split('?', 1)[0].length + 1);

/** As upstream reads it, nothing as false; undefined for what is neither. */
export const boolOf = (text: string): boolean | undefined => (text === '' ? false : readGoBool(text));
