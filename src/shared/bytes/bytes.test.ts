import fc from 'fast-check';
import { BitReader, BitWriter, riceSize } from './bits.ts';
import { ByteReader, TruncatedError } from './byteReader.ts';
import { ByteWriter } from './byteWriter.ts';
import { crc32c } from './crc32c.ts';

const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

describe('crc32c', () => {
  test.each([
    ['nothing', new Uint8Array(0), 0],
    ['the digits 1 to 9', ascii('123456789'), 0xe3069283],
    ['32 zero bytes (RFC 3720)', new Uint8Array(32), 0x8a9136aa],
    ['32 bytes of ones (RFC 3720)', new Uint8Array(32).fill(255), 0x62a8ab43],
    ['0 to 31 (RFC 3720)', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ])('of %s', (_, bytes, sum) => expect(crc32c(bytes)).toBe(sum));
  test('continues from a seed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), (bytes, cut) => {
        const middle = Math.min(cut, bytes.length);
        return crc32c(bytes, middle, bytes.length, crc32c(bytes, 0, middle)) === crc32c(bytes);
      }),
    );
  });
});

describe('bytes', () => {
  test('varints, zigzags, numbers and texts come back', () => {
    const big = fc.maxSafeNat();
    const signed = fc.integer({ min: -(2 ** 51), max: 2 ** 51 });
    const v = fc.oneof(fc.double(), signed, fc.constantFrom(0, -0, Infinity, 2 ** 50, -(2 ** 50)));
    fc.assert(
      fc.property(big, signed, v, fc.string({ unit: 'binary' }), (a, b, c, text) => {
        const w = new ByteWriter(1);
        w.varint(a);
        w.zigzag(b);
        w.number(c);
        w.text(text);
        const r = new ByteReader(w.copy());
        expect([r.varint(), r.zigzag(), r.number(), r.text(), r.done]).toEqual([a, b, c, text, true]);
      }),
    );
  });
  test('a lone surrogate comes back', () => {
    const w = new ByteWriter();
    w.text('a\ud800b');
    expect(new ByteReader(w.written).text()).toBe('a\ud800b');
  });
  test('text is UTF-8', () => {
    const w = new ByteWriter();
    w.text('aß€😀');
    expect(Buffer.from(w.written.subarray(1)).toString('utf8')).toBe('aß€😀');
  });
  test('reading past the end is refused', () => {
    expect(() => new ByteReader(new Uint8Array([0x80])).varint()).toThrow(TruncatedError);
    expect(() => new ByteReader(new Uint8Array([5, 65])).text()).toThrow(TruncatedError);
    expect(() => new ByteReader(new Uint8Array(3)).u32()).toThrow(TruncatedError);
  });
});

test('bits and Rice codes come back, in the size foretold', () => {
  const word = fc.integer({ min: 0, max: 32 }).chain((n) => fc.tuple(fc.constant(n), fc.nat(2 ** Math.min(n, 31) - 1)));
  const rice = fc.tuple(fc.nat(53), fc.oneof(fc.nat(100), fc.maxSafeNat()));
  fc.assert(
    fc.property(fc.array(fc.tuple(word, rice), { maxLength: 100 }), (items) => {
      const w = new BitWriter();
      let size = 0;
      for (const [[n, value], [k, u]] of items) {
        w.bits(value, n);
        w.rice(u, k);
        size += n + riceSize(u, k);
      }
      expect(w.bitLength).toBe(size);
      const bytes = w.copy();
      const r = new BitReader();
      r.reset(bytes, 0, bytes.length);
      for (const [[n, value], [k, u]] of items) expect([r.bits(n), r.rice(k)]).toEqual([value, u]);
    }),
  );
});

test.each([63, 64, 65, 128])('bits after %i whole words are kept', (count) => {
  const w = new BitWriter();
  for (let i = 0; i < count; i++) w.bits(0xffffffff, 32);
  w.bits(0b101, 3);
  expect(w.copy()).toHaveLength(4 * count + 1);
  expect(w.copy().at(-1)).toBe(0b101);
});
