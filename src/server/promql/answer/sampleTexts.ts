/** Samples of rows, and columns of numbers, as JSON. Its oracle is `formatValue`. One row at a time on a thread: the kernel's memory is shared. */
import { instantiate } from '../../wasm/instance.ts';
import type { JsonBytes } from './jsonBytes.ts';
import {
  BITS_AT,
  OPENED_MAX,
  OUT_AT,
  PAIRS_AT,
  POWER_MAX,
  POWER_MIN,
  POWERS_AT,
  SAMPLE_TEXTS,
  SAMPLES_MAX,
  TENS,
  TENS_AT,
  TIMES_AT,
  VALUES_AT,
} from './sampleTexts.wat.ts';

interface Kernel {
  readonly openings: (count: number) => void;
  /** @param opening of the first one. @returns where they end. */
  readonly samples: (opening: number, count: number, hasComma: number) => number;
  /** @returns where they end. */
  readonly numbers: (count: number) => number;
}

/** Samples of a row. */
export interface SampledRow {
  /** Whole milliseconds; an array that does not change. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** Where the value of the first one is; the others follow. */
  readonly at: number;
  /** Which of them are to be written; all if undefined. */
  readonly bits: Uint8Array | undefined;
}

class SampleTexts {
  readonly #kernel: Kernel;
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  readonly #bits: Uint8Array;
  readonly #bytes: Uint8Array;
  /** Of which samples the kernel has the times as text. */
  #opened: { readonly times: Float64Array; readonly from: number; readonly to: number } = NOTHING;

  constructor() {
    const { memory, ...kernel } = instantiate<Kernel>(SAMPLE_TEXTS);
    const { buffer } = memory;
    this.#kernel = kernel;
    this.#times = new Float64Array(buffer, TIMES_AT, OPENED_MAX);
    this.#values = new Float64Array(buffer, VALUES_AT, SAMPLES_MAX);
    this.#bits = new Uint8Array(buffer, BITS_AT, SAMPLES_MAX / 8);
    this.#bytes = new Uint8Array(buffer);
    fillTables(new DataView(buffer));
  }

  /** Writes samples [from, to), at most {@link SAMPLES_MAX}; `from` is a multiple of that. @returns whether any was written. */
  write(out: JsonBytes, { times, values, at, bits }: SampledRow, from: number, to: number, before: string): boolean {
    if (this.#opened.times !== times || from < this.#opened.from || to > this.#opened.to) this.#open(times, from);
    this.#values.set(values.subarray(at + from, at + to));
    if (bits === undefined) this.#bits.fill(0xff);
    else this.#bits.set(bits.subarray(from >> 3, (to + 7) >> 3));
    const end = this.#kernel.samples(from - this.#opened.from, to - from, before === COMMA ? 1 : 0);
    if (end === OUT_AT) return false;
    if (before !== COMMA) out.text(before);
    out.copy(this.#bytes, OUT_AT, end);
    return true;
  }

  /** Writes numbers [from, to), at most {@link SAMPLES_MAX}; `from` is a multiple of that. @param starts of rows, ascending, relative to `from`. */
  numbers(out: JsonBytes, values: Float64Array, from: number, to: number, starts: readonly number[]): void {
    this.#values.set(values.subarray(from, to));
    this.#bits.fill(0);
    for (const start of starts) this.#bits[start >> 3] |= 1 << (start & 7);
    const end = this.#kernel.numbers(to - from);
    // No row ends before the first one.
    out.copy(this.#bytes, from === 0 ? OUT_AT + 2 : OUT_AT, end);
  }

  #open(times: Float64Array, from: number): void {
    const to = Math.min(from + OPENED_MAX, times.length);
    this.#times.set(times.subarray(from, to));
    this.#kernel.openings(to - from);
    this.#opened = { times, from, to };
  }
}

const NOTHING = { times: new Float64Array(0), from: 0, to: 0 };

const COMMA = ',';

function fillTables(memory: DataView): void {
  for (let k = POWER_MIN; k <= POWER_MAX; k++) {
    const power = powerOfTen(k);
    memory.setBigUint64(POWERS_AT + 16 * (k - POWER_MIN), power >> 64n, true);
    memory.setBigUint64(POWERS_AT + 16 * (k - POWER_MIN) + 8, power & 0xffff_ffff_ffff_ffffn, true);
  }
  for (let i = 0; i < 100; i++) {
    memory.setUint8(PAIRS_AT + 2 * i, ZERO + Math.floor(i / 10));
    memory.setUint8(PAIRS_AT + 2 * i + 1, ZERO + (i % 10));
  }
  for (let n = 0; n < TENS; n++) memory.setBigUint64(TENS_AT + 8 * n, 10n ** BigInt(n), true);
}

const ZERO = 0x30;

/** The first 128 bits of a power of ten, rounded up. */
function powerOfTen(exponent: number): bigint {
  const [above, below] = exponent < 0 ? [1n, 10n ** BigInt(-exponent)] : [10n ** BigInt(exponent), 1n];
  // 2 to the power of this is at most the power of ten, and twice that more.
  const binary = Math.floor((exponent * 1_741_647) / 2 ** 19);
  const shift = BigInt(127 - binary);
  const [dividend, divisor] = shift < 0n ? [above, below << -shift] : [above << shift, below];
  return (dividend + divisor - 1n) / divisor;
}

/** Of this thread. */
let texts: SampleTexts | undefined;

/**
 * Writes a row's samples, `[1767225600.5,"0.25"],…`, in steps of a few.
 *
 * @param before what stands before the first one, if there is one.
 * @returns after all steps whether there was one.
 */
export function* writeSamples(out: JsonBytes, row: SampledRow, before: string): Generator<undefined, boolean> {
  const kernel = (texts ??= new SampleTexts());
  const count = row.times.length;
  let any = false;
  for (let from = 0; from < count; from += SAMPLES_MAX) {
    if (kernel.write(out, row, from, Math.min(count, from + SAMPLES_MAX), any ? COMMA : before)) any = true;
    yield;
  }
  return any;
}

/** Writes numbers as JSON, `[0.25,null,…]`: what is not finite is null. */
export function writeNumbers(out: JsonBytes, values: Float64Array): void {
  if (values.length === 0) out.text('[]');
  else for (const _ of writeRows(out, values, [values.length]));
}

/**
 * Writes rows of numbers, `[1,2],[3,null],…`, in steps of a few.
 *
 * @param values of all rows, one row after the other; at least one.
 * @param sizes of the rows, none of them 0.
 */
export function* writeRows(out: JsonBytes, values: Float64Array, sizes: readonly number[]): Generator<undefined> {
  const kernel = (texts ??= new SampleTexts());
  let row = 0;
  let next = 0;
  for (let from = 0; from < values.length; from += SAMPLES_MAX) {
    const to = Math.min(values.length, from + SAMPLES_MAX);
    const starts: number[] = [];
    for (; next < to; next += sizes[row++]) starts.push(next - from);
    kernel.numbers(out, values, from, to, starts);
    yield;
  }
  out.text(']');
}
