/**
 * Logarithms and powers to the last bit as upstream's, which the platform's are not: a quantile may become a label's value, or be compared.
 * Formulas: Go's package math on amd64, after FreeBSD's msun.
 */
const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
const LOG_TERMS = [
  6.66666666666673513e-1, 3.999999999940941908e-1, 2.857142874366239149e-1, 2.222219843214978396e-1,
  1.818357216161805012e-1, 1.531383769920937332e-1, 1.479819860511658591e-1,
] as const;
const EXP_TERMS = [
  1.66666666666666657415e-1, -2.77777777770155933842e-3, 6.61375632143793436117e-5, -1.6533902205465251539e-6,
  4.13813679705723846039e-8,
] as const;

const words = new DataView(new ArrayBuffer(8));
const SIGN_AND_FRACTION = 0x800fffff;
const EXPONENT_OF_HALF = 1022;

/** v = fraction · 2^exponent with 0.5 ≤ |fraction| < 1; zero, infinities and NaN are their own fraction. */
function parted(v: number): [fraction: number, exponent: number] {
  if (v === 0 || !Number.isFinite(v)) return [v, 0];
  const isTiny = Math.abs(v) < 2 ** -1022;
  words.setFloat64(0, isTiny ? v * 2 ** 52 : v);
  const high = words.getUint32(0);
  words.setUint32(0, (high & SIGN_AND_FRACTION) | (EXPONENT_OF_HALF << 20));
  return [words.getFloat64(0), ((high >>> 20) & 0x7ff) - EXPONENT_OF_HALF - (isTiny ? 52 : 0)];
}

/** v · 2^exponent, rounded once. */
function scaled(v: number, exponent: number): number {
  if (exponent > 1023) return v * 2 ** 1023 * 2 ** Math.min(1023, exponent - 1023);
  if (exponent < -1021) return v * 2 ** Math.max(-1021, exponent + 100) * 2 ** -100;
  return v * 2 ** exponent;
}

/** The natural logarithm. */
export function ln(v: number): number {
  if (!(v > 0) || v === Infinity) return v === 0 ? -Infinity : v < 0 ? NaN : v;
  let [fraction, k] = parted(v);
  if (fraction < Math.SQRT1_2) {
    fraction *= 2;
    k--;
  }
  const f = fraction - 1;
  const s = f / (2 + f);
  const s2 = s * s;
  const s4 = s2 * s2;
  const [l1, l2, l3, l4, l5, l6, l7] = LOG_TERMS;
  const r = s2 * (l1 + s4 * (l3 + s4 * (l5 + s4 * l7))) + s4 * (l2 + s4 * (l4 + s4 * l6));
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + r) + k * LN2_LOW) - f);
}

export function log2(v: number): number {
  const [fraction, exponent] = parted(v);
  return fraction === 0.5 ? exponent - 1 : ln(fraction) * (1 / Math.LN2) + exponent;
}

/** 1 / ln 10, which the platform's quotient misses by one bit. */
const LOG10_OF_E = 0.4342944819032518;

export const log10 = (v: number) => ln(v) * LOG10_OF_E;

/** 2^v. */
export function exp2(v: number): number {
  if (!(v > -1080 && v < 1024)) return v >= 1024 ? Infinity : v === v ? 0 : NaN;
  const k = Math.trunc(v > 0 ? v + 0.5 : v - 0.5);
  const high = (v - k) * LN2_HIGH;
  const low = -(v - k) * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const [p1, p2, p3, p4, p5] = EXP_TERMS;
  const c = r - t * (p1 + t * (p2 + t * (p3 + t * (p4 + t * p5))));
  return scaled(1 - (low - (r * c) / (2 - c) - high), k);
}

/** Exponents beyond which every power is 0 or infinite. */
const EXPONENT_MAX = 4096;

/** a^b. One to any power is one, and minus one to an infinite power is one. */
export function power(a: number, b: number): number {
  if (a === 1 || (a === -1 && Math.abs(b) === Infinity)) return 1;
  // Where the answer needs no rounding the platform's is the same.
  if (b === 0 || a === 0 || !Number.isFinite(a) || !Number.isFinite(b) || Math.abs(b) >= 2 ** 63) return a ** b;
  if (Math.abs(b) === 0.5) return b > 0 ? Math.sqrt(a) : 1 / Math.sqrt(a);
  if (b === 1) return a;
  let whole = Math.trunc(Math.abs(b));
  let rest = Math.abs(b) - whole;
  if (rest !== 0 && a < 0) return NaN;
  if (rest > 0.5) {
    rest--;
    whole++;
  }
  let product = rest === 0 ? 1 : Math.exp(rest * ln(a));
  let exponent = 0;
  let [square, squareExponent] = parted(a);
  for (; whole >= 1; whole = Math.floor(whole / 2)) {
    if (Math.abs(squareExponent) > EXPONENT_MAX) {
      exponent += squareExponent;
      break;
    }
    if (whole % 2 === 1) {
      product *= square;
      exponent += squareExponent;
    }
    square *= square;
    squareExponent *= 2;
    if (square < 0.5) {
      square *= 2;
      squareExponent--;
    }
  }
  return b < 0 ? scaled(1 / product, -exponent) : scaled(product, exponent);
}
