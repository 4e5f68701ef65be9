/** A series as the evaluator reads it. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { Labels } from '../../shared/model/labels.ts';

/**
 * The samples of one series. `times` may be shared by many series, and then windows over it are too.
 * No cell is a gap; cells are stale markers only where `isStale` says so.
 */
export interface SampledSeries {
  readonly labels: Labels;
  readonly times: Float64Array;
  /** Whether other series come with the same array. */
  readonly sharesTimes: boolean;
  readonly values: Float64Array;
  /** 1 where the cell ends the series; undefined where none does. */
  readonly stale: Uint8Array | undefined;
  readonly histograms: ReadonlyMap<number, NativeHistogram> | undefined;
  /** Whether it is known that no value is below the one before it. */
  readonly rises?: boolean;
}
