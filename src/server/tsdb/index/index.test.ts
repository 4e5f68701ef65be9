import fc from 'fast-check';
import { labelsFrom, type Labels } from '../../../shared/model/labels.ts';
import { compileMatcher, matchesAll, type Matcher } from '../../../shared/model/matchers.ts';
import { LabelIndex } from './labelIndex.ts';
import { intersect, subtract, union } from './postings.ts';

const refs = fc
  .uniqueArray(fc.oneof(fc.nat(40), fc.nat(100_000)), { maxLength: 60 })
  .map((list) => Uint32Array.from(list).sort());

test('set operations on postings are those of sets', () => {
  fc.assert(
    fc.property(refs, refs, refs, (a, b, c) => {
      const sorted = (s: Iterable<number>) => [...s].sort((x, y) => x - y);
      expect([...intersect(a, b)]).toEqual([...a].filter((x) => b.includes(x)));
      expect([...subtract(a, b)]).toEqual([...a].filter((x) => !b.includes(x)));
      expect([...union([a, b, c])]).toEqual(sorted(new Set([...a, ...b, ...c])));
    }),
  );
});

const value = fc.constantFrom('', 'x', 'y', 'xy', 'z');
const labels: fc.Arbitrary<Labels> = fc
  .record({ a: value, b: value, c: value })
  .map((record) => labelsFrom(Object.entries(record)));
const matcher: fc.Arbitrary<Matcher> = fc.record({
  name: fc.constantFrom('a', 'b', 'missing'),
  op: fc.constantFrom('=', '!=', '=~', '!~'),
  value: fc.constantFrom('', 'x', 'y', 'x|z', 'x.*', 'x.+', '.*', '.+', '(x|y)', 'x?'),
});

test('the index selects what a walk over all series selects', () => {
  fc.assert(
    fc.property(fc.array(labels, { maxLength: 20 }), fc.array(matcher, { maxLength: 3 }), (series, matchers) => {
      const index = new LabelIndex();
      series.forEach((s, i) => index.add(i + 1, s));
      const tests = matchers.map((m) => [m.name, compileMatcher(m)] as const);
      expect([...index.select(matchers)]).toEqual(series.flatMap((s, i) => (matchesAll(s, tests) ? [i + 1] : [])));
    }),
  );
});
