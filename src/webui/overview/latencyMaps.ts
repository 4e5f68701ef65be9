/** From the API's bucket series to the maps of the overview. */
import { METRIC_NAME, labelsOf } from '../../shared/model/labels.ts';
import { heatmapFromBuckets } from '../../shared/heatmap/fromBuckets.ts';
import type { HeatmapModel, OverlayLine } from '../../shared/heatmap/model.ts';
import { quantileLines } from '../../shared/heatmap/quantileLines.ts';
import type { GridSeries } from '../api/client.ts';
import { gridTimes } from '../timeRange.ts';
import type { Grid } from '../timeRange.ts';

export const QUANTILES = [0.5, 0.95, 0.99] as const;

export interface LatencyMap {
  readonly title: string;
  readonly model: HeatmapModel;
  readonly lines: readonly OverlayLine[];
  /** Observations a second (or in the step) of each slice, at the slice's end; NaN where there is no data. */
  readonly totals: OverlayLine;
}

export interface LatencyMaps {
  readonly maps: readonly LatencyMap[];
  readonly notices: readonly string[];
}

/**
 * One map for each label set apart from `le`, ordered by title.
 *
 * @param unit of the bounds as Grafana names it.
 * @param titleOf names a map by its labels.
 */
export function latencyMaps(
  series: readonly GridSeries[],
  grid: Grid,
  unit: string,
  titleOf: (metric: Readonly<Record<string, string>>) => string,
): LatencyMaps {
  const times = gridTimes(grid);
  const groups = new Map<string, GridSeries[]>();
  for (const one of series) {
    const rest = Object.entries(one.metric).filter(([name]) => name !== 'le' && name !== METRIC_NAME);
    const key = JSON.stringify(rest.sort(([a], [b]) => (a < b ? -1 : 1)));
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const notices: string[] = [];
  const maps: LatencyMap[] = [];
  for (const buckets of groups.values()) {
    const made = heatmapFromBuckets({
      series: buckets.map(({ metric, values }) => ({ labels: labelsOf(metric), times, values })),
      countUnit: 'perSecond',
      unit,
      stepMs: grid.step,
    });
    notices.push(...made.notices);
    const title = titleOf(buckets[0].metric);
    for (const bare of made.models) {
      const model = { ...bare, title };
      maps.push({ title, model, lines: quantileLines(model, QUANTILES), totals: sliceTotals(model) });
    }
  }
  return { maps: maps.sort((a, b) => (a.title < b.title ? -1 : 1)), notices };
}

export function sliceTotals(model: HeatmapModel): OverlayLine {
  const rows = model.yEdges.length - 1;
  const values = new Float64Array(model.xEdges.length - 1).fill(NaN);
  for (let x = 0; x < values.length; x++) {
    for (let y = 0; y < rows; y++) {
      const count = model.counts[x * rows + y];
      if (!Number.isNaN(count)) values[x] = Number.isNaN(values[x]) ? count : values[x] + count;
    }
  }
  return { name: 'all', times: model.xEdges.slice(1), values };
}
