/** A log that is torn or has a flipped bit gives what came before, and invents nothing. */
import fc from 'fast-check';
import fs from 'node:fs';
import path from 'node:path';
import { copyAsKilled, makeFolder, readAll, textOf } from '../../../../tests/support/tsdbSamples.ts';
import { formatLabels, labelsOf } from '../../../shared/model/labels.ts';
import { fillGaps } from '../../../shared/model/sampleBits.ts';
import { openTsdb } from '../db.ts';
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
  const db = await openTsdb({ path: folder, segmentSizeMax: 300 }, { writeLog });
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
