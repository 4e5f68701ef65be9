import { PROTOBUF_TYPE, protobufPage } from '../../../tests/support/metricFamilyWriter.ts';
import { page, useScrapeRig } from '../../../tests/support/scrapeRig.ts';
import { createFeed } from '../remote/feed.ts';

jest.setTimeout(30_000);
const rig = useScrapeRig();

const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0';
const seconds = (ms: number) => (ms / 1000).toFixed(3);
const counters = (start: number, v: number) =>
  `# TYPE a counter\na_total ${v}\na_created ${seconds(start)}\n# TYPE g gauge\ng 1\n# EOF\n`;

test('a counter that began anew between two scrapes of a steady page gets a zero then', async () => {
  rig.features = ['created-timestamp-zero-ingestion'];
  let start = Date.now() - 30_000;
  let v = 5;
  const address = await rig.serve(page(() => counters(start, v), OPEN_METRICS));
  rig.start();
  rig.apply({ a: { targets: [address] } });
  await rig.scrapes(3);
  start = Date.now();
  v = 2;
  await rig.scrapes(1);
  const { a_total: total, g, ...others } = await rig.samples('[ag].*');
  expect(total).toEqual([0, 5, 5, 5, 0, 2]);
  expect(g).toEqual([1, 1, 1, 1]);
  expect(others).toEqual({});
  expect(rig.events[0]).toMatchObject({ scraped: 2, kept: 2, added: 2 });
});

test('without the feature, `_created` lines are series as they are', async () => {
  const start = Date.now() - 30_000;
  const address = await rig.serve(page(counters(start, 5), OPEN_METRICS));
  rig.start();
  rig.apply({ a: { targets: [address] } });
  await rig.scrapes(1);
  expect(await rig.samples('[ag].*')).toEqual({ a_created: [start / 1000], a_total: [5], g: [1] });
});

test('the feature asks for protobuf first, unless the job says what it wants', async () => {
  rig.features = ['created-timestamp-zero-ingestion'];
  const accepts: (string | undefined)[] = [];
  const address = await rig.serve((request, response) => {
    accepts.push(request.headers.accept?.slice(0, 31));
    response.setHeader('content-type', PROTOBUF_TYPE).end(protobufPage([]));
  });
  rig.start();
  rig.apply({ a: { targets: [address] } });
  await rig.scrapes(1);
  rig.apply({ b: { targets: [address], lines: 'scrape_protocols: [OpenMetricsText1.0.0]' } });
  await rig.scrapes(1, 'b');
  expect([accepts[0], accepts.at(-1)]).toEqual(['application/vnd.google.protobuf', 'application/openmetrics-text;ve']);
});

test('zeros go out by remote write too, before the samples that told of them', async () => {
  rig.features = ['created-timestamp-zero-ingestion'];
  const start = Date.now() - 30_000;
  const feed = createFeed(rig.tsdb);
  rig.storage = feed.storage;
  const heard: string[] = [];
  feed.listen(({ samples, rows }) => {
    for (const { labels, t, values } of samples) heard.push(`${labels[0][1]} ${values[0]} at ${t - start}`);
    heard.push(`${rows.length} row`);
  });
  const metrics = [{ v: 3, start }];
  const address = await rig.serve(page('', PROTOBUF_TYPE));
  const pages = await rig.serve((_, response) => {
    response
      .setHeader('content-type', PROTOBUF_TYPE)
      .end(protobufPage([{ name: 'a_total', type: 'counter', metrics }]));
  });
  rig.start();
  rig.apply({ a: { targets: [pages] }, none: { targets: [address] } });
  await rig.scrapes(1);
  expect(heard.filter((line) => line.startsWith('a_total'))).toEqual(['a_total 0 at 0']);
});
