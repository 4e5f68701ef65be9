import fc from 'fast-check';
import { RE2JS } from 're2js';
import { compilePattern } from './matchers.ts';

const part = fc.constantFrom('a', 'ab', 'b', '', 'a\nb', '-');
const any = fc.constantFrom('', '.*', '.+');
const alternative = fc.tuple(any, part, any).map((parts) => parts.join(''));
const pattern = fc
  .tuple(fc.array(alternative, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '(', '(?:'))
  .map(([list, open]) => (open === '' ? list.join('|') : `${open}${list.join('|')})`));
const text = fc.array(fc.constantFrom('a', 'b', '-', '\n'), { maxLength: 5 }).map((letters) => letters.join(''));

test('patterns that need no RE2 match as it does', () => {
  fc.assert(
    fc.property(pattern, text, (written, given) => {
      expect(compilePattern(written)(given)).toBe(RE2JS.compile(written, RE2JS.DOTALL).matches(given));
    }),
    { numRuns: 2000 },
  );
});

test('patterns match the same however many others were met between', () => {
  const digit = (k: number) => compilePattern(`a[${k % 10}]{${1 + Math.floor(k / 10)}}`);
  const fits = (k: number) => `a${String(k % 10).repeat(1 + Math.floor(k / 10))}`;
  for (let round = 0; round < 2; round++) {
    for (let k = 0; k < 100; k++) {
      expect(digit(k)(fits(k))).toBe(true);
      expect(digit(k)(fits(k + 1))).toBe(false);
      expect(digit(0)(fits(0))).toBe(true);
    }
  }
});
