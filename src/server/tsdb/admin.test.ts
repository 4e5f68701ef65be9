import fs from 'node:fs';
import path from 'node:path';
import { ALL_TIME, makeFolder, readAll } from '../../../tests/support/tsdbSamples.ts';
import { labelsOf } from '../../shared/model/labels.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import { openTsdb, type Tsdb } from './db.ts';
import { covers, encodeTombstones, readTombstones, withRange } from './tombstones.ts';

const START = 1_700_000_000_000;
const labels = (le: string) => labelsOf({ __name__: 'latency_bucket', le });
const is = (name: string, value: string): Matcher => ({ name, op: '=', value });
const minutes = (from: number, to: number) => ({ minTime: START + from * 60_000, maxTime: START + to * 60_000 });

let folder: string;
let db: Tsdb;
beforeEach(async () => {
  folder = makeFolder();
  db = await openTsdb({ path: folder, blockRangeMs: 86_400_000 });
});
afterEach(async () => {
  await db.close();
  fs.rmSync(folder, { recursive: true });
});
const reopen = async () => {
  await db.close();
  db = await openTsdb({ path: folder, blockRangeMs: 86_400_000 });
};

/** One row a minute of three buckets, from one minute to another. */
async function fill(from: number, to: number): Promise<void> {
  const group = db.group('g');
  for (const le of ['1', '2', '+Inf']) group.column(labels(le));
  for (let minute = from; minute < to; minute++) {
    const appender = db.appender();
    appender.appendRow(
      group,
      START + minute * 60_000,
      Float64Array.of(minute, 2 * minute + (minute ** 2 % 11), 3 * minute),
    );
    await appender.commit();
  }
}

const minutesOf = async (le: string) =>
  Object.keys((await readAll(db))[`latency_bucket{le="${le}"}`] ?? {}).map((t) => (Number(t) - START) / 60_000);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test('deleted samples are not seen, in the head and in blocks, before and after a restart and a cleaning', async () => {
  await fill(0, 250);
  await db.flush();
  await fill(250, 500);
  await db.deleteSeries([[is('le', '2')]], minutes(100, 399));
  const look = async () => {
    expect(await minutesOf('2')).toEqual([...range(0, 100), ...range(400, 500)]);
    expect(await minutesOf('1')).toEqual(range(0, 500));
    expect(await minutesOf('+Inf')).toEqual(range(0, 500));
    const seen = async (from: number, to: number) => (await db.series([], minutes(from, to))).length;
    expect([await seen(100, 399), await seen(99, 399), await seen(100, 400)]).toEqual([2, 3, 3]);
    expect(await db.labelValues('le', [], minutes(200, 210))).toEqual(['+Inf', '1']);
  };
  await look();
  await reopen();
  await look();
  await db.flush();
  const { blockBytes } = db.stats();
  await db.cleanTombstones();
  expect(db.stats()).toMatchObject({ tombstones: 0, blocks: 2 });
  expect(db.stats().blockBytes).toBeLessThan(blockBytes);
  expect(await minutesOf('2')).toEqual([...range(0, 100), ...range(400, 500)]);
  await reopen();
  expect(await minutesOf('2')).toEqual([...range(0, 100), ...range(400, 500)]);
  expect(await minutesOf('+Inf')).toEqual(range(0, 500));
});

test('what comes after a deletion stays, whatever end was asked for', async () => {
  await fill(0, 10);
  await db.deleteSeries([[is('le', '1')], [is('le', '2')]], ALL_TIME);
  await fill(10, 20);
  expect(await minutesOf('1')).toEqual(range(10, 20));
  await db.cleanTombstones();
  expect(await minutesOf('1')).toEqual(range(10, 20));
  expect(await minutesOf('+Inf')).toEqual(range(0, 20));
});

test('a series of which nothing is left is gone with its name', async () => {
  await fill(0, 10);
  await db.flush();
  await db.deleteSeries([[is('le', '1')]], ALL_TIME);
  expect((await db.series([], ALL_TIME)).length).toBe(2);
  await db.cleanTombstones();
  expect((await db.series([], ALL_TIME)).length).toBe(2);
  expect(fs.readdirSync(path.join(folder, 'blocks'))).toEqual(['00000002.block']);
});

test('a block of which nothing is left is removed', async () => {
  await fill(0, 10);
  await db.flush();
  await db.deleteSeries([[is('__name__', 'latency_bucket')]], ALL_TIME);
  await db.cleanTombstones();
  expect(fs.readdirSync(path.join(folder, 'blocks'))).toEqual([]);
  await reopen();
  expect(await readAll(db)).toEqual({});
});

test('a crash between writing a cleaned block and removing the old one leaves each sample once', async () => {
  await fill(0, 100);
  await db.flush();
  await db.deleteSeries([[is('le', '1')]], minutes(10, 89));
  const kept = path.join(folder, 'kept');
  for (const part of ['blocks', 'tombstones']) {
    fs.cpSync(path.join(folder, part), path.join(kept, part), { recursive: true });
  }
  await db.cleanTombstones();
  const cleaned = await readAll(db);
  await db.close();
  fs.cpSync(kept, folder, { recursive: true });
  expect(fs.readdirSync(path.join(folder, 'blocks'))).toHaveLength(2);
  db = await openTsdb({ path: folder });
  expect(await readAll(db)).toEqual(cleaned);
  expect(db.stats()).toMatchObject({ blocks: 1, tombstones: 1 });
  await db.cleanTombstones();
  expect(await readAll(db)).toEqual(cleaned);
});

test("deletions, cleanings, snapshots and samples at the same time do not get in each other's way", async () => {
  await fill(0, 50);
  const tasks = [
    db.deleteSeries([[is('le', '1')]], minutes(0, 9)),
    db.cleanTombstones(),
    fill(50, 100),
    db.deleteSeries([[is('le', '1')]], minutes(20, 29)),
    db.snapshot(),
    db.flush(),
    db.cleanTombstones(),
  ];
  await Promise.all(tasks);
  expect(await minutesOf('1')).toEqual([...range(10, 20), ...range(30, 100)]);
  expect(await minutesOf('2')).toEqual(range(0, 100));
});

test('native histograms are deleted one by one', async () => {
  const none = new Float64Array(0);
  const appender = db.appender();
  for (let i = 0; i < 4; i++) {
    appender.appendHistogram(labels('h'), START + i * 60_000, {
      ...{ schema: 0, zeroThreshold: 0, zeroCount: i, count: i, sum: i, positiveSpans: [], negativeSpans: [] },
      ...{ positiveBuckets: none, negativeBuckets: none, counterReset: 'unknown' },
    });
  }
  await appender.commit();
  await db.deleteSeries([[is('le', 'h')]], minutes(1, 2));
  const left = { 'latency_bucket{le="h"}': { [START]: 'histogram of 0', [START + 180_000]: 'histogram of 3' } };
  expect(await readAll(db)).toEqual(left);
  await db.cleanTombstones();
  expect(await readAll(db)).toEqual(left);
});

test('damaged tombstones keep the store shut, as deleted samples would be there again', async () => {
  await fill(0, 10);
  await db.deleteSeries([[is('le', '1')]], ALL_TIME);
  await db.close();
  const file = path.join(folder, 'tombstones');
  const bytes = fs.readFileSync(file);
  bytes[bytes.length - 1] ^= 1;
  fs.writeFileSync(file, bytes);
  await expect(openTsdb({ path: folder })).rejects.toMatchObject({ code: 'corrupt' });
  fs.rmSync(file);
  db = await openTsdb({ path: folder });
  expect(await minutesOf('1')).toEqual(range(0, 10));
});

test('a snapshot is a data folder of its own; without the head it has what blocks have', async () => {
  await fill(0, 10);
  await db.flush();
  await fill(10, 20);
  await db.deleteSeries([[is('le', '1')]], minutes(0, 4));
  const names = [await db.snapshot({ skipHead: true }), await db.snapshot()];
  for (const name of names) expect(name).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{16}$/);
  const all = await readAll(db);
  const opened = async (name: string) => {
    const taken = await openTsdb({ path: path.join(folder, 'snapshots', name) });
    const samples = await readAll(taken);
    await taken.deleteSeries([[is('le', '2')]], ALL_TIME);
    await taken.cleanTombstones();
    await taken.close();
    return samples;
  };
  const [blocksOnly, whole] = [await opened(names[0]), await opened(names[1])];
  expect(whole).toEqual(all);
  expect(Object.keys(blocksOnly['latency_bucket{le="1"}'])).toHaveLength(5);
  expect(Object.keys(blocksOnly['latency_bucket{le="2"}'])).toHaveLength(10);
  await reopen();
  expect(await readAll(db)).toEqual(all);
});

test('a closed store refuses', async () => {
  await db.close();
  await expect(db.deleteSeries([[]], ALL_TIME)).rejects.toMatchObject({ code: 'closed' });
  await expect(db.cleanTombstones()).rejects.toMatchObject({ code: 'closed' });
  await expect(db.snapshot()).rejects.toMatchObject({ code: 'closed' });
});

describe('ranges', () => {
  const text = (ranges: readonly { minTime: number; maxTime: number }[]) =>
    ranges.map(({ minTime, maxTime }) => `${minTime}-${maxTime}`).join(' ');
  const add = (...pairs: [number, number][]) =>
    pairs.reduce<ReturnType<typeof withRange>>((all, [minTime, maxTime]) => withRange(all, { minTime, maxTime }), []);
  test.each<[[number, number][], string]>([
    [[[5, 9]], '5-9'],
    [[[5, 9], [1, 3]], '1-3 5-9'], // prettier-ignore
    [[[5, 9], [1, 4]], '1-9'], // prettier-ignore
    [[[5, 9], [10, 12]], '5-12'], // prettier-ignore
    [[[1, 2], [8, 9], [2, 8]], '1-9'], // prettier-ignore
    [[[1, 9], [3, 4]], '1-9'], // prettier-ignore
  ])('%j are %s', (pairs, joined) => expect(text(add(...pairs))).toBe(joined));

  test('cover what lies within one of them', () => {
    const ranges = add([1, 3], [6, 9]);
    expect([covers(ranges, 1, 3), covers(ranges, 6, 8), covers(ranges, 3, 6), covers(ranges, 0, 1)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('come back from their file', () => {
    const entries = [
      { labels: labels('1'), ranges: add([-(2 ** 48), -5], [START, START + 1]) },
      { labels: labels('2'), ranges: add([0, 0]) },
    ];
    fs.writeFileSync(path.join(folder, 'tombstones'), encodeTombstones(entries));
    expect(readTombstones(folder)).toEqual(entries);
  });
});
