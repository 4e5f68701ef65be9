/**
 * The times of a group's places as one array. Chunks that were laid out before keep their times as pieces of one buffer, of which the next query over
 * them gets a view: thirty days of fifty targets at 15 s are 69 MB of times, too many to be copied each time.
 *
 * ```
 * buffer:  chunk 1 | chunk 2 | … | chunk n | rows that are not packed yet | room for more of them
 * ```
 */
import type { PartSource } from './partSource.ts';

/** Rows [from, to) of a place, which go to `offset` of the whole. */
export interface TimesSlice {
  readonly source: PartSource;
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

/** Rows behind the last chunk that a buffer has room for. */
const TAIL_ROWS = 256;
/** Chunks are laid out as wholes where they have at most this many times the rows that were asked for. */
const WHOLE_MAX = 2;

/** How many numbers of a buffer are written; they stay as they are. */
const written = new WeakMap<ArrayBufferLike, number>();

/** @param slices in order of time. The result is not to be written to. */
export function timesInOrder(slices: readonly TimesSlice[], total: number): Float64Array {
  if (slices.length === 1) {
    const { source, from } = slices[0];
    return viewOn(source.times.buffer, source.times.byteOffset / 8 + from, total);
  }
  return viewOf(slices, total) ?? copyOf(slices, total);
}

function copyOf(slices: readonly TimesSlice[], total: number): Float64Array {
  const all = new Float64Array(total);
  for (const { source, from, to, offset } of slices) all.set(source.times.subarray(from, to), offset);
  return all;
}

/** Undefined where the slices are not chunks that follow each other, with unpacked rows behind them at most. */
function viewOf(slices: readonly TimesSlice[], total: number): Float64Array | undefined {
  const last = slices[slices.length - 1];
  const tail = last.source.packed === undefined ? last : undefined;
  const chunks = tail === undefined ? slices : slices.slice(0, -1);
  let whole = 0;
  for (let i = 0; i < slices.length; i++) {
    const { source, from, to } = slices[i];
    if ((i > 0 && from > 0) || (i < slices.length - 1 && to < source.times.length)) return undefined;
    if (slices[i] === tail) continue;
    if (source.packed === undefined) return undefined;
    whole += source.times.length;
  }
  if (whole > WHOLE_MAX * total) return undefined;
  if (!lieTogether(chunks)) putTogether(chunks, whole);
  const { buffer, byteOffset } = timesOf(chunks[0]);
  const start = byteOffset / 8 + chunks[0].from;
  if (tail !== undefined && !writeTail(buffer, start + tail.offset, tail.source.times.subarray(0, tail.to)))
    return undefined;
  return viewOn(buffer, start, total);
}

/** By their buffer. */
const lastViews = new WeakMap<ArrayBufferLike, Float64Array>();

/** The same array for those who ask for the same times one after the other: what is worked out of them is known by it. */
function viewOn(buffer: ArrayBufferLike, start: number, count: number): Float64Array {
  const last = lastViews.get(buffer);
  if (last?.byteOffset === 8 * start && last.length === count) return last;
  const view = new Float64Array(buffer, 8 * start, count);
  lastViews.set(buffer, view);
  return view;
}

/** As they are by now: another group of the query may have moved them. */
const timesOf = ({ source }: TimesSlice) => source.packed!.chunk.times;

function lieTogether(chunks: readonly TimesSlice[]): boolean {
  for (let i = 1; i < chunks.length; i++) {
    const [before, own] = [timesOf(chunks[i - 1]), timesOf(chunks[i])];
    if (own.buffer !== before.buffer || own.byteOffset !== before.byteOffset + before.byteLength) return false;
  }
  return true;
}

function putTogether(chunks: readonly TimesSlice[], whole: number): void {
  const buffer = new ArrayBuffer(8 * (whole + TAIL_ROWS));
  let place = 0;
  for (const slice of chunks) {
    const old = timesOf(slice);
    const piece = new Float64Array(buffer, 8 * place, old.length);
    piece.set(old);
    slice.source.packed!.chunk.moveTimes(piece);
    place += old.length;
  }
  written.set(buffer, whole);
}

/** Puts times at a place of a buffer, where those before are there already; false where others are, or there is no room. */
function writeTail(buffer: ArrayBufferLike, place: number, times: Float64Array): boolean {
  const end = place + times.length;
  const known = written.get(buffer) ?? 0;
  if (place > known || 8 * end > buffer.byteLength) return false;
  const all = new Float64Array(buffer);
  for (let i = place; i < Math.min(end, known); i++) if (all[i] !== times[i - place]) return false;
  if (end > known) {
    all.set(times.subarray(known - place), known);
    written.set(buffer, end);
  }
  return true;
}
