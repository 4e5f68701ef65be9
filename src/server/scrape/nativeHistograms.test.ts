import type { RequestListener } from 'node:http';
import { PROTOBUF_TYPE, protobufPage, type WrittenFamily } from '../../../tests/support/metricFamilyWriter.ts';
import { page, useScrapeRig } from '../../../tests/support/scrapeRig.ts';
import { formatLabels, labelValue } from '../../shared/model/labels.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { bitsOf, CELL_STALE, cellKind } from '../../shared/model/sampleBits.ts';

jest.setTimeout(30_000);
const rig = useScrapeRig();

const HISTOGRAM: WrittenFamily = {
  name: 'h',
  type: 'histogram',
  help: 'Seconds.',
  metrics: [
    {
      labels: { route: '/' },
      histogram: {
        count: 6,
        sum: 3,
        buckets: [{ le: 1, count: 6 }],
        native: { schema: 2, zeroThreshold: 0.001, zeroCount: 0, spans: [[0, 4]], deltas: [1, 1, 0, -1] },
      },
    },
  ],
};
const GAUGE: WrittenFamily = { name: 'g', type: 'gauge', metrics: [{ v: 1.5 }] };

function protobuf(families: () => readonly WrittenFamily[], accepts: string[] = []): RequestListener {
  return (request, response) => {
    accepts.push(request.headers.accept ?? '');
    response.setHeader('content-type', PROTOBUF_TYPE).end(protobufPage(families()));
  };
}

/** The native histograms of a metric in order of time, 'stale' for ends. */
async function histograms(name: string): Promise<(NativeHistogram | 'stale')[]> {
  const groups = await rig.tsdb.select({
    matchers: [{ name: '__name__', op: '=', value: name }],
    minTime: 0,
    maxTime: Date.now() + 10_000,
  });
  return groups.flatMap(({ times, columns }) =>
    columns.flatMap(({ values, histograms: whole }) =>
      Array.from(times, (_, i) => {
        const h = whole?.get(i);
        if (h !== undefined) return [h];
        return cellKind(bitsOf(values), i) === CELL_STALE ? (['stale'] as const) : [];
      }).flat(),
    ),
  );
}

test('a target that relabelling wants to have native histograms has them, and goes on in its series', async () => {
  const address = await rig.serve(protobuf(() => [HISTOGRAM, GAUGE]));
  const lines = "relabel_configs: [{target_label: __scrape_native_histograms__, replacement: 'true'}]";
  rig.start();
  rig.apply({ a: { targets: [address] } });
  await rig.scrapes(1);
  expect(await histograms('h')).toEqual([]);
  rig.apply({ a: { targets: [address], lines } });
  await rig.scrapes(3);
  expect((await histograms('h'))[0]).toMatchObject({ schema: 2, count: 6 });
  expect(await histograms('h')).not.toContain('stale');
});

test('a job that wants native histograms asks for protobuf first and stores them whole', async () => {
  const accepts: string[] = [];
  const address = await rig.serve(protobuf(() => [HISTOGRAM, GAUGE], accepts));
  rig.start();
  rig.apply({ a: { targets: [address], lines: 'scrape_native_histograms: true' } });
  await rig.scrapes(2);
  expect(accepts[0]).toMatch(
    /^application\/vnd\.google\.protobuf;proto=io\.prometheus\.client\.MetricFamily;encoding=delimited;q=0\.6,application\/openmetrics-text;version=1\.0\.0/,
  );
  expect(rig.events[0]).toMatchObject({ up: true, scraped: 2, kept: 2, added: 2 });
  expect(rig.events[1].added).toBe(0);
  const [first] = await histograms('h');
  expect(first).toMatchObject({ schema: 2, count: 6, sum: 3, positiveBuckets: Float64Array.of(1, 2, 2, 1) });
  const all = await rig.samples();
  expect([all.g[0], Object.keys(all).filter((name) => name.startsWith('h_'))]).toEqual([1.5, []]);
  expect(rig.tsdb.metadata('h').get('h')).toEqual([{ type: 'histogram', help: 'Seconds.', unit: '' }]);
  const [labels] = await rig.tsdb.series([[{ name: '__name__', op: '=', value: 'h' }]], {
    minTime: 0,
    maxTime: Date.now() + 1000,
  });
  expect([labelValue(labels, 'job'), labelValue(labels, 'route')]).toEqual(['a', '/']);
});

test('classic buckets stand beside them where asked for, and alone where native ones are not', async () => {
  const address = await rig.serve(protobuf(() => [HISTOGRAM]));
  rig.start();
  rig.apply({
    a: { targets: [address], lines: 'scrape_native_histograms: true\nalways_scrape_classic_histograms: true' },
    b: { targets: [address], lines: 'scrape_protocols: [PrometheusProto]' },
  });
  await Promise.all([rig.scrapes(1, 'a')]);
  await rig.scrapes(1, 'b');
  const series = await rig.tsdb.series([[{ name: '__name__', op: '=~', value: 'h.*' }]], {
    minTime: 0,
    maxTime: Date.now() + 1000,
  });
  const classic = ['h_bucket{le="+Inf"}', 'h_bucket{le="1.0"}', 'h_count', 'h_sum'];
  const of = (job: string) =>
    series
      .filter((labels) => labelValue(labels, 'job') === job)
      .map((labels) => formatLabels(labels.filter(([name]) => !['job', 'instance', 'route'].includes(name))))
      .sort();
  expect(of('a')).toEqual(['h', ...classic]);
  expect(of('b')).toEqual(classic);
});

test('a native histogram that vanishes ends there, and all of them when the target fails', async () => {
  let families: WrittenFamily[] = [HISTOGRAM, { ...HISTOGRAM, name: 'k' }];
  let fails = false;
  const answer = protobuf(() => families);
  const address = await rig.serve((request, response) =>
    fails ? void response.writeHead(500).end() : answer(request, response),
  );
  rig.start();
  rig.apply({ a: { targets: [address], lines: 'scrape_native_histograms: true' } });
  await rig.scrapes(1);
  families = [HISTOGRAM];
  await rig.scrapes(2);
  expect((await histograms('k')).at(-1)).toBe('stale');
  expect((await histograms('h')).at(-1)).not.toBe('stale');
  fails = true;
  await rig.scrapes(2);
  expect((await histograms('h')).at(-1)).toBe('stale');
  expect((await histograms('k')).filter((h) => h === 'stale')).toHaveLength(1);
});

test('too many buckets are joined until they fit; what never fits fails the scrape', async () => {
  const address = await rig.serve(protobuf(() => [HISTOGRAM]));
  const far: WrittenFamily = {
    name: 'far',
    type: 'histogram',
    metrics: [
      {
        histogram: {
          count: 2,
          sum: 1,
          native: {
            schema: -4,
            zeroThreshold: 0.001,
            zeroCount: 0,
            spans: [
              [0, 1],
              [9, 1],
            ],
            deltas: [1, 0],
          },
        },
      },
    ],
  };
  const tooFar = await rig.serve(protobuf(() => [far]));
  rig.start();
  rig.apply({
    a: { targets: [address], lines: 'scrape_native_histograms: true\nnative_histogram_bucket_limit: 2' },
    b: { targets: [tooFar], lines: 'scrape_native_histograms: true\nnative_histogram_bucket_limit: 1' },
    c: { targets: [address], lines: 'scrape_native_histograms: true\nnative_histogram_min_bucket_factor: 4' },
  });
  await rig.scrapes(1, 'a');
  await rig.scrapes(1, 'b');
  await rig.scrapes(1, 'c');
  const found = await histograms('h');
  const ofSchema = (schema: number) => found.find((h) => h !== 'stale' && h.schema === schema);
  expect(ofSchema(0)).toMatchObject({ count: 6, positiveBuckets: Float64Array.of(1, 5) });
  expect(ofSchema(-1)).toMatchObject({ count: 6, positiveBuckets: Float64Array.of(1, 5) });
  expect(rig.target('b')).toMatchObject({ health: 'down' });
  expect(rig.target('b').lastError).toMatch(/native_histogram_bucket_limit: 1/);
});

test('a protobuf page that is cut short fails the scrape and says where', async () => {
  const whole = protobufPage([GAUGE]);
  const address = await rig.serve(
    (_, response) => void response.setHeader('content-type', PROTOBUF_TYPE).end(whole.subarray(0, -2)),
  );
  rig.start();
  rig.apply({ a: { targets: [address], lines: 'scrape_native_histograms: true' } });
  await rig.scrapes(1);
  expect(rig.target()).toMatchObject({ health: 'down' });
  expect(rig.target().lastError).toMatch(/message at byte 0 is \d+ bytes long/);
});

test('a target may change between protobuf and text, and its series go on', async () => {
  let text = false;
  const [asText, asProtobuf] = [page('g 2\n'), protobuf(() => [GAUGE])];
  const address = await rig.serve((request, response) => (text ? asText : asProtobuf)(request, response));
  rig.start();
  rig.apply({ a: { targets: [address], lines: 'scrape_native_histograms: true' } });
  await rig.scrapes(2);
  text = true;
  await rig.scrapes(3);
  const { g } = await rig.samples('g');
  expect([g[0], g.at(-1), g.includes('stale')]).toEqual([1.5, 2, false]);
});

describe('samples with a time of their own', () => {
  const vanishing = async (lines: string) => {
    let body = () => `a 1 ${Date.now()}\nb 1\n`;
    const address = await rig.serve(page(() => body()));
    rig.start();
    rig.apply({ a: { targets: [address], lines } });
    await rig.scrapes(1);
    body = () => 'b 1\n';
    await rig.scrapes(2);
    return (await rig.samples('a')).a;
  };
  test('get no end when they vanish', async () => expect(await vanishing('')).not.toContain('stale'));
  test('get one with track_timestamps_staleness', async () =>
    expect((await vanishing('track_timestamps_staleness: true')).filter((v) => v === 'stale')).toHaveLength(1));
});
