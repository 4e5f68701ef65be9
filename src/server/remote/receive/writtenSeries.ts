/** What a request says of one series, and how it comes into a store: the same for both versions of remote write. */
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import { nativeFault } from '../../../shared/histogram/nativeFault.ts';
import { EXPONENTIAL_SCHEMA_MAX, reduceSchema } from '../../../shared/histogram/nativeSchema.ts';
import { METRIC_NAME, type Labels } from '../../../shared/model/labels.ts';
import type { Exemplar } from '../../../shared/model/metadata.ts';
import type { AppendOutcome, CellColumns, Refuse, SeriesPlace } from '../../storage/appender.ts';
import type { Intake } from './intake.ts';
import type { WireHistogram } from '../prompb.ts';

export interface WireSample {
  readonly t: number;
  /** The value by its two words. */
  readonly low: number;
  readonly high: number;
  /** When its series began, 0 where that is not said. Milliseconds. */
  readonly start: number;
}

export interface WrittenSeries {
  readonly labels: Labels;
  readonly samples: readonly WireSample[];
  readonly histograms: readonly WireHistogram[];
  readonly exemplars: readonly Exemplar[];
}

/** What became of a request. */
export class WriteOutcome {
  samples = 0;
  histograms = 0;
  exemplars = 0;
  /** Samples and histograms that the store refused. */
  readonly refused = new Map<AppendOutcome, number>();
  /** Samples and histograms of series without a metric name. */
  nameless = 0;
  /** What else is wrong, each told once. */
  readonly faults = new Set<string>();
  readonly refuse: Refuse = (outcome) => void this.refused.set(outcome, (this.refused.get(outcome) ?? 0) + 1);

  /** In words; empty where all was taken. */
  words(): string[] {
    const told = [...this.refused].map(([outcome, count]) => `${count} samples refused: ${OUTCOME_WORDS[outcome]}`);
    if (this.nameless > 0) told.push(`${this.nameless} samples refused: their series has no ${METRIC_NAME}`);
    return [...told, ...[...this.faults].slice(0, FAULTS_TOLD_MAX)];
  }
}

const FAULTS_TOLD_MAX = 10;
const OUTCOME_WORDS: Readonly<Record<AppendOutcome, string>> = {
  ok: 'taken',
  duplicate: 'another value stands for the same time',
  outOfOrder: 'older than the newest of their series',
  tooOld: 'older than the out-of-order window',
  outOfBounds: 'too far from now',
};

/**
 * Refused samples are counted and told, the rest is kept: a sender that resends them would be refused again.
 *
 * @returns where the series' samples went; undefined where it has none that were appended.
 */
export function appendSeries(series: WrittenSeries, intake: Intake, outcome: WriteOutcome): SeriesPlace | undefined {
  const { labels, samples, histograms, exemplars } = series;
  if (!labels.some(([name]) => name === METRIC_NAME)) {
    outcome.nameless += samples.length + histograms.length;
    return undefined;
  }
  const place = appendSamples(labels, samples, intake, outcome);
  for (const one of histograms) appendHistogram(labels, one, intake, outcome);
  for (const exemplar of exemplars) appendExemplar(labels, exemplar, intake, outcome);
  return place;
}

function appendSamples(
  labels: Labels,
  samples: readonly WireSample[],
  intake: Intake,
  outcome: WriteOutcome,
): SeriesPlace | undefined {
  const { appender, maxTime } = intake;
  const young = samples.filter(({ t }) => t <= maxTime);
  for (let i = young.length; i < samples.length; i++) outcome.refuse('outOfBounds');
  if (young.length === 0) return undefined;
  const place = appender.place(labels);
  const cells = cellsOf(young, place.column);
  const append = (from: number, to: number) =>
    (outcome.samples += appender.appendCells(place.group, cells, from, to, outcome.refuse));
  let from = 0;
  young.forEach((sample, i) => {
    if (!tellsStart(sample, intake)) return;
    append(from, i);
    appender.appendCreated(labels, sample.t, sample.start);
    from = i;
  });
  append(from, young.length);
  return place;
}

function cellsOf(samples: readonly WireSample[], column: number): CellColumns {
  return {
    columns: new Int32Array(samples.length).fill(column),
    times: Float64Array.from(samples, ({ t }) => t),
    bits: Uint32Array.from(samples.flatMap(({ low, high }) => [low, high])),
  };
}

/** Whether a zero belongs to the beginning of a sample's series. */
export const tellsStart = ({ t, start }: { readonly t: number; readonly start: number }, intake: Intake) =>
  intake.startZeros && start !== 0 && t <= intake.maxTime;

/** @returns whether it was taken. */
export function appendHistogram(labels: Labels, one: WireHistogram, intake: Intake, outcome: WriteOutcome): boolean {
  const { appender, maxTime } = intake;
  const { histogram, t, isWhole } = one;
  const fault = nativeFault(histogram, isWhole);
  if (fault !== undefined) {
    outcome.faults.add(fault);
    return false;
  }
  const ours = ourSchema(histogram);
  if (tellsStart(one, intake)) appender.appendCreatedHistogram(labels, t, one.start, ours);
  const became = t > maxTime ? 'outOfBounds' : appender.appendHistogram(labels, t, ours);
  if (became === 'ok') outcome.histograms++;
  else outcome.refuse(became);
  return became === 'ok';
}

const ourSchema = (h: NativeHistogram) =>
  h.schema > EXPONENTIAL_SCHEMA_MAX ? reduceSchema(h, EXPONENTIAL_SCHEMA_MAX) : h;

/** One that is there already is taken: senders send the same again. */
export function appendExemplar(labels: Labels, exemplar: Exemplar, intake: Intake, outcome: WriteOutcome): void {
  if ((exemplar.t ?? 0) > intake.maxTime) return void outcome.faults.add('an exemplar is too far from now');
  const became = intake.appender.appendExemplar(labels, exemplar);
  if (became === 'ok' || became === 'duplicate') outcome.exemplars++;
  else outcome.faults.add('an exemplar is older than the newest of its series');
}
