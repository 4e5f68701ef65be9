/** The process ends, or the disk is full, at each step of writing and merging blocks: nothing is lost, doubled or left half-written. */
import fs from 'node:fs';
import path from 'node:path';
import { makeFolder, readAll } from '../../../../tests/support/tsdbSamples.ts';
import { labelsOf } from '../../../shared/model/labels.ts';
import { openTsdb, type Tsdb } from '../db.ts';
import { verifyFolder } from '../inspect/verify.ts';
import { DISK, type BlockFiles } from './blockFiles.ts';

const HOUR = 3_600_000;
const START = 1_700_000_000_000;
/** Long enough that hours are flushed by the test alone. */
const OPTIONS = { blockRangeMs: 100 * HOUR, outOfOrderWindowMs: HOUR };
const metric = (name: string, le?: string) =>
  labelsOf({ __name__: name, job: 'j', ...(le === undefined ? {} : { le }) });

let base: string;
let folder: string;
beforeAll(async () => {
  base = makeFolder();
  const db = await openTsdb({ path: base, ...OPTIONS });
  for (let hour = 0; hour < 11; hour++) {
    await append(db, hour);
    await db.flush();
  }
  await db.close();
});
afterAll(() => fs.rmSync(base, { recursive: true }));
beforeEach(() => {
  folder = makeFolder();
  fs.cpSync(base, folder, { recursive: true });
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** An hour of a target's rows, and of single samples that are late now and then. */
async function append(db: Tsdb, hour: number): Promise<void> {
  const group = db.group('target');
  for (const le of ['1', '2', '5', '+Inf']) group.column(metric('h', le));
  group.column(metric('gauge'));
  for (let minute = hour * 60; minute < hour * 60 + 60; minute += 4) {
    const appender = db.appender();
    const t = START + minute * 60_000;
    expect(
      appender.appendRow(group, t, Float64Array.of(minute, 2 * minute, 2 * minute, 3 * minute, (minute % 9) / 10)),
    ).toBe('ok');
    expect(appender.append(metric('single'), t - (minute % 12) * 1000, minute)).toBe('ok');
    await appender.commit();
  }
}

/** The twelfth hour; two hours of a bucket deleted; a flush, after which twelve blocks become one. */
async function lastHour(db: Tsdb): Promise<void> {
  await append(db, 11);
  const range = { minTime: START + 3 * HOUR, maxTime: START + 5 * HOUR };
  await db.deleteSeries([[{ name: 'le', op: '=', value: '2' }]], range);
}

/** A disk on which every step from a certain one on fails, and the first of them is half done. */
class EndingDisk implements BlockFiles {
  #left: number;
  steps = 0;

  constructor(stepsLeft: number) {
    this.#left = stepsLeft;
  }

  async create(file: string) {
    this.#step();
    const handle = await DISK.create(file);
    return {
      write: async (bytes: Uint8Array) => {
        if (this.#left === 1) await handle.write(bytes.subarray(0, bytes.length >> 1));
        this.#step();
        await handle.write(bytes);
      },
      sync: () => this.#then(() => handle.sync()),
      // What has ended keeps no file open.
      close: () => handle.close(),
    };
  }

  checksum = (file: string) => this.#then(() => DISK.checksum(file));
  rename = (from: string, to: string) => this.#then(() => DISK.rename(from, to));
  remove = (file: string) => this.#then(() => DISK.remove(file));
  syncFolder = (place: string) => this.#then(() => DISK.syncFolder(place));

  removeNow(file: string): void {
    this.#step();
    DISK.removeNow(file);
  }

  async #then<T>(work: () => Promise<T>): Promise<T> {
    this.#step();
    return work();
  }

  #step(): void {
    this.steps++;
    if (this.#left > 0) this.#left--;
    if (this.#left === 0) throw new Error('the process has ended');
  }
}

const filesOf = (part: string) => fs.readdirSync(path.join(folder, part)).sort();

/** All samples, and that every file is whole. */
async function lookAgain(): Promise<{ content: unknown; blocks: number }> {
  const db = await openTsdb({ path: folder, ...OPTIONS });
  const content = await readAll(db);
  const { blocks, flushFailures } = db.stats();
  expect(flushFailures).toBe(0);
  await db.close();
  expect(filesOf('blocks').filter((name) => name.endsWith('.tmp'))).toEqual([]);
  expect(verifyFolder(folder).damages).toEqual([]);
  return { content, blocks };
}

async function withoutCrash(): Promise<{ content: unknown; steps: number }> {
  const disk = new EndingDisk(-1);
  const db = await openTsdb({ path: folder, ...OPTIONS }, { files: disk });
  await lastHour(db);
  await db.flush();
  expect(db.stats()).toMatchObject({ blocks: 1, compactions: 1 });
  const content = await readAll(db);
  await db.close();
  return { content, steps: disk.steps };
}

test('wherever the process ends while a block is written and blocks are merged, all is there when it starts again', async () => {
  const { content, steps } = await withoutCrash();
  expect(steps).toBeGreaterThan(30);
  expect((await lookAgain()).content).toEqual(content);
  const seen = new Set<number>();
  for (let step = 1; step <= steps; step++) {
    fs.rmSync(folder, { recursive: true });
    fs.cpSync(base, folder, { recursive: true });
    const db = await openTsdb({ path: folder, ...OPTIONS }, { files: new EndingDisk(step) });
    await lastHour(db);
    await db.flush().catch(() => undefined);
    await db.close();
    const after = await lookAgain();
    expect([step, after.content]).toEqual([step, content]);
    seen.add(after.blocks);
    const again = await openTsdb({ path: folder, ...OPTIONS });
    await again.flush();
    expect([step, await readAll(again)]).toEqual([step, content]);
    await again.close();
  }
  // Ended before the new block, after it, and after the merged one.
  expect([...seen].sort((a, b) => a - b)).toEqual([1, 11, 12]);
}, 120_000);

test('a full disk keeps the samples where they are, leaves nothing half-written, and is tried again when there is room', async () => {
  let isFull = true;
  const files: BlockFiles = {
    ...DISK,
    async create(file) {
      const handle = await DISK.create(file);
      const write = async (bytes: Uint8Array) => {
        if (!isFull) return handle.write(bytes);
        await handle.write(bytes.subarray(0, bytes.length >> 1));
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      };
      return { ...handle, write };
    },
  };
  const said: string[] = [];
  const db = await openTsdb({ path: folder, ...OPTIONS, log: (_level, message) => said.push(message) }, { files });
  try {
    await lastHour(db);
    const content = await readAll(db);
    await expect(db.flush()).rejects.toMatchObject({ code: 'disk_full', message: /free some room; it is tried again/ });
    expect(db.stats()).toMatchObject({ blocks: 11, flushFailures: 1 });
    expect(filesOf('blocks')).toHaveLength(11);
    expect(await readAll(db)).toEqual(content);
    isFull = false;
    await db.flush();
    expect(db.stats()).toMatchObject({ blocks: 1, headChunks: 0 });
    expect(await readAll(db)).toEqual(content);
    expect(filesOf('blocks')).toHaveLength(1);
  } finally {
    await db.close();
  }
});

test('blocks that cannot be merged stay, and are merged after the next flush', async () => {
  let left = 1;
  const files: BlockFiles = {
    ...DISK,
    async create(file) {
      if (file.endsWith('.block.tmp') && left-- <= 0 && left > -2) {
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      }
      return DISK.create(file);
    },
  };
  const said: string[] = [];
  const db = await openTsdb({ path: folder, ...OPTIONS, log: (_level, message) => said.push(message) }, { files });
  try {
    await lastHour(db);
    const content = await readAll(db);
    await db.flush();
    expect(said).toEqual(['small blocks could not be merged; they stay as they are']);
    expect(db.stats()).toMatchObject({ blocks: 12, compactions: 0, flushFailures: 0 });
    expect(await readAll(db)).toEqual(content);
    await db.flush();
    expect(db.stats()).toMatchObject({ blocks: 1, compactions: 1 });
    expect(await readAll(db)).toEqual(content);
  } finally {
    await db.close();
  }
});
