/** Blocks in their files: what version 1 wrote is read, two threads write the same. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { labelsOf } from '../../../shared/model/labels.ts';
import { openTsdb, type Tsdb } from '../db.ts';

/** Written by the program that wrote version 1: 250 rows of a target with four series, three single samples. */
const VERSION_1 =
  'SVNPQgEAAAABAAAAqGMQyh8BAACcFDCUAfABgKCr/vliBcCw6gEABAEE8AEHALwHoIAHAVPwAQcAgA+AiA4BBPABBwC8FqCIFQFo8AEBUAGamZ' +
  'mZmRk0QAEBAAAAgAezQAGamZmZmZk0QAEEAAAAAOSFQALAAAICQQAtLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0t' +
  'LS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0tLQPAAAIEAYKQAyRJbpIkN0mSmyTJTZLkJklykyS5SZLcJElukiQ3SZKbJMlNku' +
  'QmSXKTJLlJktwkSW6SJDdJkpskyU2S5CZJcpMkuUmS3CRJbpIkN0mSmyTJTZLkJklykyS5SZLcJElukiQ3AQB1AAAAYAlf3AEKgNrigfpiBcCw' +
  '6gEABAEFCgfAB+QHtEwBBwoHgA/ID4yZAQEFCgfAFqwXwOUBAQkKAAEzMzMzMzM0QAFmZmZmZmY0QKwGUAGamZmZmZk0QAHNzMzMzMw0QALA4A' +
  'MCAkHABy0tLQPA4AMCBAGClAMkuUkSAEMAAACNs5qtAQPo4eKB+mIEwNAPAAEBFQIHAQAAAAAAAACAAVVVVVVVVdU/AVVVVVVVVdU/DQgGAAAA' +
  'AAAAAIADf1VVVVVVVfUvAAEAAgAGdGFyZ2V0+gEEAQEBAQIQnwLwAYCgq/75YtDv4IH6YrcCdQqA2uKB+mKwl/OB+mIBBmrDv8O/MAEBAQG0A0' +
  'MD6OHigfpiiIHjgfpiBQMACF9fbmFtZV9fAA5sYXRlbmN5X2J1Y2tldAADam9iAAFqAAJsZQADMC4xAwECAwQFAAExAwECAwQFAAQrSW5mAgEA' +
  'C3RlbXBlcmF0dXJlAwQCAQAGc2luZ2xlAwQAAAAAAPB/QK8AAAAiX4dUSVNPQloeq3c=';

const START = 1_700_000_000_000;
const HOUR = 3_600_000;
const ALL_TIME = { minTime: -8e15, maxTime: 8e15 };
const name = (n: string, more: Record<string, string> = {}) => labelsOf({ __name__: n, job: 'j', ...more });

let folder: string;
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'blocks-'))));
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** Labels, times and cells (by their bits) of all groups. */
async function contentOf(db: Tsdb) {
  const groups = await db.select({ matchers: [], ...ALL_TIME });
  return groups.map(({ times, columns }) => ({
    times: [...times],
    columns: columns.map(({ labels, values }) => [labels, Buffer.from(values.slice().buffer).toString('hex')] as const),
  }));
}

test('a block of version 1 is read, and is of today’s version when it is written anew', async () => {
  const file = path.join(folder, 'blocks', '00000001.block');
  fs.mkdirSync(path.dirname(file));
  fs.writeFileSync(file, Buffer.from(VERSION_1, 'base64'));
  let db = await openTsdb({ path: folder });
  const [rows, single] = await db.select({ matchers: [], ...ALL_TIME });
  expect(rows.times).toHaveLength(250);
  expect(rows.columns.map(({ labels }) => labels)).toEqual([
    ...['0.1', '1', '+Inf'].map((le) => name('latency_bucket', { le })),
    name('temperature'),
  ]);
  for (const i of [0, 100, 249]) {
    expect(rows.columns.map(({ values }) => values[i])).toEqual([
      i,
      2 * i + (i % 3),
      3 * i + (i % 3),
      20 + (i % 7) / 10,
    ]);
  }
  expect([...single.columns[0].values.subarray(0, 2)]).toEqual([-0, 1 / 3]);
  const before = await contentOf(db);
  await db.deleteSeries([[{ name: '__name__', op: '=', value: 'temperature' }]], ALL_TIME);
  await db.cleanTombstones();
  await db.close();
  const [rewritten] = fs.readdirSync(path.dirname(file));
  expect(fs.readFileSync(path.join(path.dirname(file), rewritten)).readUInt32LE(4)).toBe(2);
  db = await openTsdb({ path: folder });
  const left = before.map(({ times, columns }) => ({
    times,
    columns: columns.filter(([labels]) => !labels.some(([, value]) => value === 'temperature')),
  }));
  expect(await contentOf(db)).toEqual(left);
  await db.close();
});

test('blocks of version 1 are written anew after the next flush', async () => {
  const file = path.join(folder, 'blocks', '00000001.block');
  fs.mkdirSync(path.dirname(file));
  fs.writeFileSync(file, Buffer.from(VERSION_1, 'base64'));
  const db = await openTsdb({ path: folder });
  const before = await contentOf(db);
  await db.flush();
  expect(await contentOf(db)).toEqual(before);
  await db.close();
  const names = fs.readdirSync(path.dirname(file));
  expect(names).toEqual(['00000002.block']);
  expect(fs.readFileSync(path.join(path.dirname(file), names[0])).readUInt32LE(4)).toBe(2);
});

/** Thirteen hours of a histogram, a gauge and noise, hour by hour flushed; some of it deleted. */
async function written(compactionThread: boolean): Promise<{ content: unknown; files: Buffer[] }> {
  const place = path.join(folder, String(compactionThread));
  const db = await openTsdb({ path: place, compactionThread, blockRangeMs: 100 * HOUR });
  try {
    const group = db.group('g');
    for (const le of ['0.1', '0.5', '1', '5', '+Inf']) group.column(name('h', { le }));
    for (const other of ['gauge', 'sum']) group.column(name(other));
    for (let minute = 0; minute < 13 * 60; minute++) {
      const appender = db.appender();
      const counts = [1, 2, 3, 4, 5].map((share) => Math.floor(share * minute * 1.7));
      appender.appendRow(
        group,
        START + minute * 60_000,
        Float64Array.of(...counts, (minute % 50) / 10, Math.sqrt(minute)),
      );
      appender.append(name('late'), START + minute * 60_000 + 7, minute);
      await appender.commit();
      if (minute % 60 === 59) await db.flush();
      if (minute === 400)
        await db.deleteSeries([[{ name: 'le', op: '=', value: '1' }]], { minTime: 0, maxTime: START + 2 * HOUR });
    }
    expect(db.stats().compactions).toBe(1);
    const names = fs.readdirSync(path.join(place, 'blocks')).sort();
    return { content: await contentOf(db), files: names.map((n) => fs.readFileSync(path.join(place, 'blocks', n))) };
  } finally {
    await db.close();
  }
}

test('the compaction thread writes what is written in place', async () => {
  const [inline, thread] = [await written(false), await written(true)];
  expect(thread.content).toEqual(inline.content);
  expect(thread.files.map((file) => file.toString('hex'))).toEqual(inline.files.map((file) => file.toString('hex')));
});
