/** Samples as they are stored, series by series, for those who take them elsewhere: federation and remote read. */
import { compareLabels } from '../../shared/model/labels.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import { openColumns } from '../promql/engine.ts';
import { heldSeries, selectedSeries, withStaleMarks, type SampledSeries } from '../promql/series.ts';
import type { SeriesSamples } from '../remote/prompb.ts';
import type { Queryable, SelectLease, TimeRange } from '../storage/queryable.ts';
import { openSelect, type OpenBudget } from '../tsdb/openSelect.ts';
import { PackedChunkCache } from '../tsdb/partSource.ts';

/** Of one walk over the series of a select: chunks that the next series are likely to lie in as well. */
const WALK_CHUNKS_BYTES_MAX = 16 * 1024 * 1024;

/**
 * What is stored of the series that match, sorted by labels; stale marks are cells with their bits.
 * Rejects with SelectLimitError once more than `maxSamples` would be read.
 */
export async function storedSeries(
  queryable: Queryable,
  matchers: readonly Matcher[],
  range: TimeRange,
  maxSamples: number,
): Promise<SeriesSamples[]> {
  const groups = await queryable.select({ matchers, ...range, maxSamples });
  return heldSeries(groups.map(openColumns)).map(samplesOf).sort(byLabels);
}

/** The same one after the other: each is decoded when it is asked for, and valid until the next one is. No number of samples is too large. */
export async function* eachStoredSeries(
  queryable: Queryable,
  matchers: readonly Matcher[],
  range: TimeRange,
  pacing?: Pick<OpenBudget, 'isDue' | 'pause'>,
): AsyncGenerator<SeriesSamples> {
  const spec = { matchers, ...range };
  const lease = await queryable.pack?.(spec);
  if (lease === undefined) return yield* await storedSeries(queryable, matchers, range, Infinity);
  try {
    yield* eachOf(lease, pacing);
  } finally {
    lease.release();
  }
}

async function* eachOf(
  lease: SelectLease,
  pacing?: Pick<OpenBudget, 'isDue' | 'pause'>,
): AsyncGenerator<SeriesSamples> {
  const labels = lease.select.groups.map(({ refs }) => Array.from(refs, (ref) => lease.labels(ref)));
  const chunks = new PackedChunkCache(WALK_CHUNKS_BYTES_MAX, 0);
  const open = await openSelect(lease.select, labels, chunks, {
    maxSamples: Infinity,
    isDue: () => pacing?.isDue?.() === true,
    pause: () => pacing?.pause?.() ?? Promise.resolve(),
  });
  for (const one of selectedSeries(open).sort(byLabels)) {
    const series = one.read();
    if (series.times.length > 0) yield samplesOf(series);
  }
}

const byLabels = (a: Pick<SeriesSamples, 'labels'>, b: Pick<SeriesSamples, 'labels'>) =>
  compareLabels(a.labels, b.labels);

function samplesOf({ labels, times, values, stale, histograms }: SampledSeries): SeriesSamples {
  return { labels, times, values: stale === undefined ? values : withStaleMarks(values, stale), histograms };
}
