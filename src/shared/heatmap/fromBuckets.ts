import { repairCumulative } from '../histogram/classic.ts';
import { formatLabels, labelsKey, labelValue, type Labels } from '../model/labels.ts';
import { JoinedRows, partOfBucket } from './joined.ts';
import type { EmptyHeatmap, HeatmapModel } from './model.ts';
import { boundIndex, distinctBounds, distinctSorted, isTime, slicesOf } from './slices.ts';

/** One bucket of a histogram over time. */
export interface BucketSeries {
  /** With `le`; the others say which histogram the bucket belongs to. */
  readonly labels: Labels;
  /** Milliseconds, ascending. */
  readonly times: Float64Array;
  /** Observations in the step that ends at the time (`increase`), or their rate; NaN is no data. Same length as times. */
  readonly values: Float64Array;
}

export interface FromBuckets {
  readonly series: readonly BucketSeries[];
  /** Values count the observations ≤ le (as in PromQL) or those of the bucket alone. Default: cumulative. */
  readonly cumulative?: boolean;
  /** A bucket without a value where a higher one has one was not there: the higher one reaches down over it. Default: as `cumulative`. */
  readonly absentIsJoined?: boolean;
  readonly countUnit: HeatmapModel['countUnit'];
  /** Unit of `le` as Grafana names it. */
  readonly unit: string;
  /** Milliseconds of a step; by default the smallest distance of two times. */
  readonly stepMs?: number;
}

/** All histograms of an answer, by their labels; what had to be left out is said in the notices. */
export interface HeatmapSet {
  readonly models: readonly HeatmapModel[];
  /** The labels of each model, without `le`. */
  readonly labels: readonly Labels[];
  readonly notices: readonly string[];
}

/** More cells than this are refused, whatever the screen: at 8 bytes each, and as much again while drawing, they would stop the page. */
const CELLS_MAX = 16_000_000;

/** What stands in for a map of more cells than are drawn. */
export function tooLargeFor(slices: number, rows: number): EmptyHeatmap | undefined {
  if (slices * rows <= CELLS_MAX) return undefined;
  return { kind: 'empty', reason: `${slices * rows} cells, over ${CELLS_MAX}; raise the step or shorten the range` };
}

/**
 * Heatmaps of classic histograms: one for each label set apart from `le`, in the order in which they come.
 * Every observation is in a cell: the cells of a slice sum to its count (the largest cumulative value).
 */
export function heatmapFromBuckets(input: FromBuckets): HeatmapSet {
  const notices: string[] = [];
  const histograms = new Map<string, { labels: Labels; buckets: { bound: number; series: BucketSeries }[] }>();
  let unbounded = 0;
  for (const series of input.series) {
    const bound = parseBound(labelValue(series.labels, 'le'));
    if (Number.isNaN(bound) || bound === -Infinity) {
      unbounded++;
      continue;
    }
    const labels = series.labels.filter(([name]) => name !== 'le');
    const key = labelsKey(labels);
    let histogram = histograms.get(key);
    if (histogram === undefined) histograms.set(key, (histogram = { labels, buckets: [] }));
    histogram.buckets.push({ bound, series });
  }
  if (unbounded > 0) notices.push(`${unbounded} series without a number in the label le are not drawn; group by (le)`);
  const models: HeatmapModel[] = [];
  const modelLabels: Labels[] = [];
  for (const { labels, buckets } of histograms.values()) {
    const title = labels.length > 0 ? formatLabels(labels) : undefined;
    const model = oneHistogram(buckets, input, title);
    if (model.kind === 'heatmap') {
      models.push(model);
      modelLabels.push(labels);
    } else notices.push(title === undefined ? model.reason : `${title}: ${model.reason}`);
  }
  return { models, labels: modelLabels, notices };
}

/** The bound that a label `le` spells: '0.1', '1e-1', '+Inf', 'Inf'. NaN if it is none. */
export function parseBound(text: string): number {
  const trimmed = text.trim();
  if (/^[+]?inf(inity)?$/i.test(trimmed)) return Infinity;
  if (/^-inf(inity)?$/i.test(trimmed)) return -Infinity;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : NaN;
}

function oneHistogram(
  buckets: readonly { bound: number; series: BucketSeries }[],
  { cumulative = true, absentIsJoined = cumulative, countUnit, unit, stepMs }: FromBuckets,
  title?: string,
): HeatmapModel | EmptyHeatmap {
  const uppers = distinctBounds(buckets.map(({ bound }) => bound));
  const shared = sharedTimes(buckets);
  const times = distinctSorted(shared ?? allTimes(buckets)).filter(isTime);
  const rows = uppers.length;
  if (times.length === 0) return { kind: 'empty', reason: 'no samples in this time range' };
  const { xEdges, sliceOf } = slicesOf(times, stepMs);
  const slices = xEdges.length - 1;
  const tooLarge = tooLargeFor(slices, rows);
  if (tooLarge !== undefined) return tooLarge;
  const counts = new Float64Array(slices * rows).fill(NaN);
  for (const { bound, series } of buckets) {
    const y = boundIndex(uppers, bound);
    let at = 0;
    // All on one grid, as the steps of a query are: their places are the same.
    const isOneGrid = shared?.length === times.length;
    for (let i = 0; i < series.times.length; i++) {
      if (Number.isNaN(series.values[i]) || !isTime(series.times[i])) continue;
      if (isOneGrid) at = i;
      else while (times[at] !== series.times[i]) at = times[at] < series.times[i] ? at + 1 : 0;
      const cell = sliceOf[at] * rows + y;
      // Two spellings of one bound are one bucket; upstream adds them up too.
      counts[cell] = Number.isNaN(counts[cell]) ? series.values[i] : counts[cell] + series.values[i];
    }
  }
  const present = new Float64Array(rows);
  if (cumulative) for (let x = 0; x < slices; x++) deaccumulate(counts, x * rows, rows, present);
  const yEdges = Float64Array.of(uppers[0] > 0 ? 0 : -Infinity, ...uppers);
  const joined = new JoinedRows(slices, rows);
  if (absentIsJoined) for (let x = 0; x < slices; x++) joinAbsent(counts, x, yEdges, joined);
  return classicHeatmap({ xEdges, yEdges, counts, countUnit, unit, title }, joined);
}

/** The model of a classic histogram: its first bucket's lower bound is none of its own. */
export function classicHeatmap(
  drawn: Pick<HeatmapModel, 'xEdges' | 'yEdges' | 'counts' | 'countUnit' | 'unit' | 'title'>,
  joined: JoinedRows,
): HeatmapModel {
  return {
    kind: 'heatmap',
    ...drawn,
    joined: joined.flags(),
    layoutChanges: joined.changes(),
    openTop: drawn.yEdges[drawn.yEdges.length - 1] === Infinity,
    openBottom: true,
  };
}

/** The times of all series, where they are one array in ascending order. */
function sharedTimes(buckets: readonly { series: BucketSeries }[]): Float64Array | undefined {
  const { times } = buckets[0].series;
  if (buckets.some(({ series }) => series.times !== times)) return undefined;
  for (let i = 1; i < times.length; i++) if (!(times[i - 1] < times[i])) return undefined;
  return times;
}

function* allTimes(buckets: readonly { series: BucketSeries }[]): Iterable<number> {
  for (const { series } of buckets) yield* series.times;
}

/** Buckets that a slice lacks get their part of the next one up. */
function joinAbsent(counts: Float64Array, slice: number, yEdges: Float64Array, joined: JoinedRows): void {
  const rows = yEdges.length - 1;
  const base = slice * rows;
  for (let y = 0, from = 0; y < rows; y++) {
    const count = counts[base + y];
    if (Number.isNaN(count)) continue;
    joined.note(slice, from, y + 1);
    if (from < y) for (let k = from; k <= y; k++) counts[base + k] = count * partOfBucket(yEdges, k, from, y + 1);
    from = y + 1;
  }
}

/**
 * Cumulative counts of one slice to counts of buckets, in place. A bucket without data stays so, and what it would have held is in the next
 * one up. Counts that fall are levelled first, as for quantiles. @param present scratch of `rows` numbers.
 */
function deaccumulate(counts: Float64Array, base: number, rows: number, present: Float64Array): void {
  let length = 0;
  for (let y = 0; y < rows; y++) if (!Number.isNaN(counts[base + y])) present[length++] = counts[base + y];
  repairCumulative(present, length);
  let below = 0;
  for (let y = 0, i = 0; y < rows; y++) {
    if (Number.isNaN(counts[base + y])) continue;
    counts[base + y] = present[i] - below;
    below = present[i++];
  }
}

/** The largest count of a cell in all models: the shared end of their colours. 0 if there is none. */
export function maxCount(models: readonly HeatmapModel[]): number {
  let max = 0;
  for (const { counts } of models) for (let i = 0; i < counts.length; i++) if (counts[i] > max) max = counts[i];
  return max;
}
