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
  const sets: Labels[] = [];
  fc.assert(
    fc.property(fc.array(labels), (more) => {
      const refs = Uint32Array.from(more, (set) => sets.push(set) - 1);
      const news = sender.newsOf([refs, refs], (ref) => sets[ref]);
      receiver.learn(news);
      expect(news.refs).toHaveLength(more.length);
      expect([...refs].map((ref) => receiver.labels(ref))).toEqual(more);
      const again = sender.newsOf([refs], (ref) => sets[ref]);
      expect([again.refs.length, again.pairs.length, again.texts.length]).toEqual([0, 0, 0]);
    }),
  );
});

test('a pair that series share is sent once', () => {
  const shared = labelsFrom([['job', 'model']])[0];
  const sender = new LabelsSender();
  const receiver = new LabelsReceiver();
  const labelsOf = (ref: number): Labels => [shared, ['n', String(ref)]];
  for (const ref of [1, 2]) {
    const news = sender.newsOf([Uint32Array.of(ref)], labelsOf);
    receiver.learn(news);
    expect(news.texts).toEqual(ref === 1 ? ['job', 'model', 'n', '1'] : ['n', '2']);
    expect(receiver.labels(ref)).toEqual(labelsOf(ref));
  }
  expect(receiver.labels(1)[0]).toBe(receiver.labels(2)[0]);
});

test('over the bound both sides begin anew', () => {
  const sender = new LabelsSender();
  const receiver = new LabelsReceiver();
  const labelsOf = (ref: number) => labelsFrom([['n', String(ref)]]);
  const some = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, i) => from + i);
  receiver.learn(sender.newsOf([some(0, 150_000)], labelsOf));
  const news = sender.newsOf([some(140_000, 250_000)], labelsOf);
  expect(news.forget).toBe(true);
  receiver.learn(news);
  expect(receiver.labels(140_007)).toEqual([['n', '140007']]);
  expect(receiver.labels(7)).toEqual([]);
});
