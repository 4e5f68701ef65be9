/** An OTLP request in protobuf. Numbers of fields are those of metrics.proto, common.proto and resource.proto of OpenTelemetry. */
import { WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT, WireReader } from '../../../shared/bytes/protobufWire.ts';
import { attributeText } from './attributeText.ts';
import {
  checkDepth,
  NO_RECORDED_VALUE,
  TEMPORALITIES,
  type Attributes,
  type AttributeValue,
  type DenseBuckets,
  type ExponentialPoint,
  type HistogramPoint,
  type MetricData,
  type NumberPoint,
  type OtlpExemplar,
  type OtlpMetric,
  type Point,
  type ResourceMetrics,
  type ScopeMetrics,
  type SummaryPoint,
  type Temporality,
} from './metrics.ts';

/** @throws WireError, OtlpError */
export function readProtobufRequest(bytes: Uint8Array): ResourceMetrics[] {
  const all: ResourceMetrics[] = [];
  for (const r = new WireReader(bytes); r.next();) {
    if (r.field === 1) all.push(readResourceMetrics(r.message()));
    else r.skip();
  }
  return all;
}

function readResourceMetrics(r: WireReader): ResourceMetrics {
  let attributes: Attributes = [];
  const scopes: ScopeMetrics[] = [];
  while (r.next()) {
    if (r.field === 1) attributes = readAttributes(r.message(), 1);
    else if (r.field === 2) scopes.push(readScopeMetrics(r.message()));
    else r.skip();
  }
  return { attributes, scopes };
}

/** All attributes of a message that has nothing else of interest. */
function readAttributes(r: WireReader, field: number): Attributes {
  const attributes: [string, string][] = [];
  while (r.next()) {
    if (r.field === field) attributes.push(readAttribute(r.message()));
    else r.skip();
  }
  return attributes;
}

function readScopeMetrics(r: WireReader): ScopeMetrics {
  let [name, version, schemaUrl] = ['', '', ''];
  const attributes: [string, string][] = [];
  const metrics: OtlpMetric[] = [];
  while (r.next()) {
    if (r.field === 1) {
      for (const scope = r.message(); scope.next();) {
        if (scope.field === 1) name = scope.string();
        else if (scope.field === 2) version = scope.string();
        else if (scope.field === 3) attributes.push(readAttribute(scope.message()));
        else scope.skip();
      }
    } else if (r.field === 2) metrics.push(readMetric(r.message()));
    else if (r.field === 3) schemaUrl = r.string();
    else r.skip();
  }
  return { name, version, schemaUrl, attributes, metrics };
}

function readMetric(r: WireReader): OtlpMetric {
  let [name, description, unit] = ['', '', ''];
  let data: MetricData | undefined;
  while (r.next()) {
    if (r.field === 1) name = r.string();
    else if (r.field === 2) description = r.string();
    else if (r.field === 3) unit = r.string();
    else if (r.field in DATA) data = DATA[r.field](r.message());
    else r.skip();
  }
  return { name, unit, description, data };
}

const DATA: Readonly<Record<number, (r: WireReader) => MetricData>> = {
  5: (r) => ({ kind: 'gauge', points: readData(r, readNumber).points }),
  7: (r) => ({ kind: 'sum', ...readData(r, readNumber) }),
  9: (r) => histogramOf('histogram', readData(r, readHistogram)),
  10: (r) => histogramOf('exponential', readData(r, readExponential)),
  11: (r) => ({ kind: 'summary', points: readData(r, readSummary).points }),
};

const histogramOf = <K, P>(kind: K, { points, temporality }: Data<P>) => ({ kind, points, temporality });

interface Data<P> {
  readonly points: P[];
  readonly temporality: Temporality;
  readonly isMonotonic: boolean;
}

function readData<P>(r: WireReader, readPoint: (r: WireReader) => P): Data<P> {
  const points: P[] = [];
  let temporality: Temporality = 'unspecified';
  let isMonotonic = false;
  while (r.next()) {
    if (r.field === 1) points.push(readPoint(r.message()));
    else if (r.field === 2) temporality = TEMPORALITIES[r.int()] ?? 'unspecified';
    else if (r.field === 3) isMonotonic = r.bool();
    else r.skip();
  }
  return { points, temporality, isMonotonic };
}

/** Numbers of the fields that all points have. */
interface PointFields {
  readonly attributes: number;
  readonly exemplars?: number;
  readonly flags: number;
}

/** A point's own fields are read by `own`, which says whether it knew the field; the common ones here. */
function readPoint(r: WireReader, fields: PointFields, own: (field: number) => boolean): Point {
  const attributes: [string, string][] = [];
  const exemplars: OtlpExemplar[] = [];
  let [start, t, nanos, flags] = [0, 0, 0, 0];
  while (r.next()) {
    const { field } = r;
    if (field === 2) start = timeOf(r.fixed64()).ms;
    else if (field === 3) ({ ms: t, nanos } = timeOf(r.fixed64()));
    else if (field === fields.attributes) attributes.push(readAttribute(r.message()));
    else if (field === fields.exemplars) exemplars.push(readExemplar(r.message()));
    else if (field === fields.flags) flags = r.int();
    else if (!own(field)) r.skip();
  }
  return { attributes, start, t, nanos, isMissing: (flags & NO_RECORDED_VALUE) !== 0, exemplars };
}

function readNumber(r: WireReader): NumberPoint {
  let v = 0;
  const point = readPoint(r, { attributes: 7, exemplars: 5, flags: 8 }, (field) => {
    if (field === 4) v = r.double();
    else if (field === 6) v = signed(r.fixed64());
    else return false;
    return true;
  });
  return { ...point, v };
}

function readHistogram(r: WireReader): HistogramPoint {
  let count = 0;
  let sum: number | undefined;
  const counts: number[] = [];
  const bounds: number[] = [];
  const point = readPoint(r, { attributes: 9, exemplars: 8, flags: 10 }, (field) => {
    if (field === 4) count = unsigned(r.fixed64());
    else if (field === 5) sum = r.double();
    else if (field === 6) each(r, WIRE_FIXED64, (n) => counts.push(unsigned(n.fixed64())));
    else if (field === 7) each(r, WIRE_FIXED64, (n) => bounds.push(n.double()));
    else return false;
    return true;
  });
  return { ...point, count, sum, counts, bounds };
}

function readExponential(r: WireReader): ExponentialPoint {
  let [count, scale, zeroCount, zeroThreshold] = [0, 0, 0, 0];
  let sum: number | undefined;
  let [positive, negative]: [DenseBuckets, DenseBuckets] = [NO_BUCKETS, NO_BUCKETS];
  const point = readPoint(r, { attributes: 1, exemplars: 11, flags: 10 }, (field) => {
    if (field === 4) count = unsigned(r.fixed64());
    else if (field === 5) sum = r.double();
    else if (field === 6) scale = r.sint();
    else if (field === 7) zeroCount = unsigned(r.fixed64());
    else if (field === 8) positive = readBuckets(r.message());
    else if (field === 9) negative = readBuckets(r.message());
    else if (field === 14) zeroThreshold = r.double();
    else return false;
    return true;
  });
  return { ...point, count, sum, scale, zeroCount, zeroThreshold, positive, negative };
}

const NO_BUCKETS: DenseBuckets = { offset: 0, counts: [] };

function readBuckets(r: WireReader): DenseBuckets {
  let offset = 0;
  const counts: number[] = [];
  while (r.next()) {
    if (r.field === 1) offset = r.sint();
    else if (r.field === 2) each(r, WIRE_VARINT, (n) => counts.push(n.int()));
    else r.skip();
  }
  return { offset, counts };
}

function readSummary(r: WireReader): SummaryPoint {
  let [count, sum] = [0, 0];
  const quantiles: { quantile: number; v: number }[] = [];
  const point = readPoint(r, { attributes: 7, flags: 8 }, (field) => {
    if (field === 4) count = unsigned(r.fixed64());
    else if (field === 5) sum = r.double();
    else if (field === 6) quantiles.push(readQuantile(r.message()));
    else return false;
    return true;
  });
  return { ...point, count, sum, quantiles };
}

function readQuantile(r: WireReader): { quantile: number; v: number } {
  let [quantile, v] = [0, 0];
  while (r.next()) {
    if (r.field === 1) quantile = r.double();
    else if (r.field === 2) v = r.double();
    else r.skip();
  }
  return { quantile, v };
}

function readExemplar(r: WireReader): OtlpExemplar {
  const attributes: [string, string][] = [];
  let [t, v, traceId, spanId] = [0, 0, '', ''];
  while (r.next()) {
    if (r.field === 7) attributes.push(readAttribute(r.message()));
    else if (r.field === 2) t = timeOf(r.fixed64()).ms;
    else if (r.field === 3) v = r.double();
    else if (r.field === 6) v = signed(r.fixed64());
    else if (r.field === 4) spanId = hex(r.bytes());
    else if (r.field === 5) traceId = hex(r.bytes());
    else r.skip();
  }
  return { attributes, t, v, traceId, spanId };
}

/** '' for an id of zeros, which stands for none. */
function hex(bytes: Uint8Array): string {
  return bytes.every((byte) => byte === 0) ? '' : Buffer.from(bytes).toString('hex');
}

function readAttribute(r: WireReader): [string, string] {
  const [key, value] = readKeyValue(r, 0);
  return [key, attributeText(value)];
}

function readKeyValue(r: WireReader, depth: number): [string, AttributeValue] {
  let key = '';
  let value: AttributeValue = null;
  while (r.next()) {
    if (r.field === 1) key = r.string();
    else if (r.field === 2) value = readValue(r.message(), depth);
    else r.skip();
  }
  return [key, value];
}

function readValue(r: WireReader, depth: number): AttributeValue {
  checkDepth(depth);
  let value: AttributeValue = null;
  while (r.next()) {
    if (r.field === 1) value = r.string();
    else if (r.field === 2) value = r.bool();
    else if (r.field === 3) value = plain(r.int64());
    else if (r.field === 4) value = r.double();
    else if (r.field === 5) value = readList(r.message(), (item) => readValue(item, depth + 1));
    else if (r.field === 6) value = new Map(readList(r.message(), (item) => readKeyValue(item, depth + 1)));
    else if (r.field === 7) value = Buffer.from(r.bytes()).toString('base64');
    else r.skip();
  }
  return value;
}

function readList<T>(r: WireReader, read: (item: WireReader) => T): T[] {
  const items: T[] = [];
  while (r.next()) {
    if (r.field === 1) items.push(read(r.message()));
    else r.skip();
  }
  return items;
}

/** A repeated number, packed or not. */
function each(r: WireReader, type: typeof WIRE_VARINT | typeof WIRE_FIXED64, read: (n: WireReader) => void): void {
  if (r.type !== WIRE_BYTES) return read(r);
  for (const packed = r.packed(type); packed.more();) read(packed);
}

type Words = readonly [low: number, high: number];

const unsigned = ([low, high]: Words) => high * 2 ** 32 + low;
const signed = ([low, high]: Words) => (high | 0) * 2 ** 32 + low;
const plain = (n: bigint) => (Number.isSafeInteger(Number(n)) ? Number(n) : n);

/** Nanoseconds as milliseconds and the rest. Exact: 2^32 ns are 4294 ms and 967,296 ns, and no step here goes beyond 2^53. */
function timeOf([low, high]: Words): { ms: number; nanos: number } {
  const rest = high * 967_296 + low;
  return { ms: high * 4_294 + Math.floor(rest / 1_000_000), nanos: rest % 1_000_000 };
}
