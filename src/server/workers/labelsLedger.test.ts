import fc from 'fast-check';
import { labelsFrom, type Labels } from '../../shared/model/labels.ts';
import { LabelsReceiver, labelsOfText, LabelsSender, textOf } from './labelsLedger.ts';

const labels: fc.Arbitrary<Labels> = fc
  .array(fc.tuple(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary' })), { maxLength: 4 })
  .map(labelsFrom);

test('any label set comes back from its text', () => {
  fc.assert(fc.property(labels, (set) => expect(labelsOfText(textOf(set))).toEqual(set)));
  const awkward = labelsFrom([
    ['a\u0000', '\u0001\u0002'],
    ['b', '\u00020'],
  ]);
  expect(labelsOfText(textOf(awkward))).toEqual(awkward);
});

test('the receiver knows what was sent, and a set is sent once', () => {
  const sender = new LabelsSender();
  const receiver = new LabelsReceiver();
  fc.assert(
    fc.property(fc.array(labels), (sets) => {
      const first = sender.pack(sets);
      receiver.learn(first.news);
      expect([...first.numbers].map((n) => receiver.setOf(n))).toEqual(sets);
      expect([...first.numbers].map((n) => sender.snapshot()[n])).toEqual(sets);
      expect(sender.pack(sets).news.texts).toEqual([]);
    }),
  );
});

test('over the bound both sides begin anew, and earlier answers can still be read', () => {
  const sender = new LabelsSender();
  const receiver = new LabelsReceiver();
  const many = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, i) => labelsFrom([['n', `${prefix}${i}`]]));
  const before = sender.pack(many(150_000, 'a'));
  receiver.learn(before.news);
  const known = sender.snapshot();
  const after = sender.pack(many(100_000, 'b'));
  expect(after.news.forget).toBe(true);
  receiver.learn(after.news);
  expect(receiver.setOf(after.numbers[7])).toEqual([['n', 'b7']]);
  expect(known[before.numbers[7]]).toEqual([['n', 'a7']]);
});
