/** The distribution of a histogram over time: counts by slice and bucket, and what is read from them. The numbers are PromQL's own. */
import { histogramQueryOf, siblingSelector } from '../../shared/explain/histogramQuery.ts';
import { heatmapFromBuckets, type BucketSeries } from '../../shared/heatmap/fromBuckets.ts';
import type { HeatmapModel } from '../../shared/heatmap/model.ts';
import { bucketFraction, quantileOfRepaired, repairCumulative } from '../../shared/histogram/classic.ts';
import { formatDuration } from '../../shared/model/durations.ts';
import { labelNameText, labelsKey, labelValue, type Labels } from '../../shared/model/labels.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { QueryError, type QueryEngine, type StepGrid, type StepMatrix } from '../storage/engine.ts';

export interface DistributionRequest {
  readonly expr: string;
  /** Milliseconds: slices end at start, start + step, …, end. */
  readonly start: number;
  readonly end: number;
  readonly stepMs: number;
  /** One histogram for each value of these; by default the labels that the expression keeps. */
  readonly by?: readonly string[];
  /** Fractions in [0, 1]. */
  readonly quantiles: readonly number[];
  /** Values in the metric's unit. */
  readonly limits: readonly number[];
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Distribution {
  /** The PromQL whose answer the counts are. */
  readonly expr: string;
  readonly windowMs: number;
  /** Its steps are the ends of the slices. */
  readonly grid: StepGrid;
  readonly groups: readonly DistributionGroup[];
  readonly warnings: readonly string[];
}

export interface DistributionGroup {
  readonly labels: Labels;
  /** Counts of observations; slices without data are NaN. */
  readonly model: HeatmapModel;
  /** One value a slice each; NaN where nothing was observed. */
  readonly total: Float64Array;
  readonly mean: Float64Array | undefined;
  readonly quantiles: readonly Float64Array[];
  readonly shares: readonly Float64Array[];
}

/** Cells of an answer, over all groups. */
const CELLS_MAX = 4_000_000;

/**
 * @throws PromqlError for text that is no PromQL, HistogramQueryError for what is no histogram, QueryError.
 */
export async function distribution(engine: QueryEngine, request: DistributionRequest): Promise<Distribution> {
  const { start, end, stepMs, timeoutMs, signal } = request;
  const query = histogramQueryOf(parseExpr(request.expr));
  const windowMs = query.windowMs ?? stepMs;
  const by = request.by?.filter((name) => name !== 'le') ?? query.by;
  const increase = (suffix: '_bucket' | '_sum') =>
    `increase(${siblingSelector(query, suffix)}[${formatDuration(windowMs)}])`;
  const names = (labels: readonly string[]) => labels.map(labelNameText).join(', ');
  const summed = (suffix: '_bucket' | '_sum', own: readonly string[]) =>
    by === undefined ? increase(suffix) : `sum by (${names([...own, ...by])}) (${increase(suffix)})`;
  const buckets = summed('_bucket', ['le']);
  const { value, warnings } = await engine.query({
    expr: `${buckets} or ${summed('_sum', [])}`,
    start,
    end,
    stepMs,
    timeoutMs,
    signal,
  });
  if (value.kind !== 'matrix') throw new QueryError('internal', `a range query answered ${value.kind}`);
  const { bucketsOf, sums } = seriesByGroup(value.matrix, value.grid);
  const cells = [...bucketsOf.values()].reduce((sum, { series }) => sum + series.length * value.grid.count, 0);
  if (cells > CELLS_MAX) {
    throw new QueryError(
      'execution',
      `the answer has ${cells} cells, over ${CELLS_MAX}; group by fewer labels, raise the step, or shorten the range`,
    );
  }
  const notices: string[] = [];
  const groups: DistributionGroup[] = [];
  for (const [key, { labels, series }] of bucketsOf) {
    const made = heatmapFromBuckets({ series, countUnit: 'count', unit: 'short', stepMs });
    notices.push(...made.notices);
    const [model] = made.models;
    if (model !== undefined) groups.push(groupOf(onGrid(model, value.grid), labels, sums.get(key), request));
  }
  return { expr: buckets, windowMs, grid: value.grid, groups, warnings: [...warnings, ...notices] };
}

interface GroupSeries {
  readonly labels: Labels;
  readonly series: BucketSeries[];
}

function seriesByGroup(matrix: StepMatrix, grid: StepGrid) {
  const times = Float64Array.from({ length: grid.count }, (_, i) => grid.start + i * grid.stepMs);
  const bucketsOf = new Map<string, GroupSeries>();
  const sums = new Map<string, Float64Array>();
  matrix.labels.forEach((labels, s) => {
    const values = new Float64Array(grid.count).fill(NaN);
    for (let i = 0; i < grid.count; i++) {
      const isPresent = (matrix.present[s * matrix.presentStride + (i >> 3)] >> (i & 7)) & 1;
      if (isPresent === 1) values[i] = matrix.values[s * grid.count + i];
    }
    const rest = labels.filter(([name]) => name !== 'le');
    const key = labelsKey(rest);
    if (labelValue(labels, 'le') === '') {
      sums.set(key, values);
      return;
    }
    const group = bucketsOf.get(key) ?? { labels: rest, series: [] };
    bucketsOf.set(key, group);
    group.series.push({ labels, times, values });
  });
  return { bucketsOf, sums };
}

/** The model on every slice of the grid; those that it lacks are without data. */
function onGrid(model: HeatmapModel, grid: StepGrid): HeatmapModel {
  const rows = model.yEdges.length - 1;
  const xEdges = Float64Array.from({ length: grid.count + 1 }, (_, i) => grid.start + (i - 1) * grid.stepMs);
  const counts = new Float64Array(grid.count * rows).fill(NaN);
  for (let x = 0; x + 1 < model.xEdges.length; x++) {
    const i = Math.round((model.xEdges[x + 1] - grid.start) / grid.stepMs);
    counts.set(model.counts.subarray(x * rows, (x + 1) * rows), i * rows);
  }
  return { ...model, xEdges, counts };
}

function groupOf(
  model: HeatmapModel,
  labels: Labels,
  sum: Float64Array | undefined,
  { quantiles, limits }: Pick<DistributionRequest, 'quantiles' | 'limits'>,
): DistributionGroup {
  const slices = model.xEdges.length - 1;
  const rows = model.yEdges.length - 1;
  const uppers = model.yEdges.subarray(1);
  const cumulative = new Float64Array(rows);
  const column = () => new Float64Array(slices).fill(NaN);
  const group = {
    labels,
    model,
    total: column(),
    mean: sum === undefined ? undefined : column(),
    quantiles: quantiles.map(column),
    shares: limits.map(column),
  };
  for (let x = 0; x < slices; x++) {
    let total = NaN;
    for (let y = 0; y < rows; y++) {
      const count = model.counts[x * rows + y];
      if (!Number.isNaN(count)) total = Number.isNaN(total) ? count : total + count;
      cumulative[y] = Number.isNaN(total) ? 0 : total;
    }
    group.total[x] = total;
    if (Number.isNaN(total)) continue;
    if (sum !== undefined && total > 0) group.mean![x] = sum[x] / total;
    // Shares are of what was counted, quantiles of what rounding is levelled in.
    limits.forEach((limit, k) => (group.shares[k][x] = bucketFraction(-Infinity, limit, uppers, cumulative)));
    repairCumulative(cumulative);
    quantiles.forEach((q, k) => (group.quantiles[k][x] = quantileOfRepaired(q, uppers, cumulative, rows)));
  }
  return group;
}
