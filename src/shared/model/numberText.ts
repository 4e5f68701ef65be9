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

/** A number as a label's value, in OpenMetrics' way: whole numbers with `.0`, small ones with a two-digit exponent. */
export function formatBound(v: number): string {
  if (!Number.isFinite(v)) return formatPlain(v);
  const magnitude = Math.abs(v);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e21)) {
    return v.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return Number.isInteger(v) ? `${formatPlain(v)}.0` : String(v);
}

/** A number as Go's %g writes it, with as many digits as tell it apart, or with `precision`. */
export function formatGo(v: number, precision?: number): string {
  if (!Number.isFinite(v) || v === 0) return formatPlain(v);
  const [mantissa, exponentText] = v.toExponential(precision === undefined ? undefined : precision - 1).split('e');
  const digits = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < (precision ?? EXPONENT_FROM)) return formatPlain(Number(`${digits}e${exponent}`));
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** Powers of ten from this one on are written with an exponent. */
const EXPONENT_FROM = 6;
