/** What a scrape says of itself: counts, and the samples made of them. */

/** Samples that the store refused, by why. */
export type Refusals = Readonly<Record<'outOfOrder' | 'outOfBounds' | 'tooOld' | 'duplicate', number>>;

export const NO_REFUSALS: Refusals = { outOfOrder: 0, outOfBounds: 0, tooOld: 0, duplicate: 0 };

export function withRefusal(refusals: Refusals, why: keyof Refusals, count = 1): Refusals {
  return { ...refusals, [why]: refusals[why] + count };
}

/** What came of a page. */
export interface PageCounts {
  readonly scraped: number;
  /** After metric relabelling. */
  readonly kept: number;
  /** Series that were not known before. */
  readonly added: number;
  /** Lines whose series stood on the page before; the first stands. */
  readonly duplicates: number;
  /** Samples that the store refused; those in `duplicates` are not among them. */
  readonly refused: Refusals;
  /** Exemplars that are older than their series' newest one. */
  readonly lateExemplars: number;
}

/** A report sample's name and value. */
export type Report = readonly (readonly [name: string, value: number])[];

/** Report samples in the order of upstream's documentation; the last three with `extra_scrape_metrics`. */
const REPORT_NAMES = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
  'scrape_timeout_seconds',
  'scrape_sample_limit',
  'scrape_body_size_bytes',
] as const;
const USUAL_NAMES: readonly string[] = REPORT_NAMES.slice(0, 5);
export const REPORT_NAMES_MAX = REPORT_NAMES.length;

export function reportNames(extraScrapeMetrics: boolean): readonly string[] {
  return extraScrapeMetrics ? REPORT_NAMES : USUAL_NAMES;
}
