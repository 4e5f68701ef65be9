import fc from 'fast-check';
import { AnswerParser, AnswerSyntaxError, HEAD_BYTES_MAX, type AnswerHead } from './answerParser.ts';

/** Collects what the parser says of one answer. */
class Collected {
  head: AnswerHead | undefined;
  length: number | undefined;
  readonly parts: Buffer[] = [];
  readonly parser = new AnswerParser({
    begin: ({ status, contentType, contentEncoding, location }, length) => {
      this.head = { status, contentType, contentEncoding, location };
      this.length = length;
    },
    write: (bytes, from, to) => void this.parts.push(Buffer.from(bytes.subarray(from, to))),
  });

  /** Takes the bytes in pieces that end at these places, in memory that is used again for the next. */
  take(bytes: Buffer, cuts: readonly number[] = []): boolean {
    this.parser.start();
    const shared = Buffer.alloc(bytes.length + 16, 'x');
    const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
      (a, b) => a - b,
    );
    let isWhole = false;
    for (let i = 1; i < places.length; i++) {
      const piece = bytes.subarray(places[i - 1], places[i]);
      shared.fill('x').set(piece);
      isWhole = this.parser.take(shared, piece.length);
    }
    return isWhole;
  }

  get body(): string {
    return Buffer.concat(this.parts).toString('latin1');
  }
}

const take = (text: string) => {
  const collected = new Collected();
  const isWhole = collected.take(Buffer.from(text, 'latin1'));
  return { ...collected, isWhole, body: collected.body, keepsAlive: collected.parser.keepsAlive };
};

describe('an answer', () => {
  test('of a known length', () =>
    expect(take('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCONTENT-LENGTH:  4 \r\n\r\na 1\n')).toMatchObject({
      ...{ isWhole: true, keepsAlive: true, body: 'a 1\n', length: 4 },
      head: { status: 200, contentType: 'text/plain' },
    }));
  test('in chunks, with extensions and trailers', () =>
    expect(
      take(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=b\r\na 1\r\nA \r\n\nb 2\nc 3\n!\r\n0\r\nX: y\r\n\r\n',
      ),
    ).toMatchObject({ isWhole: true, keepsAlive: true, body: 'a 1\nb 2\nc 3\n!', length: undefined }));
  test('that ends with its connection', () => {
    const collected = new Collected();
    expect(collected.take(Buffer.from('HTTP/1.1 200 OK\n\na 1\n'))).toBe(false);
    expect([collected.parser.end(), collected.parser.keepsAlive, collected.body]).toEqual([true, false, 'a 1\n']);
  });
  test.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na 1\n'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na 1\n\r\n'],
    ['HTTP/1.1 200'],
    [''],
  ])('%j is not whole when its connection ends', (text) => {
    const collected = new Collected();
    collected.take(Buffer.from(text));
    expect(collected.parser.end()).toBe(false);
  });
  test('without a body', () =>
    expect(take('HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n')).toMatchObject({
      isWhole: true,
      length: 0,
    }));
  test('behind a hint', () =>
    expect(
      take(
        'HTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\nLocation: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx',
      ),
    ).toMatchObject({ isWhole: true, body: 'x', head: { status: 200, location: undefined } }));
  test('with a place to go to, a coding, and a folded header', () =>
    expect(
      take(
        'HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Encoding: GZIP\r\nX: a\r\n : b\r\nContent-Length: 0\r\n\r\n',
      ).head,
    ).toEqual({ status: 302, contentType: undefined, contentEncoding: 'gzip', location: '/there' }));
  test.each([
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', false],
    ['HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n', true],
    ['HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 0\r\n\r\n', false],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n', false],
  ])('%j: may the connection be used again? %s', (text, keepsAlive) =>
    expect(take(text)).toMatchObject({ isWhole: true, keepsAlive }),
  );
});

describe('refused is', () => {
  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH'],
    ['TLS', '\x15\x03\x01'],
    ['a line without anything', '\r\n'],
    ['HTTP/2', 'HTTP/2 200\r\n'],
    ['a status that is none', 'HTTP/1.1 2x0 OK\r\n'],
    ['a status too short', 'HTTP/1.1 20\r\n'],
    ['a header without a name', 'HTTP/1.1 200 OK\r\n: x\r\n'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nx\r\n'],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n'],
    ['a transfer coding that was not asked for', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n'],
    ['a chunk without a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n'],
    ['a chunk that is longer than it says', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n'],
    ['a size that no chunk has', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'f'.repeat(15)}\r\n`],
    ['a chunk line without an end', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(5000)}`],
  ])('%s', (_, text) => expect(() => take(text)).toThrow(AnswerSyntaxError));
  test.each([
    ['a head', 'HTTP/1.1 200 OK\r\nX: '],
    ['trailers', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: '],
  ])('%s without an end', (_, text) =>
    expect(() => take(text + 'x'.repeat(HEAD_BYTES_MAX))).toThrow(
      expect.objectContaining({ code: 'UND_ERR_HEADERS_OVERFLOW' }),
    ),
  );
});

test('however an answer is cut into pieces, it says the same', () => {
  const body = fc.string({ unit: 'binary-ascii', maxLength: 300 });
  const framed = fc.oneof(
    body.map((text) => ({ text, wire: `Content-Length: ${text.length}\r\n\r\n${text}` })),
    fc.array(fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 })).map((chunks) => ({
      text: chunks.join(''),
      wire: `transfer-encoding: chunked\r\n\r\n${chunks.map((c) => `${c.length.toString(16)}\r\n${c}\r\n`).join('')}0\r\n\r\n`,
    })),
  );
  fc.assert(
    fc.property(framed, fc.array(fc.nat()), ({ text, wire }, cuts) => {
      const collected = new Collected();
      const bytes = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n${wire}`, 'latin1');
      expect(collected.take(bytes, cuts)).toBe(true);
      expect([collected.body, collected.head?.contentType]).toEqual([text, 'a/b']);
    }),
  );
});

test('whatever comes, the parser reads on or refuses', () => {
  const piece = fc.constantFrom(
    'HTTP/1.1 200 OK\r\n',
    '\r\n',
    'Content-Length: 3\r\n',
    'Transfer-Encoding: chunked\r\n',
    '3\r\n',
    'abc',
    '0\r\n',
    '\0',
    ':',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 12 }), fc.array(fc.nat()), (pieces, cuts) => {
      try {
        new Collected().take(Buffer.from(pieces.join(''), 'latin1'), cuts);
      } catch (error) {
        expect(error).toBeInstanceOf(AnswerSyntaxError);
      }
    }),
  );
});
