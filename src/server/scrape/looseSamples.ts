/** What a page holds that does not stand in its row: samples with a time of their own, native histograms, exemplars. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { Labels } from '../../shared/model/labels.ts';
import type { Exemplar } from '../../shared/model/metadata.ts';
import type { Appender, AppendOutcome } from '../storage/appender.ts';

/** A sample's own time may be this much ahead of the scrape, as upstream has it; one bogus clock must not push the store's newest time away. */
const AHEAD_MS_MAX = 600_000;
/** Runes in an exemplar's labels, names and values together, as OpenMetrics allows. */
const EXEMPLAR_RUNES_MAX = 128;

/** A sample outside the row, at its own time or the scrape's. */
export function appendLoose(
  appender: Appender,
  labels: Labels,
  { t, own }: { t: number; own: number },
  sample: NativeHistogram | number,
): AppendOutcome {
  if (own > t + AHEAD_MS_MAX) return 'outOfBounds';
  return typeof sample === 'number'
    ? appender.append(labels, own, sample)
    : appender.appendHistogram(labels, own, sample);
}

/** An exemplar of the page scraped at `t`; one with more in its labels than is allowed is left out, as one that is out of bounds. */
export function appendExemplar(appender: Appender, labels: Labels, exemplar: Exemplar, t: number): AppendOutcome {
  if (runesOf(exemplar.labels) > EXEMPLAR_RUNES_MAX) return 'outOfBounds';
  return appender.appendExemplar(labels, { ...exemplar, t: Math.min(exemplar.t ?? t, t + AHEAD_MS_MAX) });
}

function runesOf(labels: Labels): number {
  let runes = 0;
  for (const [name, value] of labels) runes += [...name].length + [...value].length;
  return runes;
}
