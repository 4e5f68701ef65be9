/** Writes pages in the delimited protobuf format, for tests: fields of `io.prometheus.client.MetricFamily` by number. */
import { WireWriter } from '../../src/shared/bytes/protobufWire.ts';

export const TYPE = { counter: 0, gauge: 1, summary: 2, untyped: 3, histogram: 4, gaugeHistogram: 5 } as const;

export interface WrittenExemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly v: number;
  /** Milliseconds. */
  readonly t?: number;
}

export interface WrittenHistogram {
  readonly count: number;
  readonly sum: number;
  readonly buckets?: readonly { le: number; count: number; exemplar?: WrittenExemplar }[];
  readonly native?: {
    readonly schema: number;
    readonly zeroThreshold: number;
    readonly zeroCount: number;
    readonly spans: readonly (readonly [offset: number, length: number])[];
    readonly deltas: readonly number[];
    readonly negativeSpans?: readonly (readonly [offset: number, length: number])[];
    readonly negativeDeltas?: readonly number[];
    /** As proto3 writes repeated numbers; otherwise one by one. */
    readonly packed?: boolean;
  };
  /** Absolute float counts in place of whole ones. */
  readonly floatCounts?: readonly number[];
  readonly exemplars?: readonly WrittenExemplar[];
}

export interface WrittenMetric {
  readonly labels?: Readonly<Record<string, string>>;
  readonly v?: number;
  readonly t?: number;
  readonly exemplar?: WrittenExemplar;
  /** When it began, milliseconds. */
  readonly start?: number;
  readonly summary?: { count: number; sum: number; quantiles: readonly (readonly [quantile: number, v: number])[] };
  readonly histogram?: WrittenHistogram;
}

export interface WrittenFamily {
  readonly name: string;
  readonly type: keyof typeof TYPE;
  readonly help?: string;
  readonly unit?: string;
  readonly metrics: readonly WrittenMetric[];
}

export const PROTOBUF_TYPE =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';

export function protobufPage(families: readonly WrittenFamily[]): Uint8Array {
  // A field of the whole is its tag, its length and its body: without the tag it is a delimited message.
  return Buffer.concat(
    families.map((family) =>
      new WireWriter()
        .message(1, (out) => writeFamily(out, family))
        .finish()
        .slice(1),
    ),
  );
}

function writeFamily(out: WireWriter, { name, type, help = '', unit = '', metrics }: WrittenFamily): void {
  out.string(1, name).string(2, help).int(3, TYPE[type]);
  for (const metric of metrics) out.message(4, (m) => writeMetric(m, type, metric));
  out.string(5, unit);
}

const VALUE_FIELDS: Partial<Record<keyof typeof TYPE, number>> = { gauge: 2, counter: 3, untyped: 5 };

function writeMetric(out: WireWriter, type: keyof typeof TYPE, metric: WrittenMetric): void {
  writeLabels(out, metric.labels ?? {});
  const { summary, histogram, exemplar, start, v = 0 } = metric;
  const field = VALUE_FIELDS[type];
  if (field !== undefined) {
    out.message(field, (value) => {
      value.double(1, v);
      if (exemplar !== undefined) value.message(2, (e) => writeExemplar(e, exemplar));
      writeTime(value, 3, start);
    });
  }
  if (summary !== undefined) {
    out.message(4, (s) => {
      s.int(1, summary.count).double(2, summary.sum);
      for (const [quantile, q] of summary.quantiles) s.message(3, (m) => void m.double(1, quantile).double(2, q));
      writeTime(s, 4, start);
    });
  }
  out.int(6, metric.t ?? 0);
  if (histogram !== undefined) {
    out.message(7, (h) => {
      writeHistogram(h, histogram);
      writeTime(h, 15, start);
    });
  }
}

function writeHistogram(out: WireWriter, h: WrittenHistogram): void {
  const { native, floatCounts } = h;
  if (floatCounts === undefined) out.int(1, h.count);
  else out.double(4, h.count);
  out.double(2, h.sum);
  for (const { le, count, exemplar } of h.buckets ?? []) {
    out.message(3, (b) => {
      b.int(1, count).double(2, le);
      if (exemplar !== undefined) b.message(3, (e) => writeExemplar(e, exemplar));
    });
  }
  if (native !== undefined) {
    out.int(5, zigzag(native.schema)).double(6, native.zeroThreshold);
    if (floatCounts === undefined) out.int(7, native.zeroCount);
    else out.double(8, native.zeroCount);
    writeSpans(out, 9, native.negativeSpans ?? []);
    writeDeltas(out, 10, native.negativeDeltas ?? [], native.packed);
    writeSpans(out, 12, native.spans);
    writeDeltas(out, 13, native.deltas, native.packed);
  }
  for (const count of floatCounts ?? []) out.double(14, count);
  for (const exemplar of h.exemplars ?? []) out.message(16, (e) => writeExemplar(e, exemplar));
}

function writeSpans(out: WireWriter, field: number, spans: readonly (readonly [number, number])[]): void {
  for (const [offset, length] of spans) out.message(field, (s) => void s.int(1, zigzag(offset)).int(2, length));
}

function writeDeltas(out: WireWriter, field: number, deltas: readonly number[], packed = false): void {
  if (packed) out.bytesField(field, Uint8Array.from(deltas, oneByte));
  else for (const delta of deltas) out.intAlways(field, zigzag(delta));
}

/** Differences of tests are small. */
function oneByte(delta: number): number {
  const coded = zigzag(delta);
  if (coded > 0x7f) throw new Error(`${delta} takes more than one byte`);
  return coded;
}

function zigzag(n: number): number {
  return n < 0 ? -2 * n - 1 : 2 * n;
}

function writeLabels(out: WireWriter, labels: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(labels))
    out.message(1, (pair) => void pair.string(1, name).string(2, value));
}

function writeExemplar(out: WireWriter, { labels, v, t }: WrittenExemplar): void {
  writeLabels(out, labels);
  out.double(2, v);
  writeTime(out, 3, t);
}

function writeTime(out: WireWriter, field: number, t: number | undefined): void {
  if (t !== undefined) out.message(field, (at) => void at.int(1, Math.floor(t / 1000)).int(2, (t % 1000) * 1_000_000));
}
