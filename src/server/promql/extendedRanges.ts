/**
 * Functions over windows that also see the samples around: `anchored` begins with the last sample before the window, `smoothed`
 * interpolates at both of its ends. Formulas: Prometheus promql/functions.go, extendedRate and extendedHistogramRate.
 */
import type { RangeExtension } from '../../shared/promql/ast.ts';
import type { FunctionName } from '../../shared/promql/functions.ts';
import { QueryError } from '../storage/engine.ts';
import { endsOf, extentOf, firstAfter, interpolated } from './extents.ts';
import { extendedHistograms, fromAnchor, smoothedHistogram } from './extendedHistograms.ts';
import { HISTOGRAM_WINDOW_FUNCTIONS } from './histogramWindows.ts';
import { COUNTER_KERNELS, type RangeKernel } from './rangeKernels.ts';
import type { RangeFunction } from './rangeVectors.ts';

function extendedRate(isCounter: boolean, perSecond: boolean, isSmoothed: boolean): RangeKernel {
  return ({ times, values, lo, hi }, { ends, rangeMs }, out) => {
    for (let i = 0; i < ends.length; i++) {
      const [end, start] = [ends[i], ends[i] - rangeMs];
      const extent = extentOf(times, lo[i], hi[i], start, end, isSmoothed);
      if (extent === undefined) continue;
      const [left, right] = endsOf(times, values, lo[i], extent, start, end, isSmoothed, isCounter);
      let increase = right - left;
      if (isCounter) {
        const first = times[extent.first] <= start ? extent.first + 1 : extent.first;
        const last = times[extent.last] >= end ? extent.last - 1 : extent.last;
        increase += lostInResets(values, first, last, left, right);
      }
      out.values[i] = perSecond ? increase / (rangeMs / 1000) : increase;
      out.present[i] = 1;
    }
  };
}

/** What a counter had reached wherever it fell, from `left` over samples [first, last] to `right`. */
function lostInResets(values: Float64Array, first: number, last: number, left: number, right: number): number {
  let lost = 0;
  let before = left;
  for (let k = first; k <= last; k++) {
    if (values[k] < before) lost += before;
    before = values[k];
  }
  return right < before ? lost + before : lost;
}

/** A kernel over the part of every window from its anchor on. */
function anchored(kernel: RangeKernel): RangeKernel {
  return (series, grid, out) => {
    const { times, lo, hi } = series;
    const from = lo.map((l, i) => {
      const start = grid.ends[i] - grid.rangeMs;
      const after = firstAfter(times, l, hi[i], start);
      return after === hi[i] ? hi[i] : Math.max(l, after - 1);
    });
    kernel({ ...series, lo: from }, grid, out);
  };
}

const rateOf = (isCounter: boolean, perSecond: boolean, isSmoothed: boolean): RangeFunction => ({
  ofFloats: extendedRate(isCounter, perSecond, isSmoothed),
  ofHistograms: extendedHistograms(isCounter, perSecond, isSmoothed),
});

const EXTENDED: Readonly<Record<RangeExtension, Readonly<Partial<Record<FunctionName, RangeFunction>>>>> = {
  anchored: {
    changes: {
      ofFloats: anchored(COUNTER_KERNELS.changes),
      ofHistograms: fromAnchor(HISTOGRAM_WINDOW_FUNCTIONS.changes),
    },
    delta: rateOf(false, false, false),
    increase: rateOf(true, false, false),
    rate: rateOf(true, true, false),
    resets: { ofFloats: anchored(COUNTER_KERNELS.resets), ofHistograms: fromAnchor(HISTOGRAM_WINDOW_FUNCTIONS.resets) },
  },
  smoothed: {
    delta: rateOf(false, false, true),
    increase: rateOf(true, false, true),
    rate: rateOf(true, true, true),
  },
};

/** @throws QueryError for a function that is not defined over such windows. */
export function extendedFunction(extension: RangeExtension, name: FunctionName): RangeFunction {
  const found = EXTENDED[extension][name];
  if (found !== undefined) return found;
  const safe = Object.keys(EXTENDED[extension]).join(', ');
  throw new QueryError('execution', `${extension} modifier can only be used with: ${safe} - not with ${name}`);
}

/** A `smoothed` selector at one time: between the samples on both sides, or the last one where none follows. */
export const SMOOTHED_SELECTOR: RangeFunction = {
  ofFloats: ({ times, values, lo, hi }, { ends }, out) => {
    for (let i = 0; i < ends.length; i++) {
      const at = firstAfter(times, lo[i], hi[i], ends[i], true);
      const isExact = at < hi[i] && times[at] === ends[i];
      if (!isExact && at === lo[i]) continue;
      if (isExact) out.values[i] = values[at];
      else out.values[i] = at < hi[i] ? interpolated(times, values, at - 1, ends[i], false) : values[at - 1];
      out.present[i] = 1;
    }
  },
  ofHistograms: smoothedHistogram,
};
