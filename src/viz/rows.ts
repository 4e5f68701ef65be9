import type { HeatmapModel } from '../shared/heatmap/model.ts';
import { axisScale, type AxisScale, type YScaleName } from './axisScale.ts';
import { groupBySize } from './grid.ts';

/** A bucket, or several merged ones. */
export interface Row {
  readonly from: number;
  readonly to: number;
  /** It has no true height on this axis and is drawn as a strip of fixed height below or above it. */
  readonly strip?: 'below' | 'above';
  /** Nothing was observed there, between the strips and the part of a logarithmic axis that is worth its room: it has no height. */
  readonly folded?: boolean;
  /** CSS pixels from the top of the canvas; top < bottom. */
  readonly top: number;
  readonly bottom: number;
}

/** Where the rows of a map stand. */
export interface PlacedRows {
  /** Bottom row first. */
  readonly rows: readonly Row[];
  /** Row y holds the model's buckets groups[y] … groups[y + 1] - 1. Length rows + 1. */
  readonly groups: Uint32Array;
  /** The axis of the rows that have a true height. */
  readonly axis: AxisScale;
  /** The buckets drawn. */
  readonly drawn: Range;
}

/** The first bucket and one past the last. */
type Range = readonly [from: number, to: number];
type Domain = readonly [low: number, high: number];

export const STRIP_HEIGHT = 16;
const STRIP_GAP = 4;
/** More buckets without a place on a logarithmic axis make it symlog. */
const STRIPS_BELOW_MAX = 2;
/** A bucket without observations is kept beside the lowest used one where its bounds are not farther apart than this factor. */
const NEIGHBOUR_FACTOR = 10;

/**
 * Places buckets between two heights.
 *
 * @param wanted becomes symlog where several buckets lie below zero and it is log.
 * @param yDomain see LayoutOptions.
 * @param yFold see LayoutOptions.
 */
export function placeRows(
  model: HeatmapModel,
  wanted: YScaleName,
  top: number,
  bottom: number,
  yDomain?: Domain,
  yFold?: number,
): PlacedRows {
  const { yEdges } = model;
  const used = usedBuckets(model);
  const drawn = drawnBuckets(yEdges, used, yDomain);
  const [from, to] = drawn;
  const yScale = scaleThatFits(wanted, yEdges, drawn);
  const { below, above } = stripsOf(yScale, yEdges, drawn);
  const main = to - from - below - above;

  const height = bottom - top;
  const stripHeight =
    main > 0 ? Math.min(STRIP_HEIGHT, height / (below + above + 5)) : height / Math.max(1, below + above);
  const pitch = stripHeight + (main > 0 ? Math.min(STRIP_GAP, stripHeight / 4) : 0);
  const mainTop = top + above * pitch;
  const mainBottom = bottom - below * pitch;

  const first = from + below;
  const folds = yScale === 'log' && below > 0 && !(yDomain !== undefined && yDomain[0] > 0);
  const begin = folds ? first + foldedBuckets(yEdges, used, first, to - above, yFold) : first;
  // A fold that maps share may end within an empty bucket of one of them, whose bounds are its own.
  const low = folds && yFold !== undefined && yFold < yEdges[to - above] ? yFold : yEdges[begin];
  const domain = main > 0 ? domainWithin([low, yEdges[to - above]], yScale, yDomain) : emptyDomain(yScale, yDomain);
  const axis = axisScale(yScale, domain, [mainBottom, mainTop], kneeOf(yEdges, used, drawn));
  const pixelOf = (value: number): number => Math.min(mainBottom, Math.max(mainTop, axis.toPixel(value)));

  const groups: number[] = [];
  const rows: Row[] = [];
  const add = (bucket: number, end: number, place: Pick<Row, 'strip' | 'folded' | 'top' | 'bottom'>): void => {
    groups.push(bucket);
    rows.push({ from: yEdges[bucket], to: yEdges[end], ...place });
  };
  for (let i = 0; i < below; i++) {
    const rowBottom = bottom - i * pitch;
    add(from + i, from + i + 1, { strip: 'below', top: rowBottom - stripHeight, bottom: rowBottom });
  }
  if (begin > first) add(first, begin, { folded: true, top: mainBottom, bottom: mainBottom });
  const merged = main > 0 ? groupBySize((y) => pixelOf(yEdges[y]), begin, to - above, 1) : [];
  for (let i = 0; i + 1 < merged.length; i++) {
    add(merged[i], merged[i + 1], { top: pixelOf(yEdges[merged[i + 1]]), bottom: pixelOf(yEdges[merged[i]]) });
  }
  if (above === 1) add(to - 1, to, { strip: 'above', top, bottom: top + stripHeight });
  if (rows.length > 0) groups.push(to);
  return { rows, groups: Uint32Array.from(groups), axis, drawn };
}

interface BucketSums {
  /** For each bucket whether anything was observed in it. */
  readonly used: Uint8Array;
  /** Observations of all slices. */
  readonly totals: Float64Array;
}

/** A model does not change, but is laid out for every size and range that it is shown in. */
const sumsOf = new WeakMap<HeatmapModel, BucketSums>();

function bucketSums(model: HeatmapModel): BucketSums {
  let sums = sumsOf.get(model);
  if (sums === undefined) sumsOf.set(model, (sums = sumBuckets(model)));
  return sums;
}

function sumBuckets({ yEdges, counts }: HeatmapModel): BucketSums {
  const buckets = Math.max(0, yEdges.length - 1);
  const used = new Uint8Array(buckets);
  const totals = new Float64Array(buckets);
  for (let base = 0; base + buckets <= counts.length && buckets > 0; base += buckets) {
    for (let y = 0; y < buckets; y++) {
      const count = counts[base + y];
      // Differences lie on both sides of zero.
      if (count > 0) {
        used[y] = 1;
        totals[y] += count;
      } else if (count < 0) used[y] = 1;
    }
  }
  return { used, totals };
}

const usedBuckets = (model: HeatmapModel): Uint8Array => bucketSums(model).used;

function drawnBuckets(yEdges: Float64Array, used: Uint8Array, yDomain?: Domain): Range {
  let from = 0;
  let to = used.length;
  if (yDomain !== undefined) {
    while (from < to && yEdges[from + 1] <= yDomain[0]) from++;
    while (to > from && yEdges[to - 1] >= yDomain[1]) to--;
    return [from, to];
  }
  if (!used.includes(1)) return [from, to];
  return [Math.max(0, used.indexOf(1) - 1), Math.min(to, used.lastIndexOf(1) + 2)];
}

/** One y domain that shows the used rows of all models, for maps beside each other. */
export function sharedYDomain(models: readonly HeatmapModel[]): Domain | undefined {
  let low = Infinity;
  let high = -Infinity;
  for (const model of models) {
    const [from, to] = drawnBuckets(model.yEdges, usedBuckets(model));
    low = Math.min(low, model.yEdges[from]);
    high = Math.max(high, model.yEdges[to]);
  }
  return low < high ? [low, high] : undefined;
}

/** Observations (of rates: the sum of all slices' rates) in buckets wholly outside of a y domain. */
export function hiddenObservations(model: HeatmapModel, yDomain: Domain | undefined): number {
  return countOutside(model, drawnBuckets(model.yEdges, usedBuckets(model), yDomain));
}

/** Observations in buckets that are not drawn. */
export function countOutside(model: HeatmapModel, [from, to]: Range): number {
  let hidden = 0;
  bucketSums(model).totals.forEach((total, y) => {
    if (y < from || y >= to) hidden += total;
  });
  return hidden;
}

/** A logarithmic axis has no place for negative bounds; where there are several of them, the axis is symlog. */
function scaleThatFits(wanted: YScaleName, yEdges: Float64Array, [from, to]: Range): YScaleName {
  if (wanted !== 'log') return wanted;
  let below = 0;
  for (let y = from; y < to; y++) if (!(yEdges[y] > 0)) below++;
  return below > STRIPS_BELOW_MAX ? 'symlog' : 'log';
}

/** How many rows at the bottom and top have no true height on the axis. */
function stripsOf(yScale: YScaleName, yEdges: Float64Array, [from, to]: Range): { below: number; above: 0 | 1 } {
  let below = 0;
  for (let y = from; y < to; y++) if (yEdges[y] === -Infinity || (yScale === 'log' && yEdges[y] <= 0)) below++;
  return { below, above: to > from && yEdges[to] === Infinity && below < to - from ? 1 : 0 };
}

/**
 * How many buckets from the first on can be folded: from a zero bucket to the next one in use may be forty powers of ten, in which there is nothing.
 * 0 where nothing is in use.
 *
 * @param upTo no bucket that reaches above is folded, and every empty one up to there is; by default what suits this map alone.
 */
function foldedBuckets(yEdges: Float64Array, used: Uint8Array, first: number, end: number, upTo?: number): number {
  let begin = first;
  while (begin < end && used[begin] === 0 && !(upTo !== undefined && yEdges[begin + 1] > upTo)) begin++;
  if (begin === end) return 0;
  if (upTo === undefined && begin > first && yEdges[begin] / yEdges[begin - 1] <= NEIGHBOUR_FACTOR) begin--;
  return begin - first;
}

/** The bound up to which all models of a shared y domain can fold their lowest buckets; undefined where nothing is in use. */
export function sharedYFold(models: readonly HeatmapModel[], yDomain: Domain | undefined): number | undefined {
  let lowest = Infinity;
  for (const model of models) {
    const used = usedBuckets(model);
    const drawn = drawnBuckets(model.yEdges, used, yDomain);
    const { below, above } = stripsOf('log', model.yEdges, drawn);
    const first = drawn[0] + below;
    if (!used.subarray(first, drawn[1] - above).includes(1)) continue;
    lowest = Math.min(lowest, model.yEdges[first + foldedBuckets(model.yEdges, used, first, drawn[1] - above)]);
  }
  return Number.isFinite(lowest) ? lowest : undefined;
}

function domainWithin([low, high]: Domain, yScale: YScaleName, yDomain?: Domain): Domain {
  if (yDomain === undefined) return [low, high];
  const from = Number.isFinite(yDomain[0]) && (yScale !== 'log' || yDomain[0] > 0) ? yDomain[0] : low;
  const to = Number.isFinite(yDomain[1]) ? yDomain[1] : high;
  return from < to ? [from, to] : [low, high];
}

/** The axis of a map without rows on it: what was asked for, if the scale can show it. */
function emptyDomain(yScale: YScaleName, yDomain?: Domain): Domain {
  const [from, to] = yDomain ?? [0, 0];
  const shown = from < to && Number.isFinite(to - from) && (yScale !== 'log' || from > 0);
  return shown ? [from, to] : yScale === 'log' ? [1, 1] : [0, 0];
}

/** Where a symlog axis bends: at the bound nearest to zero of buckets in use that do not hold zero; of all buckets where there is none. */
function kneeOf(yEdges: Float64Array, used: Uint8Array, [from, to]: Range): number {
  let knee = Infinity;
  let kneeOfAll = Infinity;
  for (let y = from; y < to; y++) {
    const nearest = Math.min(Math.abs(yEdges[y]) || Infinity, Math.abs(yEdges[y + 1]) || Infinity);
    kneeOfAll = Math.min(kneeOfAll, nearest);
    const holdsZero = yEdges[y] < 0 && yEdges[y + 1] > 0;
    if (used[y] === 1 && !holdsZero) knee = Math.min(knee, nearest);
  }
  if (Number.isFinite(knee)) return knee;
  return Number.isFinite(kneeOfAll) ? kneeOfAll : 1;
}
