/** Files that a thread read ahead are those that would be read in place, whatever happened to them. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ALL_TIME, makeFolder, readAll } from '../../../../tests/support/tsdbSamples.ts';
import { labelsOf } from '../../../shared/model/labels.ts';
import { openTsdb } from '../db.ts';
import { filesToReplay, segmentName } from './logFolder.ts';
import { readLogFile, type LogFile } from './logFile.ts';
import { readLogAhead, type LogAhead } from './readAhead.ts';

const TARGETS = 10;
const WIDTH = 20;
const ROWS = 60;
const OPTIONS = { blockRangeMs: 1e12, segmentSizeMax: 16 * 1024, retention: { ageMs: 0, bytes: 0, percentage: 0 } };

let noise: string;
let folder: string;
let ahead: LogAhead | undefined;
beforeAll(async () => {
  noise = makeFolder();
  await writeNoise(noise);
});
afterAll(() => fs.rmSync(noise, { recursive: true }));
beforeEach(() => {
  folder = makeFolder();
  fs.cpSync(noise, folder, { recursive: true });
});
afterEach(async () => {
  await ahead?.close();
  fs.rmSync(folder, { recursive: true });
});

/** Several segments of rows that do not pack, and no snapshot of them: the folder is copied while the store has it open. */
async function writeNoise(to: string): Promise<void> {
  const open = makeFolder();
  const db = await openTsdb({ path: open, ...OPTIONS });
  for (let i = 0; i < TARGETS; i++) {
    const group = db.group(`target ${i}`);
    for (let c = 0; c < WIDTH; c++) group.column(labelsOf({ __name__: 'noise', target: String(i), c: String(c) }));
    for (let row = 0; row < ROWS; row++) {
      const values = Float64Array.from({ length: WIDTH }, (_, c) => Math.sin(1 + i + 31 * c + 1009 * row));
      const appender = db.appender();
      appender.appendRow(group, 1_700_000_000_000 + row * 15_000, values);
      await appender.commit();
    }
  }
  fs.cpSync(open, to, { recursive: true, filter: (file) => path.basename(file) !== 'lock' });
  await db.close();
  fs.rmSync(open, { recursive: true });
}

const files = () =>
  filesToReplay(path.join(folder, 'wal')).segments.map((n) => path.join(folder, 'wal', segmentName(n)));

/** Held together as bytes: Jest takes seconds for a megabyte. */
function expectTaken(file: string): void {
  const [taken, there] = [ahead!.take(file), readLogFile(file)];
  expect(Buffer.compare(taken.bytes, there.bytes)).toBe(0);
  expect(Buffer.compare(bytesOf(taken.frames), bytesOf(there.frames))).toBe(0);
}

const bytesOf = ({ buffer, byteLength }: Uint32Array<ArrayBuffer>) => new Uint8Array(buffer, 0, byteLength);

test('what is read ahead is what the files hold, damaged ones and a torn end included', () => {
  const [first, second] = files();
  const last = files().at(-1)!;
  const bytes = fs.readFileSync(second);
  bytes[bytes.length >> 1] ^= 8;
  fs.writeFileSync(second, bytes);
  fs.truncateSync(last, fs.statSync(last).size - 5);
  expect(files().length).toBeGreaterThan(4);
  ahead = readLogAhead(folder, 1)!;
  for (const file of files()) expectTaken(file);
  const covered = ({ frames }: LogFile) => frames.reduce((sum, place, i) => sum + (i % 2 === 0 ? -place : place), 0);
  expect(covered(readLogFile(first))).toBe(fs.statSync(first).size - 16);
  expect(covered(readLogFile(second))).toBeLessThan(fs.statSync(second).size - 16);
});

test('a store that is opened so has every sample', async () => {
  const plain = makeFolder();
  fs.cpSync(folder, plain, { recursive: true });
  const expected = await openTsdb({ path: plain, ...OPTIONS });
  ahead = readLogAhead(folder, 1)!;
  const db = await openTsdb({ path: folder, ...OPTIONS }, { takeLogFile: ahead.take });
  expect(await readAll(db)).toEqual(await readAll(expected));
  const counts = ({ samplesAppended, replayedRecords, corruptions }: ReturnType<typeof db.stats>) =>
    [samplesAppended, replayedRecords, corruptions] as const;
  expect(counts(db.stats())).toEqual(counts(expected.stats()));
  expect(Object.keys(await readAll(db))).toHaveLength(TARGETS * WIDTH);
  expect(db.exemplars([], ALL_TIME)).toEqual([]);
  await db.close();
  await expected.close();
  fs.rmSync(plain, { recursive: true });
});

test('a file that grew or was cut since it was read is read again', async () => {
  const [first, second, third] = files();
  ahead = readLogAhead(folder, 1)!;
  await sleep(300);
  fs.appendFileSync(first, 'more');
  fs.truncateSync(second, 1000);
  for (const file of [first, second, third]) expectTaken(file);
});

test('a file that is not the next one, and every file once the thread is gone, are read in place', async () => {
  const [first, second, third] = files();
  ahead = readLogAhead(folder, 1)!;
  expectTaken(second);
  await ahead.close();
  for (const file of [first, third]) expectTaken(file);
  fs.rmSync(first);
  expect(() => ahead!.take(first)).toThrow(/ENOENT/);
});

test('no thread is started for a log of little, or none', () => {
  const empty = makeFolder();
  expect(readLogAhead(empty)).toBeUndefined();
  expect(readLogAhead(path.join(empty, 'not there'))).toBeUndefined();
  fs.rmSync(empty, { recursive: true });
});
