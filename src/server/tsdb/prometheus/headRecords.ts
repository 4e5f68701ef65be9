/** What the records of Prometheus' log say: series, samples, histograms, deletions, exemplars. */
import { CUSTOM_SCHEMA } from '../../../shared/histogram/bounds.ts';
import type { NativeHistogram, Span } from '../../../shared/histogram/native.ts';
import { labelsFrom, type Labels } from '../../../shared/model/labels.ts';
import { STALE_HIGH, STALE_LOW } from '../../../shared/model/sampleBits.ts';
import { RESETS } from '../chunkenc/nativeHistogram.ts';
import { BigEndianReader } from './bigEndian.ts';
import { addedUp } from './histogramChunk.ts';

/** What is wanted of a log; the rest is read over. Refs name series. */
export interface RecordSink {
  series?(ref: number, labels: Labels): void;
  float?(ref: number, t: number, low: number, high: number): void;
  histogram?(ref: number, t: number, h: NativeHistogram): void;
  deleted?(ref: number, minTime: number, maxTime: number): void;
  exemplar?(ref: number, t: number, v: number, labels: Labels): void;
}

const [NO_START, SAME_START] = [0, 1];
const DOUBLE = new Float64Array(1);
const WORDS = new Uint32Array(DOUBLE.buffer);

type ReadRecord = (input: BigEndianReader, sink: RecordSink) => void;

const RECORDS: Readonly<Record<number, ReadRecord>> = {
  1: readSeries,
  2: (input, sink) => sink.float !== undefined && readSamples(input, sink),
  3: readDeleted,
  4: (input, sink) => sink.exemplar !== undefined && readExemplars(input, sink),
  7: (input, sink) => readHistograms(input, sink, countsAsIntegers),
  8: (input, sink) => readHistograms(input, sink, countsAsFloats),
  9: (input, sink) => readHistograms(input, sink, countsAsIntegers),
  10: (input, sink) => readHistograms(input, sink, countsAsFloats),
  11: (input, sink) => sink.float !== undefined && walkWithStarts(input, (ref, t) => readFloat(input, sink, ref, t)),
  12: (input, sink) => readHistogramsWithStarts(input, sink, countsAsIntegers),
  13: (input, sink) => readHistogramsWithStarts(input, sink, countsAsFloats),
};

/** @throws TruncatedError for a record that ends early. */
export function readRecord(bytes: Uint8Array, sink: RecordSink): void {
  const input = new BigEndianReader(bytes);
  RECORDS[input.u8()]?.(input, sink);
}

function readSeries(input: BigEndianReader, sink: RecordSink): void {
  if (sink.series === undefined) return;
  while (!input.done) {
    const ref = input.i64();
    sink.series(ref, labelsFrom(input.labels()));
  }
}

/** Refs and times as differences from the first. */
function walk(input: BigEndianReader, read: (ref: number, t: number) => void): void {
  if (input.done) return;
  const [ref, t] = [input.i64(), input.i64()];
  while (!input.done) read(ref + input.varint(), t + input.varint());
}

/** Refs as differences from the one before, times from the first; each with the start time of its series, which is not kept. */
function walkWithStarts(input: BigEndianReader, read: (ref: number, t: number) => void): void {
  if (input.done) return;
  let ref = input.varint();
  const first = input.varint();
  input.varint();
  read(ref, first);
  while (!input.done) {
    ref += input.varint();
    const t = first + input.varint();
    const mark = input.u8();
    if (mark !== NO_START && mark !== SAME_START) input.varint();
    read(ref, t);
  }
}

function readSamples(input: BigEndianReader, sink: RecordSink): void {
  walk(input, (ref, t) => readFloat(input, sink, ref, t));
}

function readFloat(input: BigEndianReader, sink: RecordSink, ref: number, t: number): void {
  const high = input.u32();
  sink.float!(ref, t, input.u32(), high);
}

function readDeleted(input: BigEndianReader, sink: RecordSink): void {
  while (!input.done) {
    const ref = input.i64();
    const minTime = input.varint();
    sink.deleted?.(ref, minTime, input.varint());
  }
}

function readExemplars(input: BigEndianReader, sink: RecordSink): void {
  walk(input, (ref, t) => {
    const v = input.f64();
    sink.exemplar!(ref, t, v, labelsFrom(input.labels()));
  });
}

type ReadCounts = (input: BigEndianReader) => Omit<NativeHistogram, 'counterReset'>;

function readHistograms(input: BigEndianReader, sink: RecordSink, counts: ReadCounts): void {
  if (sink.histogram !== undefined) walk(input, (ref, t) => readHistogram(input, sink, counts, ref, t));
}

function readHistogramsWithStarts(input: BigEndianReader, sink: RecordSink, counts: ReadCounts): void {
  if (sink.histogram !== undefined) walkWithStarts(input, (ref, t) => readHistogram(input, sink, counts, ref, t));
}

function readHistogram(input: BigEndianReader, sink: RecordSink, counts: ReadCounts, ref: number, t: number): void {
  const counterReset = RESETS[input.u8() & 3];
  const h = { ...counts(input), counterReset };
  DOUBLE[0] = h.sum;
  if (WORDS[0] === STALE_LOW && WORDS[1] === STALE_HIGH) sink.float?.(ref, t, STALE_LOW, STALE_HIGH);
  else sink.histogram!(ref, t, h);
}

function countsAsIntegers(input: BigEndianReader): Omit<NativeHistogram, 'counterReset'> {
  const head = { schema: input.varint(), zeroThreshold: input.f64(), zeroCount: input.uvarint() };
  const sums = { count: input.uvarint(), sum: input.f64() };
  return { ...head, ...sums, ...readBuckets(input, head.schema, readAddedUp) };
}

function countsAsFloats(input: BigEndianReader): Omit<NativeHistogram, 'counterReset'> {
  const head = { schema: input.varint(), zeroThreshold: input.f64(), zeroCount: input.f64() };
  const sums = { count: input.f64(), sum: input.f64() };
  return { ...head, ...sums, ...readBuckets(input, head.schema, readFloats) };
}

/** Spans of both sides, the counts of both sides, and bounds where the schema has them. */
function readBuckets(input: BigEndianReader, schema: number, readCounts: (input: BigEndianReader) => Float64Array) {
  const [positiveSpans, negativeSpans] = [readSpans(input), readSpans(input)];
  const [positiveBuckets, negativeBuckets] = [readCounts(input), readCounts(input)];
  const bounds = schema === CUSTOM_SCHEMA ? { customValues: readFloats(input) } : {};
  return { positiveSpans, negativeSpans, positiveBuckets, negativeBuckets, ...bounds };
}

function readSpans(input: BigEndianReader): Span[] {
  const spans: Span[] = [];
  for (let left = input.uvarint(); left > 0; left--) spans.push({ offset: input.varint(), length: input.uvarint() });
  return spans;
}

function readAddedUp(input: BigEndianReader): Float64Array {
  return addedUp(Float64Array.from(readList(input, () => input.varint())));
}

function readFloats(input: BigEndianReader): Float64Array {
  return Float64Array.from(readList(input, () => input.f64()));
}

function readList(input: BigEndianReader, read: () => number): number[] {
  const list: number[] = [];
  for (let left = input.uvarint(); left > 0; left--) list.push(read());
  return list;
}
