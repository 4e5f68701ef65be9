import fs from 'node:fs';
import path from 'node:path';
import { ALL_TIME, makeFolder, readAll } from '../../../tests/support/tsdbSamples.ts';
import { labelsOf } from '../../shared/model/labels.ts';
import type { GroupWriter } from '../storage/appender.ts';
import { openTsdb, type Tsdb, type TsdbOptions } from './db.ts';

const HOUR = 3_600_000;
const START = 1_700_000_000_000;
const metric = (name: string) => labelsOf({ __name__: name, job: 'j' });

let folder: string;
let db: Tsdb;
const said: string[] = [];
const reopen = async (options: Partial<TsdbOptions> = {}) => {
  await db?.close();
  db = await openTsdb({ path: folder, log: (_level, message) => said.push(message), ...options });
};
beforeEach(async () => {
  said.length = 0;
  folder = makeFolder();
  db = await openTsdb({ path: folder });
});
afterEach(async () => {
  await db.close();
  fs.rmSync(folder, { recursive: true });
});

const filesIn = (name: string) => fs.readdirSync(path.join(folder, name));

/** One row a minute from one hour to another, all columns counting the minutes. */
async function fill(group: GroupWriter, fromHour: number, toHour: number): Promise<void> {
  for (let minute = fromHour * 60; minute < toHour * 60; minute++) {
    const appender = db.appender();
    const row = new Float64Array(group.columnCount).fill(minute);
    expect(appender.appendRow(group, START + minute * 60_000, row)).toBe('ok');
    await appender.commit();
    // Commits alone never leave the turn of the event loop in which files are written.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function groupOf(name: string): GroupWriter {
  const group = db.group(name);
  group.column(metric(name));
  return group;
}

test('as the head fills it becomes blocks, and the log before them goes', async () => {
  await fill(groupOf('a'), 0, 3);
  while (db.stats().blocks === 0) await new Promise((resolve) => setImmediate(resolve));
  await fill(db.group('a'), 3, 7);
  await db.flush();
  const { blocks, headRows, headChunks, headChunkBytes } = db.stats();
  expect(blocks).toBeGreaterThanOrEqual(2);
  expect({ headRows, headChunks, headChunkBytes }).toEqual({ headRows: 0, headChunks: 0, headChunkBytes: 0 });
  expect(filesIn('wal')).toEqual([expect.stringMatching(/checkpoint$/)]);
  const all = await readAll(db);
  expect(Object.keys(all['a{job="j"}'])).toHaveLength(7 * 60);
  const [part] = await db.select({ matchers: [], minTime: START + HOUR, maxTime: START + 4 * HOUR });
  expect(part.times).toHaveLength(181);
  expect([part.times[0], part.columns[0].values[0], part.columns[0].values[180]]).toEqual([START + HOUR, 60, 240]);
  expect(db.stats().chunkCacheBytes).toBeGreaterThan(0);
  await reopen();
  expect(await readAll(db)).toEqual(all);
  expect(db.stats()).toMatchObject({ blocks, minTime: START, maxTime: START + 7 * HOUR - 60_000 });
});

test('what comes while a block is being written is kept beside it', async () => {
  const group = groupOf('a');
  await fill(group, 0, 1);
  const flushed = db.flush();
  await fill(group, 1, 2);
  expect(Object.keys((await readAll(db))['a{job="j"}'])).toHaveLength(120);
  await flushed;
  await fill(group, 2, 3);
  const all = await readAll(db);
  expect(Object.keys(all['a{job="j"}'])).toHaveLength(180);
  await reopen();
  expect(await readAll(db)).toEqual(all);
});

test('order is kept over a flush and a restart', async () => {
  const group = groupOf('a');
  await fill(group, 0, 1);
  const appender = db.appender();
  appender.append(metric('single'), START + HOUR, 5);
  await appender.commit();
  await db.flush();
  await reopen();
  const again = db.appender();
  expect(again.appendRow(db.group('a'), START + HOUR - 60_000, Float64Array.of(0))).toBe('duplicate');
  expect(again.append(metric('single'), START + HOUR, 5)).toBe('ok');
  expect(again.append(metric('single'), START + HOUR, 6)).toBe('duplicate');
  expect(again.append(metric('single'), START + HOUR - 1, 6)).toBe('outOfOrder');
});

test('blocks past the retention are removed, and with them the series that only they had', async () => {
  await reopen({ retention: { ageMs: 6 * HOUR, bytes: 0, percentage: 0 } });
  await fill(groupOf('old'), 0, 2);
  const group = groupOf('new');
  await fill(group, 2, 12);
  await db.flush();
  const { blocksRemoved, minTime, series } = db.stats();
  expect(blocksRemoved).toBeGreaterThan(0);
  expect(minTime).toBeGreaterThanOrEqual(START + 2 * HOUR);
  expect(series).toBe(1);
  expect(await db.series([], ALL_TIME)).toEqual([metric('new')]);
  expect(filesIn('blocks')).toHaveLength(db.stats().blocks);
  await fill(group, 12, 13);
  const all = await readAll(db);
  await reopen();
  expect(await readAll(db)).toEqual(all);
});

test('of more bytes than are kept the oldest blocks go, at a flush and when less is to be kept', async () => {
  const group = groupOf('a');
  for (let hour = 0; hour < 5; hour++) {
    await fill(group, hour, hour + 1);
    await db.flush();
  }
  const sizes = filesIn('blocks').map((name) => fs.statSync(path.join(folder, 'blocks', name)).size);
  expect(sizes).toHaveLength(5);
  const { logFileBytes } = db.stats();
  const keep = (bytes: number) => ({ ageMs: 0, bytes, percentage: 0 });
  await db.setRetention(keep(logFileBytes + sizes[4] + sizes[3] + sizes[2]));
  expect(db.stats()).toMatchObject({ blocks: 3, blocksRemoved: 2, removalsBySize: 1, minTime: START + 2 * HOUR });
  await db.setRetention(keep(logFileBytes + 2.5 * sizes[4]));
  expect(db.stats()).toMatchObject({ blocks: 2, removalsBySize: 2, removalsByAge: 0 });
  await fill(group, 5, 6);
  await db.flush();
  expect(db.stats()).toMatchObject({ blocks: 2, removalsBySize: 3, minTime: START + 4 * HOUR });
  expect(Object.keys((await readAll(db))['a{job="j"}'])).toHaveLength(120);
});

test('a share of the disk is bytes too, and stands instead of them', async () => {
  const { blocks, bsize } = fs.statfsSync(folder);
  await db.setRetention({ ageMs: 0, bytes: 1, percentage: 50 });
  expect(db.stats().retention).toEqual({ ageMs: 0, bytes: Math.floor((blocks * bsize) / 2), percentage: 50 });
  await fill(groupOf('a'), 0, 1);
  await db.flush();
  expect(db.stats().blocks).toBe(1);
  await db.setRetention({ ageMs: 0, bytes: 0, percentage: 1e-12 });
  expect(db.stats().blocks).toBe(0);
});

test('a group that was idle for long comes back under its name', async () => {
  await reopen({ retention: { ageMs: 6 * HOUR, bytes: 0, percentage: 0 } });
  const idle = groupOf('idle');
  await fill(idle, 0, 2);
  await fill(groupOf('busy'), 2, 12);
  await db.flush();
  expect(db.stats()).toMatchObject({ headGroups: 1, series: 1 });
  expect([idle.column(metric('idle')), idle.column(metric('another'))]).toEqual([0, 1]);
  await fill(idle, 12, 13);
  const all = await readAll(db);
  expect(Object.keys(all['another{job="j"}'])).toHaveLength(60);
  expect(Object.keys(all['idle{job="j"}'])).toHaveLength(60);
  await reopen();
  expect(await readAll(db)).toEqual(all);
});

test('a damaged index leaves its block out and says so; a damaged chunk is refused, not guessed', async () => {
  await fill(groupOf('a'), 0, 1);
  await db.flush();
  await fill(db.group('a'), 1, 2);
  await db.flush();
  await db.close();
  const [first, second] = filesIn('blocks').sort();
  const flip = (name: string, at: (size: number) => number) => {
    const file = path.join(folder, 'blocks', name);
    const bytes = fs.readFileSync(file);
    bytes[at(bytes.length)] ^= 1;
    fs.writeFileSync(file, bytes);
  };
  flip(first, (size) => size - 30);
  flip(second, () => 40);
  await reopen();
  expect(said).toContain('a block is left out');
  expect(db.stats().blocks).toBe(1);
  await expect(db.select({ matchers: [], ...ALL_TIME })).rejects.toMatchObject({ code: 'corrupt' });
  expect(await db.select({ matchers: [], minTime: START, maxTime: START + HOUR - 1 })).toEqual([]);
});

test('an unfinished block is removed when the store is opened', async () => {
  await db.close();
  fs.writeFileSync(path.join(folder, 'blocks', '00000007.block.tmp'), 'half');
  await reopen();
  expect(filesIn('blocks')).toEqual([]);
});

test('native histograms and exemplars are there from a block and a checkpoint', async () => {
  const none = new Float64Array(0);
  const h = {
    ...{ schema: 1, zeroThreshold: 0, zeroCount: 0, count: 2, sum: 1, negativeSpans: [], negativeBuckets: none },
    ...{
      positiveSpans: [{ offset: 1, length: 1 }],
      positiveBuckets: Float64Array.of(2),
      counterReset: 'reset' as const,
    },
  };
  const exemplar = { labels: [['trace', 'x']] as const, v: 1, t: START };
  const appender = db.appender();
  appender.appendHistogram(metric('h'), START, h);
  appender.appendExemplar(metric('h'), exemplar);
  await appender.commit();
  await db.flush();
  await reopen();
  const [group] = await db.select({ matchers: [], ...ALL_TIME });
  expect([...group.columns[0].histograms!]).toEqual([[0, h]]);
  expect(db.exemplars([], ALL_TIME)).toEqual([{ labels: metric('h'), exemplars: [exemplar] }]);
});

test('small blocks of a day become one, which says what it replaces', async () => {
  await reopen({ blockRangeMs: HOUR });
  const flushed = async (hour: number) => {
    await fill(groupOf('a'), hour, hour + 1);
    await fill(groupOf(hour < 6 ? 'b' : 'c'), hour, hour + 1);
    await db.flush();
  };
  for (let hour = 0; hour < 11; hour++) await flushed(hour);
  await db.flush();
  const kept = path.join(folder, 'kept');
  fs.cpSync(path.join(folder, 'blocks'), kept, { recursive: true });
  await flushed(11);
  await flushed(12);
  expect(db.stats().compactions).toBeGreaterThan(0);
  expect(filesIn('blocks').length).toBeLessThan(12);
  const all = await readAll(db);
  expect(Object.keys(all['a{job="j"}'])).toHaveLength(13 * 60);
  await reopen();
  expect(await readAll(db)).toEqual(all);
  const merged = filesIn('blocks');
  await db.close();
  fs.cpSync(kept, path.join(folder, 'blocks'), { recursive: true });
  await reopen();
  expect(filesIn('blocks')).toEqual(merged);
  expect(await readAll(db)).toEqual(all);
  fs.rmSync(kept, { recursive: true });
});

test('a block that a merge finds damaged is said once and left alone, and the others are merged', async () => {
  await reopen({ blockRangeMs: 1e12 });
  const group = groupOf('a');
  const fillBlocks = async (fromHour: number, toHour: number) => {
    for (let hour = fromHour; hour < toHour; hour += 2) {
      await fill(group, hour, hour + 2);
      await db.flush();
    }
  };
  await fillBlocks(0, 2);
  const file = path.join(folder, 'blocks', filesIn('blocks')[0]);
  const bytes = fs.readFileSync(file);
  // Behind the header of the file and that of its first chunk.
  bytes[16 + 8 + 5] ^= 1;
  fs.writeFileSync(file, bytes);
  await fillBlocks(2, 16);
  expect(said.filter((message) => message.startsWith('a damaged block'))).toHaveLength(1);
  const { blocks, compactions } = db.stats();
  expect({ blocks: blocks < 8, compactions: compactions > 0 }).toEqual({ blocks: true, compactions: true });
  expect(fs.existsSync(file)).toBe(true);
  const good = await readAll(db, { minTime: START + 2 * HOUR });
  expect(Object.keys(good['a{job="j"}'])).toHaveLength(14 * 60);
});

test('groups whose columns are other series in other blocks stay apart in a merged block', async () => {
  const [x, y] = [metric('x'), metric('y')];
  for (let hour = 0; hour < 12; hour++) {
    const group = db.group('g');
    for (const labels of hour % 2 === 0 ? [x, y] : [y, x]) group.column(labels);
    const appender = db.appender();
    const row = new Float64Array(2);
    row[group.column(x)] = hour;
    row[group.column(y)] = 100 + hour;
    appender.appendRow(group, START + hour * HOUR, row);
    await appender.commit();
    await db.flush();
    // Without the log a group's columns are numbered anew.
    await db.close();
    fs.rmSync(path.join(folder, 'wal'), { recursive: true });
    await reopen();
  }
  await fill(groupOf('other'), 12, 13);
  await db.flush();
  expect(db.stats()).toMatchObject({ blocks: 2 });
  const all = await readAll(db, { maxTime: START + 12 * HOUR - 1 });
  const values = (name: string) => Object.values(all[`${name}{job="j"}`]).map((text) => Number.parseFloat(text));
  expect(values('x')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(values('y')).toEqual([100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111]);
});
