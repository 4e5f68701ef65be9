/** Deleted samples in columns. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { bitsOf, CELL_GAP, cellKind, setGap } from '../../shared/model/sampleBits.ts';
import { firstNotBelow } from '../../shared/model/sortedNumbers.ts';
import type { DeletedRanges } from './tombstones.ts';

/** Makes gaps of the deleted cells. Gives whether any other is left. */
export function eraseCells(times: Float64Array, values: Float64Array, ranges: DeletedRanges): boolean {
  const bits = bitsOf(values);
  eraseRanges(times, bits, ranges);
  for (let i = 0; i < times.length; i++) if (cellKind(bits, i) !== CELL_GAP) return true;
  return false;
}

/** Makes gaps of the deleted cells. @param bits of the column's values. */
export function eraseRanges(times: Float64Array, bits: Uint32Array, ranges: DeletedRanges): void {
  for (const { minTime, maxTime } of ranges) {
    const end = firstNotBelow(times, maxTime + 1);
    for (let i = firstNotBelow(times, minTime); i < end; i++) setGap(bits, i);
  }
}

/** Takes the deleted samples out of the native histograms of a column, which are kept by row. */
export function eraseHistograms(
  times: Float64Array,
  histograms: Map<number, NativeHistogram>,
  ranges: DeletedRanges,
): void {
  for (const row of histograms.keys()) if (isDeleted(times[row], ranges)) histograms.delete(row);
}

export function isDeleted(t: number, ranges: DeletedRanges): boolean {
  return ranges.some(({ minTime, maxTime }) => t >= minTime && t <= maxTime);
}
