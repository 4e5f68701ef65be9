/**
 * Floats that are no integers: decimals as scaled integers, the rest by the bits that changed. Drawn in docs/chunks.md.
 * Sources: Afroozeh, Kuffó, Boncz: ALP (SIGMOD 2024); Pelkonen et al.: Gorilla (VLDB 2015).
 */
import { BitReader, BitWriter } from '../../../shared/bytes/bits.ts';
import type { ByteReader } from '../../../shared/bytes/byteReader.ts';
import type { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import { INTEGER_MAX } from './integers.ts';

/** 10^e is exact and an integer divided by it gives the decimal's nearest float64. */
export const DECIMAL_EXPONENT_MAX = 15;

const POWERS = Array.from({ length: DECIMAL_EXPONENT_MAX + 1 }, (_, e) => Number(`1e${e}`));
const bitWriter = new BitWriter();
const bitReader = new BitReader();

/**
 * The least exponent e with which every value is an integer / 10^e, bit for bit; the integers are left in `scaled`.
 * Negative where there is none.
 */
export function scaleDecimals(values: Float64Array, n: number, scaled: Float64Array): number {
  let e = 0;
  for (let i = 0; i < n; i++) {
    while (e <= DECIMAL_EXPONENT_MAX && !fits(values[i], e)) e++;
    if (e > DECIMAL_EXPONENT_MAX) return -1;
  }
  for (let i = 0; i < n; i++) {
    if (!fits(values[i], e)) return -1;
    scaled[i] = Math.round(values[i] * POWERS[e]) + 0;
  }
  return e;
}

export function unscaleDecimals(values: Float64Array, n: number, e: number): void {
  const power = POWERS[e];
  for (let i = 0; i < n; i++) values[i] /= power;
}

function fits(v: number, e: number): boolean {
  const scaled = Math.round(v * POWERS[e]);
  return Math.abs(scaled) <= INTEGER_MAX && scaled / POWERS[e] === v && (v !== 0 || 1 / v > 0);
}

/**
 * First value plain, then for each: 0 (same bits), or 1, then 0 (its changed bits lie within the window of the one before), or
 * 1 with a new window (leading zeros 6 bits, width less one 6 bits); then the window's bits.
 */
export function writeXor(out: ByteWriter, bits: Uint32Array, n: number): void {
  bitWriter.clear();
  let [low, high] = [bits[0], bits[1]];
  bitWriter.bits(low, 32);
  bitWriter.bits(high, 32);
  let windowLeading = 0;
  let windowWidth = 0;
  for (let i = 1; i < n; i++) {
    const x = (bits[2 * i] ^ low) >>> 0;
    const y = (bits[2 * i + 1] ^ high) >>> 0;
    low = bits[2 * i];
    high = bits[2 * i + 1];
    if (x === 0 && y === 0) {
      bitWriter.bits(0, 1);
      continue;
    }
    const leading = y !== 0 ? Math.clz32(y) : 32 + Math.clz32(x);
    const trailing = x !== 0 ? trailingZeros(x) : 32 + trailingZeros(y);
    const width = 64 - leading - trailing;
    const inside = windowWidth > 0 && leading >= windowLeading && leading + width <= windowLeading + windowWidth;
    // A window much wider than the change is worth a new one, which costs 12 bits.
    if (inside && windowWidth - width < 12) {
      bitWriter.bits(0b01, 2);
    } else {
      windowLeading = leading;
      windowWidth = width;
      bitWriter.bits(0b11, 2);
      bitWriter.bits(leading, 6);
      bitWriter.bits(width - 1, 6);
    }
    writeWindow(x, y, 64 - windowLeading - windowWidth, windowWidth);
  }
  out.raw(bitWriter.copy());
}

export function readXor(input: ByteReader, bits: Uint32Array, n: number): void {
  bitReader.reset(input.bytes, input.at, input.end);
  bits[0] = bitReader.bits(32);
  bits[1] = bitReader.bits(32);
  let shift = 0;
  let width = 0;
  for (let i = 1; i < n; i++) {
    bits[2 * i] = bits[2 * i - 2];
    bits[2 * i + 1] = bits[2 * i - 1];
    if (bitReader.bits(1) === 0) continue;
    if (bitReader.bits(1) === 1) {
      const leading = bitReader.bits(6);
      width = bitReader.bits(6) + 1;
      shift = 64 - leading - width;
    }
    const lowWidth = Math.max(0, Math.min(width, 32 - shift));
    if (lowWidth > 0) bits[2 * i] ^= bitReader.bits(lowWidth) << shift;
    if (width > lowWidth) bits[2 * i + 1] ^= bitReader.bits(width - lowWidth) << Math.max(0, shift - 32);
  }
}

/** Bits [shift, shift + width) of the 64 in y, x: those in the low word first. */
function writeWindow(x: number, y: number, shift: number, width: number): void {
  const lowWidth = Math.max(0, Math.min(width, 32 - shift));
  if (lowWidth > 0) bitWriter.bits(lowBits(x >>> shift, lowWidth), lowWidth);
  if (width > lowWidth) bitWriter.bits(lowBits(y >>> Math.max(0, shift - 32), width - lowWidth), width - lowWidth);
}

function lowBits(word: number, n: number): number {
  return n === 32 ? word >>> 0 : (word & ((1 << n) - 1)) >>> 0;
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}
