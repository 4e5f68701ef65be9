/** A number in digits without an exponent, as Go's FormatFloat(v, 'f', -1, 64) writes it. */
export function formatPlain(v: number): string {
  if (v === Infinity) return '+Inf';
  if (v === -Infinity) return '-Inf';
  if (v !== v) return 'NaN';
  if (Object.is(v, -0)) return '-0';
  const text = String(v);
  const parts = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (parts === null) return text;
  const [, sign, whole, fraction = '', exponent] = parts;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return point >= digits.length
    ? sign + digits + '0'.repeat(point - digits.length)
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** A number with six digits behind the point, as Go's %f writes it. */
export function formatFixed(v: number): string {
  if (!Number.isFinite(v)) return formatPlain(v);
  const isWhole = Math.abs(v) >= FIXED_END;
  if (isWhole) return `${BigInt(v)}.000000`;
  return Object.is(v, -0) ? '-0.000000' : v.toFixed(6);
}

/** From here on toFixed() writes exponents. */
const FIXED_END = 1e21;

/** A number as a label's value, in OpenMetrics' way: whole numbers with `.0`, small ones with a two-digit exponent. */
export function formatBound(v: number): string {
  if (!Number.isFinite(v)) return formatPlain(v);
  const magnitude = Math.abs(v);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e21)) {
    return v.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return Number.isInteger(v) ? `${formatPlain(v)}.0` : String(v);
}

/** A number as pages of the text format have it: Go's FormatFloat(v, 'g', -1, 64), a zero without its sign. */
export function formatShort(v: number): string {
  return v === 0 ? '0' : formatGo(v, undefined, 6);
}

/** A number as Go's %g writes it, with as many digits as tell it apart, or with `precision`. */
export function formatGo(v: number, precision?: number, exponentFrom = precision ?? EXPONENT_FROM): string {
  if (!Number.isFinite(v) || v === 0) return formatPlain(v);
  const [mantissa, exponentText] = (precision === undefined ? v.toExponential() : rounded(v, precision)).split('e');
  const digits = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < exponentFrom) return formatPlain(Number(`${digits}e${exponent}`));
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** As toExponential, but where a number is exactly between two the even one stands, as Go has it. */
function rounded(v: number, precision: number): string {
  const text = v.toExponential(precision - 1);
  const [digits] = v.toExponential(EXACT_DIGITS).split('e');
  const isBetween = /^50*$/.test(digits.replace(/[-.]/g, '').slice(precision));
  if (!isBetween || Number(text[text.indexOf('e') - 1]) % 2 === 0) return text;
  // The one below, which is as near: its last digit is one less, and odd ones are not 0.
  const at = text.indexOf('e') - 1;
  return text.slice(0, at) + String(Number(text[at]) - 1) + text.slice(at + 1);
}

/** Of a number that lies exactly between two short ones there are fewer. */
const EXACT_DIGITS = 100;

/** Powers of ten from this one on are written with an exponent. */
const EXPONENT_FROM = 6;

/** As nearly all are written. */
const PLAIN = /^[0-9]+(?:\.[0-9]+)?$/;
const SPECIAL = /^(?:[+-]?inf(?:inity)?|nan)$/i;
const DECIMAL = /^[+-]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:e[+-]?[0-9_]+)?$/i;
const HEXADECIMAL = /^([+-]?)0x([0-9a-f_]*)\.?([0-9a-f_]*)p([+-]?[0-9_]+)$/i;
/** Underscores stand between digits; the prefix of a hexadecimal number counts as one. */
const STRAY_UNDERSCORE = /(?:^|[^0-9])_|_(?![0-9])/;
const STRAY_IN_HEXADECIMAL = /(?:^|[^0-9a-fx])_|_(?![0-9a-f])/i;

/** A number as Go's ParseFloat reads it; undefined for what it refuses, numbers too large among that. */
export function readGoFloat(text: string): number | undefined {
  if (PLAIN.test(text)) return finite(Number(text));
  if (SPECIAL.test(text)) return /nan/i.test(text) ? NaN : text.startsWith('-') ? -Infinity : Infinity;
  const isHexadecimal = HEXADECIMAL.test(text);
  if ((isHexadecimal ? STRAY_IN_HEXADECIMAL : STRAY_UNDERSCORE).test(text)) return undefined;
  const digits = text.replaceAll('_', '');
  const value = isHexadecimal ? hexadecimal(digits) : DECIMAL.test(text) ? Number(digits) : undefined;
  return value === undefined ? undefined : finite(value);
}

const finite = (value: number) => (Math.abs(value) === Infinity ? undefined : value);

function hexadecimal(text: string): number | undefined {
  const [, sign, whole, fraction, exponent] = HEXADECIMAL.exec(text) ?? [];
  if (sign === undefined || whole + fraction === '') return undefined;
  const size = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === '-' ? -size : size;
}

const GO_BOOLS = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
]);

/** A truth as Go's ParseBool reads it; undefined for a text that is neither. */
export const readGoBool = (text: string): boolean | undefined => GO_BOOLS.get(text);
