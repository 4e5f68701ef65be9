import fc from 'fast-check';
import { labelsOf, type Labels } from '../../shared/model/labels.ts';
import { SlotLabels } from './slotLabels.ts';

test('it holds what a map would, whatever order slots come and go in', () => {
  const slot = fc.integer({ min: 0, max: 12 });
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ set: slot }) },
    { weight: 3, arbitrary: fc.record({ delete: slot }) },
    fc.constant('clear' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const compact = new SlotLabels();
      const plain = new Map<number, Labels>();
      for (const [i, s] of steps.entries()) {
        const labels = labelsOf({ step: String(i) });
        for (const held of [compact, plain]) {
          if (s === 'clear') held.clear();
          else if ('set' in s) held.set(s.set, labels);
          else held.delete(s.delete);
        }
        expect(compact.size).toBe(plain.size);
        expect([...compact.slots()]).toEqual([...plain.keys()].sort((a, b) => a - b));
        for (let at = 0; at <= 13; at++) expect(compact.get(at)).toBe(plain.get(at));
      }
    }),
    { numRuns: 1000 },
  );
});
