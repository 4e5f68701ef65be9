/** Selected columns to series: one per label set, merged over groups, in the order they came. */
import type { Labels } from '../../shared/model/labels.ts';
import { bitsOf, CELL_GAP, CELL_STALE, cellKind } from '../../shared/model/sampleBits.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { isReset } from '../../shared/histogram/resets.ts';
import { LabelsIndex } from './labelsHash.ts';
import type { GroupColumns, SeriesColumn } from '../storage/queryable.ts';

/**
 * The samples of one series. `times` may be shared by many series, and then windows over it are too.
 * No cell is a gap; cells are stale markers only where `isStale` says so.
 */
export interface SampledSeries {
  readonly labels: Labels;
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** 1 where the cell ends the series; undefined where none does. */
  readonly stale: Uint8Array | undefined;
  readonly histograms: ReadonlyMap<number, NativeHistogram> | undefined;
}

export function seriesOf(groups: readonly GroupColumns[]): SampledSeries[] {
  return mergedOf(groups).map(withResetHints);
}

/** Says of every counting histogram whether it follows a reset, once for all windows it will be in. */
function withResetHints(series: SampledSeries): SampledSeries {
  const { histograms, stale } = series;
  if (histograms === undefined) return series;
  const hinted = new Map<number, NativeHistogram>();
  let before: NativeHistogram | undefined;
  for (let i = 0; i < series.times.length; i++) {
    const h = histograms.get(i);
    if (h !== undefined) hinted.set(i, h.counterReset === 'gauge' ? h : { ...h, counterReset: hintAfter(before, h) });
    // What comes after a float or the end of the series is stored anew, and nothing is known of it.
    before = stale?.[i] === 1 ? undefined : h;
  }
  return { ...series, histograms: hinted };
}

/** As upstream's store tells it: that there was no reset is certain, and anything else is left for the reader to find out. */
function hintAfter(before: NativeHistogram | undefined, h: NativeHistogram): NativeHistogram['counterReset'] {
  if (before === undefined || before.counterReset === 'gauge') return 'unknown';
  return isReset({ ...h, counterReset: 'unknown' }, before) ? 'unknown' : 'notReset';
}

function mergedOf(groups: readonly GroupColumns[]): SampledSeries[] {
  if (groups.length === 1)
    return byRef(groups[0].columns.map((column) => [column.ref, sampled(groups[0].times, column)]));
  const index = new LabelsIndex();
  const series: [ref: number, series: SampledSeries][] = [];
  for (const group of groups) {
    for (const column of group.columns) {
      const part = sampled(group.times, column);
      const place = index.enter(column.labels);
      if (place < 0) series.push([column.ref, part]);
      else series[place][1] = mergeByTime(series[place][1], part);
    }
  }
  return byRef(series);
}

/** In the order in which the store came to know them: that in which upstream's head answers, and ties are broken. */
function byRef(series: [ref: number, series: SampledSeries][]): SampledSeries[] {
  const isSorted = series.every(([ref], i) => i === 0 || series[i - 1][0] <= ref);
  if (!isSorted) series.sort(([a], [b]) => a - b);
  return series.map(([, one]) => one);
}

/** A column without its gaps; the column itself, not a copy, where it has none. */
function sampled(times: Float64Array, column: SeriesColumn): SampledSeries {
  const { values, labels } = column;
  const histograms = column.histograms !== undefined && column.histograms.size > 0 ? column.histograms : undefined;
  const first = firstMark(values, histograms);
  if (first < 0) return { labels, times, values, stale: undefined, histograms };
  const bits = bitsOf(values);
  const keptTimes = new Float64Array(values.length);
  const keptValues = new Float64Array(values.length);
  const stale = new Uint8Array(values.length);
  const keptHistograms = new Map<number, NativeHistogram>();
  let kept = 0;
  let hasStale = false;
  for (let i = 0; i < values.length; i++) {
    const histogram = histograms?.get(i);
    if (histogram !== undefined) keptHistograms.set(kept, histogram);
    else if (values[i] !== values[i]) {
      const kind = cellKind(bits, i);
      if (kind === CELL_GAP) continue;
      if (kind === CELL_STALE) {
        stale[kept] = 1;
        hasStale = true;
      }
    }
    keptTimes[kept] = times[i];
    keptValues[kept] = values[i];
    kept++;
  }
  return {
    labels,
    times: keptTimes.subarray(0, kept),
    values: keptValues.subarray(0, kept),
    stale: hasStale ? stale.subarray(0, kept) : undefined,
    histograms: keptHistograms.size > 0 ? keptHistograms : undefined,
  };
}

/** The first cell that is a gap or stale, -1 if there is none. */
function firstMark(values: Float64Array, histograms: ReadonlyMap<number, NativeHistogram> | undefined): number {
  let bits: Uint32Array | undefined;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === values[i]) continue;
    bits ??= bitsOf(values);
    if (cellKind(bits, i) !== 0 && histograms?.has(i) !== true) return i;
  }
  return -1;
}

/** Both series' samples by time; where both have one, `a`'s stands. */
function mergeByTime(a: SampledSeries, b: SampledSeries): SampledSeries {
  if (b.times.length === 0) return a;
  if (a.times.length === 0) return b;
  const length = a.times.length + b.times.length;
  const times = new Float64Array(length);
  const values = new Float64Array(length);
  const stale = new Uint8Array(length);
  const histograms = new Map<number, NativeHistogram>();
  let kept = 0;
  let i = 0;
  let j = 0;
  while (i < a.times.length || j < b.times.length) {
    const fromA = j >= b.times.length || (i < a.times.length && a.times[i] <= b.times[j]);
    if (fromA && j < b.times.length && a.times[i] === b.times[j]) j++;
    const part = fromA ? a : b;
    const at = fromA ? i++ : j++;
    times[kept] = part.times[at];
    values[kept] = part.values[at];
    stale[kept] = part.stale?.[at] ?? 0;
    const histogram = part.histograms?.get(at);
    if (histogram !== undefined) histograms.set(kept, histogram);
    kept++;
  }
  return {
    labels: a.labels,
    times: times.subarray(0, kept),
    values: values.subarray(0, kept),
    stale: a.stale !== undefined || b.stale !== undefined ? stale.subarray(0, kept) : undefined,
    histograms: histograms.size > 0 ? histograms : undefined,
  };
}

/** The series without its stale markers, as range vectors see it. */
export function withoutStale(series: SampledSeries): SampledSeries {
  const { stale, times, values } = series;
  if (stale === undefined) return series;
  const keptTimes = new Float64Array(times.length);
  const keptValues = new Float64Array(times.length);
  const histograms = new Map<number, NativeHistogram>();
  let kept = 0;
  for (let i = 0; i < times.length; i++) {
    if (stale[i] === 1) continue;
    const histogram = series.histograms?.get(i);
    if (histogram !== undefined) histograms.set(kept, histogram);
    keptTimes[kept] = times[i];
    keptValues[kept] = values[i];
    kept++;
  }
  return {
    labels: series.labels,
    times: keptTimes.subarray(0, kept),
    values: keptValues.subarray(0, kept),
    stale: undefined,
    histograms: histograms.size > 0 ? histograms : undefined,
  };
}
