/**
 * Runs of floats that are no decimals, by their steps in units of the last place: float64s in order are 64-bit integers in order. A step of
 * a sum of seconds takes the bits of its noise, and hardly more. Drawn in docs/chunks.md, "Ulps".
 */
import { BitWriter, floorLog2, RICE_QUOTIENT_MAX } from '../../../shared/bytes/bits.ts';
import { wideAt, wordAt } from './riceReader.ts';

/** A quotient below RICE_QUOTIENT_MAX and the upper part of a remainder fit into 32 bits. */
export const ULP_K_MAX = 58;

export interface UlpPlan {
  readonly k: number;
  /** Bits that are zero at the end of every step, and not written. */
  readonly shift: number;
  /** Whether a step may be negative. */
  readonly zigzag: boolean;
  /** Whether one bit before each step tells if there is one. */
  readonly zeros: boolean;
}

const bitWriter = new BitWriter();
/** Steps as they are coded: low word, high word. */
let codes = new Uint32Array(1024);

/** Plans the steps of samples [from, to), whose words are in `bits`. */
export function planUlps(bits: Uint32Array, from: number, to: number): UlpPlan {
  const zigzag = fillSteps(bits, from, to);
  const count = to - from - 1;
  let low = 0;
  let high = 0;
  let zeroCount = 0;
  let total = 0;
  for (let i = 0; i < count; i++) {
    low |= codes[2 * i];
    high |= codes[2 * i + 1];
    if (codes[2 * i] === 0 && codes[2 * i + 1] === 0) zeroCount++;
    total += codes[2 * i + 1] * 2 ** 32 + codes[2 * i];
  }
  const shift = low !== 0 ? trailingZeros(low) : high !== 0 ? 32 + trailingZeros(high) : 0;
  const changes = count - zeroCount;
  const mean = changes > 0 ? (total / changes) * 2 ** -shift : 0;
  const middle = Math.min(ULP_K_MAX - 1, floorLog2(mean * 0.69 + 1));
  let best = { k: 0, sizeBits: Infinity };
  for (let k = Math.max(0, middle - 1); k <= middle + 1; k++) {
    const sizeBits = sizeOfCodes(count, shift, k);
    if (sizeBits < best.sizeBits) best = { k, sizeBits };
  }
  // A bit for each step, against a whole code for each that is zero.
  return { k: best.k, shift, zigzag, zeros: zeroCount * (best.k + 1) > count };
}

/** The steps that were planned last, valid until the next call. */
export function encodeUlps({ k, shift, zeros }: UlpPlan, count: number): BitWriter {
  bitWriter.clear();
  for (let i = 0; i < count; i++) {
    const low = codes[2 * i];
    const high = codes[2 * i + 1];
    const isZero = low === 0 && high === 0;
    if (zeros) bitWriter.bits(isZero ? 0 : 1, 1);
    if (zeros && isZero) continue;
    writeCode(shiftedLow(low, high, shift), shiftedHigh(high, shift), k);
  }
  return bitWriter;
}

/** Reads samples [from, to) into the words `bits`, that of `from` is given; codes begin at bit `at` of `words`. */
export function readUlps(
  words: Int32Array,
  at: number,
  { k, shift, zigzag, zeros }: UlpPlan,
  bits: Uint32Array,
  from: number,
  to: number,
): void {
  let high = orderedHigh(bits[2 * from + 1]);
  let low = orderedLow(bits[2 * from], bits[2 * from + 1]);
  for (let i = from + 1; i < to; i++) {
    let isStep = true;
    if (zeros) {
      isStep = ((words[at >>> 5] >>> (at & 31)) & 1) === 1;
      at++;
    }
    if (isStep) {
      const ahead = wordAt(words, at);
      const quotient = 31 - Math.clz32(~ahead & (ahead + 1));
      let stepLow: number;
      let stepHigh: number;
      if (quotient >>> 0 >= RICE_QUOTIENT_MAX) {
        stepLow = wordAt(words, at + RICE_QUOTIENT_MAX);
        stepHigh = wordAt(words, at + RICE_QUOTIENT_MAX + 32);
        at += RICE_QUOTIENT_MAX + 64;
      } else {
        at += quotient + 1;
        if (k >= 32) {
          stepLow = wordAt(words, at);
          stepHigh = (quotient << (k - 32)) | (k === 32 ? 0 : wideAt(words, at + 32, k - 32));
        } else {
          const value = quotient * 2 ** k + (k === 0 ? 0 : wideAt(words, at, k));
          stepLow = value | 0;
          stepHigh = Math.floor(value / 2 ** 32);
        }
        at += k;
      }
      if (shift > 0) {
        stepHigh = shift >= 32 ? stepLow << (shift - 32) : (stepHigh << shift) | (stepLow >>> (32 - shift));
        stepLow = shift >= 32 ? 0 : stepLow << shift;
      }
      if (zigzag) {
        const sign = -(stepLow & 1);
        stepLow = ((stepLow >>> 1) | (stepHigh << 31)) ^ sign;
        stepHigh = (stepHigh >>> 1) ^ sign;
      }
      const sum = (low >>> 0) + (stepLow >>> 0);
      low = sum | 0;
      high = (high + stepHigh + (sum > 0xffffffff ? 1 : 0)) | 0;
    }
    // The sign bit of the ordered form is set where the float is not negative.
    bits[2 * i] = high < 0 ? low : ~low;
    bits[2 * i + 1] = high < 0 ? high ^ 0x80000000 : ~high;
  }
}

/** Fills `codes`; gives whether they are zigzagged. */
function fillSteps(bits: Uint32Array, from: number, to: number): boolean {
  if (codes.length < 2 * (to - from)) codes = new Uint32Array(4 * (to - from));
  let anyNegative = false;
  let low = orderedLow(bits[2 * from], bits[2 * from + 1]) >>> 0;
  let high = orderedHigh(bits[2 * from + 1]) >>> 0;
  for (let i = from + 1, c = 0; i < to; i++, c += 2) {
    const nextLow = orderedLow(bits[2 * i], bits[2 * i + 1]) >>> 0;
    const nextHigh = orderedHigh(bits[2 * i + 1]) >>> 0;
    codes[c] = nextLow - low;
    codes[c + 1] = nextHigh - high - (nextLow < low ? 1 : 0);
    if (nextHigh < high || (nextHigh === high && nextLow < low)) anyNegative = true;
    low = nextLow;
    high = nextHigh;
  }
  if (!anyNegative) return false;
  for (let c = 0; c < 2 * (to - from - 1); c += 2) {
    const sign = codes[c + 1] >> 31;
    codes[c + 1] = ((codes[c + 1] << 1) | (codes[c] >>> 31)) ^ sign;
    codes[c] = (codes[c] << 1) ^ sign;
  }
  return true;
}

function sizeOfCodes(count: number, shift: number, k: number): number {
  let size = 0;
  for (let i = 0; i < count; i++) {
    const low = codes[2 * i];
    const high = codes[2 * i + 1];
    if (low === 0 && high === 0) continue;
    const quotient = quotientOf(shiftedLow(low, high, shift), shiftedHigh(high, shift), k);
    size += quotient < RICE_QUOTIENT_MAX ? quotient + 1 + k : RICE_QUOTIENT_MAX + 64;
  }
  return size;
}

function writeCode(low: number, high: number, k: number): void {
  const quotient = quotientOf(low, high, k);
  if (quotient >= RICE_QUOTIENT_MAX) {
    bitWriter.bits(2 ** RICE_QUOTIENT_MAX - 1, RICE_QUOTIENT_MAX);
    bitWriter.bits(low, 32);
    return bitWriter.bits(high, 32);
  }
  bitWriter.bits(2 ** quotient - 1, quotient + 1);
  bitWriter.bits(lowBits(low, Math.min(k, 32)), Math.min(k, 32));
  if (k > 32) bitWriter.bits(lowBits(high, k - 32), k - 32);
}

function quotientOf(low: number, high: number, k: number): number {
  return k >= 32 ? high >>> (k - 32) : high * 2 ** (32 - k) + (low >>> k);
}

function shiftedLow(low: number, high: number, shift: number): number {
  if (shift === 0) return low;
  return shift >= 32 ? (shift === 32 ? high : high >>> (shift - 32)) : ((low >>> shift) | (high << (32 - shift))) >>> 0;
}

function shiftedHigh(high: number, shift: number): number {
  return shift >= 32 ? 0 : high >>> shift;
}

/** The words of the 64-bit integer that stands where the float does among all floats. */
function orderedHigh(high: number): number {
  return high >>> 31 === 1 ? ~high : high | 0x80000000;
}

function orderedLow(low: number, high: number): number {
  return high >>> 31 === 1 ? ~low : low | 0;
}

function lowBits(word: number, n: number): number {
  return n === 32 ? word >>> 0 : (word & ((1 << n) - 1)) >>> 0;
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}
