/** The series of a lease, read on this thread. */
import { heldSeries, withStaleMarks } from '../promql/series.ts';
import { derivedRefs } from '../storage/derivedRefs.ts';
import type { GroupColumns, SelectLease } from '../storage/queryable.ts';
import { openSelect } from '../tsdb/openSelect.ts';
import { PackedChunkCache } from '../tsdb/partSource.ts';

/** Rejects with SelectLimitError once more than `maxSamples` would be read. */
export async function readLease(lease: SelectLease, maxSamples: number): Promise<readonly GroupColumns[]> {
  const labels = lease.select.groups.map(({ refs }) => Array.from(refs, (ref) => lease.labels(ref)));
  const open = await openSelect(lease.select, labels, new PackedChunkCache(), { maxSamples });
  return heldSeries(open).map(({ labels, times, values, stale, histograms }) => {
    const marked = stale === undefined ? values : withStaleMarks(values, stale);
    const column = { ref: derivedRefs.of(labels), labels, values: marked };
    return { times, columns: [histograms === undefined ? column : { ...column, histograms }] };
  });
}
