/** An OTLP request in JSON: the names of the fields in camelCase or as in the .proto files, 64-bit numbers as texts, ids in hexadecimal. */
import { attributeText } from './attributeText.ts';
import {
  checkDepth,
  NO_RECORDED_VALUE,
  OtlpError,
  TEMPORALITIES,
  type Attributes,
  type AttributeValue,
  type DenseBuckets,
  type MetricData,
  type NumberPoint,
  type OtlpExemplar,
  type OtlpMetric,
  type Point,
  type ResourceMetrics,
  type ScopeMetrics,
  type Temporality,
} from './metrics.ts';

/** A number that a double may not hold: such are read by their digits. */
const LONG_NUMBER = /[:[,]\s*-?\d{16}/;

/** @throws OtlpError */
export function readJsonRequest(text: string): ResourceMetrics[] {
  return new Fields(parse(text), 'the request').list('resourceMetrics', readResourceMetrics);
}

function parse(text: string): unknown {
  try {
    if (!LONG_NUMBER.test(text)) return JSON.parse(text);
    return (JSON.parse as ParseWithSource)(text, (_, value, { source }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source ?? '') ? source : value,
    );
  } catch (error) {
    throw new OtlpError(`the request is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** Not yet in TypeScript's library. */
type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;

/** An object of the request. What is missing has the value that protobuf gives it. */
class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, 'an object', value);
    this.#values = value as Record<string, unknown>;
    this.#path = path;
  }

  get(name: string): unknown {
    return this.#values[name] ?? this.#values[snakeCase(name)] ?? undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  pathOf(name: string): string {
    return `${this.#path}.${name}`;
  }

  text(name: string): string {
    const value = this.get(name) ?? '';
    if (typeof value !== 'string') throw wrong(this.pathOf(name), 'a text', value);
    return value;
  }

  number(name: string): number {
    return numberOf(this.get(name) ?? 0, this.pathOf(name));
  }

  /** Nanoseconds as milliseconds and the rest. */
  time(name: string): { ms: number; nanos: number } {
    const nanos = wholeOf(this.get(name) ?? 0, this.pathOf(name));
    return { ms: Number(nanos / 1_000_000n), nanos: Number(nanos % 1_000_000n) };
  }

  object(name: string): Fields {
    return new Fields(this.get(name) ?? {}, this.pathOf(name));
  }

  list<T>(name: string, read: (item: Fields) => T): T[] {
    return this.items(name).map((item, i) => read(new Fields(item, `${this.pathOf(name)}[${i}]`)));
  }

  numbers(name: string): number[] {
    return this.items(name).map((item) => numberOf(item, this.pathOf(name)));
  }

  items(name: string): unknown[] {
    const value = this.get(name) ?? [];
    if (!Array.isArray(value)) throw wrong(this.pathOf(name), 'a list', value);
    return value;
  }
}

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

function wrong(path: string, wanted: string, value: unknown): OtlpError {
  const seen = Array.isArray(value) ? 'a list' : value === null ? 'null' : typeof value;
  return new OtlpError(`${path} is to be ${wanted}, and is ${seen === 'object' ? 'an object' : seen}`);
}

function numberOf(value: unknown, path: string): number {
  if (typeof value === 'number') return value;
  const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : undefined;
  if (read === undefined || (Number.isNaN(read) && value !== 'NaN')) throw wrong(path, 'a number', value);
  return read;
}

function wholeOf(value: unknown, path: string): bigint {
  const isWhole =
    typeof value === 'number' ? Number.isInteger(value) : typeof value === 'string' && /^-?\d+$/.test(value);
  if (!isWhole) throw wrong(path, 'a whole number', value);
  return BigInt(value as string | number);
}

const readResourceMetrics = (r: Fields): ResourceMetrics => ({
  attributes: attributesOf(r.object('resource'), 'attributes'),
  scopes: r.list('scopeMetrics', readScopeMetrics),
});

function readScopeMetrics(r: Fields): ScopeMetrics {
  const scope = r.object('scope');
  return {
    name: scope.text('name'),
    version: scope.text('version'),
    schemaUrl: r.text('schemaUrl'),
    attributes: attributesOf(scope, 'attributes'),
    metrics: r.list('metrics', readMetric),
  };
}

const readMetric = (r: Fields): OtlpMetric => ({
  name: r.text('name'),
  unit: r.text('unit'),
  description: r.text('description'),
  data: readData(r),
});

function readData(r: Fields): MetricData | undefined {
  if (r.has('gauge')) return { kind: 'gauge', points: r.object('gauge').list('dataPoints', readNumber) };
  if (r.has('sum')) {
    const sum = r.object('sum');
    const isMonotonic = sum.get('isMonotonic') === true;
    return { kind: 'sum', points: sum.list('dataPoints', readNumber), temporality: temporalityOf(sum), isMonotonic };
  }
  if (r.has('histogram')) {
    const data = r.object('histogram');
    return { kind: 'histogram', points: data.list('dataPoints', readHistogram), temporality: temporalityOf(data) };
  }
  if (r.has('exponentialHistogram')) {
    const data = r.object('exponentialHistogram');
    return { kind: 'exponential', points: data.list('dataPoints', readExponential), temporality: temporalityOf(data) };
  }
  if (r.has('summary')) return { kind: 'summary', points: r.object('summary').list('dataPoints', readSummary) };
  return undefined;
}

function temporalityOf(data: Fields): Temporality {
  const value = data.get('aggregationTemporality') ?? 0;
  const name = typeof value === 'string' ? value.replace('AGGREGATION_TEMPORALITY_', '').toLowerCase() : undefined;
  return TEMPORALITIES.find((temporality, number) => temporality === name || number === value) ?? 'unspecified';
}

function readPoint(r: Fields): Point {
  const { ms: t, nanos } = r.time('timeUnixNano');
  return {
    attributes: attributesOf(r, 'attributes'),
    start: r.time('startTimeUnixNano').ms,
    t,
    nanos,
    isMissing: (r.number('flags') & NO_RECORDED_VALUE) !== 0,
    exemplars: r.list('exemplars', readExemplar),
  };
}

const valueOf = (r: Fields) => (r.has('asInt') ? r.number('asInt') : r.number('asDouble'));

const readNumber = (r: Fields): NumberPoint => ({ ...readPoint(r), v: valueOf(r) });

const readHistogram = (r: Fields) => ({
  ...readPoint(r),
  count: r.number('count'),
  sum: r.has('sum') ? r.number('sum') : undefined,
  bounds: r.numbers('explicitBounds'),
  counts: r.numbers('bucketCounts'),
});

const readExponential = (r: Fields) => ({
  ...readPoint(r),
  count: r.number('count'),
  sum: r.has('sum') ? r.number('sum') : undefined,
  scale: r.number('scale'),
  zeroCount: r.number('zeroCount'),
  zeroThreshold: r.number('zeroThreshold'),
  positive: readBuckets(r.object('positive')),
  negative: readBuckets(r.object('negative')),
});

const readBuckets = (r: Fields): DenseBuckets => ({ offset: r.number('offset'), counts: r.numbers('bucketCounts') });

const readSummary = (r: Fields) => ({
  ...readPoint(r),
  count: r.number('count'),
  sum: r.number('sum'),
  quantiles: r.list('quantileValues', (q) => ({ quantile: q.number('quantile'), v: q.number('value') })),
});

const readExemplar = (r: Fields): OtlpExemplar => ({
  attributes: attributesOf(r, 'filteredAttributes'),
  t: r.time('timeUnixNano').ms,
  v: valueOf(r),
  traceId: idOf(r, 'traceId'),
  spanId: idOf(r, 'spanId'),
});

/** '' for an id of zeros, which stands for none. */
function idOf(r: Fields, name: string): string {
  const text = r.text(name).toLowerCase();
  if (!/^[0-9a-f]*$/.test(text)) throw wrong(r.pathOf(name), 'in hexadecimal', text);
  return /^0*$/.test(text) ? '' : text;
}

const attributesOf = (r: Fields, name: string): Attributes =>
  r.list(name, (item) => [
    item.text('key'),
    attributeText(item.has('value') ? readValue(item.object('value'), 0) : null),
  ]);

function readValue(r: Fields, depth: number): AttributeValue {
  checkDepth(depth);
  if (r.has('stringValue')) return r.text('stringValue');
  if (r.has('boolValue')) return r.get('boolValue') === true;
  if (r.has('doubleValue')) return r.number('doubleValue');
  if (r.has('bytesValue')) return r.text('bytesValue');
  if (r.has('intValue')) {
    const n = wholeOf(r.get('intValue'), r.pathOf('intValue'));
    return Number.isSafeInteger(Number(n)) ? Number(n) : n;
  }
  if (r.has('arrayValue')) return r.object('arrayValue').list('values', (item) => readValue(item, depth + 1));
  if (!r.has('kvlistValue')) return null;
  const pairs = r.object('kvlistValue').list('values', (item) => {
    const value = item.has('value') ? readValue(item.object('value'), depth + 1) : null;
    return [item.text('key'), value] as const;
  });
  return new Map(pairs);
}
