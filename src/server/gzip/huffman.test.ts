import fc from 'fast-check';
import { codeLengths, codesOf } from './huffman.ts';

const counts = fc
  .array(fc.oneof(fc.constant(0), fc.constant(1), fc.nat({ max: 2000 })), { minLength: 2, maxLength: 286 })
  .map((list) => Uint32Array.from([...list, 1, 1]));
const bits = (of: Uint32Array, lengths: Uint8Array) => of.reduce((sum, count, i) => sum + count * lengths[i], 0);

/** Bits of the best code: what joining the two least ones costs, again and again. */
function leastBits(of: Uint32Array): number {
  const left = [...of].filter((count) => count > 0);
  let sum = 0;
  while (left.length > 1) {
    left.sort((a, b) => a - b);
    const joined = left[0] + left[1];
    left.splice(0, 2, joined);
    sum += joined;
  }
  return sum;
}

test('a code is as short as can be, and nothing of it is left over', () => {
  fc.assert(
    fc.property(counts, (of) => {
      const lengths = codeLengths(of, 32);
      expect(bits(of, lengths)).toBe(leastBits(of));
      expect(lengths.reduce((sum, length) => sum + (length > 0 ? 2 ** -length : 0), 0)).toBe(1);
      of.forEach((count, i) => expect(lengths[i] > 0).toBe(count > 0));
    }),
  );
});

test('a code is never longer than it may be', () => {
  const fibonacci = [1, 1];
  while (fibonacci.length < 28) fibonacci.push(fibonacci.at(-1)! + fibonacci.at(-2)!);
  const of = Uint32Array.from(fibonacci);
  expect(Math.max(...codeLengths(of, 32))).toBe(27);
  const lengths = codeLengths(of, 15);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(15);
  expect(lengths.reduce((sum, length) => sum + 2 ** -length, 0)).toBe(1);
});

test('codes are those of RFC 1951, 3.2.2, from their last bit on', () => {
  const codes = [0b010, 0b011, 0b100, 0b101, 0b110, 0b00, 0b1110, 0b1111];
  const lengths = Uint8Array.of(3, 3, 3, 3, 3, 2, 4, 4);
  const texts = Array.from(codesOf(lengths), (code, i) => code.toString(2).padStart(lengths[i], '0'));
  expect(texts).toEqual(codes.map((code, i) => [...code.toString(2).padStart(lengths[i], '0')].reverse().join('')));
});
