/** Reads a page in the delimited protobuf format: one `MetricFamily` after the other, each behind its length. */
import { WireError } from '../../shared/bytes/protobufWire.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { compareText, METRIC_NAME, type Label, type Labels } from '../../shared/model/labels.ts';
import type { Exemplar, Metadata, MetricType } from '../../shared/model/metadata.ts';
import { delimited } from './delimited.ts';
import { formatOpenMetricsFloat, latin1 } from './floats.ts';
import {
  emptyHistogram,
  emptySummary,
  readFamily,
  readLabels,
  readMetric,
  type HistogramMessage,
  type MetricFamily,
  type MetricMessage,
} from './metricFamily.ts';
import { hasNativeForm, nativeHistogramOf } from './nativeForm.ts';

/** Types of what begins. */
const STARTING: ReadonlySet<MetricType> = new Set(['counter', 'summary', 'histogram', 'gaugehistogram']);

/** What of a page is wanted. Of a histogram that has both forms, these; one that has no native form is read as classic in any case. */
export interface PageForms {
  readonly native: boolean;
  /** Beside the native form. */
  readonly classic: boolean;
  /** When counters, summaries and histograms began. */
  readonly starts?: boolean;
}
export const CLASSIC_ONLY: PageForms = { native: false, classic: true };

/** Where the samples of a page go. */
export interface PageSink {
  /** The slot of a series; `labels` is called for a key that is new. */
  slot(key: string, labels: () => Labels): number;
  /** @param t milliseconds, undefined where the page gives no time. */
  add(slot: number, v: number, t: number | undefined, type: MetricType): void;
  addHistogram(slot: number, h: NativeHistogram, t: number | undefined, type: MetricType): void;
  addExemplar(slot: number, exemplar: Exemplar): void;
  /** What was added last began then, milliseconds. */
  addStart(start: number): void;
  declare(metric: string, change: Partial<Metadata>): void;
}

/** A page without lines that cannot be read: says at which byte, and in which family if that is known. */
export class PageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PageError';
  }
}

/** @throws PageError */
export function readProtobufPage(bytes: Uint8Array, forms: PageForms, sink: PageSink): void {
  try {
    readFamilies(bytes, forms, sink);
  } catch (error) {
    throw error instanceof WireError ? new PageError(error.message, { cause: error }) : error;
  }
}

function readFamilies(bytes: Uint8Array, forms: PageForms, sink: PageSink): void {
  for (const { at, message } of delimited(bytes)) {
    let name = '';
    try {
      const family = readFamily(message);
      name = family.name;
      readMetrics(family, forms, sink);
    } catch (error) {
      if (!(error instanceof WireError) && !(error instanceof PageError)) throw error;
      const where = name === '' ? '' : ` (metric family ${JSON.stringify(name)})`;
      throw new PageError(`message at byte ${at}${where}: ${error.message}`, { cause: error });
    }
  }
}

function readMetrics(family: MetricFamily, forms: PageForms, sink: PageSink): void {
  if (family.metrics.length === 0) return;
  if (family.name === '') throw new PageError('the metric family has no name');
  sink.declare(family.name, { type: family.type, help: family.help, unit: family.unit });
  const readers = { family, forms, sink };
  for (const bytes of family.metrics) {
    const metric = readMetric(bytes);
    if (family.type === 'summary') new MetricSeries(metric, readers).addSummary();
    else if (family.type === 'histogram' || family.type === 'gaugehistogram')
      new MetricSeries(metric, readers).addHistogram();
    else new MetricSeries(metric, readers).addValue();
  }
}

/** The series that one metric message stands for. */
class MetricSeries {
  private readonly metric: MetricMessage;
  private readonly family: MetricFamily;
  private readonly forms: PageForms;
  private readonly sink: PageSink;
  private readonly labelKey: string;

  constructor(metric: MetricMessage, { family, forms, sink }: MetricContext) {
    this.metric = metric;
    this.family = family;
    this.forms = forms;
    this.sink = sink;
    this.labelKey = metric.labelBytes.map((bytes) => `${bytes.length} ${latin1(bytes, 0, bytes.length)}`).join('');
  }

  addValue(): void {
    this.add('', this.metric.v, this.metric.exemplar);
  }

  addSummary(): void {
    const { count, sum, quantiles } = this.metric.summary ?? emptySummary();
    this.add('_count', count);
    this.add('_sum', sum);
    for (const { quantile, v } of quantiles) this.add('', v, undefined, ['quantile', formatOpenMetricsFloat(quantile)]);
  }

  addHistogram(): void {
    const histogram = this.metric.histogram ?? emptyHistogram();
    const native = this.forms.native && hasNativeForm(histogram);
    if (native) this.addNative(histogram);
    if (!native || this.forms.classic) this.addClassic(histogram, native);
  }

  private addNative(histogram: HistogramMessage): void {
    const { sink, family, metric } = this;
    const slot = this.slot('', undefined);
    sink.addHistogram(slot, nativeHistogramOf(histogram, family.type, fail), metric.t, family.type);
    this.addStart();
    // Where there are none of its own, those of the buckets stand in. Without a time they could not be told apart.
    const own = histogram.exemplars.length > 0 ? histogram.exemplars : histogram.buckets.map((b) => b.exemplar);
    const timed = own.filter((exemplar) => exemplar?.t !== undefined);
    for (const exemplar of timed.sort((a, b) => a!.t! - b!.t!)) sink.addExemplar(slot, exemplar!);
  }

  /** Buckets as they are, the last one up to infinity even if the page leaves it out. Beside a native form none without buckets. */
  private addClassic({ buckets, count, countFloat, sum }: HistogramMessage, besideNative: boolean): void {
    if (besideNative && buckets.length === 0) return;
    const total = countFloat > 0 ? countFloat : count;
    this.add('_count', total);
    this.add('_sum', sum);
    for (const bucket of buckets) {
      const v = bucket.countFloat > 0 ? bucket.countFloat : bucket.count;
      this.add('_bucket', v, bucket.exemplar, ['le', formatOpenMetricsFloat(bucket.upperBound)]);
    }
    if (buckets.at(-1)?.upperBound !== Infinity) this.add('_bucket', total, undefined, ['le', '+Inf']);
  }

  private add(suffix: string, v: number, exemplar?: Exemplar, bound?: Label): void {
    const slot = this.slot(suffix, bound);
    this.sink.add(slot, v, this.metric.t, this.family.type);
    this.addStart();
    if (exemplar !== undefined) this.sink.addExemplar(slot, exemplar);
  }

  private addStart(): void {
    const { start } = this.metric;
    if (this.forms.starts === true && start !== undefined && STARTING.has(this.family.type)) this.sink.addStart(start);
  }

  private slot(suffix: string, bound: Label | undefined): number {
    const name = this.family.name + suffix;
    return this.sink.slot(`p${name}\0${bound?.[1] ?? ''}\0${this.labelKey}`, () => this.labels(name, bound));
  }

  private labels(name: string, bound: Label | undefined): Labels {
    const own = readLabels(this.metric.labelBytes);
    const seen = new Set<string>(bound === undefined ? [METRIC_NAME] : [METRIC_NAME, bound[0]]);
    for (const [label] of own) {
      if (label === '') throw new PageError(`a label of ${name} has no name`);
      if (seen.has(label)) throw new PageError(`label ${label} of ${name} is there twice`);
      seen.add(label);
    }
    // Empty values stay, as in text: with honor_labels such a label keeps the target's away.
    const all: Label[] = [[METRIC_NAME, name], ...own, ...(bound === undefined ? [] : [bound])];
    return all.sort(([a], [b]) => compareText(a, b));
  }
}

interface MetricContext {
  readonly family: MetricFamily;
  readonly forms: PageForms;
  readonly sink: PageSink;
}

function fail(why: string): never {
  throw new PageError(why);
}
