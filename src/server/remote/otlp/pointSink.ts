/** Where points go: samples, histograms and exemplars into an appender, and what became of each point into an outcome. */
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import { labelValue, METRIC_NAME, type Labels } from '../../../shared/model/labels.ts';
import type { Metadata } from '../../../shared/model/metadata.ts';
import { keepMetadata, type Intake } from '../receive/intake.ts';
import { appendExemplar, appendHistogram, tellsStart, WriteOutcome } from '../receive/writtenSeries.ts';
import { exemplarOf } from './exemplarOf.ts';
import type { OtlpExemplar, Point } from './metrics.ts';
import type { TargetInfo } from './targetInfo.ts';

/** What became of a request. A point is refused when any sample of it is. */
export class OtlpOutcome extends WriteOutcome {
  points = 0;
  refusedPoints = 0;
}

const TARGET_INFO: Metadata = { type: 'gauge', help: 'Target metadata', unit: '' };

export class PointSink {
  readonly outcome = new OtlpOutcome();
  readonly #intake: Intake;
  #isRefused = false;

  constructor(intake: Intake) {
    this.#intake = intake;
  }

  /** What `append` appends is of this metric; where any of it is taken, its metadata is kept. */
  metric(name: string, metadata: Metadata, append: () => void): void {
    const before = this.outcome.samples + this.outcome.histograms;
    append();
    if (this.outcome.samples + this.outcome.histograms > before) keepMetadata(this.#intake, name, metadata);
  }

  /** All that one point becomes is appended by `append`. */
  point(append: () => void): void {
    this.#isRefused = false;
    append();
    this.outcome.points++;
    if (this.#isRefused) this.outcome.refusedPoints++;
  }

  /** Points that never came to be samples. */
  refuse(points: number, why: string): void {
    this.outcome.points += points;
    this.outcome.refusedPoints += points;
    this.outcome.faults.add(why);
  }

  warn(why: string): void {
    this.outcome.faults.add(why);
  }

  number(labels: Labels, point: Point, v: number): void {
    if (tellsStart(point, this.#intake)) this.#intake.appender.appendCreated(labels, point.t, point.start);
    this.#value(labels, point, v);
  }

  #value(labels: Labels, { t, isMissing }: Point, v: number): void {
    const { appender, maxTime } = this.#intake;
    const append = () => (isMissing ? appender.appendStale(labels, t) : appender.append(labels, t, v));
    const became = t > maxTime ? 'outOfBounds' : append();
    if (became === 'ok') this.outcome.samples++;
    else {
      this.#isRefused = true;
      this.outcome.refuse(became);
    }
  }

  native(labels: Labels, point: Point, histogram: NativeHistogram): void {
    const { t, start, isMissing } = point;
    if (isMissing) {
      if (tellsStart(point, this.#intake)) this.#intake.appender.appendCreatedHistogram(labels, t, start, histogram);
      return this.#value(labels, point, 0);
    }
    const whole = { histogram, t, start, isWhole: true };
    if (!appendHistogram(labels, whole, this.#intake, this.outcome)) this.#isRefused = true;
  }

  exemplars(labels: Labels, exemplars: readonly OtlpExemplar[]): void {
    for (const exemplar of exemplars) appendExemplar(labels, exemplarOf(exemplar), this.#intake, this.outcome);
  }

  /** Samples of a series that nobody sent. Where one is late, one of the same value is there already. */
  targetInfo({ labels, times }: TargetInfo): void {
    const { appender, maxTime } = this.#intake;
    const taken = times.filter((t) => t <= maxTime && appender.append(labels, t, 1) === 'ok');
    if (taken.length > 0) keepMetadata(this.#intake, labelValue(labels, METRIC_NAME), TARGET_INFO);
  }
}
