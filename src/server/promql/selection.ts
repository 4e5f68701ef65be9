/** Vector selectors over a grid: at every step the latest sample within the lookback, unless it ends the series. */
import type { VectorSelector } from '../../shared/promql/ast.ts';
import type { StepGrid } from '../storage/engine.ts';
import type { EvalContext } from './context.ts';
import { windowEnds } from './selectorTimes.ts';
import { clearRow, type Row, type VectorRows } from './rows.ts';
import type { Windows } from './windows.ts';

/** @param sampleTimes answer the samples' times in seconds in place of their values. */
export function selectRows(
  node: VectorSelector,
  grid: StepGrid,
  context: EvalContext,
  sampleTimes = false,
): VectorRows {
  const { plan } = context;
  const series = context.seriesFor(node);
  const cache = context.windows.of(windowEnds(node, grid, plan.context), plan.context.lookbackDeltaMs);
  return {
    labels: series.map((s) => s.labels),
    hasHistograms: !sampleTimes && series.some((s) => s.hasHistograms),
    read(s: number, into: Row): void {
      clearRow(into);
      const { times, sharesTimes, values, stale, histograms } = series[s].read();
      const windows = cache.of(times, sharesTimes);
      if (!sampleTimes && stale === undefined && histograms === undefined) return newest(values, windows, into);
      const { lo, hi } = windows;
      const source = sampleTimes ? times : values;
      const scale = sampleTimes ? 1000 : 1;
      for (let i = 0; i < hi.length; i++) {
        const last = hi[i] - 1;
        if (last < lo[i] || stale?.[last] === 1) continue;
        into.values[i] = source[last] / scale;
        into.present[i] = 1;
        const histogram = sampleTimes ? undefined : histograms?.get(last);
        if (histogram === undefined) continue;
        into.values[i] = NaN;
        into.histograms.set(i, histogram);
      }
    },
  };
}

/** The last sample of every window, of a series that never ends. */
function newest(source: Float64Array, { lo, hi, areFull }: Windows, { values, present }: Row): void {
  if (areFull) {
    present.fill(1);
    for (let i = 0; i < hi.length; i++) values[i] = source[hi[i] - 1];
    return;
  }
  for (let i = 0; i < hi.length; i++) {
    if (hi[i] === lo[i]) continue;
    values[i] = source[hi[i] - 1];
    present[i] = 1;
  }
}
