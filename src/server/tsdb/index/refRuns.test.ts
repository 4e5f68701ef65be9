import fc from 'fast-check';
import { appendRef, countRefs, expandRuns, hasRef, intersect, REF_MAX, runsOf, subtract, union } from './refRuns.ts';

/** Runs and single refs, near each other and far apart. */
const refs = fc
  .array(
    fc.record({
      first: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 100_000 })),
      length: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 70 })),
    }),
    { maxLength: 25 },
  )
  .map((runs) => {
    const set = new Set(runs.flatMap(({ first, length }) => Array.from({ length }, (_, i) => first + i)));
    return [...set].sort((a, b) => a - b);
  });

const expanded = (runs: Uint32Array) => [...expandRuns(runs)];

test('a set comes back from its runs, however it is built', () => {
  fc.assert(
    fc.property(refs, (set) => {
      const runs = runsOf(set);
      expect(expanded(runs)).toEqual(set);
      expect(countRefs(runs)).toBe(set.length);
      const words = new Uint32Array(set.length + 1);
      let length = 0;
      for (const ref of set) length = appendRef(words, 0, length, ref);
      expect(words.subarray(0, length)).toEqual(runs);
    }),
  );
});

test('series that follow each other take two words', () => {
  expect(runsOf([5, 6, 7, 8])).toHaveLength(2);
  expect(runsOf([5, 7, 8, 9, 11])).toHaveLength(4);
  expect(expanded(runsOf([REF_MAX - 1, REF_MAX]))).toEqual([REF_MAX - 1, REF_MAX]);
});

test('set operations on runs are those of sets', () => {
  fc.assert(
    fc.property(refs, refs, refs, (a, b, c) => {
      const [x, y, z] = [a, b, c].map(runsOf);
      const inB = new Set(b);
      const both = a.filter((ref) => inB.has(ref));
      expect(intersect(x, y)).toEqual(runsOf(both));
      expect(subtract(x, y)).toEqual(runsOf(a.filter((ref) => !inB.has(ref))));
      expect(union([x, y, z])).toEqual(runsOf([...new Set([...a, ...b, ...c])].sort((p, q) => p - q)));
      for (const ref of [...a, ...c]) expect(hasRef(y, ref)).toBe(inB.has(ref));
    }),
  );
});

test('one large set and a few refs, both ways round', () => {
  const large = runsOf(Array.from({ length: 50_000 }, (_, i) => 2 * i + 1));
  const few = runsOf([0x1001, 0x1002, 0x1003, 99_999]);
  expect(expanded(intersect(few, large))).toEqual([0x1001, 0x1003, 99_999]);
  expect(expanded(subtract(few, large))).toEqual([0x1002]);
  expect(countRefs(subtract(large, few))).toBe(49_997);
});
