import { COLUMNS_TYPE, eachSlice, readDistribution } from '../../src/shared/api/distributionColumns.ts';
import { formatValue } from '../../src/shared/api/prometheus.ts';
import { labelsOf } from '../../src/shared/model/labels.ts';
import { createEngine, DEFAULT_LIMITS } from '../../src/server/promql/engine.ts';
import { FakeRooms, fakeServer } from '../support/fakeRooms.ts';
import { MemoryQueryable } from '../support/memoryQueryable.ts';

/** Two versions, a scrape a minute, ten requests each; v2's are over 0.5 s from minute 5 on. */
const queryable = new MemoryQueryable(
  ['v1', 'v2'].flatMap((version) =>
    ['0.5', '1', '+Inf'].map((le) => ({
      labels: labelsOf({ __name__: 'http_request_duration_seconds_bucket', version, le }),
      samples: Array.from({ length: 11 }, (_, i): [number, number] => {
        const fast = version === 'v1' ? i : Math.min(i, 5);
        return [i * 60_000, 10 * (le === '0.5' ? fast : i)];
      }),
    })),
  ),
);
const rooms = { ...new FakeRooms().rooms(), queryable, engine: createEngine(queryable, DEFAULT_LIMITS) };
const { server } = fakeServer({}, { rooms: () => rooms });
const GRID = 'start=120&end=600&step=60';
const QUERY = encodeURIComponent('sum by (le, version) (rate(http_request_duration_seconds_bucket[2m]))');
const get = async (path: string) => server.inject({ method: 'GET', url: `/api/v1/${path}` });

test('the distribution, slice by slice', async () => {
  const answer = await get(`distribution?query=${QUERY}&${GRID}&quantiles=0.5,0.9&limits=0.5`);
  expect(answer.statusCode).toBe(200);
  const { data } = answer.json();
  expect(data).toMatchObject({
    expr: 'sum by (le, version) (increase(http_request_duration_seconds_bucket[2m]))',
    window: 120,
  });
  expect(data.edges.length).toBe(10);
  expect(data.layouts).toEqual([{ kind: 'classic', le: ['0.5', '1', '+Inf'], bounds: ['0', '0.5', '1', '+Inf'] }]);
  expect(data.groups.map(({ metric }: { metric: object }) => metric)).toEqual([{ version: 'v1' }, { version: 'v2' }]);
  const [, v2] = data.groups;
  expect(v2.layout).toEqual(Array.from({ length: 9 }, () => 0));
  expect(v2.counts[0]).toEqual([20, 0, 0]);
  expect(v2.counts[8]).toEqual([0, 20, 0]);
  expect(v2.shares['0.5'][0]).toBe(1);
  expect(v2.quantiles['0.5'][8]).toBeCloseTo(0.75, 9);
  expect(v2.gaps).toEqual([]);
  // There are neither sums nor counts here.
  expect([v2.mean, v2.resets]).toEqual([undefined, undefined]);
});

test('slices without data are null, and named', async () => {
  const { data } = (await get(`distribution?query=${QUERY}&start=600&end=900&step=60`)).json();
  const [v1] = data.groups;
  expect(v1.counts.slice(1)).toEqual([null, null, null, null, null]);
  expect(v1.gaps).toEqual([1, 2, 3, 4, 5]);
  expect(v1.layout).toEqual([0, null, null, null, null, null]);
  expect(v1.total.slice(2)).toEqual([null, null, null, null]);
});

test('the explanation of a box, by form as by URL', async () => {
  const text = `query=${QUERY}&${GRID}&from=300&to=600&lower=0.5`;
  const answer = await get(`explain?${text}`);
  expect(answer.statusCode).toBe(200);
  const { data } = answer.json();
  expect(data).toMatchObject({
    metric: 'http_request_duration_seconds',
    box: { from: 300, to: 600, lower: '0.5', upper: '+Inf', count: 50 },
    baseline: { kind: 'rest', count: 130 },
    words: { inside: 'slow requests', baseline: 'others' },
    headline: 'version="v2" holds 100 % of the slow requests and 31 % of the others',
    labelSets: 2,
    labels: [{ label: 'version', valueCount: 2, values: [{ value: 'v2', inside: 50, baseline: 40 }, { value: 'v1' }] }],
  });
  const posted = await server.inject({
    method: 'POST',
    url: '/api/v1/explain',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: text,
  });
  expect(posted.json()).toEqual(answer.json());
});

test('a box against one version, and against what was before a deploy', async () => {
  const box = `query=${QUERY}&${GRID}&from=300&to=600`;
  const baselineOf = async (baseline: string) => {
    const { data } = (await get(`explain?${box}&baseline=${baseline}`)).json();
    return [data.box.count, data.baseline, data.words.baseline];
  };
  const against = encodeURIComponent('version="v1"');
  expect(await baselineOf(`value&against=${against}`)).toEqual([
    50,
    { kind: 'value', count: 50 },
    'selected requests with version="v1"',
  ]);
  expect(await baselineOf('before&moment=310')).toEqual([
    100,
    { kind: 'before', count: 80, box: expect.objectContaining({ to: 300 }) },
    'selected requests before the deploy',
  ]);
});

test('the number of values that are told can be limited', async () => {
  const { data } = (await get(`explain?query=${QUERY}&${GRID}&from=300&to=600&lower=0.5&limit=1`)).json();
  expect(data.labels[0]).toMatchObject({ valueCount: 2, values: [{ value: 'v2' }] });
});

test.each([
  [
    'explain?query=up&start=0&end=60&step=60&from=0&to=60',
    /"query": no native histograms of up in this time range; .*write up_bucket/,
  ],
  [`explain?query=${QUERY}&${GRID}&to=60`, /"from": cannot parse/],
  [`explain?query=${QUERY}&${GRID}&from=60&to=60`, /"to": must be after from/],
  [`explain?query=${QUERY}&${GRID}&from=0&to=60&lower=2&upper=1`, /"upper": must be above lower/],
  [`explain?query=${QUERY}&${GRID}&from=0&to=60&lower=fast`, /"lower": "fast" is no number/],
  [`explain?query=${QUERY}&${GRID}&from=0&to=60&baseline=yesterday`, /rest, sameTime, earlier, box/],
  [`explain?query=${QUERY}&${GRID}&from=0&to=60&baseline=earlier&shift=0`, /how much earlier/],
  [`explain?query=${QUERY}&${GRID}&from=0&to=60&baseline=box`, /"baseline_from"/],
  [`explain?query=${QUERY}&${GRID}&from=0&to=60&baseline=before`, /"moment"/],
  [`explain?query=${QUERY}&${GRID}&from=300&to=600&baseline=before&moment=99999`, /moment lies outside/],
  [`explain?query=${QUERY}&${GRID}&from=0&to=60&baseline=value`, /"against": "" cannot be read; write one label/],
  [`explain?query=${QUERY}&${GRID}&from=0&to=60&baseline=value&against=v1`, /"against": "v1" cannot be read/],
  [`explain?query=${QUERY}&${GRID}&from=0&to=60&baseline=value&against=a!="1"`, /"against": write one label/],
  [`explain?query=sum(&${GRID}&from=0&to=60`, /"query": /],
  [`distribution?query=sum(x_bucket)&${GRID}`, /group by \(le\)/],
  [`distribution?query=${QUERY}&${GRID}&quantiles=1.5`, /"quantiles": "1.5" is not between 0 and 1/],
  [`distribution?query=${QUERY}&${GRID}&limits=${Array.from({ length: 40 }, (_, i) => i)}`, /at most 32/],
  [`distribution?query=${QUERY}&start=0&end=60`, /"step"/],
  [`distribution?query=${QUERY}&${GRID}&omit=mean,counts`, /"omit": write mean or resets, or both/],
])('%s is refused', async (path, why) => {
  const answer = await get(path);
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({ errorType: 'bad_data', error: expect.stringMatching(why) });
});

describe('as columns', () => {
  const ask = async (range: string, query = QUERY) => {
    const path = `distribution?query=${query}&${range}&quantiles=0.5,0.9&limits=0.5`;
    const binary = await get(`${path}&format=binary`);
    expect(binary.headers['content-type']).toBe(COLUMNS_TYPE);
    const told = await get(path);
    const read = readDistribution(binary.rawPayload, (text) => Buffer.from(text).toString());
    return { ...read, json: told.json().data, sizes: [binary.rawPayload.length, told.rawPayload.length] };
  };
  /** As JSON has it: no data is null, and there is one zero. */
  const orNull = (values: Float64Array) => Array.from(values, (v) => (Number.isFinite(v) ? v || 0 : null));

  test.each([
    ['dense', GRID, QUERY],
    ['with slices without data', 'start=600&end=900&step=60', QUERY],
    ['sparse', 'start=0&end=36000&step=60', QUERY],
    ['extrapolated', 'start=100&end=600&step=7', QUERY.replace('2m', '100s')],
    ['of one slice', 'start=600&end=600&step=60', QUERY],
    ['without data', 'start=36000&end=72000&step=60', QUERY],
    ['of nothing', GRID, 'nothing_bucket'],
  ])('one %s is the same as in JSON, to the last bit, and no larger', async (_, range, query) => {
    const { head, edges, groups, json, sizes } = await ask(range, query);
    expect(head).toMatchObject({ expr: json.expr, window: json.window });
    expect(sizes[0]).toBeLessThanOrEqual(sizes[1]);
    expect(groups.length).toBe(json.groups.length);
    if (groups.length > 0) expect(Array.from(edges, (ms) => ms / 1000)).toEqual(json.edges);
    groups.forEach((columns, i) => {
      const told = json.groups[i];
      expect(head.groups[i].metric).toEqual(told.metric);
      expect(orNull(columns.layoutOf)).toEqual(told.layout);
      expect(orNull(columns.total)).toEqual(told.total);
      const slices = told.counts.map(() => null);
      eachSlice(columns, (x, { bounds }, at) => {
        expect(Array.from(bounds, formatValue)).toEqual(json.layouts[told.layout[x]].bounds);
        slices[x] = orNull(columns.counts.subarray(at, at + bounds.length - 1));
      });
      expect(slices).toEqual(told.counts);
      head.columns!.quantiles.forEach((q, k) => expect(orNull(columns.quantiles[k])).toEqual(told.quantiles[q]));
      head.columns!.limits.forEach((limit, k) => expect(orNull(columns.shares[k])).toEqual(told.shares[limit]));
    });
  });

  test('groups of the same buckets share their layout', async () => {
    const { head, groups } = await ask(GRID);
    expect(head.columns!.layouts).toEqual([{ kind: 'classic', le: ['0.5', '1', '+Inf'], buckets: 3 }]);
    expect(groups[1].layouts[0]).toBe(groups[0].layouts[0]);
  });

  test('another format is refused', async () => {
    const answer = await get(`distribution?query=${QUERY}&${GRID}&format=xml`);
    expect([answer.statusCode, answer.json().error]).toEqual([400, 'invalid parameter "format": write json or binary']);
  });
});
