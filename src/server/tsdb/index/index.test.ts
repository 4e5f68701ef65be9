/** The compact table beside the plain one, whatever is done to both. */
import fc from 'fast-check';
import { PlainSeriesTable } from '../../../../tests/support/plainSeriesTable.ts';
import { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import { labelsFrom, labelValue, type Label, type Labels } from '../../../shared/model/labels.ts';
import type { Matcher } from '../../../shared/model/matchers.ts';
import { LabelsCache } from './labelsCache.ts';
import { isNextBucket } from './nextBucket.ts';
import { expandRuns } from './refRuns.ts';
import { SeriesTable } from './seriesTable.ts';

/** Texts that meet in a key with separators, lone surrogates, names of Object.prototype. */
const HOSTILE = ['\xff', 'a\xffb', '\ud800', '\udc00', '\ud83d\ude00', '\ufffd', '__proto__', '\u0000', ' '];
const value = fc.oneof(fc.constantFrom('', 'x', 'y', 'xy', 'z'), fc.constantFrom(...HOSTILE), fc.string());
const name = fc.oneof(fc.constantFrom('a', 'b', 'le', '__name__'), fc.constantFrom(...HOSTILE));
const labels: fc.Arbitrary<Labels> = fc.array(fc.tuple(name, value), { maxLength: 5 }).map(labelsFrom);
const matcher: fc.Arbitrary<Matcher> = fc.record({
  name: fc.oneof(name, fc.constant('missing')),
  op: fc.constantFrom('=', '!=', '=~', '!~'),
  value: fc.constantFrom('', 'x', 'y', '\ud800', 'x|z', 'x|x|', 'x.*', 'x.+', '.*', '.+', '(x|y)', 'x?', '[^x]'),
});
type Step = { do: 'add'; sets: readonly Labels[] } | { do: 'retain'; modulus: number } | { do: 'forgetAll' };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), sets: fc.array(labels, { maxLength: 20 }) }) },
  fc.record({ do: fc.constant('retain' as const), modulus: fc.integer({ min: 2, max: 5 }) }),
  fc.record({ do: fc.constant('forgetAll' as const) }),
);

function expectAlike(table: SeriesTable, plain: PlainSeriesTable, selects: readonly (readonly Matcher[])[]): void {
  const known = plain.known();
  expect([table.size, table.refsEnd]).toEqual([known.length, plain.labels.length]);
  expect([...expandRuns(table.all())]).toEqual(known.map(([ref]) => ref));
  expect(plain.labels.map((_, ref) => table.labels(ref))).toEqual(plain.labels.map((set) => set ?? []));
  const names = plain.names();
  expect(new Set(table.index.names)).toEqual(names);
  for (const n of [...names, 'missing']) {
    const values = [...table.index.values(n)].map(([v, runs]) => [v, [...expandRuns(runs)]] as const);
    expect(new Map(values)).toEqual(plain.values(n));
  }
  for (const [ref, set] of known) {
    expect(table.find(set)).toBe(ref);
    for (const n of names) expect(table.labelValue(ref, n)).toBe(labelValue(set, n));
    for (const [other, below] of known) expect(table.isNextBucket(other, ref)).toBe(isNextBucket(below, set));
  }
  for (const matchers of selects) {
    const found = plain.select(matchers);
    expect([...table.index.select(matchers)]).toEqual(found);
    const sets = found.map((ref) => plain.labels[ref]!);
    const refs = table.index.selectRuns(matchers).slice();
    const namesFound = sets.flatMap((set) => set.map(([n]) => n));
    expect(new Set(table.index.namesIn(refs))).toEqual(new Set(namesFound));
    for (const n of [...names, 'missing']) {
      const valuesFound = sets.map((set) => labelValue(set, n)).filter((v) => v !== '');
      expect(table.index.valuesIn(n, refs).sort()).toEqual([...new Set(valuesFound)].sort());
    }
  }
}

test('the table is the plain one, through churn', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 8 }),
      fc.array(fc.array(matcher, { maxLength: 3 }), { maxLength: 4 }),
      (steps, selects) => {
        const table = new SeriesTable(new LabelsCache(3));
        const plain = new PlainSeriesTable();
        for (const s of steps) {
          if (s.do === 'add') {
            for (const set of s.sets) {
              expect(table.find(set)).toBe(plain.find(set));
              expect(table.refOf(set)).toBe(plain.refOf(set));
            }
          } else {
            const isHeld = (ref: number) => s.do === 'retain' && ref % s.modulus === 0;
            table.retain(isHeld);
            plain.retain(isHeld);
          }
          expectAlike(table, plain, selects);
        }
      },
    ),
  );
});

/** Pods of a few hundred series each, more than a page of the table. */
function podSeries(pod: number): Labels[] {
  return Array.from({ length: 300 }, (_, i) =>
    labelsFrom([
      ['__name__', `m${i >> 2}`],
      ['le', String(i & 3)],
      ['pod', `pod-${pod}`],
    ]),
  );
}

test('pods that come and go leave nothing behind', () => {
  const table = new SeriesTable();
  const pods: number[][] = [];
  for (let pod = 0; pod < 40; pod++) {
    pods.push(podSeries(pod).map((set) => table.refOf(set)));
    if (pods.length <= 5) continue;
    const gone = new Set(pods.shift());
    table.retain((ref) => !gone.has(ref));
  }
  expect(table.size).toBe(5 * 300);
  expect(table.pairs).toBe(75 + 4 + 5);
  expect(new Set([...table.index.values('pod')].map(([text]) => text))).toEqual(
    new Set([35, 36, 37, 38, 39].map((pod) => `pod-${pod}`)),
  );
  const matchers: Matcher[] = [
    { name: 'pod', op: '=', value: 'pod-37' },
    { name: 'le', op: '=~', value: '[01]' },
  ];
  expect([...table.index.select(matchers)]).toEqual(pods[2].filter((_, i) => (i & 3) < 2));
  expect(podSeries(39).map((set) => table.refOf(set))).toEqual(pods[4]);
  expect(podSeries(3).map((set) => table.refOf(set))).toEqual(Array.from({ length: 300 }, (_, i) => 40 * 300 + 1 + i));
});

describe('labels that the set before had too, as the same objects,', () => {
  const [metric, p, q]: Label[] = [
    ['__name__', 'm'],
    ['pod', 'p'],
    ['pod', 'q'],
  ];
  const both = () => {
    const table = new SeriesTable();
    return { table, ofP: table.refOf([metric, p]), ofQ: table.refOf([metric, q]) };
  };

  test('are known again', () => {
    const { table, ofP, ofQ } = both();
    expect([[metric, p], [metric, q], [metric], [metric, p]].map((set) => table.refOf(set))).toEqual([1, 2, 3, 1]);
    expect([table.labels(ofP), table.labels(ofQ), table.labels(3)]).toEqual([[metric, p], [metric, q], [metric]]);
  });

  test('are known again after another set was looked for', () => {
    const { table, ofP, ofQ } = both();
    expect(table.find([metric, p])).toBe(ofP);
    expect(table.refOf([metric, q])).toBe(ofQ);
  });

  test('are known again after others were read', () => {
    const { table, ofP, ofQ } = both();
    const out = new ByteWriter();
    table.writeLabels(out, Uint32Array.of(ofP));
    expect([...table.readLabels(new ByteReader(out.written))]).toEqual([ofP]);
    expect(table.refOf([metric, q])).toBe(ofQ);
  });

  test('are new after they were forgotten', () => {
    const { table } = both();
    table.retain(() => false);
    const anew = table.refOf([metric, q]);
    const other = table.refOf([['a', 'b']]);
    expect([table.labels(other), table.labels(anew), table.pairs]).toEqual([[['a', 'b']], [metric, q], 3]);
  });
});
