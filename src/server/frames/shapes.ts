/** From series to frames, one function for each shape that Grafana knows. Which shape fits is decided by the caller (`chooseShape`). */
import type { Frame, FrameField, FrameMeta } from './frame.ts';
import { seriesName } from './legend.ts';
import type { Answer, FrameSeries } from './series.ts';

/** What all frames of one query have in common. */
export interface FrameContext {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  /** Milliseconds between points; 0 for instant queries and raw samples. */
  readonly stepMs: number;
  readonly meta?: FrameMeta;
}

/** A frame a series: time and value. Points that are absent are absent rows. */
export function timeSeriesFrames(series: readonly FrameSeries[], context: FrameContext): Frame[] {
  return series
    .filter((one) => one.values.length > 0)
    .map((one) => {
      const displayName = seriesName(context.legendFormat, one.labels, context.expr);
      return {
        name: displayName,
        refId: context.refId,
        meta: { type: 'timeseries-multi', preferredVisualisationType: 'graph', ...context.meta },
        fields: [timeField(one.times, context.stepMs), valueField(one, displayName)],
      };
    });
}

/** A frame a sample, for alert rules and stat panels: its time and one number. */
export function numericFrames(series: readonly FrameSeries[], context: FrameContext): Frame[] {
  return timeSeriesFrames(series, { ...context, meta: { ...context.meta, type: 'numeric-multi' } });
}

/** One row a sample: time, a column for each label that any series has, value last. */
export function tableFrame(series: readonly FrameSeries[], context: FrameContext): Frame {
  const rowCount = series.reduce((sum, one) => sum + one.values.length, 0);
  const names = [...new Set(series.flatMap((one) => Object.keys(one.labels)))].sort();
  const times = new Float64Array(rowCount);
  const values = new Float64Array(rowCount);
  const columns = names.map(() => new Array<string>(rowCount));
  let row = 0;
  for (const one of series) {
    for (let i = 0; i < one.values.length; i++, row++) {
      times[row] = one.times[i];
      values[row] = one.values[i];
      names.forEach((name, c) => (columns[c][row] = one.labels[name] ?? ''));
    }
  }
  const labelFields = names.map((name, c): FrameField => ({ kind: 'string', name, values: columns[c] }));
  return {
    name: '',
    refId: context.refId,
    meta: { type: 'table', preferredVisualisationType: 'table', ...context.meta },
    fields: [{ kind: 'time', name: 'Time', values: times }, ...labelFields, { kind: 'number', name: 'Value', values }],
  };
}

export function textFrame(answer: Extract<Answer, { kind: 'string' }>, context: FrameContext): Frame {
  return {
    name: '',
    refId: context.refId,
    meta: { type: 'table', ...context.meta },
    fields: [
      { kind: 'time', name: 'Time', values: Float64Array.of(answer.t) },
      { kind: 'string', name: 'Value', values: [answer.text] },
    ],
  };
}

export interface ApiExemplarSeries {
  readonly seriesLabels: Readonly<Record<string, string>>;
  readonly exemplars: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: string;
    readonly timestamp: number;
  }[];
}

/** Exemplars as Grafana's panels draw them: time, value, then a column for each label of the exemplars and of their series. */
export function exemplarFrame(found: readonly ApiExemplarSeries[], context: FrameContext): Frame {
  const series = found.flatMap(({ seriesLabels, exemplars }) =>
    exemplars.map((exemplar) => ({
      labels: { ...seriesLabels, ...exemplar.labels },
      times: Float64Array.of(Math.round(exemplar.timestamp * 1000)),
      values: Float64Array.of(Number(exemplar.value)),
    })),
  );
  series.sort((a, b) => a.times[0] - b.times[0]);
  const [time, ...rest] = tableFrame(series, context).fields;
  const value = rest.pop() as FrameField;
  return {
    name: 'exemplar',
    refId: context.refId,
    meta: { ...context.meta, dataTopic: 'annotations', custom: { ...context.meta?.custom, resultType: 'exemplar' } },
    fields: [time, value, ...rest],
  };
}

export function timeField(times: Float64Array, stepMs: number): FrameField {
  return { kind: 'time', name: 'Time', values: times, config: stepMs > 0 ? { interval: stepMs } : undefined };
}

function valueField(series: FrameSeries, displayName: string): FrameField {
  return {
    kind: 'number',
    name: 'Value',
    values: series.values,
    labels: series.labels,
    config: { displayNameFromDS: displayName },
  };
}
