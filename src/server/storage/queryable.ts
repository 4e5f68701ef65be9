/** The way out of a store: columns, group by group. Groups never show beyond the query engine. */
import type { Exemplar, Metadata } from '../../shared/model/metadata.ts';
import type { Labels } from '../../shared/model/labels.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { SeriesRef } from './appender.ts';

export interface SelectSpec {
  readonly matchers: readonly Matcher[];
  /** Both inclusive, milliseconds. */
  readonly minTime: number;
  readonly maxTime: number;
  /** What will be done with the samples; a store may use it to read less, never to answer differently. */
  readonly hints?: {
    readonly func?: string;
    readonly rangeMs?: number;
    readonly stepMs?: number;
    readonly by?: boolean;
    readonly grouping?: readonly string[];
  };
  /** Refuse with SelectLimitError once this many cells would be touched. */
  readonly maxSamples?: number;
}

/**
 * Series that share timestamps, with their cells in [minTime, maxTime]. Views on an
 * ArrayBuffer are made for this answer and belong to the asker, who may transfer them to another thread; views on shared memory stay the
 * store's, are not written again below the lengths given here, and are not to be written to. Structured-cloneable.
 */
export interface GroupColumns {
  /** Milliseconds, strictly ascending. Length n. */
  readonly times: Float64Array;
  readonly columns: readonly SeriesColumn[];
}

export interface SeriesColumn {
  readonly ref: SeriesRef;
  readonly labels: Labels;
  /** Length n; cells may carry gap or stale bits (`shared/model/sampleBits.ts`). */
  readonly values: Float64Array;
  /** Native histogram samples by row index, where the series has any. */
  readonly histograms?: ReadonlyMap<number, NativeHistogram>;
}

export interface TimeRange {
  readonly minTime: number;
  readonly maxTime: number;
}

/**
 * A series may appear in several of the groups that `select` returns (it moved between targets, or came by two ways); the reader merges them
 * by time, the earlier group in the answer standing where both have a sample at the same millisecond.
 */
export interface Queryable {
  select(spec: SelectSpec): Promise<readonly GroupColumns[]>;
  /** Label sets of the series with samples in the range that match any of the matcher sets; all series if there is none. Sorted. */
  series(matcherSets: readonly (readonly Matcher[])[], range: TimeRange): Promise<readonly Labels[]>;
  labelNames(matcherSets: readonly (readonly Matcher[])[], range: TimeRange): Promise<readonly string[]>;
  labelValues(name: string, matcherSets: readonly (readonly Matcher[])[], range: TimeRange): Promise<readonly string[]>;
  /** Metadata by metric family; several entries where targets disagree. */
  metadata(metric?: string): ReadonlyMap<string, readonly Metadata[]>;
  exemplars(
    matcherSets: readonly (readonly Matcher[])[],
    range: TimeRange,
  ): readonly { labels: Labels; exemplars: readonly Exemplar[] }[];
}

export class SelectLimitError extends Error {
  readonly code = 'query_too_many_samples';
  constructor(seen: number, limit: number) {
    super(
      `query touches ${seen} samples, over --query.max-samples=${limit}; shorten the range, add matchers, or raise the flag`,
    );
    this.name = 'SelectLimitError';
  }
}
