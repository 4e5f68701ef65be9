/**
 * Runs of integers, as a stride of a column has them: by their steps, by what they have over the smallest, or by their changes alone
 * where few change. Rice codes. Drawn in docs/chunks.md, "Integers".
 */
import { BitWriter, floorLog2, RICE_QUOTIENT_MAX } from '../../../shared/bytes/bits.ts';
import { readDirect, readRising, readSparse, readZigzag } from './riceReader.ts';

/** Either sign; so a zigzagged step stays within 53 bits. */
export const INTEGER_MAX = 2 ** 50;

/**
 * What is coded: nothing, all steps are alike · steps, none negative · steps, zigzagged · what each value has over the smallest · the
 * steps that are not zero (rising or zigzagged), each after the count of zeros before it.
 */
export const RUN = { steady: 0, rising: 1, zigzag: 2, direct: 3, sparseRising: 4, sparseZigzag: 5 } as const;
export type RunMode = (typeof RUN)[keyof typeof RUN];

export interface RunPlan {
  readonly mode: RunMode;
  readonly k: number;
  /** Of the counts of zeros, where the mode is sparse. */
  readonly gapK: number;
  /** The smallest value, where the mode is direct. */
  readonly min: number;
  readonly sizeBits: number;
}

/** Where fewer than one step in this many is not zero, its place may be cheaper than a bit for each zero. */
export const SPARSE_SHARE = 2;

const bitWriter = new BitWriter();
let codes = new Float64Array(512);
let gaps = new Float64Array(512);
/** The plan whose codes are in `codes`. */
let filled: RunPlan | undefined;

/** The cheapest way to write `values[from, to)`, at least one, integers up to INTEGER_MAX. */
export function planRun(values: Float64Array, from: number, to: number): RunPlan {
  const first = values[from];
  const step = to - from > 1 ? values[from + 1] - first : 0;
  reserve(to - from);
  let min = first;
  let steady = true;
  let total = first;
  let travelled = 0;
  let largest = 0;
  let changes = 0;
  let falls = 0;
  for (let i = from + 1, before = first, n = 0; i < to; i++) {
    const v = values[i];
    const d = v - before;
    before = v;
    codes[n++] = d;
    total += v;
    if (d !== step) steady = false;
    if (d === 0) continue;
    changes++;
    const size = d < 0 ? -d : d;
    if (d < 0) {
      falls++;
      if (v < min) min = v;
    }
    travelled += size;
    if (size > largest) largest = size;
  }
  filled = undefined;
  if (steady) return { mode: RUN.steady, k: 0, gapK: 0, min, sizeBits: 0 };
  const steps = planSteps(values, from, to, { travelled, largest, changes, falls });
  // Codes that are twice as large on the whole cost a bit more each: not worth measuring, as with any counter.
  if (falls === 0 || total - (to - from) * min > 4 * travelled) return steps;
  const direct = measured(RUN.direct, fillDirect(values, from, to, min));
  filled = undefined;
  if (direct.sizeBits >= steps.sizeBits) return steps;
  return (filled = { ...direct, min });
}

/** The codes of a run, valid until the next call; none where it is steady. */
export function encodeRun(values: Float64Array, from: number, to: number, plan: RunPlan): BitWriter {
  const { mode, k, gapK } = plan;
  bitWriter.clear();
  if (mode === RUN.sparseRising || mode === RUN.sparseZigzag) {
    const count = fillSparse(values, from, to, mode === RUN.sparseRising);
    for (let i = 0; i < count; i++) {
      bitWriter.rice(gaps[i], gapK);
      // The last count of zeros leads to the end, and to no step.
      if (i < count - 1) bitWriter.rice(codes[i], k);
    }
  } else if (mode !== RUN.steady) {
    const count = mode === RUN.direct ? to - from : to - from - 1;
    if (plan !== filled) {
      if (mode === RUN.direct) fillDirect(values, from, to, plan.min);
      else fillSteps(values, from, to, mode === RUN.rising);
    }
    for (let i = 0; i < count; i++) bitWriter.rice(codes[i], k);
  }
  return bitWriter;
}

/** What a directory says of a run. */
export interface RunHead {
  mode: number;
  k: number;
  gapK: number;
  min: number;
  first: number;
  last: number;
}

/** Reads the run of samples [from, to) into `out`, as far as `until`; its codes begin at bit `at` of `words`. */
export function readRun(
  words: Int32Array,
  at: number,
  run: RunHead,
  out: Float64Array,
  from: number,
  to: number,
  until = to,
): void {
  const { mode, k, first } = run;
  if (mode === RUN.rising) return readRising(words, at, k, first, out, from, until);
  if (mode === RUN.sparseRising || mode === RUN.sparseZigzag) {
    return readSparse(words, at, k, run.gapK, mode === RUN.sparseZigzag, first, out, from, until);
  }
  if (mode === RUN.zigzag) return readZigzag(words, at, k, first, out, from, until);
  if (mode === RUN.direct) return readDirect(words, at, k, run.min, out, from, until);
  if (mode !== RUN.steady) throw new Error(`a run of mode ${mode}, which this version does not know`);
  const step = to - from > 1 ? (run.last - first) / (to - from - 1) : 0;
  if (step === 0) out.fill(first, from, until);
  else for (let i = from, v = first; i < until; i++, v += step) out[i] = v;
}

/** Of the steps of a run: their sum and the largest of them, without signs; how many are not zero, and how many are negative. */
interface Steps {
  readonly travelled: number;
  readonly largest: number;
  readonly changes: number;
  readonly falls: number;
}

/** Steps are in `codes`, as they are. */
function planSteps(values: Float64Array, from: number, to: number, steps: Steps): RunPlan {
  const { travelled, largest, changes, falls } = steps;
  const count = to - from - 1;
  const rising = falls === 0;
  if (!rising) zigzagCodes(count);
  const plan = rising
    ? bestK(codes, count, travelled, largest)
    : bestK(codes, count, 2 * travelled - falls, 2 * largest);
  const dense = { mode: rising ? RUN.rising : RUN.zigzag, gapK: 0, min: 0, ...plan };
  filled = dense;
  if (changes * SPARSE_SHARE > count) return dense;
  filled = undefined;
  const pairs = fillSparse(values, from, to, rising);
  const gapPlan = measuredK(gaps, pairs);
  const stepPlan = pairs > 1 ? measuredK(codes, pairs - 1) : { k: 0, sizeBits: 0 };
  const sizeBits = gapPlan.sizeBits + stepPlan.sizeBits + 8;
  if (sizeBits >= dense.sizeBits) return dense;
  return { mode: rising ? RUN.sparseRising : RUN.sparseZigzag, k: stepPlan.k, gapK: gapPlan.k, min: 0, sizeBits };
}

function measured(mode: RunMode, count: number): RunPlan {
  return { mode, gapK: 0, min: 0, ...measuredK(codes, count) };
}

function measuredK(numbers: Float64Array, count: number): { k: number; sizeBits: number } {
  let sum = 0;
  let max = 0;
  for (let i = 0; i < count; i++) {
    sum += numbers[i];
    if (numbers[i] > max) max = numbers[i];
  }
  return bestK(numbers, count, sum, max);
}

/** The parameter with which Rice codes of `numbers[0, count)` take least, and what they take. None is above `max`. */
function bestK(numbers: Float64Array, count: number, sum: number, max: number): { k: number; sizeBits: number } {
  // The best k lies near the base-2 logarithm of the mean; its neighbours are tried.
  const middle = Math.min(51, floorLog2((sum / count) * 0.69 + 1));
  const first = Math.max(0, middle - 1);
  if (max < 2 ** 31 && max < RICE_QUOTIENT_MAX * 2 ** first && middle + 1 <= 31) {
    return bestOfShortCodes(numbers, count, first, middle + 1);
  }
  const sizeOf = max < 2 ** 31 ? sizeOfSmallCodes : sizeOfCodes;
  let best = { k: 0, sizeBits: Infinity };
  for (let k = first; k <= middle + 1; k++) {
    const sizeBits = sizeOf(numbers, count, k);
    if (sizeBits < best.sizeBits) best = { k, sizeBits };
  }
  return best;
}

/** No quotient is too large to be written: two or three parameters in one go. */
function bestOfShortCodes(
  numbers: Float64Array,
  count: number,
  first: number,
  last: number,
): { k: number; sizeBits: number } {
  let low = 0;
  let middle = 0;
  let high = 0;
  for (let i = 0; i < count; i++) {
    const quotient = numbers[i] >>> first;
    low += quotient;
    middle += quotient >>> 1;
    high += quotient >>> 2;
  }
  let best = { k: first, sizeBits: count * (first + 1) + low };
  if (middle + count < low) best = { k: first + 1, sizeBits: count * (first + 2) + middle };
  const sizeBits = count * (first + 3) + high;
  return first + 2 <= last && sizeBits < best.sizeBits ? { k: first + 2, sizeBits } : best;
}

function sizeOfSmallCodes(numbers: Float64Array, count: number, k: number): number {
  if (k > 31) return Infinity;
  let size = count * (k + 1);
  for (let i = 0; i < count; i++) {
    const quotient = (numbers[i] | 0) >>> k;
    size += quotient < RICE_QUOTIENT_MAX ? quotient : RICE_QUOTIENT_MAX + 52 - k;
  }
  return size;
}

function sizeOfCodes(numbers: Float64Array, count: number, k: number): number {
  const scale = 2 ** -k;
  let size = count * (k + 1);
  for (let i = 0; i < count; i++) {
    const quotient = Math.floor(numbers[i] * scale);
    size += quotient < RICE_QUOTIENT_MAX ? quotient : RICE_QUOTIENT_MAX + 52 - k;
  }
  return size;
}

function reserve(count: number): void {
  if (codes.length >= count) return;
  codes = new Float64Array(2 * count);
  gaps = new Float64Array(2 * count);
}

function fillDirect(values: Float64Array, from: number, to: number, min: number): number {
  reserve(to - from);
  for (let i = from; i < to; i++) codes[i - from] = values[i] - min;
  return to - from;
}

function zigzagCodes(count: number): void {
  for (let i = 0; i < count; i++) codes[i] = codes[i] >= 0 ? 2 * codes[i] : -2 * codes[i] - 1;
}

function fillSteps(values: Float64Array, from: number, to: number, rising: boolean): number {
  reserve(to - from);
  for (let i = from + 1, n = 0; i < to; i++, n++) {
    const d = values[i] - values[i - 1];
    codes[n] = rising ? d : d >= 0 ? 2 * d : -2 * d - 1;
  }
  return to - from - 1;
}

/** Counts of zeros in `gaps`, one more than there are steps in `codes` (less one, as none is zero). */
function fillSparse(values: Float64Array, from: number, to: number, rising: boolean): number {
  reserve(to - from);
  let n = 0;
  let zeros = 0;
  for (let i = from + 1; i < to; i++) {
    const d = values[i] - values[i - 1];
    if (d === 0) {
      zeros++;
      continue;
    }
    gaps[n] = zeros;
    zeros = 0;
    codes[n++] = (rising ? d : d >= 0 ? 2 * d : -2 * d - 1) - 1;
  }
  gaps[n] = zeros;
  return n + 1;
}
