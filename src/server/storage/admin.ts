/** What an operator may ask of a store. */
import type { Matcher } from '../../shared/model/matchers.ts';
import type { TimeRange } from './queryable.ts';

/** A stretch of time in files of its own. */
export interface BlockSummary {
  readonly number: number;
  /** Numbers of blocks that became part of it. */
  readonly replaces: readonly number[];
  /** Milliseconds, both inclusive. */
  readonly minTime: number;
  readonly maxTime: number;
  readonly seriesCount: number;
  readonly chunkCount: number;
  readonly bytes: number;
  /** Of its layout. */
  readonly version: number;
}

export interface StoreAdmin {
  /** Oldest first. */
  blocks(): readonly BlockSummary[];
  /**
   * Deletes the samples in the range that are there now, of the series that any of the matcher sets accepts. Resolves when that is on disk.
   * Queries do not see them from then on; their bytes go when blocks are merged or cleaned. What arrives later stays.
   */
  deleteSeries(matcherSets: readonly (readonly Matcher[])[], range: TimeRange): Promise<void>;
  /** Takes the bytes of deleted samples out of the blocks. */
  cleanTombstones(): Promise<void>;
  /**
   * Makes a folder below `snapshots/` in the data folder that can be opened as a data folder, and gives its name.
   *
   * @param options.skipHead leave out what is not in a block yet; else it becomes one first.
   */
  snapshot(options?: { skipHead?: boolean }): Promise<string>;
}
