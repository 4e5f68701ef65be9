/** Pointer and keyboard on a heatmap in terms of its data. */
import type React from 'react';
import { tr } from '../shared/texts/texts.ts';
import { formatBucket, formatCount, formatShare } from '../viz/format.ts';
import { cellAt, type Cell } from '../viz/hitTest.ts';
import { sliceText, type Layout } from '../viz/layout.ts';
import type { Rect } from '../viz/paint.ts';

/** What the user marked by dragging. Times in milliseconds; values only where a box was drawn (with Shift), snapped to bucket bounds. */
export interface SelectedRange {
  readonly from: number;
  readonly to: number;
  readonly fromValue?: number;
  readonly toValue?: number;
}

/** A part of the map: times in milliseconds, values as the rows' bounds. */
export interface MapBox {
  readonly from: number;
  readonly to: number;
  readonly lower: number;
  readonly upper: number;
}

/** Pixels from the map's corner and from the window's. */
export interface Pointer {
  readonly x: number;
  readonly y: number;
  readonly clientX: number;
  readonly clientY: number;
}

export interface Drag {
  readonly start: Pointer;
  readonly now: Pointer;
  readonly box: boolean;
}

export function pointerOf(event: React.PointerEvent): Pointer {
  const { left, top } = event.currentTarget.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top, clientX: event.clientX, clientY: event.clientY };
}

export function cursorCell(layout: Layout, { column, row }: { column: number; row: number }): Cell | undefined {
  return column < layout.grid.columns && row < layout.grid.rows ? cellAt(layout, column, row) : undefined;
}

/** A cell as a box. */
export function boxOfCell({ fromTime, toTime, fromValue, toValue }: Cell): MapBox {
  return { from: fromTime, to: toTime, lower: fromValue, upper: toValue };
}

/** Where the keyboard takes the cursor; 'unknown' for keys that are not ours, undefined to leave. */
export function movedCursor(
  { grid }: Layout,
  at: { column: number; row: number } | undefined,
  key: string,
): { column: number; row: number } | undefined | 'unknown' {
  if (key === 'Escape') return undefined;
  const steps: Record<string, readonly [number, number]> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, 1],
    ArrowDown: [0, -1],
    Home: [-grid.columns, 0],
    End: [grid.columns, 0],
    PageUp: [0, grid.rows],
    PageDown: [0, -grid.rows],
  };
  const step = steps[key];
  if (step === undefined || grid.columns === 0 || grid.rows === 0) return 'unknown';
  if (at === undefined) return { column: grid.columns - 1, row: 0 };
  const within = (i: number, count: number): number => Math.min(count - 1, Math.max(0, i));
  return { column: within(at.column + step[0], grid.columns), row: within(at.row + step[1], grid.rows) };
}

export function anchorOf(
  layout: Layout,
  cell: Cell,
  canvas: HTMLCanvasElement | null,
): Pick<Pointer, 'clientX' | 'clientY'> {
  const box = canvas?.getBoundingClientRect();
  return {
    clientX: (box?.left ?? 0) + layout.columnEdges[cell.column + 1],
    clientY: (box?.top ?? 0) + layout.rows[cell.row].top,
  };
}

/** A cell in one sentence, for ears. */
export function describeCell(layout: Layout, cell: Cell): string {
  const { model, formatY } = layout;
  const share = Number.isNaN(cell.share) ? '' : tr(', {0} of the column', formatShare(cell.share));
  const count = Number.isNaN(cell.count)
    ? tr('no data')
    : tr('{0} observations', formatCount(cell.count, model.countUnit));
  return `${sliceText(layout, cell)}, ${formatBucket(cell.fromValue, cell.toValue, formatY)}: ${count}${share}`;
}

/** A box in pixels: the rows that it touches; undefined where it is outside of what is drawn. */
export function rectOf({ plot, rows, x }: Layout, box: MapBox): Rect | undefined {
  const touched = rows.filter((row) => row.to > box.lower && row.from < box.upper);
  const left = Math.max(plot.x, x.toPixel(box.from));
  const right = Math.min(plot.x + plot.width, x.toPixel(box.to));
  if (touched.length === 0 || right <= left) return undefined;
  const [lowest, highest] = [touched[0], touched[touched.length - 1]];
  return { x: left, y: highest.top, width: right - left, height: lowest.bottom - highest.top };
}

/** A drag in data terms. A time range goes over the whole height; a box is snapped to the rows that it touches. */
export function selectionOf(layout: Layout, { start, now, box }: Drag) {
  const { plot, rows, x } = layout;
  const inPlot = (px: number): number => Math.min(plot.x + plot.width, Math.max(plot.x, px));
  const [left, right] = [inPlot(start.x), inPlot(now.x)].sort((a, b) => a - b);
  const times = { from: Math.round(x.toValue(left)), to: Math.round(x.toValue(right)) };
  const [top, bottom] = [start.y, now.y].sort((a, b) => a - b);
  const touched = box ? rows.filter((row) => row.bottom > top && row.top < bottom) : [];
  if (touched.length === 0) {
    return { rect: { x: left, y: plot.y, width: right - left, height: plot.height }, range: times };
  }
  const [lowest, highest] = [touched[0], touched[touched.length - 1]];
  return {
    rect: { x: left, y: highest.top, width: right - left, height: lowest.bottom - highest.top },
    range: { ...times, fromValue: lowest.from, toValue: highest.to },
  };
}
