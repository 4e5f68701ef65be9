/** Native histogram chunks of Prometheus, read: integer and float counts, with and without start times. */
import { CUSTOM_SCHEMA } from '../../../shared/histogram/bounds.ts';
import type { NativeHistogram, Span } from '../../../shared/histogram/native.ts';
import { STALE_HIGH, STALE_LOW } from '../../../shared/model/sampleBits.ts';
import { BitStreamReader } from './bitStream.ts';
import { StartTimes, XorValue } from './floatChunk.ts';
import type { SampleSink } from './sampleSink.ts';

export const GAUGE_HEADER = 0b11;

const WORDS = new Uint32Array(2);
const DOUBLE = new Float64Array(WORDS.buffer);

interface Layout {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly positiveSpans: readonly Span[];
  readonly negativeSpans: readonly Span[];
  readonly customValues?: Float64Array;
}

/** How the counts of samples are told. */
interface Counts {
  /** Zero count, count and sum come before the buckets. Gives whether the sample is a stale mark, which has no buckets. */
  next(input: BitStreamReader, isFirst: boolean): boolean;
  sample(): Pick<NativeHistogram, 'count' | 'zeroCount' | 'sum' | 'positiveBuckets' | 'negativeBuckets'>;
}

/** @param startTimes whether each sample may be followed by its start time. */
export function readHistogramChunk(
  bytes: Uint8Array,
  counts: 'integers' | 'floats',
  startTimes: boolean,
  sink: SampleSink,
): void {
  const header = (startTimes ? bytes[0] : bytes[2]) >>> 6;
  const count = ((bytes[0] << 8) | bytes[1]) & (startTimes ? 0x3fff : 0xffff);
  if (count === 0) return;
  const starts = startTimes ? new StartTimes(bytes[2]) : undefined;
  const input = new BitStreamReader(bytes, 3);
  const layout = readLayout(input);
  const [positive, negative] = [bucketCount(layout.positiveSpans), bucketCount(layout.negativeSpans)];
  const values = counts === 'integers' ? new IntegerCounts(positive, negative) : new FloatCounts(positive, negative);
  let [t, step] = [0, 0];
  for (let i = 0; i < count; i++) {
    if (i === 0) t = input.varbitInt();
    else {
      step += input.varbitInt();
      t += step;
    }
    const isStale = values.next(input, i === 0);
    starts?.skip(input, i);
    if (isStale) {
      sink.float(t, STALE_LOW, STALE_HIGH);
      continue;
    }
    const counterReset = header === GAUGE_HEADER ? 'gauge' : i > 0 ? 'notReset' : 'unknown';
    sink.histogram(t, { ...layout, ...values.sample(), counterReset });
  }
}

function readLayout(input: BitStreamReader): Layout {
  const zeroThreshold = readZeroThreshold(input);
  const schema = input.varbitInt();
  const positiveSpans = readSpans(input);
  const negativeSpans = readSpans(input);
  const layout = { schema, zeroThreshold, positiveSpans, negativeSpans };
  if (schema !== CUSTOM_SCHEMA) return layout;
  const customValues = new Float64Array(input.varbitUint());
  for (let i = 0; i < customValues.length; i++) {
    const n = input.varbitUint();
    customValues[i] = n === 0 ? input.double() : (n - 1) / 1000;
  }
  return { ...layout, customValues };
}

function readZeroThreshold(input: BitStreamReader): number {
  const code = input.bits(8);
  if (code === 0) return 0;
  return code === 255 ? input.double() : 2 ** (code - 244);
}

function readSpans(input: BitStreamReader): Span[] {
  const spans: Span[] = [];
  for (let left = input.varbitUint(); left > 0; left--) {
    const length = input.varbitUint();
    spans.push({ length, offset: input.varbitInt() });
  }
  return spans;
}

export function bucketCount(spans: readonly Span[]): number {
  return spans.reduce((sum, { length }) => sum + length, 0);
}

/** Every number as the change of its change. Buckets are told by what each has over the one before it. */
class IntegerCounts implements Counts {
  readonly #positive: DoubleDeltas;
  readonly #negative: DoubleDeltas;
  readonly #totals = new DoubleDeltas(2);
  readonly #sum = new XorValue();

  constructor(positive: number, negative: number) {
    this.#positive = new DoubleDeltas(positive);
    this.#negative = new DoubleDeltas(negative);
  }

  next(input: BitStreamReader, isFirst: boolean): boolean {
    if (isFirst) {
      this.#totals.values[0] = input.varbitUint();
      this.#totals.values[1] = input.varbitUint();
      this.#sum.readWhole(input);
    } else {
      this.#totals.next(input);
      this.#sum.read(input);
    }
    if (isStaleSum(this.#sum)) return true;
    for (const part of [this.#positive, this.#negative]) {
      if (isFirst) part.first(input);
      else part.next(input);
    }
    return false;
  }

  sample() {
    return {
      count: this.#totals.values[0],
      zeroCount: this.#totals.values[1],
      sum: doubleOf(this.#sum),
      positiveBuckets: addedUp(this.#positive.values),
      negativeBuckets: addedUp(this.#negative.values),
    };
  }
}

class DoubleDeltas {
  readonly values: Float64Array;
  readonly #changes: Float64Array;

  constructor(length: number) {
    this.values = new Float64Array(length);
    this.#changes = new Float64Array(length);
  }

  first(input: BitStreamReader): void {
    for (let i = 0; i < this.values.length; i++) this.values[i] = input.varbitInt();
  }

  next(input: BitStreamReader): void {
    for (let i = 0; i < this.values.length; i++) {
      this.#changes[i] += input.varbitInt();
      this.values[i] += this.#changes[i];
    }
  }
}

/** Every number by the bits that changed. */
class FloatCounts implements Counts {
  readonly #count = new XorValue();
  readonly #zeroCount = new XorValue();
  readonly #sum = new XorValue();
  readonly #positive: readonly XorValue[];
  readonly #negative: readonly XorValue[];

  constructor(positive: number, negative: number) {
    this.#positive = Array.from({ length: positive }, () => new XorValue());
    this.#negative = Array.from({ length: negative }, () => new XorValue());
  }

  next(input: BitStreamReader, isFirst: boolean): boolean {
    const read = (value: XorValue) => (isFirst ? value.readWhole(input) : value.read(input));
    [this.#count, this.#zeroCount, this.#sum].forEach(read);
    if (isStaleSum(this.#sum)) return true;
    this.#positive.forEach(read);
    this.#negative.forEach(read);
    return false;
  }

  sample() {
    return {
      count: doubleOf(this.#count),
      zeroCount: doubleOf(this.#zeroCount),
      sum: doubleOf(this.#sum),
      positiveBuckets: Float64Array.from(this.#positive, doubleOf),
      negativeBuckets: Float64Array.from(this.#negative, doubleOf),
    };
  }
}

function isStaleSum({ low, high }: XorValue): boolean {
  return low === STALE_LOW && high === STALE_HIGH;
}

function doubleOf({ low, high }: XorValue): number {
  [WORDS[0], WORDS[1]] = [low, high];
  return DOUBLE[0];
}

/** Absolute counts of deltas from bucket to bucket. */
export function addedUp(deltas: Float64Array): Float64Array {
  const counts = new Float64Array(deltas.length);
  let count = 0;
  for (let i = 0; i < deltas.length; i++) counts[i] = count += deltas[i];
  return counts;
}
