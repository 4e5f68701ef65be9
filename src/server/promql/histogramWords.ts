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
  private readonly teller: Place;
  /** Where an operator is, while it works on one pair at one step. */
  private pair: { step: number; rank: number } | undefined;

  /** @param teller the node that tells it, where `place` is not its own. */
  constructor(annotations: Annotations, place: Place, teller = place) {
    this.annotations = annotations;
    this.place = place;
    this.teller = teller;
  }

  /** What is told from now on is about this pair at this step. */
  ofPair(step: number, rank: number): void {
    this.pair ??= { step, rank };
    this.pair.step = step;
    this.pair.rank = rank;
  }

  mixedWithFloats(labels: Labels): void {
    this.warnOf('encountered a mix of histograms and floats for metric name', labels);
  }

  mixedInAggregation(): void {
    this.warn('encountered a mix of histograms and floats for aggregation');
  }

  mixedWithClassic(labels: Labels): void {
    this.warn(`vector contains a mix of classic and native histograms${ofMetric(labels)}`);
  }

  mixedSchemas(labels: Labels): void {
    this.warnOf(
      'vector contains a mix of histograms with exponential and custom buckets schemas for metric name',
      labels,
    );
  }

  notCounter(labels: Labels): void {
    this.warnOf('this native histogram metric is not a counter:', labels);
  }

  notGauge(labels: Labels): void {
    this.warnOf('this native histogram metric is not a gauge:', labels);
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
    this.info(`ignored histogram in ${op} aggregation`);
  }

  ignoredInRange(labels: Labels): void {
    const message = 'ignored histograms in a range containing both floats and histograms for metric name';
    this.info(`${message} ${quoted(labelValue(labels, METRIC_NAME))}`);
  }

  nanInQuantile(effect: 'result' | 'skew', labels: Labels): void {
    const consequence = effect === 'result' ? 'result is NaN' : 'result is skewed higher';
    this.info(`input to histogram_quantile has NaN observations, ${consequence}${ofMetric(labels)}`);
  }

  nanInFraction(labels: Labels): void {
    const consequence = 'which are excluded from all fractions';
    this.info(`input to histogram_fraction has NaN observations, ${consequence}${ofMetric(labels)}`);
  }

  private tell(kind: 'warning' | 'info', message: string): void {
    if (this.pair !== undefined)
      this.annotations.noteOfOperator(this.place, this.pair.step, { kind, message, rank: this.pair.rank });
    else if (kind === 'warning') this.warn(message);
    else this.info(message);
  }

  private warnOf(message: string, labels: Labels): void {
    this.warn(`${message} ${quoted(labelValue(labels, METRIC_NAME))}`);
  }

  private warn(message: string): void {
    this.annotations.warn(message, this.place, this.teller);
  }

  private info(message: string): void {
    this.annotations.info(message, this.place, this.teller);
  }
}
