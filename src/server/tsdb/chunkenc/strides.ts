/**
 * Strides: the rows of a long chunk are cut where the clock is at a multiple of a span, so that a column can be read, or its summary
 * taken, for an hour alone. Drawn in docs/chunks.md, "Strides".
 */

/** A chunk of no more rows is one stride. */
export const STRIDE_ROWS_MAX = 360;
/** Milliseconds, each a multiple of the one before: steps of graphs are multiples of one of them. */
const SPANS = [60_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000];
const HOUR = 3_600_000;
/** An hour of fewer rows than this is too short for a stride of its own. */
const HOUR_ROWS_MIN = 30;

/** Where strides end: the row after the last one of each. A stride of span s has the times in (m·s, (m + 1)·s]. */
export function strideEndsOf(times: Float64Array): Int32Array {
  const rows = times.length;
  if (rows <= STRIDE_ROWS_MAX) return Int32Array.of(rows);
  const span = spanFor((times[rows - 1] - times[0]) / (rows - 1));
  const ends: number[] = [];
  let mark = Math.ceil(times[0] / span);
  for (let i = 1; i < rows; i++) {
    const next = Math.ceil(times[i] / span);
    if (next !== mark) ends.push(i);
    mark = next;
  }
  ends.push(rows);
  return Int32Array.from(ends);
}

/** The longest span, up to an hour, whose rows are not too many; more than an hour only where that has hardly any. */
function spanFor(stepMs: number): number {
  const longest = HOUR / stepMs < HOUR_ROWS_MIN ? Infinity : HOUR;
  let best = SPANS[0];
  for (const span of SPANS) if (span <= longest && span / stepMs <= STRIDE_ROWS_MAX) best = span;
  return best;
}

/** As that of `sortedNumbers.ts`, for one kind of array alone, with which it is quicker: it is called for each column. */
export function firstAbove(ascending: Int32Array, n: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle] <= n) low = middle + 1;
    else high = middle;
  }
  return low;
}
