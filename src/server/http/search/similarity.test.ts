import fc from 'fast-check';
import { jaroWinklerScore, subsequenceScore, substringScore } from './similarity.ts';

// Published examples of Winkler's measure.
test.each([
  ['MARTHA', 'MARHTA', 0.961],
  ['DWAYNE', 'DUANE', 0.84],
  ['DIXON', 'DICKSONX', 0.813],
  ['same', 'same', 1],
  ['abc', 'xyz', 0],
  ['', 'abc', 0],
])('%s and %s are %d alike', (a, b, score) => expect(jaroWinklerScore(a, b)).toBeCloseTo(score, 3));

test.each([
  ['http', 'http_requests_total', 1],
  ['', 'anything', 1],
  ['requests', 'http_requests_total', 1 - (0.9 * 5) / 11],
  ['total', 'http_requests_total', 0.1],
  ['ü', 'aüb', 1 - 0.9 / 2],
])('%s is a part of %s with %d', (pattern, text, score) =>
  expect(substringScore(pattern, text)).toBeCloseTo(score, 12),
);

test('what is no part of a text has no score', () => expect(substringScore('x', 'abc')).toBeUndefined());

test.each([
  ['up', 'up', 1],
  ['htp', 'http', ((4 + 1 - 1 / 4) / 9) * 0.999],
  ['rt', 'http_requests_total', ((1 + 1 - 5 / 19 - 5 / 19 - 7 / 38) / 4) * 0.999],
  ['zz', 'http', 0],
  ['longer', 'long', 0],
])('%s in %s scores %d', (pattern, text, score) => expect(subsequenceScore(pattern, text)).toBeCloseTo(score, 12));

const text = fc.string({ unit: fc.constantFrom('a', 'b', '_', '𝛼'), maxLength: 12 });

test('a score is positive exactly where the letters stand in order, and 1 only for a beginning', () => {
  fc.assert(
    fc.property(text, text, (pattern, whole) => {
      let rest = [...whole];
      const inOrder = [...pattern].every((letter) => {
        const at = rest.indexOf(letter);
        rest = rest.slice(at + 1);
        return at >= 0;
      });
      const score = subsequenceScore(pattern, whole);
      if (!inOrder) expect(score).toBe(0);
      expect(score === 1).toBe(whole.startsWith(pattern));
      expect(score).toBeLessThanOrEqual(1);
    }),
  );
});

test('two texts are as like as the other two ways round, from 0 to 1', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const score = jaroWinklerScore(a, b);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      expect(score === 1).toBe(a === b);
    }),
  );
});
