import fs from 'node:fs';
import { labelsOf } from '../../shared/model/labels.ts';
import { ALL_TIME, makeFolder } from '../../../tests/support/tsdbSamples.ts';
import { openTsdb, type Tsdb } from './db.ts';
import { openSelect } from './openSelect.ts';
import { PackedChunkCache } from './partSource.ts';

const MINUTE = 60_000;

let folder: string;
let db: Tsdb;
let t = 0;
beforeEach(async () => {
  folder = makeFolder();
  t = 1_700_000_000_000;
  // Blocks are merged up to a tenth of it: these never are.
  const retention = { ageMs: 450 * MINUTE, bytes: 0, percentage: 0 };
  db = await openTsdb({ path: folder, blockRangeMs: Infinity, retention });
});
afterEach(async () => {
  await db.close();
  fs.rmSync(folder, { recursive: true });
});

async function appendRows(count: number): Promise<void> {
  const group = db.group('g');
  group.column(labelsOf({ __name__: 'x', job: 'g' }));
  for (let i = 0; i < count; i++) {
    const appender = db.appender();
    appender.appendRow(group, (t += MINUTE), Float64Array.of(i));
    await appender.commit();
  }
}

async function readAllWith(cache: PackedChunkCache): Promise<number> {
  const { select, labels, release } = db.pack!({ matchers: [], ...ALL_TIME });
  try {
    const sets = select.groups.map(({ refs }) => Array.from(refs, (ref) => labels(ref)));
    const groups = await openSelect(select, sets, cache, { maxSamples: Infinity });
    for (const group of groups) group.read(0, new Float64Array(group.times.length));
    return groups.reduce((sum, { times }) => sum + times.length, 0);
  } finally {
    release();
  }
}

test('chunks of blocks that were removed are let go of with the next select', async () => {
  const cache = new PackedChunkCache();
  for (let block = 0; block < 4; block++) {
    await appendRows(200);
    await db.flush();
  }
  expect(await readAllWith(cache)).toBe(600);
  const full = cache.bytes;
  await db.setRetention({ ageMs: 150 * MINUTE, bytes: 0, percentage: 0 });
  expect(db.stats().blocks).toBe(1);
  expect(await readAllWith(cache)).toBe(200);
  expect(cache.bytes).toBeLessThan(full / 2);
  expect(cache.bytes).toBeGreaterThan(0);
});

test('chunks of memory that became blocks are let go of when the flush after theirs is done', async () => {
  const cache = new PackedChunkCache();
  const sizes: number[] = [];
  for (let round = 0; round < 12; round++) {
    await appendRows(200);
    await readAllWith(cache);
    await db.flush();
    await db.setRetention({ ageMs: 150 * MINUTE, bytes: 0, percentage: 0 });
    await readAllWith(cache);
    sizes.push(cache.bytes);
  }
  expect(Math.max(...sizes.slice(4))).toBeLessThan(1.5 * sizes[2]);
});
