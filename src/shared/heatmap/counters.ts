/** Buckets that are counters as they were scraped: what they grew by from sample to sample. */
import type { BucketSeries } from './fromBuckets.ts';
import type { HeatmapModel } from './model.ts';

export interface Increases {
  readonly series: readonly BucketSeries[];
  /** Milliseconds: samples at which a counter was lower than before, so that it began anew. */
  readonly resets: ReadonlySet<number>;
}

/** The first sample of a counter is no increase; one that fell counts from 0. */
export function increasesOf(series: readonly BucketSeries[]): Increases {
  const resets = new Set<number>();
  const grown = series.map((one) => {
    const values = new Float64Array(one.values.length).fill(NaN);
    let last = NaN;
    for (let i = 0; i < values.length; i++) {
      const value = one.values[i];
      if (Number.isNaN(value)) continue;
      if (value < last) resets.add(one.times[i]);
      values[i] = value < last ? value : value - last;
      last = value;
    }
    return { ...one, values };
  });
  return { series: grown, resets };
}

/** Whether values never fall, or seldom and then to less than half: what counters do. */
export function areCounters(series: readonly BucketSeries[]): boolean {
  let [steps, falls] = [0, 0];
  for (const { values } of series) {
    let last = NaN;
    for (const value of values) {
      if (Number.isNaN(value)) continue;
      if (value < 0 || (value < last && value > last / 2)) return false;
      if (value < last) falls++;
      if (!Number.isNaN(last)) steps++;
      last = value;
    }
  }
  return steps > 0 && falls * 2 <= steps;
}

export function withResets(model: HeatmapModel, resets: ReadonlySet<number>): HeatmapModel {
  if (resets.size === 0) return model;
  const slices = Array.from(model.xEdges.keys()).filter((x) => resets.has(model.xEdges[x + 1]));
  return { ...model, resets: slices };
}
