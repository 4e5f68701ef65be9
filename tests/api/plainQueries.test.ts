/** Queries by their short way are answered as by the framework's way, which the tests of query.test.ts take. */
import { connect, type Socket } from 'node:net';
import { labelsOf } from '../../src/shared/model/labels.ts';
import { MATRIX_TYPE } from '../../src/shared/api/matrixColumns.ts';
import { DEFAULT_LIMITS } from '../../src/server/promql/engine.ts';
import { createQueryRunner } from '../../src/server/workers/queryRunner.ts';
import { bothWays, webConfig, type Overrides, type Sent } from '../support/bothWays.ts';
import { FakeRooms, fakeServer } from '../support/fakeRooms.ts';
import { MemoryQueryable } from '../support/memoryQueryable.ts';

const queryable = new MemoryQueryable(
  Array.from({ length: 20 }, (_, i) => ({
    labels: labelsOf({ __name__: 'x', i: i === 0 ? 'ü"\n' : String(i) }),
    samples: Array.from({ length: 100 }, (_, t): [number, number] => [t * 60_000, i + t / 7]),
  })),
);
const engine = createQueryRunner({ queryable, workers: 0, limits: DEFAULT_LIMITS });
afterAll(() => engine.close());

const rooms = () => ({ ...new FakeRooms().rooms(), queryable, engine });
const FORM = 'application/x-www-form-urlencoded';
const form = (body: string, type = FORM): Partial<Sent> => ({
  method: 'POST',
  headers: { 'content-type': type, 'accept-encoding': 'gzip' },
  body: Buffer.from(body),
});
const INSTANT = '/api/v1/query?query=x{i="1"}&time=600';
const RANGE = '/api/v1/query_range?query=x&start=0&end=5990&step=60';
const LARGE = '/api/v1/query_range?query=x&start=0&end=5990&step=1';

/** A case: what is sent, beside a GET without headers. */
type Case = [string, number, Partial<Sent>, Overrides?];

const ask = (sent: Partial<Sent>, [options, others]: Overrides) =>
  bothWays({ url: INSTANT, method: 'GET', ...sent }, [options, { rooms, ...others }]);

describe('taken at once, answered as by the framework', () => {
  test.each<Case>([
    ['an instant query', 200, {}],
    ['a range query', 200, { url: RANGE }],
    ['gzip', 200, { url: RANGE, headers: { 'accept-encoding': 'gzip, deflate' } }],
    ['zstd', 200, { url: RANGE, headers: { 'accept-encoding': 'gzip;q=0.5, zstd' } }],
    ['an answer that is streamed', 200, { url: LARGE }],
    ['one that is streamed and compressed', 200, { url: LARGE, headers: { 'accept-encoding': 'gzip' } }],
    ['a form', 200, { url: '/api/v1/query', ...form('query=x&time=600') }],
    ['a form whose answer is streamed', 200, { url: LARGE.split('?')[0], ...form(LARGE.split('?')[1]) }],
    [
      'the same, not compressed',
      200,
      { url: LARGE.split('?')[0], ...form(LARGE.split('?')[1]), headers: { 'content-type': FORM } },
    ],
    ['a form with its charset', 200, { url: '/api/v1/query', ...form('query=x', `${FORM};charset=UTF-8`) }],
    ['a form beside a query', 200, { url: '/api/v1/query?time=600&query=y', ...form('query=x') }],
    ['letters beyond ASCII', 200, { url: '/api/v1/query', ...form('query=x{i="%C3%BC%5C%22%5Cn"}&time=600') }],
    ['nothing is found', 200, { url: '/api/v1/query?query=nothing' }],
    ['statistics refused', 400, { url: '/api/v1/query?query=x&time=600&limit=a' }],
    ['no query', 400, { url: '/api/v1/query' }],
    ['no PromQL', 400, { url: '/api/v1/query', ...form('query=x[') }],
    ['no range', 400, { url: '/api/v1/query_range?query=x' }],
    ['too many points', 400, { url: '/api/v1/query_range?query=x&start=0&end=100000&step=1' }],
    ['what cannot be evaluated', 422, { url: '/api/v1/query?query=x*on()x&time=600' }],
    ['below a prefix', 200, { url: `/mon${INSTANT}` }, [{ routePrefix: '/mon' }]],
    [
      'headers of the configuration',
      200,
      {},
      [{}, webConfig('http_server_config: {headers: {X-Frame-Options: deny, Content-Security-Policy: none}}')],
    ],
  ])('%s', async (_, status, sent, overrides = []) => {
    expect(await ask(sent, overrides)).toMatchObject({ status, isPlain: true });
  });
});

describe('left to the framework', () => {
  test.each<Case>([
    ['a page asks', 200, { headers: { origin: 'http://a.example' } }],
    ['a page of ours asks', 200, { headers: { 'sec-fetch-site': 'same-origin' } }],
    ['answers as columns', 200, { url: LARGE, headers: { accept: `${MATRIX_TYPE}, application/json` } }],
    ['another path', 200, { url: '/api/v1/format_query?query=x' }],
    ['a path that is none', 404, { url: '/api/v1/query/x' }],
    ['another method', 405, { method: 'PUT' }],
    ['a body of another type', 400, { url: '/api/v1/query', ...form('query=x', 'text/plain') }],
    ['a form that is too large', 413, { url: '/api/v1/query', ...form(`query=${'x'.repeat(10 * 1024 * 1024)}`) }],
    ['while the log is read', 503, {}, [{}, { rooms: () => undefined }]],
    ['a login is asked for', 401, {}, [{}, webConfig(`tokens: [{name: a, access: write, sha256: ${'0'.repeat(64)}}]`)]],
    ['turns are counted', 200, {}, [{}, webConfig('rate_limit: {interval: 1s, burst: 5}')]],
  ])('%s', async (_, status, sent, overrides = []) => {
    expect(await ask(sent, overrides)).toMatchObject({ status, isPlain: false });
  });
});

test.each([
  ['Node reads', `GET ${INSTANT.replaceAll('"', '%22')} HTTP/1.1\r\nhost: a\r\n\r\n`],
  [
    'is read here',
    `POST /api/v1/query HTTP/1.1\r\nhost: a\r\ncontent-type: ${FORM}\r\ncontent-length: 7\r\n\r\nquery=x`,
  ],
])('a client that goes away, or ends what it says, ends its query where %s', async (_, text) => {
  await expectToEnd(text, (socket) => socket.destroy());
  await expectToEnd(text, (socket) => socket.end());
});

/** Asks, does `leave` when the query runs, and waits until it is ended. */
async function expectToEnd(text: string, leave: (socket: Socket) => void): Promise<void> {
  let signal: AbortSignal | undefined;
  const { server } = fakeServer(
    {},
    {
      rooms: () => ({
        ...rooms(),
        engine: {
          ...engine,
          answer: (request) => {
            ({ signal } = request);
            return new Promise((_, reject) => signal!.addEventListener('abort', () => reject(new Error('gone'))));
          },
        },
      }),
    },
  );
  const [host, port] = (await server.listen('127.0.0.1', 0)).split(':');
  const socket = connect(Number(port), host);
  socket.write(text);
  while (signal === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(signal.aborted).toBe(false);
  leave(socket);
  while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
  await server.close();
}
