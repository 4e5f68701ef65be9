import fc from 'fast-check';
import { labelsFrom } from '../../shared/model/labels.ts';
import { SlotTable } from './slotTable.ts';

const LABELS = labelsFrom([['a', 'x']]);

test('a slot is the number of different keys before it', () => {
  const key = fc.tuple(fc.constantFrom(0, 1, 6), fc.uint8Array({ maxLength: 6, max: 3 }));
  fc.assert(
    fc.property(fc.array(key, { maxLength: 200, size: 'max' }), (keys) => {
      const table = new SlotTable();
      const known = new Map<string, number>();
      for (const [kind, bytes] of keys) {
        const text = `${kind} ${bytes.join()}`;
        if (!known.has(text)) known.set(text, known.size);
        const padded = Uint8Array.of(9, ...bytes, 9);
        expect(table.slot(kind, padded, 1, 1 + bytes.length, () => LABELS)).toBe(known.get(text));
      }
      expect(table.count).toBe(known.size);
    }),
  );
});

test('keys of any length are told apart by their last byte and their first', () => {
  const table = new SlotTable();
  const keys = Array.from({ length: 300 }, (_, i) => new Uint8Array(i).fill(1)).flatMap((key) => [
    key,
    Uint8Array.of(...key, 2),
    Uint8Array.of(3, ...key),
  ]);
  const slots = keys.map((key) => table.slot(0, key, 0, key.length, () => LABELS));
  expect(slots).toEqual(keys.map((_, i) => i));
  expect(keys.map((key) => table.slot(0, key, 0, key.length, () => LABELS))).toEqual(slots);
});

test('labels stay until they are forgotten', () => {
  const table = new SlotTable();
  const bytes = Uint8Array.of(1, 2);
  expect(table.slot(0, bytes, 0, 2, () => LABELS)).toBe(0);
  expect(table.labels(0)).toBe(LABELS);
  table.forgetLabels(0);
  expect(() => table.labels(0)).toThrow('forgotten');
  table.clear();
  expect(table.slot(0, bytes, 0, 1, () => LABELS)).toBe(0);
});

test('a key whose labels cannot be read is not kept', () => {
  const table = new SlotTable();
  const bad = () => {
    throw new Error('no label');
  };
  expect(() => table.slot(0, Uint8Array.of(1), 0, 1, bad)).toThrow('no label');
  expect(table.count).toBe(0);
  expect(table.slot(0, Uint8Array.of(1), 0, 1, () => LABELS)).toBe(0);
});
