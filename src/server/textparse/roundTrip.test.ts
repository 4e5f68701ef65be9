/** What is written is what is read, in each format. */
import fc from 'fast-check';
import { openMetricsPage, textPage, type WrittenTextFamily } from '../../../tests/support/expositionWriter.ts';
import { protobufPage, type WrittenFamily } from '../../../tests/support/metricFamilyWriter.ts';
import { formatLabels, labelsFrom, METRIC_NAME } from '../../shared/model/labels.ts';
import type { Exemplar, MetricType } from '../../shared/model/metadata.ts';
import type { PageFormat } from './entryCursor.ts';
import { createPageReader } from './pageReader.ts';

/** Any text that a page can hold (a NUL byte ends none), with what needs care more often. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\\', '"', '\n', '{', '}', '=', ',', '#', ' ', 'n'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((c) => c !== '\0'),
  ),
  maxLength: 8,
});
const someText = anyText.filter((text) => text !== '');
const plainName = fc.stringMatching(/^[a-z_][a-z0-9_]{0,6}$/);
const metricName = fc.oneof(plainName, someText);
const labelName = fc.oneof(plainName, someText).filter((name) => !['le', 'quantile', METRIC_NAME].includes(name));
const value = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(NaN, Infinity, -Infinity, -0, 1e-323, 1.7976931348623157e308),
);
/** Milliseconds that are still the same after seconds in between: OpenMetrics has seconds, and they are cut to milliseconds as upstream cuts them. */
const time = fc.option(
  fc.nat({ max: 2 ** 45 }).filter((t) => Math.trunc((t / 1000) * 1000) === t),
  { nil: undefined },
);
const ownLabels = fc.array(fc.tuple(labelName, someText), { maxLength: 3 });
const exemplar = fc.record({ labels: ownLabels.map(labelsFrom), v: value, t: time });

/** Families with series of their own names; suffixes and bounds are the grammar's business, not the reader's. */
const families = (types: readonly MetricType[]) =>
  fc.uniqueArray(
    fc.record({
      name: metricName,
      type: fc.constantFrom(...types),
      help: anyText.map((text) => text.trim()),
      series: fc.uniqueArray(
        fc.record({ own: ownLabels, v: value, t: time, exemplar: fc.option(exemplar, { nil: undefined }) }),
        { maxLength: 4, selector: ({ own }) => formatLabels(labelsFrom(own)) },
      ),
    }),
    { maxLength: 5, selector: ({ name }) => name },
  );

type Family = ReturnType<typeof families> extends fc.Arbitrary<(infer F)[]> ? F : never;

const written = ({ name, type, help, series }: Family, withExemplars: boolean): WrittenTextFamily => ({
  name,
  type,
  help,
  unit: '',
  series: series.map(({ own, v, t, exemplar: example }) => ({
    labels: labelsFrom([...own, [METRIC_NAME, name]]),
    v,
    t,
    ...(withExemplars && example !== undefined && { exemplar: example }),
  })),
});

interface Read {
  readonly series: readonly (readonly [labels: string, v: number, t: number])[];
  readonly exemplars: readonly (readonly [labels: string, exemplar: Exemplar])[];
  readonly metadata: ReadonlyMap<string, { type: MetricType; help: string }>;
}

function read(page: string | Uint8Array, format: PageFormat): Read {
  const reader = createPageReader();
  const { count, slots, values, times, exemplars, metadata } = reader.read(new Uint8Array(Buffer.from(page)), format);
  const labels = (slot: number) => formatLabels(reader.labels(slot));
  return {
    series: Array.from({ length: count }, (_, i) => [labels(slots[i]), values[i], times?.[i] ?? NaN] as const),
    exemplars: exemplars.map(({ slot, exemplar: example }) => [labels(slot), example] as const),
    metadata: new Map([...metadata].map(([name, { type, help }]) => [name, { type, help }])),
  };
}

const expected = (all: readonly WrittenTextFamily[]): Read => ({
  series: all.flatMap(({ series }) => series.map(({ labels, v, t }) => [formatLabels(labels), v, t ?? NaN] as const)),
  exemplars: all.flatMap(({ series }) =>
    series.flatMap(({ labels, exemplar: example }) =>
      example === undefined ? [] : [[formatLabels(labels), example] as const],
    ),
  ),
  metadata: new Map(all.map(({ name, type, help }) => [name, { type, help }])),
});

const TEXT_TYPES: readonly MetricType[] = ['counter', 'gauge', 'histogram', 'summary', 'unknown'];

test('text', () =>
  fc.assert(
    fc.property(families(TEXT_TYPES), (all) => {
      const own = all.map((family) => written(family, false));
      expect(read(textPage(own), 'text')).toEqual(expected(own));
    }),
  ));

test('OpenMetrics', () =>
  fc.assert(
    fc.property(families([...TEXT_TYPES, 'gaugehistogram', 'info', 'stateset']), (all) => {
      const own = all.map((family) => written(family, true));
      expect(read(openMetricsPage(own), 'openMetrics')).toEqual(expected(own));
    }),
  ));

const PROTOBUF_TYPES = { counter: 'counter', gauge: 'gauge', unknown: 'untyped' } as const satisfies Partial<
  Record<MetricType, WrittenFamily['type']>
>;

test('protobuf', () =>
  fc.assert(
    fc.property(families(['counter', 'gauge', 'unknown']), (all) => {
      const own = all
        .filter(({ series }) => series.length > 0)
        .map((family) => written(family, family.type === 'counter'));
      const page = protobufPage(
        own.map(({ name, type, help, series }) => ({
          name,
          help,
          type: PROTOBUF_TYPES[type as keyof typeof PROTOBUF_TYPES],
          metrics: series.map(({ labels, v, t, exemplar: example }) => ({
            labels: Object.fromEntries(labels.filter(([label]) => label !== METRIC_NAME)),
            v,
            t,
            ...(example !== undefined && {
              exemplar: { labels: Object.fromEntries(example.labels), v: example.v, t: example.t },
            }),
          })),
        })),
      );
      expect(read(page, 'protobuf')).toEqual(expected(own));
    }),
  ));
