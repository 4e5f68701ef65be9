/** Gives a server its samples, those of one time together: a series' floats and histograms come in turns, and none may come late. */
import { openTsdb } from '../../src/server/tsdb/db.ts';
import type { MemorySeries } from '../../tests/support/memoryQueryable.ts';
import { byTime } from '../../tests/support/remoteWritten.ts';

/** Writes a data folder of ours. */
export async function fillStore(path: string, series: readonly MemorySeries[]): Promise<void> {
  const db = await openTsdb({ path });
  for (const [t, slice] of byTime(series)) {
    const appender = db.appender();
    for (const { labels, samples } of slice) {
      const [[, v]] = samples;
      if (v === 'stale') appender.appendStale(labels, t);
      else if (typeof v === 'number') appender.append(labels, t, v);
      else appender.appendHistogram(labels, t, v);
    }
    await appender.commit();
  }
  await db.close();
}
