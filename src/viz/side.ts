/** The distribution beside a map: a bar for each row, as long as its share, and the share up to each row as a line. */
import { colorRamp, RAMP_SIZE, type RampName } from '../shared/heatmap/palettes.ts';
import type { Layout } from './layout.ts';
import { rowTotals } from './hitTest.ts';
import type { VizTheme } from './theme.ts';

type Context = CanvasRenderingContext2D;

/** Observations by row, as parts of all that are drawn; bottom row first. All zero where there are none. */
export interface SideShares {
  readonly shares: Float64Array;
  /** Up to and with the row; the last is 1. */
  readonly cumulative: Float64Array;
}

/** Of the columns from … to - 1; by default of all. */
export function sideShares(layout: Layout, from?: number, to?: number): SideShares {
  const totals = rowTotals(layout, from, to);
  const all = totals.reduce((sum, count) => sum + count, 0);
  const shares = totals.map((count) => (all > 0 ? count / all : 0));
  let sum = 0;
  return { shares, cumulative: shares.map((share) => (sum += share)) };
}

const BAR_GAP = 1;

/** The bars of all times, with their line. */
export function paintSide(ctx: Context, layout: Layout, theme: VizTheme, palette: RampName): void {
  const { side, rows } = layout;
  if (side === undefined) return;
  const all = sideShares(layout);
  const longest = Math.max(1e-12, ...all.shares);
  const ramp = colorRamp(palette, theme.mode);
  const at = Math.round(RAMP_SIZE * 0.4) * 4;
  ctx.save();
  ctx.fillStyle = theme.grid;
  ctx.fillRect(Math.round(side.x) - 1, side.y, 1, side.height);
  ctx.fillStyle = `rgb(${ramp[at]}, ${ramp[at + 1]}, ${ramp[at + 2]})`;
  all.shares.forEach((share, y) => {
    if (share > 0) barOf(ctx, layout, y, (share / longest) * side.width);
  });
  paintCumulative(ctx, layout, all, theme.text);
  ctx.font = `${theme.fontSize - 2}px ${theme.fontFamily}`;
  ctx.fillStyle = theme.textDim;
  ctx.textBaseline = 'top';
  ctx.textAlign = 'left';
  if (rows.length > 0) ctx.fillText('all times', side.x, side.y + side.height + 8);
  ctx.restore();
}

/** The distribution of some columns over that of all, as outlines on the same scale of their own longest bar. */
export function paintSideOf(ctx: Context, layout: Layout, theme: VizTheme, from: number, to: number): void {
  const { side } = layout;
  if (side === undefined) return;
  const some = sideShares(layout, from, to);
  const longest = Math.max(1e-12, ...some.shares);
  ctx.save();
  ctx.fillStyle = theme.accent;
  ctx.globalAlpha = 0.55;
  some.shares.forEach((share, y) => {
    if (share > 0) barOf(ctx, layout, y, (share / longest) * side.width);
  });
  ctx.globalAlpha = 1;
  paintCumulative(ctx, layout, some, theme.accent);
  ctx.restore();
}

function barOf(ctx: Context, { side, rows }: Layout, row: number, width: number): void {
  const { top, bottom } = rows[row];
  const gap = bottom - top >= 4 ? BAR_GAP : 0;
  ctx.fillRect(side!.x, top + gap, Math.max(1, width), Math.max(1, bottom - top - gap));
}

function paintCumulative(ctx: Context, { side, rows }: Layout, { cumulative }: SideShares, colour: string): void {
  if (cumulative.length === 0 || cumulative[cumulative.length - 1] === 0) return;
  ctx.beginPath();
  ctx.moveTo(side!.x, rows[0].bottom);
  cumulative.forEach((share, y) => ctx.lineTo(side!.x + share * side!.width, rows[y].top));
  ctx.lineWidth = 1.25;
  ctx.strokeStyle = colour;
  ctx.stroke();
}
