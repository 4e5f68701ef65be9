/** Messages of remote write 1.0 and remote read, and what of them version 2.0 of remote write has too. Source: prompb/types.proto and prompb/remote.proto of Prometheus; numbers are theirs. */
import { CUSTOM_SCHEMA } from '../../shared/histogram/bounds.ts';
import type { NativeHistogram, Span } from '../../shared/histogram/native.ts';
import type { Labels } from '../../shared/model/labels.ts';
import type { MetricType } from '../../shared/model/metadata.ts';
import type { MatchOp, Matcher } from '../../shared/model/matchers.ts';
import { bitsOf } from '../../shared/model/sampleBits.ts';
import { WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT, WireReader, type WireWriter } from '../../shared/bytes/protobufWire.ts';

/** Samples of one series. A row with a histogram has no float. */
export interface SeriesSamples {
  readonly labels: Labels;
  /** Milliseconds. */
  readonly times: Float64Array;
  /** Stale marks among them keep their bits. Length = times.length. */
  readonly values: Float64Array;
  /** By row. */
  readonly histograms?: ReadonlyMap<number, NativeHistogram>;
}

/** The fields of a `TimeSeries`. */
export function writeTimeSeries(out: WireWriter, { labels, times, values, histograms }: SeriesSamples): void {
  for (const [name, value] of labels) out.message(1, (pair) => void pair.string(1, name).string(2, value));
  const bits = bitsOf(values);
  for (let i = 0; i < times.length; i++) {
    if (histograms?.has(i) === true) continue;
    out.message(2, (sample) => void sample.fixed64(1, bits[2 * i], bits[2 * i + 1]).int(2, times[i]));
  }
  for (const [i, h] of histograms ?? []) out.message(4, (message) => writeHistogram(message, h, times[i]));
}

/** Numbers of metric types, in both versions of remote write. */
export const METRIC_TYPES: Readonly<Record<MetricType, number>> = {
  unknown: 0,
  counter: 1,
  gauge: 2,
  histogram: 3,
  gaugehistogram: 4,
  summary: 5,
  info: 6,
  stateset: 7,
};

/** What stands for a type that there is not: unknown. */
export const metricTypeAt = (number: number): MetricType => TYPES_BY_NUMBER.get(number) ?? 'unknown';

const TYPES_BY_NUMBER = new Map(Object.entries(METRIC_TYPES).map(([type, number]) => [number, type as MetricType]));

const RESET_HINTS = { unknown: 0, reset: 1, notReset: 2, gauge: 3 } as const;

/** The fields of a `Histogram`: whole counts as differences, others as floats. */
export function writeHistogram(out: WireWriter, h: NativeHistogram, t: number): void {
  const isWhole = [h.count, h.zeroCount, ...h.positiveBuckets, ...h.negativeBuckets].every(Number.isSafeInteger);
  if (isWhole) out.intAlways(1, h.count);
  else out.double(2, h.count);
  out.double(3, h.sum).zigzag(4, h.schema).double(5, h.zeroThreshold);
  if (isWhole) out.intAlways(6, h.zeroCount);
  else out.double(7, h.zeroCount);
  writeSide(out, 8, h.negativeSpans, h.negativeBuckets, isWhole);
  writeSide(out, 11, h.positiveSpans, h.positiveBuckets, isWhole);
  out.int(14, RESET_HINTS[h.counterReset]).int(15, t);
  out.packedDoubles(16, h.customValues ?? []);
}

/** Spans, and after them differences or counts, in three fields that follow each other. */
function writeSide(
  out: WireWriter,
  first: number,
  spans: readonly Span[],
  counts: Float64Array,
  isWhole: boolean,
): void {
  for (const { offset, length } of spans) out.message(first, (span) => void span.zigzag(1, offset).int(2, length));
  if (isWhole)
    out.packedZigzag(
      first + 1,
      counts.map((count, i) => count - (i === 0 ? 0 : counts[i - 1])),
    );
  else out.packedDoubles(first + 2, counts);
}

const RESETS = ['unknown', 'reset', 'notReset', 'gauge'] as const;

export interface WireHistogram {
  readonly histogram: NativeHistogram;
  /** Milliseconds. */
  readonly t: number;
  /** When its counts began, 0 where that is not said. Milliseconds. */
  readonly start: number;
  /** Its counts are whole numbers. */
  readonly isWhole: boolean;
}

/** A `Histogram` of prompb or io.prometheus.write.v2, not checked. @throws WireError */
export function readHistogram(r: WireReader): WireHistogram {
  let isWhole = true;
  let [t, start] = [0, 0];
  let [count, sum, schema, zeroThreshold, zeroCount] = [0, 0, 0, 0, 0];
  let counterReset: NativeHistogram['counterReset'] = 'unknown';
  const [negativeSpans, positiveSpans]: [Span[], Span[]] = [[], []];
  // By field: differences or counts of the negative side, then of the positive one.
  const numbers: Readonly<Record<number, number[]>> = { 9: [], 10: [], 12: [], 13: [], 16: [] };
  while (r.next()) {
    const { field } = r;
    if (field === 1) count = r.int();
    else if (field === 2) [count, isWhole] = [r.double(), false];
    else if (field === 3) sum = r.double();
    else if (field === 4) schema = r.sint();
    else if (field === 5) zeroThreshold = r.double();
    else if (field === 6) zeroCount = r.int();
    else if (field === 7) zeroCount = r.double();
    else if (field === 8 || field === 11) (field === 8 ? negativeSpans : positiveSpans).push(readSpan(r.message()));
    else if (field === 14) counterReset = RESETS[r.int()] ?? 'unknown';
    else if (field === 15) t = r.int();
    else if (field === 17) start = r.int();
    else if (field in numbers) readAll(r, numbers[field], field === 9 || field === 12 ? 'zigzag' : 'double');
    else r.skip();
  }
  const buckets = (deltas: readonly number[], counts: readonly number[]) => {
    let sumOf = 0;
    return isWhole ? Float64Array.from(deltas, (delta) => (sumOf += delta)) : Float64Array.from(counts);
  };
  const positiveBuckets = buckets(numbers[12], numbers[13]);
  const negativeBuckets = buckets(numbers[9], numbers[10]);
  const plain = { schema, zeroThreshold, zeroCount, count, sum, positiveSpans, negativeSpans, counterReset };
  const isCustom = schema === CUSTOM_SCHEMA;
  const custom = isCustom ? { customValues: Float64Array.from(numbers[16]) } : {};
  return { histogram: { ...plain, positiveBuckets, negativeBuckets, ...custom }, t, start, isWhole };
}

function readSpan(r: WireReader): Span {
  let [offset, length] = [0, 0];
  while (r.next()) {
    if (r.field === 1) offset = r.sint();
    else if (r.field === 2) length = r.int();
    else r.skip();
  }
  return { offset, length };
}

/** A repeated number, packed or not. */
function readAll(r: WireReader, into: number[], kind: 'zigzag' | 'double' | 'int'): void {
  const read = {
    zigzag: (n: WireReader) => n.sint(),
    double: (n: WireReader) => n.double(),
    int: (n: WireReader) => n.int(),
  }[kind];
  if (r.type !== WIRE_BYTES) return void into.push(read(r));
  for (const packed = r.packed(kind === 'double' ? WIRE_FIXED64 : WIRE_VARINT); packed.more();) into.push(read(packed));
}

/** The numbers of a repeated varint field. */
export const readNumbers = (r: WireReader, into: number[]) => readAll(r, into, 'int');

export interface ReadQuery {
  /** Milliseconds, both inclusive. */
  readonly start: number;
  readonly end: number;
  readonly matchers: readonly Matcher[];
}

export interface ReadRequest {
  readonly queries: readonly ReadQuery[];
  /** Numbers of the kinds of answer that the client takes, the preferred one first. */
  readonly accepted: readonly number[];
}

/** Kinds of answer. */
export const SAMPLES = 0;
export const STREAMED_XOR_CHUNKS = 1;

/** @throws WireError for bytes that are no ReadRequest. */
export function readReadRequest(bytes: Uint8Array): ReadRequest {
  const queries: ReadQuery[] = [];
  const accepted: number[] = [];
  for (const request = new WireReader(bytes); request.next();) {
    if (request.field === 1) queries.push(readQuery(request.message()));
    else if (request.field === 2) readNumbers(request, accepted);
    else request.skip();
  }
  return { queries, accepted };
}

function readQuery(query: WireReader): ReadQuery {
  let start = 0;
  let end = 0;
  const matchers: Matcher[] = [];
  while (query.next()) {
    if (query.field === 1) start = query.int();
    else if (query.field === 2) end = query.int();
    else if (query.field === 3) matchers.push(readMatcher(query.message()));
    else query.skip();
  }
  return { start, end, matchers };
}

/** By their numbers. */
export const MATCH_OPS: readonly MatchOp[] = ['=', '!=', '=~', '!~'];

function readMatcher(matcher: WireReader): Matcher {
  let op: MatchOp = '=';
  let name = '';
  let value = '';
  while (matcher.next()) {
    if (matcher.field === 1) op = MATCH_OPS[matcher.int()] ?? '=';
    else if (matcher.field === 2) name = matcher.string();
    else if (matcher.field === 3) value = matcher.string();
    else matcher.skip();
  }
  return { name, op, value };
}
