/** Functions over windows in which there are native histograms. Formulas: Prometheus promql/functions.go. */
import { isCustom } from '../../shared/histogram/bounds.ts';
import { divided, HistogramSum, multiplied } from '../../shared/histogram/arithmetic.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { isReset, sameHistogram } from '../../shared/histogram/resets.ts';
import type { Labels } from '../../shared/model/labels.ts';
import type { HistogramWords } from './histogramWords.ts';
import { differenceOfTwo, extrapolationFactor } from './rangeKernels.ts';

/** One window of one series: samples [from, to) and which of them are histograms. */
export interface MixedWindow {
  readonly labels: Labels;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly histograms: ReadonlyMap<number, NativeHistogram>;
  readonly from: number;
  readonly to: number;
  /** Indexes of the histograms in the window, ascending; at least one. */
  readonly histogramIndexes: Int32Array;
  /** The window's right end and width, milliseconds. */
  readonly end: number;
  readonly rangeMs: number;
}

/** What comes of a window with histograms; undefined where nothing does. */
export type WindowFunction = (window: MixedWindow, words: HistogramWords) => number | NativeHistogram | undefined;

/** The window's histograms; undefined, and told, where there are floats too. */
function onlyHistograms(window: MixedWindow, words: HistogramWords): NativeHistogram[] | undefined {
  const { histogramIndexes, from, to, labels } = window;
  if (histogramIndexes.length === to - from) return Array.from(histogramIndexes, (k) => window.histograms.get(k)!);
  words.mixedWithFloats(labels);
  return undefined;
}

function extrapolated(isCounter: boolean, perSecond: boolean): WindowFunction {
  return (window, words) => {
    const { times, from, to, end, rangeMs, labels } = window;
    const histograms = onlyHistograms(window, words);
    if (histograms === undefined || histograms.length < 2) return undefined;
    const increase = isCounter ? counted(histograms, labels, words) : difference(histograms, labels, words);
    if (increase === undefined) return undefined;
    const reachesZero = isCounter && increase.count > 0 && histograms[0].count >= 0;
    const toZero = reachesZero ? histograms[0].count / increase.count : undefined;
    const factor = extrapolationFactor(times, from, to - 1, end, rangeMs, toZero);
    return multiplied(increase, perSecond ? factor / (rangeMs / 1000) : factor);
  };
}

/** Last minus first. */
function difference(
  histograms: readonly NativeHistogram[],
  labels: Labels,
  words: HistogramWords,
): NativeHistogram | undefined {
  const first = histograms[0];
  const last = histograms[histograms.length - 1];
  if (isCustom(first) !== isCustom(last)) return void words.mixedSchemas(labels);
  const sum = new HistogramSum(last);
  sum.coarsen(first.schema);
  sum.add(first, -1);
  if (sum.reconciled) words.reconciledBounds('subtraction');
  if (first.counterReset !== 'gauge' || last.counterReset !== 'gauge') words.notGauge(labels);
  return sum.result('gauge');
}

/** What was counted between the first and the last, over resets. */
function counted(
  histograms: readonly NativeHistogram[],
  labels: Labels,
  words: HistogramWords,
): NativeHistogram | undefined {
  const last = histograms[histograms.length - 1];
  if (histograms.some((h) => h.counterReset === 'gauge')) words.notCounter(labels);
  // Where counting began anew right after the first, its layout does not matter.
  const skipsFirst = isReset(histograms[1], histograms[0]);
  const relevant = skipsFirst ? histograms.slice(1) : histograms;
  if (relevant.some((h) => isCustom(h) !== isCustom(last))) return void words.mixedSchemas(labels);
  const sum = new HistogramSum(last);
  sum.coarsen(Math.min(...relevant.map((h) => h.schema)));
  // Of a first one that is skipped nothing is taken away, but upstream still keeps only the bounds that the second has too.
  sum.add(skipsFirst ? multiplied(histograms[1], 0) : histograms[0], -1);
  if (sum.reconciled) words.reconciledBounds('subtraction');
  sum.reconciled = false;
  for (let k = 1; k < relevant.length; k++) if (isReset(relevant[k], relevant[k - 1])) sum.add(relevant[k - 1]);
  if (sum.reconciled) words.reconciledBounds('addition');
  return sum.result('gauge');
}

function lastTwo(isRate: boolean): WindowFunction {
  return ({ times, values, histograms, from, to, labels }, words) => {
    if (to - from < 2) return undefined;
    const before = histograms.get(to - 2);
    const now = histograms.get(to - 1);
    const seconds = (times[to - 1] - times[to - 2]) / 1000;
    if (before === undefined && now === undefined)
      return differenceOfTwo(values[to - 2], values[to - 1], seconds, isRate);
    if (before === undefined || now === undefined) return void words.mixedWithFloats(labels);
    const gauges = [before, now].filter((h) => h.counterReset === 'gauge').length;
    if (isRate && gauges > 0) words.notCounter(labels);
    if (!isRate && gauges < 2) words.notGauge(labels);
    const sum = new HistogramSum(now);
    if (!isRate || !isReset(now, before)) {
      if (!sum.add(before, -1)) return void words.mixedSchemas(labels);
      if (sum.reconciled) words.reconciledBounds('subtraction');
    }
    const result = sum.result('gauge');
    return isRate ? divided(result, seconds) : result;
  };
}

const sumOverTime: WindowFunction = (window, words) => {
  const histograms = onlyHistograms(window, words);
  if (histograms === undefined) return undefined;
  const sum = new HistogramSum(histograms[0], true);
  for (const h of histograms.slice(1)) if (!sum.add(h)) return void words.mixedSchemas(window.labels);
  tellOfSum(sum, words);
  return sum.result();
};

const avgOverTime: WindowFunction = (window, words) => {
  const histograms = onlyHistograms(window, words);
  if (histograms === undefined) return undefined;
  const mean = new HistogramMean(histograms[0]);
  for (const h of histograms.slice(1)) if (!mean.add(h)) return void words.mixedSchemas(window.labels);
  tellOfSum(mean.sum, words);
  return mean.result();
};

export function tellOfSum({ isContradictory, reconciled }: HistogramSum, words: HistogramWords): void {
  if (isContradictory) words.collidingResets('aggregation');
  if (reconciled) words.reconciledBounds('aggregation');
}

/** A running mean that goes over to increments of the mean where the sum would overflow. */
export class HistogramMean {
  sum: HistogramSum;
  private count = 1;
  private isIncremental = false;

  constructor(first: NativeHistogram) {
    this.sum = new HistogramSum(first, true);
  }

  /** @returns false, and nothing is added, where exponential meets custom buckets. */
  add(h: NativeHistogram): boolean {
    this.count++;
    if (!this.isIncremental) {
      const next = this.sum.copy();
      if (!next.add(h)) return false;
      if (!next.hasOverflown) {
        this.sum = next;
        return true;
      }
      this.isIncremental = true;
      this.sum.divide(this.count - 1);
    }
    this.sum.scale((this.count - 1) / this.count);
    return this.sum.add(divided(h, this.count));
  }

  result(): NativeHistogram {
    if (this.isIncremental) return this.sum.result();
    const mean = this.sum.copy();
    mean.divide(this.count);
    return mean.result();
  }
}

/** Counts neighbours that are of different kinds, or of one kind and `differ`. */
function neighbours(
  floatsDiffer: (before: number, now: number) => boolean,
  histogramsDiffer: (before: NativeHistogram, now: NativeHistogram) => boolean,
): WindowFunction {
  return ({ values, histograms, from, to }) => {
    let count = 0;
    for (let k = from + 1; k < to; k++) {
      const before = histograms.get(k - 1);
      const now = histograms.get(k);
      if (before === undefined && now === undefined) count += floatsDiffer(values[k - 1], values[k]) ? 1 : 0;
      else if (before === undefined || now === undefined) count++;
      else count += histogramsDiffer(before, now) ? 1 : 0;
    }
    return count;
  };
}

const sampleAt =
  (indexOf: (window: MixedWindow) => number): WindowFunction =>
  (window) =>
    window.histograms.get(indexOf(window)) ?? window.values[indexOf(window)];

/** Functions that have an answer for histograms; those not here look at floats alone. */
export const HISTOGRAM_WINDOW_FUNCTIONS: Readonly<Record<string, WindowFunction>> = {
  rate: extrapolated(true, true),
  increase: extrapolated(true, false),
  delta: extrapolated(false, false),
  irate: lastTwo(true),
  idelta: lastTwo(false),
  changes: neighbours(
    (before, now) => now !== before && !(Number.isNaN(now) && Number.isNaN(before)),
    (before, now) => !sameHistogram(before, now),
  ),
  resets: neighbours(
    (before, now) => now < before,
    (before, now) => isReset(now, before),
  ),
  sum_over_time: sumOverTime,
  avg_over_time: avgOverTime,
  count_over_time: ({ from, to }) => to - from,
  present_over_time: () => 1,
  first_over_time: sampleAt(({ from }) => from),
  last_over_time: sampleAt(({ to }) => to - 1),
  ts_of_first_over_time: ({ times, from }) => times[from] / 1000,
  ts_of_last_over_time: ({ times, to }) => times[to - 1] / 1000,
};
