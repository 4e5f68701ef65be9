/** Go's `fmt`: how values are printed, and printf. */
import { quoted } from '../../../shared/model/labels.ts';
import { formatGo } from '../../../shared/model/numberText.ts';
import { GoDuration, GoMap, GoStruct, GoTime, typeName, type GoValue } from './values.ts';

type FloatVerb = 'e' | 'f' | 'g';

/** Digits after the point that printf gives at most. */
const PRECISION_MAX = 100;
const WIDTH_MAX = 1_000;

/**
 * A float as Go writes it.
 *
 * @param precision digits after the point (e, f) or significant ones (g); -1 for as few as read back the same.
 */
export function formatFloat(v: number, verb: FloatVerb, precision: number): string {
  if (Number.isNaN(v)) return 'NaN';
  if (!Number.isFinite(v)) return v > 0 ? '+Inf' : '-Inf';
  const sign = v < 0 || Object.is(v, -0) ? '-' : '';
  const size = Math.abs(v);
  if (verb === 'f') return sign + fixed(size, precision);
  if (verb === 'e') return sign + exponential(precision < 0 ? size.toExponential() : size.toExponential(precision));
  if (precision < 0) return formatGo(v);
  const wide = Math.max(1, precision);
  const [mantissa, exponentText] = size.toExponential(wide - 1).split('e');
  const digits = mantissa.replace('.', '').replace(/(?<=.)0+$/, '');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= wide) {
    return (
      sign + exponential(digits.length === 1 ? `${digits}e${exponent}` : `${digits[0]}.${digits.slice(1)}e${exponent}`)
    );
  }
  return sign + fixed(size, Math.max(0, digits.length - exponent - 1));
}

function fixed(size: number, precision: number): string {
  if (precision < 0) {
    const [mantissa, exponent] = size.toExponential().split('e');
    precision = Math.max(0, mantissa.replace('.', '').length - 1 - Number(exponent));
  }
  if (size < 1e21) return size.toFixed(precision);
  return BigInt(size).toString() + (precision > 0 ? `.${'0'.repeat(precision)}` : '');
}

/** `1e6` → `1e+06`. */
function exponential(text: string): string {
  const [mantissa, exponent] = text.split('e');
  const n = Math.abs(Number(exponent));
  return `${mantissa}e${exponent.startsWith('-') ? '-' : '+'}${n < 10 ? '0' : ''}${n}`;
}

/** As %v prints it, and templates do. */
export function printed(value: GoValue): string {
  if (value === undefined) return '<no value>';
  if (value === null) return '<nil>';
  if (typeof value === 'number') return formatFloat(value, 'g', -1);
  if (value instanceof GoMap)
    return `map[${value.keys.map((key) => `${key}:${inner(value.entries.get(key))}`).join(' ')}]`;
  if (value instanceof GoStruct) return `{${Object.values(value.fields).map(inner).join(' ')}}`;
  if (value instanceof GoDuration) return durationText(value.ns);
  if (value instanceof GoTime) return timeText(value.ns);
  if (Array.isArray(value)) return `[${value.map(inner).join(' ')}]`;
  return String(value as string | bigint | boolean);
}

const inner = (value: GoValue) => printed(value ?? null);

/** Values side by side, with a blank between two of which neither is a text: fmt.Sprint. */
export function printedAll(values: readonly GoValue[]): string {
  let text = '';
  values.forEach((value, i) => {
    if (i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string') text += ' ';
    text += printed(value ?? null);
  });
  return text;
}

const UNITS = [
  [3_600_000_000_000n, 'h'],
  [60_000_000_000n, 'm'],
] as const;

/** A second. */
const NS = 1_000_000_000n;

/** `.5`; nothing for whole seconds. @param ns in [0, NS) */
function fractionText(ns: bigint): string {
  const digits = String(ns).padStart(9, '0').replace(/0+$/, '');
  return digits === '' ? '' : `.${digits}`;
}

/** `1h30m0s`, `1.5s`, `20ms`: time.Duration's own text. */
export function durationText(ns: bigint): string {
  if (ns === 0n) return '0s';
  const sign = ns < 0n ? '-' : '';
  let left = ns < 0n ? -ns : ns;
  if (left < 1_000n) return `${sign}${left}ns`;
  if (left < 1_000_000n) return `${sign}${Number(left) / 1e3}µs`;
  if (left < NS) return `${sign}${Number(left) / 1e6}ms`;
  let text = '';
  for (const [unit, name] of UNITS) {
    if (left >= unit || text !== '') text += `${left / unit}${name}`;
    left %= unit;
  }
  return `${sign}${text}${left / NS}${fractionText(left % NS)}s`;
}

/** `2006-01-02 15:04:05.999999999 +0000 UTC`. */
function timeText(ns: bigint): string {
  const second = ns / NS - (ns % NS < 0n ? 1n : 0n);
  const [date, time] = new Date(Number(second) * 1000).toISOString().split('T');
  return `${date} ${time.slice(0, 8)}${fractionText(ns - second * NS)} +0000 UTC`;
}

const VERB = /%([-+# 0]*)(\d+|\*)?(?:\.(\d+|\*)?)?(.)?/gsu;

/** fmt.Sprintf. What does not fit together is told in the text, in fmt's words. */
export function sprintf(format: string, args: readonly GoValue[]): string {
  let used = 0;
  const takeCount = (text: string | undefined) => (text === '*' ? Number(args[used++] ?? 0) : Number(text));
  const text = format.replace(VERB, (whole, flags: string, width?: string, precision?: string, verb?: string) => {
    if (verb === '%') return '%';
    if (verb === undefined) return '%!(NOVERB)';
    const wide = width === undefined ? 0 : takeCount(width);
    const hasPoint = whole.includes('.');
    const digits = hasPoint ? Math.min(PRECISION_MAX, precision === undefined ? 0 : takeCount(precision)) : -1;
    if (used >= args.length) return `%!${verb}(MISSING)`;
    return padded(formatted(verb, args[used++], flags, digits), wide, flags, verb);
  });
  if (used >= args.length) return text;
  const extra = args.slice(used).map((arg) => (arg === null ? '<nil>' : `${typeName(arg)}=${printed(arg)}`));
  return `${text}%!(EXTRA ${extra.join(', ')})`;
}

function padded(text: string, width: number, flags: string, verb: string): string {
  const missing = Math.min(width, WIDTH_MAX) - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes('-')) return text + ' '.repeat(missing);
  if (!flags.includes('0') || 'sqv'.includes(verb)) return ' '.repeat(missing) + text;
  const sign = /^[+-]/.test(text) ? text[0] : '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}

type FormatVerb = (value: GoValue, digits: number, flags: string) => string | undefined;

const floatAs =
  (verb: FloatVerb, missing: number): FormatVerb =>
  (value, digits) =>
    typeof value === 'number' ? formatFloat(value, verb, digits < 0 ? missing : digits) : undefined;
const upper =
  (format: FormatVerb): FormatVerb =>
  (value, digits, flags) =>
    format(value, digits, flags)?.toUpperCase();
const integerIn =
  (radix: number): FormatVerb =>
  (value) =>
    typeof value === 'bigint'
      ? value.toString(radix)
      : value instanceof GoDuration
        ? value.ns.toString(radix)
        : undefined;
const hex: FormatVerb = (value, digits, flags) =>
  typeof value === 'string' ? Buffer.from(value).toString('hex') : integerIn(16)(value, digits, flags);
const plainText: FormatVerb = (value, digits) => {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return undefined;
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' && digits >= 0 ? [...value].slice(0, digits).join('') : printed(value);
};

/** What each verb makes of a value; undefined where it does not take it. */
const VERBS: Readonly<Record<string, FormatVerb>> = {
  v: (value, digits) => (typeof value === 'number' ? formatFloat(value, 'g', digits) : printed(value ?? null)),
  s: plainText,
  q: (value) => (typeof value === 'string' ? quoted(value) : undefined),
  d: integerIn(10),
  b: integerIn(2),
  o: integerIn(8),
  x: hex,
  X: upper(hex),
  t: (value) => (typeof value === 'boolean' ? String(value) : undefined),
  T: (value) => typeName(value),
  c: (value) => (typeof value === 'bigint' ? String.fromCodePoint(Number(value)) : undefined),
  U: (value) => (typeof value === 'bigint' ? `U+${value.toString(16).toUpperCase().padStart(4, '0')}` : undefined),
  e: floatAs('e', 6),
  E: upper(floatAs('e', 6)),
  f: floatAs('f', 6),
  F: floatAs('f', 6),
  g: floatAs('g', -1),
  G: upper(floatAs('g', -1)),
};

function formatted(verb: string, value: GoValue, flags: string, digits: number): string {
  const text = VERBS[verb]?.(value, digits, flags);
  if (text === undefined) {
    return value === null || value === undefined
      ? `%!${verb}(<nil>)`
      : `%!${verb}(${typeName(value)}=${printed(value)})`;
  }
  return flags.includes('+') && (typeof value === 'bigint' || typeof value === 'number') && !/^[+-]/.test(text)
    ? `+${text}`
    : text;
}
