/**
 * What rows of changes expect, at both ends of the log. Drawn in docs/wal.md, "Changes".
 *
 * A column moves by about as much as in the rows before, or by about as much more than the column before it, as the buckets of a histogram do.
 * Which, and how much, is learnt from the rows themselves; where a column hardly ever does what is not expected, the cells until it does are
 * counted.
 */
import { MEAN_START, SIGNED, type LogState } from './logState.ts';
import { NO_SCALE } from './valueCodec.ts';

/** Where the mean is below this, a residual that is not 0 is an event. */
export const QUIET = 1 / 4;
/** So many ones are no quotient: the width of a number follows, or one of `ESCAPE`. */
export const ONES_MAX = 10;
/** With Rice parameters up to this a code is one short run of bits. */
export const SHORT_K_MAX = 31 - ONES_MAX;
export const ESCAPE_BITS = 7;
export const ESCAPE = { decimal: 64, gap: 80, stale: 81, words: 82 } as const;
export const WIDTH_BITS = 6;

/** Rows that a mean looks back on, once there were as many. */
const WINDOW = 8;
const RUN_START = 4;
const RUN_WEIGHT = 1 / 8;
/** What a float64 that is no decimal moves by, in units in the last place, before any move was seen. */
const FLOAT_START = 2 ** 40;
/** Growth that speaks for a histogram, as it does not follow from the first row by how much its buckets grow. */
const CHAINED_START = 1 / 2;
/** An escaped residual teaches no more than so many times the mean: for what stands out once the next rows are not to pay. */
const OUTLIER = 16;

/** Gives the weight of the row in the means. */
export function beginRow(state: LogState, count: number): number {
  state.reserve(count);
  if (state.rowsLearnt === 0) expectOf(state, count);
  return 1 / Math.min(++state.rowsLearnt + 1, WINDOW);
}

/** After the first row: columns with much the same values are likely to move alike. */
function expectOf({ values, scales, means, run }: LogState, count: number): void {
  run[0] = RUN_START;
  let before = 0;
  for (let c = 0; c < count; c++) {
    if (scales[c] === NO_SCALE) {
      means[2 * c] = FLOAT_START;
      continue;
    }
    const v = values[c];
    if (Math.abs(v - before) <= Math.abs(v) / 2) means[2 * c + 1] = CHAINED_START;
    before = v;
  }
}

/** @param change of the column before it */
export function learn(
  means: Float64Array,
  column: number,
  moved: number,
  change: number,
  weight: number,
  isEscaped: boolean,
): void {
  const own = means[2 * column];
  const growth = means[2 * column + 1];
  // A page that stays as it is costs next to nothing.
  if (moved === 0 && change === 0 && own < QUIET) return;
  let m = Math.abs(moved);
  let g = Math.abs(moved - change);
  if (isEscaped) {
    m = Math.min(m, OUTLIER * (own + 1));
    g = Math.min(g, OUTLIER * (growth + 1));
  }
  means[2 * column] = own + (m - own) * weight;
  means[2 * column + 1] = growth + (g - growth) * weight;
}

export function learnRun({ run }: LogState, length: number): void {
  run[0] += (length - run[0]) * RUN_WEIGHT;
}

/** A column whose values are integers times 10^-scale from here on, or any. */
export function startColumn({ scales, means, flags }: LogState, column: number, scale: number): void {
  scales[column] = scale;
  means[2 * column] = scale === NO_SCALE ? FLOAT_START : MEAN_START;
  means[2 * column + 1] = MEAN_START;
  flags[column] &= SIGNED;
}

/** The Rice parameter for numbers with a mean, of which `words` has the words: its base-2 logarithm, rounded down. */
export function exponentOf(words: Uint32Array, mean: number): number {
  return Math.max(0, (words[2 * mean + 1] >>> 20) - 1023);
}
