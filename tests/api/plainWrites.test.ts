/** Remote write by its short way answers as the framework's way does, which the tests of server.test.ts take. */
import { connect } from 'node:net';
import { compress } from 'snappyjs';
import { WireWriter } from '../../src/shared/bytes/protobufWire.ts';
import { INPUT_SIZE_MAX } from '../../src/server/remote/receive/readWrites.wat.ts';
import { StorageError } from '../../src/server/storage/appender.ts';
import { fakeServer, type FakeServer } from '../support/fakeRooms.ts';
import { bothWays, webConfig, type Overrides, type Sent } from '../support/bothWays.ts';

type Given = Partial<Sent>;
const ON = { enableRemoteWrite: true };
const TYPE = 'application/x-protobuf';
const TYPE2 = `${TYPE};proto=io.prometheus.write.v2.Request`;

const series = (name: string, ...times: number[]) =>
  compress(
    new WireWriter()
      .message(1, (out) => {
        out.message(1, (label) => label.string(1, name).string(2, 'up'));
        for (const t of times) out.message(2, (sample) => sample.double(1, 1.5).int(2, t));
      })
      .finish()
      .slice(),
  );
const GOOD = series('__name__', 1000, 2000);
const version2 = (ref: number) => {
  const out = new WireWriter();
  for (const symbol of ['', '__name__', 'up']) out.stringAlways(4, symbol);
  out.message(5, (one) => one.packedInts(1, [1, ref]).message(2, (sample) => sample.double(1, 1.5).int(2, 1000)));
  return compress(out.finish().slice());
};

const headersOf = (headers: Sent['headers'] = {}) => ({
  'content-type': TYPE,
  'content-encoding': 'snappy',
  ...headers,
});
/** @param headers more of them, or others. */
const sentOf = ({ headers, ...sent }: Given): Sent => ({
  url: '/api/v1/write',
  method: 'POST',
  body: GOOD,
  ...sent,
  headers: headersOf(headers),
});

const full = (at: FakeServer) => {
  const appender = at.fake.storage.appender();
  appender.commit = () => Promise.reject(new StorageError('disk_full', 'free some space'));
  at.fake.storage.appender = () => appender;
};
const broken = (at: FakeServer) => {
  at.fake.storage.appender = () => {
    throw new Error('bug');
  };
};

describe('taken at once, answered as by the framework', () => {
  test.each<[string, number, Given, Overrides?, ((at: FakeServer) => void)?]>([
    ['samples', 204, {}],
    ['samples without a coding named', 204, { headers: { 'content-encoding': 'snappy', 'user-agent': 'x' } }],
    ['version 2', 204, { headers: { 'content-type': TYPE2 }, body: version2(2) }],
    ['version 2, in part', 400, { headers: { 'content-type': TYPE2 }, body: version2(9) }],
    ['series without a name', 400, { body: series('job', 1) }],
    ['samples of the future', 400, { body: series('__name__', 1, 1e15) }],
    ['no snappy', 400, { body: Uint8Array.of(255, 255, 255, 255, 255, 255) }],
    ['no protobuf', 400, { body: compress(Uint8Array.of(0x0b, 1)) }],
    ['many pieces', 400, { body: new Uint8Array(INPUT_SIZE_MAX) }],
    ['a full disk', 503, {}, [], full],
    ['a bug', 500, {}, [], broken],
    ['below a prefix', 204, { url: '/mon/api/v1/write' }, [{ routePrefix: '/mon' }]],
    [
      'headers of the configuration',
      204,
      {},
      [{}, webConfig('http_server_config: {headers: {X-Frame-Options: deny, Content-Security-Policy: none}}')],
    ],
  ])('%s', async (_, status, sent, overrides = [], prepare) => {
    const [options, others] = overrides;
    expect(await bothWays(sentOf(sent), [{ ...ON, ...options }, others], prepare)).toMatchObject({
      status,
      isPlain: true,
    });
  });
});

describe('left to the framework', () => {
  test.each<[string, number, Given, Overrides?]>([
    ['a page asks', 204, { headers: { origin: 'http://a.example' } }],
    ['a page of another site', 403, { headers: { 'sec-fetch-site': 'cross-site' } }],
    ['a query', 204, { url: '/api/v1/write?x=1' }],
    ['another path', 404, { url: '/api/v1/write/x' }],
    ['a slash at its end', 307, { url: '/api/v1/write/' }],
    ['another method', 405, { method: 'PUT' }],
    ['another coding', 415, { headers: { 'content-encoding': 'gzip' } }],
    ['another type', 415, { headers: { 'content-type': 'application/json' } }],
    ['no body', 400, { body: new Uint8Array() }],
    ['too large a body', 413, { body: new Uint8Array(INPUT_SIZE_MAX + 1) }],
    ['without the flag', 404, {}, [{ enableRemoteWrite: false }]],
    ['while the log is read', 503, {}, [{}, { rooms: () => undefined }]],
    ['a login is asked for', 401, {}, [{}, webConfig(`tokens: [{name: a, access: write, sha256: ${'0'.repeat(64)}}]`)]],
    ['turns are counted', 204, {}, [{}, webConfig('rate_limit: {interval: 1s, burst: 5}')]],
  ])('%s', async (_, status, sent, overrides = []) => {
    const [options, others] = overrides;
    expect(await bothWays(sentOf(sent), [{ ...ON, ...options }, others])).toMatchObject({ status, isPlain: false });
  });
});

test('a body that comes in pieces is put together, and one that does not end is nobody’s', async () => {
  const { server, fake } = fakeServer(ON);
  const [host, port] = (await server.listen('127.0.0.1', 0)).split(':');
  const head = `POST /api/v1/write HTTP/1.1\r\nhost: a\r\ncontent-type: ${TYPE}\r\ncontent-length: ${GOOD.length}\r\n\r\n`;
  const send = (pieces: readonly (string | Uint8Array)[]) =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(port), host)
        .setNoDelay()
        .once('data', (answer) => resolve(String(answer)));
      socket.once('close', () => resolve(''));
      const next = (i: number): unknown =>
        i < pieces.length ? socket.write(pieces[i], () => setImmediate(next, i + 1)) : socket.end();
      next(0);
    });
  expect(await send([head, ...Array.from(GOOD, (byte) => Uint8Array.of(byte))])).toMatch(/^HTTP\/1.1 204 /);
  expect(fake.written).toHaveLength(2);
  await send([head, GOOD.subarray(0, 9)]);
  expect(await send([head, GOOD])).toMatch(/^HTTP\/1.1 204 /);
  expect(fake.written).toHaveLength(4);
  await server.close();
});

test('once it closes, a server takes no more', async () => {
  const { server, fake } = fakeServer(ON);
  const [host, port] = (await server.listen('127.0.0.1', 0)).split(':');
  const head = `POST /api/v1/write HTTP/1.1\r\nhost: a\r\ncontent-type: ${TYPE}\r\ncontent-length: ${GOOD.length}\r\n\r\n`;
  const socket = connect(Number(port), host);
  const answer = new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(String(bytes))));
  // The connection is not idle any more.
  socket.write('POST ');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const closed = server.close();
  socket.write(head.slice('POST '.length));
  socket.write(GOOD);
  expect(await answer).toMatch(/^HTTP\/1.1 503 /);
  expect(fake.written).toEqual([]);
  await closed;
});
