/** Reads rows of changes. Drawn in docs/wal.md, "Changes"; changeWriter.ts writes them. */
import { TruncatedError, type ByteReader } from '../../../shared/bytes/byteReader.ts';
import { setGap, setStale } from '../../../shared/model/sampleBits.ts';
import { unzigzag, wideAt, wordAt } from '../chunkenc/riceReader.ts';
import {
  beginRow,
  ESCAPE,
  ESCAPE_BITS,
  exponentOf,
  learn,
  learnRun,
  ONES_MAX,
  QUIET,
  SHORT_K_MAX,
  startColumn,
  WIDTH_BITS,
} from './changeModel.ts';
import { GONE, LogState, SIGNED } from './logState.ts';
import { move, NO_SCALE, unscaled } from './valueCodec.ts';

/** Bytes of zeros behind those of a record: what is read is seen in words. */
const PADDING = 16;

export class ChangeReader {
  #words = new Int32Array(256);
  /** In bits. */
  #at = 0;
  #runs = new Float64Array(64);
  #state = new LogState();
  #cells: Uint32Array = new Uint32Array(0);
  #weight = 1;
  /** Quiet cells until the next event, which is the one with this index. */
  #left = Infinity;
  #event = 0;

  /** Reads `count` cells, two words each, changes from `state`; the record ends at the reader's end. */
  read(input: ByteReader, state: LogState, cells: Uint32Array, count: number): void {
    this.#weight = beginRow(state, count);
    this.#state = state;
    this.#cells = cells;
    const bits = this.#load(input, count);
    this.#readCells(count);
    if (this.#at > bits) throw new TruncatedError(input.end);
  }

  /** What follows from `#cell` for most cells, without its other cases. */
  #readCells(count: number): void {
    const { means, meanWords, flags, scales, values, bits } = this.#state;
    const cells = this.#cells;
    const words = this.#words;
    const weight = this.#weight;
    let change = 0;
    let left = this.#left;
    let at = this.#at;
    for (let c = 0; c < count; c++) {
      const own = means[2 * c];
      const flag = flags[c];
      if (change === 0 && left > 0 && own < QUIET && flag < GONE) {
        left--;
        cells[2 * c] = bits[2 * c];
        cells[2 * c + 1] = bits[2 * c + 1];
        continue;
      }
      const growth = means[2 * c + 1];
      const isChained = growth < own;
      const isQuiet = (isChained ? growth : own) < QUIET;
      const isExpected = isQuiet && left > 0;
      const k = exponentOf(meanWords, isChained ? 2 * c + 1 : 2 * c) + flag;
      const ahead = wordAt(words, at);
      const quotient = 31 - Math.clz32(~ahead & (ahead + 1));
      if (scales[c] !== 0 || flag >= GONE || (!isExpected && (quotient >>> 0 >= ONES_MAX || k > SHORT_K_MAX))) {
        [this.#left, this.#at] = [left, at];
        change = this.#cell(c, change);
        [left, at] = [this.#left, this.#at];
        continue;
      }
      let residual = 0;
      if (isExpected) {
        left--;
      } else {
        if (isQuiet) left = this.#runs[++this.#event];
        const code = (quotient << k) + ((ahead >>> (quotient + 1)) & ((1 << k) - 1)) + (isQuiet ? 1 : 0);
        residual = flag === 0 ? code : (code >>> 1) ^ -(code & 1);
        at += quotient + 1 + k;
      }
      const delta = isChained ? residual + change : residual;
      values[c] += delta;
      means[2 * c] = own + (Math.abs(delta) - own) * weight;
      means[2 * c + 1] = growth + (Math.abs(delta - change) - growth) * weight;
      change = delta;
      cells[2 * c] = bits[2 * c];
      cells[2 * c + 1] = bits[2 * c + 1];
    }
    this.#at = at;
  }

  /** Reads the runs; gives how many bits there are. */
  #load(input: ByteReader, count: number): number {
    const events = input.done ? 0 : input.varint();
    if (events > count) throw new Error(`${events} events in ${count} cells`);
    const size = input.end - input.at;
    if (4 * this.#words.length < size + PADDING) this.#words = new Int32Array(size + PADDING);
    const bytes = new Uint8Array(this.#words.buffer);
    bytes.set(input.raw(size));
    bytes.fill(0, size, size + PADDING);
    if (this.#runs.length <= events) this.#runs = new Float64Array(2 * events);
    this.#at = 0;
    for (let i = 0; i < events; i++) this.#runs[i] = this.#run();
    this.#runs[events] = Infinity;
    this.#at = Math.ceil(this.#at / 8) * 8;
    this.#event = 0;
    this.#left = this.#runs[0];
    return 8 * size;
  }

  #run(): number {
    const k = exponentOf(this.#state.runWords, 0);
    const quotient = this.#ones();
    const length = quotient < ONES_MAX ? this.#code(quotient, k) : this.#wide(this.#wide(WIDTH_BITS));
    learnRun(this.#state, length);
    return length;
  }

  /** @returns the change that the next cell builds on */
  #cell(column: number, change: number): number {
    const state = this.#state;
    const { flags, means } = state;
    const isGone = flags[column] >= GONE;
    const isFloat = state.scales[column] === NO_SCALE;
    const mean = !isFloat && means[2 * column + 1] < means[2 * column] ? 2 * column + 1 : 2 * column;
    const isQuiet = isGone || means[mean] < QUIET;
    let residual = 0;
    let isEscaped = false;
    if (isQuiet && this.#left > 0) {
      this.#left--;
      if (isGone) {
        setGap(this.#cells, column);
        return change;
      }
    } else {
      if (isQuiet) this.#left = this.#runs[++this.#event];
      const quotient = this.#ones();
      if (quotient < ONES_MAX) {
        const signed = flags[column] & SIGNED;
        const code = this.#code(quotient, exponentOf(state.meanWords, mean) + signed) + (isQuiet ? 1 : 0);
        residual = signed === 0 ? code : unzigzag(code);
      } else {
        const what = this.#wide(ESCAPE_BITS);
        if (what >= ESCAPE.decimal) {
          this.#special(column, what);
          return change;
        }
        residual = unzigzag(this.#wide(what));
        isEscaped = true;
        if (residual < 0) flags[column] |= SIGNED;
      }
      flags[column] &= SIGNED;
    }
    const delta = mean % 2 === 1 ? residual + change : residual;
    if (delta !== 0) {
      if (isFloat) moveWords(state.bits, column, delta);
      else move(state, column, delta);
    }
    learn(means, column, delta, change, this.#weight, isEscaped);
    this.#give(column);
    return isFloat ? change : delta;
  }

  #special(column: number, what: number): void {
    const { flags, bits, values } = this.#state;
    if (what === ESCAPE.gap || what === ESCAPE.stale) {
      flags[column] |= GONE;
      return what === ESCAPE.gap ? setGap(this.#cells, column) : setStale(this.#cells, column);
    }
    if (what === ESCAPE.words) {
      bits[2 * column] = this.#wide(32);
      bits[2 * column + 1] = this.#wide(32);
      startColumn(this.#state, column, NO_SCALE);
    } else {
      const scale = what - ESCAPE.decimal;
      values[column] = unscaled(unzigzag(this.#wide(this.#wide(WIDTH_BITS))), scale);
      startColumn(this.#state, column, scale);
    }
    this.#give(column);
  }

  #give(column: number): void {
    const { bits } = this.#state;
    this.#cells[2 * column] = bits[2 * column];
    this.#cells[2 * column + 1] = bits[2 * column + 1];
  }

  /** Up to the first zero, which is passed, too; or as many as are no quotient. */
  #ones(): number {
    const ahead = wordAt(this.#words, this.#at);
    const ones = Math.min(ONES_MAX, (31 - Math.clz32(~ahead & (ahead + 1))) >>> 0);
    this.#at += ones < ONES_MAX ? ones + 1 : ONES_MAX;
    return ones;
  }

  #code(quotient: number, k: number): number {
    return k < 27 ? (quotient << k) + this.#wide(k) : quotient * 2 ** k + this.#wide(k);
  }

  #wide(width: number): number {
    const at = this.#at;
    this.#at += width;
    return wideAt(this.#words, at, width);
  }
}

/** Adds to the words of a column, as one integer. */
function moveWords(bits: Uint32Array, column: number, by: number): void {
  const low = bits[2 * column] + by;
  bits[2 * column] = low;
  bits[2 * column + 1] += Math.floor(low / 2 ** 32);
}
