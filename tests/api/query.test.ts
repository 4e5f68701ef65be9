import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { labelsOf } from '../../src/shared/model/labels.ts';
import { QueryError } from '../../src/server/storage/engine.ts';
import { fakeServer, matrixResult, vectorResult, type FakeServer } from '../support/fakeRooms.ts';

let at: FakeServer;
beforeEach(() => void (at = fakeServer()));

const get = (url: string, headers = {}) => at.server.inject({ method: 'GET', url, headers });

describe('answers', () => {
  test('a vector, in upstream bytes', async () => {
    at.fake.answer = () =>
      vectorResult([labelsOf({ __name__: 'up', a: '"x"' }), labelsOf({}), labelsOf({ b: 'c' })], [1, undefined, -0]);
    const { body, statusCode, headers } = await get('/api/v1/query?query=up&time=1.5');
    expect(statusCode).toBe(200);
    expect(headers['content-type']).toBe('application/json');
    expect(body).toBe(
      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","a":"\\"x\\""},"value":[1.500,"1"]},' +
        '{"metric":{"b":"c"},"value":[1.500,"-0"]}]}}',
    );
  });
  test('a matrix leaves out steps without sample and series without steps', async () => {
    at.fake.answer = () =>
      matrixResult(
        [labelsOf({ a: '1' }), labelsOf({ a: '2' })],
        [
          [1, undefined, Infinity],
          [undefined, undefined, undefined],
        ],
        0,
        60_000,
      );
    expect((await get('/api/v1/query_range?query=up&start=0&end=120&step=60')).body).toBe(
      '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[[0,"1"],[120,"+Inf"]]}]}}',
    );
  });
  test('a scalar, a string, raw samples', async () => {
    const { value, ...rest } = vectorResult([labelsOf({})], [1e-7], 2_000);
    if (value.kind !== 'vector') throw new Error(value.kind);
    at.fake.answer = () => ({ ...rest, value: { ...value, kind: 'scalar' } });
    expect((await get('/api/v1/query?query=1')).json().data).toEqual({
      resultType: 'scalar',
      result: [2, '0.0000001'],
    });
    at.fake.answer = () => ({ ...rest, value: { kind: 'string', grid: value.grid, text: 'a\n' } });
    expect((await get('/api/v1/query?query="a"')).json().data).toEqual({ resultType: 'string', result: [2, 'a\n'] });
    const raw = { labels: labelsOf({ a: '1' }), times: Float64Array.of(1, 1001), values: Float64Array.of(NaN, 2) };
    at.fake.answer = () => ({ ...rest, value: { kind: 'raw', grid: value.grid, series: [raw] } });
    expect((await get('/api/v1/query?query=up[1m]')).json().data).toEqual({
      resultType: 'matrix',
      result: [
        {
          metric: { a: '1' },
          values: [
            [0.001, 'NaN'],
            [1.001, '2'],
          ],
        },
      ],
    });
  });
  test('a native histogram names its buckets', async () => {
    const h = {
      schema: 0,
      zeroThreshold: 0.001,
      zeroCount: 2,
      count: 6,
      sum: 7.5,
      positiveSpans: [
        { offset: 0, length: 1 },
        { offset: 1, length: 1 },
      ],
      negativeSpans: [{ offset: 1, length: 1 }],
      positiveBuckets: Float64Array.of(1, 2),
      negativeBuckets: Float64Array.of(1),
      counterReset: 'gauge' as const,
    };
    const result = vectorResult([labelsOf({})], [NaN], 1_000);
    if (result.value.kind !== 'vector') throw new Error(result.value.kind);
    const { matrix } = result.value;
    const value = { ...result.value, matrix: { ...matrix, histograms: new Map([[0, h]]) } };
    at.fake.answer = () => ({ ...result, value });
    expect((await get('/api/v1/query?query=h')).json().data.result[0].histogram).toEqual([
      1,
      {
        count: '6',
        sum: '7.5',
        buckets: [
          [1, '-2', '-1', '1'],
          [3, '-0.001', '0.001', '2'],
          [0, '0.5', '1', '1'],
          [0, '2', '4', '2'],
        ],
      },
    ]);
  });
  test('warnings, infos, statistics and a limit are told', async () => {
    at.fake.answer = () => ({
      ...vectorResult([labelsOf({ a: '1' }), labelsOf({ a: '2' })], [1, 2]),
      warnings: ['w'],
      infos: ['i'],
    });
    const body = (await get('/api/v1/query?query=up&limit=1&stats=all')).json();
    expect(body.data.result).toHaveLength(1);
    expect(body.warnings).toEqual(['w', 'results truncated due to limit']);
    expect(body.infos).toEqual(['i']);
    expect(body.data.stats.samples).toEqual({ totalQueryableSamples: 3, peakSamples: 3, samplesRead: 3 });
    expect(body.data.stats.timings.evalTotalTime).toBe(0.005);
  });
  test.each([
    ['all', true],
    ['true', false],
    ['', false],
  ])('steps are counted for stats=all alone: %p', async (stats, perStep) => {
    await get(`/api/v1/query?query=up&stats=${stats}`);
    expect(at.fake.requests.at(-1)).toMatchObject({ perStep });
  });
  test.each([
    [60, 800_000],
    [10, 100_000],
  ])('an answer of %i series is whole in every encoding', async (series, bytesMin) => {
    const rows = Array.from({ length: series }, (_, s) => Array.from({ length: 1_100 }, (_, i) => s * i + 0.25));
    const labels = rows.map((_, s) => labelsOf({ s: String(s) }));
    at.fake.answer = () => matrixResult(labels, rows, 0, 1_000);
    const url = '/api/v1/query_range?query=up&start=0&end=1099&step=1';
    const plain = await get(url);
    expect(plain.body.length).toBeGreaterThan(bytesMin);
    expect(plain.json().data.result.at(-1).values[1099]).toEqual([1099, String((series - 1) * 1099 + 0.25)]);
    const gzip = await get(url, { 'accept-encoding': 'gzip' });
    expect(gzip.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(gzip.rawPayload).toString() === plain.body).toBe(true);
    const zstd = await get(url, { 'accept-encoding': 'gzip;q=0.5, zstd' });
    expect(zstd.headers['content-encoding']).toBe('zstd');
    expect(zstdDecompressSync(zstd.rawPayload).toString() === plain.body).toBe(true);
  });
});

describe('parameters', () => {
  test.each([
    ['/query?query=up&time=2023-11-14T22:13:20.5Z', { start: 1_700_000_000_500, end: 1_700_000_000_500, stepMs: 0 }],
    ['/query?query=up', { start: 1_700_000_000_123, end: 1_700_000_000_123 }],
    ['/query?query=up&timeout=5s&lookback_delta=90', { timeoutMs: 5_000, lookbackDeltaMs: 90_000 }],
    ['/query?query=up&lookback_delta=-90', { lookbackDeltaMs: undefined }],
    ['/query?query=up&timeout=1h', { timeoutMs: 120_000 }],
    ['/query_range?query=up&start=1&end=2&step=500ms', { start: 1_000, end: 2_000, stepMs: 500 }],
    ['/query_range?query=up&start=1&end=2&step=0.5', { stepMs: 500 }],
    ['/query_range?query=up&start=0&end=11000&step=1', { end: 11_000_000 }],
  ])('%s', async (url, wanted) => {
    expect((await get(`/api/v1${url}`)).statusCode).toBe(200);
    expect(at.fake.requests[0]).toMatchObject({ expr: 'up', ...wanted });
  });
  test('a form is read like the URL, and stands before it', async () => {
    const { statusCode } = await at.server.inject({
      method: 'POST',
      url: '/api/v1/query?query=up&time=7',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'query=up%7Ba%3D%22%2B%22%7D',
    });
    expect(statusCode).toBe(200);
    expect(at.fake.requests[0]).toMatchObject({ expr: 'up{a="+"}', start: 7_000 });
  });
  test('what a form leaves empty is empty, whatever the URL says', async () => {
    const { statusCode } = await at.server.inject({
      method: 'POST',
      url: '/api/v1/query?query=up&limit=x&time=7',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'limit=&time=',
    });
    expect(statusCode).toBe(200);
    expect(at.fake.requests[0]).toMatchObject({ expr: 'up', start: 1_700_000_000_123 });
  });
  test.each([
    [
      '/query?query=up&time=x',
      400,
      'bad_data',
      /invalid parameter "time": invalid time value for 'time': cannot parse "x"/,
    ],
    [
      '/query?query=up&limit=1.5',
      400,
      'bad_data',
      /invalid parameter "limit": strconv.Atoi: parsing "1.5": invalid syntax/,
    ],
    ['/query?query=up&limit=99999999999999999999', 400, 'bad_data', /value out of range/],
    [
      '/query?query=up&lookback_delta=x',
      400,
      'bad_data',
      /^error parsing lookback delta duration: cannot parse "x" to a/,
    ],
    ['/query?query=up&time=NaN', 400, 'bad_data', /"time"/],
    ['/query?query=up&timeout=x', 400, 'bad_data', /invalid parameter "timeout": cannot parse "x" to a valid duration/],
    ['/query?query=up&limit=-1', 400, 'bad_data', /limit must be non-negative/],
    ['/query_range?query=up&end=1&step=1', 400, 'bad_data', /invalid parameter "start"/],
    ['/query?query=up&time=2023-02-29T00:00:00Z', 400, 'bad_data', /cannot parse "2023-02-29T00:00:00Z"/],
    ['/query?query=up&time=NaN', 400, 'bad_data', /cannot parse "NaN"/],
    ['/query_range?query=up&start=-Inf&end=1&step=1', 400, 'bad_data', /"start": cannot parse "-Inf"/],
    ['/query_range?query=up&start=1&end=2&step=NaN', 400, 'bad_data', /"step": cannot parse "NaN"/],
    ['/query_range?query=up&start=2&end=1&step=1', 400, 'bad_data', /end timestamp must not be before start time/],
    ['/query_range?query=up&start=0&end=1&step=0', 400, 'bad_data', /zero or negative query resolution/],
    [
      '/query_range?query=up&start=0&end=11001&step=1',
      400,
      'bad_data',
      /^exceeded maximum resolution of 11,000 points/,
    ],
    ['/query_range?query=up&start=0&end=1&step=1e30', 400, 'bad_data', /overflows/],
    ['/query_exemplars?query=up&start=2&end=1', 400, 'bad_data', /end timestamp/],
  ])('%s is refused', async (url, status, errorType, error) => {
    const response = await get(`/api/v1${url}`);
    expect(response.statusCode).toBe(status);
    expect(response.json()).toEqual({ status: 'error', errorType, error: expect.stringMatching(error) });
    expect(at.fake.requests).toEqual([]);
  });
  test.each([
    ['execution', 422],
    ['timeout', 503],
    ['canceled', 503],
    ['internal', 500],
    ['bad_data', 400],
  ] as const)('a query that fails with %s answers %d', async (errorType, status) => {
    at.fake.answer = () => Promise.reject(new QueryError(errorType, 'why'));
    const response = await get('/api/v1/query?query=up');
    expect(response.statusCode).toBe(status);
    expect(response.json()).toMatchObject({ status: 'error', errorType, error: expect.stringContaining('why') });
  });
});

test('a query is cancelled when its client goes away', async () => {
  const signals: AbortSignal[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  at.fake.answer = ({ signal }) => {
    signals.push(signal!);
    resolve();
    return new Promise((_, reject) =>
      signal!.addEventListener('abort', () => reject(new QueryError('canceled', 'client left'))),
    );
  };
  const address = await at.server.listen('127.0.0.1', 0);
  const client = new AbortController();
  const asked = fetch(`http://${address}/api/v1/query?query=up`, { signal: client.signal }).catch(
    (error: Error) => error.name,
  );
  await promise;
  client.abort();
  expect(await asked).toBe('AbortError');
  if (!signals[0].aborted) await new Promise((aborted) => signals[0].addEventListener('abort', aborted));
  await at.server.close();
});

test('exemplars carry their series, labels, value and time', async () => {
  expect((await get('/api/v1/query_exemplars?query=rate(up[1m])')).json().data).toEqual([
    { seriesLabels: { __name__: 'up' }, exemplars: [{ labels: { trace_id: 'abc' }, value: '0.5', timestamp: 1.5 }] },
  ]);
});

describe('parse_query', () => {
  test('gives the tree in upstream words', async () => {
    const url = `/api/v1/parse_query?query=${encodeURIComponent('sum by (a) (rate(x{b!="c"}[5m] offset 1m)) / on (a) group_left y')}`;
    expect((await get(url)).json().data).toMatchObject({
      type: 'binaryExpr',
      op: '/',
      matching: { card: 'many-to-one', labels: ['a'], on: true, include: [] },
      lhs: {
        type: 'aggregation',
        op: 'sum',
        grouping: ['a'],
        without: false,
        param: null,
        expr: {
          type: 'call',
          func: { name: 'rate', argTypes: ['matrix'], variadic: 0, returnType: 'vector' },
          args: [
            { type: 'matrixSelector', name: 'x', range: 300_000, offset: 60_000, timestamp: null, startOrEnd: null },
          ],
        },
      },
      rhs: { type: 'vectorSelector', name: 'y', matchers: [{ name: '__name__', value: 'y', type: '=' }] },
    });
  });
  test('explain_query answers with the tree, of a range where there is a step', async () => {
    const plan = {
      expr: 'up',
      kind: 'selector' as const,
      steps: 3,
      once: false,
      samples: 3,
      milliseconds: 1,
      children: [],
    };
    at.fake.answer = () => ({ ...matrixResult([labelsOf({ a: '1' })], [[1, 2, 3]], 0, 60_000), plan });
    const { data } = (await get('/api/v1/explain_query?query=up&start=0&end=120&step=60')).json() as { data: unknown };
    expect(data).toMatchObject({ plan, series: 1 });
    expect(at.fake.requests.at(-1)).toMatchObject({ expr: 'up', stepMs: 60_000, explain: true });
    await get('/api/v1/explain_query?query=up&time=5');
    expect(at.fake.requests.at(-1)).toMatchObject({ start: 5_000, stepMs: 0 });
  });
  test('another word for stats than true and all is taken, with a warning', async () => {
    at.fake.answer = () => vectorResult([], []);
    const { warnings, data } = (await get('/api/v1/query?query=up&stats=1')).json() as {
      warnings: string[];
      data: object;
    };
    expect(warnings).toEqual([expect.stringContaining('value "1" for parameter "stats" is deprecated') as string]);
    expect(data).toHaveProperty('stats');
    expect((await get('/api/v1/query?query=up&stats=all')).json()).not.toHaveProperty('warnings');
  });
  test('format_query prints one line for a short expression', async () => {
    expect((await get(`/api/v1/format_query?query=${encodeURIComponent('up+1')}`)).json()).toEqual({
      status: 'success',
      data: 'up + 1',
    });
    expect((await get('/api/v1/format_query?query=foo(')).statusCode).toBe(400);
  });
});
