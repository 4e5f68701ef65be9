/** A log that is torn or has a flipped bit gives what came before, and invents nothing. */
import fc from 'fast-check';
import fs from 'node:fs';
import path from 'node:path';
import { copyAsKilled, makeFolder, readAll, textOf } from '../../../../tests/support/tsdbSamples.ts';
import { formatLabels, labelsOf } from '../../../shared/model/labels.ts';
import { fillGaps } from '../../../shared/model/sampleBits.ts';
import { openTsdb } from '../db.ts';
import { verifyFolder } from '../inspect/verify.ts';
import type { WriteFile } from './log.ts';
import { RECORD } from './records.ts';

const columnLabels = (column: number) => labelsOf({ __name__: `r${column}`, job: 'g' });

/**
 * Commits of one row each, with the log's size after each row (a chunk that is logged behind it does not count); then the folder as a crash
 * leaves it.
 */
async function crashed(rows: readonly (readonly number[])[]): Promise<{ folder: string; ends: number[] }> {
  const folder = makeFolder();
  let [size, end] = [0, 0];
  const writeLog: WriteFile = (fd, bytes) => {
    fs.writeSync(fd, bytes);
    size += bytes.length;
    if (bytes[1] !== RECORD.chunk) end = size;
    return bytes.length;
  };
  const db = await openTsdb({ path: folder, segmentSizeMax: 300 }, { writeLog, rowBytesKept: 0 });
  const group = db.group('g');
  const ends: number[] = [];
  for (const [i, row] of rows.entries()) {
    row.forEach((_, c) => group.column(columnLabels(c)));
    const appender = db.appender();
    const values = new Float64Array(group.columnCount);
    fillGaps(values);
    values.set(row);
    appender.appendRow(group, 1000 + i, values);
    await appender.commit();
    ends.push(end);
  }
  const left = copyAsKilled(folder);
  await db.close();
  fs.rmSync(folder, { recursive: true });
  expect(bytesOf(left)).toBe(size);
  return { folder: left, ends };
}
const files = (folder: string) =>
  fs
    .readdirSync(path.join(folder, 'wal'))
    .sort()
    .map((name) => path.join(folder, 'wal', name));
const bytesOf = (folder: string) => files(folder).reduce((sum, file) => sum + fs.statSync(file).size, 0);
/** The file and place of a byte of the whole log. */
const locate = (folder: string, at: number) => {
  for (const file of files(folder)) {
    const { size } = fs.statSync(file);
    if (at < size) return { file, place: at };
    at -= size;
  }
  throw new Error('past the log');
};
const expected = (rows: readonly (readonly number[])[]) => {
  const model: Record<string, Record<number, string>> = {};
  rows.forEach((row, i) =>
    row.forEach((v, c) => ((model[formatLabels(columnLabels(c))] ??= {})[1000 + i] = textOf(v))),
  );
  return model;
};
const rowsArbitrary = fc.array(fc.array(fc.oneof(fc.nat(9), fc.double()), { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 25,
});

test('cut anywhere in its last segment loses its tail and no more', async () => {
  await fc.assert(
    fc.asyncProperty(rowsArbitrary, fc.double({ min: 0, max: 1, noNaN: true }), async (rows, where) => {
      const { folder, ends } = await crashed(rows);
      const last = files(folder).at(-1)!;
      const before = bytesOf(folder) - fs.statSync(last).size;
      const cut = Math.floor(where * fs.statSync(last).size);
      fs.truncateSync(last, cut);
      const db = await openTsdb({ path: folder });
      expect(await readAll(db)).toEqual(expected(rows.slice(0, ends.filter((end) => end <= before + cut).length)));
      const appender = db.appender();
      const group = db.group('g');
      group.column(columnLabels(0));
      const row = new Float64Array(group.columnCount);
      expect(appender.appendRow(group, 5000, row)).toBe('ok');
      await appender.commit();
      const after = await readAll(db);
      await db.close();
      const again = await openTsdb({ path: folder });
      expect(await readAll(again)).toEqual(after);
      expect(again.stats()).toMatchObject({ corruptions: 0, tornRecordsCut: 0 });
      await again.close();
      fs.rmSync(folder, { recursive: true });
    }),
    { numRuns: 60 },
  );
});

test('with a flipped bit anywhere is reported, keeps what came before, and never invents a sample', async () => {
  await fc.assert(
    fc.asyncProperty(
      rowsArbitrary,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.nat(7),
      async (rows, where, bit) => {
        const { folder, ends } = await crashed(rows);
        const at = Math.floor(where * bytesOf(folder));
        const { file, place } = locate(folder, at);
        const bytes = fs.readFileSync(file);
        bytes[place] ^= 1 << bit;
        fs.writeFileSync(file, bytes);
        const db = await openTsdb({ path: folder });
        const found = await readAll(db);
        const all = expected(rows);
        for (const [name, samples] of Object.entries(found)) expect(all[name]).toMatchObject(samples);
        const sure = expected(rows.slice(0, ends.filter((end) => end <= at).length));
        for (const [name, samples] of Object.entries(sure)) expect(found[name]).toMatchObject(samples);
        const { corruptions, tornRecordsCut } = db.stats();
        expect(corruptions + tornRecordsCut).toBeGreaterThan(0);
        await db.close();
        fs.rmSync(folder, { recursive: true });
      },
    ),
    { numRuns: 60 },
  );
});

test('zeros ahead of what is written are room for the next records, and no damage', async () => {
  const folder = makeFolder();
  let isFull = false;
  let size = 0;
  const writeLog: WriteFile = (fd, bytes) => {
    if (isFull) {
      fs.writeSync(fd, bytes, 0, 5);
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    }
    size += bytes.length;
    return fs.writeSync(fd, bytes);
  };
  const db = await openTsdb({ path: folder }, { writeLog });
  const group = db.group('g');
  const column = group.column(columnLabels(0));
  const rows: number[][] = [];
  const append = async (v: number) => {
    const appender = db.appender();
    appender.appendRow(group, 1000 + rows.length, Float64Array.of(v));
    await appender.commit({ sync: true });
    rows.push([v]);
  };
  for (const v of [1, 2.5, 0, 7]) await append(v);
  expect(column).toBe(0);
  const [file] = files(folder);
  expect(fs.statSync(file).size).toBeGreaterThan(size + 100_000);
  const check = async (copy: string, tornRecordsCut: number) => {
    expect(verifyFolder(copy).damages).toEqual([]);
    const again = await openTsdb({ path: copy });
    expect(await readAll(again)).toEqual(expected(rows));
    expect(again.stats()).toMatchObject({ corruptions: 0, tornRecordsCut });
    await again.close();
    fs.rmSync(copy, { recursive: true });
  };
  await check(copyAsKilled(folder), 0);

  const torn = copyAsKilled(folder);
  const bytes = fs.readFileSync(files(torn)[0]);
  bytes.set([0xb5, 3, 9], size);
  fs.writeFileSync(files(torn)[0], bytes);
  await check(torn, 1);

  isFull = true;
  await expect(append(8)).rejects.toMatchObject({ code: 'disk_full' });
  isFull = false;
  for (const v of [9, 10, 11]) await append(v);
  await check(copyAsKilled(folder), 0);
  expect(fs.statSync(file).size).toBe(size);
  await db.close();
  await check(folder, 0);
});

test('a log that is closed or goes on in another segment ends with its last record', async () => {
  const folder = makeFolder();
  const db = await openTsdb({ path: folder, segmentSizeMax: 200 });
  const group = db.group('g');
  group.column(columnLabels(0));
  for (let i = 0; i < 20; i++) {
    const appender = db.appender();
    appender.appendRow(group, 1000 + i, Float64Array.of(i * 1e9));
    await appender.commit({ sync: true });
  }
  const left = copyAsKilled(folder);
  const sizes = files(left).map((file) => fs.statSync(file).size);
  expect(sizes.length).toBeGreaterThan(2);
  for (const size of sizes.slice(0, -1)) expect(size).toBeLessThan(1000);
  await db.close();
  for (const made of [folder, left]) fs.rmSync(made, { recursive: true });
});
