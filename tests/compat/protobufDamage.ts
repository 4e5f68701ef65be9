/** Protobuf pages made by rule: each kind of metric with each thing that it may have, and one page cut short and damaged at each of its bytes. */
import { PROTOBUF_TYPE, protobufPage, type WrittenFamily, type WrittenMetric } from '../support/metricFamilyWriter.ts';
import type { CorpusPage } from './scrapeCorpus.ts';

const page = (name: string, body: Uint8Array, more: Partial<CorpusPage> = {}): CorpusPage => ({
  name: `protobuf: ${name}`,
  body,
  contentType: PROTOBUF_TYPE,
  ...more,
});

const VALUES = { none: 0, 'a fraction': 0.1, 'a large number': 1e300, 'no number': NaN, infinity: -Infinity } as const;
const LABELS = {
  'no labels': {},
  'a label': { a: 'b' },
  'labels that need care': { a: 'x\\y"\n', b: 'ü' },
} as const;

/** A metric of each kind with this value in it. */
const METRICS: Readonly<Record<WrittenFamily['type'], (v: number) => WrittenMetric>> = {
  counter: (v) => ({ v }),
  gauge: (v) => ({ v }),
  untyped: (v) => ({ v }),
  summary: (v) => ({ summary: { count: 3, sum: v, quantiles: [[0.5, v]] } }),
  histogram: (v) => ({ histogram: { count: 3, sum: v, buckets: [{ le: 0.5, count: 2 }] } }),
  gaugeHistogram: (v) => ({ histogram: { count: 3, sum: v, buckets: [{ le: 0.5, count: 2 }] } }),
};
const GAUGE_FORM = { differs: '2.42 gives the series of gauge histograms no suffixes' };

const made = Object.entries(METRICS).flatMap(([type, metric]) =>
  Object.entries(VALUES).flatMap(([value, v]) =>
    Object.entries(LABELS).map(([label, labels]) =>
      page(
        `${type}, ${label}, value ${value}`,
        protobufPage([{ name: 'm', type: type as WrittenFamily['type'], metrics: [{ labels, ...metric(v) }] }]),
        type === 'gaugeHistogram' ? GAUGE_FORM : {},
      ),
    ),
  ),
);

const WHOLE = protobufPage([
  { name: 'cut_total', type: 'counter', help: 'h', metrics: [{ labels: { a: 'b' }, v: 1.5 }] },
]);
const cuts = Array.from(WHOLE.subarray(1), (_, i) => page(`cut after ${i + 1} bytes`, WHOLE.subarray(0, i + 1)));

/** The highest bit of a byte turned: lengths, tags, texts and numbers each break in their own way. */
const turned = Array.from(WHOLE, (byte, i) => {
  // A copy: slice() of a Buffer is the same memory.
  const body = Uint8Array.from(WHOLE);
  body[i] = byte ^ 0x80;
  return page(`byte ${i} turned`, body);
});

/** A family of a type that is none: field 1 the name, field 3 the type, field 4 a metric with nothing in it. */
const noType = page('unknown type', Uint8Array.from([7, 0x0a, 1, 0x61, 0x18, 9, 0x22, 0]));

export const PROTOBUF_DAMAGE: readonly CorpusPage[] = [...made, ...cuts, ...turned, noType];
