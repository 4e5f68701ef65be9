import { protobufPage, type WrittenFamily, type WrittenHistogram } from '../../../tests/support/metricFamilyWriter.ts';
import { formatLabels } from '../../shared/model/labels.ts';
import { pageFormat } from './contentType.ts';
import { createPageReader } from './pageReader.ts';
import { CLASSIC_ONLY } from './protobufPage.ts';

const NATIVE = { native: true, classic: false };
const BOTH = { native: true, classic: true };

/** Each line as text: the series and its value, native histograms as their buckets, `@t` behind a time of its own. */
function read(families: readonly WrittenFamily[] | Uint8Array, forms = CLASSIC_ONLY): string[] {
  const reader = createPageReader();
  const row = reader.read(families instanceof Uint8Array ? families : protobufPage(families), 'protobuf', forms);
  return Array.from({ length: row.count }, (_, i) => {
    const h = row.histograms.get(i);
    const t = row.times?.[i] ?? NaN;
    const value =
      h === undefined
        ? String(row.values[i])
        : `schema ${h.schema} zero ${h.zeroCount} [${h.positiveBuckets.join(' ')}] of ${h.count}`;
    return `${formatLabels(reader.labels(row.slots[i]))} ${value}${Number.isNaN(t) ? '' : `@${t}`}`;
  });
}

const native = {
  schema: 3,
  zeroThreshold: 1e-128,
  zeroCount: 1,
  spans: [
    [-2, 2],
    [1, 1],
  ],
  deltas: [2, -1, 3],
} as const;
const HISTOGRAM: WrittenHistogram = {
  count: 8,
  sum: 12.5,
  buckets: [
    { le: 0.5, count: 3 },
    { le: 1, count: 8 },
  ],
  native,
};
const histogram = (h: WrittenHistogram): WrittenFamily => ({
  name: 'h',
  type: 'histogram',
  metrics: [{ labels: { a: 'x' }, histogram: h }],
});

test('counters, gauges and untyped metrics are one series each, with their time', () => {
  const page: WrittenFamily[] = [
    { name: 'c_total', type: 'counter', metrics: [{ labels: { b: '2', a: '1' }, v: 3 }, { v: 4 }] },
    { name: 'g', type: 'gauge', metrics: [{ v: -0.5, t: 1_700_000_000_123 }] },
    { name: 'u', type: 'untyped', metrics: [{ v: Infinity }] },
  ];
  expect(read(page)).toEqual(['c_total{a="1", b="2"} 3', 'c_total 4', 'g -0.5@1700000000123', 'u Infinity']);
});

test('a summary is its count, its sum and its quantiles', () => {
  const summary = { count: 4, sum: 1.5, quantiles: [[0.5, 0.25] as const, [1, 1] as const] };
  expect(read([{ name: 's', type: 'summary', metrics: [{ summary }] }])).toEqual([
    's_count 4',
    's_sum 1.5',
    's{quantile="0.5"} 0.25',
    's{quantile="1.0"} 1',
  ]);
});

describe('a histogram', () => {
  const classic = [
    'h_count{a="x"} 8',
    'h_sum{a="x"} 12.5',
    'h_bucket{a="x", le="0.5"} 3',
    'h_bucket{a="x", le="1.0"} 8',
    'h_bucket{a="x", le="+Inf"} 8',
  ];
  const whole = 'h{a="x"} schema 3 zero 1 [2 1 4] of 8';
  test('is read as classic buckets where native ones are not wanted', () =>
    expect(read([histogram(HISTOGRAM)])).toEqual(classic));
  test('is one native sample where they are', () => expect(read([histogram(HISTOGRAM)], NATIVE)).toEqual([whole]));
  test('is both where classic ones are wanted too', () =>
    expect(read([histogram(HISTOGRAM)], BOTH)).toEqual([whole, ...classic]));
  test('without a native form is classic in any case', () =>
    expect(read([histogram({ ...HISTOGRAM, native: undefined })], NATIVE)).toEqual(classic));
  test('with packed differences is the same', () =>
    expect(read([histogram({ ...HISTOGRAM, native: { ...native, packed: true } })], NATIVE)).toEqual([whole]));
  test('that observed nothing yet is native by its zero threshold', () =>
    expect(
      read([histogram({ count: 0, sum: 0, native: { ...native, zeroCount: 0, spans: [], deltas: [] } })], BOTH),
    ).toEqual(['h{a="x"} schema 3 zero 0 [] of 0']));
  test('of floats has its counts as they stand', () =>
    expect(
      read([histogram({ count: 4.5, sum: 1, native: { ...native, deltas: [] }, floatCounts: [0.5, 1, 2] })], NATIVE),
    ).toEqual(['h{a="x"} schema 3 zero 1 [0.5 1 2] of 4.5']));
  test('of a schema finer than 8 is brought down to it', () =>
    expect(
      read(
        [histogram({ ...HISTOGRAM, native: { ...native, schema: 9, spans: [[1, 3]], deltas: [2, -1, 3] } })],
        NATIVE,
      ),
    ).toEqual(['h{a="x"} schema 8 zero 1 [3 4] of 8']));
});

test('exemplars go with their series, those of native histograms in order of time and never without one', () => {
  const reader = createPageReader();
  const page = protobufPage([
    { name: 'c', type: 'counter', metrics: [{ v: 1, exemplar: { labels: { id: '1' }, v: 0.5 } }] },
    histogram({
      ...HISTOGRAM,
      exemplars: [
        { labels: { id: 'late' }, v: 1, t: 2000 },
        { labels: { id: 'timeless' }, v: 1 },
        { labels: { id: 'early' }, v: 1, t: 1500 },
      ],
    }),
  ]);
  const row = reader.read(page, 'protobuf', NATIVE);
  expect(
    row.exemplars.map(({ slot, exemplar }) => [formatLabels(reader.labels(slot)), exemplar.labels[0][1], exemplar.t]),
  ).toEqual([
    ['c', '1', undefined],
    ['h{a="x"}', 'early', 1500],
    ['h{a="x"}', 'late', 2000],
  ]);
});

test('a series keeps its slot from page to page, and metadata is told once', () => {
  const reader = createPageReader();
  const page = (v: number, x: string): WrittenFamily[] => [
    { name: 'a', type: 'gauge', help: 'Help.', unit: 'a', metrics: [{ labels: { x }, v }] },
    { name: 'b', type: 'gauge', metrics: [{ v }] },
  ];
  const first = reader.read(protobufPage(page(1, '1')), 'protobuf');
  expect([...first.metadata]).toEqual([
    ['a', { type: 'gauge', help: 'Help.', unit: 'a' }],
    ['b', { type: 'gauge', help: '', unit: '' }],
  ]);
  expect([...first.slots.subarray(0, 2)]).toEqual([0, 1]);
  const second = reader.read(protobufPage(page(2, '2')), 'protobuf');
  expect([[...second.slots.subarray(0, 2)], [...second.values.subarray(0, 2)]]).toEqual([
    [2, 1],
    [2, 2],
  ]);
  expect(second.metadata.size).toBe(0);
});

describe('a page that cannot be read says where', () => {
  const bad = (name: string, page: readonly WrittenFamily[] | Uint8Array, why: RegExp) =>
    test(name, () => expect(() => read(page, NATIVE)).toThrow(why));
  const whole = protobufPage([{ name: 'a', type: 'gauge', metrics: [{ v: 1 }] }]);
  bad('cut short', whole.subarray(0, -1), /message at byte 0 is \d+ bytes long and the page ends after/);
  bad('text instead', new TextEncoder().encode('a 1\n'), /message at byte 0/);
  bad('an endless length', new Uint8Array(9).fill(0xff), /length of a message at byte 0/);
  bad('no name', [{ name: '', type: 'gauge', metrics: [{ v: 1 }] }], /no name/);
  bad(
    'a label twice',
    [{ name: 'a', type: 'gauge', metrics: [{ labels: { __name__: 'b' }, v: 1 }] }],
    /"a".*__name__ of a is there twice/,
  );
  const broken = (change: Partial<NonNullable<WrittenHistogram['native']>>) => [
    histogram({ ...HISTOGRAM, native: { ...native, ...change } }),
  ];
  bad('a count that is not that of the buckets', broken({ zeroCount: 2 }), /hold 9 observations and its count is 8/);
  bad('spans that cover too much', broken({ spans: [[0, 4e9]] }), /cover 4000000000 buckets and it has 3/);
  bad(
    'a span that goes back',
    broken({
      spans: [
        [0, 2],
        [-1, 1],
      ],
    }),
    /goes back by 1/,
  );
  bad('a count below 0', broken({ deltas: [2, -3, 8] }), /negative count/);
  bad('a schema out of range', broken({ schema: -5 }), /schema -5 is not within/);
});

describe('texts that are not UTF-8 are refused, as upstream has it', () => {
  const whole = protobufPage([
    { name: 'nnn', type: 'gauge', help: 'hhh', metrics: [{ labels: { lll: 'vvv' }, v: 1 }] },
  ]);
  test.each([
    ['name', 'nnn', 1],
    ['help', 'hhh', 2],
    ['label name', 'lll', 1],
    ['label value', 'vvv', 2],
  ])('a %s', (_, text, field) => {
    const damaged = Uint8Array.from(whole);
    damaged[Buffer.from(whole).indexOf(text) + 1] = 0xff;
    expect(() => read(damaged)).toThrow(new RegExp(`protobuf field ${field} is not valid UTF-8`));
  });
});

test('a type that there is not is refused', () => {
  expect(() => read(Uint8Array.from([7, 0x0a, 1, 0x61, 0x18, 9, 0x22, 0]))).toThrow(/metric type 9 is unknown/);
});

test('an empty page and a family without metrics have no series', () => {
  expect(read(new Uint8Array(0))).toEqual([]);
  expect(read([{ name: 'a', type: 'gauge', metrics: [] }])).toEqual([]);
});

test('the format is known by its content type, or by the fallback', () => {
  expect(pageFormat('application/vnd.google.protobuf; encoding=delimited', undefined)).toBe('protobuf');
  expect(pageFormat(undefined, 'PrometheusProto')).toBe('protobuf');
});
