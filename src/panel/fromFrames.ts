import type { DataFrame, Field } from '@grafana/data';
import { heatmapFromBuckets, parseBound, type BucketSeries } from '../shared/heatmap/fromBuckets.ts';
import { areCounters, increasesOf, withResets } from '../shared/heatmap/counters.ts';
import { heatmapFromCells } from '../shared/heatmap/fromCells.ts';
import { heatmapFromValues } from '../shared/heatmap/fromValues.ts';
import type { HeatmapModel } from '../shared/heatmap/model.ts';
import { formatLabels, labelsFrom, labelsOf, METRIC_NAME, NO_LABELS, type Labels } from '../shared/model/labels.ts';
import type { HeatmapOptions } from './options.ts';
import { tr } from '../shared/texts/texts.ts';

/** One map of the panel. */
export interface FrameMap {
  readonly model: HeatmapModel;
  /** The histogram's labels, without `le`. */
  readonly labels: Labels;
  /** The refId of the query that it answers; '' if the frame does not say. */
  readonly query: string;
}

export interface FrameMaps {
  readonly maps: readonly FrameMap[];
  /** What was left out, and why, in words for the user. */
  readonly notices: readonly string[];
}

export type Chosen = Pick<HeatmapOptions, 'buckets' | 'unit'>;

/**
 * All histograms of a panel's data: heatmap-rows, heatmap-cells (dense and sparse) and time series with `le`, one field or one frame a series.
 * Series without `le` are values, of which a heatmap is calculated. Frames of other shapes are named in the notices.
 */
export function mapsFromFrames(frames: readonly DataFrame[], chosen: Chosen): FrameMaps {
  const maps: FrameMap[] = [];
  const notices: string[] = [];
  const series: DataFrame[] = [];
  for (const frame of frames) {
    if (frame.fields.length === 0 || frame.length === 0) continue;
    if (isCells(frame)) add(cellMap(frame, chosen), maps, notices);
    else if (frame.meta?.type === 'heatmap-rows') add(bucketMaps([frame], false, chosen), maps, notices);
    else series.push(frame);
  }
  // Series of one histogram may come in a frame each; different queries stay apart.
  for (const [, group] of groupBy(series, (frame) => frame.refId ?? ''))
    add(bucketMaps(group, true, chosen), maps, notices);
  return { maps: maps.map(named(maps)), notices };
}

/** Histograms of several queries may have the same labels; their query then tells them apart. */
function named(all: readonly FrameMap[]): (map: FrameMap) => FrameMap {
  const queries = new Set(all.map(({ query }) => query));
  return ({ model, labels, query }) => ({
    model,
    query,
    labels: queries.size > 1 && query !== '' ? labelsFrom([...labels, ['query', query]]) : labels,
  });
}

interface Found {
  readonly maps: readonly FrameMap[];
  readonly notices: readonly string[];
}

function add(found: Found, maps: FrameMap[], notices: string[]): void {
  maps.push(...found.maps);
  notices.push(...found.notices);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

const fieldNamed = (frame: DataFrame, ...names: string[]): Field | undefined =>
  names.map((name) => frame.fields.find((field) => field.name === name)).find((field) => field !== undefined);
const isNumber = (field: Field): boolean => field.type === 'number';
const timeField = (frame: DataFrame): Field | undefined => frame.fields.find((field) => field.type === 'time');

function isCells(frame: DataFrame): boolean {
  if (frame.meta?.type === 'heatmap-cells') return true;
  return fieldNamed(frame, 'xMax', 'xMin', 'x') !== undefined && fieldNamed(frame, 'yMax', 'yMin', 'y') !== undefined;
}

function numbers(field: Field): Float64Array {
  return Float64Array.from({ length: field.values.length }, (_, i) => {
    const value: unknown = field.values[i];
    return typeof value === 'number' ? value : NaN;
  });
}

function bucketMaps(frames: readonly DataFrame[], series: boolean, chosen: Chosen): Found {
  const found: BucketSeries[] = [];
  const notices: string[] = [];
  const strange: { times: Float64Array; values: Float64Array }[] = [];
  for (const frame of frames) {
    const time = timeField(frame);
    if (time === undefined) {
      notices.push(tr('{0} has no time; ask for a range, not an instant', nameOf(frame)));
      continue;
    }
    const times = numbers(time);
    for (const field of frame.fields.filter(isNumber)) {
      const le = boundOf(field, series);
      if (le === undefined) strange.push({ times, values: numbers(field) });
      else
        found.push({
          labels: labelsFrom([...labelsOf(field.labels ?? {}), ['le', le]]),
          times,
          values: numbers(field),
        });
    }
  }
  if (found.length === 0 && strange.length === 0 && notices.length === 0) {
    notices.push(tr('{0} has no numbers to draw', nameOf(frames[0])));
  }
  if (found.length === 0 && strange.length > 0) return valuesMap(strange, frames, chosen, notices);
  if (strange.length > 0) {
    notices.push(
      tr('{0} series without a bucket bound in the label le are not drawn; group the query by (le)', strange.length),
    );
  }
  const cumulative = chosen.buckets === 'auto' ? series : chosen.buckets === 'cumulative';
  const text = frames.map((frame) => frame.meta?.executedQueryString ?? '').join(' ');
  const isRaw = cumulative && /_bucket\b/.test(text) && !OVER_TIME.test(text) && areCounters(found);
  const { series: counted, resets } = isRaw ? increasesOf(found) : { series: found, resets: new Set<number>() };
  if (isRaw) notices.push(tr('These are counters: drawn is what they grew by between samples'));
  const set = heatmapFromBuckets({
    series: counted,
    cumulative,
    // Our own frames leave out buckets that a step does not have; others' empty values may be zero.
    absentIsJoined: cumulative || frames[0].meta?.preferredVisualisationPluginId === 'isotherm-heatmap-panel',
    countUnit: /\bi?rate\s*\(/.test(text) ? 'perSecond' : 'count',
    unit: unitOf(chosen, frames, frames[0].fields.find(isNumber), text),
    stepMs: timeField(frames[0])?.config.interval ?? undefined,
  });
  return {
    maps: set.models.map((model, i) => ({
      model: withResets(model, resets),
      labels: set.labels[i],
      query: frames[0].refId ?? '',
    })),
    notices: [...notices, ...set.notices],
  };
}

/** Functions after which buckets are no longer counters. */
const OVER_TIME = /\b(i?rate|increase|i?delta|changes|resets|deriv|histogram_\w+|\w+_over_time)\s*\(/;
/** A sum over a count, as of servers that have no histograms: what comes out is a mean. */
const MEANS =
  /(_sum|_latency\w*|_duration\w*|_time\w*|_us|_ms|_seconds\w*)\b[\s\S]*\/[\s\S]*(_count|_success|_total|_requests\w*)\b/;

/** How the values of series are distributed at each time. */
function valuesMap(
  series: readonly { times: Float64Array; values: Float64Array }[],
  frames: readonly DataFrame[],
  chosen: Chosen,
  notices: readonly string[],
): Found {
  const text = frames.map((frame) => frame.meta?.executedQueryString ?? '').join(' ');
  const areMeans = MEANS.test(text);
  const model = heatmapFromValues({
    series,
    unit: unitOf(chosen, frames, frames[0].fields.find(isNumber), text),
    stepMs: timeField(frames[0])?.config.interval ?? undefined,
    title: areMeans ? 'Means' : 'Values',
  });
  if (model.kind === 'empty') return { maps: [], notices: [...notices, model.reason] };
  const what = tr('{0} series', series.length);
  const told = areMeans
    ? tr("Means, not requests: each observation is one of {0}' sum by count, in buckets of our making", what)
    : tr(
        'No bucket bounds in the label le: drawn is how the values of {0} are distributed; for a histogram group by (le)',
        what,
      );
  return {
    maps: [{ model, labels: NO_LABELS, query: frames[0].refId ?? '' }],
    notices: [...notices, told],
  };
}

/** The bound of a bucket: its label `le`; of rows, whose names are bounds, the name too. */
function boundOf(field: Field, series: boolean): string | undefined {
  const label = field.labels?.le;
  if (label !== undefined) return Number.isNaN(parseBound(label)) ? undefined : label;
  const names = [field.config.displayNameFromDS, field.config.displayName, field.name];
  // A lone number as a series' name is nearly always a bound with its label name cut off by the legend format.
  const name = names.find((text) => text !== undefined && !Number.isNaN(parseBound(text)));
  return series && field.labels !== undefined && Object.keys(field.labels).length > 0 ? undefined : name;
}

function cellMap(frame: DataFrame, chosen: Chosen): Found {
  const time = fieldNamed(frame, 'xMax', 'x', 'xMin') ?? timeField(frame);
  const lower = fieldNamed(frame, 'yMin');
  const upper = fieldNamed(frame, 'yMax', 'y');
  const values = frame.fields.filter((field) => isNumber(field) && !/^[xy](Min|Max)?$|^yLayout$/.test(field.name));
  if (time === undefined || (lower ?? upper) === undefined || values.length === 0) {
    return {
      maps: [],
      notices: [
        tr(
          '{0} lacks a time, a bucket bound or a count; heatmap cells need xMax, yMin or yMax, and count',
          nameOf(frame),
        ),
      ],
    };
  }
  const maps: FrameMap[] = [];
  const notices: string[] = [];
  const bounds = boundsOf(lower && numbers(lower), upper && numbers(upper));
  const text = frame.meta?.executedQueryString ?? '';
  const stepMs = time.config.interval ?? undefined;
  // Where a slice's begin is all that is known, its end is a step later.
  const times =
    time.name === 'xMin' ? numbers(time).map((t) => t + (stepMs ?? smallestStep(numbers(time)))) : numbers(time);
  for (const count of values) {
    const labels = labelsOf(count.labels ?? {}).filter(([name]) => name !== 'le');
    const model = heatmapFromCells({
      times,
      ...bounds,
      counts: numbers(count),
      countUnit: /\bi?rate\s*\(/.test(text) ? 'perSecond' : 'count',
      unit: unitOf(chosen, [frame], upper ?? lower, text),
      stepMs,
      title: labels.length > 0 ? formatLabels(labels) : frame.name,
    });
    if (model.kind === 'heatmap') maps.push({ model, labels, query: frame.refId ?? '' });
    else notices.push(`${nameOf(frame)}: ${model.reason}`);
  }
  return { maps, notices };
}

function smallestStep(times: Float64Array): number {
  const sorted = times.slice().sort();
  let step = Infinity;
  for (let i = 1; i < sorted.length; i++)
    if (sorted[i] > sorted[i - 1]) step = Math.min(step, sorted[i] - sorted[i - 1]);
  return Number.isFinite(step) ? step : 0;
}

/** Both bounds of every cell. Where only one is given, buckets are taken to touch, and the outermost to be as high as its neighbour. */
function boundsOf(lowers?: Float64Array, uppers?: Float64Array): { lowers: Float64Array; uppers: Float64Array } {
  if (lowers !== undefined && uppers !== undefined) return { lowers, uppers };
  const given = (lowers ?? uppers)!;
  const sorted = [...new Set(given)].filter(Number.isFinite).sort((a, b) => a - b);
  if (uppers !== undefined) {
    const below = new Map(sorted.map((bound, i) => [bound, i > 0 ? sorted[i - 1] : before(sorted)]));
    const top = sorted[sorted.length - 1] ?? 0;
    return { lowers: given.map((bound) => below.get(bound) ?? (bound === Infinity ? top : NaN)), uppers };
  }
  const above = new Map(sorted.map((bound, i) => [bound, sorted[i + 1] ?? after(sorted)]));
  const bottom = sorted[0] ?? 0;
  return { lowers: given, uppers: given.map((bound) => above.get(bound) ?? (bound === -Infinity ? bottom : NaN)) };
}

/** One more bound below ascending ones, by the same factor where they grow by one, else by the same distance; 0 below a lone positive one. */
function before(sorted: readonly number[]): number {
  if (sorted.length < 2) return sorted[0] > 0 ? 0 : sorted[0] - 1;
  if (growsByFactor(sorted)) return sorted[0] / (sorted[1] / sorted[0]);
  const lower = sorted[0] - (sorted[1] - sorted[0]);
  return sorted[0] > 0 ? Math.max(0, lower) : lower;
}

function after(sorted: readonly number[]): number {
  const last = sorted.length - 1;
  if (last < 1) return sorted[0] + 1;
  return growsByFactor(sorted) ? sorted[last] * (sorted[last] / sorted[last - 1]) : 2 * sorted[last] - sorted[last - 1];
}

function growsByFactor(sorted: readonly number[]): boolean {
  if (!(sorted[0] > 0) || sorted.length < 3) return false;
  const factors = [sorted[1] / sorted[0], sorted[2] / sorted[1]];
  return Math.abs(factors[0] - factors[1]) < 1e-3 * factors[0] && factors[0] > 1.01;
}

/** The words of metric names that tell a unit. */
const UNIT_WORDS: readonly (readonly [RegExp, string])[] = [
  [/_(seconds|sec)(_|\b)/, 's'],
  [/_(milliseconds|millis|ms)(_|\b)/, 'ms'],
  [/_(microseconds|us)(_|\b)/, 'µs'],
  [/_bytes(_|\b)/, 'bytes'],
  [/_ratio(_|\b)/, 'percentunit'],
];

function unitOf(chosen: Chosen, frames: readonly DataFrame[], field: Field | undefined, query: string): string {
  const configured = chosen.unit ?? field?.config.unit;
  if (configured) return configured;
  const names = frames.flatMap((frame) => [
    frame.name ?? '',
    ...frame.fields.map((f) => f.labels?.[METRIC_NAME] ?? ''),
  ]);
  const text = [query, ...names].join(' ');
  return UNIT_WORDS.find(([word]) => word.test(text))?.[1] ?? 'short';
}

function nameOf(frame: DataFrame): string {
  const name = frame.name ?? frame.refId;
  return name === undefined || name === '' ? 'a frame' : `frame ${name.slice(0, 60)}`;
}

/** Whether data holds a histogram, judged by the frames' shape alone. */
export function isHistogramData(frames: readonly DataFrame[]): boolean {
  return frames.some(
    (frame) =>
      frame.length > 0 &&
      (frame.meta?.type === 'heatmap-rows' ||
        frame.meta?.type === 'heatmap-cells' ||
        (timeField(frame) !== undefined &&
          frame.fields.some((field) => isNumber(field) && field.labels?.le !== undefined))),
  );
}
