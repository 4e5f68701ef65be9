/** What a query can know of a column without decoding it. Gaps and stale marks count for nothing. */
import type { ByteReader } from '../../../shared/bytes/byteReader.ts';
import type { ByteWriter } from '../../../shared/bytes/byteWriter.ts';

/**
 * Summaries of a column, one for each stride of its chunk (or one, over all of them). NaN where there is no sample, and where a field is not
 * kept: then the samples must be asked. Views; valid until the next call for this chunk.
 */
export interface Summaries {
  /** Samples. */
  readonly count: Int32Array;
  /** Rows of the first and the last sample, in the chunk; -1 where there is none. */
  readonly firstRow: Int32Array;
  readonly lastRow: Int32Array;
  readonly first: Float64Array;
  readonly last: Float64Array;
  /** Of the samples that are numbers. Always there for a column that never falls. */
  readonly min: Float64Array;
  readonly max: Float64Array;
  /** Of the samples, compensated (Neumaier); not kept for columns that never fall. */
  readonly sum: Float64Array;
  /**
   * The samples before every fall, added up: with them a counter's increase is last − first + resets. 0 where nothing falls and only there, so
   * always for a column that never does.
   */
  readonly resets: Float64Array;
}

export type SummaryArrays = Summaries;

export function makeSummaries(strides: number): SummaryArrays {
  const numbers = () => new Float64Array(strides).fill(NaN);
  return {
    count: new Int32Array(strides),
    firstRow: new Int32Array(strides).fill(-1),
    lastRow: new Int32Array(strides).fill(-1),
    first: numbers(),
    last: numbers(),
    min: numbers(),
    max: numbers(),
    sum: numbers(),
    resets: numbers(),
  };
}

export const HAS_RESETS = 1;
export const RESETS_KNOWN = 2;
export const HAS_VALUES = 4;
/** With more falls than one sample in this many the column is a gauge, whose increase nobody asks for. */
export const FALLS_SHARE = 8;

/** Of a stride of a column that falls somewhere: its resets, smallest, largest and sum. First and last are told elsewhere. */
export function writeStrideSummary(out: ByteWriter, values: Float64Array, from: number, to: number): void {
  let [min, max, sum, lost, resets, falls] = [NaN, NaN, 0, 0, 0, 0];
  for (let i = from; i < to; i++) {
    const v = values[i];
    if (!(v >= min)) min = v === v ? v : min;
    if (!(v <= max)) max = v === v ? v : max;
    const next = sum + v;
    lost += Math.abs(sum) >= Math.abs(v) ? sum - next + v : v - next + sum;
    sum = next;
    if (i > from && v < values[i - 1]) {
      resets += values[i - 1];
      falls++;
    }
  }
  const known = falls * FALLS_SHARE <= to - from && Number.isFinite(sum);
  const isRising = falls === 0 && min === values[from] && max === values[to - 1];
  out.u8((known ? RESETS_KNOWN : 0) | (known && falls > 0 ? HAS_RESETS : 0) | (isRising ? 0 : HAS_VALUES));
  if (known && falls > 0) out.number(resets);
  if (!isRising) {
    out.number(min);
    out.number(max);
  }
  // One NaN is as good as another, and written alike everywhere.
  out.number(Number.isFinite(sum) ? sum + lost : sum === sum ? sum : NaN);
}

/**
 * Reads what is kept of stride `s` of a column that falls somewhere; `completeSummary` goes on when its first and last are known.
 * Gives the flags.
 */
export function readStrideSummary(input: ByteReader, out: SummaryArrays, s: number): number {
  const flags = input.u8();
  const resets = flags & HAS_RESETS ? input.number() || NaN : 0;
  out.resets[s] = flags & RESETS_KNOWN ? resets : NaN;
  if (flags & HAS_VALUES) {
    out.min[s] = input.number();
    out.max[s] = input.number();
  }
  out.sum[s] = input.number();
  return flags;
}

export function completeSummary(out: SummaryArrays, s: number, flags: number): void {
  if (flags & HAS_VALUES) return;
  out.min[s] = out.first[s];
  out.max[s] = out.last[s];
}

/** What follows from first and last where nothing ever falls. */
export const NEVER_FALLS = RESETS_KNOWN;
