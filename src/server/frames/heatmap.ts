/** Histograms as heatmap frames: classic buckets as rows, native ones as cells with their own bounds. One frame a label set, none lost. */
import { parseValue } from '../../shared/api/prometheus.ts';
import { nullsFor, setNull, type Frame, type FrameField } from './frame.ts';
import { seriesName } from './legend.ts';
import type { FrameSeries } from './series.ts';
import { timeField, type FrameContext } from './shapes.ts';

export const HEATMAP_PANEL_ID = 'isotherm-heatmap-panel';
/** The most points a range query may answer with. */
const GRID_STEPS_MAX = 11_000;

/** Every series is a bucket: it bears `le` with a bound that is a number, and two of them differ in it. */
export function areBuckets(series: readonly FrameSeries[]): boolean {
  if (series.length < 2) return false;
  const bounds = new Set<number>();
  for (const { labels } of series) {
    const bound = labels.le === undefined ? NaN : parseValue(labels.le);
    if (Number.isNaN(bound)) return false;
    bounds.add(bound);
  }
  return bounds.size > 1;
}

export function areNativeHistograms(series: readonly FrameSeries[]): boolean {
  return series.length > 0 && series.every((one) => (one.histograms?.length ?? 0) > 0 && one.values.length === 0);
}

/**
 * The unit of a histogram's bounds, as Grafana names it, from the metric's name in the expression: `_seconds` is s, `_bytes` is bytes; undefined
 * where the name does not tell.
 */
export function boundUnit(expr: string): string | undefined {
  const name = /([a-zA-Z_:][a-zA-Z0-9_:]*)_bucket\b/.exec(expr)?.[1] ?? expr;
  if (/_(seconds)\b/.test(name)) return 's';
  if (/_(milliseconds|ms)\b/.test(name)) return 'ms';
  if (/_(microseconds|us)\b/.test(name)) return 'µs';
  return /_bytes\b/.test(name) ? 'bytes' : undefined;
}

/**
 * Series with `le` → a frame for each label set beside it: time, then a field a bucket in ascending order of bounds, holding what that bucket adds to
 * the next one below that has a sample at that step (so not cumulative). Steps without a sample are null, and the rows of a step add up to the
 * histogram's count whichever buckets it has there: a layout that changes within the range loses nothing.
 */
export function heatmapRowsFrames(series: readonly FrameSeries[], context: FrameContext): Frame[] {
  return groupByHistogram(series).map(({ labels, buckets }) => {
    const times = onGrid(unionOfTimes(buckets.map((bucket) => bucket.series.times)), context.stepMs);
    const below = new Float64Array(times.length);
    const fields: FrameField[] = [timeField(times, context.stepMs)];
    for (const { le, series: bucket } of buckets) {
      fields.push({
        kind: 'number',
        name: le,
        ...shareOfBucket(align(bucket, times), below),
        labels: { ...labels, le },
        config: { displayNameFromDS: le },
      });
    }
    return heatmapFrame('heatmap-rows', labels, fields, context);
  });
}

/** Native histograms → a frame a series with a row a bucket and step: xMax, yMin, yMax, count. Empty buckets are left out; a step without any keeps one row of zero. */
export function heatmapCellsFrames(series: readonly FrameSeries[], context: FrameContext): Frame[] {
  return series.map(({ labels, histograms = [] }) => {
    const rowCount = histograms.reduce((sum, h) => sum + Math.max(1, h.buckets.length), 0);
    const xMax = new Float64Array(rowCount);
    const yMin = new Float64Array(rowCount);
    const yMax = new Float64Array(rowCount);
    const count = new Float64Array(rowCount);
    let row = 0;
    for (const { t, buckets } of histograms) {
      for (const bucket of buckets.length > 0 ? buckets : [{ lower: 0, upper: 0, count: 0 }]) {
        xMax[row] = t;
        yMin[row] = bucket.lower;
        yMax[row] = bucket.upper;
        count[row++] = bucket.count;
      }
    }
    const fields: FrameField[] = [
      { ...timeField(xMax, context.stepMs), name: 'xMax' },
      { kind: 'number', name: 'yMin', values: yMin, labels, config: { unit: boundUnit(context.expr) } },
      { kind: 'number', name: 'yMax', values: yMax, labels, config: { unit: boundUnit(context.expr) } },
      { kind: 'number', name: 'count', values: count, labels },
    ];
    return heatmapFrame('heatmap-cells', labels, fields, context);
  });
}

export function heatmapFrame(
  type: 'heatmap-rows' | 'heatmap-cells',
  labels: Readonly<Record<string, string>>,
  fields: readonly FrameField[],
  context: FrameContext,
): Frame {
  return {
    name:
      Object.keys(labels).length === 0 && context.legendFormat === ''
        ? ''
        : seriesName(context.legendFormat, labels, context.expr),
    refId: context.refId,
    meta: {
      type,
      preferredVisualisationType: 'graph',
      preferredVisualisationPluginId: HEATMAP_PANEL_ID,
      ...context.meta,
      custom: { ...context.meta?.custom, boundUnit: boundUnit(context.expr) },
    },
    fields,
  };
}

interface Histogram {
  readonly labels: Readonly<Record<string, string>>;
  /** Ascending by bound; bounds that are spelled differently ("1", "1.0") but equal appear once. */
  readonly buckets: { readonly le: string; readonly bound: number; readonly series: FrameSeries }[];
}

function groupByHistogram(series: readonly FrameSeries[]): Histogram[] {
  const byKey = new Map<string, Histogram>();
  for (const one of series) {
    const { le, ...labels } = one.labels;
    const key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
    let histogram = byKey.get(key);
    if (histogram === undefined) byKey.set(key, (histogram = { labels, buckets: [] }));
    histogram.buckets.push({ le, bound: parseValue(le), series: one });
  }
  for (const { buckets } of byKey.values()) {
    buckets.sort((a, b) => a.bound - b.bound);
    for (let i = buckets.length - 1; i > 0; i--) {
      if (buckets[i].bound !== buckets[i - 1].bound) continue;
      buckets[i - 1] = { ...buckets[i - 1], series: merged(buckets[i - 1].series, buckets[i].series) };
      buckets.splice(i, 1);
    }
  }
  return [...byKey.values()];
}

/** Two spellings of one bound: their samples taken together, added up where both have one. */
function merged(a: FrameSeries, b: FrameSeries): FrameSeries {
  const times = unionOfTimes([a.times, b.times]);
  const left = align(a, times);
  const right = align(b, times);
  const values = times.map((_, i) => {
    const x = left[i];
    const y = right[i];
    return Number.isNaN(x) ? y : Number.isNaN(y) ? x : x + y;
  });
  return { labels: a.labels, times, values };
}

function unionOfTimes(columns: readonly Float64Array[]): Float64Array {
  // Nearly always all buckets of a histogram share their times.
  if (columns.every((times) => sameTimes(times, columns[0]))) return columns[0];
  return Float64Array.from(new Set(columns.flatMap((times) => [...times]))).sort();
}

function sameTimes(a: Float64Array, b: Float64Array): boolean {
  return a === b || (a.length === b.length && a.every((t, i) => t === b[i]));
}

/** The same times with the steps between that have no sample, so that a gap is a column of nulls. Times that are on no such grid are kept as they are. */
function onGrid(times: Float64Array, stepMs: number): Float64Array {
  if (stepMs <= 0 || times.length < 2) return times;
  const count = (times[times.length - 1] - times[0]) / stepMs + 1;
  if (count === times.length || count > GRID_STEPS_MAX) return times;
  if (!times.every((t) => Number.isInteger((t - times[0]) / stepMs))) return times;
  return Float64Array.from({ length: count }, (_, i) => times[0] + i * stepMs);
}

/** The samples at the given times; NaN where there is none. */
function align(series: FrameSeries, times: Float64Array): Float64Array {
  const values = new Float64Array(times.length).fill(NaN);
  for (let i = 0, from = 0; i < times.length && from < series.times.length; i++) {
    if (series.times[from] === times[i]) values[i] = series.values[from++];
  }
  return values;
}

/**
 * What a bucket adds to the ones below it; `below` holds their cumulative counts and is moved up to this one's. A cumulative count a hair below the one
 * under it (scrapes and rounding can do that) adds 0, not less. NaN, of a rate over nothing, is no count.
 */
function shareOfBucket(cumulative: Float64Array, below: Float64Array): { values: Float64Array; nulls: Uint8Array } {
  const values = new Float64Array(cumulative.length);
  const nulls = nullsFor(cumulative.length);
  for (let i = 0; i < cumulative.length; i++) {
    if (Number.isNaN(cumulative[i])) {
      setNull(nulls, i);
      continue;
    }
    values[i] = Math.max(0, cumulative[i] - below[i]);
    below[i] = Math.max(below[i], cumulative[i]);
  }
  return { values, nulls };
}
