/**
 * Values of a row as differences from the values before them, token by token. Drawn in docs/wal.md, "Values".
 *
 * A token is a varint; its two low bits say what it is. Repeating "the same change as the cell before" is cheapest, because an unchanged
 * page and the upper buckets of a histogram that grew are both just that. Rows after a fresh one are shorter as bits: docs/decisions/043-log-in-bits.md.
 */
import type { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { isSmallInteger, type ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import { GAP_HIGH, GAP_LOW, STALE_HIGH, STALE_LOW } from '../../../shared/model/sampleBits.ts';
import { powerOf } from '../chunkenc/decimals.ts';
import { unzigzag } from '../chunkenc/riceReader.ts';
import { GONE, type LogState } from './logState.ts';

/** `n` cells that change by as much as the last change did; or by a little more, as the next buckets of a histogram do. */
export const REPEAT = 0;
/** One cell that changes by a zigzagged integer. */
const DELTA = 1;
/** One cell whose changed bytes follow; or one that is a decimal from here on. */
const XOR = 2;
/** `n` cells with the gap or the stale mark. */
const MARK = 3;

// Bit 2 of a run's token. Lengths are above it.
export const GAP_RUN = MARK;
const STALE_RUN = 4 + MARK;
const STEP_RUN = 4 + REPEAT;
/** A change that grows by at most this is a run of its own. */
const STEP_MAX = 4;

/** Larger changes are written as changed bytes, so that a token stays an exact number. */
const DELTA_MAX = 2 ** 45;
/** Shapes of changed bytes are below this; above it are scales. */
const SHAPES = 64;
/** More digits than this are noise more often than not. */
const SCALE_MAX = 9;
/** In place of a scale: the column is no decimal, and is not asked again before it starts over. Its changes between integers are such. */
export const NO_SCALE = 255;

const WORD = new Float64Array(1);
const WORDS = new Uint32Array(WORD.buffer);

/** Writes `values[from, from + count)` as changes from `state`, which becomes these values. */
export function encodeRow(
  out: ByteWriter,
  state: LogState,
  values: Float64Array,
  bits: Uint32Array,
  from: number,
  count: number,
): void {
  state.reserve(count);
  const lastBits = state.bits;
  let change = 0;
  let runToken = REPEAT;
  let run = 0;
  for (let c = 0; c < count; c++) {
    const i = 2 * (from + c);
    const low = bits[i];
    const high = bits[i + 1];
    const isSame = low === lastBits[2 * c] && high === lastBits[2 * c + 1];
    if (change === 0 && isSame) {
      if (runToken % 4 !== REPEAT) {
        endRun(out, run, runToken);
        run = 0;
        runToken = REPEAT;
      }
      run++;
      continue;
    }
    const v = values[from + c];
    const mark = v === v ? REPEAT : markToken(low, high);
    if (mark !== REPEAT) {
      if (runToken !== mark) {
        endRun(out, run, runToken);
        run = 0;
        runToken = mark;
      }
      run++;
      state.flags[c] = GONE;
      continue;
    }
    const delta = isSame ? 0 : changeOf(state, c, v);
    if (delta === change && runToken % 4 === REPEAT) {
      run++;
    } else {
      endRun(out, run, runToken);
      run = 0;
      runToken = REPEAT;
      if (delta === delta) {
        const growth = delta - change;
        if (growth >= 0 && growth <= STEP_MAX) {
          run = 1;
          if (growth > 0) runToken = STEP_RUN + 8 * (growth - 1);
        } else {
          writeDelta(out, delta);
        }
        change = delta;
      } else {
        writeOther(out, state, c, v, bits, i);
      }
    }
    lastBits[2 * c] = low;
    lastBits[2 * c + 1] = high;
  }
  // A trailing repeat is not written: a reader that finds the record's end repeats to the end of the row.
  if (runToken % 4 === MARK) endRun(out, run, runToken);
  else if (runToken !== REPEAT) endRun(out, 1, runToken);
}

/** Reads `count` cells, two words each; the record ends at the reader's end. */
export function decodeRow(input: ByteReader, state: LogState, bits: Uint32Array, count: number): void {
  state.reserve(count);
  const lastBits = state.bits;
  let change = 0;
  let c = 0;
  while (c < count) {
    const token = input.done ? (count - c) * 8 : input.varint();
    const kind = token % 4;
    if (kind === REPEAT || kind === MARK) {
      let length = Math.floor(token / 8);
      if (token % 8 === STEP_RUN) {
        change += (length % STEP_MAX) + 1;
        length = Math.floor(length / STEP_MAX) + 1;
      }
      const end = Math.min(count, c + length);
      if (end === c) throw new Error('a run of no cells');
      for (; c < end; c++) {
        if (kind === MARK) {
          setMark(bits, c, token % 8 === STALE_RUN);
          state.flags[c] = GONE;
          continue;
        }
        if (change !== 0) move(state, c, change);
        bits[2 * c] = lastBits[2 * c];
        bits[2 * c + 1] = lastBits[2 * c + 1];
      }
      continue;
    }
    if (kind === DELTA) {
      change = unzigzag(Math.floor(token / 4));
      if (change !== 0) move(state, c, change);
    } else {
      readOther(input, state, c, Math.floor(token / 4));
    }
    bits[2 * c] = lastBits[2 * c];
    bits[2 * c + 1] = lastBits[2 * c + 1];
    c++;
  }
}

/** One cell, outside rows. */
export function encodeCell(out: ByteWriter, state: LogState, column: number, low: number, high: number): void {
  state.reserve(column + 1);
  const mark = markToken(low, high);
  if (mark !== REPEAT) return out.varint(8 + mark);
  const i = 2 * column;
  const { bits } = state;
  WORDS[0] = low;
  WORDS[1] = high;
  const v = WORD[0];
  const delta = deltaOf(state, column, v, low, high);
  if (delta === delta) writeDelta(out, delta);
  else writeOther(out, state, column, v, WORDS, 0);
  bits[i] = low;
  bits[i + 1] = high;
}

/** Reads one cell into the two words at `at`. */
export function decodeCell(input: ByteReader, state: LogState, column: number, words: Uint32Array, at: number): void {
  state.reserve(column + 1);
  const token = input.varint();
  const kind = token % 4;
  if (kind === MARK) return setMark(words, at, token % 8 === STALE_RUN);
  if (kind === REPEAT) throw new Error('a cell that repeats nothing');
  if (kind === XOR) readOther(input, state, column, Math.floor(token / 4));
  else if (token !== DELTA) move(state, column, unzigzag(Math.floor(token / 4)));
  words[2 * at] = state.bits[2 * column];
  words[2 * at + 1] = state.bits[2 * column + 1];
}

export function markToken(low: number, high: number): number {
  if (high === GAP_HIGH && low === GAP_LOW) return GAP_RUN;
  if (high === STALE_HIGH && low === STALE_LOW) return STALE_RUN;
  return REPEAT;
}

function setMark(bits: Uint32Array, i: number, stale: boolean): void {
  bits[2 * i] = stale ? STALE_LOW : GAP_LOW;
  bits[2 * i + 1] = stale ? STALE_HIGH : GAP_HIGH;
}

function endRun(out: ByteWriter, run: number, token: number): void {
  if (run === 0) return;
  out.varint(token % 8 === STEP_RUN ? (run - 1) * 8 * STEP_MAX + token : run * 8 + token);
}

function writeDelta(out: ByteWriter, delta: number): void {
  out.varint((delta >= 0 ? 2 * delta : -2 * delta - 1) * 4 + DELTA);
}

export function deltaOf(state: LogState, column: number, v: number, low: number, high: number): number {
  const { bits } = state;
  return low === bits[2 * column] && high === bits[2 * column + 1] ? 0 : changeOf(state, column, v);
}

/** What a column's value changes by, in units of its scale, where adding it gives the very bits of `v`; else NaN. */
export function changeOf({ values, scales }: LogState, column: number, v: number): number {
  const before = values[column];
  const scale = scales[column];
  let delta: number;
  if (scale === 0 || scale === NO_SCALE) {
    if (!isSmallInteger(v) || !isSmallInteger(before)) return NaN;
    delta = v - before;
  } else {
    delta = scaled(v, scale) - Math.round(before * powerOf(scale));
  }
  return delta < DELTA_MAX && delta > -DELTA_MAX ? delta : NaN;
}

export function move({ values, scales }: LogState, column: number, change: number): void {
  const scale = scales[column];
  if (scale === 0 || scale === NO_SCALE) values[column] += change;
  else values[column] = unscaled(Math.round(values[column] * powerOf(scale)) + change, scale);
}

/** The integer n where v is n / 10^scale bit for bit; NaN where there is none. */
export function scaled(v: number, scale: number): number {
  const n = Math.round(v * powerOf(scale));
  return n / powerOf(scale) === v && n < DELTA_MAX && n > -DELTA_MAX && (n !== 0 || 1 / v > 0) ? n + 0 : NaN;
}

/** A value that is no change of the last one: the first of a decimal, else its changed bytes. Its two words are at `word` of `bits`. */
function writeOther(
  out: ByteWriter,
  state: LogState,
  column: number,
  v: number,
  bits: Uint32Array,
  word: number,
): void {
  const scale = (state.scales[column] = scaleOf(state, column, v));
  if (scale === NO_SCALE)
    return writeXor(out, bits[word] ^ state.bits[2 * column], bits[word + 1] ^ state.bits[2 * column + 1]);
  out.varint((SHAPES + scale) * 4 + XOR);
  out.zigzag(scaled(v, scale));
}

/** With which a value of a column is a decimal; NO_SCALE where there is none, or was none before. */
export function scaleOf({ scales }: LogState, column: number, v: number): number {
  if (scales[column] === NO_SCALE) return NO_SCALE;
  for (let scale = 0; scale <= SCALE_MAX; scale++) if (!Number.isNaN(scaled(v, scale))) return scale;
  return NO_SCALE;
}

export function unscaled(n: number, scale: number): number {
  return n / powerOf(scale);
}

function readOther(input: ByteReader, state: LogState, column: number, shape: number): void {
  state.scales[column] = shape < SHAPES ? NO_SCALE : shape - SHAPES;
  if (shape < SHAPES) readXor(input, shape, state.bits, column);
  else state.values[column] = unscaled(input.zigzag(), shape - SHAPES);
}

/** Token: zero bytes at the low end (3 bits), bytes that follow less one (3 bits); then those bytes, low first. `x` and `y`: what the words differ by. */
function writeXor(out: ByteWriter, x: number, y: number): void {
  let from = 0;
  let to = 7;
  while (from < 7 && byteOf(x, y, from) === 0) from++;
  while (to > from && byteOf(x, y, to) === 0) to--;
  out.varint((from * 8 + (to - from)) * 4 + XOR);
  for (let i = from; i <= to; i++) out.u8(byteOf(x, y, i));
}

const byteOf = (x: number, y: number, i: number) => ((i < 4 ? x : y) >>> (8 * (i & 3))) & 255;

function readXor(input: ByteReader, shape: number, lastBits: Uint32Array, column: number): void {
  const from = (shape >> 3) & 7;
  const to = Math.min(7, from + (shape & 7));
  for (let i = from; i <= to; i++) lastBits[2 * column + (i >> 2)] ^= input.u8() << (8 * (i & 3));
}
