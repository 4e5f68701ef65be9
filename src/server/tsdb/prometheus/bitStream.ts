/** Bits as Prometheus' chunks have them: the highest bit of a byte first. Its varints of bits, too. */
import { TruncatedError } from '../../../shared/bytes/byteReader.ts';

const WORDS = new Uint32Array(2);
const DOUBLE = new Float64Array(WORDS.buffer);

/** Widths of the numbers that one more leading 1 bit announces; eight of them announce 64 bits. */
const VARBIT_WIDTHS = [0, 3, 6, 9, 12, 18, 25, 56, 64] as const;

export class BitStreamReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  /** The words that `word64` read last. */
  high = 0;
  low = 0;

  constructor(bytes: Uint8Array, from = 0) {
    this.#bytes = bytes;
    this.#at = 8 * from;
    this.#end = 8 * bytes.length;
  }

  /** An unsigned number of `n` bits, n in [1, 32]. @throws TruncatedError */
  bits(n: number): number {
    const at = this.#at;
    if (at + n > this.#end) throw new TruncatedError(at >>> 3);
    this.#at = at + n;
    const bytes = this.#bytes;
    const i = at >>> 3;
    const skipped = at & 7;
    const word = (bytes[i] << 24) | (bytes[i + 1] << 16) | (bytes[i + 2] << 8) | bytes[i + 3];
    if (skipped + n <= 32) return (word << skipped) >>> (32 - n);
    return ((word << skipped) | (bytes[i + 4] >>> (8 - skipped))) >>> (32 - n);
  }

  /** How many of the next bits, `max` at most, are ones; the zero after them is read too. */
  ones(max: number): number {
    let n = 0;
    while (n < max && this.bits(1) === 1) n++;
    return n;
  }

  /** `n` bits in [1, 64] into `high` and `low`. */
  word64(n: number): void {
    this.high = n > 32 ? this.bits(n - 32) : 0;
    this.low = this.bits(Math.min(n, 32));
  }

  double(): number {
    this.word64(64);
    [WORDS[0], WORDS[1]] = [this.low, this.high];
    return DOUBLE[0];
  }

  /** 64 bits as a signed integer; exact within ±2^53. */
  int64(): number {
    this.word64(64);
    return (this.high | 0) * 2 ** 32 + this.low;
  }

  /** Seven bits a byte, lowest first; exact below 2^53. */
  uvarint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bits(8);
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      if (factor > 2 ** 63) throw new TruncatedError(this.#at >>> 3);
    }
  }

  varint(): number {
    const n = this.uvarint();
    return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
  }

  varbitUint(): number {
    const width = VARBIT_WIDTHS[this.ones(8)];
    if (width === 0) return 0;
    this.word64(width);
    return this.high * 2 ** 32 + this.low;
  }

  /** Of its width the largest pattern with only the top bit set is positive. */
  varbitInt(): number {
    const width = VARBIT_WIDTHS[this.ones(8)];
    if (width === 0) return 0;
    if (width === 64) return this.int64();
    this.word64(width);
    const { high, low } = this;
    if (width <= 32) return low > 2 ** (width - 1) ? low - 2 ** width : low;
    // The sign is taken from the high word, so that the sum is exact.
    const half = 2 ** (width - 33);
    const isNegative = high > half || (high === half && low > 0);
    return (isNegative ? high - 2 * half : high) * 2 ** 32 + low;
  }
}

export class BitStreamWriter {
  #bytes = new Uint8Array(128);
  #at = 0;

  /** The low `n` bits, n in [1, 32]. */
  bits(value: number, n: number): void {
    let left = n;
    if ((this.#at >>> 3) + 8 > this.#bytes.length) this.#grow();
    while (left > 0) {
      const free = 8 - (this.#at & 7);
      const taken = Math.min(free, left);
      const part = (value >>> (left - taken)) & ((1 << taken) - 1);
      this.#bytes[this.#at >>> 3] |= part << (free - taken);
      this.#at += taken;
      left -= taken;
    }
  }

  /** The low `n` bits of two words, n in [1, 64]. */
  word64(high: number, low: number, n: number): void {
    if (n > 32) this.bits(high, n - 32);
    this.bits(low, Math.min(n, 32));
  }

  double(v: number): void {
    DOUBLE[0] = v;
    this.word64(WORDS[1], WORDS[0], 64);
  }

  uvarint(n: number): void {
    for (; n >= 128; n = Math.floor(n / 128)) this.bits((n % 128) | 128, 8);
    this.bits(n, 8);
  }

  varint(n: number): void {
    this.uvarint(n >= 0 ? 2 * n : -2 * n - 1);
  }

  varbitUint(n: number): void {
    if (n === 0) return this.bits(0, 1);
    const i = VARBIT_WIDTHS.findIndex((width) => width > 0 && n < 2 ** width);
    this.#varbit(n, i);
  }

  varbitInt(n: number): void {
    if (n === 0) return this.bits(0, 1);
    const i = VARBIT_WIDTHS.findIndex((width) => width > 0 && n > -(2 ** (width - 1)) && n <= 2 ** (width - 1));
    this.#varbit(n, i);
  }

  /** A copy, padded with zero bits to a whole byte. */
  copy(): Uint8Array {
    return this.#bytes.slice(0, (this.#at + 7) >>> 3);
  }

  #varbit(n: number, i: number): void {
    const width = VARBIT_WIDTHS[i];
    if (i === 8) this.bits(0xff, 8);
    else this.bits(2 ** (i + 1) - 2, i + 1);
    this.word64(Math.floor(n / 2 ** 32) >>> 0, n >>> 0, width);
  }

  #grow(): void {
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
