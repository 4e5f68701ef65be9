/** What the targets page and the API may ask of retrieval. */
import type { Labels } from '../../shared/model/labels.ts';
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
}

export interface DroppedTarget {
  readonly scrapePool: string;
  readonly discoveredLabels: Labels;
}

export interface TargetsView {
  active(): readonly TargetStatus[];
  /** At most `keep_dropped_targets` a pool. */
  dropped(): readonly DroppedTarget[];
  /** What each rule of a pool's `relabel_configs` does with these labels; undefined if there is no such pool. */
  relabelSteps(scrapePool: string, labels: Labels): readonly RelabelStep[] | undefined;
}
