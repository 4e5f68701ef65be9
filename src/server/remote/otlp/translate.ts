/**
 * OTLP metrics as series: what Prometheus 3.14 makes of the same request, so that either can take the other's place. One thing differs: a point that cannot be
 * stored takes nothing with it. The rest of the request is kept, and the answer says how many points were refused.
 */
import { labelsFrom, METRIC_NAME, type Label, type Labels } from '../../../shared/model/labels.ts';
import type { Metadata, MetricType } from '../../../shared/model/metadata.ts';
import { formatPlain } from '../../../shared/model/numberText.ts';
import type { OtlpConfig } from '../../config/config.ts';
import type { Intake } from '../receive/intake.ts';
import type { DeltaSums } from './deltaSums.ts';
import { nativeOfExplicit, nativeOfExponential } from './histograms.ts';
import { LabelNames, ResourceLabels, scopeLabels } from './labelSets.ts';
import type {
  ExponentialPoint,
  HistogramPoint,
  MetricData,
  OtlpMetric,
  Point,
  ResourceMetrics,
  SummaryPoint,
} from './metrics.ts';
import { metricName, unitName, type Suffix } from './names.ts';
import { PointSink, type OtlpOutcome } from './pointSink.ts';
import { targetInfo } from './targetInfo.ts';

export interface OtlpSettings {
  readonly config: OtlpConfig;
  /** A series that is not told of for this long is gone; `target_info` is written twice as often. */
  readonly lookbackDeltaMs: number;
  /** Series say in `__type__` and `__unit__` what they are. */
  readonly typeAndUnitLabels: boolean;
  /** What becomes of counts since the point before: they are added up, stored as they are, or refused. */
  readonly deltas: DeltaSums | 'stored' | 'refused';
}

export function appendMetrics(
  request: readonly ResourceMetrics[],
  settings: OtlpSettings,
  intake: Intake,
): OtlpOutcome {
  const sink = new PointSink(intake);
  const names = new LabelNames(settings.config, (fault) => sink.warn(fault));
  for (const resource of request) appendResource(resource, { settings, sink, names });
  return sink.outcome;
}

interface Request {
  readonly settings: OtlpSettings;
  readonly sink: PointSink;
  readonly names: LabelNames;
}

function appendResource({ attributes, scopes }: ResourceMetrics, request: Request): void {
  const { settings, sink, names } = request;
  const { config } = settings;
  const resource = new ResourceLabels(attributes, config, names);
  let [first, last] = [Infinity, -Infinity];
  for (const scope of scopes) {
    const labels = config.promotesScope ? scopeLabels(scope, names) : [];
    for (const metric of scope.metrics) {
      for (const { t } of metric.data?.points ?? []) [first, last] = [Math.min(first, t), Math.max(last, t)];
      appendMetric(metric, resource, labels, request);
    }
  }
  if (last < first) return;
  const every = { first, last, everyMs: settings.lookbackDeltaMs / 2, keepsIdentifying: config.keepsIdentifying };
  const info = targetInfo(attributes, resource, every);
  if (info !== undefined) sink.targetInfo(info);
}

/** Where the points of a metric belong. */
interface Series {
  readonly name: string;
  readonly resource: ResourceLabels;
  /** Of scope, type and unit. */
  readonly labels: readonly Label[];
  /** The points tell what came since the one before. */
  readonly isDelta: boolean;
  readonly sink: PointSink;
}

function appendMetric(
  metric: OtlpMetric,
  resource: ResourceLabels,
  scope: readonly Label[],
  { settings, sink }: Request,
): void {
  const fault = faultOf(metric, settings);
  const { name, unit, data } = metric;
  const ours = metricName(name, unit, suffixOf(metric), settings.config.naming);
  if (data === undefined || fault !== undefined || ours === undefined) {
    const why = fault ?? 'has a name of which nothing is left';
    return sink.refuse(data?.points.length ?? 0, `metric ${JSON.stringify(name)} ${why}`);
  }
  const isDelta = 'temporality' in data && data.temporality === 'delta';
  const sums = isDelta && typeof settings.deltas === 'object' ? settings.deltas : undefined;
  const labels = settings.typeAndUnitLabels ? [...scope, ...typeAndUnit(metric, sums === undefined, settings)] : scope;
  const series = { name: ours, resource, labels, isDelta: isDelta && sums === undefined, sink };
  const append = (data: MetricData) =>
    sink.metric(ours, metadataOf(metric, sums === undefined), () =>
      appendData(data, series, settings.config.customBuckets),
    );
  if (sums === undefined) return append(data);
  const keyOf = (point: Point) => labelsOf(point, series, [[METRIC_NAME, ours]]);
  const added = sums.add(data, keyOf, (why) => sink.refuse(1, `metric ${JSON.stringify(name)}: ${why}`));
  append(added);
}

/** Why nothing of a metric can be stored. */
function faultOf({ data }: OtlpMetric, { deltas }: OtlpSettings): string | undefined {
  if (data === undefined) return 'is of a kind that is not known here';
  if (data.points.length === 0) return 'has no points';
  if (!('temporality' in data) || data.temporality === 'cumulative') return undefined;
  if (data.temporality === 'unspecified') return 'does not say what its aggregation temporality is';
  return deltas === 'refused' ? DELTA_REFUSED : undefined;
}

const DELTA_REFUSED =
  'has delta temporality; let the exporter send cumulative points, or start with --enable-feature=otlp-deltatocumulative';

function suffixOf({ unit, data }: OtlpMetric): Suffix {
  if (data?.kind === 'sum' && data.isMonotonic) return 'total';
  return data?.kind === 'gauge' && unit === '1' ? 'ratio' : undefined;
}

/** @param keepsDeltas of what counts from point to point there is no type. */
function metadataOf({ unit, description, data }: OtlpMetric, keepsDeltas: boolean): Metadata {
  const isDelta = data !== undefined && 'temporality' in data && data.temporality === 'delta' && keepsDeltas;
  const type = data === undefined || isDelta ? 'unknown' : typeOf(data);
  return { type, help: description, unit: unitName(unit) };
}

function typeAndUnit(metric: OtlpMetric, keepsDeltas: boolean, { config }: OtlpSettings): Label[] {
  const { type, unit } = metadataOf(metric, keepsDeltas);
  return [
    ['__type__', type === 'unknown' ? '' : type],
    // What the metadata calls the unit is taken for one once more, as upstream has it.
    ['__unit__', unitName(unit, config.naming.escapes)],
  ];
}

function typeOf(data: MetricData): MetricType {
  if (data.kind === 'sum') return data.isMonotonic ? 'counter' : 'gauge';
  return data.kind === 'exponential' ? 'histogram' : data.kind;
}

/** undefined, and the point is refused, where one of its attributes cannot be a label. */
function labelsOf(
  { attributes }: Point,
  { resource, labels, sink }: Series,
  more: readonly Label[],
): Labels | undefined {
  const all = resource.labelsOf(attributes, [...labels, ...more]);
  if (all === undefined) sink.refuse(1, 'an attribute cannot be a label');
  return all;
}

function appendData(data: MetricData, series: Series, customBuckets: boolean): void {
  const { name, isDelta, sink } = series;
  if (data.kind === 'summary') return data.points.forEach((point) => appendSummary(point, series));
  if (data.kind === 'histogram' && !customBuckets) return data.points.forEach((point) => appendClassic(point, series));
  for (const point of data.points) {
    const labels = labelsOf(point, series, [[METRIC_NAME, name]]);
    if (labels === undefined) continue;
    sink.point(() => {
      if ('v' in point) sink.number(labels, point, point.v);
      else appendNative(labels, point, isDelta, sink);
    });
    if (data.kind !== 'gauge') sink.exemplars(labels, point.exemplars);
  }
}

function appendNative(
  labels: Labels,
  point: ExponentialPoint | HistogramPoint,
  isDelta: boolean,
  sink: PointSink,
): void {
  const histogram = 'scale' in point ? nativeOfExponential(point, isDelta) : nativeOfExplicit(point, isDelta);
  if (!point.isMissing && histogram.count === 0 && histogram.sum !== 0)
    sink.warn('a histogram has a sum of observations and a count of none');
  sink.native(labels, point, histogram);
}

/** The series of a histogram's buckets, its sum and its count. Exemplars stand at the bucket that they were counted in. */
function appendClassic(point: HistogramPoint, series: Series): void {
  const { name, sink } = series;
  const labels = labelsOf(point, series, []);
  if (labels === undefined) return;
  sink.point(() => {
    if (point.sum !== undefined) sink.number(named(labels, `${name}_sum`), point, point.sum);
    sink.number(named(labels, `${name}_count`), point, point.count);
    const bounds = [...point.bounds.slice(0, point.counts.length), Infinity];
    let cumulative = 0;
    let told = 0;
    bounds.forEach((bound, i) => {
      cumulative = i === bounds.length - 1 ? point.count : cumulative + point.counts[i];
      const bucket = named(labels, `${name}_bucket`, ['le', formatPlain(bound)]);
      sink.number(bucket, point, cumulative);
      const from = told;
      while (told < point.exemplars.length && !(point.exemplars[told].v > bound)) told++;
      sink.exemplars(bucket, point.exemplars.slice(from, told));
    });
  });
}

function appendSummary(point: SummaryPoint, series: Series): void {
  const { name, sink } = series;
  const labels = labelsOf(point, series, []);
  if (labels === undefined) return;
  sink.point(() => {
    sink.number(named(labels, `${name}_sum`), point, point.sum);
    sink.number(named(labels, `${name}_count`), point, point.count);
    for (const { quantile, v } of point.quantiles)
      sink.number(named(labels, name, ['quantile', formatPlain(quantile)]), point, v);
  });
}

const named = (labels: Labels, name: string, ...more: Label[]) => labelsFrom([...labels, ...more, [METRIC_NAME, name]]);
