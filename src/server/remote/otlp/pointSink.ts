/** Where points go: samples, histograms and exemplars into an appender, and what became of each point into an outcome. */
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import type { Appender } from '../../storage/appender.ts';
import { appendExemplar, appendHistogram, WriteOutcome } from '../receive/writtenSeries.ts';
import { exemplarOf } from './exemplarOf.ts';
import type { OtlpExemplar, Point } from './metrics.ts';

/** What became of a request. A point is refused when any sample of it is. */
export class OtlpOutcome extends WriteOutcome {
  points = 0;
  refusedPoints = 0;
}

export class PointSink {
  readonly outcome = new OtlpOutcome();
  readonly #appender: Appender;
  readonly #maxTime: number;
  #isRefused = false;

  /** @param maxTime what is after it is refused, milliseconds. */
  constructor(appender: Appender, maxTime: number) {
    this.#appender = appender;
    this.#maxTime = maxTime;
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

  number(labels: Labels, { t, isMissing }: Point, v: number): void {
    const append = () => (isMissing ? this.#appender.appendStale(labels, t) : this.#appender.append(labels, t, v));
    const became = t > this.#maxTime ? 'outOfBounds' : append();
    if (became === 'ok') this.outcome.samples++;
    else {
      this.#isRefused = true;
      this.outcome.refuse(became);
    }
  }

  native(labels: Labels, { t, start }: Point, histogram: NativeHistogram): void {
    const whole = { histogram, t, start, isWhole: true };
    if (!appendHistogram(labels, whole, this.#appender, this.#maxTime, this.outcome)) this.#isRefused = true;
  }

  exemplars(labels: Labels, exemplars: readonly OtlpExemplar[]): void {
    for (const exemplar of exemplars)
      appendExemplar(labels, exemplarOf(exemplar), this.#appender, this.#maxTime, this.outcome);
  }

  /** A sample of a series that nobody sent. Where it is late, one of the same value is there already. */
  derived(labels: Labels, t: number, v: number): void {
    if (t <= this.#maxTime) this.#appender.append(labels, t, v);
  }
}
