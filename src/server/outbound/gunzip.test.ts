import fc from 'fast-check';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Unzipper } from './gunzip.ts';

test('whatever was gzipped is unpacked, by one decompressor', () => {
  const unzipper = new Unzipper();
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.nat(60_000).map((n) => new Uint8Array(n)),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), fc.boolean(), (parts, isSplit) => {
      const packed = isSplit ? Buffer.concat(parts.map((p) => gzipSync(p))) : gzipSync(Buffer.concat(parts));
      if (packed.length === 0) return;
      expect(Buffer.from(unzipper.unzip(packed, 1 << 20)!)).toEqual(Buffer.concat(parts));
    }),
  );
  expect(unzipper.handles).toBe(1);
});

test('a body of more than is allowed is not unpacked, whatever size it claims', () => {
  const unzipper = new Unzipper();
  const packed = gzipSync(Buffer.alloc(100_000));
  expect(unzipper.unzip(packed, 99_999)).toBeUndefined();
  packed.writeUInt32LE(10, packed.length - 4);
  expect(unzipper.unzip(packed, 50_000)).toBeUndefined();
  expect(unzipper.unzip(gzipSync('a 1\n'), 4)).toEqual(new Uint8Array(Buffer.from('a 1\n')));
});

test('a body that is damaged fails as it does with gunzipSync, and the next one is unpacked', () => {
  const unzipper = new Unzipper();
  const outcome = (unzip: () => unknown) => {
    try {
      return unzip();
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
  };
  const good = gzipSync('a 1\n'.repeat(500));
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, size) => {
      const bad = Buffer.from(good.subarray(0, size));
      if (at < size) bad[at] = byte;
      const ours = outcome(() => Buffer.from(unzipper.unzip(bad, 1 << 20)!));
      expect(ours).toEqual(outcome(() => gunzipSync(bad)));
      expect(Buffer.from(unzipper.unzip(good, 1 << 20)!)).toEqual(gunzipSync(good));
    }),
  );
});
