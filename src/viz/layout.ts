import { colorScaleOf, type ColorScale, type ColorScaleName } from '../shared/heatmap/colorScale.ts';
import type { HeatmapModel } from '../shared/heatmap/model.ts';
import { axisScale, type AxisScale, type YScaleName } from './axisScale.ts';
import { valueFormat, type FormatValue } from './format.ts';
import { groupBySize, mergeCells, type Grid } from './grid.ts';
import { timeTicks, valueTicks, type TimeTick } from './ticks.ts';

/** CSS pixels; pixelRatio device pixels each. */
export interface Size {
  readonly width: number;
  readonly height: number;
  readonly pixelRatio: number;
}

export interface LayoutOptions {
  readonly yScale: YScaleName;
  readonly colorScale: ColorScaleName;
  /** The count (of one slice) at the end of the ramp; by default the largest of the drawn cells. */
  readonly colorMax?: number;
  /** Milliseconds at the left and right border; by default the slices' first and last bound. */
  readonly xDomain?: readonly [number, number];
  /**
   * Lowest and highest value, in the metric's unit. Rows wholly outside are not drawn; their observations are counted in `hidden`.
   * By default the rows that hold observations and one more on each side.
   */
  readonly yDomain?: readonly [number, number];
  /** How bounds are written; by default by the model's unit. */
  readonly formatY?: FormatValue;
  /** IANA name; by default the machine's zone. */
  readonly timeZone?: string;
  /** CSS pixels of axis text, for the room that it needs. */
  readonly fontSize?: number;
  /** Names written at the right end of lines; room is kept for the longest. */
  readonly lineNames?: readonly string[];
  /** Width kept for the y axis; by default what its texts need. Give the same to maps that stand above each other. */
  readonly axisWidth?: number;
  /** False leaves out the time axis, for maps that share one below. */
  readonly timeAxis?: boolean;
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A bucket, or several merged ones. `strip`: it has no true height on this axis and is drawn as a strip of fixed height. */
export interface Row {
  readonly from: number;
  readonly to: number;
  readonly strip?: 'below' | 'above';
  /** CSS pixels from the top of the canvas; top < bottom. */
  readonly top: number;
  readonly bottom: number;
}

export interface ValueTick {
  readonly y: number;
  readonly text: string;
  /** Names a strip, not a value on the axis. */
  readonly strip: boolean;
}

/** Everything that is needed to draw and to hit; no colours yet. Pixels are CSS pixels from the canvas' top left corner. */
export interface Layout {
  readonly model: HeatmapModel;
  readonly size: Size;
  readonly plot: Rect;
  readonly grid: Grid;
  /** Bottom row first, as in the grid. */
  readonly rows: readonly Row[];
  /** Left borders of the grid's columns and the right one of the last. Length columns + 1. */
  readonly columnEdges: Float64Array;
  readonly x: AxisScale;
  /** The axis of the rows that have a true height; strips lie outside of its pixels. */
  readonly y: AxisScale;
  readonly color: ColorScale;
  readonly yTicks: readonly ValueTick[];
  readonly xTicks: readonly TimeTick[];
  /** Observations (of rates: the sum of all slices' rates) in rows that yDomain leaves out. */
  readonly hidden: number;
  readonly formatY: FormatValue;
  readonly timeZone?: string;
}

export const STRIP_HEIGHT = 16;
const STRIP_GAP = 4;
const STRIPS_BELOW_MAX = 2;
const MARGIN_TOP = 8;
const MARGIN_RIGHT = 10;
const TIME_AXIS_HEIGHT = 24;
const TICK_SPACING_Y = 30;
const TICK_SPACING_X = 84;
const TEXT_HEIGHT = 14;
/** Width of a letter in parts of the font's size, as canvas text cannot be measured outside of a browser. */
const LETTER_WIDTH = 0.56;

/** Where everything of a heatmap stands. Pure. */
export function layout(model: HeatmapModel, size: Size, options: LayoutOptions): Layout {
  const formatY = options.formatY ?? valueFormat(model.unit);
  const buckets = rowsToDraw(model, options.yDomain);
  const yScale = scaleThatFits(options.yScale, model.yEdges, buckets);
  const strips = stripsOf(yScale, model.yEdges, buckets);
  const letter = (options.fontSize ?? 12) * LETTER_WIDTH;

  const top = MARGIN_TOP;
  const bottom = Math.max(top + 1, size.height - (options.timeAxis === false ? MARGIN_TOP : TIME_AXIS_HEIGHT));
  const places = placeRows(model, buckets, strips, yScale, top, bottom, options.yDomain);
  const yTicks = ticksOf(model, places, strips, formatY, top, bottom);

  const axisWidth = options.axisWidth ?? axisWidthOf(yTicks, letter);
  const nameWidth = Math.max(0, ...(options.lineNames ?? []).map((name) => Math.min(name.length, 24) * letter + 10));
  const ratio = size.pixelRatio;
  const snap = (px: number): number => Math.round(px * ratio) / ratio;
  const left = snap(Math.min(axisWidth, size.width / 2));
  const plot: Rect = {
    x: left,
    y: snap(top),
    width: Math.max(1 / ratio, snap(size.width - left - MARGIN_RIGHT - nameWidth)),
    height: snap(bottom) - snap(top),
  };

  const slices = model.xEdges.length - 1;
  const xDomain = options.xDomain ?? [model.xEdges[0], model.xEdges[Math.max(0, slices)]];
  const x = axisScale('linear', xDomain, [plot.x, plot.x + plot.width]);
  const [firstSlice, endSlice] = slicesWithin(model.xEdges, xDomain);
  const columnGroups = groupBySize((i) => x.toPixel(model.xEdges[i]), firstSlice, endSlice, 1 / ratio);
  const grid = mergeCells(model, columnGroups, places.groups);
  return {
    model,
    size,
    plot,
    grid,
    rows: places.rows,
    columnEdges: Float64Array.from(grid.xEdges, (t) => x.toPixel(t)),
    x,
    y: places.axis,
    color: colorScaleOf(options.colorScale, grid.perSlice, options.colorMax),
    yTicks,
    xTicks: timeTicks(xDomain[0], xDomain[1], Math.floor(plot.width / TICK_SPACING_X), options.timeZone),
    hidden: hiddenCount(model, buckets),
    formatY,
    timeZone: options.timeZone,
  };
}

/** The first bucket to draw and one past the last. */
type Range = readonly [from: number, to: number];

function rowsToDraw(model: HeatmapModel, yDomain?: readonly [number, number]): Range {
  const { yEdges } = model;
  const buckets = yEdges.length - 1;
  if (buckets <= 0) return [0, 0];
  if (yDomain !== undefined) {
    let from = 0;
    let to = buckets;
    while (from < buckets && yEdges[from + 1] <= yDomain[0]) from++;
    while (to > from && yEdges[to - 1] >= yDomain[1]) to--;
    return [from, to];
  }
  const used = usedBuckets(model);
  return used === undefined ? [0, buckets] : [Math.max(0, used[0] - 1), Math.min(buckets, used[1] + 1)];
}

/** The first bucket in which anything was observed and one past the last. */
function usedBuckets(model: HeatmapModel): Range | undefined {
  const buckets = model.yEdges.length - 1;
  let from = buckets;
  let to = -1;
  for (let base = 0; base < model.counts.length; base += buckets) {
    for (let y = 0; y < from; y++) if (model.counts[base + y] > 0) from = y;
    for (let y = buckets - 1; y > to; y--) if (model.counts[base + y] > 0) to = y;
  }
  return to < 0 ? undefined : [from, to + 1];
}

/** One y domain that shows the used rows of all models, for maps beside each other. */
export function sharedYDomain(models: readonly HeatmapModel[]): readonly [number, number] | undefined {
  let low = Infinity;
  let high = -Infinity;
  for (const model of models) {
    const [from, to] = rowsToDraw(model);
    low = Math.min(low, model.yEdges[from]);
    high = Math.max(high, model.yEdges[to]);
  }
  return low < high ? [low, high] : undefined;
}

/** A logarithmic axis has no place for negative bounds; where there are several of them, the axis is symlog. */
function scaleThatFits(wanted: YScaleName, yEdges: Float64Array, [from, to]: Range): YScaleName {
  if (wanted !== 'log') return wanted;
  let below = 0;
  for (let y = from; y < to; y++) if (!(yEdges[y] > 0)) below++;
  return below > STRIPS_BELOW_MAX ? 'symlog' : 'log';
}

/** How many rows at the bottom and top have no true height on the axis. */
interface Strips {
  readonly below: number;
  readonly above: number;
}

function stripsOf(yScale: YScaleName, yEdges: Float64Array, [from, to]: Range): Strips {
  let below = 0;
  for (let y = from; y < to; y++) if (yEdges[y] === -Infinity || (yScale === 'log' && yEdges[y] <= 0)) below++;
  const above = to > from && yEdges[to] === Infinity && below < to - from ? 1 : 0;
  return { below, above };
}

interface Places {
  readonly rows: Row[];
  /** Begins of the merged groups of buckets, see mergeCells. */
  readonly groups: Uint32Array;
  readonly axis: AxisScale;
}

function placeRows(
  model: HeatmapModel,
  [from, to]: Range,
  strips: Strips,
  yScale: YScaleName,
  top: number,
  bottom: number,
  yDomain?: readonly [number, number],
): Places {
  const { yEdges } = model;
  const main = to - from - strips.below - strips.above;
  const stripCount = strips.below + strips.above;
  const height = bottom - top;
  const stripHeight = main > 0 ? Math.min(STRIP_HEIGHT, height / (stripCount + 5)) : height / Math.max(1, stripCount);
  const gap = main > 0 ? Math.min(STRIP_GAP, stripHeight / 4) : 0;
  const mainTop = top + strips.above * (stripHeight + gap);
  const mainBottom = bottom - strips.below * (stripHeight + gap);

  const low = yEdges[from + strips.below];
  const high = yEdges[to - strips.above];
  const axis = axisScale(
    yScale,
    main > 0 ? domainWithin(low, high, yScale, yDomain) : emptyDomain(yScale, yDomain),
    [mainBottom, mainTop],
    kneeOf(yEdges, from, to),
  );
  const groups = [...Array(strips.below).keys()].map((i) => from + i);
  const rows: Row[] = groups.map((y, i) => {
    const rowBottom = bottom - i * (stripHeight + gap);
    return { from: yEdges[y], to: yEdges[y + 1], strip: 'below', top: rowBottom - stripHeight, bottom: rowBottom };
  });
  const pixelOf = (value: number): number => Math.min(mainBottom, Math.max(mainTop, axis.toPixel(value)));
  if (main > 0) {
    const merged = groupBySize((y) => pixelOf(yEdges[y]), from + strips.below, to - strips.above, 1);
    for (let i = 0; i + 1 < merged.length; i++) {
      groups.push(merged[i]);
      const [lower, upper] = [yEdges[merged[i]], yEdges[merged[i + 1]]];
      rows.push({ from: lower, to: upper, top: pixelOf(upper), bottom: pixelOf(lower) });
    }
  }
  if (strips.above === 1) {
    groups.push(to - 1);
    rows.push({ from: yEdges[to - 1], to: yEdges[to], strip: 'above', top, bottom: top + stripHeight });
  }
  groups.push(to);
  return { rows, groups: Uint32Array.from(to > from ? groups : []), axis };
}

function domainWithin(
  low: number,
  high: number,
  yScale: YScaleName,
  yDomain?: readonly [number, number],
): [number, number] {
  if (yDomain === undefined) return [low, high];
  const from = Number.isFinite(yDomain[0]) && (yScale !== 'log' || yDomain[0] > 0) ? yDomain[0] : low;
  const to = Number.isFinite(yDomain[1]) ? yDomain[1] : high;
  return from < to ? [from, to] : [low, high];
}

/** The axis of a map without rows on it: what was asked for, if the scale can show it. */
function emptyDomain(yScale: YScaleName, yDomain?: readonly [number, number]): [number, number] {
  const [from, to] = yDomain ?? [0, 0];
  const shown = from < to && Number.isFinite(to - from) && (yScale !== 'log' || from > 0);
  return shown ? [from, to] : yScale === 'log' ? [1, 1] : [0, 0];
}

/** Where a symlog axis bends: at the smallest bound that is not zero. */
function kneeOf(yEdges: Float64Array, from: number, to: number): number {
  let knee = Infinity;
  for (let y = from; y <= to; y++) if (yEdges[y] !== 0) knee = Math.min(knee, Math.abs(yEdges[y]));
  return Number.isFinite(knee) ? knee : 1;
}

function ticksOf(
  model: HeatmapModel,
  places: Places,
  strips: Strips,
  formatY: FormatValue,
  top: number,
  bottom: number,
): ValueTick[] {
  const named = places.rows
    .filter((row) => row.strip !== undefined)
    .map((row) => ({ y: (row.top + row.bottom) / 2, text: stripName(row, formatY), strip: true }));
  if (!(places.axis.domain[1] > places.axis.domain[0])) return named;
  const clear = (y: number): boolean => named.every((tick) => Math.abs(tick.y - y) >= TEXT_HEIGHT);
  const values = valueTicks(places.axis, model.unit, Math.min(TICK_SPACING_Y, Math.max(14, (bottom - top) / 4)))
    .map((value) => ({ y: places.axis.toPixel(value), text: formatY(value), strip: false }))
    .filter((tick) => tick.y >= top - 1 && tick.y <= bottom + 1 && clear(tick.y));
  return strips.above + strips.below > 0 ? [...values, ...named] : values;
}

/** What stands at the axis beside a row that has no true height. */
export function stripName(row: Pick<Row, 'from' | 'to'>, formatY: FormatValue): string {
  if (row.to === Infinity) return row.from === -Infinity ? 'all' : `> ${formatY(row.from)}`;
  return `≤ ${formatY(row.to)}`;
}

function axisWidthOf(ticks: readonly ValueTick[], letter: number): number {
  return Math.ceil(Math.max(24, ...ticks.map((tick) => tick.text.length * letter + 14)));
}

function slicesWithin(xEdges: Float64Array, [from, to]: readonly [number, number]): Range {
  const slices = Math.max(0, xEdges.length - 1);
  let first = 0;
  let end = slices;
  while (first < end && xEdges[first + 1] <= from) first++;
  while (end > first && xEdges[end - 1] >= to) end--;
  return [first, end];
}

/** Observations (of rates: the sum of all slices' rates) in buckets wholly outside of a y domain. */
export function hiddenObservations(model: HeatmapModel, yDomain: readonly [number, number] | undefined): number {
  return hiddenCount(model, rowsToDraw(model, yDomain));
}

function hiddenCount(model: HeatmapModel, [from, to]: Range): number {
  const buckets = model.yEdges.length - 1;
  if (from === 0 && to === buckets) return 0;
  let hidden = 0;
  for (let base = 0; base + buckets <= model.counts.length && buckets > 0; base += buckets) {
    for (let y = 0; y < from; y++) if (model.counts[base + y] > 0) hidden += model.counts[base + y];
    for (let y = to; y < buckets; y++) if (model.counts[base + y] > 0) hidden += model.counts[base + y];
  }
  return hidden;
}

/** Where a value of the metric stands; inside a strip between its bounds, at its far border where it has no bound there. */
export function pixelOfValue(at: Layout, value: number): number {
  for (const row of at.rows) {
    if (row.strip === undefined || !(value > row.from && value <= row.to)) continue;
    if (row.strip === 'above') return row.top;
    const share = row.from === -Infinity ? 1 : (value - row.from) / (row.to - row.from);
    return row.bottom - share * (row.bottom - row.top);
  }
  if (value <= 0 && at.y.name === 'log') return at.plot.y + at.plot.height;
  return at.y.toPixel(value);
}
