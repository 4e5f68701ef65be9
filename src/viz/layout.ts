import { colorScaleOf, differenceScaleOf, type ColorScale, type ColorScaleName } from '../shared/heatmap/colorScale.ts';
import type { HeatmapModel } from '../shared/heatmap/model.ts';
import { axisScale, type AxisScale, type YScaleName } from './axisScale.ts';
import { formatTimeRange, valueFormat, type FormatValue } from './format.ts';
import { groupBySize, mergeCells, type Grid } from './grid.ts';
import { countOutside, placeRows, type PlacedRows, type Row } from './rows.ts';
import { shadesOf, type ColorBy } from './shades.ts';
import { foldedTime, foldTicks, timeTicks, valueTicks, type TimeTick } from './ticks.ts';

export { hiddenObservations, sharedYDomain, sharedYFold, type Row } from './rows.ts';

/** CSS pixels; pixelRatio device pixels each. */
export interface Size {
  readonly width: number;
  readonly height: number;
  readonly pixelRatio: number;
}

export interface LayoutOptions {
  readonly yScale: YScaleName;
  readonly colorScale: ColorScaleName;
  /** By default the count. */
  readonly colorBy?: ColorBy;
  /** What is at the end of the ramp, of one slice; by default the largest of the drawn cells. */
  readonly colorMax?: number;
  /** What is at its begin. */
  readonly colorMin?: number;
  /** Milliseconds at the left and right border; by default the slices' first and last bound. */
  readonly xDomain?: readonly [number, number];
  /**
   * Lowest and highest value, in the metric's unit. Rows wholly outside are not drawn; their observations are counted in `hidden`.
   * By default the rows that hold observations and one more on each side.
   */
  readonly yDomain?: readonly [number, number];
  /**
   * On a logarithmic axis, the bound up to which empty buckets above the strips take no room; by default what suits this map. For maps beside each
   * other `sharedYFold(models, yDomain)`, so that one height is one value in all of them.
   */
  readonly yFold?: number;
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
  /** Width kept at the right border for the distribution over all times; by default none. */
  readonly sideWidth?: number;
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
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
  /** Where the distribution over all times stands, as high as the plot. */
  readonly side?: Rect;
  readonly grid: Grid;
  /** What is coloured, in the grid's order; of one slice. */
  readonly shades: Float64Array;
  readonly colorBy: ColorBy;
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

const MARGIN_TOP = 8;
const MARGIN_RIGHT = 10;
const TIME_AXIS_HEIGHT = 24;
const TICK_SPACING_Y = 30;
const TICK_SPACING_X = 84;
const TEXT_HEIGHT = 14;
/** Maps with less room for their cells have no distribution beside them. */
const SIDE_FROM_PX = 260;
const SIDE_GAP = 12;
/** Width of a letter in parts of the font's size, as canvas text cannot be measured outside of a browser. */
const LETTER_WIDTH = 0.56;

/** Where everything of a heatmap stands. Pure. */
export function layout(model: HeatmapModel, size: Size, options: LayoutOptions): Layout {
  const formatY = options.formatY ?? valueFormat(model.unit);
  const letter = (options.fontSize ?? 12) * LETTER_WIDTH;

  const top = MARGIN_TOP;
  const bottom = Math.max(top + 1, size.height - (options.timeAxis === false ? MARGIN_TOP : TIME_AXIS_HEIGHT));
  const places = placeRows(model, options.yScale, top, bottom, options.yDomain, options.yFold);
  const yTicks = ticksOf(model, places, formatY, top, bottom);

  const axisWidth = options.axisWidth ?? axisWidthOf(yTicks, letter);
  const nameWidth = Math.max(0, ...(options.lineNames ?? []).map((name) => Math.min(name.length, 24) * letter + 10));
  const ratio = size.pixelRatio;
  const snap = (px: number): number => Math.round(px * ratio) / ratio;
  const left = snap(Math.min(axisWidth, size.width / 2));
  const room = size.width - left - MARGIN_RIGHT - nameWidth;
  const sideWidth = room >= SIDE_FROM_PX ? (options.sideWidth ?? 0) : 0;
  const plot: Rect = {
    x: left,
    y: snap(top),
    width: Math.max(1 / ratio, snap(room - (sideWidth > 0 ? sideWidth + SIDE_GAP : 0))),
    height: snap(bottom) - snap(top),
  };

  const slices = model.xEdges.length - 1;
  const xDomain = options.xDomain ?? [model.xEdges[0], model.xEdges[Math.max(0, slices)]];
  const x = axisScale('linear', xDomain, [plot.x, plot.x + plot.width]);
  const [firstSlice, endSlice] = slicesWithin(model.xEdges, xDomain);
  const columnGroups = groupBySize((i) => x.toPixel(model.xEdges[i]), firstSlice, endSlice, 1 / ratio);
  const grid = mergeCells(model, columnGroups, places.groups);
  const colorBy = model.countUnit === 'shareDifference' ? 'count' : (options.colorBy ?? 'count');
  const shades = shadesOf(model, grid, places.rows, places.axis, colorBy);
  const days = Math.floor(plot.width / TICK_SPACING_X);
  return {
    model,
    size,
    plot,
    side:
      sideWidth > 0
        ? { x: snap(size.width - MARGIN_RIGHT - sideWidth), y: plot.y, width: snap(sideWidth), height: plot.height }
        : undefined,
    grid,
    shades,
    colorBy,
    rows: places.rows,
    columnEdges: Float64Array.from(grid.xEdges, (t) => x.toPixel(t)),
    x,
    y: places.axis,
    color:
      model.countUnit === 'shareDifference'
        ? differenceScaleOf(options.colorScale, shades, options.colorMax)
        : colorScaleOf(options.colorScale, shades, options.colorMax, options.colorMin),
    yTicks,
    xTicks: model.fold === undefined ? timeTicks(...xDomain, days, options.timeZone) : foldTicks(...xDomain, days),
    hidden: countOutside(model, places.drawn),
    formatY,
    timeZone: options.timeZone,
  };
}

function ticksOf(
  model: HeatmapModel,
  places: PlacedRows,
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
  return [...values, ...named];
}

/** What stands at the axis beside a row that has no true height. */
export function stripName(row: Pick<Row, 'from' | 'to'>, formatY: FormatValue): string {
  if (row.to === Infinity) return row.from === -Infinity ? 'all' : `> ${formatY(row.from)}`;
  return `≤ ${formatY(row.to)}`;
}

function axisWidthOf(ticks: readonly ValueTick[], letter: number): number {
  return Math.ceil(Math.max(24, ...ticks.map((tick) => tick.text.length * letter + 14)));
}

function slicesWithin(
  xEdges: Float64Array,
  [from, to]: readonly [number, number],
): readonly [first: number, end: number] {
  const slices = Math.max(0, xEdges.length - 1);
  let first = 0;
  let end = slices;
  while (first < end && xEdges[first + 1] <= from) first++;
  while (end > first && xEdges[end - 1] >= to) end--;
  return [first, end];
}

/** Where a value of the metric stands; inside a strip between its bounds, at its far border where it has no bound there. */
export function pixelOfValue(at: Layout, value: number, strips: readonly Row[] = stripsOf(at)): number {
  for (const row of strips) {
    if (!(value > row.from && value <= row.to)) continue;
    if (row.strip === 'above') return row.top;
    const share = row.from === -Infinity ? 1 : (value - row.from) / (row.to - row.from);
    return row.bottom - share * (row.bottom - row.top);
  }
  if (value <= 0 && at.y.name === 'log') return at.plot.y + at.plot.height;
  return at.y.toPixel(value);
}

/** The rows without a true height; hand them in where many values are placed. */
export function stripsOf({ rows }: Layout): Row[] {
  return rows.filter(({ strip }) => strip !== undefined);
}

/** A slice's time for people. */
export function sliceText(
  { model, timeZone }: Pick<Layout, 'model' | 'timeZone'>,
  { fromTime, toTime }: { readonly fromTime: number; readonly toTime: number },
): string {
  if (model.fold === undefined) return formatTimeRange(fromTime, toTime, timeZone);
  return `${foldedTime(fromTime, model.fold)} – ${foldedTime(toTime, model.fold)}`;
}
