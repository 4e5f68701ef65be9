/** Native histogram chunks of Prometheus, written: runs of samples that share a layout and have no counter reset inside. */
import { CUSTOM_SCHEMA, customBoundsOf, sameBounds } from '../../../shared/histogram/bounds.ts';
import type { NativeHistogram, Span } from '../../../shared/histogram/native.ts';
import { indexesOf, spansOf } from '../../../shared/histogram/spans.ts';
import { STALE_HIGH, STALE_LOW } from '../../../shared/model/sampleBits.ts';
import { BitStreamWriter } from './bitStream.ts';
import { XorValue } from './floatChunk.ts';
import { GAUGE_HEADER } from './histogramChunk.ts';

const DOUBLE = new Float64Array(1);
const WORDS = new Uint32Array(DOUBLE.buffer);
const RESET_HEADER = 0b10;
const UNKNOWN_HEADER = 0b00;

/** One sample of a run; without a histogram it is a stale mark, which can only be the last one. */
export interface HistogramSample {
  readonly t: number;
  readonly h: NativeHistogram | undefined;
}

/** Counts by bucket index; a bucket that is not there has 0. */
type Buckets = ReadonlyMap<number, number>;

interface Spread {
  readonly positive: Buckets;
  readonly negative: Buckets;
}

/** Whether `next` can follow `h` in one chunk: the same kind of buckets, and nothing fell (unless both are gauges). */
export function continues(h: NativeHistogram, next: NativeHistogram): boolean {
  const isGauge = h.counterReset === 'gauge';
  if (isGauge !== (next.counterReset === 'gauge') || next.counterReset === 'reset') return false;
  if (h.schema !== next.schema || h.zeroThreshold !== next.zeroThreshold || isWhole(h) !== isWhole(next)) return false;
  if (!sameBounds(customBoundsOf(h), customBoundsOf(next))) return false;
  if (isGauge) return true;
  if (!(next.count >= h.count) || !(next.zeroCount >= h.zeroCount)) return false;
  const [before, after] = [spreadOf(h), spreadOf(next)];
  return hasAtLeast(after.positive, before.positive) && hasAtLeast(after.negative, before.negative);
}

export interface EncodedHistograms {
  readonly bytes: Uint8Array;
  readonly counts: 'integers' | 'floats';
}

/** @param samples each of which continues the one before; at least one, and the first is a histogram. */
export function writeHistogramChunk(samples: readonly HistogramSample[]): EncodedHistograms {
  const histograms = samples.flatMap(({ h }) => (h === undefined ? [] : [h]));
  const buckets = histograms.map(spreadOf);
  const positive = unionOf(buckets.map((spread) => spread.positive));
  const negative = unionOf(buckets.map((spread) => spread.negative));
  const [first] = histograms;
  const out = new BitStreamWriter();
  out.bits(samples.length, 16);
  const header =
    first.counterReset === 'gauge' ? GAUGE_HEADER : first.counterReset === 'reset' ? RESET_HEADER : UNKNOWN_HEADER;
  out.bits(header << 6, 8);
  writeZeroThreshold(out, first.zeroThreshold);
  out.varbitInt(first.schema);
  writeSpans(out, spansOf(positive));
  writeSpans(out, spansOf(negative));
  if (first.schema === CUSTOM_SCHEMA) writeCustomValues(out, first.customValues ?? new Float64Array(0));
  const whole = isWhole(first);
  const counts = whole ? new IntegerCounts(out) : new FloatCounts(out);
  let [t, step] = [0, 0];
  samples.forEach((sample, i) => {
    if (i === 0) out.varbitInt(sample.t);
    else {
      out.varbitInt(sample.t - t - step);
      step = sample.t - t;
    }
    ({ t } = sample);
    if (sample.h === undefined) return counts.stale();
    const { positive: up, negative: down } = buckets[i];
    counts.next(sample.h, [countsAt(positive, up), countsAt(negative, down)]);
  });
  return { bytes: out.copy(), counts: whole ? 'integers' : 'floats' };
}

function countsAt(indexes: Int32Array, buckets: Buckets): number[] {
  return Array.from(indexes, (index) => buckets.get(index) ?? 0);
}

class IntegerCounts {
  readonly #out: BitStreamWriter;
  readonly #sum = new XorValue();
  #before: number[] | undefined;
  #changes: number[] = [];

  constructor(out: BitStreamWriter) {
    this.#out = out;
  }

  next({ count, zeroCount, sum }: NativeHistogram, buckets: readonly (readonly number[])[]): void {
    const out = this.#out;
    const now = [count, zeroCount, ...buckets.flatMap((part) => part.map((n, i) => n - (i === 0 ? 0 : part[i - 1])))];
    const before = this.#before;
    this.#before = now;
    if (before === undefined) {
      this.#changes = now.map(() => 0);
      out.varbitUint(count);
      out.varbitUint(zeroCount);
      writeDouble(out, this.#sum, sum, true);
      for (const n of now.slice(2)) out.varbitInt(n);
      return;
    }
    now.forEach((n, i) => {
      const change = n - before[i];
      out.varbitInt(change - this.#changes[i]);
      this.#changes[i] = change;
      if (i === 1) writeDouble(out, this.#sum, sum, false);
    });
  }

  stale(): void {
    this.#out.bits(0, 2);
    this.#sum.write(this.#out, STALE_LOW, STALE_HIGH);
  }
}

class FloatCounts {
  readonly #out: BitStreamWriter;
  #values: XorValue[] | undefined;

  constructor(out: BitStreamWriter) {
    this.#out = out;
  }

  next({ count, zeroCount, sum }: NativeHistogram, buckets: readonly (readonly number[])[]): void {
    const now = [count, zeroCount, sum, ...buckets.flat()];
    const isFirst = this.#values === undefined;
    const values = (this.#values ??= now.map(() => new XorValue()));
    now.forEach((n, i) => writeDouble(this.#out, values[i], n, isFirst));
  }

  stale(): void {
    const [count, zeroCount, sum] = this.#values!;
    count.write(this.#out, 0, 0);
    zeroCount.write(this.#out, 0, 0);
    sum.write(this.#out, STALE_LOW, STALE_HIGH);
  }
}

function writeDouble(out: BitStreamWriter, value: XorValue, v: number, isFirst: boolean): void {
  DOUBLE[0] = v;
  if (isFirst) value.writeWhole(out, WORDS[0], WORDS[1]);
  else value.write(out, WORDS[0], WORDS[1]);
}

/** One byte for 0 and for powers of two from 2^-243 to 2^10, nine for the rest. */
function writeZeroThreshold(out: BitStreamWriter, threshold: number): void {
  if (threshold === 0) return out.bits(0, 8);
  const code = Math.round(Math.log2(threshold)) + 244;
  if (code >= 1 && code <= 254 && 2 ** (code - 244) === threshold) return out.bits(code, 8);
  out.bits(255, 8);
  out.double(threshold);
}

function writeSpans(out: BitStreamWriter, spans: readonly Span[]): void {
  out.varbitUint(spans.length);
  for (const { offset, length } of spans) {
    out.varbitUint(length);
    out.varbitInt(offset);
  }
}

/** Thousandths in few bits, others as they are. */
function writeCustomValues(out: BitStreamWriter, bounds: Float64Array): void {
  out.varbitUint(bounds.length);
  for (const bound of bounds) {
    const thousandths = Math.round(bound * 1000);
    if (thousandths >= 0 && thousandths <= 33_554_430 && thousandths / 1000 === bound && !Object.is(bound, -0)) {
      out.varbitUint(thousandths + 1);
    } else {
      out.bits(0, 1);
      out.double(bound);
    }
  }
}

const spreads = new WeakMap<NativeHistogram, Spread>();

/** The same for the same histogram: it is compared with the one before and the one after, and written. */
function spreadOf(h: NativeHistogram): Spread {
  let spread = spreads.get(h);
  if (spread === undefined) {
    const positive = bucketsOf(h.positiveSpans, h.positiveBuckets);
    spreads.set(h, (spread = { positive, negative: bucketsOf(h.negativeSpans, h.negativeBuckets) }));
  }
  return spread;
}

function bucketsOf(spans: readonly Span[], counts: Float64Array): Buckets {
  return new Map(Array.from(indexesOf(spans), (index, i) => [index, counts[i]]));
}

/** The indexes that any has, ascending. */
function unionOf(all: readonly Buckets[]): Int32Array {
  return Int32Array.from(new Set(all.flatMap((buckets) => [...buckets.keys()]))).sort();
}

function hasAtLeast(after: Buckets, before: Buckets): boolean {
  for (const [index, count] of before) if (!((after.get(index) ?? 0) >= count)) return false;
  return true;
}

/** Counts that an integer chunk can hold. */
function isWhole({ count, zeroCount, positiveBuckets, negativeBuckets }: NativeHistogram): boolean {
  const whole = (n: number) => Number.isSafeInteger(n) && n >= 0;
  return whole(count) && whole(zeroCount) && positiveBuckets.every(whole) && negativeBuckets.every(whole);
}
