/** Pages in the protobuf format that a scraper may meet, as the classic series that are read where native histograms are not asked for. */
import {
  PROTOBUF_TYPE,
  protobufPage,
  type WrittenFamily,
  type WrittenHistogram,
} from '../support/metricFamilyWriter.ts';
import type { CorpusPage } from './scrapeCorpus.ts';

const page = (
  name: string,
  body: Uint8Array | readonly WrittenFamily[],
  more: Partial<CorpusPage> = {},
): CorpusPage => ({
  name: `protobuf: ${name}`,
  body: body instanceof Uint8Array ? body : protobufPage(body),
  contentType: PROTOBUF_TYPE,
  ...more,
});
const histogram = (name: string, h: WrittenHistogram, more: Partial<CorpusPage> = {}) =>
  page(name, [{ name: 'h', type: 'histogram', metrics: [{ labels: { a: 'x' }, histogram: h }] }], more);

const UTF8_NAMES = { differs: '2.42 refuses names beyond [a-zA-Z0-9_:]' };
const NATIVE_FORM = { differs: '2.42 reads the native form whether asked for or not, and refuses to store it' };
const GAUGE_FORM = { differs: '2.42 gives the series of gauge histograms no suffixes' };
const NATIVE = { schema: 1, zeroThreshold: 1e-9, zeroCount: 1, spans: [[0, 2]], deltas: [1, 1] } as const;
const BUCKETS = [
  { le: 0.25, count: 1 },
  { le: 1, count: 3 },
  { le: 1e6, count: 4 },
];
const GAUGE: WrittenFamily = { name: 'a', type: 'gauge', metrics: [{ labels: { b: 'c' }, v: 1 }] };
const WHOLE = protobufPage([GAUGE]);

export const PROTOBUF_CORPUS: readonly CorpusPage[] = [
  page('empty page', new Uint8Array(0)),
  page('counter', [
    { name: 'a_total', type: 'counter', help: 'Help.', unit: 'u', metrics: [{ labels: { b: 'c' }, v: 5 }] },
  ]),
  page('gauge', [GAUGE]),
  page('untyped', [{ name: 'a', type: 'untyped', metrics: [{ v: -0.5 }] }]),
  page('values that are no numbers', [
    {
      name: 'a',
      type: 'gauge',
      metrics: [
        { labels: { b: '1' }, v: NaN },
        { labels: { b: '2' }, v: -Infinity },
      ],
    },
  ]),
  page('several families', [GAUGE, { ...GAUGE, name: 'b' }, { ...GAUGE, name: 'c', metrics: [] }]),
  page('family without metrics', [{ ...GAUGE, metrics: [] }]),
  page('the same family twice', [GAUGE, { ...GAUGE, metrics: [{ labels: { b: 'd' }, v: 2 }] }]),
  page('the same series twice', [{ ...GAUGE, metrics: [GAUGE.metrics[0], { labels: { b: 'c' }, v: 2 }] }]),
  page('an empty label value', [{ ...GAUGE, metrics: [{ labels: { b: '' }, v: 2 }] }]),
  page('labels out of order', [{ ...GAUGE, metrics: [{ labels: { z: '1', b: '2' }, v: 2 }] }]),
  page('UTF-8 names', [{ name: 'ä.b', type: 'gauge', metrics: [{ labels: { 'ö.c': 'ü' }, v: 2 }] }], UTF8_NAMES),
  page('summary', [
    {
      name: 's',
      type: 'summary',
      metrics: [
        {
          summary: {
            count: 4,
            sum: 9,
            quantiles: [
              [0.5, 2],
              [1, 5],
            ],
          },
        },
      ],
    },
  ]),
  page('summary without quantiles', [
    { name: 's', type: 'summary', metrics: [{ summary: { count: 4, sum: 9, quantiles: [] } }] },
  ]),
  histogram('classic histogram', { count: 4, sum: 9, buckets: BUCKETS }),
  histogram('classic histogram with its last bucket', {
    count: 4,
    sum: 9,
    buckets: [...BUCKETS, { le: Infinity, count: 5 }],
  }),
  histogram('histogram without buckets', { count: 4, sum: 9 }),
  histogram('histogram in both forms', { count: 4, sum: 9, buckets: BUCKETS, native: NATIVE }, NATIVE_FORM),
  histogram('native histogram alone', { count: 4, sum: 9, native: NATIVE }, NATIVE_FORM),
  page(
    'gauge histogram',
    [{ name: 'h', type: 'gaugeHistogram', metrics: [{ histogram: { count: 4, sum: 9, buckets: BUCKETS } }] }],
    GAUGE_FORM,
  ),
  page('cut short', WHOLE.subarray(0, -1)),
  page('a byte too many', Buffer.concat([WHOLE, Uint8Array.of(0x7f)])),
  page('an empty message', Uint8Array.of(0)),
  page('no name', [{ ...GAUGE, name: '' }]),
  page('a label without a name', [{ ...GAUGE, metrics: [{ labels: { '': 'c' }, v: 2 }] }]),
  page('text after all', new TextEncoder().encode('a 1\n')),
  page('without a delimiter', WHOLE.subarray(1)),
];
