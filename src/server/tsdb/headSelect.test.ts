/** Kept selects see what came since they were made, wherever it came to. */
import fs from 'node:fs';
import { makeFolder } from '../../../tests/support/tsdbSamples.ts';
import { labelsOf, labelsRecord } from '../../shared/model/labels.ts';
import type { KeptSelect } from '../storage/queryable.ts';
import { openTsdb, type Tsdb } from './db.ts';

const START = 1_700_000_000_000;
const labels = (n: number) => labelsOf({ __name__: 'm', n: String(n) });

let folder: string;
let db: Tsdb;
let kept: KeptSelect;
beforeEach(async () => {
  folder = makeFolder();
  db = await openTsdb({ path: folder, compactionThread: false });
  kept = db.keep!([{ name: '__name__', op: '=', value: 'm' }])!;
});
afterEach(async () => {
  await db.close();
  fs.rmSync(folder, { recursive: true });
});

async function row(key: string, t: number, n: number, v: number): Promise<void> {
  const group = db.group(key);
  group.column(labels(n));
  const appender = db.appender();
  appender.appendRow(group, START + t, Float64Array.of(v));
  await appender.commit();
}

const found = () => {
  const { refs, labels: labelsOfRef } = kept.found();
  return Array.from(refs, (ref) => labelsRecord(labelsOfRef(ref)).n);
};
/** By series: its cells in [START + from, START + to]. */
const cells = (from: number, to: number) =>
  kept
    .read(START + from, START + to)
    ?.flatMap(({ series, times, cells: all, at }) =>
      Array.from(series, (s, i) => [s, ...all.subarray(at + i * times.length, at + (i + 1) * times.length)]),
    );

test('series are found as they come, and are the same object as long as none of them does', async () => {
  expect(found()).toEqual([]);
  await row('a', 0, 1, 10);
  expect(found()).toEqual(['1']);
  const before = kept.found();
  const appender = db.appender();
  appender.append(labelsOf({ __name__: 'other' }), START, 1);
  await appender.commit();
  expect(kept.found()).toBe(before);
  await row('b', 1000, 2, 20);
  expect(found()).toEqual(['1', '2']);
  expect(cells(0, 1000)).toEqual([
    [0, 10],
    [1, 20],
  ]);
  expect(cells(1, 1000)).toEqual([[1, 20]]);
});

test('one that was known before it had a sample is found once it has one', async () => {
  await row('a', 0, 1, 10);
  const appender = db.appender();
  // It says nothing new, but names the series.
  expect(appender.appendCreated(labels(2), START, START + 1)).toBe(false);
  expect(found()).toEqual(['1']);
  appender.append(labels(2), START + 500, 20);
  await appender.commit();
  expect(found()).toEqual(['1', '2']);
});

test('one that comes to a second place is left to a select that merges, as long as both places are in sight', async () => {
  await row('a', 0, 1, 10);
  expect(cells(0, 5000)).toEqual([[0, 10]]);
  await row('b', 5000, 1, 50);
  expect(cells(0, 5000)).toBeUndefined();
  expect(cells(1000, 5000)).toEqual([[0, 50]]);
});

test('what is in a block, or more than is read at once, is left to a select', async () => {
  await row('a', 0, 1, 10);
  await db.flush();
  await row('a', 5000, 1, 50);
  expect(cells(0, 5000)).toBeUndefined();
  expect(cells(1, 5000)).toEqual([[0, 50]]);
  const group = db.group('wide');
  for (let n = 0; n < 50_001; n++) group.column(labels(n));
  const appender = db.appender();
  appender.appendRow(group, START + 9000, new Float64Array(50_001));
  await appender.commit();
  expect(cells(9000, 9000)).toBeUndefined();
});
