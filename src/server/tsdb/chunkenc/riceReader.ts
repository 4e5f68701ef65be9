/**
 * Rice codes read word by word into columns. Bits are those of little-endian 32-bit words, lowest first; `words` has at least two more
 * words than the codes take. What a BitWriter wrote; `BitReader` is the plain version of this.
 *
 * Each loop looks at the 32 bits ahead: ones up to the first zero are the quotient, and with `k` up to SHORT_K_MAX the remainder lies in the same window.
 */
import { RICE_PLAIN_BITS, RICE_QUOTIENT_MAX, SHORT_K_MAX } from '../../../shared/bytes/bits.ts';

/** Where the next code begins, after `riceAt`. */
let cursor = 0;

/** Values from their steps, none negative. */
export function readRising(
  words: Int32Array,
  at: number,
  k: number,
  first: number,
  out: Float64Array,
  from: number,
  to: number,
): void {
  let v = first;
  out[from] = v;
  if (k > SHORT_K_MAX) {
    cursor = at;
    for (let i = from + 1; i < to; i++) out[i] = v += riceAt(words, k);
    return;
  }
  const mask = (1 << k) - 1;
  for (let i = from + 1; i < to; i++) {
    const w = at >>> 5;
    const ahead = (words[w] >>> (at & 31)) | ((words[w + 1] << 1) << (31 - (at & 31)));
    const quotient = 31 - Math.clz32(~ahead & (ahead + 1));
    if (quotient >>> 0 < RICE_QUOTIENT_MAX) {
      v += (quotient << k) + ((ahead >>> (quotient + 1)) & mask);
      at += quotient + 1 + k;
    } else {
      v += wideAt(words, at + RICE_QUOTIENT_MAX, RICE_PLAIN_BITS);
      at += RICE_QUOTIENT_MAX + RICE_PLAIN_BITS;
    }
    out[i] = v;
  }
}

/** Values from their steps, zigzagged. */
export function readZigzag(
  words: Int32Array,
  at: number,
  k: number,
  first: number,
  out: Float64Array,
  from: number,
  to: number,
): void {
  let v = first;
  out[from] = v;
  if (k > SHORT_K_MAX) {
    cursor = at;
    for (let i = from + 1; i < to; i++) out[i] = v += unzigzag(riceAt(words, k));
    return;
  }
  const mask = (1 << k) - 1;
  for (let i = from + 1; i < to; i++) {
    const w = at >>> 5;
    const ahead = (words[w] >>> (at & 31)) | ((words[w + 1] << 1) << (31 - (at & 31)));
    const quotient = 31 - Math.clz32(~ahead & (ahead + 1));
    if (quotient >>> 0 < RICE_QUOTIENT_MAX) {
      const code = (quotient << k) + ((ahead >>> (quotient + 1)) & mask);
      v += (code >>> 1) ^ -(code & 1);
      at += quotient + 1 + k;
    } else {
      v += unzigzag(wideAt(words, at + RICE_QUOTIENT_MAX, RICE_PLAIN_BITS));
      at += RICE_QUOTIENT_MAX + RICE_PLAIN_BITS;
    }
    out[i] = v;
  }
}

/** What each value has over `min`. */
export function readDirect(
  words: Int32Array,
  at: number,
  k: number,
  min: number,
  out: Float64Array,
  from: number,
  to: number,
): void {
  cursor = at;
  for (let i = from; i < to; i++) out[i] = min + riceAt(words, k);
}

/** Values from the steps that are not zero, each after the count of zeros before it. */
export function readSparse(
  words: Int32Array,
  at: number,
  k: number,
  gapK: number,
  isZigzag: boolean,
  first: number,
  out: Float64Array,
  from: number,
  to: number,
): void {
  let v = first;
  cursor = at;
  for (let i = from; ;) {
    const next = i + 1 + riceAt(words, gapK);
    if (!(next < to)) {
      out.fill(v, i, to);
      return;
    }
    for (; i < next; i++) out[i] = v;
    const code = riceAt(words, k) + 1;
    v += isZigzag ? unzigzag(code) : code;
  }
}

/** The code at the cursor, which moves on. */
function riceAt(words: Int32Array, k: number): number {
  const at = cursor;
  const w = at >>> 5;
  const ahead = (words[w] >>> (at & 31)) | ((words[w + 1] << 1) << (31 - (at & 31)));
  const quotient = 31 - Math.clz32(~ahead & (ahead + 1));
  if (quotient >>> 0 >= RICE_QUOTIENT_MAX) {
    cursor = at + RICE_QUOTIENT_MAX + RICE_PLAIN_BITS;
    return wideAt(words, at + RICE_QUOTIENT_MAX, RICE_PLAIN_BITS);
  }
  cursor = at + quotient + 1 + k;
  if (k <= SHORT_K_MAX) return (quotient << k) + ((ahead >>> (quotient + 1)) & ((1 << k) - 1));
  return quotient * 2 ** k + wideAt(words, at + quotient + 1, k);
}

/** `n` bits from bit `at` on, n in [1, 53]. */
export function wideAt(words: Int32Array, at: number, n: number): number {
  const low = wordAt(words, at);
  if (n < 32) return low & ((1 << n) - 1);
  if (n === 32) return low >>> 0;
  return (low >>> 0) + (wordAt(words, at + 32) & ((1 << (n - 32)) - 1)) * 2 ** 32;
}

/** The 32 bits from bit `at` on. */
export function wordAt(words: Int32Array, at: number): number {
  const w = at >>> 5;
  return (words[w] >>> (at & 31)) | ((words[w + 1] << 1) << (31 - (at & 31)));
}

export function unzigzag(code: number): number {
  return code % 2 === 0 ? code / 2 : -(code + 1) / 2;
}
