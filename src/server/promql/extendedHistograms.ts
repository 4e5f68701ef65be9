/** Native histograms in `anchored` and `smoothed` windows. Formulas: Prometheus promql/functions.go, extendedHistogramRate. */
import { compacted, divided, HistogramSum, multiplied } from '../../shared/histogram/arithmetic.ts';
import { isCustom } from '../../shared/histogram/bounds.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { isReset } from '../../shared/histogram/resets.ts';
import { extentOf, firstAfter } from './extents.ts';
import type { MixedWindow, WindowFunction } from './histogramWindows.ts';
import type { HistogramWords } from './histogramWords.ts';

/** A histogram and when it was sampled. */
interface Sampled {
  readonly t: number;
  readonly h: NativeHistogram;
}

/** A histogram that adds and subtracts, and tells where bounds were brought together. */
function combined(base: NativeHistogram, other: NativeHistogram, sign: 1 | -1, words: HistogramWords): NativeHistogram {
  const sum = new HistogramSum(base);
  sum.add(other, sign);
  if (sum.reconciled) words.reconciledBounds(sign === 1 ? 'addition' : 'subtraction');
  return sum.result();
}

/** Between two samples of one kind. After a reset counting is taken to have begun at 0. */
function interpolated(a: Sampled, b: Sampled, t: number, isCounter: boolean, words: HistogramWords): NativeHistogram {
  if (t === a.t) return a.h;
  if (t === b.t) return b.h;
  const share = (t - a.t) / (b.t - a.t);
  if (isCounter && isReset(b.h, a.h)) return multiplied(b.h, share);
  return combined(multiplied(combined(b.h, a.h, -1, words), share), a.h, 1, words);
}

export function extendedHistograms(isCounter: boolean, perSecond: boolean, isSmoothed: boolean): WindowFunction {
  return (window, words) => {
    const { times, from, to, end, rangeMs, labels } = window;
    if (window.histogramIndexes.length < to - from) return void words.mixedWithFloats(labels);
    const start = end - rangeMs;
    const extent = extentOf(times, from, to, start, end, isSmoothed);
    if (extent === undefined) return undefined;
    const { first, last } = extent;
    const samples: Sampled[] = [];
    for (let k = first; k <= last; k++) samples.push({ t: times[k], h: window.histograms.get(k)! });
    if (!areCompatible(samples, isCounter, window, words)) return undefined;
    const [left, right] = endsOf(samples, times, window, isSmoothed, isCounter, words);
    if (!isCounter && (left.counterReset !== 'gauge' || right.counterReset !== 'gauge')) words.notGauge(labels);
    let result = combined(right, left, -1, words);
    if (isCounter) {
      const lost = lostInResets(samples, left, right, start, isSmoothed, words);
      if (lost !== undefined) result = combined(result, lost, 1, words);
    }
    if (perSecond) result = divided(result, rangeMs / 1000);
    return compacted({ ...result, counterReset: 'gauge' });
  };
}

function areCompatible(
  samples: readonly Sampled[],
  isCounter: boolean,
  { labels }: MixedWindow,
  words: HistogramWords,
): boolean {
  for (const { h } of samples) {
    if (isCustom(h) !== isCustom(samples[0].h)) {
      words.mixedSchemas(labels);
      return false;
    }
    if (isCounter && h.counterReset === 'gauge') words.notCounter(labels);
  }
  return true;
}

function endsOf(
  samples: readonly Sampled[],
  times: Float64Array,
  { from, to, end, rangeMs, histograms }: MixedWindow,
  isSmoothed: boolean,
  isCounter: boolean,
  words: HistogramWords,
): readonly [left: NativeHistogram, right: NativeHistogram] {
  const start = end - rangeMs;
  const [first, last] = [samples[0], samples[samples.length - 1]];
  const left = isSmoothed && first.t < start ? interpolated(first, samples[1], start, isCounter, words) : first.h;
  if (!isSmoothed || last.t <= end) return [left, last.h];
  const at = firstAfter(times, from, to, last.t, true);
  if (at === from) return [left, last.h];
  const before = { t: times[at - 1], h: histograms.get(at - 1)! };
  return [left, interpolated(before, last, end, isCounter, words)];
}

/** What was counted wherever counting began anew; undefined where it did not. */
function lostInResets(
  samples: readonly Sampled[],
  left: NativeHistogram,
  right: NativeHistogram,
  start: number,
  isSmoothed: boolean,
  words: HistogramWords,
): NativeHistogram | undefined {
  let next = 1;
  let before = left;
  // A reset right before the window's start was seen to when its start was interpolated.
  if (isSmoothed && samples[0].t < start && isReset(samples[1].h, samples[0].h)) {
    before = samples[1].h;
    next = 2;
  }
  if (next > samples.length - 1) return undefined;
  let lost: NativeHistogram | undefined;
  const lose = (h: NativeHistogram) => (lost = lost === undefined ? h : combined(lost, h, 1, words));
  for (const { h } of samples.slice(next, -1)) {
    if (isReset(h, before)) lose(before);
    before = h;
  }
  if (isReset(right, before)) lose(before);
  return lost;
}

/** A function of the window from its anchor on: the last sample before it, of either kind. */
export const fromAnchor =
  (compute: WindowFunction): WindowFunction =>
  (window, words) => {
    const { times, from, to, end, rangeMs } = window;
    const after = firstAfter(times, from, to, end - rangeMs);
    if (after === to) return undefined;
    return compute({ ...window, from: Math.max(from, after - 1) }, words);
  };

/** A `smoothed` selector at one time. */
export const smoothedHistogram: WindowFunction = (
  { labels, times, histograms, from, to, end, histogramIndexes },
  words,
) => {
  if (histogramIndexes.length < to - from) return void words.mixedWithFloats(labels);
  const at = firstAfter(times, from, to, end, true);
  if (at < to && times[at] === end) return histograms.get(at)!;
  if (at === from) return undefined;
  const before = histograms.get(at - 1)!;
  if (at === to) return { ...before, counterReset: 'unknown' };
  const after = histograms.get(at)!;
  if (isCustom(before) !== isCustom(after)) return void words.mixedSchemas(labels);
  const isCounter = before.counterReset !== 'gauge' || after.counterReset !== 'gauge';
  return interpolated({ t: times[at - 1], h: before }, { t: times[at], h: after }, end, isCounter, words);
};
