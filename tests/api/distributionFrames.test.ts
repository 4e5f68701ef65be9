/** Heatmap frames of Grafana's backend: of a sidecar's distributions they are those of the series; servers without distributions are asked for series. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MetricsQuery } from '../../src/shared/api/grafanaQuery.ts';
import type { Metadata, MetricType } from '../../src/shared/model/metadata.ts';
import { labelsOf } from '../../src/shared/model/labels.ts';
import { isNull, type Frame } from '../../src/server/frames/frame.ts';
import { framesOfQuery, type QueryScope } from '../../src/server/grafana/query.ts';
import { connectionFrom } from '../../src/server/grafana/settings.ts';
import { openUpstream, type Upstream } from '../../src/server/grafana/upstream.ts';
import { createEngine, DEFAULT_LIMITS } from '../../src/server/promql/engine.ts';
import { answerPieces, inTurn } from '../../src/server/promql/answer/answerPieces.ts';
import type { AnsweringEngine } from '../../src/server/storage/engine.ts';
import { FakeRooms, fakeServer } from '../support/fakeRooms.ts';
import { MemoryQueryable, type MemorySeries } from '../support/memoryQueryable.ts';
import { exponentialOf } from '../support/observedHistograms.ts';

const MINUTE = 60_000;
const SCRAPE = 15_000;
const ROWS = 80;
/** Rows from here on have one bucket more; none is there in between; the process starts anew. */
const [FINER_FROM, GONE_FROM, GONE_TO, RESTART] = [30, 50, 62, 70];
const rows = Array.from({ length: ROWS }, (_, row) => row).filter((row) => row < GONE_FROM || row >= GONE_TO);
const count = (row: number) => (row < RESTART ? row : row - RESTART);
const values = (row: number, i: number) => Array.from({ length: 5 * count(row) }, (_, n) => ((n * 7 + i) % 23) / 10);

const lone: MemorySeries = {
  labels: labelsOf({ __name__: 'lone_seconds' }),
  samples: rows.map((row) => [row * SCRAPE, exponentialOf(Array<number>(count(row)).fill(0.7), 2, 0.01)]),
};
const series: MemorySeries[] = ['v1', 'v2'].flatMap((version, i) => [
  ...['0.50', '1.0', '1.5', '+Inf'].map((le) => ({
    labels: labelsOf({ __name__: 'x_seconds_bucket', version, le }),
    samples: rows
      .filter((row) => le !== '1.0' || row >= FINER_FROM)
      .map((row): [number, number] => {
        const bound = le === '+Inf' ? Infinity : Number(le);
        return [row * SCRAPE, values(row, i).filter((v) => v <= bound).length];
      }),
  })),
  {
    labels: labelsOf({ __name__: 'x_seconds_count', version }),
    samples: rows.map((row): [number, number] => [row * SCRAPE, values(row, i).length]),
  },
  {
    labels: labelsOf({ __name__: 'native_seconds', version }),
    samples: rows.map((row): [number, ReturnType<typeof exponentialOf>] => [
      row * SCRAPE,
      exponentialOf(values(row, i), 2, 0.01),
    ]),
  },
  { labels: labelsOf({ __name__: 'requests_total', version }), samples: rows.map((row) => [row * SCRAPE, count(row)]) },
]);

/** By name; empty for a server whose targets told nothing. */
let types: Record<string, MetricType> = {};
class ToldQueryable extends MemoryQueryable {
  override metadata(metric?: string): Map<string, readonly Metadata[]> {
    const told = Object.entries(types).filter(([name]) => metric === undefined || name === metric);
    return new Map(told.map(([name, type]) => [name, [{ type, help: '', unit: '' }]]));
  }
}
const queryable = new ToldQueryable([...series, lone]);
const engine: AnsweringEngine = {
  ...createEngine(queryable, DEFAULT_LIMITS),
  async answer(request, format) {
    return inTurn(answerPieces(await this.query(request), format, 0));
  },
};
const { server } = fakeServer({}, { rooms: () => ({ ...new FakeRooms().rooms(), queryable, engine }) });

/** Before the server: notes what is asked. */
let asked: string[] = [];
/** What it answers in place of a distribution: status and text. */
let refusal: readonly [number, string] | undefined;
const front = http.createServer((request, response) => {
  void (async () => {
    const body: Buffer[] = [];
    for await (const piece of request) body.push(piece as Buffer);
    const path = request.url!.split('?')[0];
    asked.push(path.slice('/api/v1/'.length));
    if (path.endsWith('/distribution') && refusal !== undefined) {
      response.writeHead(refusal[0]).end(refusal[1]);
      return;
    }
    const answer = await server.inject({
      method: request.method as 'GET',
      url: request.url!,
      headers: { ...request.headers, 'accept-encoding': 'identity' },
      payload: Buffer.concat(body),
    });
    response.writeHead(answer.statusCode, { 'content-type': answer.headers['content-type'] as string });
    response.end(answer.rawPayload);
  })();
});
let upstream: Upstream;

beforeAll((done) => void front.listen(0, '127.0.0.1', done));
afterAll((done) => void front.close(done));
beforeEach(() => {
  asked = [];
  refusal = undefined;
  types = { native_seconds: 'histogram', lone_seconds: 'histogram', requests: 'counter' };
  upstream = openUpstream(
    connectionFrom({
      id: 1,
      name: 'x',
      url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
      user: '',
      database: '',
      basicAuthEnabled: false,
      basicAuthUser: '',
      jsonData: Buffer.from('{}'),
      secureJsonData: {},
      lastUpdatedMs: 1,
      uid: 'x',
    }),
  );
});
afterEach(() => upstream.close());

const RANGE = { fromMs: 0, toMs: ROWS * SCRAPE + 3 * MINUTE, intervalMs: MINUTE };
function framesOf(expr: string, more: Partial<MetricsQuery> = {}, scope: Partial<QueryScope> = {}): Promise<Frame[]> {
  const query = { refId: 'A', expr, interval: '1m', ...more };
  const whole = { upstream, headers: {}, fromAlert: false, signal: new AbortController().signal, ...scope };
  return framesOfQuery(query, RANGE, whole);
}

/** Numbers to nine digits, and null where there is none. */
function shapeOf({ name, meta, fields }: Frame) {
  return {
    name,
    type: meta.type,
    unit: meta.custom?.boundUnit,
    fields: fields.map((field) => ({
      ...field,
      nulls: undefined,
      values: Array.from(field.values as ArrayLike<number>, (v, i) =>
        field.kind === 'number' && isNull(field.nulls, i) ? null : Number(v.toPrecision(9)),
      ),
    })),
  };
}

test.each([
  'sum by (le) (rate(x_seconds_bucket[2m]))',
  'sum by (le, version) (increase(x_seconds_bucket[1m]))',
  'rate(x_seconds_bucket{version="v1"}[1m])',
])('%s: rows are those of the series, spelled as they are, and resets are told', async (expr) => {
  const frames = await framesOf(expr);
  expect(asked).toEqual(['distribution']);
  const series = await framesOf(`${expr} * 1`);
  expect(asked).toEqual(['distribution', 'query_range']);
  expect(frames.map(shapeOf)).toEqual(series.map((frame) => ({ ...shapeOf(frame), name: expect.any(String) })));
  expect(frames[0].fields.map(({ name }) => name)).toEqual(['Time', '0.50', '1.0', '1.5', '+Inf']);
  expect(frames[0].meta.executedQueryString).toBe(`Expr: ${expr}\nStep: 1m`);
  const slice = Math.ceil((RESTART * SCRAPE) / MINUTE) * MINUTE;
  expect(frames[0].meta.custom?.resets).toEqual([slice]);
});

const NATIVE = 'sum by (version) (rate(native_seconds[2m]))';

test.each([
  ['heatmap', [], [NATIVE, NATIVE]],
  ['auto', ['metadata'], [NATIVE, NATIVE]],
  ['auto', ['metadata'], ['rate(native_seconds{version="v1"}[2m])', 'increase(native_seconds[1m])']],
  // One bucket is a heatmap as well.
  ['auto', ['metadata'], ['rate(lone_seconds[2m])', 'sum(rate(lone_seconds[2m]))']],
] as const)('native histograms in the format %s are cells, as those of the series', async (format, first, exprs) => {
  for (const expr of exprs) {
    const frames = await framesOf(expr, { format });
    const series = await framesOf(`${expr} * 1`, { format });
    expect(frames.map(shapeOf)).toEqual(series.map((frame) => ({ ...shapeOf(frame), name: expect.any(String) })));
    expect(frames[0].meta).toMatchObject({ type: 'heatmap-cells', custom: { resets: [expect.any(Number)] } });
  }
  expect(asked).toEqual([...first, 'distribution', 'query_range', 'distribution', 'query_range']);
});

test('native histograms of which no type is known are cells of the series', async () => {
  types = {};
  for (let round = 0; round < 2; round++) expect((await framesOf(NATIVE))[0].meta.type).toBe('heatmap-cells');
  expect(asked).toEqual(['metadata', 'query_range', 'query_range']);
});

test('beside a server without distributions, the types of names are of no use', async () => {
  refusal = [404, '404 page not found'];
  for (let round = 0; round < 2; round++) expect((await framesOf(NATIVE))[0].meta.type).toBe('heatmap-cells');
  await framesOf('rate(requests[2m])');
  expect(asked).toEqual(['metadata', 'distribution', 'query_range', 'query_range', 'query_range']);
});

test('what is no histogram, no picture, or for an alert is asked as it is written', async () => {
  expect((await framesOf('sum(rate(requests_total[2m]))'))[0].meta.type).toBe('timeseries-multi');
  await framesOf('sum by (le) (rate(x_seconds_bucket[2m]))', { format: 'time_series' });
  await framesOf('sum by (le) (rate(x_seconds_bucket[2m]))', {}, { fromAlert: true });
  await framesOf('sum by (le) (x_seconds_bucket)');
  await framesOf(NATIVE, {}, { fromAlert: true });
  expect(asked).toEqual(Array(5).fill('query_range'));
  // A counter of which a heatmap is wanted: the distribution's refusal is not the last word.
  await expect(framesOf('sum(rate(requests_total[2m]))', { format: 'heatmap' })).rejects.toThrow(/no histogram/);
  expect(asked.slice(5)).toEqual(['distribution', 'query_range']);
});

test('of a counter whose name does not tell, the type is asked once', async () => {
  for (let round = 0; round < 2; round++) await framesOf('sum(rate(requests[2m]))');
  expect(asked).toEqual(['metadata', 'query_range', 'query_range']);
});

test.each([
  [404, '404 page not found'],
  [403, 'only /api/v1/query and /api/v1/query_range pass'],
  [400, 'unsupported path requested: "/api/v1/distribution"'],
  [200, '<!doctype html><title>Some page</title>'],
] as const)('a server that answers %i, %s has no distributions, and is asked for them once', async (...answer) => {
  refusal = answer;
  const expr = 'sum by (le) (rate(x_seconds_bucket[2m]))';
  for (let round = 0; round < 3; round++) expect((await framesOf(expr))[0].meta.type).toBe('heatmap-rows');
  expect(asked).toEqual(['distribution', 'query_range', 'query_range', 'query_range']);
});

test('what took too long is not asked again as series', async () => {
  refusal = [503, '{"status":"error","errorType":"timeout","error":"query timed out"}'];
  await expect(framesOf('sum by (le) (rate(x_seconds_bucket[2m]))')).rejects.toThrow(/timed out/);
  expect(asked).toEqual(['distribution']);
});

test('a range without samples is an empty answer', async () => {
  expect(await framesOf('sum by (le) (rate(none_bucket[2m]))')).toEqual([]);
  expect(asked).toEqual(['distribution']);
});
