import type { NativeHistogram } from '../../../shared/histogram/native.ts';

/** Rows of a group that can be packed. */
export interface UnpackedRows {
  /** Strictly ascending, at least one. */
  readonly times: Float64Array;
  readonly columnCount: number;
  /** Cells of a column, one for each time; valid until the next call. */
  cells(column: number): Float64Array;
  /** Native histogram samples by row; their cells hold a NaN. */
  histograms(column: number): ReadonlyMap<number, NativeHistogram> | undefined;
  /** Whether a column is the next bucket of the histogram that the column before it belongs to. */
  joinsBelow(column: number): boolean;
}
