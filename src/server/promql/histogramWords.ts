/** What is told of native histograms, in upstream's words. Source: Prometheus util/annotations. */
import type { Place } from '../../shared/promql/ast.ts';
import { labelValue, METRIC_NAME, quoted, type Labels } from '../../shared/model/labels.ts';
import type { Annotations } from './annotations.ts';

/** Where a histogram sum comes from, for what is told of it. */
export type HistogramWork = 'addition' | 'subtraction' | 'aggregation';

/** Names the metric, where its name is still there. */
export function ofMetric(labels: Labels): string {
  const name = labelValue(labels, METRIC_NAME);
  return name === '' ? '' : ` for metric name ${quoted(name)}`;
}

/** Tells of one series' histograms at the place of the expression they come from. */
export class HistogramWords {
  private readonly annotations: Annotations;
  private readonly place: Place;
  /** Where an operator is, while it works on one pair at one step. */
  private pair: { step: number; rank: number } | undefined;

  constructor(annotations: Annotations, place: Place) {
    this.annotations = annotations;
    this.place = place;
  }

  /** What is told from now on is about this pair at this step. */
  ofPair(step: number, rank: number): void {
    this.pair ??= { step, rank };
    this.pair.step = step;
    this.pair.rank = rank;
  }

  mixedWithFloats(labels: Labels): void {
    this.warn('encountered a mix of histograms and floats for metric name', labels);
  }

  mixedInAggregation(): void {
    this.annotations.warn('encountered a mix of histograms and floats for aggregation', this.place);
  }

  mixedWithClassic(labels: Labels): void {
    this.annotations.warn(`vector contains a mix of classic and native histograms${ofMetric(labels)}`, this.place);
  }

  mixedSchemas(labels: Labels): void {
    this.warn(
      'vector contains a mix of histograms with exponential and custom buckets schemas for metric name',
      labels,
    );
  }

  notCounter(labels: Labels): void {
    this.warn('this native histogram metric is not a counter:', labels);
  }

  notGauge(labels: Labels): void {
    this.warn('this native histogram metric is not a gauge:', labels);
  }

  collidingResets(work: HistogramWork): void {
    this.tell('warning', `conflicting counter resets during histogram ${work}`);
  }

  reconciledBounds(work: HistogramWork): void {
    this.tell('info', `mismatched custom buckets were reconciled during ${work}`);
  }

  incompatibleLayout(op: string): void {
    this.tell('warning', `incompatible bucket layout encountered for binary operator ${op}`);
  }

  incompatibleTypes(left: 'float' | 'histogram', op: string, right: 'float' | 'histogram'): void {
    const message = 'incompatible sample types encountered for binary operator';
    this.tell('info', `${message} "${op}": ${left} ${op} ${right}`);
  }

  ignoredInAggregation(op: string): void {
    this.annotations.info(`ignored histogram in ${op} aggregation`, this.place);
  }

  ignoredInRange(labels: Labels): void {
    const message = 'ignored histograms in a range containing both floats and histograms for metric name';
    this.annotations.info(`${message} ${quoted(labelValue(labels, METRIC_NAME))}`, this.place);
  }

  nanInQuantile(effect: 'result' | 'skew', labels: Labels): void {
    const consequence = effect === 'result' ? 'result is NaN' : 'result is skewed higher';
    this.annotations.info(
      `input to histogram_quantile has NaN observations, ${consequence}${ofMetric(labels)}`,
      this.place,
    );
  }

  nanInFraction(labels: Labels): void {
    const consequence = 'which are excluded from all fractions';
    this.annotations.info(
      `input to histogram_fraction has NaN observations, ${consequence}${ofMetric(labels)}`,
      this.place,
    );
  }

  private tell(kind: 'warning' | 'info', message: string): void {
    if (this.pair !== undefined)
      this.annotations.noteOfOperator(this.place, this.pair.step, { kind, message, rank: this.pair.rank });
    else if (kind === 'warning') this.annotations.warn(message, this.place);
    else this.annotations.info(message, this.place);
  }

  private warn(message: string, labels: Labels): void {
    this.annotations.warn(`${message} ${quoted(labelValue(labels, METRIC_NAME))}`, this.place);
  }
}
