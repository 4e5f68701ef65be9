/** One native histogram sample as bytes, in the log and in chunks. Drawn in docs/chunks.md, "Native histograms". */
import type { ByteReader } from '../../../shared/bytes/byteReader.ts';
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

export function readNativeHistogram(input: ByteReader): NativeHistogram {
  const schema = input.zigzag();
  const flags = input.u8();
  const h = {
    schema,
    zeroThreshold: input.number(),
    zeroCount: input.number(),
    count: input.number(),
    sum: input.f64(),
    positiveSpans: readSpans(input),
    positiveBuckets: readNumbers(input),
    negativeSpans: readSpans(input),
    negativeBuckets: readNumbers(input),
    counterReset: RESETS[(flags >> 1) & 3],
  };
  return flags & 1 ? { ...h, customValues: readNumbers(input) } : h;
}

/** Samples by column and row, as a chunk of either version ends with them. */
export function readHistogramColumns(input: ByteReader): Map<number, Map<number, NativeHistogram>> {
  const all = new Map<number, Map<number, NativeHistogram>>();
  for (let columns = input.varint(); columns > 0; columns--) {
    const samples = new Map<number, NativeHistogram>();
    all.set(input.varint(), samples);
    for (let left = input.varint(); left > 0; left--) samples.set(input.varint(), readNativeHistogram(input));
  }
  return all;
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

function readSpans(input: ByteReader): Span[] {
  const spans: Span[] = [];
  for (let left = input.varint(); left > 0; left--) spans.push({ offset: input.zigzag(), length: input.varint() });
  return spans;
}

function writeNumbers(out: ByteWriter, numbers: Float64Array): void {
  out.varint(numbers.length);
  for (let i = 0; i < numbers.length; i++) out.number(numbers[i]);
}

function readNumbers(input: ByteReader): Float64Array {
  const count = input.varint();
  const list: number[] = [];
  for (let i = 0; i < count; i++) list.push(input.number());
  return Float64Array.from(list);
}
