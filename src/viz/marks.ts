/** Times that stand out: a new version, a deploy, buckets that change; and single observations that a trace is known of. */
import { hitTest } from './hitTest.ts';
import { pixelOfValue, type Layout } from './layout.ts';
import type { VizTheme } from './theme.ts';

export type MarkKind = 'version' | 'annotation' | 'layout' | 'reset' | 'change';

export interface Mark {
  readonly kind: MarkKind;
  /** Milliseconds. */
  readonly time: number;
  /** Where it lasts. */
  readonly timeEnd?: number;
  /** Written at the line where there is room, and in the tooltip. */
  readonly text: string;
  /** Written at the line where the text has no room. */
  readonly short?: string;
  /** #rrggbb, where the event brings its own. */
  readonly color?: string;
}

/** One observation with a trace. */
export interface Exemplar {
  readonly time: number;
  /** In the unit of the y axis. */
  readonly value: number;
  /** Name and value; the trace's among them. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** Where it leads; http or https, or a path on this host. */
  readonly href?: string;
}

type Context = CanvasRenderingContext2D;

const DASHES: Readonly<Record<MarkKind, readonly number[]>> = {
  version: [],
  annotation: [5, 3],
  layout: [1.5, 3],
  reset: [1.5, 3],
  change: [8, 3],
};
/** Texts nearer than this to the one before are left to the tooltip. */
const TEXT_GAP_PX = 8;
const TEXT_LETTERS_MAX = 28;
const POINTER_PX = 4;

/** Lines down the map, each with its text at the top where there is room. */
export function paintMarks(ctx: Context, layout: Layout, marks: readonly Mark[], theme: VizTheme): void {
  const { plot, x } = layout;
  const right = plot.x + plot.width;
  ctx.save();
  ctx.font = `600 ${theme.fontSize - 1}px ${theme.fontFamily}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  const height = theme.fontSize + 6;
  let free = plot.x;
  for (const mark of [...marks].sort((a, b) => a.time - b.time)) {
    const from = x.toPixel(mark.time);
    const to = mark.timeEnd === undefined ? from : x.toPixel(mark.timeEnd);
    if (!(to >= plot.x && from <= right)) continue;
    const colour = mark.color ?? (mark.kind === 'version' || mark.kind === 'change' ? theme.text : theme.textDim);
    const left = Math.max(plot.x, from);
    if (to - from > 1) {
      ctx.globalAlpha = 0.14;
      ctx.fillStyle = colour;
      ctx.fillRect(left, plot.y, Math.min(right, to) - left, plot.height);
      ctx.globalAlpha = 1;
    }
    if (from >= plot.x - 0.5) paintLine(ctx, Math.round(from) + 0.5, plot, colour, mark.kind, theme);
    if (mark.kind === 'reset' || plot.height < 5 * height) continue;
    const words = [mark.text, mark.short ?? ''].filter((word) => word !== '').map(shortened);
    const placed = words
      .map((text) => ({ text, width: ctx.measureText(text).width + 10 }))
      // Right of the line, or left of it where the map ends.
      .map((word) => ({ ...word, at: left + 4 + word.width <= right ? left + 4 : from - 4 - word.width }))
      .find(({ at }) => at >= free);
    if (placed === undefined) continue;
    const { text, width, at } = placed;
    free = Math.max(left, at + width) + TEXT_GAP_PX;
    ctx.globalAlpha = 0.88;
    ctx.fillStyle = theme.background;
    ctx.fillRect(at, plot.y + 3, width, height);
    ctx.globalAlpha = 1;
    ctx.fillStyle = colour;
    ctx.fillText(text, at + 5, plot.y + 3 + height / 2 + 0.5);
  }
  ctx.restore();
}

const shortened = (text: string): string =>
  text.length > TEXT_LETTERS_MAX ? `${text.slice(0, TEXT_LETTERS_MAX - 1)}…` : text;

function paintLine(
  ctx: Context,
  px: number,
  plot: Layout['plot'],
  colour: string,
  kind: MarkKind,
  theme: VizTheme,
): void {
  for (const [stroke, width] of [
    [theme.background, 3.5],
    [colour, 1.25],
  ] as const) {
    ctx.strokeStyle = stroke;
    ctx.lineWidth = width;
    ctx.setLineDash(stroke === colour ? [...DASHES[kind]] : []);
    ctx.globalAlpha = stroke === colour ? 1 : 0.6;
    ctx.beginPath();
    ctx.moveTo(px, plot.y);
    ctx.lineTo(px, plot.y + plot.height);
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
  ctx.setLineDash([]);
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.moveTo(px - 4, plot.y);
  ctx.lineTo(px + 4, plot.y);
  ctx.lineTo(px, plot.y + 6);
  ctx.fill();
}

/** The marks at a pixel's column, those that last over it included. */
export function marksAt({ x }: Layout, marks: readonly Mark[], px: number): Mark[] {
  return marks.filter(({ time, timeEnd }) => {
    const from = x.toPixel(time);
    return px >= from - POINTER_PX && px <= (timeEnd === undefined ? from : x.toPixel(timeEnd)) + POINTER_PX;
  });
}

/** Exemplars in the place of a cell: one sign for those that are in the same one, or too near to be told apart. */
export interface ExemplarSign {
  readonly x: number;
  readonly y: number;
  readonly exemplars: readonly Exemplar[];
}

/** Signs nearer than this are one. */
const SIGN_PITCH_PX = 11;

/**
 * Where exemplars are drawn: in the middle of their cell, or at their own place where cells are smaller than the sign; those outside of what is drawn
 * are left out.
 */
export function exemplarSigns(layout: Layout, exemplars: readonly Exemplar[]): ExemplarSign[] {
  const { rows, columnEdges, plot } = layout;
  const signs = new Map<string, { x: number; y: number; exemplars: Exemplar[] }>();
  for (const exemplar of exemplars) {
    const px = layout.x.toPixel(exemplar.time);
    const py = pixelOfValue(layout, exemplar.value);
    if (!(px >= plot.x && px <= plot.x + plot.width && py >= plot.y - 1 && py <= plot.y + plot.height + 1)) continue;
    const cell = hitTest(layout, px, Math.min(Math.max(py, plot.y), plot.y + plot.height - 0.01));
    let [x, y] = [px, py];
    if (cell !== undefined) {
      const [left, right] = [columnEdges[cell.column], columnEdges[cell.column + 1]];
      const [top, bottom] = [rows[cell.highRow].top, rows[cell.lowRow].bottom];
      if (right - left >= SIGN_PITCH_PX) x = (left + right) / 2;
      if (bottom - top >= SIGN_PITCH_PX) y = (top + bottom) / 2;
    }
    const key = `${Math.floor(x / SIGN_PITCH_PX)} ${Math.floor(y / SIGN_PITCH_PX)}`;
    const sign = signs.get(key);
    if (sign === undefined) signs.set(key, { x, y, exemplars: [exemplar] });
    else sign.exemplars.push(exemplar);
  }
  return [...signs.values()];
}

export function paintExemplars(ctx: Context, signs: readonly ExemplarSign[], theme: VizTheme): void {
  ctx.save();
  for (const { x, y, exemplars } of signs) {
    const size = exemplars.length > 1 ? 4.5 : 3.5;
    ctx.beginPath();
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, y);
    ctx.lineTo(x, y + size);
    ctx.lineTo(x - size, y);
    ctx.closePath();
    ctx.lineWidth = 2.5;
    ctx.strokeStyle = theme.background;
    ctx.stroke();
    ctx.fillStyle = theme.text;
    ctx.fill();
  }
  ctx.restore();
}

/** The exemplars whose sign is at a pixel. */
export function exemplarsAt(signs: readonly ExemplarSign[], px: number, py: number): readonly Exemplar[] {
  const reach = SIGN_PITCH_PX / 2 + 1;
  return signs.find(({ x, y }) => Math.abs(x - px) <= reach && Math.abs(y - py) <= reach)?.exemplars ?? [];
}

/** A value that stands out, over all times. */
export interface Level {
  readonly value: number;
  readonly text: string;
}

/** Dotted lines across the map, each with its text at the right. */
export function paintLevels(ctx: Context, layout: Layout, levels: readonly Level[], theme: VizTheme): void {
  const { plot } = layout;
  const height = theme.fontSize + 6;
  ctx.save();
  ctx.font = `600 ${theme.fontSize - 1}px ${theme.fontFamily}`;
  ctx.textAlign = 'right';
  ctx.textBaseline = 'middle';
  for (const { value, text } of levels) {
    const y = Math.round(pixelOfValue(layout, value)) + 0.5;
    if (!(y >= plot.y && y <= plot.y + plot.height)) continue;
    ctx.setLineDash([1.5, 3]);
    ctx.lineWidth = 1.5;
    ctx.strokeStyle = theme.text;
    ctx.beginPath();
    ctx.moveTo(plot.x, y);
    ctx.lineTo(plot.x + plot.width, y);
    ctx.stroke();
    const width = ctx.measureText(text).width + 10;
    const right = plot.x + plot.width - 6;
    const top = y - height - 3 < plot.y ? y + 3 : y - height - 3;
    ctx.globalAlpha = 0.86;
    ctx.fillStyle = theme.background;
    ctx.fillRect(right - width, top, width, height);
    ctx.globalAlpha = 1;
    ctx.fillStyle = theme.text;
    ctx.fillText(text, right - 5, top + height / 2 + 0.5);
  }
  ctx.restore();
}
