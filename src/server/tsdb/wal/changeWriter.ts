/** Writes rows of changes. Drawn in docs/wal.md, "Changes"; changeReader.ts reads them. */
import { BitWriter } from '../../../shared/bytes/bits.ts';
import type { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
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
import { deltaOf, GAP_RUN, markToken, NO_SCALE, REPEAT, scaled, scaleOf } from './valueCodec.ts';

const ALL_ONES = 2 ** ONES_MAX - 1;
/** By Rice parameter: what has no quotient any more. */
const CODES = Float64Array.from({ length: 64 }, (_, k) => ONES_MAX * 2 ** k);
const INVERSE_POWERS = Float64Array.from({ length: 64 }, (_, k) => 2 ** -k);
const FLOAT_MOVE_MAX = 2 ** 52;

export class ChangeWriter {
  readonly #runs = new BitWriter();
  readonly #codes = new BitWriter();
  #state = new LogState();
  #weight = 1;
  /** Quiet cells since the last event. */
  #run = 0;
  #events = 0;

  /** Writes `values[from, from + count)` as changes from `state`, which becomes these values; no byte where all is as expected. */
  write(out: ByteWriter, state: LogState, values: Float64Array, bits: Uint32Array, from: number, count: number): void {
    this.#weight = beginRow(state, count);
    this.#state = state;
    this.#runs.clear();
    this.#codes.clear();
    this.#run = this.#events = 0;
    this.#cells(values, bits, from, count);
    if (this.#events === 0 && this.#codes.bitLength === 0) return;
    out.varint(this.#events);
    if (this.#events > 0) out.raw(this.#runs.written);
    out.raw(this.#codes.written);
  }

  /** Most cells are integers, and most of these as they were, or a little more: what follows from `#cell`, without its other cases. */
  #cells(values: Float64Array, bits: Uint32Array, from: number, count: number): void {
    const { means, meanWords, flags, scales, values: lastValues, bits: last } = this.#state;
    const weight = this.#weight;
    const codes = this.#codes;
    let change = 0;
    let run = 0;
    for (let c = 0; c < count; c++) {
      const v = values[from + c];
      const before = lastValues[c];
      const own = means[2 * c];
      const flag = flags[c];
      const delta = v - before;
      const high = bits[2 * (from + c) + 1];
      const isSame = delta === 0 && (v !== 0 || high === last[2 * c + 1]);
      if (isSame && change === 0 && own < QUIET && flag < GONE) {
        run++;
        continue;
      }
      const growth = means[2 * c + 1];
      const grown = delta - change;
      const isChained = growth < own;
      const residual = isChained ? grown : delta;
      const isQuiet = (isChained ? growth : own) < QUIET;
      const k = exponentOf(meanWords, isChained ? 2 * c + 1 : 2 * c) + flag;
      const code = (flag === 0 ? residual : zigzag(residual)) - (isQuiet ? 1 : 0);
      // Zeros with a sign are floats.
      const isPlain =
        scales[c] === 0 && flag < GONE && delta === (delta | 0) && before + delta === v && (v !== 0 || high === 0);
      if (isPlain && isQuiet && residual === 0) {
        run++;
      } else if (isPlain && k <= SHORT_K_MAX && code >= 0 && code < CODES[k]) {
        if (isQuiet) {
          this.#event(run);
          run = 0;
        }
        writeCode(codes, code, k);
      } else {
        this.#run = run;
        change = this.#cell(c, v, bits[2 * (from + c)], high, change);
        run = this.#run;
        continue;
      }
      means[2 * c] = own + (Math.abs(delta) - own) * weight;
      means[2 * c + 1] = growth + (Math.abs(grown) - growth) * weight;
      lastValues[c] = v;
      change = delta;
    }
  }

  /** @returns the change that the next cell is compared with */
  #cell(column: number, v: number, low: number, high: number, change: number): number {
    const state = this.#state;
    const { flags, means, bits } = state;
    const isGone = flags[column] >= GONE;
    const isFloat = state.scales[column] === NO_SCALE;
    const mean = !isFloat && means[2 * column + 1] < means[2 * column] ? 2 * column + 1 : 2 * column;
    const isQuiet = isGone || means[mean] < QUIET;
    const mark = v === v ? REPEAT : markToken(low, high);
    if (mark !== REPEAT) {
      this.#mark(column, mark === GAP_RUN, isGone, isQuiet);
      return change;
    }
    const delta = isFloat ? moveOf(bits, column, low, high) : deltaOf(state, column, v, low, high);
    const residual = mean % 2 === 1 ? delta - change : delta;
    let isEscaped = false;
    if (isQuiet && residual === 0 && !isGone) {
      this.#run++;
    } else {
      if (isQuiet) this.#event(this.#run);
      if (delta !== delta) {
        this.#start(column, v, low, high);
        return change;
      }
      const signed = flags[column] & SIGNED;
      const k = exponentOf(state.meanWords, mean) + signed;
      const code = (signed === 0 ? residual : zigzag(residual)) - (isQuiet ? 1 : 0);
      isEscaped = isGone || code < 0 || code >= CODES[k];
      if (isEscaped) this.#escapeResidual(column, residual);
      else writeCode(this.#codes, code, k);
      flags[column] &= SIGNED;
    }
    learn(means, column, delta, change, this.#weight, isEscaped);
    bits[2 * column] = low;
    bits[2 * column + 1] = high;
    return isFloat ? change : delta;
  }

  #mark(column: number, isGap: boolean, isGone: boolean, isQuiet: boolean): void {
    if (isGap && isGone) {
      this.#run++;
      return;
    }
    if (isQuiet) this.#event(this.#run);
    this.#escape(isGap ? ESCAPE.gap : ESCAPE.stale);
    this.#state.flags[column] |= GONE;
  }

  /** After `run` quiet cells. */
  #event(run: number): void {
    const k = exponentOf(this.#state.runWords, 0);
    if (run < CODES[k]) {
      writeCode(this.#runs, run, k);
    } else {
      this.#runs.bits(ALL_ONES, ONES_MAX);
      writeWidth(this.#runs, run);
    }
    learnRun(this.#state, run);
    this.#run = 0;
    this.#events++;
  }

  #escape(what: number): void {
    this.#codes.bits(ALL_ONES | (what << ONES_MAX), ONES_MAX + ESCAPE_BITS);
  }

  #escapeResidual(column: number, residual: number): void {
    if (residual < 0) this.#state.flags[column] |= SIGNED;
    const code = zigzag(residual);
    const width = widthOf(code);
    this.#escape(width);
    this.#codes.wide(code, width);
  }

  /** A value that is no change of the last one. */
  #start(column: number, v: number, low: number, high: number): void {
    const scale = scaleOf(this.#state, column, v);
    if (scale === NO_SCALE) {
      this.#escape(ESCAPE.words);
      this.#codes.bits(low, 32);
      this.#codes.bits(high, 32);
    } else {
      this.#escape(ESCAPE.decimal + scale);
      writeWidth(this.#codes, zigzag(scaled(v, scale)));
    }
    startColumn(this.#state, column, scale);
    this.#state.bits[2 * column] = low;
    this.#state.bits[2 * column + 1] = high;
  }
}

/** A Rice code whose quotient is below ONES_MAX. */
function writeCode(out: BitWriter, code: number, k: number): void {
  if (k <= SHORT_K_MAX) {
    const ones = code >>> k;
    return out.bits(((code & ((1 << k) - 1)) << (ones + 1)) | ((1 << ones) - 1), ones + 1 + k);
  }
  const ones = Math.floor(code * INVERSE_POWERS[k]);
  out.bits((1 << ones) - 1, ones + 1);
  out.wide(code, k);
}

function writeWidth(out: BitWriter, n: number): void {
  const width = widthOf(n);
  out.bits(width, WIDTH_BITS);
  out.wide(n, width);
}

/** Bits of an integer in [0, 2^53). */
function widthOf(n: number): number {
  return n < 2 ** 32 ? 32 - Math.clz32(n) : 64 - Math.clz32(n / 2 ** 32);
}

function zigzag(n: number): number {
  return n >= 0 ? 2 * n : -2 * n - 1;
}

/** What the words of a column, as one integer, move by; NaN where that is too much. */
function moveOf(last: Uint32Array, column: number, low: number, high: number): number {
  const move = (high - last[2 * column + 1]) * 2 ** 32 + (low - last[2 * column]);
  return move < FLOAT_MOVE_MAX && move > -FLOAT_MOVE_MAX ? move : NaN;
}
