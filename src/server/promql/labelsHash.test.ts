import fc from 'fast-check';
import { labelsFrom, labelsKey } from '../../shared/model/labels.ts';
import { hashOf, LabelsIndex } from './labelsHash.ts';

const labels = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'ab'), fc.constantFrom('', 'a', 'b', 'ba')), { maxLength: 3 })
  .map(labelsFrom);

test('equal sets have equal hashes', () => {
  fc.assert(fc.property(labels, (set) => hashOf(set) === hashOf(set.map(([n, v]) => [n, v] as const))));
});

test('an index finds equal sets and no others', () => {
  fc.assert(
    fc.property(fc.array(labels), (sets) => {
      const index = new LabelsIndex();
      const keys: string[] = [];
      for (const set of sets) {
        const expected = keys.indexOf(labelsKey(set));
        expect(index.enter(set)).toBe(expected);
        if (expected < 0) keys.push(labelsKey(set));
      }
    }),
  );
});

test('sets whose hashes collide are kept apart', () => {
  const index = new LabelsIndex((set) => set.length);
  const sets = Array.from({ length: 20 }, (_, i) => labelsFrom([['i', String(i)]]));
  for (const set of sets) expect(index.enter(set)).toBe(-1);
  sets.forEach((set, i) => expect(index.enter([...set])).toBe(i));
});

test('a thousand sets have a thousand hashes', () => {
  const hashes = new Set(Array.from({ length: 1000 }, (_, i) => hashOf(labelsFrom([['i', String(i)]]))));
  expect(hashes.size).toBe(1000);
});
