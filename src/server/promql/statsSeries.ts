/**
 * Series of which only the histograms' counts and sums are looked at. As upstream decodes them they know of every sample but the first
 * whether it follows a reset. Rules: Prometheus promql/histogram_stats_iterator.go.
 */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { isReset } from '../../shared/histogram/resets.ts';
import type { SampledSeries, SelectedSeries } from './series.ts';

const NOTHING = new Float64Array(0);
const NO_SPANS: NativeHistogram['positiveSpans'] = [];

/** @param from the first time that is looked at: what lies before it is not compared with. */
export const statsSeries = (series: readonly SelectedSeries[], from: number): readonly SelectedSeries[] =>
  series.map((one) => ({
    labels: one.labels,
    hasHistograms: one.hasHistograms,
    read: () => withoutBuckets(one.read(), from),
  }));

function withoutBuckets(series: SampledSeries, from: number): SampledSeries {
  if (series.histograms === undefined) return series;
  const stats = new Map<number, NativeHistogram>();
  let before: NativeHistogram | undefined;
  for (let i = 0; i < series.times.length; i++) {
    const h = series.histograms.get(i);
    if (h === undefined) continue;
    stats.set(i, statsOf(h, before));
    if (series.times[i] >= from) before = h;
  }
  return { ...series, histograms: stats };
}

function statsOf({ schema, count, sum, ...h }: NativeHistogram, before: NativeHistogram | undefined): NativeHistogram {
  const isKnown = h.counterReset !== 'unknown' || before === undefined;
  const counterReset = isKnown ? h.counterReset : isReset({ schema, count, sum, ...h }, before) ? 'reset' : 'notReset';
  return {
    schema,
    count,
    sum,
    counterReset,
    zeroThreshold: 0,
    zeroCount: 0,
    positiveSpans: NO_SPANS,
    negativeSpans: NO_SPANS,
    positiveBuckets: NOTHING,
    negativeBuckets: NOTHING,
  };
}
