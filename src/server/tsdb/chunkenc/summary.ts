/** What a query may know of a column of a chunk without decoding it. Gaps and stale marks count for nothing. */
import type { ByteReader } from '../../../shared/bytes/byteReader.ts';
import type { ByteWriter } from '../../../shared/bytes/byteWriter.ts';

export interface Summary {
  /** Samples; the other fields are NaN when there is none. */
  readonly count: number;
  readonly first: number;
  readonly last: number;
  /** Added up in order of time. */
  readonly sum: number;
  /** Of the samples that are numbers. */
  readonly min: number;
  readonly max: number;
  /** Growth from first to last with every fall taken for a counter that began again at 0. */
  readonly increase: number;
}

const MIN_IS_FIRST = 1;
const MAX_IS_LAST = 2;
const INCREASE_IS_DIFFERENCE = 4;
/** Only the first value is written: all are like it. */
const ALL_ALIKE = 8;

export function summarize(values: Float64Array, n: number): Summary {
  if (n === 0) return { count: 0, first: NaN, last: NaN, sum: NaN, min: NaN, max: NaN, increase: NaN };
  let sum = 0;
  let min = NaN;
  let max = NaN;
  let resets = 0;
  for (let i = 0; i < n; i++) {
    const v = values[i];
    sum += v;
    if (!(v >= min)) min = v === v ? v : min;
    if (!(v <= max)) max = v === v ? v : max;
    if (i > 0 && v < values[i - 1]) resets += values[i - 1];
  }
  const [first, last] = [values[0], values[n - 1]];
  return { count: n, first, last, sum, min, max, increase: last - first + resets };
}

export function writeSummary(out: ByteWriter, s: Summary): void {
  out.varint(s.count);
  if (s.count === 0) return;
  if (s.min === s.max && s.increase === 0 && s.sum === repeatedSum(s.first, s.count)) {
    out.u8(ALL_ALIKE);
    return out.number(s.first);
  }
  const flags =
    (s.min === s.first ? MIN_IS_FIRST : 0) |
    (s.max === s.last ? MAX_IS_LAST : 0) |
    (s.increase === s.last - s.first ? INCREASE_IS_DIFFERENCE : 0);
  out.u8(flags);
  out.number(s.first);
  out.number(s.last);
  out.number(s.sum);
  if (!(flags & MIN_IS_FIRST)) out.number(s.min);
  if (!(flags & MAX_IS_LAST)) out.number(s.max);
  if (!(flags & INCREASE_IS_DIFFERENCE)) out.number(s.increase);
}

export function readSummary(input: ByteReader): Summary {
  const count = input.varint();
  if (count === 0) return summarize(new Float64Array(0), 0);
  const flags = input.u8();
  const first = input.number();
  if (flags & ALL_ALIKE) {
    return { count, first, last: first, sum: repeatedSum(first, count), min: first, max: first, increase: 0 };
  }
  const last = input.number();
  const sum = input.number();
  const min = flags & MIN_IS_FIRST ? first : input.number();
  const max = flags & MAX_IS_LAST ? last : input.number();
  return {
    count,
    first,
    last,
    sum,
    min,
    max,
    increase: flags & INCREASE_IS_DIFFERENCE ? last - first : input.number(),
  };
}

export function skipSummary(input: ByteReader): void {
  if (input.varint() === 0) return;
  const flags = input.u8();
  input.number();
  if (flags & ALL_ALIKE) return;
  const implied = (flags & 1) + ((flags >> 1) & 1) + ((flags >> 2) & 1);
  for (let left = 5 - implied; left > 0; left--) input.number();
}

function repeatedSum(v: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += v;
  return sum;
}
