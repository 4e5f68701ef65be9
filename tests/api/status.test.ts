/** What the server tells of itself and lets operators do: blocks, own metrics, features, running queries, scrapes out of turn, notifications. */
import { QueryError } from '../../src/server/storage/engine.ts';
import { Notifications } from '../../src/server/telemetry/notifications.ts';
import { fakeServer, vectorResult } from '../support/fakeRooms.ts';

const json = async (at: ReturnType<typeof fakeServer>, url: string, method: 'GET' | 'POST' = 'GET') =>
  (await at.server.inject({ method, url: `/api/v1${url}` })).json();

test('blocks are told as upstream tells them, under names of its form', async () => {
  const { data } = await json(fakeServer(), '/status/tsdb/blocks');
  expect(data).toEqual({
    blocks: [
      {
        ulid: '00000000020000000000000003',
        minTime: 1,
        maxTime: 2,
        stats: { numSeries: 4, numChunks: 5, numBytes: 6 },
        compaction: { level: 2, sources: ['00000000020000000000000003', '00000000020000000000000001'] },
        version: 1,
      },
    ],
  });
});

test('own metrics come as families, chosen by a pattern', async () => {
  const at = fakeServer();
  await json(at, '/labels');
  const { data } = await json(at, '/status/self_metrics?metric_name_pattern=prometheus_(build_info|http_request.*)');
  const byName = Object.fromEntries(data.map((family: { name: string }) => [family.name, family]));
  expect(Object.keys(byName).sort()).toEqual([
    'prometheus_build_info',
    'prometheus_http_request_duration_seconds',
    'prometheus_http_requests_total',
  ]);
  expect(byName.prometheus_build_info).toMatchObject({ type: 'GAUGE', metric: [{ gauge: { value: 1 } }] });
  const [{ histogram, label }] = byName.prometheus_http_request_duration_seconds.metric;
  expect(label).toEqual([{ name: 'handler', value: '/api/v1/labels' }]);
  expect(histogram).toMatchObject({
    sampleCount: '1',
    bucket: expect.arrayContaining([{ cumulativeCount: '1', upperBound: 'Infinity' }]),
  });
  expect(await json(at, '/status/self_metrics?metric_name_pattern=(')).toMatchObject({ errorType: 'bad_data' });
});

test('features follow the flags', async () => {
  const off = (await json(fakeServer(), '/features')).data;
  expect([off.api.admin, off.promql_functions.info, off.promql_functions.rate, off.promql.fill]).toEqual([
    false,
    false,
    true,
    false,
  ]);
  const flags = ['promql-experimental-functions', 'promql-binop-fill-modifiers'];
  const on = (await json(fakeServer({ enableAdmin: true, enabledFeatures: flags }), '/features')).data;
  expect([on.api.admin, on.promql_functions.info, on.promql_operators.limitk, on.promql.fill]).toEqual([
    true,
    true,
    true,
    true,
  ]);
});

test("metadata by target, and a pool's own configuration without the others", async () => {
  const at = fakeServer(
    {},
    { configText: () => 'global: {}\nscrape_configs:\n  - job_name: a\n    scheme: https\n  - job_name: b\n' },
  );
  const up = { target: { instance: '127.0.0.1:1', job: 'a' }, type: 'gauge', help: 'Up.', unit: '' };
  expect((await json(at, '/targets/metadata')).data).toEqual([{ ...up, metric: 'up' }]);
  expect((await json(at, '/targets/metadata?metric=up')).data).toEqual([up]);
  expect((await json(at, '/targets/metadata?match_target={job="b"}')).data).toEqual([]);
  expect((await json(at, '/targets/metadata?limit=0')).data).toEqual([]);
  expect(await json(at, '/targets/metadata?match_target={')).toMatchObject({ errorType: 'bad_data' });
  expect((await json(at, '/scrape_pools/config?scrapePool=a')).data).toEqual({ yaml: 'job_name: a\nscheme: https\n' });
  expect(await json(at, '/scrape_pools/config?scrapePool=c')).toMatchObject({
    errorType: 'bad_data',
    error: expect.stringMatching(/"c" not found/),
  });
  expect(await json(at, '/scrape_pools/config')).toMatchObject({ error: 'no scrapePool parameter provided' });
});

test('a target is scraped when an operator says so, not when a page of another site does', async () => {
  const at = fakeServer();
  const url = '/targets/scrape?scrapePool=a&scrapeUrl=http://127.0.0.1:1/metrics';
  const { data } = await json(at, url, 'POST');
  expect(data.targets).toMatchObject([{ scrapePool: 'a', lastError: 'connection refused' }]);
  expect(at.fake.asked).toEqual(['scrape a http://127.0.0.1:1/metrics']);
  expect(await json(at, '/targets/scrape?scrapePool=a&scrapeUrl=http://evil/', 'POST')).toMatchObject({
    errorType: 'not_found',
  });
  const foreign = await at.server.inject({
    method: 'POST',
    url: `/api/v1${url}`,
    headers: { 'sec-fetch-site': 'cross-site' },
  });
  expect([foreign.statusCode, at.fake.asked.length]).toEqual([403, 1]);
});

test('a running query is listed and can be cancelled; slow ones are remembered, slowest first', async () => {
  const at = fakeServer();
  at.fake.answer = ({ signal }) =>
    new Promise((_, reject) => signal!.addEventListener('abort', () => reject(new QueryError('canceled', 'given up'))));
  const asked = json(at, '/query_range?query=sleepy&start=1&end=2&step=1');
  const active = async () => (await json(at, '/status/queries')).data.active;
  let list = await active();
  while (list.length === 0) list = await active();
  expect(list).toMatchObject([{ query: 'sleepy', start: 1, end: 2, step: 1, client: '127.0.0.1' }]);
  expect((await json(at, `/queries/${list[0].id}/cancel`, 'POST')).data).toEqual({ canceled: list[0].id });
  expect(await asked).toMatchObject({ errorType: 'canceled', error: 'the query was cancelled by an operator' });
  expect(await json(at, `/queries/${list[0].id}/cancel`, 'POST')).toMatchObject({ errorType: 'not_found' });
  at.fake.answer = () => vectorResult([], []);
  await json(at, '/query?query=quick');
  const { active: left, slow } = (await json(at, '/status/queries')).data;
  expect(left).toEqual([]);
  const took = slow.map(({ seconds }: { seconds: number }) => seconds);
  expect(took).toEqual([...took].sort((a, b) => b - a));
  const outcomes = slow.map(({ query, error }: { query: string; error?: string }) => [query, error]);
  expect(outcomes).toHaveLength(2);
  expect(outcomes).toContainEqual(['sleepy', expect.stringMatching(/cancelled/)]);
  expect(outcomes).toContainEqual(['quick', undefined]);
});

describe('notifications', () => {
  const clock = { now: () => 0, sleepUntil: async () => undefined };
  test('are listed while they are active, also while the log is read', async () => {
    const notifications = new Notifications(clock, 1);
    const at = fakeServer({}, { notifications, rooms: () => undefined });
    notifications.set('a', true);
    expect((await json(at, '/notifications')).data).toEqual([
      { text: 'a', date: '1970-01-01T00:00:00.000Z', active: true },
    ]);
    expect((await json(at, '/status/walreplay')).data).toEqual({ min: 0, max: 0, current: 0 });
    notifications.set('a', false);
    expect((await json(at, '/notifications')).data).toEqual([]);
  });
  test('are streamed as they begin and end; the next subscriber beyond the limit gets 204', async () => {
    const notifications = new Notifications(clock, 1);
    notifications.set('a', true);
    const { server } = fakeServer({}, { notifications });
    const url = `http://${await server.listen('127.0.0.1', 0)}/api/v1/notifications/live`;
    const abort = new AbortController();
    const stream = await fetch(url, { signal: abort.signal });
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    expect((await fetch(url)).status).toBe(204);
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const until = async (part: string) => {
      while (!text.includes(part)) text += (await reader.read()).value;
    };
    await until('"active":true');
    notifications.set('a', false);
    await until('"active":false');
    expect(text).toMatch(/^data: \{"text":"a".*\}\n\ndata: /);
    abort.abort();
    while (notifications.subscriberCount > 0) await new Promise(setImmediate);
    await server.close();
  });
});

describe('saved queries', () => {
  test('are kept under their names until they are removed', async () => {
    const at = fakeServer();
    const list = async () => (await json(at, '/saved_queries')).data.map((one: { name: string }) => one.name);
    expect(await list()).toEqual([]);
    await json(at, '/saved_queries/save?name=b&query=up', 'POST');
    await json(at, '/saved_queries/save?name=a&query=up', 'POST');
    await json(at, '/saved_queries/save?name=b&query=down', 'POST');
    expect(await list()).toEqual(['a', 'b']);
    expect((await json(at, '/saved_queries')).data[1]).toEqual({
      name: 'b',
      query: 'down',
      savedAt: '2023-11-14T22:13:20.123Z',
    });
    await json(at, '/saved_queries/remove?name=a', 'POST');
    expect(await list()).toEqual(['b']);
    expect(await json(at, '/saved_queries/remove?name=a', 'POST')).toMatchObject({ errorType: 'not_found' });
  });
  test.each(['name=&query=up', 'name=a&query=', `name=${'x'.repeat(101)}&query=up`])(
    '%s is refused',
    async (params) => {
      expect(await json(fakeServer(), `/saved_queries/save?${params}`, 'POST')).toMatchObject({
        errorType: 'bad_data',
      });
    },
  );
});
