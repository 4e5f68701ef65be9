/** What the targets page and the API may ask of retrieval. */
import type { Labels } from '../../shared/model/labels.ts';
import type { Metadata } from '../../shared/model/metadata.ts';
import type { RelabelStep } from '../relabel/relabel.ts';

export interface TargetStatus {
  readonly scrapePool: string;
  readonly url: string;
  /** After relabelling, without `__` labels. */
  readonly labels: Labels;
  /** As discovered, `__` labels included. */
  readonly discoveredLabels: Labels;
  readonly health: 'up' | 'down' | 'unknown';
  /** '' if the last scrape went well; else what went wrong and, for a page that cannot be read, the line. */
  readonly lastError: string;
  /** Milliseconds; 0 before the first scrape. */
  readonly lastScrape: number;
  readonly lastDurationMs: number;
  readonly lastSamples: number;
  /** After decompression. */
  readonly lastBodyBytes: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** By metric family, as its pages say. */
  readonly metadata: ReadonlyMap<string, Metadata>;
}

export interface DroppedTarget {
  readonly scrapePool: string;
  readonly discoveredLabels: Labels;
}

export interface TargetsView {
  active(): readonly TargetStatus[];
  /** At most `keep_dropped_targets` a pool. */
  dropped(): readonly DroppedTarget[];
  /**
   * Scrapes the targets of a pool that have this URL now, out of their turn; their times of scraping stay. Resolves when that is stored.
   *
   * @returns how many there are.
   */
  scrapeNow(scrapePool: string, url: string): Promise<number>;
  /** What each rule of a pool's `relabel_configs` does with these labels; undefined if there is no such pool. */
  relabelSteps(scrapePool: string, labels: Labels): readonly RelabelStep[] | undefined;
}
