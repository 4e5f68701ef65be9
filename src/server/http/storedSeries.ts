/** Samples as they are stored, series by series, for those who take them elsewhere: federation and remote read. */
import { compareLabels } from '../../shared/model/labels.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import { bitsOf, setStale } from '../../shared/model/sampleBits.ts';
import { openColumns } from '../promql/engine.ts';
import { heldSeries } from '../promql/series.ts';
import type { SeriesSamples } from '../remote/prompb.ts';
import type { Queryable, TimeRange } from '../storage/queryable.ts';

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
  return heldSeries(groups.map(openColumns))
    .map(({ labels, times, values, stale, histograms }) => ({
      labels,
      times,
      values: stale === undefined ? values : withStaleMarks(values, stale),
      histograms,
    }))
    .sort((a, b) => compareLabels(a.labels, b.labels));
}

/** Passing a NaN as a number may have changed its bits. */
function withStaleMarks(values: Float64Array, stale: Uint8Array): Float64Array {
  const marked = values.slice();
  const bits = bitsOf(marked);
  stale.forEach((is, i) => is === 1 && setStale(bits, i));
  return marked;
}
