import React, { useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { ColorScaleName } from '../shared/heatmap/colorScale.ts';
import type { HeatmapModel, OverlayLine } from '../shared/heatmap/model.ts';
import type { PaletteName } from '../shared/heatmap/palettes.ts';
import type { YScaleName } from '../viz/axisScale.ts';
import { formatBucket, formatCount, formatShare, formatTimeRange, type FormatValue } from '../viz/format.ts';
import { cellAt, columnAt, hitTest, type Cell } from '../viz/hitTest.ts';
import { layout as layoutOf, type Layout } from '../viz/layout.ts';
import type { LimitLine } from '../viz/limitLines.ts';
import { paintMap, paintOverlay, type Rect } from '../viz/paint.ts';
import type { VizTheme } from '../viz/theme.ts';
import { FloatingTooltip, HeatmapTooltip } from './HeatmapTooltip.tsx';

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

/** Where the pointer is; `cell` is undefined between strips. */
export interface HoveredPoint {
  readonly time: number;
  readonly cell?: Cell;
}

export interface HeatmapCanvasProps {
  readonly model: HeatmapModel;
  /** Drawn over the cells and named at the right end. */
  readonly lines?: readonly OverlayLine[];
  /** Lines across the whole map, with the share of observations under each. */
  readonly limits?: readonly LimitLine[];
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly theme: VizTheme;
  readonly yScale?: YScaleName;
  readonly palette?: PaletteName;
  readonly colorScale?: ColorScaleName;
  /** The count of one slice at the ramp's end; share it between maps that are to be compared. */
  readonly colorMax?: number;
  readonly xDomain?: readonly [number, number];
  readonly yDomain?: readonly [number, number];
  /** See LayoutOptions. */
  readonly yFold?: number;
  readonly formatY?: FormatValue;
  readonly timeZone?: string;
  readonly axisWidth?: number;
  readonly timeAxis?: boolean;
  /** 'cell' (default) shows bounds, count, share and the column's histogram at the pointer. */
  readonly tooltip?: 'cell' | 'none';
  readonly onSelectRange?: (range: SelectedRange) => void;
  /** Takes what is marked by dragging with Shift, in place of onSelectRange, and with Enter the cell under the keyboard's cursor. */
  readonly onSelectBox?: (box: MapBox) => void;
  /** What dragging without Shift marks: a time range (default) or a box; for hands without a Shift key. */
  readonly dragMarks?: 'range' | 'box';
  /** Outlined while it is given. */
  readonly box?: MapBox;
  /** Called with undefined when the pointer leaves. */
  readonly onHover?: (point: HoveredPoint | undefined) => void;
  /** Milliseconds: where another chart's pointer is. */
  readonly crosshairTime?: number;
}

interface Pointer {
  readonly x: number;
  readonly y: number;
  readonly clientX: number;
  readonly clientY: number;
}

interface Drag {
  readonly start: Pointer;
  readonly now: Pointer;
  readonly box: boolean;
}

const NO_LINES: readonly OverlayLine[] = [];
const NO_LIMITS: readonly LimitLine[] = [];
/** A press that moves less is a click, not a selection. */
const DRAG_FROM_PX = 4;

/** A heatmap with axes, lines, hover, keyboard cursor and selection. Draws once per model and size; the pointer only redraws an overlay. */
export function HeatmapCanvas(props: HeatmapCanvasProps): React.JSX.Element {
  const { model, lines = NO_LINES, limits = NO_LIMITS, width, height, theme, palette = 'isotherm' } = props;
  const {
    yScale = 'log',
    colorScale = 'sqrt',
    colorMax,
    xDomain,
    yDomain,
    yFold,
    formatY,
    timeZone,
    axisWidth,
    timeAxis,
  } = props;
  const mapRef = useRef<HTMLCanvasElement>(null);
  const overlayRef = useRef<HTMLCanvasElement>(null);
  const pixelRatio = typeof window === 'undefined' ? 1 : window.devicePixelRatio || 1;
  const layout = useMemo(
    () =>
      layoutOf(
        model,
        { width, height, pixelRatio },
        {
          yScale,
          colorScale,
          colorMax,
          xDomain,
          yDomain,
          yFold,
          formatY,
          timeZone,
          axisWidth,
          timeAxis,
          fontSize: theme.fontSize,
          lineNames: lines.map((line) => line.name),
        },
      ),
    [
      model,
      width,
      height,
      pixelRatio,
      yScale,
      colorScale,
      colorMax,
      xDomain,
      yDomain,
      yFold,
      formatY,
      timeZone,
      axisWidth,
      timeAxis,
      theme.fontSize,
      lines,
    ],
  );

  const [pointer, setPointer] = useState<Pointer>();
  const [drag, setDrag] = useState<Drag>();
  const [cursor, setCursor] = useState<{ column: number; row: number }>();
  const hovered = pointer === undefined || drag !== undefined ? undefined : hitTest(layout, pointer.x, pointer.y);
  const kept = cursor === undefined ? undefined : cursorCell(layout, cursor);
  const cell = hovered ?? kept;
  const selection = drag === undefined ? undefined : selectionOf(layout, drag);

  useLayoutEffect(() => {
    const ctx = clearedContext(mapRef.current, layout);
    if (ctx !== undefined) paintMap(ctx, layout, lines, theme, palette, limits);
  }, [layout, lines, theme, palette, limits]);

  useLayoutEffect(() => {
    const ctx = clearedContext(overlayRef.current, layout);
    if (ctx === undefined) return;
    const inside = pointer !== undefined && columnAt(layout, pointer.x) >= 0;
    const shared = props.crosshairTime === undefined ? undefined : layout.x.toPixel(props.crosshairTime);
    paintOverlay(
      ctx,
      layout,
      {
        cell,
        crosshairX: inside ? pointer.x : shared,
        crosshairY: hovered !== undefined ? pointer?.y : undefined,
        selection: selection?.rect,
        box: props.box === undefined || drag !== undefined ? undefined : rectOf(layout, props.box),
      },
      theme,
    );
  });

  const marksBox = (event: React.PointerEvent): boolean => event.shiftKey || props.dragMarks === 'box';
  const move = (event: React.PointerEvent): void => {
    const now = pointerOf(event);
    setPointer(now);
    setCursor(undefined);
    if (drag !== undefined) setDrag({ ...drag, now, box: marksBox(event) });
    const column = columnAt(layout, now.x);
    props.onHover?.(column < 0 ? undefined : { time: layout.x.toValue(now.x), cell: hitTest(layout, now.x, now.y) });
  };
  const press = (event: React.PointerEvent): void => {
    if (event.button !== 0 || props.onSelectRange === undefined || columnAt(layout, pointerOf(event).x) < 0) return;
    event.currentTarget.setPointerCapture?.(event.pointerId);
    const start = pointerOf(event);
    setDrag({ start, now: start, box: marksBox(event) });
  };
  const release = (): void => {
    setDrag(undefined);
    if (drag === undefined || selection === undefined) return;
    const { from, to, fromValue, toValue }: SelectedRange = selection.range;
    const moved = Math.abs(drag.now.x - drag.start.x);
    if (props.onSelectBox !== undefined && fromValue !== undefined && toValue !== undefined) {
      const movedAtAll = Math.max(moved, Math.abs(drag.now.y - drag.start.y));
      if (movedAtAll >= DRAG_FROM_PX) props.onSelectBox({ from, to, lower: fromValue, upper: toValue });
    } else if (moved >= DRAG_FROM_PX) props.onSelectRange?.(selection.range);
  };
  const leave = (): void => {
    setPointer(undefined);
    props.onHover?.(undefined);
  };
  const pressKey = (event: React.KeyboardEvent): void => {
    // Escape belongs to the page where there is nothing here to leave.
    if (event.key === 'Escape' && cursor === undefined && drag === undefined) return;
    if (event.key === 'Enter' && kept !== undefined && props.onSelectBox !== undefined) {
      event.preventDefault();
      props.onSelectBox({ from: kept.fromTime, to: kept.toTime, lower: kept.fromValue, upper: kept.toValue });
      return;
    }
    const next = movedCursor(layout, cursor, event.key);
    if (next === 'unknown') return;
    event.preventDefault();
    // The last one moved has the word: a pointer that rests on the map does not hide the cursor.
    setPointer(undefined);
    setDrag(undefined);
    setCursor(next);
    props.onHover?.(
      next && { time: cellAt(layout, next.column, next.row).toTime, cell: cellAt(layout, next.column, next.row) },
    );
  };

  const blur = (): void => {
    if (cursor === undefined) return;
    setCursor(undefined);
    props.onHover?.(undefined);
  };

  const anchor =
    pointer !== undefined && hovered !== undefined ? pointer : kept && anchorOf(layout, kept, overlayRef.current);
  return (
    <div
      style={{
        position: 'relative',
        width,
        height,
        cursor: 'crosshair',
        touchAction: props.dragMarks === 'box' ? 'none' : 'pan-y',
        outlineOffset: -2,
      }}
      role="application"
      aria-roledescription="heatmap"
      aria-label={`${model.title ?? 'Heatmap'}. Arrow keys move between cells.${props.onSelectBox === undefined ? '' : ' Enter explains a cell.'}`}
      tabIndex={0}
      onPointerMove={move}
      onPointerDown={press}
      onPointerUp={release}
      onPointerCancel={() => setDrag(undefined)}
      onPointerLeave={leave}
      onKeyDown={pressKey}
      onBlur={blur}
    >
      <canvas ref={mapRef} aria-hidden="true" style={{ position: 'absolute', inset: 0, width, height }} />
      <canvas ref={overlayRef} aria-hidden="true" style={{ position: 'absolute', inset: 0, width, height }} />
      <div aria-live="polite" style={OFF_SCREEN}>
        {kept === undefined ? '' : describeCell(layout, kept)}
      </div>
      {props.tooltip !== 'none' && cell !== undefined && anchor !== undefined && (
        <FloatingTooltip clientX={anchor.clientX} clientY={anchor.clientY} theme={theme}>
          <HeatmapTooltip layout={layout} cell={cell} lines={lines} limits={limits} theme={theme} palette={palette} />
        </FloatingTooltip>
      )}
    </div>
  );
}

const OFF_SCREEN: React.CSSProperties = {
  position: 'absolute',
  width: 1,
  height: 1,
  overflow: 'hidden',
  clipPath: 'inset(50%)',
  whiteSpace: 'nowrap',
};

function clearedContext(canvas: HTMLCanvasElement | null, { size }: Layout): CanvasRenderingContext2D | undefined {
  if (canvas === null) return undefined;
  const width = Math.max(1, Math.round(size.width * size.pixelRatio));
  const height = Math.max(1, Math.round(size.height * size.pixelRatio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const ctx = canvas.getContext('2d');
  if (ctx === null) return undefined;
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.clearRect(0, 0, width, height);
  ctx.scale(size.pixelRatio, size.pixelRatio);
  return ctx;
}

function pointerOf(event: React.PointerEvent): Pointer {
  const { left, top } = event.currentTarget.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top, clientX: event.clientX, clientY: event.clientY };
}

function cursorCell(layout: Layout, { column, row }: { column: number; row: number }): Cell | undefined {
  return column < layout.grid.columns && row < layout.grid.rows ? cellAt(layout, column, row) : undefined;
}

/** Where the keyboard takes the cursor; 'unknown' for keys that are not ours, undefined to leave. */
function movedCursor(
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

function anchorOf(layout: Layout, cell: Cell, canvas: HTMLCanvasElement | null): Pick<Pointer, 'clientX' | 'clientY'> {
  const box = canvas?.getBoundingClientRect();
  return {
    clientX: (box?.left ?? 0) + layout.columnEdges[cell.column + 1],
    clientY: (box?.top ?? 0) + layout.rows[cell.row].top,
  };
}

/** A cell in one sentence, for ears. */
export function describeCell(layout: Layout, cell: Cell): string {
  const { model, formatY, timeZone } = layout;
  const share = Number.isNaN(cell.share) ? '' : `, ${formatShare(cell.share)} of the column`;
  const count = Number.isNaN(cell.count) ? 'no data' : `${formatCount(cell.count, model.countUnit)} observations`;
  return `${formatTimeRange(cell.fromTime, cell.toTime, timeZone)}, ${formatBucket(cell.fromValue, cell.toValue, formatY)}: ${count}${share}`;
}

/** A box in pixels: the rows that it touches; undefined where it is outside of what is drawn. */
function rectOf({ plot, rows, x }: Layout, box: MapBox): Rect | undefined {
  const touched = rows.filter((row) => row.to > box.lower && row.from < box.upper);
  const left = Math.max(plot.x, x.toPixel(box.from));
  const right = Math.min(plot.x + plot.width, x.toPixel(box.to));
  if (touched.length === 0 || right <= left) return undefined;
  const [lowest, highest] = [touched[0], touched[touched.length - 1]];
  return { x: left, y: highest.top, width: right - left, height: lowest.bottom - highest.top };
}

/** A drag in data terms. A time range goes over the whole height; a box is snapped to the rows that it touches. */
function selectionOf(layout: Layout, { start, now, box }: Drag) {
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
