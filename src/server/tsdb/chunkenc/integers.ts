/** Runs of integers: as they are, by their steps, or by a steady step; Rice codes. Drawn in docs/chunks.md, "Integers". */
import { BitReader, BitWriter, RICE_QUOTIENT_MAX } from '../../../shared/bytes/bits.ts';
import type { ByteReader } from '../../../shared/bytes/byteReader.ts';
import type { ByteWriter } from '../../../shared/bytes/byteWriter.ts';

/** Either sign; so a zigzagged step stays within 53 bits. */
export const INTEGER_MAX = 2 ** 50;

/** What is coded: what a value has over the smallest; a step, never negative; a step, zigzagged; nothing, all steps are alike. */
const MODE = { direct: 0, steps: 1, zigzag: 2, steady: 3 } as const;
type Mode = (typeof MODE)[keyof typeof MODE];

/** Header byte, base, and little more. */
const HEADER_BITS = 40;

export interface IntegerPlan {
  readonly mode: Mode;
  readonly k: number;
  /** First value, or the smallest for `direct`. */
  readonly base: number;
  /** The step of `steady`. */
  readonly step: number;
  /** What it will take, near enough to compare. */
  readonly sizeBits: number;
}

const bitWriter = new BitWriter();
const bitReader = new BitReader();
let codes = new Float64Array(256);

/** The cheapest way to write `values[0, n)`, n ≥ 1, integers up to INTEGER_MAX. */
export function planIntegers(values: Float64Array, n: number): IntegerPlan {
  let min = values[0];
  let steady = true;
  let rising = true;
  let total = values[0];
  let travelled = 0;
  const step = n > 1 ? values[1] - values[0] : 0;
  for (let i = 1; i < n; i++) {
    const d = values[i] - values[i - 1];
    if (d !== step) steady = false;
    if (d < 0) rising = false;
    if (values[i] < min) min = values[i];
    total += values[i];
    travelled += d < 0 ? -d : d;
  }
  if (steady) return { mode: MODE.steady, k: 0, base: values[0], step, sizeBits: HEADER_BITS };
  const steps = measured(rising ? MODE.steps : MODE.zigzag, values, n, values[0]);
  // Codes that are twice as large on the whole cost a bit more each: not worth measuring, as with any counter.
  if (total - n * min > 4 * travelled) return steps;
  const direct = measured(MODE.direct, values, n, min);
  return direct.sizeBits < steps.sizeBits ? direct : steps;
}

export function writeIntegers(out: ByteWriter, values: Float64Array, n: number, plan: IntegerPlan): void {
  out.u8(plan.mode * 64 + plan.k);
  out.zigzag(plan.base);
  if (plan.mode === MODE.steady) return out.zigzag(plan.step);
  const count = fillCodes(plan.mode, values, n, plan.base);
  bitWriter.clear();
  for (let i = 0; i < count; i++) bitWriter.rice(codes[i], plan.k);
  out.raw(bitWriter.copy());
}

/** Reads `n` values; the reader's end is that of the run. */
export function readIntegers(input: ByteReader, values: Float64Array, n: number): void {
  const header = input.u8();
  const mode = header >> 6;
  const k = header & 63;
  const base = input.zigzag();
  if (mode === MODE.steady) {
    const step = input.zigzag();
    for (let i = 0; i < n; i++) values[i] = base + i * step;
    return;
  }
  bitReader.reset(input.bytes, input.at, input.end);
  if (mode === MODE.direct) {
    for (let i = 0; i < n; i++) values[i] = base + bitReader.rice(k);
    return;
  }
  let v = base;
  values[0] = v;
  if (mode === MODE.steps) {
    for (let i = 1; i < n; i++) values[i] = v += bitReader.rice(k);
    return;
  }
  for (let i = 1; i < n; i++) {
    const u = bitReader.rice(k);
    v += u % 2 === 0 ? u / 2 : -(u + 1) / 2;
    values[i] = v;
  }
}

function measured(mode: Mode, values: Float64Array, n: number, base: number): IntegerPlan {
  const count = fillCodes(mode, values, n, base);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += codes[i];
  // The best k lies near the base-2 logarithm of the mean; its neighbours are tried.
  const middle = Math.max(0, Math.min(51, Math.floor(Math.log2((sum / count) * 0.69 + 1))));
  let best = { mode, k: 0, base, step: 0, sizeBits: Infinity };
  for (let k = Math.max(0, middle - 1); k <= middle + 1; k++) {
    const sizeBits = HEADER_BITS + sizeOfCodes(count, k);
    if (sizeBits < best.sizeBits) best = { ...best, k, sizeBits };
  }
  return best;
}

function sizeOfCodes(count: number, k: number): number {
  const scale = 2 ** -k;
  let size = count * (k + 1);
  for (let i = 0; i < count; i++) {
    const quotient = Math.floor(codes[i] * scale);
    size += quotient < RICE_QUOTIENT_MAX ? quotient : RICE_QUOTIENT_MAX + 52 - k;
  }
  return size;
}

function fillCodes(mode: Mode, values: Float64Array, n: number, base: number): number {
  if (codes.length < n) codes = new Float64Array(2 * n);
  if (mode === MODE.direct) {
    for (let i = 0; i < n; i++) codes[i] = values[i] - base;
    return n;
  }
  for (let i = 1; i < n; i++) {
    const d = values[i] - values[i - 1];
    codes[i - 1] = mode === MODE.steps || d >= 0 ? (mode === MODE.steps ? d : 2 * d) : -2 * d - 1;
  }
  return n - 1;
}
