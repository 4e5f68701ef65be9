import fc from 'fast-check';
import { textOf } from './labelText.ts';

test('texts are those of the bytes, however often they were met before', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 5 }),
    fc.string({ unit: 'grapheme', maxLength: 80 }),
    fc.constantFrom('le', 'job', ''),
  );
  fc.assert(
    fc.property(fc.array(text), fc.nat(9), (texts, pad) => {
      for (const each of [...texts, ...texts]) {
        const bytes = Buffer.from(`${'x'.repeat(pad)}${each}"}`);
        expect(textOf(bytes, pad, bytes.length - 2)).toBe(each);
      }
    }),
  );
});

test('what is not UTF-8 is refused', () => {
  expect(() => textOf(Uint8Array.of(0x61, 0xff), 0, 2)).toThrow(/not valid for encoding utf-8/);
});
