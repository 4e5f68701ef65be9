import React from 'react';
import { shortened } from '../../shared/model/visible.ts';
import type { Crosshair } from '../crosshair.ts';
import { useCrosshairTime } from '../crosshair.ts';
import type { ChartSeries } from './TimeChart.tsx';

interface ChartLegendProps {
  readonly times: Float64Array;
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  readonly crosshair: Crosshair;
  /** More entries than this are counted, not shown. */
  readonly entriesMax?: number;
}

/** Names, colours and values: at the pointer's time while there is one, else the latest. */
export function ChartLegend({ times, series, format, crosshair, entriesMax = 8 }: ChartLegendProps) {
  const time = useCrosshairTime(crosshair);
  const shown = series.slice(0, entriesMax);
  return (
    <ul className="chart-legend">
      {shown.map((one) => {
        const value = time === undefined ? presentValue(one.values) : one.values[nearestIndex(times, time)];
        return (
          <li key={one.name}>
            <Swatch color={one.color} />
            <span className="chart-legend-name" title={shortened(one.name)}>
              {shortened(one.name)}
            </span>
            <span className="num">{Number.isNaN(value) || value === undefined ? '–' : format(value)}</span>
          </li>
        );
      })}
      {series.length > shown.length && <li className="dim">and {series.length - shown.length} more</li>}
    </ul>
  );
}

export function Swatch({ color }: { color: string }) {
  return (
    <svg className="swatch" width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      <rect width="10" height="10" rx="2.5" fill={color} />
    </svg>
  );
}

/** The last value that is one; NaN if there is none. */
export function lastValue(values: Float64Array): number {
  for (let i = values.length - 1; i >= 0; i--) if (!Number.isNaN(values[i])) return values[i];
  return NaN;
}

/** Slices whose values still count as the present: the newest may wait for its scrape. */
const RECENT_SLICES = 3;

/** The last value, unless it is older than the newest few: what is no longer observed has no present value. */
export function presentValue(values: Float64Array): number {
  return lastValue(values.subarray(Math.max(0, values.length - RECENT_SLICES)));
}

/** The index whose time is nearest; times ascend and are not empty. */
export function nearestIndex(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low > 0 && time - times[low - 1] < times[low] - time ? low - 1 : low;
}
