/** Pages of federation: newest samples as text (0.0.4) or, where the client takes it, as delimited protobuf, which has room for native histograms. */
import { WireWriter } from '../../shared/bytes/protobufWire.ts';
import { isCustom } from '../../shared/histogram/bounds.ts';
import type { NativeHistogram, Span } from '../../shared/histogram/native.ts';
import { indexesOf } from '../../shared/histogram/spans.ts';
import { escapedName, type Escaping } from './federationFormat.ts';
import {
  isPlainMetricName,
  labelValue,
  METRIC_NAME,
  quoted,
  seriesText,
  type Labels,
} from '../../shared/model/labels.ts';
import { formatShort } from '../../shared/model/numberText.ts';

export interface FederatedSample {
  /** With a metric name, and those labels of the server that it lacks; an empty value is written, and keeps the scraper from adding its own. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** Milliseconds. */
  readonly t: number;
  readonly value: number;
  readonly histogram?: NativeHistogram;
}

/** What a metric family is: samples of one name stand under one line of type each. */
function kindOf({ histogram }: FederatedSample): 'untyped' | 'histogram' | 'gaugehistogram' {
  if (histogram === undefined) return 'untyped';
  return histogram.counterReset === 'gauge' ? 'gaugehistogram' : 'histogram';
}

interface Family {
  readonly name: string;
  readonly kind: ReturnType<typeof kindOf>;
  readonly samples: FederatedSample[];
}

/** Runs of samples of one name and kind. */
function* familiesOf(samples: Iterable<FederatedSample>): Generator<Family> {
  let family: Family | undefined;
  for (const sample of samples) {
    const name = labelValue(sample.labels as Labels, METRIC_NAME);
    if (name === '') continue; // A sample without a name has no place on a page.
    const kind = kindOf(sample);
    if (family !== undefined && (family.name !== name || family.kind !== kind)) {
      yield family;
      family = undefined;
    }
    family ??= { name, kind, samples: [] };
    family.samples.push(sample);
  }
  if (family !== undefined) yield family;
}

/**
 * Lines of the text format. Native histograms have no form there and are left out; those with custom bounds are written as classic ones.
 *
 * @param escaping how names are written that are not plain; without any they are quoted.
 */
export function* textPage(samples: Iterable<FederatedSample>, escaping: Escaping): Generator<string> {
  const textual = function* () {
    for (const sample of samples) if (sample.histogram === undefined || isCustom(sample.histogram)) yield sample;
  };
  for (const { name, kind, samples: rows } of familiesOf(textual())) {
    const written = escapedName(name, escaping);
    // Version 0.0.4 knows no gauge histogram.
    yield `# TYPE ${isPlainMetricName(written) ? written : quoted(written)} ${kind === 'untyped' ? kind : 'histogram'}\n`;
    for (const row of rows) {
      const labels = row.labels
        .filter(([label]) => label !== METRIC_NAME)
        .map(([label, value]) => [escapedName(label, escaping), value] as const);
      if (row.histogram === undefined) yield line(written, labels, row.value, row.t);
      else yield* classicLines(written, labels, row.histogram, row.t);
    }
  }
}

type Pairs = readonly (readonly [string, string])[];

function line(name: string, labels: Pairs, value: number, t: number): string {
  return `${seriesText(name, labels)} ${formatShort(value)} ${t}\n`;
}

function* classicLines(name: string, labels: Pairs, h: NativeHistogram, t: number): Generator<string> {
  for (const { le, count } of classicBuckets(h))
    yield line(`${name}_bucket`, [...labels, ['le', formatShort(le)]], count, t);
  yield line(`${name}_bucket`, [...labels, ['le', '+Inf']], h.count, t);
  yield line(`${name}_sum`, labels, h.sum, t);
  yield line(`${name}_count`, labels, h.count, t);
}

/** Cumulative counts below each custom bound. */
function classicBuckets(h: NativeHistogram): { le: number; count: number }[] {
  const counts = new Map(Array.from(indexesOf(h.positiveSpans), (index, i) => [index, h.positiveBuckets[i]]));
  let sum = 0;
  return Array.from(h.customValues ?? [], (le, i) => ({ le, count: (sum += counts.get(i) ?? 0) }));
}

const TYPES = { untyped: 3, histogram: 4, gaugehistogram: 5 } as const;

/** `MetricFamily` messages, each after its length. Source: io.prometheus.client metrics.proto. */
export function* protobufPage(samples: Iterable<FederatedSample>, escaping: Escaping): Generator<Uint8Array> {
  for (const { name, kind, samples: rows } of familiesOf(samples)) {
    const out = new WireWriter();
    out.message(1, (family) => {
      family.string(1, escapedName(name, escaping)).int(3, TYPES[kind]);
      for (const row of rows) family.message(4, (metric) => writeMetric(metric, row, escaping));
    });
    // A field is its tag, its length and its body: without the tag it is a delimited message.
    yield out.finish().slice(1);
  }
}

function writeMetric(out: WireWriter, { labels, t, value, histogram }: FederatedSample, escaping: Escaping): void {
  for (const [name, text] of labels) {
    if (name !== METRIC_NAME)
      out.message(1, (pair) => void pair.string(1, escapedName(name, escaping)).string(2, text));
  }
  if (histogram === undefined) out.message(5, (untyped) => void untyped.double(1, value));
  out.int(6, t);
  if (histogram !== undefined) out.message(7, (message) => writeHistogram(message, histogram));
}

function writeHistogram(out: WireWriter, h: NativeHistogram): void {
  out.double(2, h.sum).double(4, h.count);
  if (isCustom(h)) {
    for (const { le, count } of classicBuckets(h))
      out.message(3, (bucket) => void bucket.double(2, le).double(4, count));
    return;
  }
  out.zigzag(5, h.schema).double(6, h.zeroThreshold).double(8, h.zeroCount);
  writeSide(out, 9, h.negativeSpans, 11, h.negativeBuckets);
  writeSide(out, 12, h.positiveSpans, 14, h.positiveBuckets);
  // Without any bucket only a span says that it is a native one.
  if (h.positiveSpans.length + h.negativeSpans.length === 0) out.message(12, () => undefined);
}

function writeSide(
  out: WireWriter,
  spanField: number,
  spans: readonly Span[],
  countField: number,
  counts: Float64Array,
): void {
  for (const { offset, length } of spans) out.message(spanField, (span) => void span.zigzag(1, offset).int(2, length));
  out.packedDoubles(countField, counts);
}
