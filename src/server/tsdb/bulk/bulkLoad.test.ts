import fs from 'node:fs';
import fc from 'fast-check';
import { makeFolder, readAll, sampleText } from '../../../../tests/support/tsdbSamples.ts';
import { formatLabels, labelsOf, type Labels } from '../../../shared/model/labels.ts';
import { STALE_HIGH, STALE_LOW } from '../../../shared/model/sampleBits.ts';
import { openTsdb } from '../db.ts';

const folders: string[] = [];
const folder = () => {
  folders.push(makeFolder());
  return folders.at(-1)!;
};
afterAll(() => folders.forEach((path) => fs.rmSync(path, { recursive: true })));

const KEEP = { ageMs: 0, bytes: 0, percentage: 0 };
const bitsOfNumber = (v: number) => [...new Uint32Array(Float64Array.of(v).buffer)] as [number, number];
const series: Labels[] = ['1', '2', '+Inf'].flatMap((le) =>
  ['a', 'b'].map((instance) => labelsOf({ __name__: 'x_bucket', job: 'j', instance, le })),
);
const sample = fc.record({
  series: fc.nat(series.length - 1),
  t: fc.nat(600).map((n) => 1_700_000_000_000 + n * 5_000),
  words: fc.oneof(
    fc.nat(100).map(bitsOfNumber),
    fc.double().map(bitsOfNumber),
    fc.constant([STALE_LOW, STALE_HIGH] as [number, number]),
    fc.constant([7, 0x7ff80001] as [number, number]), // A NaN with a payload.
  ),
});

test('samples in any order are stored, of two at one time the first, and are there when the store is opened again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(sample, { maxLength: 400 }), async (samples) => {
      const path = folder();
      const expected: Record<string, Record<number, string>> = {};
      const db = await openTsdb({ path, retention: KEEP });
      const load = (await db.bulkLoad('test', 'all'))!;
      const buffers = series.map((labels) => load.series(labels));
      for (const { series: i, t, words } of samples) {
        buffers[i].float(t, ...words);
        await load.admit(buffers[i]);
        const stale = words[0] === STALE_LOW && words[1] === STALE_HIGH;
        (expected[formatLabels(series[i])] ??= {})[t] ??= sampleText(stale, ...words);
      }
      await load.finish();
      expect(await readAll(db)).toEqual(expected);
      expect(await db.bulkLoad('test', 'all')).toBeUndefined();
      await db.close();
      const again = await openTsdb({ path, retention: KEEP });
      expect(await readAll(again)).toEqual(expected);
      await again.close();
    }),
    { numRuns: 30 },
  );
});

test('what a load left that did not finish is gone when its part is loaded again', async () => {
  const path = folder();
  const first = await openTsdb({ path, retention: KEEP });
  const buffer = (await first.bulkLoad('test', 'a'))!;
  await fill(buffer, 1);
  await buffer.flush(); // Its block is there, but nobody said that this was all.
  expect(first.stats().blocks).toBe(1);
  await first.close();

  const second = await openTsdb({ path, retention: KEEP });
  const other = (await second.bulkLoad('other', 'a'))!;
  await fill(other, 2);
  await other.finish();
  const again = (await second.bulkLoad('test', 'a'))!;
  await fill(again, 3);
  await again.finish();
  const stored = await readAll(second);
  expect(Object.keys(stored).sort()).toEqual(['x{n="2"}', 'x{n="3"}']);
  await second.close();
});

async function fill(
  load: NonNullable<Awaited<ReturnType<Awaited<ReturnType<typeof openTsdb>>['bulkLoad']>>>,
  n: number,
) {
  const buffer = load.series(labelsOf({ __name__: 'x', n: String(n) }));
  buffer.float(1_700_000_000_000, ...bitsOfNumber(n));
  await load.admit(buffer);
}

test('series that were sampled together share rows; one that came later joins them', async () => {
  const path = folder();
  const db = await openTsdb({ path, retention: KEEP });
  const load = (await db.bulkLoad('test', 'all'))!;
  const names = ['up', 'a_total', 'late'];
  for (const name of names) {
    const buffer = load.series(labelsOf({ __name__: name, job: 'j', instance: 'i' }));
    for (let i = name === 'late' ? 50 : 0; i < 100; i++)
      buffer.float(1_700_000_000_000 + 15_000 * i, ...bitsOfNumber(i));
    await load.admit(buffer);
  }
  await load.finish();
  const groups = await db.select({ matchers: [], minTime: 0, maxTime: 2 ** 50 });
  expect(groups.map(({ times, columns }) => [times.length, columns.length])).toEqual([[100, 3]]);
  await db.close();
});
