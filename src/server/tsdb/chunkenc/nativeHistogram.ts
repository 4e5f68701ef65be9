/** One native histogram sample as bytes, in the log and in chunks. Drawn in docs/chunks.md, "Native histograms". */
import { TruncatedError, type ByteReader } from '../../../shared/bytes/byteReader.ts';
import { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import type { NativeHistogram, Span } from '../../../shared/histogram/native.ts';

/** By the numbers that files of ours and of Prometheus have for them. */
export const RESETS = ['unknown', 'reset', 'notReset', 'gauge'] as const;

export function writeNativeHistogram(out: ByteWriter, h: NativeHistogram): void {
  out.zigzag(h.schema);
  out.u8(RESETS.indexOf(h.counterReset) * 2 + (h.customValues === undefined ? 0 : 1));
  out.number(h.zeroThreshold);
  out.number(h.zeroCount);
  out.number(h.count);
  out.f64(h.sum);
  writeBuckets(out, h.positiveSpans, h.positiveBuckets);
  writeBuckets(out, h.negativeSpans, h.negativeBuckets);
  if (h.customValues !== undefined) writeNumbers(out, h.customValues);
}

/** Spans read last: those of the next sample are mostly the same, and then the same array, of which more is known than of a new one (spans.ts). */
let lastPositive: readonly Span[] = [];
let lastNegative: readonly Span[] = [];

export function readNativeHistogram(input: ByteReader): NativeHistogram {
  const schema = input.zigzag();
  const flags = input.u8();
  const h = {
    schema,
    zeroThreshold: input.number(),
    zeroCount: input.number(),
    count: input.number(),
    sum: input.f64(),
    positiveSpans: (lastPositive = readSpans(input, lastPositive)),
    positiveBuckets: readNumbers(input),
    negativeSpans: (lastNegative = readSpans(input, lastNegative)),
    negativeBuckets: readNumbers(input),
    counterReset: RESETS[(flags >> 1) & 3],
  };
  return flags & 1 ? { ...h, customValues: readNumbers(input) } : h;
}

function skipNativeHistogram(input: ByteReader): void {
  input.skipVarints(1);
  const hasCustomValues = (input.u8() & 1) > 0;
  input.skipNumbers(3);
  input.f64();
  for (let side = 0; side < 2; side++) {
    input.skipVarints(2 * input.varint());
    input.skipNumbers(input.varint());
  }
  if (hasCustomValues) input.skipNumbers(input.varint());
}

/** Where the samples of each column begin, in what a chunk of either version ends with. */
export function findHistogramColumns(input: ByteReader): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (let columns = input.varint(); columns > 0; columns--) {
    found.set(input.varint(), input.at);
    for (let left = input.varint(); left > 0; left--) {
      input.skipVarints(1);
      skipNativeHistogram(input);
    }
  }
  return found;
}

/** The samples of a column in rows [from, to), by row. */
export function readHistogramColumn(input: ByteReader, from = 0, to = Infinity): Map<number, NativeHistogram> {
  const samples = new Map<number, NativeHistogram>();
  for (let left = input.varint(); left > 0; left--) {
    const row = input.varint();
    if (row >= from && row < to) samples.set(row, readNativeHistogram(input));
    else skipNativeHistogram(input);
  }
  return samples;
}

/** Whether two samples are stored as the same bytes. */
export function sameNativeHistogram(a: NativeHistogram, b: NativeHistogram): boolean {
  const [x, y] = [new ByteWriter(), new ByteWriter()];
  writeNativeHistogram(x, a);
  writeNativeHistogram(y, b);
  return x.length === y.length && x.written.every((byte, i) => byte === y.written[i]);
}

function writeBuckets(out: ByteWriter, spans: readonly Span[], buckets: Float64Array): void {
  out.varint(spans.length);
  for (const { offset, length } of spans) {
    out.zigzag(offset);
    out.varint(length);
  }
  writeNumbers(out, buckets);
}

/** @param last given back where the spans are these. */
function readSpans(input: ByteReader, last: readonly Span[]): readonly Span[] {
  const { at } = input;
  const isNext = (span: Span) => input.zigzag() === span.offset && input.varint() === span.length;
  if (input.varint() === last.length && last.every(isNext)) return last;
  input.at = at;
  const spans: Span[] = [];
  for (let left = input.varint(); left > 0; left--) spans.push({ offset: input.zigzag(), length: input.varint() });
  return spans;
}

function writeNumbers(out: ByteWriter, numbers: Float64Array): void {
  out.varint(numbers.length);
  for (let i = 0; i < numbers.length; i++) out.number(numbers[i]);
}

const NO_NUMBERS = new Float64Array(0);
/** Memory for counts is taken together: to take it for each histogram takes longer than to read it. Little, as one histogram keeps all of it. */
const SLAB_NUMBERS = 512;
/** Fewer numbers lie in the heap, where they take no time; more are worth memory of their own. */
const [SLAB_MIN, SLAB_MAX] = [9, SLAB_NUMBERS / 4];
let slab = NO_NUMBERS;
let slabUsed = 0;

function memoryFor(count: number): Float64Array {
  if (count < SLAB_MIN || count > SLAB_MAX) return new Float64Array(count);
  if (slabUsed + count > slab.length) {
    slab = new Float64Array(SLAB_NUMBERS);
    slabUsed = 0;
  }
  return slab.subarray(slabUsed, (slabUsed += count));
}

function readNumbers(input: ByteReader): Float64Array {
  const count = input.varint();
  if (count === 0) return NO_NUMBERS;
  // Each takes a byte at least: no memory is taken for a count that cannot be.
  if (count > input.end - input.at) throw new TruncatedError(input.end);
  const numbers = memoryFor(count);
  input.numbers(numbers);
  return numbers;
}
