/**
 * Values of a row as differences from the values before them, token by token. Drawn in docs/wal.md, "Values".
 *
 * A token is a varint; its two low bits say what it is. Repeating "the same change as the cell before" is cheapest, because an unchanged
 * page and the upper buckets of a histogram that grew are both just that.
 */
import type { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { isSmallInteger, type ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import { GAP_HIGH, GAP_LOW, STALE_HIGH, STALE_LOW } from '../../../shared/model/sampleBits.ts';

/** `n` cells that change by as much as the last integer change did. */
const REPEAT = 0;
/** One cell that changes by a zigzagged integer. */
const DELTA = 1;
/** One cell whose changed bytes follow. */
const XOR = 2;
/** `n` cells with the gap or the stale mark. */
const MARK = 3;

/** Larger changes are written as changed bytes, so that a token stays an exact number. */
const DELTA_MAX = 2 ** 45;

/** What both ends of the log know of a group's last logged values. A mark leaves the value before it in place. */
export class LogState {
  /** The log's epoch that these values belong to; in a newer one they start over. */
  epoch = -1;
  /** Records of this group so far. */
  sequence = 0;
  time = 0;
  values = new Float64Array(8);
  bits = new Uint32Array(this.values.buffer);

  /** Starts over, as at the first row of a segment. */
  reset(): void {
    this.time = 0;
    this.values.fill(0);
  }

  reserve(columns: number): void {
    if (columns <= this.values.length) return;
    const grown = new Float64Array(Math.max(columns, this.values.length * 2));
    grown.set(this.values);
    this.values = grown;
    this.bits = new Uint32Array(grown.buffer);
  }
}

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
  const last = state.values;
  const lastBits = state.bits;
  let change = 0;
  let runToken = REPEAT;
  let run = 0;
  for (let c = 0; c < count; c++) {
    const i = 2 * (from + c);
    const low = bits[i];
    const high = bits[i + 1];
    if (change === 0 && low === lastBits[2 * c] && high === lastBits[2 * c + 1]) {
      if (runToken !== REPEAT) {
        out.varint(run * 8 + runToken);
        run = 0;
        runToken = REPEAT;
      }
      run++;
      continue;
    }
    const v = values[from + c];
    const token = v === v ? REPEAT : markToken(low, high);
    if (token !== REPEAT) {
      if (runToken !== token) {
        flushRun(out, run, runToken);
        run = 0;
        runToken = token;
      }
      run++;
      continue;
    }
    const delta = integerChange(last[c], v, low === lastBits[2 * c] && high === lastBits[2 * c + 1]);
    if (delta === change && runToken === REPEAT) {
      run++;
    } else {
      flushRun(out, run, runToken);
      run = 0;
      runToken = REPEAT;
      if (delta === delta) {
        if (delta === change) run = 1;
        else out.varint((delta >= 0 ? 2 * delta : -2 * delta - 1) * 4 + DELTA);
        change = delta;
      } else {
        writeXor(out, low, high, lastBits[2 * c], lastBits[2 * c + 1]);
      }
    }
    lastBits[2 * c] = low;
    lastBits[2 * c + 1] = high;
  }
  // A trailing repeat is not written: a reader that finds the record's end repeats to the end of the row.
  if (runToken !== REPEAT) flushRun(out, run, runToken);
}

/** Reads `count` cells, two words each; the record ends at the reader's end. */
export function decodeRow(input: ByteReader, state: LogState, bits: Uint32Array, count: number): void {
  state.reserve(count);
  const last = state.values;
  const lastBits = state.bits;
  let change = 0;
  let c = 0;
  while (c < count) {
    const token = input.done ? (count - c) * 8 : input.varint();
    const kind = token % 4;
    if (kind === REPEAT || kind === MARK) {
      const end = Math.min(count, c + Math.floor(token / 8));
      if (end === c) throw new Error('a run of no cells');
      for (; c < end; c++) {
        if (kind === MARK) {
          setMark(bits, c, token % 8 === STALE_RUN);
          continue;
        }
        if (change !== 0) last[c] += change;
        bits[2 * c] = lastBits[2 * c];
        bits[2 * c + 1] = lastBits[2 * c + 1];
      }
      continue;
    }
    if (kind === DELTA) {
      change = unzigzag(Math.floor(token / 4));
      if (change !== 0) last[c] += change;
    } else {
      readXor(input, Math.floor(token / 4), lastBits, c);
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
  const { values, bits } = state;
  const before = values[column];
  const [lastLow, lastHigh] = [bits[i], bits[i + 1]];
  bits[i] = low;
  bits[i + 1] = high;
  const delta = integerChange(before, values[column], low === lastLow && high === lastHigh);
  if (delta === delta) out.varint((delta >= 0 ? 2 * delta : -2 * delta - 1) * 4 + DELTA);
  else writeXor(out, low, high, lastLow, lastHigh);
}

/** Reads one cell into the two words at `at`. */
export function decodeCell(input: ByteReader, state: LogState, column: number, words: Uint32Array, at: number): void {
  state.reserve(column + 1);
  const token = input.varint();
  const kind = token % 4;
  if (kind === MARK) return setMark(words, at, token % 8 === STALE_RUN);
  if (kind === REPEAT) throw new Error('a cell that repeats nothing');
  if (kind === XOR) readXor(input, Math.floor(token / 4), state.bits, column);
  else if (token !== DELTA) state.values[column] += unzigzag(Math.floor(token / 4));
  words[2 * at] = state.bits[2 * column];
  words[2 * at + 1] = state.bits[2 * column + 1];
}

// A run's token is its length times eight; bit 2 tells stale from gap.
const GAP_RUN = MARK;
const STALE_RUN = 4 + MARK;

function markToken(low: number, high: number): number {
  if (high === GAP_HIGH && low === GAP_LOW) return GAP_RUN;
  if (high === STALE_HIGH && low === STALE_LOW) return STALE_RUN;
  return REPEAT;
}

function setMark(bits: Uint32Array, i: number, stale: boolean): void {
  bits[2 * i] = stale ? STALE_LOW : GAP_LOW;
  bits[2 * i + 1] = stale ? STALE_HIGH : GAP_HIGH;
}

function flushRun(out: ByteWriter, run: number, token: number): void {
  if (run > 0) out.varint(run * 8 + token);
}

/** The change between two values where adding it gives the very bits of the second; else NaN. */
function integerChange(before: number, v: number, same: boolean): number {
  if (same) return 0;
  if (!isSmallInteger(v) || !isSmallInteger(before)) return NaN;
  const delta = v - before;
  return delta < DELTA_MAX && delta > -DELTA_MAX ? delta : NaN;
}

function unzigzag(n: number): number {
  return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
}

/** Token: zero bytes at the low end (3 bits), bytes that follow less one (3 bits); then those bytes, low first. */
function writeXor(out: ByteWriter, low: number, high: number, lastLow: number, lastHigh: number): void {
  const x = (low ^ lastLow) >>> 0;
  const y = (high ^ lastHigh) >>> 0;
  const byteAt = (i: number) => ((i < 4 ? x : y) >>> (8 * (i & 3))) & 255;
  let from = 0;
  let to = 7;
  while (from < 7 && byteAt(from) === 0) from++;
  while (to > from && byteAt(to) === 0) to--;
  out.varint((from * 8 + (to - from)) * 4 + XOR);
  for (let i = from; i <= to; i++) out.u8(byteAt(i));
}

function readXor(input: ByteReader, shape: number, lastBits: Uint32Array, column: number): void {
  const from = (shape >> 3) & 7;
  const to = Math.min(7, from + (shape & 7));
  for (let i = from; i <= to; i++) lastBits[2 * column + (i >> 2)] ^= input.u8() << (8 * (i & 3));
}
