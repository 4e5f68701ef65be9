/**
 * Messages of the delimited protobuf format (`io.prometheus.client.MetricFamily`), field by field.
 *
 * Source: field numbers of `metrics.proto` in the Prometheus client data model. Both of its spellings are read: proto2 writes repeated
 * numbers one by one, proto3 packs them.
 */
import { readLabelPair } from '../../shared/bytes/labelPair.ts';
import { WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT, WireError, WireReader } from '../../shared/bytes/protobufWire.ts';
import type { Span } from '../../shared/histogram/native.ts';
import type { Label } from '../../shared/model/labels.ts';
import type { Exemplar, MetricType } from '../../shared/model/metadata.ts';

/** By enum number. */
const TYPES: readonly MetricType[] = ['counter', 'gauge', 'summary', 'unknown', 'histogram', 'gaugehistogram'];

export interface MetricFamily {
  name: string;
  help: string;
  unit: string;
  type: MetricType;
  /** Not decoded yet: most metrics of a page are known by their bytes. */
  readonly metrics: Uint8Array[];
}

export interface MetricMessage {
  /** The `LabelPair` messages as they stand; equal bytes mean equal labels. */
  readonly labelBytes: Uint8Array[];
  /** Milliseconds; undefined where the page gives no time. */
  t: number | undefined;
  /** Of counters, gauges and untyped metrics. */
  v: number;
  exemplar: Exemplar | undefined;
  /** When the counter, summary or histogram began, milliseconds. */
  start: number | undefined;
  /** undefined where the message has none; it then stands for an empty one. */
  summary: SummaryMessage | undefined;
  histogram: HistogramMessage | undefined;
}

export interface SummaryMessage {
  count: number;
  sum: number;
  readonly quantiles: { quantile: number; v: number }[];
}

/** As on the wire: the bucket counts of a native histogram are differences (`…Deltas`) or, for floats, absolute (`…Counts`). */
export interface HistogramMessage {
  count: number;
  countFloat: number;
  sum: number;
  readonly buckets: { count: number; countFloat: number; upperBound: number; exemplar: Exemplar | undefined }[];
  schema: number;
  zeroThreshold: number;
  zeroCount: number;
  zeroCountFloat: number;
  readonly negativeSpans: Span[];
  readonly negativeDeltas: number[];
  readonly negativeCounts: number[];
  readonly positiveSpans: Span[];
  readonly positiveDeltas: number[];
  readonly positiveCounts: number[];
  readonly exemplars: Exemplar[];
}

/** @throws WireError */
export function readFamily(bytes: Uint8Array): MetricFamily {
  const family: MetricFamily = { name: '', help: '', unit: '', type: 'counter', metrics: [] };
  for (const r = new WireReader(bytes); r.next();) {
    if (r.field === 1) family.name = r.utf8();
    else if (r.field === 2) family.help = r.utf8();
    else if (r.field === 3) family.type = typeOf(r.int());
    else if (r.field === 4) family.metrics.push(r.bytes());
    else if (r.field === 5) family.unit = r.string();
    else r.skip();
  }
  return family;
}

function typeOf(code: number): MetricType {
  if (!(code in TYPES)) throw new WireError(`metric type ${code} is unknown; there are 0 to ${TYPES.length - 1}`);
  return TYPES[code];
}

/** @throws WireError */
export function readMetric(bytes: Uint8Array): MetricMessage {
  const metric: MetricMessage = {
    labelBytes: [],
    t: undefined,
    v: 0,
    exemplar: undefined,
    start: undefined,
    summary: undefined,
    histogram: undefined,
  };
  for (const r = new WireReader(bytes); r.next();) {
    if (r.field === 1) metric.labelBytes.push(r.bytes());
    else if (r.field === 2 || r.field === 3 || r.field === 5) readValue(r.message(), metric);
    else if (r.field === 4) readSummary(r.message(), metric);
    else if (r.field === 6) metric.t = r.int();
    else if (r.field === 7) readHistogram(r.message(), metric);
    else r.skip();
  }
  return metric;
}

/** @throws WireError */
export function readLabels(labelBytes: readonly Uint8Array[]): Label[] {
  return labelBytes.map((bytes) => readLabelPair(new WireReader(bytes), 'utf8'));
}

/** Gauge, Counter and Untyped have their value in the same place; only a Counter has an exemplar and a beginning. */
function readValue(r: WireReader, into: MetricMessage): void {
  while (r.next()) {
    if (r.field === 1) into.v = r.double();
    else if (r.field === 2) into.exemplar = readExemplar(r.message());
    else if (r.field === 3) into.start = readTimestamp(r.message());
    else r.skip();
  }
}

function readSummary(r: WireReader, into: MetricMessage): void {
  const summary = (into.summary ??= emptySummary());
  while (r.next()) {
    if (r.field === 1) summary.count = r.int();
    else if (r.field === 2) summary.sum = r.double();
    else if (r.field === 3) summary.quantiles.push(readQuantile(r.message()));
    else if (r.field === 4) into.start = readTimestamp(r.message());
    else r.skip();
  }
}

function readQuantile(r: WireReader): { quantile: number; v: number } {
  const found = { quantile: 0, v: 0 };
  while (r.next()) {
    if (r.field === 1) found.quantile = r.double();
    else if (r.field === 2) found.v = r.double();
    else r.skip();
  }
  return found;
}

export function emptySummary(): SummaryMessage {
  return { count: 0, sum: 0, quantiles: [] };
}

export function emptyHistogram(): HistogramMessage {
  return {
    count: 0,
    countFloat: 0,
    sum: 0,
    buckets: [],
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    zeroCountFloat: 0,
    negativeSpans: [],
    negativeDeltas: [],
    negativeCounts: [],
    positiveSpans: [],
    positiveDeltas: [],
    positiveCounts: [],
    exemplars: [],
  };
}

/** What each field of a Histogram does. */
const HISTOGRAM_FIELDS: Readonly<Record<number, (r: WireReader, into: HistogramMessage) => void>> = {
  1: (r, h) => (h.count = r.int()),
  2: (r, h) => (h.sum = r.double()),
  3: (r, h) => h.buckets.push(readBucket(r.message())),
  4: (r, h) => (h.countFloat = r.double()),
  5: (r, h) => (h.schema = r.sint()),
  6: (r, h) => (h.zeroThreshold = r.double()),
  7: (r, h) => (h.zeroCount = r.int()),
  8: (r, h) => (h.zeroCountFloat = r.double()),
  9: (r, h) => h.negativeSpans.push(readSpan(r.message())),
  10: (r, h) => readSints(r, h.negativeDeltas),
  11: (r, h) => readDoubles(r, h.negativeCounts),
  12: (r, h) => h.positiveSpans.push(readSpan(r.message())),
  13: (r, h) => readSints(r, h.positiveDeltas),
  14: (r, h) => readDoubles(r, h.positiveCounts),
  16: (r, h) => h.exemplars.push(readExemplar(r.message())),
};

function readHistogram(r: WireReader, into: MetricMessage): void {
  const histogram = (into.histogram ??= emptyHistogram());
  while (r.next()) {
    const read = HISTOGRAM_FIELDS[r.field];
    if (read !== undefined) read(r, histogram);
    else if (r.field === 15) into.start = readTimestamp(r.message());
    else r.skip();
  }
}

function readBucket(r: WireReader): HistogramMessage['buckets'][number] {
  const bucket: HistogramMessage['buckets'][number] = { count: 0, countFloat: 0, upperBound: 0, exemplar: undefined };
  while (r.next()) {
    if (r.field === 1) bucket.count = r.int();
    else if (r.field === 2) bucket.upperBound = r.double();
    else if (r.field === 3) bucket.exemplar = readExemplar(r.message());
    else if (r.field === 4) bucket.countFloat = r.double();
    else r.skip();
  }
  return bucket;
}

function readSpan(r: WireReader): Span {
  let offset = 0;
  let length = 0;
  while (r.next()) {
    if (r.field === 1) offset = r.sint();
    else if (r.field === 2) length = r.int();
    else r.skip();
  }
  return { offset, length };
}

function readExemplar(r: WireReader): Exemplar {
  const labels: Label[] = [];
  let v = 0;
  let t: number | undefined;
  while (r.next()) {
    if (r.field === 1) labels.push(readLabelPair(r.message()));
    else if (r.field === 2) v = r.double();
    else if (r.field === 3) t = readTimestamp(r.message());
    else r.skip();
  }
  return { labels, v, t };
}

/** Milliseconds. */
function readTimestamp(r: WireReader): number {
  let seconds = 0;
  let nanos = 0;
  while (r.next()) {
    if (r.field === 1) seconds = r.int();
    else if (r.field === 2) nanos = r.int();
    else r.skip();
  }
  return seconds * 1000 + Math.trunc(nanos / 1_000_000);
}

function readSints(r: WireReader, into: number[]): void {
  if (r.type === WIRE_BYTES) for (const packed = r.packed(WIRE_VARINT); packed.more();) into.push(packed.sint());
  else into.push(r.sint());
}

function readDoubles(r: WireReader, into: number[]): void {
  if (r.type === WIRE_BYTES) for (const packed = r.packed(WIRE_FIXED64); packed.more();) into.push(packed.double());
  else into.push(r.double());
}
