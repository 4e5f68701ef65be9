/** Numbers as the exposition formats write them: Go's decimal floats, `NaN`, `Inf`. Hexadecimal, `_` and overflow are refused. */

const NEWLINE = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const BRACE_OPEN = 0x7b;

/** Powers of ten that a double holds exactly; with an exact mantissa one operation rounds correctly (Clinger, 1990). */
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const DIGITS_EXACT = 15;

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

/** Reads a number from bytes. One instance per reader: `end` and `ok` belong to the last call. */
export class FloatReader {
  /** First byte after the token. */
  end = 0;
  /** Whether the token was a number. */
  ok = true;

  /** The number at `start`; the token ends at a space, tab, newline, `{` or the page's end. NaN with `ok` false if it is none. */
  read(bytes: Uint8Array, start: number): number {
    let i = start;
    let c = bytes[i];
    const negative = c === 0x2d;
    if (negative || c === 0x2b) c = bytes[++i];
    let mantissa = 0;
    let digits = 0;
    let scale = 0;
    const integerStart = i;
    for (; c >= 0x30 && c <= 0x39; c = bytes[++i]) mantissa = mantissa * 10 + (c - 0x30);
    digits = i - integerStart;
    if (c === 0x2e) {
      const fractionStart = ++i;
      for (c = bytes[i]; c >= 0x30 && c <= 0x39; c = bytes[++i]) mantissa = mantissa * 10 + (c - 0x30);
      scale = fractionStart - i;
      digits -= scale;
    }
    if (digits === 0) return this.readSlow(bytes, start);
    if (c === 0x65 || c === 0x45) {
      c = bytes[++i];
      const below = c === 0x2d;
      if (below || c === 0x2b) c = bytes[++i];
      let exponent = 0;
      const exponentStart = i;
      for (; c >= 0x30 && c <= 0x39; c = bytes[++i]) exponent = exponent * 10 + (c - 0x30);
      if (i === exponentStart) return this.readSlow(bytes, start);
      scale += below ? -exponent : exponent;
    }
    const ended = i >= bytes.length || c === NEWLINE || c === SPACE || c === TAB || c === BRACE_OPEN;
    if (!ended || digits > DIGITS_EXACT || scale > 22 || scale < -22) return this.readSlow(bytes, start);
    this.end = i;
    this.ok = true;
    const v = scale === 0 ? mantissa : scale > 0 ? mantissa * POWERS_OF_TEN[scale] : mantissa / POWERS_OF_TEN[-scale];
    return negative ? -v : v;
  }

  private readSlow(bytes: Uint8Array, start: number): number {
    let end = start;
    for (; end < bytes.length; end++) {
      const c = bytes[end];
      if (c === NEWLINE || c === SPACE || c === TAB || c === BRACE_OPEN) break;
    }
    this.end = end;
    const v = parseFloatText(latin1(bytes, start, end));
    this.ok = v !== undefined;
    return v ?? NaN;
  }
}

export function parseFloatText(text: string): number | undefined {
  if (DECIMAL.test(text)) {
    const v = Number(text);
    return Number.isFinite(v) ? v : undefined;
  }
  const infinite = INFINITE.exec(text);
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  return /^nan$/i.test(text) ? NaN : undefined;
}

/** Bytes as a text of the same length, one character a byte: cheap, exact, and good for keys. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

/**
 * A number as OpenMetrics spells it in `le` and `quantile`: `1.0`, `0.25`, `1e+06`, `+Inf`.
 * Source: Prometheus 3 normalises these labels so that `le="1"` and `le="1.0"` are one series.
 */
export function formatOpenMetricsFloat(v: number): string {
  if (Number.isNaN(v)) return 'NaN';
  if (!Number.isFinite(v)) return v > 0 ? '+Inf' : '-Inf';
  const [digits, power] = v.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 6)
    return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  const plain = Object.is(v, -0) ? '-0' : String(v);
  return plain.includes('.') ? plain : `${plain}.0`;
}
