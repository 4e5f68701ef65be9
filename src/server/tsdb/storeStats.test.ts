/** What a store tells of itself: each thing is done, and the numbers move. */
import fs from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../../../tests/support/tsdbSamples.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { labelsOf } from '../../shared/model/labels.ts';
import type { AppendOutcome } from '../storage/appender.ts';
import { DISK, type BlockFiles } from './block/blockFiles.ts';
import { openTsdb, type Tsdb, type TsdbOptions } from './db.ts';
import { EXEMPLARS_MAX } from './exemplars.ts';
import type { StoreObserver, StoreTask } from './tasks.ts';

const MINUTE = 60_000;
const START = 1_700_000_000_000;
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

/** Each of a job of its own, so that one does not keep the group of another. */
const series = (name: string) => labelsOf({ __name__: name, job: name });

let folder: string;
let db: Tsdb;
let ended: StoreTask[];
let stored: Parameters<StoreObserver['stored']>[0][];
let late: number[];
const observer: StoreObserver = {
  ended: (task, ms) => void (ms >= 0 && ended.push(task)),
  stored: (chunk) => void stored.push(chunk),
  late: (byMs) => void late.push(byMs),
};
const open = async (options: Partial<TsdbOptions> = {}, files?: BlockFiles) => {
  db = await openTsdb({ path: folder, observer, ...options }, { files });
};
beforeEach(() => {
  [ended, stored, late] = [[], [], []];
  folder = makeFolder();
});
afterEach(async () => {
  await db.close();
  fs.rmSync(folder, { recursive: true });
});

async function append(name: string, minutes: readonly number[]): Promise<AppendOutcome[]> {
  const appender = db.appender();
  const outcomes = minutes.map((minute) => appender.append(series(name), START + minute * MINUTE, minute));
  await appender.commit();
  return outcomes;
}

test('series and chunks are counted as they come and as they go', async () => {
  await open({ retention: { ageMs: 120 * MINUTE, bytes: 0, percentage: 0 }, blockRangeMs: 30 * MINUTE });
  await append('old', [0, 1]);
  expect(db.stats()).toMatchObject({ seriesCreated: 1, seriesRemoved: 0, headChunksCreated: 0 });
  await db.flush();
  expect(db.stats()).toMatchObject({ seriesCreated: 1, headChunksCreated: 1, headChunks: 0 });
  await append('new', [600]);
  await db.flush();
  expect(db.stats()).toMatchObject({ series: 1, seriesCreated: 2, seriesRemoved: 1, headChunksCreated: 2 });
});

test('an appender is active from when it is made until it is committed or rolled back', async () => {
  await open();
  const [one, other] = [db.appender(), db.appender()];
  expect(db.stats()).toMatchObject({ appendersCreated: 2, appendersActive: 2 });
  one.append(series('a'), START, 1);
  await one.commit();
  other.rollback();
  other.rollback();
  expect(db.stats()).toMatchObject({ appendersCreated: 2, appendersActive: 0 });
});

test('a sample that is late is told by how much, and counted where it is taken', async () => {
  await open({ outOfOrderWindowMs: 30 * MINUTE });
  await append('a', [60]);
  expect(await append('a', [50, 40, 10])).toEqual(['ok', 'ok', 'tooOld']);
  expect(late).toEqual([10 * MINUTE, 20 * MINUTE, 50 * MINUTE]);
  const appender = db.appender();
  appender.appendHistogram(series('h'), START + 60 * MINUTE, HISTOGRAM);
  appender.appendHistogram(series('h'), START + 55 * MINUTE, HISTOGRAM);
  await appender.commit();
  expect(db.stats().lateAppended).toEqual({ float: 2, histogram: 1 });
});

test('rows that are late are told too', async () => {
  await open();
  const group = db.group('g');
  group.column(series('a'));
  const appender = db.appender();
  appender.appendRow(group, START, Float64Array.of(1));
  expect(appender.appendRow(group, START - 5_000, Float64Array.of(1))).toBe('outOfOrder');
  appender.rollback();
  expect(late).toEqual([5_000]);
});

test('exemplars: series that have one, the oldest, and how many there may be', async () => {
  await open();
  expect(db.stats()).toMatchObject({ exemplarSeries: 0, oldestExemplar: undefined, exemplarsMax: EXEMPLARS_MAX });
  const appender = db.appender();
  for (const [name, minute] of [
    ['a', 3],
    ['b', 1],
    ['a', 4],
  ] as const)
    // prettier-ignore
    appender.appendExemplar(series(name), { labels: [], v: minute, t: START + minute * MINUTE });
  await appender.commit();
  expect(db.stats()).toMatchObject({ exemplars: 3, exemplarSeries: 2, oldestExemplar: START + 3 * MINUTE });
});

test('a flush: one block written and opened, one truncation of the head and of the log, one checkpoint', async () => {
  await open();
  const { logSegment } = db.stats();
  await append('a', [0, 1, 2, 3]);
  expect(db.stats()).toMatchObject({ logWrites: 1, logSegment });
  await db.flush();
  const once = { tried: 1, failed: 0, running: 0 };
  const { tasks, logSegment: next } = db.stats();
  expect(next).toBe(logSegment + 1);
  for (const task of ['compaction', 'blockWrite', 'blockOpen', 'headTruncation', 'headCollection'] as const)
    expect([task, tasks[task]]).toEqual([task, once]);
  for (const task of ['checkpoint', 'checkpointRemoval', 'logTruncation'] as const)
    expect([task, tasks[task]]).toEqual([task, once]);
  expect(ended.filter((task) => task === 'blockWrite')).toHaveLength(1);
  expect(stored).toEqual([{ rows: 4, seriesBytes: expect.any(Number), spanMs: 3 * MINUTE }]);
  expect(stored[0].seriesBytes).toBeGreaterThan(0);
});

test('a sync of the log is told', async () => {
  await open();
  const appender = db.appender();
  appender.append(series('a'), START, 1);
  await appender.commit({ sync: true });
  expect(db.stats().tasks.logSync).toEqual({ tried: 1, failed: 0, running: 0 });
  expect(ended).toEqual(['logSync']);
});

test('what fails is counted where it failed, and the block that is written is seen meanwhile', async () => {
  let fails = 'block';
  const running: number[] = [];
  const files: BlockFiles = {
    ...DISK,
    create(file) {
      running.push(db.stats().tasks.blockWrite.running);
      if (file.includes(fails)) throw Object.assign(new Error('no'), { code: 'EIO' });
      return DISK.create(file);
    },
  };
  await open({}, files);
  await append('a', [0, 1]);
  await expect(db.flush()).rejects.toThrow();
  expect(running).toEqual([1]);
  const { tasks } = db.stats();
  expect([tasks.blockWrite.failed, tasks.headTruncation.failed, tasks.checkpoint.failed]).toEqual([1, 1, 0]);
  fails = 'checkpoint';
  await expect(db.flush()).rejects.toThrow();
  const { blockWrite, headTruncation, checkpoint } = db.stats().tasks;
  expect([blockWrite.failed, headTruncation.failed, checkpoint.failed]).toEqual([1, 2, 1]);
  fails = 'nothing';
});

test('a damaged block is one that could not be opened', async () => {
  await open();
  await append('a', [0, 1]);
  await db.flush();
  await db.close();
  const [file] = fs.readdirSync(path.join(folder, 'blocks'));
  fs.truncateSync(path.join(folder, 'blocks', file), 100);
  await open();
  expect(db.stats().tasks.blockOpen).toEqual({ tried: 1, failed: 1, running: 0 });
});

test('taking deleted samples out of blocks is told, and nothing where nothing is deleted', async () => {
  await open();
  await append('a', [0, 1, 2]);
  await db.flush();
  await db.cleanTombstones();
  expect(db.stats().tasks.tombstoneCleanup.tried).toBe(0);
  const matchers = [[{ name: '__name__', op: '=' as const, value: 'a' }]];
  await db.deleteSeries(matchers, { minTime: START, maxTime: START + MINUTE });
  await db.cleanTombstones();
  expect(db.stats().tasks.tombstoneCleanup.tried).toBe(1);
  expect(ended).toContain('tombstoneCleanup');
});

test('a start is clean, but for a lock that a process left', async () => {
  await open();
  expect(db.stats().isCleanStart).toBe(true);
  await db.close();
  fs.writeFileSync(path.join(folder, 'lock'), '999999999 1\n');
  await open();
  expect(db.stats().isCleanStart).toBe(false);
});
