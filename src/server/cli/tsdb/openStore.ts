/** A store opened by a tool: nothing of it is removed for its age, and what is damaged is told. */
import { openTsdb, type Tsdb } from '../../tsdb/db.ts';

/** Nothing is removed by a look at it. */
export const KEEP_ALL = { ageMs: 0, bytes: 0, percentage: 0 };

export async function withStore<T>(folder: string, work: (store: Tsdb) => Promise<T>): Promise<T> {
  const store = await openTsdb({ path: folder, retention: KEEP_ALL, log: tellFault });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** What is damaged and left out must not look like all there was. */
function tellFault(level: string, message: string, fields: Record<string, unknown>): void {
  if (level === 'warn' || level === 'error') process.stderr.write(`${message}: ${JSON.stringify(fields)}\n`);
}
