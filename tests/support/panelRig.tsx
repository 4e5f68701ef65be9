/** Data of the heatmap panel's tests, and the panel with it. */
import {
  createDataFrame,
  DataFrameType,
  dateTime,
  EventBusSrv,
  FieldType,
  getDefaultTimeRange,
  LoadingState,
  type DataFrame,
  type PanelProps,
} from '@grafana/data';
import { PanelContextProvider, type PanelContext } from '@grafana/ui';
import { render } from '@testing-library/react';
import React from 'react';
import { LatencyHeatmapPanel } from '../../src/panel/LatencyHeatmapPanel.tsx';
import type { HeatmapOptions } from '../../src/panel/options.ts';

const START = Date.UTC(2026, 10, 23, 3, 0);
export const times = [0, 1, 2, 3].map((i) => START + i * 15_000);
export const AUTO = { buckets: 'auto' } as const;

export const rows = (labels: Record<string, string> = {}): DataFrame =>
  createDataFrame({
    refId: 'A',
    meta: {
      type: DataFrameType.HeatmapRows,
      executedQueryString: 'sum by (le) (increase(model_latency_seconds_bucket[15s]))',
    },
    fields: [
      { name: 'Time', type: FieldType.time, values: times },
      { name: '0.1', type: FieldType.number, labels: { ...labels, le: '0.1' }, values: [1, 2, 3, 4] },
      { name: '1', type: FieldType.number, labels: { ...labels, le: '1' }, values: [5, 0, 0, 0] },
      { name: '+Inf', type: FieldType.number, labels: { ...labels, le: '+Inf' }, values: [0, 0, 1, 0] },
    ],
  });

export const sparse = (labels: Record<string, string> = {}): DataFrame =>
  createDataFrame({
    meta: { type: DataFrameType.HeatmapCells },
    fields: [
      { name: 'xMax', type: FieldType.time, values: [times[0], times[0], times[1]] },
      { name: 'yMin', type: FieldType.number, values: [1, 2, 4], config: { unit: 's' } },
      { name: 'yMax', type: FieldType.number, values: [2, 4, 8], config: { unit: 's' } },
      { name: 'count', type: FieldType.number, labels, values: [3, 4, 5] },
    ],
  });

export const series = (le: string, values: (number | null)[], labels: Record<string, string> = {}): DataFrame =>
  createDataFrame({
    refId: 'A',
    meta: { type: DataFrameType.TimeSeriesMulti, executedQueryString: 'sum by (le) (rate(x_bucket[1m]))' },
    fields: [
      { name: 'Time', type: FieldType.time, values: times },
      { name: 'Value', type: FieldType.number, labels: { ...labels, le }, values },
    ],
  });

export const sum = (counts: Iterable<number>): number => {
  let total = 0;
  for (const count of counts) if (!Number.isNaN(count)) total += count;
  return total;
};

/** jsdom has no canvas; what is drawn is tested on the raster and in a browser. */
export function withoutCanvas(): void {
  HTMLCanvasElement.prototype.getContext = () => null;
  window.PointerEvent ??= MouseEvent as unknown as typeof PointerEvent;
}

/** Renders the panel, in 800 by 400 pixels and UTC. */
export function show(
  frames: DataFrame[],
  options: Partial<HeatmapOptions> = {},
  more: Partial<PanelProps<HeatmapOptions>> = {},
  context: Partial<PanelContext> = {},
) {
  const range = { ...getDefaultTimeRange(), from: dateTime(times[0] - 15_000), to: dateTime(times[3]) };
  const props = {
    id: 1,
    data: { state: LoadingState.Done, series: frames, timeRange: range },
    timeRange: range,
    timeZone: 'utc',
    width: 800,
    height: 400,
    options: options as HeatmapOptions,
    fieldConfig: { defaults: {}, overrides: [] },
    eventBus: new EventBusSrv(),
    onChangeTimeRange: jest.fn(),
    ...more,
  } as unknown as PanelProps<HeatmapOptions>;
  const value = { eventsScope: 'test', eventBus: props.eventBus, ...context };
  return {
    props,
    ...render(
      <PanelContextProvider value={value}>
        <LatencyHeatmapPanel {...props} />
      </PanelContextProvider>,
    ),
  };
}
