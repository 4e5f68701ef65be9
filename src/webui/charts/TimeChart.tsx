import React, { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import { timeTicks } from '../../viz/ticks.ts';
import type { VizTheme } from '../../viz/theme.ts';
import type { Crosshair } from '../crosshair.ts';
import { useSize } from '../parts/useSize.ts';

export interface ChartSeries {
  readonly name: string;
  readonly color: string;
  /** As long as the times; NaN leaves a gap. */
  readonly values: Float64Array;
}

/** A single thing at a time and a value; a press takes `copied` along. */
export interface ChartMark {
  /** Milliseconds. */
  readonly time: number;
  readonly value: number;
  readonly text: string;
  readonly copied: string;
}

interface TimeChartProps {
  /** What the chart shows, for screen readers. */
  readonly label: string;
  /** Milliseconds, ascending. */
  readonly times: Float64Array;
  readonly series: readonly ChartSeries[];
  /** Milliseconds; the axis' ends, whether there are samples or not. */
  readonly domain: readonly [number, number];
  readonly stacked?: boolean;
  readonly filled?: boolean;
  /** The y axis reaches at least so high. */
  readonly top?: number;
  readonly zeroBased?: boolean;
  /** The y axis ends there, whatever the values. */
  readonly fixedTop?: boolean;
  /** Distances of y ticks to choose from, ascending; by default round decimal ones. */
  readonly tickSteps?: readonly number[];
  readonly format: (value: number) => string;
  readonly theme: VizTheme;
  readonly crosshair: Crosshair;
  readonly onSelectRange?: (start: number, end: number) => void;
  readonly marks?: readonly ChartMark[];
}

const NO_MARKS: readonly ChartMark[] = [];
const X_TICK_PIXELS = 84;
const X_TEXT_PIXELS = 34;
const PADDING_RIGHT = 6;
const SELECT_PIXELS_MIN = 8;
const STACK_ALPHA = 0.45;

/** Lines or stacked areas over time; fills its parent. */
export function TimeChart(props: TimeChartProps) {
  const [host, size] = useSize<HTMLDivElement>();
  const plot = useRef<uPlot>();
  const latest = useRef(props);
  useLayoutEffect(() => {
    latest.current = props;
  });
  const data = useMemo(
    () => plotData(props.times, props.series, props.stacked ?? false),
    [props.times, props.series, props.stacked],
  );
  // What uPlot fixes when it is made; everything else is set on the living plot.
  const look = JSON.stringify([
    props.series.map((s) => [s.name, s.color]),
    props.stacked,
    props.filled,
    props.top,
    props.zeroBased,
    props.fixedTop,
    props.tickSteps,
    props.theme,
    props.onSelectRange !== undefined,
  ]);
  const laidOut = size.width > 0 && size.height > 0;

  useLayoutEffect(() => {
    if (!laidOut || host.current === null) return undefined;
    const made = new uPlot(plotOptions(latest, size.width, size.height), dataOf(latest.current), host.current);
    plot.current = made;
    const { crosshair } = latest.current;
    const follow = () => placeCursor(made, crosshair.time());
    const unsubscribe = crosshair.subscribe(follow);
    return () => {
      unsubscribe();
      made.destroy();
      plot.current = undefined;
    };
    // Sizes are set below; a plot is made anew only for another look.
  }, [look, laidOut]);

  useLayoutEffect(() => {
    if (laidOut) plot.current?.setSize(size);
  }, [size.width, size.height, laidOut]);

  const [from, to] = props.domain;
  useEffect(() => {
    plot.current?.setData(data);
  }, [data, from, to]);

  const marks = props.marks ?? NO_MARKS;
  const places = usePlaces(plot, marks, [data, from, to, size.width, size.height, look]);
  return (
    <div className="time-chart">
      <div ref={host} className="time-chart-plot" role="img" aria-label={props.label} />
      {places.map(({ mark, left, top }, i) => (
        <ChartMarkButton key={i} mark={mark} left={left} top={top} />
      ))}
    </div>
  );
}

interface Placed {
  readonly mark: ChartMark;
  /** CSS pixels in the chart. */
  readonly left: number;
  readonly top: number;
}

/** Where the marks are once the plot is drawn; those outside of it are left out. */
function usePlaces(
  plot: React.MutableRefObject<uPlot | undefined>,
  marks: readonly ChartMark[],
  drawnFor: readonly unknown[],
): readonly Placed[] {
  const [places, setPlaces] = useState<readonly Placed[]>([]);
  useEffect(() => {
    const drawn = plot.current;
    if (drawn === undefined || marks.length === 0) return setPlaces([]);
    const { clientWidth, clientHeight, offsetLeft, offsetTop } = drawn.over;
    const found = marks.map((mark) => ({
      mark,
      left: drawn.valToPos(mark.time, 'x'),
      top: drawn.valToPos(mark.value, 'y'),
    }));
    const inside = found.filter(({ left, top }) => left >= 0 && left <= clientWidth && top >= 0 && top <= clientHeight);
    return setPlaces(inside.map((one) => ({ ...one, left: one.left + offsetLeft, top: one.top + offsetTop })));
  }, [marks, ...drawnFor]);
  return places;
}

function ChartMarkButton({ mark, left, top }: Placed) {
  const [isCopied, setCopied] = useState(false);
  const text = isCopied ? `copied ${mark.copied}` : mark.text;
  return (
    <button
      type="button"
      className="chart-mark"
      style={{ left, top }}
      aria-label={`Exemplar: ${mark.text}`}
      data-text={text}
      onClick={() => void navigator.clipboard?.writeText(mark.copied).then(() => setCopied(true))}
      onBlur={() => setCopied(false)}
    />
  );
}

function dataOf(props: TimeChartProps): uPlot.AlignedData {
  return plotData(props.times, props.series, props.stacked ?? false);
}

/** uPlot's columns: gaps are null, stacked series hold the sum up to themselves. */
export function plotData(times: Float64Array, series: readonly ChartSeries[], stacked: boolean): uPlot.AlignedData {
  const columns: (number | null)[][] = [];
  const below = new Float64Array(times.length);
  for (const { values } of series) {
    const column = new Array<number | null>(times.length);
    for (let i = 0; i < times.length; i++) {
      const value = values[i];
      if (stacked && !Number.isNaN(value)) below[i] += value;
      // In a stack a missing part adds nothing, but where no part is known there is a gap.
      const known = stacked ? series.some((s) => !Number.isNaN(s.values[i])) : Number.isFinite(value);
      column[i] = known ? (stacked ? below[i] : value) : null;
    }
    columns.push(column);
  }
  return [Array.from(times), ...columns];
}

function placeCursor(plot: uPlot, time: number | undefined): void {
  const left = time === undefined ? -10 : plot.valToPos(time, 'x');
  // Without firing hooks: this is somebody else's pointer.
  if (plot.cursor.left !== left) plot.setCursor({ left, top: left < 0 ? -10 : 1 }, false);
}

function plotOptions(latest: React.MutableRefObject<TimeChartProps>, width: number, height: number): uPlot.Options {
  const { series, stacked, filled, theme, top = 0, zeroBased = true, fixedTop, tickSteps } = latest.current;
  const font = `${theme.fontSize}px ${theme.fontFamily}`;
  const axis = {
    stroke: theme.textDim,
    font,
    ticks: { show: false },
    grid: { stroke: theme.grid, width: 1 },
  } satisfies uPlot.Axis;
  let texts = new Map<number, string>();
  return {
    width,
    height,
    ms: 1,
    padding: [6, PADDING_RIGHT, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: true, range: () => [...latest.current.domain] as [number, number] },
      y: {
        range: (_plot, low, high) => {
          if (fixedTop && top > 0) return [0, top];
          const ceiling = Math.max(top, high ?? 0, ...(latest.current.marks ?? []).map(({ value }) => value));
          const floor = zeroBased ? Math.min(0, low ?? 0) : (low ?? 0);
          return [floor, ceiling > floor ? ceiling + (ceiling - floor) * (ceiling > top ? 0.08 : 0) : floor + 1];
        },
      },
    },
    axes: [
      {
        ...axis,
        size: 22,
        gap: 4,
        grid: { show: false },
        splits: (plot, _axis, min, max) => {
          const ticks = timeTicks(
            min,
            max,
            Math.max(1, Math.floor(plot.bbox.width / devicePixelRatio / X_TICK_PIXELS)),
          );
          texts = new Map(ticks.map((tick) => [tick.time, tick.text]));
          return ticks.map((tick) => tick.time);
        },
        // A text at the very border would be cut off.
        values: (plot, splits) => splits.map((time) => (fitsBeforeBorder(plot, time) ? (texts.get(time) ?? '') : '')),
      },
      {
        ...axis,
        gap: 6,
        space: (_plot, _axis, _min, _max, pixels) => Math.max(26, pixels / 7),
        ...(tickSteps === undefined ? {} : { incrs: [...tickSteps] }),
        size: (plot, values) => yAxisWidth(plot, values, font),
        values: (_plot, splits) => splits.map((value) => latest.current.format(value)),
      },
    ],
    series: [
      {},
      ...series.map((one, i) => ({
        label: one.name,
        stroke: one.color,
        width: stacked ? 1 : 1.5,
        fill: stacked || filled ? withAlpha(one.color, stacked ? STACK_ALPHA : 0.14) : undefined,
        points: { show: (plot: uPlot) => loneSamples(plot.data[i + 1] as (number | null)[]), size: 4 },
      })),
    ],
    bands: stacked ? series.slice(1).map((_, i) => ({ series: [i + 2, i + 1] as [number, number] })) : undefined,
    cursor: {
      y: false,
      points: { size: 6, width: 1.5 },
      drag: { x: latest.current.onSelectRange !== undefined, y: false, setScale: false },
    },
    hooks: {
      setCursor: [
        (plot) => {
          const { left = -1 } = plot.cursor;
          latest.current.crosshair.move(left < 0 ? undefined : Math.round(plot.posToVal(left, 'x')));
        },
      ],
      setSelect: [
        (plot) => {
          const { left, width: selected } = plot.select;
          if (selected < SELECT_PIXELS_MIN) return;
          const [start, end] = [plot.posToVal(left, 'x'), plot.posToVal(left + selected, 'x')];
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          latest.current.onSelectRange?.(start, end);
        },
      ],
    },
  };
}

function fitsBeforeBorder(plot: uPlot, time: number): boolean {
  const inside = plot.bbox.width / devicePixelRatio;
  return inside - plot.valToPos(time, 'x') >= X_TEXT_PIXELS / 2 - PADDING_RIGHT;
}

/** A line through fewer than two neighbours is no line: such samples are drawn as dots. */
function loneSamples(column: readonly (number | null)[]): boolean {
  for (let i = 1; i < column.length; i++) if (column[i] !== null && column[i - 1] !== null) return false;
  return true;
}

function yAxisWidth(plot: uPlot, values: string[] | null, font: string): number {
  if (values === null || values.length === 0) return 34;
  plot.ctx.save();
  plot.ctx.font = font;
  const widest = Math.max(...values.map((text) => plot.ctx.measureText(text).width));
  plot.ctx.restore();
  return Math.max(34, Math.ceil(widest) + 12);
}

function withAlpha(hex: string, alpha: number): string {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  return `rgb(${r} ${g} ${b} / ${alpha})`;
}
