import { RAMPS, type RampName } from '../shared/heatmap/palettes.ts';
import type { OverlayLine } from '../shared/heatmap/model.ts';
import { firstAbove } from '../shared/model/sortedNumbers.ts';
import { columnAt } from './hitTest.ts';
import type { LimitLine } from './limitLines.ts';
import { pixelOfValue, stripsOf, type Layout } from './layout.ts';
import { raster, rasterSize } from './raster.ts';
import {
  exemplarSigns,
  paintExemplars,
  paintLevels,
  paintMarks,
  type Exemplar,
  type Level,
  type Mark,
} from './marks.ts';
import { paintSide, paintSideOf } from './side.ts';
import { rasterPalette, type VizTheme } from './theme.ts';

type Context = CanvasRenderingContext2D;

/** What is drawn over the cells. */
export interface MapExtras {
  readonly lines?: readonly OverlayLine[];
  /** Draws the bounds of the bucket that each value lies in, as a band. */
  readonly bands?: boolean;
  readonly limits?: readonly LimitLine[];
  readonly marks?: readonly Mark[];
  readonly exemplars?: readonly Exemplar[];
  readonly levels?: readonly Level[];
}

/** Draws cells, axes and lines: what changes with the data only. The context must be scaled to CSS pixels and its canvas empty. */
export function paintMap(
  ctx: Context,
  layout: Layout,
  theme: VizTheme,
  palette: RampName,
  { lines = [], bands = false, limits = [], marks = [], exemplars = [], levels = [] }: MapExtras,
): void {
  const { plot, size } = layout;
  paintGrid(ctx, layout, theme);
  const { width, height } = rasterSize(layout);
  const image = new ImageData(
    raster(layout, rasterPalette(palette, theme)) as Uint8ClampedArray<ArrayBuffer>,
    width,
    height,
  );
  // putImageData replaces what is below; grid lines must shine through empty cells, so the image goes over a canvas of its own.
  const sheet = sheetOf(ctx.canvas, width, height);
  sheet.getContext('2d')?.putImageData(image, 0, 0);
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(sheet, plot.x, plot.y, width / size.pixelRatio, height / size.pixelRatio);
  paintAxes(ctx, layout, theme);
  paintSide(ctx, layout, theme, palette);
  if (bands) paintBands(ctx, layout, lines, theme, palette);
  paintMarks(ctx, layout, marks, theme);
  paintLimits(ctx, layout, limits, theme);
  paintLines(ctx, layout, lines, theme, palette);
  paintLimitNames(ctx, layout, limits, theme);
  paintLevels(ctx, layout, levels, theme);
  paintExemplars(ctx, exemplarSigns(layout, exemplars), theme);
}

/** One for each map, used again: a range that moves draws many times a second. */
const sheets = new WeakMap<HTMLCanvasElement, HTMLCanvasElement>();

function sheetOf(canvas: HTMLCanvasElement, width: number, height: number): HTMLCanvasElement {
  let sheet = sheets.get(canvas);
  if (sheet === undefined) sheets.set(canvas, (sheet = canvas.ownerDocument.createElement('canvas')));
  if (sheet.width !== width) sheet.width = width;
  if (sheet.height !== height) sheet.height = height;
  return sheet;
}

/** Where each quantile certainly lies: the bucket that holds it, from bound to bound. */
function paintBands(
  ctx: Context,
  layout: Layout,
  lines: readonly OverlayLine[],
  theme: VizTheme,
  palette: RampName,
): void {
  const { plot } = layout;
  const colours = RAMPS[palette].lines[theme.mode];
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.x, plot.y, plot.width, plot.height);
  ctx.clip();
  lines.forEach(({ times, lows, highs, group }, i) => {
    if (lows === undefined || highs === undefined) return;
    ctx.fillStyle = colours[(group ?? i) % colours.length];
    for (let k = 0; k < times.length; k++) {
      if (Number.isNaN(lows[k])) continue;
      const column = columnAt(layout, layout.x.toPixel(times[k]) - 0.01);
      if (column < 0) continue;
      const left = layout.columnEdges[column];
      const top = highs[k] === Infinity ? plot.y : pixelOfValue(layout, highs[k]);
      const bottom = lows[k] === -Infinity ? plot.y + plot.height : pixelOfValue(layout, lows[k]);
      const width = layout.columnEdges[column + 1] - left;
      ctx.globalAlpha = 0.24;
      ctx.fillRect(left, top, width, bottom - top);
      // Its bounds, so that it is seen over cells of its own colour.
      ctx.globalAlpha = 0.9;
      ctx.fillRect(left, top - 0.5, width, 1);
      ctx.fillRect(left, bottom - 0.5, width, 1);
    }
  });
  ctx.restore();
}

function paintGrid(ctx: Context, { plot, yTicks }: Layout, theme: VizTheme): void {
  ctx.fillStyle = theme.grid;
  for (const tick of yTicks) if (!tick.strip) ctx.fillRect(plot.x, Math.round(tick.y), plot.width, 1);
}

function paintAxes(ctx: Context, layout: Layout, theme: VizTheme): void {
  const { plot, yTicks, xTicks } = layout;
  ctx.font = `${theme.fontSize}px ${theme.fontFamily}`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'right';
  for (const tick of yTicks) {
    ctx.fillStyle = tick.strip ? theme.text : theme.textDim;
    ctx.fillText(tick.text, plot.x - 8, tick.y);
    if (tick.strip) continue;
    ctx.fillStyle = theme.grid;
    ctx.fillRect(plot.x - 5, Math.round(tick.y), 4, 1);
  }
  ctx.textBaseline = 'top';
  ctx.textAlign = 'center';
  const bottom = plot.y + plot.height;
  for (const tick of xTicks) {
    const x = layout.x.toPixel(tick.time);
    ctx.fillStyle = theme.grid;
    ctx.fillRect(Math.round(x), bottom + 1, 1, 4);
    ctx.fillStyle = tick.major ? theme.text : theme.textDim;
    const half = ctx.measureText(tick.text).width / 2;
    ctx.fillText(tick.text, Math.min(Math.max(x, half), layout.size.width - half), bottom + 8);
  }
}

const LIMIT_DASH = [7, 4];
const LIMIT_LABEL_PAD = 5;

/** Where a limit's line lies; undefined outside of what is drawn. */
function limitPixel(layout: Layout, limit: number): number | undefined {
  const { plot } = layout;
  const y = Math.round(pixelOfValue(layout, limit)) + 0.5;
  return y >= plot.y - 1 && y <= plot.y + plot.height + 1 ? y : undefined;
}

/** Dashed lines across the map. */
function paintLimits(ctx: Context, layout: Layout, limits: readonly LimitLine[], theme: VizTheme): void {
  const { plot } = layout;
  ctx.save();
  ctx.setLineDash(LIMIT_DASH);
  for (const { limit } of limits) {
    const y = limitPixel(layout, limit);
    if (y === undefined) continue;
    for (const [colour, width] of [
      [theme.background, 4],
      [theme.text, 1.5],
    ] as const) {
      ctx.strokeStyle = colour;
      ctx.lineWidth = width;
      ctx.beginPath();
      ctx.moveTo(plot.x, y);
      ctx.lineTo(plot.x + plot.width, y);
      ctx.stroke();
    }
  }
  ctx.restore();
}

/** The share under each limit above its line at the left, where there is room; over the other lines, so that it can be read. */
function paintLimitNames(ctx: Context, layout: Layout, limits: readonly LimitLine[], theme: VizTheme): void {
  const { plot } = layout;
  ctx.save();
  ctx.font = `600 ${theme.fontSize - 1}px ${theme.fontFamily}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  const height = theme.fontSize + 6;
  for (const { limit, text } of limits) {
    const y = limitPixel(layout, limit);
    if (y === undefined) continue;
    const top = y - height - 3 < plot.y ? y + 3 : y - height - 3;
    ctx.fillStyle = theme.background;
    ctx.globalAlpha = 0.86;
    ctx.fillRect(plot.x + 6, top, ctx.measureText(text).width + 2 * LIMIT_LABEL_PAD, height);
    ctx.globalAlpha = 1;
    ctx.fillStyle = theme.text;
    ctx.fillText(text, plot.x + 6 + LIMIT_LABEL_PAD, top + height / 2 + 0.5);
  }
  ctx.restore();
}

/** The first line is the strongest; the further ones are lighter, so that they do not bury the cells. */
const LINE_WIDTHS = [2.25, 1.75, 1.5];
const HALO_PX = 1.5;
/** On lower plots, and where points are denser, lines are thinner in proportion, down to about a half. */
const FULL_WIDTH_FROM_PX = 180;
const FULL_WIDTH_FROM_POINTS_PX = 4;
const THINNEST = 0.55;

/** Lines with a halo of the ground's colour, so that they read over any cell; names at the right end, moved apart. */
export function paintLines(
  ctx: Context,
  layout: Layout,
  lines: readonly OverlayLine[],
  theme: VizTheme,
  palette: RampName,
): void {
  const { plot } = layout;
  const colours = RAMPS[palette].lines[theme.mode];
  const colourOf = (i: number): string => colours[(lines[i].group ?? i) % colours.length];
  const paths = lines.map((line) => linePoints(layout, line));
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.x, plot.y - 2, plot.width, plot.height + 4);
  ctx.clip();
  ctx.lineJoin = 'round';
  const pointsPx = plot.width / Math.max(1, layout.grid.columns);
  const thin = Math.max(THINNEST, Math.min(1, plot.height / FULL_WIDTH_FROM_PX, pointsPx / FULL_WIDTH_FROM_POINTS_PX));
  // Last line first: the first one lies on top.
  for (let i = paths.length - 1; i >= 0; i--) {
    const width = LINE_WIDTHS[Math.min(i, LINE_WIDTHS.length - 1)] * thin;
    ctx.lineWidth = width + 2 * HALO_PX * thin;
    ctx.strokeStyle = theme.background;
    ctx.globalAlpha = 0.7;
    strokePoints(ctx, paths[i]);
    ctx.lineWidth = width;
    ctx.strokeStyle = colourOf(i);
    ctx.globalAlpha = 1;
    strokePoints(ctx, paths[i]);
  }
  ctx.restore();
  paintLineNames(ctx, layout, lines, paths, theme, colourOf);
}

type Point = readonly [x: number, y: number];

/** Of so many points in one column, first, last, highest and lowest are drawn: the line covers the same pixels. */
const POINTS_IN_COLUMN_MAX = 4;

/** A value stands for its whole slice, so it is drawn at the slice's middle. NaN points break the line. Only what the range shows, and one more on each side. */
function linePoints(layout: Layout, { times, values }: OverlayLine): Point[] {
  const points: Point[] = [];
  const strips = stripsOf(layout);
  const { columnEdges, x, plot } = layout;
  const [first, end] = [firstAbove(times, x.toValue(plot.x)), firstAbove(times, x.toValue(plot.x + plot.width))];
  let columnBegin = 0;
  let lastColumn = -1;
  for (let i = Math.max(0, first - 1); i < Math.min(times.length, end + 1); i++) {
    const previous = i > 0 ? times[i - 1] : times[i] - ((times[1] ?? times[0]) - times[0]);
    const right = x.toPixel(times[i]);
    const column = columnAt(layout, right - 0.01);
    if (column !== lastColumn) {
      thinOut(points, columnBegin);
      [columnBegin, lastColumn] = [points.length, column];
    }
    const width = column < 0 ? 0 : columnEdges[column + 1] - columnEdges[column];
    const half = Math.min(width, Math.abs(right - x.toPixel(previous))) / 2;
    const value = values[i];
    points.push([right - half, Number.isNaN(value) ? NaN : pixelOfValue(layout, value, strips)]);
  }
  thinOut(points, columnBegin);
  return points;
}

/** Leaves of the points from `begin` on, which share a column, those that bound what is painted; all of them where the line is broken. */
function thinOut(points: Point[], begin: number): void {
  const count = points.length - begin;
  if (count <= POINTS_IN_COLUMN_MAX) return;
  let [low, high] = [begin, begin];
  for (let i = begin; i < points.length; i++) {
    const y = points[i][1];
    if (Number.isNaN(y)) return;
    if (y < points[low][1]) low = i;
    if (y > points[high][1]) high = i;
  }
  const kept = [...new Set([begin, Math.min(low, high), Math.max(low, high), points.length - 1])].map((i) => points[i]);
  points.splice(begin, count, ...kept);
}

function strokePoints(ctx: Context, points: readonly Point[]): void {
  ctx.beginPath();
  let drawing = false;
  for (let i = 0; i < points.length; i++) {
    const [x, y] = points[i];
    if (Number.isNaN(y)) {
      drawing = false;
      continue;
    }
    if (drawing) ctx.lineTo(x, y);
    else if (Number.isNaN(points[i + 1]?.[1] ?? NaN)) {
      // A value alone between gaps would have no length.
      ctx.moveTo(x - 1.5, y);
      ctx.lineTo(x + 1.5, y);
    } else ctx.moveTo(x, y);
    drawing = true;
  }
  ctx.stroke();
}

function paintLineNames(
  ctx: Context,
  layout: Layout,
  lines: readonly OverlayLine[],
  paths: readonly Point[][],
  theme: VizTheme,
  colourOf: (line: number) => string,
): void {
  const { plot } = layout;
  const ends = paths
    .map((points, i) => ({ line: i, name: lines[i].name, point: points.findLast(([, y]) => !Number.isNaN(y)) }))
    .filter((end) => end.point !== undefined)
    .map((end) => ({ ...end, y: Math.min(plot.y + plot.height, Math.max(plot.y, end.point![1])) }))
    .sort((a, b) => a.y - b.y);
  const placed = spread(
    ends.map(({ y }) => y),
    theme.fontSize + 2,
    plot.y + 4,
    plot.y + plot.height - 4,
  );
  ctx.font = `600 ${theme.fontSize - 1}px ${theme.fontFamily}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ends.forEach(({ line, name }, i) => {
    ctx.fillStyle = colourOf(line);
    ctx.fillText(shortened(name), plot.x + plot.width + 6, placed[i]);
  });
}

const NAME_LETTERS_MAX = 24;
const shortened = (name: string): string =>
  name.length > NAME_LETTERS_MAX ? `${name.slice(0, NAME_LETTERS_MAX - 1)}…` : name;

/** Moves ascending places apart to at least `distance`, as little as it takes, inside [low, high] as long as there is room. */
export function spread(places: readonly number[], distance: number, low: number, high: number): number[] {
  const out = [...places];
  for (let i = 0; i < out.length; i++) out[i] = Math.max(out[i], i === 0 ? low : out[i - 1] + distance);
  for (let i = out.length - 1; i >= 0; i--)
    out[i] = Math.min(out[i], i === out.length - 1 ? Math.max(high, low) : out[i + 1] - distance);
  return out;
}

/** What moves with the pointer: drawn on a canvas above the map. */
export interface Overlay {
  readonly cell?: { readonly column: number; readonly lowRow: number; readonly highRow: number };
  /** CSS pixels. */
  readonly crosshairX?: number;
  readonly crosshairY?: number;
  readonly selection?: Rect;
  /** Stays where it is: outlined, its cells as they are. */
  readonly box?: Rect;
}

/** CSS pixels. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function paintOverlay(ctx: Context, layout: Layout, overlay: Overlay, theme: VizTheme): void {
  const { plot, rows, columnEdges } = layout;
  const { cell, selection, box } = overlay;
  paintSelectedSide(ctx, layout, overlay, theme);
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.x - 1, plot.y - 1, plot.width + 2, plot.height + 2);
  ctx.clip();
  if (box !== undefined) {
    const rect = [box.x, box.y, box.width, box.height] as const;
    ctx.strokeStyle = theme.background;
    ctx.lineWidth = 5;
    ctx.strokeRect(...rect);
    ctx.strokeStyle = theme.accent;
    ctx.lineWidth = 2;
    ctx.strokeRect(...rect);
  }
  if (selection !== undefined) {
    ctx.fillStyle = theme.accent;
    ctx.globalAlpha = 0.22;
    ctx.fillRect(selection.x, selection.y, selection.width, selection.height);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = theme.accent;
    ctx.lineWidth = 1;
    ctx.strokeRect(selection.x + 0.5, selection.y + 0.5, selection.width - 1, selection.height - 1);
  }
  ctx.lineWidth = 1;
  ctx.strokeStyle = theme.text;
  ctx.globalAlpha = 0.65;
  ctx.setLineDash([3, 3]);
  if (overlay.crosshairX !== undefined)
    strokeLine(ctx, overlay.crosshairX, plot.y, overlay.crosshairX, plot.y + plot.height);
  if (overlay.crosshairY !== undefined)
    strokeLine(ctx, plot.x, overlay.crosshairY, plot.x + plot.width, overlay.crosshairY);
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  if (cell !== undefined && rows[cell.highRow] !== undefined && cell.column + 1 < columnEdges.length) {
    const left = columnEdges[cell.column];
    const width = Math.max(3, columnEdges[cell.column + 1] - left);
    const { top } = rows[cell.highRow];
    const { bottom } = rows[cell.lowRow];
    ctx.strokeStyle = theme.background;
    ctx.lineWidth = 3.5;
    ctx.strokeRect(left, top, width, bottom - top);
    ctx.strokeStyle = theme.mode === 'dark' ? '#ffffff' : '#101216';
    ctx.lineWidth = 1.5;
    ctx.strokeRect(left, top, width, bottom - top);
  }
  ctx.restore();
}

/** The side's distribution of what is selected, else of the column at the pointer. */
function paintSelectedSide(ctx: Context, layout: Layout, { cell, selection, box }: Overlay, theme: VizTheme): void {
  const { columnEdges, grid } = layout;
  const marked = selection ?? box;
  if (marked !== undefined) {
    const first = columnEdges.findIndex((_, i) => i > 0 && columnEdges[i] > marked.x + 0.5) - 1;
    if (first < 0) return;
    let end = first + 1;
    while (end < grid.columns && columnEdges[end] < marked.x + marked.width - 0.5) end++;
    paintSideOf(ctx, layout, theme, first, end);
  } else if (cell !== undefined && cell.column < grid.columns) {
    paintSideOf(ctx, layout, theme, cell.column, cell.column + 1);
  }
}

function strokeLine(ctx: Context, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
  ctx.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
  ctx.stroke();
}
