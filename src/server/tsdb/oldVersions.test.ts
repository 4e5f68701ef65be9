/** Folders that earlier versions of the store wrote open, and answer as one that is written now. */
import fs from 'node:fs';
import path from 'node:path';
import { HISTORY_OPTIONS, writeStoreHistory } from '../../../tests/support/storeHistory.ts';
import { ALL_TIME, makeFolder, readAll } from '../../../tests/support/tsdbSamples.ts';
import { openTsdb, type Tsdb } from './db.ts';

const FIXTURES = path.join(import.meta.dirname, '../../../tests/fixtures');

/** Opens a folder, does something with the store, closes and removes it. */
async function within<T>(folder: string, work: (db: Tsdb) => Promise<T>): Promise<T> {
  const db = await openTsdb({ path: folder, ...HISTORY_OPTIONS });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

const answers = async (db: Tsdb) => ({ samples: await readAll(db), exemplars: db.exemplars([], ALL_TIME) });

test.each([1, 2, 3, 4])('store %i opens and answers', async (number) => {
  const [folder, fresh] = [makeFolder(), makeFolder()];
  fs.cpSync(path.join(FIXTURES, `store-${number}`), folder, { recursive: true });
  const expected = await within(fresh, async (db) => {
    await writeStoreHistory(db);
    return answers(db);
  });
  expect(Object.keys(expected.samples)).toHaveLength(20);
  await within(folder, async (db) => {
    expect(await answers(db)).toEqual(expected);
    expect(db.stats()).toMatchObject({ corruptions: 0, recordsDropped: 0, tornRecordsCut: 0 });
    await db.flush();
  });
  // What this version made of it is right, too.
  await within(folder, async (db) => expect(await answers(db)).toEqual(expected));
  for (const used of [folder, fresh]) fs.rmSync(used, { recursive: true });
});
