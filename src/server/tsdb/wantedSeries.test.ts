import fc from 'fast-check';
import { groupSeries } from './block/block.ts';
import { mayHave, wantedOf } from './wantedSeries.ts';

const REF_MAX = 40;
const refs = (min: number) =>
  fc.uniqueArray(fc.integer({ min: 1, max: REF_MAX }), { minLength: min, maxLength: REF_MAX });

test('the series found are those whose refs are asked for, whatever the order of the group', () => {
  fc.assert(
    fc.property(refs(1), refs(0), (own, asked) => {
      const group = groupSeries(
        Int32Array.from(own, (_, i) => 3 * i),
        Uint32Array.from(own),
      );
      const found = wantedOf(group, Uint32Array.from(asked).sort());
      const expected = own.flatMap((ref, i) => (asked.includes(ref) ? [[ref, 3 * i]] : []));
      expect([...found.refs].map((ref, i) => [ref, found.columns[i]])).toEqual(expected);
      expect(found.refs === group.refs).toBe(expected.length === own.length);
    }),
  );
});

test('a group is passed by only where none of its series is asked for', () => {
  fc.assert(
    fc.property(refs(1), refs(0), (own, asked) => {
      const group = groupSeries(new Int32Array(own.length), Uint32Array.from(own));
      const [low, high] = [Math.min(...own), Math.max(...own)];
      expect(mayHave(group, Uint32Array.from(asked).sort())).toBe(asked.some((ref) => ref >= low && ref <= high));
    }),
  );
});
