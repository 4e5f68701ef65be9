/** From distributions, or from the API's series of buckets or native histograms, to heatmaps with their quantiles. */
import { METRIC_NAME, labelsOf } from '../../shared/model/labels.ts';
import type { ReadDistribution } from '../../shared/api/distributionColumns.ts';
import { parseValue } from '../../shared/api/prometheus.ts';
import { heatmapFromCells } from '../../shared/heatmap/fromCells.ts';
import { heatmapFromBuckets } from '../../shared/heatmap/fromBuckets.ts';
import {
  heatmapFromDistribution,
  linesFromDistribution,
  sharesFromDistribution,
} from '../../shared/heatmap/fromDistribution.ts';
import { limitShares, type LimitShares } from '../../shared/heatmap/limitShares.ts';
import type { HeatmapModel, OverlayLine } from '../../shared/heatmap/model.ts';
import { quantileLines } from '../../shared/heatmap/quantileLines.ts';
import type { Exemplar } from '../../viz/marks.ts';
import type { GridSeries } from '../api/client.ts';
import { gridTimes } from '../timeRange.ts';
import type { Grid } from '../timeRange.ts';

export const QUANTILES = [0.5, 0.95, 0.99] as const;

/** One observation with a trace, and the series that it belongs to. */
export interface SeriesExemplar extends Exemplar {
  readonly series: Readonly<Record<string, string>>;
}

export interface NamedHeatmap {
  readonly title: string;
  /** Apart from `le` and the name. */
  readonly labels: Readonly<Record<string, string>>;
  readonly model: HeatmapModel;
  readonly lines: readonly OverlayLine[];
  /** Under the limits that were asked for with a distribution. */
  readonly shares?: readonly LimitShares[];
  /** Observations a second (or in the step) of each slice, at the slice's end; NaN where there is no data. */
  readonly totals: OverlayLine;
}

export interface NamedHeatmaps {
  readonly maps: readonly NamedHeatmap[];
  readonly notices: readonly string[];
}

/**
 * One map for each label set apart from `le`, ordered by title.
 *
 * @param unit of the bounds as Grafana names it.
 * @param titleOf names a map by its labels.
 */
export function heatmapsOf(
  series: readonly GridSeries[],
  grid: Grid,
  unit: string,
  titleOf: (metric: Readonly<Record<string, string>>) => string,
  countUnit: HeatmapModel['countUnit'] = 'perSecond',
): NamedHeatmaps {
  const times = gridTimes(grid);
  const groups = new Map<string, GridSeries[]>();
  for (const one of series.filter(({ metric }) => metric.le !== undefined)) {
    const rest = Object.entries(one.metric).filter(([name]) => name !== 'le' && name !== METRIC_NAME);
    const key = JSON.stringify(rest.sort(([a], [b]) => (a < b ? -1 : 1)));
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const notices: string[] = [];
  const maps: NamedHeatmap[] = [];
  for (const buckets of groups.values()) {
    const made = heatmapFromBuckets({
      series: buckets.map(({ metric, values }) => ({ labels: labelsOf(metric), times, values })),
      countUnit,
      unit,
      stepMs: grid.step,
    });
    notices.push(...made.notices);
    const title = titleOf(buckets[0].metric);
    for (const bare of made.models) {
      maps.push(withLines({ ...bare, title }, title, buckets[0].metric));
    }
  }
  for (const one of series.filter(({ histograms }) => histograms !== undefined)) {
    const title = titleOf(one.metric);
    const model = heatmapFromCells({ ...cellsOf(one, times), countUnit, unit, stepMs: grid.step, title });
    if (model.kind === 'heatmap') maps.push(withLines(model, title, one.metric));
    else notices.push(`${title}: ${model.reason}`);
  }
  return { maps: maps.sort((a, b) => (a.title < b.title ? -1 : 1)), notices };
}

/** What maps of a distribution are made with. */
export interface CountedMaps {
  /** Of the slices: those of the answer, or the ones that they are to stand beside. */
  readonly grid: Grid;
  readonly unit: string;
  readonly countUnit: 'count' | 'perSecond';
  readonly titleOf: (metric: Readonly<Record<string, string>>) => string;
}

/**
 * One map for each group of a distribution, ordered by title.
 *
 * @param answer with the {@link QUANTILES}, for as many slices as the grid has.
 */
export function mapsOfDistribution(
  { head, groups }: ReadDistribution,
  { grid, unit, countUnit, titleOf }: CountedMaps,
): NamedHeatmaps {
  const edges = Float64Array.of(grid.start - grid.step, ...gridTimes(grid));
  const notices = [...(head.warnings ?? [])];
  const limits = head.columns?.limits.map(Number) ?? [];
  const maps: NamedHeatmap[] = [];
  groups.forEach((group, i) => {
    const labels = head.groups[i].metric;
    const title = titleOf(labels);
    const from = { group, edges, windowSeconds: head.window, countUnit, unit, title };
    const model = heatmapFromDistribution(from);
    if (model.kind === 'empty') notices.push(`${title}: ${model.reason}`);
    else {
      const lines = linesFromDistribution(model, from, QUANTILES);
      const shares = sharesFromDistribution(model, from, limits);
      maps.push({ title, labels, model, lines, shares, totals: sliceTotals(model) });
    }
  });
  return { maps: maps.sort((a, b) => (a.title < b.title ? -1 : 1)), notices };
}

function withLines(model: HeatmapModel, title: string, metric: GridSeries['metric']): NamedHeatmap {
  const { le: _bound, [METRIC_NAME]: _name, ...labels } = metric;
  return { title, labels, model, lines: quantileLines(model, QUANTILES), totals: sliceTotals(model) };
}

/** A native histogram's buckets as cells; a sample in which nothing was observed still says that nothing was. */
function cellsOf({ histograms }: GridSeries, times: Float64Array) {
  const cells = { times: [] as number[], lowers: [] as number[], uppers: [] as number[], counts: [] as number[] };
  histograms?.forEach((histogram, i) => {
    for (const [, lower, upper, count] of histogram?.buckets ?? []) {
      cells.times.push(times[i]);
      cells.lowers.push(parseValue(lower));
      cells.uppers.push(parseValue(upper));
      cells.counts.push(parseValue(count));
    }
  });
  return cells;
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

/** Of a map: as its distribution gives them, else (until it does) from the cells; none of differences, whose cells are no observations. */
export function sharesOf({ model, shares = [] }: NamedHeatmap, limits: readonly number[]): readonly LimitShares[] {
  if (model.countUnit === 'shareDifference') return [];
  return limits.map((limit) => shares.find((known) => known.limit === limit) ?? limitShares(model, [limit])[0]);
}

/** A quantile in the overflow bucket is told as that bucket's lower bound: the true value is somewhere above. */
export function isAtLeast({ yEdges, openTop }: HeatmapModel, value: number): boolean {
  return openTop && value >= yEdges[yEdges.length - 2];
}

/** Those that a map's observations may be: of series with all of its labels. */
export function exemplarsWith(
  exemplars: readonly SeriesExemplar[],
  { labels }: Pick<NamedHeatmap, 'labels'>,
): readonly SeriesExemplar[] {
  const own = Object.entries(labels);
  return exemplars.filter(({ series }) => own.every(([name, value]) => series[name] === value));
}
