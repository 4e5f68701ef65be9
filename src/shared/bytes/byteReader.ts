/** A cursor over bytes that a ByteWriter wrote. Reading past the end throws TruncatedError. */
import { readUtf8 } from './utf8.ts';

const F64 = new Float64Array(1);
const WORDS = new Uint32Array(F64.buffer);

export class TruncatedError extends Error {
  constructor(at: number) {
    super(`bytes end early, at ${at}`);
    this.name = 'TruncatedError';
  }
}

export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  u8(): number {
    if (this.at >= this.end) throw new TruncatedError(this.at);
    return this.bytes[this.at++];
  }

  u32(): number {
    const { bytes, at } = this;
    if (at + 4 > this.end) throw new TruncatedError(at);
    this.at = at + 4;
    return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
  }

  f64(): number {
    WORDS[0] = this.u32();
    WORDS[1] = this.u32();
    return F64[0];
  }

  varint(): number {
    let b = this.u8();
    if (b < 128) return b;
    let n = b & 127;
    let scale = 128;
    do {
      b = this.u8();
      n += (b & 127) * scale;
      scale *= 128;
    } while (b > 127 && scale < 2 ** 56);
    return n;
  }

  zigzag(): number {
    const n = this.varint();
    return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
  }

  number(): number {
    const n = this.varint();
    if (n % 2 === 1) return this.f64();
    return n % 4 === 0 ? n / 4 : -(n - 2) / 4;
  }

  /** Fills an array with the next numbers, those of one or two bytes quickly. */
  numbers(out: Float64Array): void {
    const { bytes } = this;
    for (let i = 0; i < out.length; i++) {
      const { at } = this;
      const first = bytes[at];
      const second = bytes[at + 1];
      const size = first < 128 ? 1 : second < 128 ? 2 : 0;
      const n = size === 1 ? first : (first & 127) | (second << 7);
      if (size === 0 || (n & 3) !== 0 || at + size > this.end) out[i] = this.number();
      else {
        out[i] = n >> 2;
        this.at = at + size;
      }
    }
  }

  /** Steps over numbers. */
  skipNumbers(count: number): void {
    const { bytes, end } = this;
    let { at } = this;
    for (let left = count; left > 0; left--) {
      const isFloat = (bytes[at] & 1) > 0;
      while (at < end && bytes[at] > 127) at++;
      at += isFloat ? 9 : 1;
      if (at > end) throw new TruncatedError(end);
    }
    this.at = at;
  }

  /** Steps over varints, or zigzag ones. */
  skipVarints(count: number): void {
    const { bytes, end } = this;
    let { at } = this;
    for (let left = count; left > 0; left--) {
      while (at < end && bytes[at] > 127) at++;
      if (++at > end) throw new TruncatedError(end);
    }
    this.at = at;
  }

  text(): string {
    const size = this.varint();
    return readUtf8(this.bytes, this.at, this.#skip(size));
  }

  /** A view of the next `size` bytes. */
  raw(size: number): Uint8Array {
    const from = this.at;
    return this.bytes.subarray(from, this.#skip(size));
  }

  #skip(size: number): number {
    if (this.at + size > this.end) throw new TruncatedError(this.end);
    return (this.at += size);
  }
}
