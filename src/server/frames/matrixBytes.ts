/**
 * The answer of a range query, read from its bytes straight into columns: no array, text or object a sample. Only the form that servers write, without
 * blanks; whatever looks otherwise (native histograms too) is left to JSON.parse, whose reading is the oracle of this one's test.
 */
import { grownTo } from '../../shared/bytes/grownArray.ts';
import type { FrameSeries } from './series.ts';

export interface MatrixBytes {
  readonly series: FrameSeries[];
  /** The answer with no series in it, for what stands beside them. */
  readonly envelope: string;
}

const RESULT = '"resultType":"matrix","result":[';
const METRIC = Buffer.from('{"metric":');
const VALUES = Buffer.from(',"values":[[');
/** The result's begin stands among the first bytes. */
const HEAD_BYTES_MAX = 512;
const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, OPEN_BRACE, CLOSE_BRACE] = [0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d];
const [DOT, MINUS, PLUS, ZERO, NINE, E, E_UPPER] = [0x2e, 0x2d, 0x2b, 0x30, 0x39, 0x65, 0x45];
/** Powers of ten that doubles hold exactly: a mantissa below 2^53 times or over one of them is rounded once, as it should be. */
const TENS = Array.from({ length: 23 }, (_, i) => 10 ** i);
const MANTISSA_MAX = 2 ** 53;
const DIGITS_MAX = 19;

/** Thrown inside only: the bytes are not what this reads. */
class OtherForm extends Error {}

export function matrixFromBytes(bytes: Buffer): MatrixBytes | undefined {
  const at = bytes.subarray(0, HEAD_BYTES_MAX).indexOf(RESULT, 0, 'latin1');
  if (at < 0) return undefined;
  const begin = at + RESULT.length;
  try {
    const reader = new MatrixReader(bytes, begin);
    const series = reader.series();
    return { series, envelope: bytes.toString('utf8', 0, begin) + bytes.toString('utf8', reader.at) };
  } catch (error) {
    if (error instanceof OtherForm) return undefined;
    throw error;
  }
}

class MatrixReader {
  readonly bytes: Buffer;
  at: number;
  private times = new Float64Array(1024);
  private values = new Float64Array(1024);

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** Up to the bracket that closes the result, which is left. */
  series(): FrameSeries[] {
    const found: FrameSeries[] = [];
    if (this.bytes[this.at] === CLOSE) return found;
    for (;;) {
      const labels = this.labels();
      const count = this.samples();
      const times = sharedTimes(this.times.subarray(0, count), found[found.length - 1]?.times);
      found.push({ labels, times, values: this.values.slice(0, count) });
      const next = this.bytes[this.at++];
      if (next === COMMA) continue;
      if (next !== CLOSE) throw new OtherForm();
      this.at--;
      return found;
    }
  }

  private expect(text: Buffer): void {
    for (let i = 0; i < text.length; i++) if (this.bytes[this.at + i] !== text[i]) throw new OtherForm();
    this.at += text.length;
  }

  private labels(): Record<string, string> {
    this.expect(METRIC);
    const { bytes } = this;
    const begin = this.at;
    if (bytes[begin] !== OPEN_BRACE) throw new OtherForm();
    let inText = false;
    for (let i = begin + 1; i < bytes.length; i++) {
      const byte = bytes[i];
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inText = !inText;
      else if (!inText && byte === CLOSE_BRACE) {
        this.at = i + 1;
        return JSON.parse(bytes.toString('utf8', begin, i + 1)) as Record<string, string>;
      }
    }
    throw new OtherForm();
  }

  /** All samples of a series, into `times` and `values`, and the brace after them. @returns how many */
  private samples(): number {
    this.expect(VALUES);
    for (let count = 0; ; count++) {
      if (count === this.times.length) this.grow();
      this.times[count] = Math.round(this.number(COMMA) * 1000);
      if (this.bytes[this.at++] !== QUOTE) throw new OtherForm();
      this.values[count] = this.number(QUOTE);
      if (this.bytes[this.at++] !== CLOSE) throw new OtherForm();
      const next = this.bytes[this.at++];
      if (next === CLOSE) {
        if (this.bytes[this.at++] !== CLOSE_BRACE) throw new OtherForm();
        return count + 1;
      }
      if (next !== COMMA || this.bytes[this.at++] !== OPEN) throw new OtherForm();
    }
  }

  private grow(): void {
    const length = 2 * this.times.length;
    this.times = grownTo(this.times, length);
    this.values = grownTo(this.values, length);
  }

  /** The number up to a byte that ends it, and that byte. */
  private number(end: number): number {
    const { bytes } = this;
    const begin = this.at;
    let i = begin;
    let [mantissa, digits, scale] = [0, 0, 0];
    const isNegative = bytes[i] === MINUS;
    if (isNegative) i++;
    let isPlain = true;
    for (; ; i++) {
      const byte = bytes[i];
      if (byte >= ZERO && byte <= NINE) {
        mantissa = mantissa * 10 + (byte - ZERO);
        digits++;
        if (scale < 0) scale--;
      } else if (byte === DOT && scale === 0) scale = -1;
      else break;
    }
    // The first place after the point is -2 so far: the point itself counted one.
    let exponent = scale < 0 ? scale + 1 : 0;
    if ((bytes[i] === E || bytes[i] === E_UPPER) && digits > 0) {
      i++;
      const sign = bytes[i] === MINUS ? -1 : 1;
      if (bytes[i] === MINUS || bytes[i] === PLUS) i++;
      let power = 0;
      for (; bytes[i] >= ZERO && bytes[i] <= NINE; i++) power = power * 10 + (bytes[i] - ZERO);
      exponent += sign * power;
    }
    if (bytes[i] !== end || digits === 0) {
      isPlain = false;
      while (i < bytes.length && bytes[i] !== end) i++;
      if (i >= bytes.length || i - begin > 64) throw new OtherForm();
    }
    this.at = i + 1;
    if (isPlain && digits <= DIGITS_MAX && mantissa < MANTISSA_MAX && exponent >= -22 && exponent <= 22) {
      const size = exponent < 0 ? mantissa / TENS[-exponent] : mantissa * TENS[exponent];
      return isNegative ? -size : size;
    }
    return parsed(bytes.toString('latin1', begin, i));
  }
}

function parsed(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  if (text === 'NaN') return NaN;
  const value = Number(text);
  if (text === '' || Number.isNaN(value)) throw new OtherForm();
  return value;
}

/** Series of a range query nearly always share their times: one column then stands for all of them. */
function sharedTimes(times: Float64Array, before: Float64Array | undefined): Float64Array {
  if (before === undefined || before.length !== times.length) return times.slice();
  for (let i = 0; i < times.length; i++) if (times[i] !== before[i]) return times.slice();
  return before;
}
