import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import zlib from 'node:zlib';
import { bodyOf } from './answer.ts';

const KILOBYTE = 1024;
const digits = (size: number) => Buffer.from(Array.from({ length: size }, (_, i) => 0x30 + ((i * i) % 10)));

const UNFOLD = { gzip: zlib.gunzipSync, zstd: zlib.zstdDecompressSync } as const;

describe.each(['gzip', 'zstd'] as const)('a body in %s', (encoding) => {
  test.each([1, 64, 256, 258, 2048])('of %i kB is whole, in one piece or two', async (kilobytes) => {
    for (const pieces of [1, 2]) {
      const size = kilobytes * KILOBYTE;
      const given = Array.from({ length: pieces }, () => digits(size / pieces));
      const body = await bodyOf(encoding, given);
      expect(body.encoding).toBe(encoding);
      const sent = body.content instanceof Readable ? await buffer(body.content) : body.content;
      expect(UNFOLD[encoding](sent).equals(Buffer.concat(given))).toBe(true);
    }
  });

  test('goes as it is where that is less than compressing is worth', async () => {
    const small = digits(KILOBYTE - 1);
    expect(await bodyOf(encoding, [small])).toEqual({ content: small, encoding: 'identity' });
  });
});
