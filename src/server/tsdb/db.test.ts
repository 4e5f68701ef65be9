import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { formatLabels, labelsOf } from '../../shared/model/labels.ts';
import { bitsOf, setGap, setStale } from '../../shared/model/sampleBits.ts';
import type { AppendOutcome } from '../storage/appender.ts';
import { SelectLimitError } from '../storage/queryable.ts';
import { openTsdb, type Tsdb, type TsdbOptions, type TsdbSeams } from './db.ts';
import { ALL_TIME, copyAsKilled, makeFolder, readAll, textOf } from '../../../tests/support/tsdbSamples.ts';

const UP = labelsOf({ __name__: 'up', job: 'model', instance: 'a:1' });
const CPU = labelsOf({ __name__: 'cpu', job: 'model', instance: 'a:1' });
const HISTOGRAM: NativeHistogram = {
  schema: 2,
  zeroThreshold: 1e-9,
  zeroCount: 1,
  count: 12,
  sum: 3.75,
  positiveSpans: [{ offset: -2, length: 3 }],
  negativeSpans: [{ offset: 0, length: 1 }],
  positiveBuckets: Float64Array.of(4, 5, 1.5),
  negativeBuckets: Float64Array.of(0.5),
  counterReset: 'notReset',
};

let folder: string;
let db: Tsdb;
const reopen = async (options: Partial<TsdbOptions> = {}, seams: TsdbSeams = {}) => {
  await db?.close();
  db = await openTsdb({ path: folder, ...options }, seams);
};
beforeEach(async () => {
  folder = makeFolder();
  db = await openTsdb({ path: folder });
});
afterEach(async () => {
  await db.close();
  fs.rmSync(folder, { recursive: true });
});

async function append(t: number, v: number, labels = UP): Promise<AppendOutcome> {
  const appender = db.appender();
  const outcome = appender.append(labels, t, v);
  await appender.commit();
  return outcome;
}

test('a row with a sample, a gap and a stale mark is there after a restart', async () => {
  const group = db.group('model/a:1');
  const row = new Float64Array(3);
  row[group.column(UP)] = 1;
  setGap(bitsOf(row), group.column(CPU));
  setStale(bitsOf(row), group.column(labelsOf({ __name__: 'gone' })));
  const appender = db.appender();
  expect(appender.appendRow(group, 1000, row)).toBe('ok');
  expect(await readAll(db)).toEqual({});
  await appender.commit({ sync: true });
  const expected = { 'up{instance="a:1", job="model"}': { 1000: textOf(1) }, gone: { 1000: 'stale' } };
  expect(await readAll(db)).toEqual(expected);
  await reopen();
  expect(await readAll(db)).toEqual(expected);
  expect(db.stats().tornRecordsCut).toBe(0);
});

test('parts of a select have together what the select has, and a part no more cells than are allowed', async () => {
  const group = db.group('many');
  for (let i = 0; i < 5000; i++) group.column(labelsOf({ __name__: 'many', i: `${i}` }));
  const appender = db.appender();
  for (const t of [1000, 2000])
    appender.appendRow(
      group,
      t,
      Float64Array.from({ length: 5000 }, (_, i) => t + i),
    );
  await appender.commit();
  const spec = { matchers: [{ name: '__name__', op: '=' as const, value: 'many' }], minTime: 2000, maxTime: 3000 };
  const parts = [];
  for await (const part of db.selectInParts!({ ...spec, maxSamples: 4999 })) parts.push(part);
  expect(parts.length).toBeGreaterThan(1);
  const [all] = await db.select(spec);
  expect(parts.flat().flatMap(({ columns }) => columns)).toEqual(all.columns);
  await expect(db.select({ ...spec, maxSamples: 4999 })).rejects.toThrow(SelectLimitError);
  const refused = db.selectInParts!({ ...spec, maxSamples: 10 })[Symbol.asyncIterator]();
  await expect(refused.next()).rejects.toThrow(SelectLimitError);
});

test('a group keeps its columns over a restart, and new ones come after them', async () => {
  const group = db.group('model/a:1');
  group.column(CPU);
  const first = db.appender();
  first.appendRow(group, 1000, Float64Array.of(5));
  await first.commit();
  await reopen();
  const again = db.group('model/a:1');
  expect([again.columnCount, again.column(UP), again.column(CPU)]).toEqual([1, 1, 0]);
  expect(again.columnLabels(1)).toEqual(UP);
  const second = db.appender();
  second.appendRow(again, 2000, Float64Array.of(6, 1));
  await second.commit();
  await reopen();
  expect(await readAll(db)).toEqual({
    'cpu{instance="a:1", job="model"}': { 1000: textOf(5), 2000: textOf(6) },
    'up{instance="a:1", job="model"}': { 2000: textOf(1) },
  });
});

test('rows go forward in time', async () => {
  const group = db.group('g');
  group.column(UP);
  const appender = db.appender();
  const row = (t: number) => appender.appendRow(group, t, Float64Array.of(t));
  expect([row(5_000_000), row(5_000_000), row(4_000_000), row(5_000_001)]).toEqual([
    'ok',
    'duplicate',
    'outOfOrder',
    'ok',
  ]);
  await appender.commit();
  expect([row(5_000_001), row(1_000_000), row(6_000_000.5)]).toEqual(['duplicate', 'outOfBounds', 'outOfBounds']);
  expect(db.stats()).toMatchObject({
    samplesAppended: 2,
    rejected: { float: { duplicate: 2, outOfOrder: 1, outOfBounds: 2 } },
  });
});

test('single samples have the outcomes of upstream', async () => {
  expect(await append(10_000_000, 1)).toBe('ok');
  expect(await append(10_000_000, 1)).toBe('ok');
  expect(await append(10_000_000, 2)).toBe('duplicate');
  expect(await append(9_999_999, 2)).toBe('outOfOrder');
  expect(await append(9_999_999, 7, CPU)).toBe('ok');
  expect(await append(10_000_000 - 3_600_001, 7, labelsOf({ __name__: 'late' }))).toBe('outOfBounds');
  expect(await readAll(db)).toEqual({
    'cpu{instance="a:1", job="model"}': { 9_999_999: textOf(7) },
    'up{instance="a:1", job="model"}': { 10_000_000: textOf(1) },
  });
});

test('inside the out-of-order window late samples are merged, outside they are too old', async () => {
  await reopen({ outOfOrderWindowMs: 60_000 });
  expect(await append(100_000, 1)).toBe('ok');
  expect(await append(70_000, 2)).toBe('ok');
  expect(await append(70_000, 2)).toBe('ok');
  expect(await append(70_000, 3)).toBe('duplicate');
  expect(await append(39_999, 3)).toBe('tooOld');
  const [columns] = await db.select({ matchers: [], ...ALL_TIME });
  expect([...columns.times]).toEqual([70_000, 100_000]);
  expect([...columns.columns[0].values]).toEqual([2, 1]);
});

test('rows of few series are packed by the flush; where they take more than is kept, no commit packs many groups', async () => {
  const rowBytesKept = 200_000;
  await reopen({}, { rowBytesKept });
  const series = Array.from({ length: 400 }, (_, i) =>
    labelsOf({ __name__: `m${i % 10}`, job: 'j', instance: `i${Math.floor(i / 10)}` }),
  );
  const packedBy: number[] = [];
  for (let row = 1; row <= 60; row++) {
    const appender = db.appender();
    for (const labels of series) appender.append(labels, 15_000 * row, row);
    const { headChunksCreated } = db.stats();
    await appender.commit();
    packedBy.push(db.stats().headChunksCreated - headChunksCreated);
  }
  // The 49th row of each group begins a slab, and all are beyond what is kept.
  expect(packedBy.slice(0, 48)).toEqual(new Array(48).fill(0));
  expect(packedBy[48]).toBeGreaterThan(0);
  expect(Math.max(...packedBy)).toBeLessThanOrEqual(40 / 5);
  expect(db.stats().headRowBytes).toBeLessThanOrEqual(rowBytesKept);
  const found = Object.values(await readAll(db));
  expect(found.map((samples) => Object.keys(samples).length)).toEqual(new Array(400).fill(60));
});

test('of a wide group no more cells wait than one turn packs', async () => {
  const [wide, narrow] = [db.group('wide'), db.group('narrow')];
  for (let c = 0; c < 2_000; c++) wide.column(labelsOf({ __name__: 'm', c: String(c) }));
  narrow.column(UP);
  for (let row = 1; row <= 70; row++) {
    const appender = db.appender();
    for (const group of [wide, narrow]) appender.appendRow(group, row, new Float64Array(group.columnCount));
    await appender.commit();
  }
  expect(db.stats()).toMatchObject({ headChunks: 1, headRows: 70 + 70 - Math.ceil(2 ** 17 / 2_000) });
});

test('what is left unpacked beside a chunk counts for the window after a kill', async () => {
  const options = { outOfOrderWindowMs: 60_000 };
  await reopen(options, { rowBytesKept: 0 });
  for (let t = 15_000; t <= 60 * 15_000; t += 15_000) {
    await append(t, t);
    const left = copyAsKilled(folder);
    const killed = await openTsdb({ path: left, ...options });
    const appender = killed.appender();
    expect([t, appender.append(UP, t - 60_001, 1)]).toEqual([t, 'tooOld']);
    appender.rollback();
    await killed.close();
    fs.rmSync(left, { recursive: true });
  }
});

test('what lay unpacked beside a chunk is known after a flush whose log was not cut', async () => {
  await reopen({}, { rowBytesKept: 0 });
  for (let t = 15_000; t <= 60 * 15_000; t += 15_000) {
    await append(t, t);
    const left = copyAsKilled(folder);
    const [wal, kept] = [path.join(left, 'wal'), path.join(left, 'kept')];
    fs.cpSync(wal, kept, { recursive: true });
    const flushed = await openTsdb({ path: left });
    await flushed.flush();
    await flushed.close();
    fs.rmSync(wal, { recursive: true });
    fs.renameSync(kept, wal);
    const reopened = await openTsdb({ path: left });
    const appender = reopened.appender();
    expect([t, appender.append(UP, t, 0.5)]).toEqual([t, 'duplicate']);
    expect([t, appender.append(UP, t - 1, 0.5)]).toEqual([t, 'outOfOrder']);
    appender.rollback();
    await reopened.close();
    fs.rmSync(left, { recursive: true });
  }
});

test('native histograms are stored whole', async () => {
  const labels = labelsOf({ __name__: 'latency', job: 'model' });
  const custom = { ...HISTOGRAM, schema: -53, customValues: Float64Array.of(0.1, 0.5), counterReset: 'gauge' as const };
  const appender = db.appender();
  expect(appender.appendHistogram(labels, 1000, HISTOGRAM)).toBe('ok');
  expect(appender.appendHistogram(labels, 1000, HISTOGRAM)).toBe('ok');
  expect(appender.appendHistogram(labels, 1000, custom)).toBe('duplicate');
  expect(appender.appendHistogram(labels, 2000, custom)).toBe('ok');
  await appender.commit();
  await reopen();
  const [group] = await db.select({ matchers: [], ...ALL_TIME });
  expect([...group.columns[0].histograms!]).toEqual([
    [0, HISTOGRAM],
    [1, custom],
  ]);
  expect([...group.columns[0].values]).toEqual([NaN, NaN]);
});

describe('a counter that says since when it counts', () => {
  const labelsAt = (c: number) => labelsOf({ __name__: `c${c}_total`, job: 'model', instance: 'a:1' });
  const created = (times: Record<number, number>) =>
    [Uint32Array.from(Object.keys(times).map(Number)), Float64Array.from(Object.values(times))] as const;
  const at = async (c: number) => (await readAll(db))[formatLabels(labelsAt(c))];

  async function scrape(t: number, values: readonly number[], times: Record<number, number>): Promise<void> {
    const group = db.group('model/a:1');
    values.forEach((_, c) => group.column(labelsAt(c)));
    const appender = db.appender();
    appender.appendCreatedColumns(group, t, ...created(times));
    expect(appender.appendRow(group, t, Float64Array.from(values))).toBe('ok');
    await appender.commit();
  }

  test('has a zero then, in its row where others began with it, and by itself where none did', async () => {
    await scrape(10_000, [3, 4], { 0: 9_000, 1: 9_500 });
    expect(await at(0)).toEqual({ 9000: textOf(0), 10_000: textOf(3) });
    expect(await at(1)).toEqual({ 9500: textOf(0), 10_000: textOf(4) });
    await scrape(20_000, [3, 4, ...Array<number>(30).fill(1)], { 0: 9_000, 2: 9_700 });
    expect(await at(0)).toEqual({ 9000: textOf(0), 10_000: textOf(3), 20_000: textOf(3) });
    expect(await at(2)).toEqual({ 9700: textOf(0), 20_000: textOf(1) });
    await reopen();
    expect(await at(2)).toEqual({ 9700: textOf(0), 20_000: textOf(1) });
  });

  test('has none where a sample is as new, the time is not before the sample, or it is more than an hour old', async () => {
    const hour = 3_600_000;
    await scrape(hour, [1, 1, 1, 1], { 0: -1, 1: 0, 2: hour, 3: NaN });
    for (const c of [0, 2, 3]) expect(await at(c)).toEqual({ [hour]: textOf(1) });
    expect(await at(1)).toEqual({ 0: textOf(0), [hour]: textOf(1) });
    await scrape(hour + 10, [0, 2, 2, 2], { 0: hour, 1: hour - 1, 2: hour + 3 });
    expect(await at(0)).toEqual({ [hour]: textOf(1), [hour + 10]: textOf(0) });
    expect(await at(2)).toEqual({ [hour]: textOf(1), [hour + 3]: textOf(0), [hour + 10]: textOf(2) });
  });

  test('that began while its target did not answer has a zero between the end before and its first sample', async () => {
    await scrape(10_000, [7, 1], {});
    const group = db.group('model/a:1');
    const appender = db.appender();
    const ended = new Float64Array(2);
    setStale(bitsOf(ended), 0);
    setGap(bitsOf(ended), 1);
    expect(appender.appendRow(group, 20_000, ended)).toBe('ok');
    setGap(bitsOf(ended), 0);
    ended[1] = 1;
    expect(appender.appendRow(group, 30_000, ended)).toBe('ok');
    await appender.commit();
    await scrape(40_000, [2, 1], { 0: 25_000 });
    expect(await at(0)).toEqual({ 10_000: textOf(7), 20_000: 'stale', 25_000: textOf(0), 40_000: textOf(2) });
  });

  test('has none where its newest samples are in a block', async () => {
    await scrape(10_000, [7], {});
    await db.flush();
    await scrape(20_000, [8], { 0: 9_000 });
    expect(await at(0)).toEqual({ 10_000: textOf(7), 20_000: textOf(8) });
    await reopen();
    await scrape(30_000, [9], { 0: 19_000 });
    expect(Object.keys((await at(0))!)).toEqual(['10000', '20000', '30000']);
  });

  test('outside rows has one too, and a native histogram an empty one', async () => {
    const appender = db.appender();
    const native = labelsOf({ __name__: 'native' });
    expect(appender.appendCreated(UP, 10_000, 9_000)).toBe(true);
    appender.append(UP, 10_000, 5);
    expect(appender.appendCreatedHistogram(native, 10_000, 9_000, HISTOGRAM)).toBe(true);
    appender.appendHistogram(native, 10_000, HISTOGRAM);
    await appender.commit();
    expect(appender.appendCreated(UP, 20_000, 9_000)).toBe(false);
    expect(appender.appendCreatedHistogram(native, 20_000, 9_000, HISTOGRAM)).toBe(false);
    const all = await readAll(db);
    expect(all[formatLabels(UP)]).toEqual({ 9000: textOf(0), 10_000: textOf(5) });
    expect(all.native).toEqual({ 9000: 'histogram of 0', 10_000: 'histogram of 12' });
  });

  test('is appended once where samples of one commit tell it again, and not before those of them', async () => {
    const appender = db.appender();
    const native = labelsOf({ __name__: 'native' });
    const tell = (t: number, created: number) => {
      const isNew = [
        appender.appendCreated(UP, t, created),
        appender.appendCreatedHistogram(native, t, created, HISTOGRAM),
      ];
      appender.append(UP, t, 5);
      appender.appendHistogram(native, t, HISTOGRAM);
      return isNew;
    };
    expect(tell(10_000, 9_000)).toEqual([true, true]);
    expect(tell(20_000, 9_000)).toEqual([false, false]);
    expect(tell(30_000, 15_000)).toEqual([false, false]);
    expect(tell(40_000, 35_000)).toEqual([true, true]);
    await appender.commit();
    expect(Object.keys((await readAll(db))[formatLabels(UP)])).toEqual([
      '9000',
      '10000',
      '20000',
      '30000',
      '35000',
      '40000',
    ]);
  });
});

test('series, label names and label values are those with samples in the range', async () => {
  await append(1000, 1, UP);
  await append(2000, 1, labelsOf({ __name__: 'other', zone: 'x' }));
  const up = [{ name: '__name__', op: '=' as const, value: 'up' }];
  expect(await db.series([], ALL_TIME)).toEqual([labelsOf({ __name__: 'other', zone: 'x' }), UP]);
  expect(await db.series([up], ALL_TIME)).toEqual([UP]);
  expect(await db.series([], { minTime: 0, maxTime: 1999 })).toEqual([UP]);
  expect(await db.labelNames([], { minTime: 1500, maxTime: 3000 })).toEqual(['__name__', 'zone']);
  expect(await db.labelValues('__name__', [], ALL_TIME)).toEqual(['other', 'up']);
  expect(await db.labelValues('__name__', [up], ALL_TIME)).toEqual(['up']);
});

test('exemplars are kept in order and survive a restart', async () => {
  const exemplar = { labels: [['trace', 'x']] as const, v: 0.3, t: 1500 };
  const appender = db.appender();
  appender.append(UP, 1000, 1);
  expect(appender.appendExemplar(UP, exemplar)).toBe('ok');
  await appender.commit();
  expect(appender.appendExemplar(UP, exemplar)).toBe('duplicate');
  expect(appender.appendExemplar(UP, { ...exemplar, t: 1400 })).toBe('outOfOrder');
  await reopen();
  expect(db.exemplars([], ALL_TIME)).toEqual([{ labels: UP, exemplars: [exemplar] }]);
  expect(db.exemplars([], { minTime: 0, maxTime: 1499 })).toEqual([]);
});

test('metadata of targets that disagree are all given', () => {
  const [a, b] = [db.group('a'), db.group('b')];
  const appender = db.appender();
  const counter = { type: 'counter', help: 'h', unit: '' } as const;
  appender.setMetadata(a, 'm', counter);
  appender.setMetadata(b, 'm', { ...counter, help: 'other' });
  expect(db.metadata('m').get('m')).toHaveLength(2);
  expect(db.metadata('n').size).toBe(0);
});

test('what is rolled back was never there', async () => {
  const appender = db.appender();
  appender.append(UP, 1000, 1);
  appender.rollback();
  await appender.commit();
  expect(await readAll(db)).toEqual({});
  expect(await append(500, 2)).toBe('ok');
});

test('a select over its limit is refused', async () => {
  await append(1000, 1);
  await append(2000, 1);
  await expect(db.select({ matchers: [], ...ALL_TIME, maxSamples: 1 })).rejects.toThrow(SelectLimitError);
});

test('the folder belongs to one store; a dead holder does not count', async () => {
  await expect(openTsdb({ path: folder })).rejects.toMatchObject({ code: 'locked' });
  await db.close();
  fs.writeFileSync(path.join(folder, 'lock'), `${process.ppid}\n`);
  await expect(openTsdb({ path: folder })).rejects.toThrow(new RegExp(`in use by process ${process.ppid}`));
  fs.writeFileSync(path.join(folder, 'lock'), `${process.ppid} 1\n`);
  await reopen();
  await append(1000, 1);
});

test('a closed store refuses', async () => {
  await db.close();
  await expect(append(1000, 1)).rejects.toMatchObject({ code: 'closed' });
});

test('on a full disk a commit is refused as a whole, queries go on, and it recovers by itself', async () => {
  let room = Infinity;
  const writeLog = (fd: number, bytes: Uint8Array) => {
    if (room === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const size = Math.min(room, bytes.length);
    room -= size;
    return fs.writeSync(fd, bytes, 0, size);
  };
  const told: string[] = [];
  let now = 0;
  await reopen({ log: (_, message) => told.push(message), now: () => now }, { writeLog });
  expect(await append(1000, 1)).toBe('ok');
  room = 7;
  await expect(append(2000, 2, CPU)).rejects.toMatchObject({ code: 'disk_full', name: 'StorageError' });
  await expect(append(2001, 2, CPU)).rejects.toMatchObject({ code: 'disk_full' });
  expect(db.stats()).toMatchObject({ refusal: { code: 'disk_full' }, commitsRefused: 2 });
  const before = { 'up{instance="a:1", job="model"}': { 1000: textOf(1) } };
  expect(await readAll(db)).toEqual(before);
  room = Infinity;
  now = 10_000;
  expect(await append(3000, 3, CPU)).toBe('ok');
  expect(db.stats()).toMatchObject({ refusal: undefined, commitsRefused: 2 });
  expect(told).toEqual(['samples are refused; queries go on', 'samples are taken again']);
  const after = { ...before, 'cpu{instance="a:1", job="model"}': { 3000: textOf(3) } };
  expect(await readAll(db)).toEqual(after);
  await reopen();
  expect(await readAll(db)).toEqual(after);
  expect(db.stats()).toMatchObject({ corruptions: 0, tornRecordsCut: 0, recordsDropped: 0 });
  room = 0;
  await reopen({}, { writeLog });
  expect(await readAll(db)).toEqual(after);
  await expect(append(4000, 4)).rejects.toMatchObject({ code: 'disk_full' });
  room = Infinity;
  expect(await append(4000, 4)).toBe('ok');
});

test('a data folder that was moved away is noticed, and used again once it is back', async () => {
  expect(await append(1000, 1)).toBe('ok');
  fs.renameSync(folder, `${folder}-moved`);
  let refusal: unknown;
  for (let t = 2000; refusal === undefined; t++) {
    await append(t, 2).catch((error: unknown) => (refusal = error));
    await sleep(20);
  }
  expect(refusal).toMatchObject({ code: 'io', message: expect.stringContaining('removed or replaced') as string });
  expect(Object.keys(await readAll(db))).toHaveLength(1);
  expect(db.stats()).toMatchObject({ refusal: { code: 'io' }, logSegments: 0 });
  fs.renameSync(`${folder}-moved`, folder);
  expect(await append(90_000, 3)).toBe('ok');
  const before = await readAll(db);
  await reopen();
  expect(await readAll(db)).toEqual(before);
});

test('a commit that is synced leaves only the newest segment open, however many were filled since the last sync', async () => {
  const links = () => {
    const names = fs.readdirSync('/proc/self/fd').map((fd) => `/proc/self/fd/${fd}`);
    // The one that the listing itself used is gone.
    return names.filter((name) => fs.lstatSync(name, { throwIfNoEntry: false }) !== undefined);
  };
  const segmentsOpen = () =>
    links()
      .map((link) => fs.readlinkSync(link, 'utf8'))
      .filter((file) => file.startsWith(fs.realpathSync(folder)) && file.endsWith('.wal'))
      .map((file) => path.basename(file));
  await reopen({ segmentSizeMax: 60, syncIntervalMs: 3_600_000 });
  for (let i = 0; i < 20; i++) expect(await append(1000 + i, i / 7)).toBe('ok');
  const { logSegments } = db.stats();
  expect(logSegments).toBeGreaterThan(5);
  expect(segmentsOpen()).toHaveLength(logSegments);
  await db.appender().commit({ sync: true });
  expect(segmentsOpen()).toEqual([`${String(logSegments).padStart(8, '0')}.wal`]);
  await reopen();
  expect(segmentsOpen()).toEqual([]);
  expect(Object.keys((await readAll(db))['up{instance="a:1", job="model"}'])).toHaveLength(20);
});

test('a store that is closed leaves an empty log and all of its head', async () => {
  const group = db.group('model/a:1');
  group.column(CPU);
  for (let i = 0; i < 100; i++) {
    const appender = db.appender();
    expect(appender.appendRow(group, 1000 + i, Float64Array.of(i / 4))).toBe('ok');
    expect(appender.append(UP, 1000 + i - (i % 3), i)).toBe(i % 3 === 0 ? 'ok' : 'duplicate');
    await appender.commit();
  }
  const before = await readAll(db);
  await reopen();
  expect(db.stats()).toMatchObject({ logSegments: 0, headRows: 0 });
  expect(await readAll(db)).toEqual(before);
  expect(await append(1100, 1)).toBe('ok');
  expect(await append(1100, 2)).toBe('duplicate');
  const after = await readAll(db);
  // Only looked at: the log stays as it is.
  await reopen();
  await reopen();
  expect(await readAll(db)).toEqual(after);
});
