/** Connections that carry plain writes and queries are read here as Node's reader has them, which takes a connection that begins with an empty line. */
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { compress } from 'snappyjs';
import { WireWriter } from '../../src/shared/bytes/protobufWire.ts';
import { PlainConnections } from '../../src/server/http/plainConnections.ts';
import { labelsOf } from '../../src/shared/model/labels.ts';
import { QueryError, type QueryRequest, type QueryResult } from '../../src/server/storage/engine.ts';
import { fakeServer, vectorResult, type FakeServer } from '../support/fakeRooms.ts';

const BODY = Buffer.from(
  compress(
    new WireWriter()
      .message(1, (out) => {
        out.message(1, (label) => label.string(1, '__name__').string(2, 'up'));
        out.message(2, (sample) => sample.double(1, 1.5).int(2, 1000));
      })
      .finish()
      .slice(),
  ),
).toString('latin1');
const LINE = 'POST /api/v1/write HTTP/1.1';
const FIELDS = ['Host: a', 'Content-Type: application/x-protobuf', 'Content-Encoding: snappy'];
const LENGTH = `Content-Length: ${BODY.length}`;
const request = (more: readonly string[], body = BODY, line = LINE, fields = FIELDS) =>
  [line, ...fields, ...more].join('\r\n') + `\r\n\r\n${body}`;
const CHUNKED = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
const LAST = 'GET /-/healthy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

const asked = (
  form: string,
  more: readonly string[] = [],
  path = 'query',
  type = 'application/x-www-form-urlencoded',
) =>
  [`POST /api/v1/${path} HTTP/1.1`, 'Host: a', `Content-Type: ${type}`, `Content-Length: ${form.length}`, ...more].join(
    '\r\n',
  ) + `\r\n\r\n${form}`;

const PLAIN = [
  request([LENGTH]),
  request(['User-Agent: x/1', 'X-Prometheus-Remote-Write-Version: 0.1.0', `content-length:${BODY.length}`]),
  request([LENGTH, 'Connection: Keep-Alive', 'Accept-Encoding: gzip']),
  request(['Content-Length: 6'], '\xff\xff\xff\xff\xff\xff'),
  asked('query=up&time=1'),
  asked('query=up&start=0&end=60&step=15', ['Accept: */*'], 'query_range'),
  asked('query=up&time=x'),
  asked('query=fails'),
  asked('query=middling'),
];

/** By what is asked for. */
const ROWS: Readonly<Record<string, number>> = { up: 1, middling: 1_000, large: 20_000 };

function answerTo({ expr }: QueryRequest): QueryResult {
  if (!Object.hasOwn(ROWS, expr)) throw new QueryError('execution', 'it fails');
  const rows = Array.from({ length: ROWS[expr] }, (_, i) => i);
  return vectorResult(
    rows.map((i) => labelsOf({ __name__: 'a long name for a metric that nobody has', i: String(i) })),
    rows,
  );
}

/** Answered, and more may follow. */
const KEPT = [
  ...PLAIN,
  request(['Transfer-Encoding: chunked'], CHUNKED),
  request([LENGTH, 'X-Scope-OrgID: 1']),
  request([LENGTH, 'X-Empty:']),
  request([LENGTH, 'Origin: http://a.example']),
  request([LENGTH, 'Content-Type: text/plain'], BODY, LINE, ['Host: a']),
  request([`Content-Length: 0${BODY.length}`]),
  request(['Content-Length: 0'], ''),
  request([`${LENGTH}  `]),
  request([LENGTH], BODY, 'POST  /api/v1/write HTTP/1.1'),
  request([LENGTH], BODY, 'POST /api/v1/write?x=1 HTTP/1.1'),
  'GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /api/v1/query?query=up&time=1 HTTP/1.1\r\nHost: a\r\n\r\n',
  asked('query=up', ['Origin: http://a.example']),
  asked('query=up', [], 'query', 'text/plain'),
  asked('query=up', [], 'query?time=1'),
  asked('query=up', [], 'format_query'),
  asked('query=up', [], 'query/x'),
];
/** Refused, or the last of its connection. */
const ODD = [
  LAST,
  request([LENGTH, 'Connection: close']),
  asked('query=up&time=1', ['Connection: close']),
  request([LENGTH], BODY, 'POST /api/v1/write HTTP/1.0'),
  request([LENGTH], BODY, 'POST /api/v1/write HTTP/9.1'),
  request([LENGTH], BODY, LINE, FIELDS.slice(1)) + LAST,
  request([LENGTH, LENGTH]),
  request([LENGTH, 'Transfer-Encoding: chunked'], CHUNKED),
  request([`Content-Length: +${BODY.length}`]),
  request([`Content-Length: ${BODY.length}, ${BODY.length}`]),
  request([`Content-Length: ${BODY.length} 1`]),
  request([LENGTH, ' folded: yes']),
  request([LENGTH, 'Bad Name: 1']),
  request([LENGTH, 'Accept : 1']),
  request([LENGTH, 'Accept: a\nb: c']),
  request([LENGTH, 'Accept: a\rb']),
  request([LENGTH, 'Accept: a\0b']),
  request([LENGTH, `Accept: ${'a'.repeat(5_000)}`]) + LAST,
  request([LENGTH, 'Expect: 100-continue']) + LAST,
  request([LENGTH, 'Expect: wonders']) + LAST,
  '\x16\x03\x01\x02\0',
  'lorem ipsum\r\n\r\n',
];

/** Until what a client does not take fills all that lies between. */
const LEAVES_AFTER_MS = 200;

/** What a socket is sent, in the pieces that the cuts make. */
const piecesOf = (text: string, cuts: readonly number[]) => {
  const places = [...new Set(cuts.map((cut) => cut % text.length))].sort((a, b) => a - b);
  return [0, ...places].map((from, i) => text.slice(from, places[i]));
};

class Conversation {
  got = '';
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #onMore: () => void = () => undefined;

  constructor(address: string) {
    const [host, port] = address.split(':');
    this.#socket = connect(Number(port), host).setNoDelay();
    this.#socket.on('data', (bytes) => {
      this.got += bytes.toString('latin1');
      this.#onMore();
    });
    this.#socket.on('error', () => undefined);
    this.#closed = new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  async send(pieces: readonly string[]): Promise<void> {
    for (const piece of pieces) {
      await new Promise((resolve) => this.#socket.write(piece, 'latin1', resolve));
      await new Promise(setImmediate);
    }
  }

  answers(count: number): Promise<unknown> {
    const isThere = () => this.got.split('HTTP/1.1 ').length > count;
    const there = new Promise<void>((resolve) => (this.#onMore = () => isThere() && resolve()));
    this.#onMore();
    return Promise.race([there, this.#closed]);
  }

  /** @param takes whether it takes what comes until then. */
  leave(takes: boolean): void {
    if (!takes) this.#socket.pause();
    setTimeout(() => this.#socket.destroy(), LEAVES_AFTER_MS);
  }

  end(): Promise<void> {
    return this.#closed;
  }
}

/** @returns all that was answered, but the dates. */
async function ask(address: string, first: string, kept: string, count: number, odd: string, cuts: readonly number[]) {
  const conversation = new Conversation(address);
  await conversation.send(piecesOf(first + kept, cuts));
  await conversation.answers(count);
  await conversation.send(piecesOf(odd, cuts));
  await conversation.end();
  return conversation.got.replaceAll(/^Date: .*$/gim, 'Date');
}

describe('both ways of reading', () => {
  let at: FakeServer;
  let address: string;
  const handedOver = jest.spyOn(PlainConnections.prototype, 'handOver');
  beforeAll(async () => {
    at = fakeServer({ enableRemoteWrite: true });
    at.fake.answer = answerTo;
    address = await at.server.listen('127.0.0.1', 0);
  });
  beforeEach(() => handedOver.mockClear());
  afterAll(() => at.server.close());

  const same = async (kept: readonly string[], odd: string, cuts: readonly number[]) => {
    const text = kept.join('');
    const wanted = await ask(address, '\r\n', text, kept.length, odd, cuts);
    const before = at.fake.written.length;
    expect(await ask(address, '', text, kept.length, odd, cuts)).toBe(wanted);
    return at.fake.written.length - before;
  };

  test.each(ODD.map((odd) => [odd.slice(0, 300), odd]))('answer alike: %j', async (_, odd) => {
    await same([PLAIN[0]], odd, []);
    await same([], odd, [odd.length >> 1]);
  });

  test.each(KEPT.map((kept) => [kept.slice(0, 300), kept]))('go on alike after %j', async (_, kept) => {
    await same([kept, PLAIN[0], kept], LAST, []);
  });

  test('answer alike whatever comes in which pieces', async () => {
    const cuts = fc.array(fc.nat(2_000), { maxLength: 4 });
    const kept = fc.array(fc.constantFrom(...KEPT), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(kept, fc.constantFrom(...ODD), cuts, async (all, odd, places) => {
        await same(all, odd, places);
      }),
      { numRuns: 100 },
    );
  });

  test('answer alike cut at each byte', async () => {
    for (let cut = 1; cut < PLAIN[0].length; cut++) expect(await same([PLAIN[0]], LAST, [cut])).toBe(1);
  });

  test('plain writes and queries stay here, also in many pieces of their bodies and one behind the other; the first other request is Node’s', async () => {
    const head = PLAIN[0].indexOf('\r\n\r\n') + 4;
    const cuts = Array.from({ length: BODY.length }, (_, i) => head + i);
    const conversation = new Conversation(address);
    await conversation.send(piecesOf(PLAIN[0], cuts));
    await conversation.answers(1);
    await conversation.send([PLAIN[1] + PLAIN[2] + PLAIN[4] + PLAIN[3]]);
    await conversation.answers(5);
    expect(handedOver).not.toHaveBeenCalled();
    await conversation.send([LAST]);
    await conversation.end();
    expect(handedOver).toHaveBeenCalledTimes(1);
    expect(conversation.got.match(/HTTP\/1\.1 \d+/g)).toEqual(
      ['204', '204', '204', '200', '400', '200'].map((s) => `HTTP/1.1 ${s}`),
    );
  });
});

test('an answer that is streamed is followed by the next one, and by nothing where it cannot be ended', async () => {
  const { server, fake } = fakeServer({ enableRemoteWrite: true });
  fake.answer = answerTo;
  const address = await server.listen('127.0.0.1', 0);
  const whole = new Conversation(address);
  await whole.send([asked('query=large') + asked('query=up')]);
  await whole.answers(2);
  const [large, small] = whole.got.split(/(?<=\r\n0\r\n\r\n)/);
  expect(large).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\nTransfer-Encoding: chunked\r\n\r\n/);
  expect(small).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  jest.spyOn(fake.engine, 'answer').mockImplementation(async () => brokenPieces());
  const broken = new Conversation(address);
  await broken.send([asked('query=large') + asked('query=up')]);
  await broken.end();
  expect(broken.got).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\nTransfer-Encoding: chunked\r\n\r\n/);
  expect(broken.got).not.toMatch(/\r\n0\r\n\r\n/);
  await server.close();
});

test('a client that goes away while it is answered ends what is made for it, also where it takes nothing', async () => {
  const { server, fake } = fakeServer();
  const address = await server.listen('127.0.0.1', 0);
  for (const takes of [true, false]) {
    let isEnded = false;
    const pieces = async function* () {
      try {
        for (;;) yield new Uint8Array(64 * 1024).fill(0x20);
      } finally {
        isEnded = true;
      }
    };
    jest.spyOn(fake.engine, 'answer').mockImplementation(async () => pieces());
    const conversation = new Conversation(address);
    await conversation.send([asked('query=large')]);
    await conversation.answers(1);
    conversation.leave(takes);
    while (!isEnded) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await server.close();
});

async function* brokenPieces(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 40; i++) yield new Uint8Array(64 * 1024).fill(0x20);
  throw new Error('it breaks');
}

test('a connection that waits for its next request ends with the server, one whose request has begun with its answer', async () => {
  const { server, fake } = fakeServer({ enableRemoteWrite: true });
  const address = await server.listen('127.0.0.1', 0);
  const [idle, begun] = [new Conversation(address), new Conversation(address)];
  await idle.send([PLAIN[0]]);
  await idle.answers(1);
  await begun.send([PLAIN[0] + PLAIN[0].slice(0, -1)]);
  await begun.answers(1);
  const closed = server.close();
  await idle.end();
  await begun.send([PLAIN[0].slice(-1)]);
  await begun.end();
  await closed;
  expect(begun.got).toMatch(/^HTTP\/1\.1 204 [^]*\r\n\r\nHTTP\/1\.1 204 [^]*\r\nConnection: close\r\n\r\n$/);
  expect(fake.written).toHaveLength(3);
});
