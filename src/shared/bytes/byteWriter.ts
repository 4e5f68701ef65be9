/** A growing run of bytes with a cursor at its end. Little-endian. */
import { utf8Size, writeUtf8 } from './utf8.ts';

const F64 = new Float64Array(1);
const WORDS = new Uint32Array(F64.buffer);

/** A view of so few bytes costs more than copying them one by one. */
const SHORT_BYTES_MAX = 64;

/** Integers up to this size (either sign) may be differenced and zigzagged without leaving the exact numbers. */
export const SMALL_INTEGER_MAX = 2 ** 51;

/** Whether a number is an integer that `number()` and the integer codecs carry bit-exactly; −0 is not. */
export function isSmallInteger(v: number): boolean {
  return v === Math.floor(v) && v <= SMALL_INTEGER_MAX && v >= -SMALL_INTEGER_MAX && (v !== 0 || 1 / v > 0);
}

export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What was written; valid until the next write. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }

  copy(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.length);
  }

  /** Forgets the content; gives memory over `keepMax` bytes back. */
  clear(keepMax = Infinity): void {
    this.length = 0;
    if (this.#bytes.length > keepMax) this.#replace(new Uint8Array(keepMax));
  }

  /** Makes room, so that `size` more bytes fit. */
  reserve(size: number): void {
    const needed = this.length + size;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.written);
    this.#replace(grown);
  }

  u8(n: number): void {
    if (this.length === this.#bytes.length) this.reserve(1);
    this.#bytes[this.length++] = n;
  }

  u32(n: number): void {
    this.reserve(4);
    this.#view.setUint32(this.length, n, true);
    this.length += 4;
  }

  /** A float64 by its two words. */
  words(low: number, high: number): void {
    this.u32(low);
    this.u32(high);
  }

  f64(v: number): void {
    F64[0] = v;
    this.words(WORDS[0], WORDS[1]);
  }

  /** An integer in [0, 2^53): seven bits a byte, lowest first. */
  varint(n: number): void {
    this.reserve(8);
    const bytes = this.#bytes;
    let at = this.length;
    while (n > 0x7fffffff) {
      bytes[at++] = (n % 128) | 0x80;
      n = Math.floor(n / 128);
    }
    while (n > 127) {
      bytes[at++] = (n & 127) | 0x80;
      n >>>= 7;
    }
    bytes[at++] = n;
    this.length = at;
  }

  /** An integer in (−2^52, 2^52): small ones of either sign take few bytes. */
  zigzag(n: number): void {
    this.varint(n >= 0 ? 2 * n : -2 * n - 1);
  }

  /** Any float64, bit-exact but for a NaN's payload: short where it is a small integer. */
  number(v: number): void {
    if (isSmallInteger(v) && Math.abs(v) < 2 ** 50) this.varint(v >= 0 ? 4 * v : 4 * -v + 2);
    else {
      this.u8(1);
      this.f64(v);
    }
  }

  /** Length in bytes, then UTF-8. */
  text(text: string): void {
    const size = utf8Size(text);
    this.varint(size);
    this.reserve(size);
    this.length = writeUtf8(this.#bytes, this.length, text);
  }

  /** The first `size` of some bytes. */
  raw(from: Uint8Array, size = from.length): void {
    this.reserve(size);
    const bytes = this.#bytes;
    let at = this.length;
    if (size > SHORT_BYTES_MAX) bytes.set(size === from.length ? from : from.subarray(0, size), at);
    else for (let i = 0; i < size; i++) bytes[at++] = from[i];
    this.length += size;
  }

  /** What another writer has. */
  append(other: ByteWriter): void {
    this.raw(other.#bytes, other.length);
  }

  /** Overwrites four bytes written before. */
  patchU32(at: number, n: number): void {
    this.#view.setUint32(at, n, true);
  }

  #replace(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
