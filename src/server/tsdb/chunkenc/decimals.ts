/** Decimals as integers: n / 10^e, bit for bit. What is no such number is kept beside them (the idea of ALP, SIGMOD 2024). */
import { INTEGER_MAX } from './integerRun.ts';

/** 10^e is exact and an integer divided by it gives the decimal's nearest float64. */
export const DECIMAL_EXPONENT_MAX = 15;
/** One sample in this many may be no decimal. */
export const EXCEPTION_SHARE = 16;

const POWERS = Array.from({ length: DECIMAL_EXPONENT_MAX + 1 }, (_, e) => Number(`1e${e}`));

export interface Decimals {
  readonly exponent: number;
  /** Indices of samples that are no n / 10^exponent, ascending. */
  readonly exceptions: readonly number[];
}

/**
 * The least exponent with which nearly every value is an integer / 10^e; the integers are left in `scaled`, and at an exception the one
 * before it. Undefined where too many are none.
 */
export function scaleDecimals(values: Float64Array, n: number, scaled: Float64Array): Decimals | undefined {
  const exceptionsMax = Math.floor(n / EXCEPTION_SHARE);
  let exponent = 0;
  let misfits = 0;
  for (let i = 0; i < n; i++) {
    let e = exponent;
    while (e <= DECIMAL_EXPONENT_MAX && !fits(values[i], e)) e++;
    if (e <= DECIMAL_EXPONENT_MAX) exponent = e;
    else if (++misfits > exceptionsMax) return undefined;
  }
  const exceptions: number[] = [];
  let before = 0;
  for (let i = 0; i < n; i++) {
    if (fits(values[i], exponent)) before = Math.round(values[i] * POWERS[exponent]) + 0;
    else if (exceptions.push(i) > exceptionsMax) return undefined;
    scaled[i] = before;
  }
  return { exponent, exceptions };
}

export function unscaleDecimals(values: Float64Array, from: number, to: number, exponent: number): void {
  const power = POWERS[exponent];
  for (let i = from; i < to; i++) values[i] /= power;
}

export function powerOf(exponent: number): number {
  return POWERS[exponent];
}

function fits(v: number, e: number): boolean {
  const scaled = Math.round(v * POWERS[e]);
  return Math.abs(scaled) <= INTEGER_MAX && scaled / POWERS[e] === v && (v !== 0 || 1 / v > 0);
}
