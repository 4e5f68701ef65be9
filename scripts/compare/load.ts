/** Gives a server its samples, those of one time together: a series' floats and histograms come in turns, and none may come late. */
import { openTsdb } from '../../src/server/tsdb/db.ts';
import type { MemorySeries } from '../../tests/support/memoryQueryable.ts';
import { remoteWriteBody } from '../../tests/support/remoteWritten.ts';

function byTime(series: readonly MemorySeries[]): [t: number, slice: MemorySeries[]][] {
  const slices = new Map<number, MemorySeries[]>();
  for (const one of series) {
    for (const sample of one.samples) {
      const slice = slices.get(sample[0]);
      if (slice === undefined) slices.set(sample[0], [{ ...one, samples: [sample] }]);
      else slice.push({ ...one, samples: [sample] });
    }
  }
  return [...slices].sort(([a], [b]) => a - b);
}

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

/** Writes to a server that receives remote writes. */
export async function writeRemotely(url: string, series: readonly MemorySeries[]): Promise<void> {
  for (const [, slice] of byTime(series)) {
    const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
    const written = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body: remoteWriteBody(slice) });
    if (!written.ok) throw new Error(`${url} refused samples: ${written.status} ${await written.text()}`);
  }
}
