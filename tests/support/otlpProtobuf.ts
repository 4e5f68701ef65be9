/** An OTLP request in JSON as protobuf: field by field from a table of the .proto files, so that it shares nothing with the reader. */
import { WireWriter } from '../../src/shared/bytes/protobufWire.ts';
import type { Json } from './otlpRequests.ts';

type Kind =
  | 'string'
  | 'bool'
  | 'int'
  | 'int64'
  | 'sint'
  | 'double'
  | 'fixed64'
  | 'hex'
  | 'base64'
  | 'packedFixed'
  | 'packedDouble'
  | 'packedInt'
  | { readonly of: Message };
type Message = { readonly [name: string]: readonly [field: number, kind: Kind] };

const value: { [name: string]: readonly [number, Kind] } = {
  stringValue: [1, 'string'],
  boolValue: [2, 'bool'],
  intValue: [3, 'int64'],
  doubleValue: [4, 'double'],
  bytesValue: [7, 'base64'],
};
const keyValue: Message = { key: [1, 'string'], value: [2, { of: value }] };
value.arrayValue = [5, { of: { values: [1, { of: value }] } }];
value.kvlistValue = [6, { of: { values: [1, { of: keyValue }] } }];

const times: Message = { startTimeUnixNano: [2, 'fixed64'], timeUnixNano: [3, 'fixed64'] };
const exemplar: Message = {
  filteredAttributes: [7, { of: keyValue }],
  timeUnixNano: [2, 'fixed64'],
  asDouble: [3, 'double'],
  asInt: [6, 'fixed64'],
  spanId: [4, 'hex'],
  traceId: [5, 'hex'],
};
const buckets: Message = { offset: [1, 'sint'], bucketCounts: [2, 'packedInt'] };
const number: Message = {
  ...times,
  attributes: [7, { of: keyValue }],
  asDouble: [4, 'double'],
  asInt: [6, 'fixed64'],
  exemplars: [5, { of: exemplar }],
  flags: [8, 'int'],
};
const histogram: Message = {
  ...times,
  attributes: [9, { of: keyValue }],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  bucketCounts: [6, 'packedFixed'],
  explicitBounds: [7, 'packedDouble'],
  exemplars: [8, { of: exemplar }],
  flags: [10, 'int'],
};
const exponential: Message = {
  ...times,
  attributes: [1, { of: keyValue }],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  scale: [6, 'sint'],
  zeroCount: [7, 'fixed64'],
  positive: [8, { of: buckets }],
  negative: [9, { of: buckets }],
  flags: [10, 'int'],
  exemplars: [11, { of: exemplar }],
  zeroThreshold: [14, 'double'],
};
const summary: Message = {
  ...times,
  attributes: [7, { of: keyValue }],
  count: [4, 'fixed64'],
  sum: [5, 'double'],
  quantileValues: [6, { of: { quantile: [1, 'double'], value: [2, 'double'] } }],
  flags: [8, 'int'],
};
const data = (point: Message): Kind => ({
  of: { dataPoints: [1, { of: point }], aggregationTemporality: [2, 'int'], isMonotonic: [3, 'bool'] },
});
const metric: Message = {
  name: [1, 'string'],
  description: [2, 'string'],
  unit: [3, 'string'],
  gauge: [5, data(number)],
  sum: [7, data(number)],
  histogram: [9, data(histogram)],
  exponentialHistogram: [10, data(exponential)],
  summary: [11, data(summary)],
};
const scope: Message = { name: [1, 'string'], version: [2, 'string'], attributes: [3, { of: keyValue }] };
const scopeMetrics: Message = { scope: [1, { of: scope }], metrics: [2, { of: metric }], schemaUrl: [3, 'string'] };
const resource: Message = { attributes: [1, { of: keyValue }] };
const resourceMetrics: Message = { resource: [1, { of: resource }], scopeMetrics: [2, { of: scopeMetrics }] };

export function protobufOf(request: Json): Uint8Array {
  const out = new WireWriter();
  write(out, { resourceMetrics: [1, { of: resourceMetrics }] }, request);
  return out.finish();
}

function write(out: WireWriter, message: Message, json: Json): void {
  for (const [name, given] of Object.entries(json as Record<string, Json>)) {
    const [field, kind] = message[name];
    if (given === undefined) continue;
    const isRepeated = typeof kind === 'object' && Array.isArray(given);
    for (const one of isRepeated ? (given as Json[]) : [given]) writeField(out, field, kind, one);
  }
}

function writeField(out: WireWriter, field: number, kind: Kind, json: Json): void {
  if (typeof kind === 'object') return void out.message(field, (inner) => write(inner, kind.of, json));
  const all = json as string[];
  const as: Record<Exclude<Kind, object>, () => unknown> = {
    string: () => out.stringAlways(field, json as string),
    bool: () => out.intAlways(field, json === true ? 1 : 0),
    int: () => out.int(field, Number(json)),
    int64: () => out.int64(field, BigInt(json as string)),
    sint: () => out.zigzag(field, Number(json)),
    double: () => out.fixed64(field, ...words(doubleBits(Number(json)))),
    fixed64: () => out.fixed64(field, ...words(BigInt(json as string))),
    hex: () => out.bytesField(field, Buffer.from(json as string, 'hex')),
    base64: () => out.bytesField(field, Buffer.from(json as string, 'base64')),
    packedFixed: () => out.bytesField(field, Buffer.concat(all.map((n) => eightBytes(BigInt(n))))),
    packedDouble: () => out.packedDoubles(field, all.map(Number)),
    packedInt: () => out.packedInts(field, all.map(Number)),
  };
  as[kind]();
}

const doubleBits = (v: number) => new BigUint64Array(Float64Array.of(v).buffer)[0];

function words(n: bigint): [low: number, high: number] {
  const bits = BigInt.asUintN(64, n);
  return [Number(bits & 0xffffffffn), Number(bits >> 32n)];
}

function eightBytes(n: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, n));
  return bytes;
}
