import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import zlib from 'node:zlib';
import { bodyOf } from './answer.ts';

const KILOBYTE = 1024;
const digits = (size: number) => Buffer.from(Array.from({ length: size }, (_, i) => 0x30 + ((i * i) % 10)));

/** As a range query is answered. */
const matrix = (size: number) => {
  const points = Array.from({ length: size / 32 }, (_, i) => `[${1767225600 + i * 15},"${Math.sin(i).toFixed(12)}"]`);
  return Buffer.from(`{"status":"success","data":[${points.join()}`.slice(0, size - 2).padEnd(size - 2) + ']}');
};

const UNFOLD = { gzip: zlib.gunzipSync, zstd: zlib.zstdDecompressSync } as const;

describe.each(['gzip', 'zstd'] as const)('a body in %s', (encoding) => {
  test.each([1, 8, 64, 256, 258, 512, 514, 2048])('of %i kB is whole, in one piece or two', async (kilobytes) => {
    for (const [make, pieces] of [digits, matrix].flatMap((of) => [[of, 1] as const, [of, 2] as const])) {
      const size = kilobytes * KILOBYTE;
      const given = Array.from({ length: pieces }, () => make(size / pieces));
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
