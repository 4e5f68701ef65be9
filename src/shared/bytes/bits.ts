/** Bit streams, lowest bit of the lowest byte first, kept in 32-bit words (little-endian machines). */
import type { ByteWriter } from './byteWriter.ts';

/** Quotients from here on are written as this many ones and the plain value: no value takes more than 74 bits. */
export const RICE_QUOTIENT_MAX = 20;
export const RICE_PLAIN_BITS = 53;

/** With parameters up to this a code whose quotient is not too large takes at most 31 bits. */
export const SHORT_K_MAX = 31 - RICE_QUOTIENT_MAX;

export class BitWriter {
  #words = new Uint32Array(64);
  #bytes = new Uint8Array(this.#words.buffer);
  #full = 0;
  #pending = 0;
  #used = 0;

  clear(): void {
    this.#full = this.#pending = this.#used = 0;
  }

  get bitLength(): number {
    return this.#full * 32 + this.#used;
  }

  get byteLength(): number {
    return Math.ceil(this.bitLength / 8);
  }

  /** The low `n` bits of `value`, n in [0, 32]; higher bits must be clear. */
  bits(value: number, n: number): void {
    if (n === 0) return;
    const used = this.#used;
    this.#pending |= value << used;
    if (used + n < 32) {
      this.#used = used + n;
      return;
    }
    if (this.#full === this.#words.length) {
      this.#grow();
    }
    this.#words[this.#full++] = this.#pending;
    this.#used = used + n - 32;
    this.#pending = used === 0 ? 0 : value >>> (32 - used);
    if (this.#used === 0) this.#pending = 0;
  }

  /** The low `n` bits of an integer in [0, 2^53), n in [0, 53]. */
  wide(value: number, n: number): void {
    if (n <= 32) return this.bits(n === 32 ? value >>> 0 : (value >>> 0) & ((1 << n) - 1), n);
    this.bits(value >>> 0, 32);
    this.bits(Math.floor(value / 2 ** 32) & ((1 << (n - 32)) - 1), n - 32);
  }

  /** A Rice code of an integer in [0, 2^53): quotient by 2^k in unary, then k bits. */
  rice(value: number, k: number): void {
    if (k <= SHORT_K_MAX && value < RICE_QUOTIENT_MAX << k) {
      // Quotient, zero and remainder are one short run of bits.
      const ones = value >>> k;
      return this.bits(((value & ((1 << k) - 1)) << (ones + 1)) | ((1 << ones) - 1), ones + 1 + k);
    }
    const quotient = Math.floor(value / 2 ** k);
    if (quotient >= RICE_QUOTIENT_MAX) {
      this.bits(2 ** RICE_QUOTIENT_MAX - 1, RICE_QUOTIENT_MAX);
      this.wide(value, RICE_PLAIN_BITS);
      return;
    }
    this.bits(2 ** quotient - 1, quotient + 1);
    this.wide(value, k);
  }

  /** A copy, padded with zero bits to a whole byte. */
  copy(): Uint8Array {
    return this.written.slice();
  }

  /** What was written, padded with zero bits to a whole byte; valid until the next write. */
  get written(): Uint8Array {
    this.#pad();
    return this.#bytes.subarray(0, this.byteLength);
  }

  /** The same, to the end of `out`: a view of so few bytes costs more than copying them. */
  writeTo(out: ByteWriter): void {
    this.#pad();
    out.raw(this.#bytes, this.byteLength);
  }

  #pad(): void {
    if (this.#used === 0) return;
    // The last word's place may not be there yet.
    if (this.#full === this.#words.length) this.#grow();
    this.#words[this.#full] = this.#pending;
  }

  #grow(): void {
    const grown = new Uint32Array(this.#full * 2);
    grown.set(this.#words);
    this.#words = grown;
    this.#bytes = new Uint8Array(grown.buffer);
  }
}

const NUMBER = new Float64Array(1);
const NUMBER_WORDS = new Uint32Array(NUMBER.buffer);

/** The base-2 logarithm of a finite number from 1 on, rounded down; never up, as that of `Math.log2` may be before. */
export function floorLog2(v: number): number {
  NUMBER[0] = v;
  return (NUMBER_WORDS[1] >>> 20) - 1023;
}

/** Bits that a Rice code takes. */
export function riceSize(value: number, k: number): number {
  const quotient = Math.floor(value / 2 ** k);
  return quotient >= RICE_QUOTIENT_MAX ? RICE_QUOTIENT_MAX + RICE_PLAIN_BITS : quotient + 1 + k;
}

/** Reads what a BitWriter wrote. Reads past the end give zero bits. */
export class BitReader {
  #words = new Uint32Array(64);
  #at = 0;

  /** Starts over on a copy of `bytes[from, to)`. */
  reset(bytes: Uint8Array, from: number, to: number): void {
    const size = to - from;
    const needed = (size >> 2) + 3;
    if (this.#words.length < needed) this.#words = new Uint32Array(needed * 2);
    const whole = new Uint8Array(this.#words.buffer);
    whole.set(bytes.subarray(from, to));
    whole.fill(0, size, needed * 4);
    this.#at = 0;
  }

  /** `n` in [0, 32]. */
  bits(n: number): number {
    if (n === 0) return 0;
    const i = this.#at >>> 5;
    const used = this.#at & 31;
    this.#at += n;
    let value = this.#words[i] >>> used;
    if (used + n > 32) value |= this.#words[i + 1] << (32 - used);
    return n === 32 ? value >>> 0 : (value & ((1 << n) - 1)) >>> 0;
  }

  wide(n: number): number {
    if (n <= 32) return this.bits(n);
    const low = this.bits(32);
    return low + this.bits(n - 32) * 2 ** 32;
  }

  rice(k: number): number {
    const i = this.#at >>> 5;
    const used = this.#at & 31;
    let ahead = this.#words[i] >>> used;
    if (used !== 0) ahead |= this.#words[i + 1] << (32 - used);
    const firstZero = ~ahead;
    const quotient = firstZero === 0 ? 32 : 31 - Math.clz32(firstZero & -firstZero);
    if (quotient >= RICE_QUOTIENT_MAX) {
      this.#at += RICE_QUOTIENT_MAX;
      return this.wide(RICE_PLAIN_BITS);
    }
    this.#at += quotient + 1;
    return k === 0 ? quotient : k < 27 ? (quotient << k) + this.bits(k) : quotient * 2 ** k + this.wide(k);
  }
}
