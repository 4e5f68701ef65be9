import React, { useLayoutEffect, useMemo, useRef, useState } from 'react';
import { shortened } from '../shared/model/visible.ts';
import type { ColorScaleName } from '../shared/heatmap/colorScale.ts';
import type { HeatmapModel, OverlayLine } from '../shared/heatmap/model.ts';
import type { PaletteName } from '../shared/heatmap/palettes.ts';
import { tr } from '../shared/texts/texts.ts';
import type { YScaleName } from '../viz/axisScale.ts';
import type { FormatValue } from '../viz/format.ts';
import { columnAt, hitTest, type Cell } from '../viz/hitTest.ts';
import { layout as layoutOf, type Layout } from '../viz/layout.ts';
import type { LimitLine } from '../viz/limitLines.ts';
import { exemplarsAt, exemplarSigns, marksAt, type Exemplar, type Level, type Mark } from '../viz/marks.ts';
import { paintMap, paintOverlay } from '../viz/paint.ts';
import type { ColorBy } from '../viz/shades.ts';
import type { VizTheme } from '../viz/theme.ts';
import { FloatingTooltip } from './FloatingTooltip.tsx';
import { HeatmapTooltip } from './HeatmapTooltip.tsx';
import {
  anchorOf,
  boxOfCell,
  cursorCell,
  describeCell,
  movedCursor,
  pointerOf,
  rectOf,
  selectionOf,
  type Drag,
  type MapBox,
  type Pointer,
  type SelectedRange,
} from './selection.ts';

export type { MapBox, SelectedRange } from './selection.ts';

/** Where the pointer is; `cell` is undefined between strips. */
export interface HoveredPoint {
  readonly time: number;
  readonly cell?: Cell;
}

export interface HeatmapCanvasProps {
  readonly model: HeatmapModel;
  /** Drawn over the cells and named at the right end. */
  readonly lines?: readonly OverlayLine[];
  /** Draws the buckets that the lines' values lie in. */
  readonly bands?: boolean;
  /** Lines across the whole map, with the share of observations under each. */
  readonly limits?: readonly LimitLine[];
  /** Times that stand out. */
  readonly marks?: readonly Mark[];
  readonly exemplars?: readonly Exemplar[];
  /** Values that stand out. */
  readonly levels?: readonly Level[];
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly theme: VizTheme;
  readonly yScale?: YScaleName;
  readonly palette?: PaletteName;
  readonly colorScale?: ColorScaleName;
  readonly colorBy?: ColorBy;
  /** What is at the ramp's end and begin, of one slice; share them between maps that are to be compared. */
  readonly colorMax?: number;
  readonly colorMin?: number;
  readonly xDomain?: readonly [number, number];
  readonly yDomain?: readonly [number, number];
  /** See LayoutOptions. */
  readonly yFold?: number;
  readonly formatY?: FormatValue;
  readonly timeZone?: string;
  readonly axisWidth?: number;
  readonly timeAxis?: boolean;
  /** See LayoutOptions. */
  readonly sideWidth?: number;
  /** 'cell' (default) shows bounds, count, share and the column's histogram at the pointer; a click keeps it there. */
  readonly tooltip?: 'cell' | 'none';
  /** Below the words of a tooltip that was kept by a click: links and buttons about its cell. */
  readonly tooltipActions?: (box: MapBox, cell: Cell) => React.ReactNode;
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

/** A press that moves less is a click, not a selection. */
const DRAG_FROM_PX = 4;
const NO_MARKS: readonly Mark[] = [];
const NO_EXEMPLARS: readonly Exemplar[] = [];
const NO_LEVELS: readonly Level[] = [];
const NO_LINES: readonly OverlayLine[] = [];
const NO_LIMITS: readonly LimitLine[] = [];

/** A heatmap with axes, lines, hover, keyboard cursor and selection. Draws once per model and size; the pointer only redraws an overlay. */
export function HeatmapCanvas(props: HeatmapCanvasProps): React.JSX.Element {
  const { model, lines = NO_LINES, limits = NO_LIMITS, marks = NO_MARKS, exemplars = NO_EXEMPLARS } = props;
  const { width, height, theme, palette = 'isotherm', bands = false, levels = NO_LEVELS } = props;
  const ramp = model.countUnit === 'shareDifference' ? 'difference' : palette;
  const mapRef = useRef<HTMLCanvasElement>(null);
  const overlayRef = useRef<HTMLCanvasElement>(null);
  const layout = useLayout(props, lines);
  const signs = useMemo(() => exemplarSigns(layout, exemplars), [layout, exemplars]);

  const [pointer, setPointer] = useState<Pointer>();
  const [drag, setDrag] = useState<Drag>();
  const [cursor, setCursor] = useState<{ column: number; row: number }>();
  /** Where a click keeps the tooltip. */
  const [pin, setPin] = useState<Pointer>();
  const at = pin ?? (drag === undefined ? pointer : undefined);
  const hovered = at === undefined ? undefined : hitTest(layout, at.x, at.y);
  const kept = cursor === undefined ? undefined : cursorCell(layout, cursor);
  const cell = hovered ?? kept;
  const selection = drag === undefined ? undefined : selectionOf(layout, drag);

  useLayoutEffect(() => {
    const ctx = clearedContext(mapRef.current, layout);
    if (ctx !== undefined) paintMap(ctx, layout, theme, ramp, { lines, bands, limits, marks, exemplars, levels });
  }, [layout, lines, bands, theme, ramp, limits, marks, exemplars, levels]);

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
        crosshairY: hovered !== undefined && pin === undefined ? pointer?.y : undefined,
        selection: selection?.rect,
        box: props.box && rectOf(layout, props.box),
      },
      theme,
    );
  });

  const marksBox = (event: React.PointerEvent): boolean => event.shiftKey || props.dragMarks === 'box';
  const move = (event: React.PointerEvent): void => {
    const now = pointerOf(event);
    setPointer(now);
    if (drag !== undefined) setDrag({ ...drag, now, box: marksBox(event) });
    const time = layout.x.toValue(now.x);
    if (columnAt(layout, now.x) < 0) props.onHover?.(undefined);
    else props.onHover?.({ time, cell: hitTest(layout, now.x, now.y) });
  };
  const press = (event: React.PointerEvent): void => {
    // A press inside a kept tooltip comes here too, as React sends it along its own tree.
    if (event.button !== 0 || !(event.target instanceof Node) || !event.currentTarget.contains(event.target)) return;
    event.currentTarget.setPointerCapture?.(event.pointerId);
    const start = pointerOf(event);
    setDrag({ start, now: start, box: marksBox(event) });
  };
  const release = (): void => {
    setDrag(undefined);
    if (drag === undefined || selection === undefined) return;
    const { from, to, fromValue, toValue }: SelectedRange = selection.range;
    const moved = Math.abs(drag.now.x - drag.start.x);
    const movedAtAll = Math.max(moved, Math.abs(drag.now.y - drag.start.y));
    if (movedAtAll < DRAG_FROM_PX) {
      setPin(pin === undefined && hitTest(layout, drag.now.x, drag.now.y) !== undefined ? drag.now : undefined);
    } else if (props.onSelectBox !== undefined && fromValue !== undefined && toValue !== undefined) {
      props.onSelectBox({ from, to, lower: fromValue, upper: toValue });
    } else if (moved >= DRAG_FROM_PX) props.onSelectRange?.(selection.range);
  };
  const leave = (): void => {
    setPointer(undefined);
    props.onHover?.(undefined);
  };
  const pressKey = (event: React.KeyboardEvent): void => {
    // Escape belongs to the page where there is nothing here to leave.
    if (event.key === 'Escape' && cursor === undefined && drag === undefined && pin === undefined) return;
    setPin(undefined);
    if (event.key === 'Enter' && kept !== undefined && props.onSelectBox !== undefined) {
      event.preventDefault();
      props.onSelectBox(boxOfCell(kept));
      return;
    }
    const next = movedCursor(layout, cursor, event.key);
    if (next === 'unknown') return;
    event.preventDefault();
    // The last one moved has the word: a pointer that rests on the map does not hide the cursor.
    setPointer(undefined);
    setDrag(undefined);
    setCursor(next);
    const nextCell = next && cursorCell(layout, next);
    props.onHover?.(nextCell && { time: nextCell.toTime, cell: nextCell });
  };
  const blur = (): void => {
    if (cursor === undefined) return;
    setCursor(undefined);
    props.onHover?.(undefined);
  };

  const anchor = at !== undefined && hovered !== undefined ? at : kept && anchorOf(layout, kept, overlayRef.current);
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
      aria-label={[
        tr('{0}. Arrow keys move between cells.', shortened(model.title ?? tr('Heatmap'))),
        ...(props.onSelectBox === undefined ? [] : [tr('Enter explains a cell.')]),
      ].join(' ')}
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
        <FloatingTooltip
          clientX={anchor.clientX}
          clientY={anchor.clientY}
          theme={theme}
          onClose={pin && (() => setPin(undefined))}
        >
          <HeatmapTooltip
            layout={layout}
            cell={cell}
            lines={lines}
            limits={limits}
            marks={at === undefined ? NO_MARKS : marksAt(layout, marks, at.x)}
            exemplars={at === undefined ? NO_EXEMPLARS : exemplarsAt(signs, at.x, at.y)}
            theme={theme}
            palette={ramp}
            actions={pin && props.tooltipActions?.(boxOfCell(cell), cell)}
          />
        </FloatingTooltip>
      )}
    </div>
  );
}

function useLayout(props: HeatmapCanvasProps, lines: readonly OverlayLine[]): Layout {
  const { model, width, height, theme, yScale = 'log', colorScale = 'sqrt', colorBy, colorMax, colorMin } = props;
  const { xDomain, yDomain, yFold, formatY, timeZone, axisWidth, timeAxis, sideWidth } = props;
  const pixelRatio = typeof window === 'undefined' ? 1 : window.devicePixelRatio || 1;
  return useMemo(
    () =>
      layoutOf(
        model,
        { width, height, pixelRatio },
        {
          yScale,
          colorScale,
          colorBy,
          colorMax,
          colorMin,
          xDomain,
          yDomain,
          yFold,
          formatY,
          timeZone,
          axisWidth,
          timeAxis,
          sideWidth,
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
      colorBy,
      colorMax,
      colorMin,
      xDomain,
      yDomain,
      yFold,
      formatY,
      timeZone,
      axisWidth,
      timeAxis,
      sideWidth,
      theme.fontSize,
      lines,
    ],
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
