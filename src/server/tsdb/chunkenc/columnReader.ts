/** Columns out of their bytes: the directory of a column's strides, its samples, its summaries. Drawn in docs/chunks.md, "Columns". */
import type { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { bitsOf } from '../../../shared/model/sampleBits.ts';
import { ENCODING, RISING, STEADY, type SampleEnds } from './columnWriter.ts';
import { firstAbove } from './strides.ts';
import { powerOf, unscaleDecimals } from './decimals.ts';
import { readRun, RUN, type RunHead } from './integerRun.ts';
import { completeSummary, NEVER_FALLS, readStrideSummary, type SummaryArrays } from './summary.ts';
import { readUlps } from './ulpRun.ts';

/** The head of a column's region; `input` stands behind it. */
export interface ColumnHead {
  readonly encoding: number;
  readonly flags: number;
  /** Number in the chunk's table of marks; -1 for none. */
  readonly marks: number;
  readonly input: ByteReader;
}

const WORDS = new Uint32Array(2);
const FLOAT = new Float64Array(WORDS.buffer);

/** Where the strides of the column read last are, and what their directory says. One for all: it is filled and used within a call. */
class StrideTable {
  mode = new Int32Array(16);
  k = new Int32Array(16);
  gapK = new Int32Array(16);
  /** First bit of the codes. */
  at = new Int32Array(16);
  first = new Float64Array(16);
  last = new Float64Array(16);
  min = new Float64Array(16);
  firstBits = bitsOf(this.first);
  lastBits = bitsOf(this.last);

  reserve(strides: number): void {
    if (strides <= this.mode.length) return;
    for (const name of ['mode', 'k', 'gapK', 'at'] as const) this[name] = new Int32Array(2 * strides);
    for (const name of ['first', 'last', 'min'] as const) this[name] = new Float64Array(2 * strides);
    [this.firstBits, this.lastBits] = [bitsOf(this.first), bitsOf(this.last)];
  }
}

const table = new StrideTable();
const run: RunHead = { mode: 0, k: 0, gapK: 0, min: 0, first: 0, last: 0 };

/**
 * Reads samples [begin, until) of a column that has samples of its own into `values`, each at its index among all of the column, and perhaps those of the
 * same stride before them; for `up` and `down` these are differences.
 */
export function readSamples(
  { encoding, flags, input }: ColumnHead,
  words: Int32Array,
  ends: SampleEnds,
  begin: number,
  until: number,
  values: Float64Array,
): void {
  if (encoding === ENCODING.empty || begin >= until) return;
  if (encoding === ENCODING.constant) return fillBits(bitsOf(values), input.u32(), input.u32(), begin, until);
  if (flags & STEADY) {
    const base = input.zigzag();
    const step = input.zigzag();
    if (step === 0) values.fill(base, begin, until);
    else for (let i = begin; i < until; i++) values[i] = base + i * step;
    return;
  }
  if (encoding === ENCODING.ulps) return readUlpStrides(input, words, flags, ends, begin, until, bitsOf(values));
  const exponent = encoding === ENCODING.decimals ? input.u8() : 0;
  const exceptions = encoding === ENCODING.decimals ? input.varint() : 0;
  const exceptionsAt = input.at;
  skipExceptions(input, exceptions);
  const divisor = input.varint();
  const base = divisor > 1 ? input.zigzag() : 0;
  readRunDirectory(input, flags, ends, undefined);
  for (let s = firstAbove(ends, begin), from = s > 0 ? ends[s - 1] : 0; from < until; from = ends[s++]) {
    if (from === ends[s]) continue;
    takeRun(s);
    readRun(words, table.at[s], run, values, from, ends[s], Math.min(ends[s], until));
  }
  if (divisor > 1) for (let i = begin; i < until; i++) values[i] = values[i] * divisor + base;
  if (exponent > 0) unscaleDecimals(values, begin, until, exponent);
  if (exceptions === 0) return;
  input.at = exceptionsAt;
  const bits = bitsOf(values);
  for (let left = exceptions, at = -1; left > 0; left--) {
    at += input.varint();
    const [low, high] = [input.u32(), input.u32()];
    if (at < begin || at >= until) continue;
    bits[2 * at] = low;
    bits[2 * at + 1] = high;
  }
}

/**
 * First and last of each stride, and what else its directory keeps. Of an `up` or `down` column first and last are differences, which the
 * caller adds up. Gives each stride's flags for `completeSummary`.
 */
export function readSummaries(
  { encoding, flags, input }: ColumnHead,
  ends: SampleEnds,
  out: SummaryArrays,
): Uint8Array {
  const kept = new Uint8Array(ends.length).fill(NEVER_FALLS);
  for (const numbers of [out.first, out.last, out.min, out.max, out.sum, out.resets]) numbers.fill(NaN);
  if (encoding === ENCODING.empty) return kept;
  if (encoding === ENCODING.constant) {
    fillBits(WORDS, input.u32(), input.u32(), 0, 1);
    eachStride(ends, (s) => (out.first[s] = out.last[s] = FLOAT[0]));
  } else if (flags & STEADY) {
    const [base, step] = [input.zigzag(), input.zigzag()];
    eachStride(ends, (s, from) => {
      out.first[s] = base + from * step;
      out.last[s] = base + (ends[s] - 1) * step;
    });
  } else if (encoding === ENCODING.ulps) {
    readUlpDirectory(input, flags, ends, { out, kept });
    eachStride(ends, (s) => ([out.first[s], out.last[s]] = [table.first[s], table.last[s]]));
  } else {
    readIntegerSummaries(encoding, flags, input, ends, out, kept);
  }
  eachStride(ends, (s) => {
    if (kept[s] === NEVER_FALLS) out.resets[s] = 0;
  });
  return kept;
}

/** Whether `addBounds` can read a column's first and last. */
export function hasIntegerBounds({ encoding }: ColumnHead): boolean {
  return encoding === ENCODING.integers || encoding === ENCODING.up || encoding === ENCODING.down;
}

/** Adds the integers that each stride of a column begins and ends with, times `sign`, to `first` and `last`. */
export function addBounds(
  { flags, input }: ColumnHead,
  ends: SampleEnds,
  sign: number,
  first: Float64Array,
  last: Float64Array,
): void {
  if (flags & STEADY) {
    const [base, step] = [input.zigzag(), input.zigzag()];
    for (let s = 0, from = 0; s < ends.length; from = ends[s++]) {
      first[s] += sign * (base + from * step);
      last[s] += sign * (base + (ends[s] - 1) * step);
    }
    return;
  }
  const divisor = input.varint();
  const base = divisor > 1 ? input.zigzag() : 0;
  let before = 0;
  for (let s = 0, from = 0; s < ends.length; from = ends[s++]) {
    if (from === ends[s]) continue;
    const mode = input.varint() & 7;
    if (mode === RUN.sparseRising || mode === RUN.sparseZigzag) input.u8();
    if (mode !== RUN.steady) input.varint();
    const begin = before + input.zigzag();
    const end = begin + input.zigzag();
    if (mode === RUN.direct) input.varint();
    if (!(flags & RISING)) readKept(input, undefined, s);
    first[s] += sign * (begin * divisor + base);
    last[s] += sign * (end * divisor + base);
    before = end;
  }
}

function readIntegerSummaries(
  encoding: number,
  flags: number,
  input: ByteReader,
  ends: SampleEnds,
  out: SummaryArrays,
  kept: Uint8Array,
): void {
  const exponent = encoding === ENCODING.decimals ? input.u8() : 0;
  const exceptions = encoding === ENCODING.decimals ? input.varint() : 0;
  const exceptionsAt = input.at;
  skipExceptions(input, exceptions);
  const divisor = input.varint();
  const base = divisor > 1 ? input.zigzag() : 0;
  const power = powerOf(exponent);
  readRunDirectory(input, flags, ends, { out, kept });
  eachStride(ends, (s) => {
    out.first[s] = (table.first[s] * divisor + base) / power;
    out.last[s] = (table.last[s] * divisor + base) / power;
  });
  input.at = exceptionsAt;
  for (let left = exceptions, at = -1; left > 0; left--) {
    at += input.varint();
    fillBits(WORDS, input.u32(), input.u32(), 0, 1);
    eachStride(ends, (s, from) => {
      if (at === from) out.first[s] = FLOAT[0];
      if (at === ends[s] - 1) out.last[s] = FLOAT[0];
    });
  }
}

interface SummarySink {
  readonly out: SummaryArrays;
  /** By stride: what `completeSummary` needs to know. */
  readonly kept: Uint8Array;
}

/** Fills `table` from the directory; afterwards the codes follow. */
function readRunDirectory(input: ByteReader, flags: number, ends: SampleEnds, sink: SummarySink | undefined): void {
  table.reserve(ends.length);
  let bits = 0;
  let lastBefore = 0;
  for (let s = 0, from = 0; s < ends.length; from = ends[s++]) {
    table.at[s] = bits;
    if (from === ends[s]) continue;
    const head = input.varint();
    const mode = head & 7;
    table.mode[s] = mode;
    table.k[s] = head >> 3;
    table.gapK[s] = mode === RUN.sparseRising || mode === RUN.sparseZigzag ? input.u8() : 0;
    if (mode !== RUN.steady) bits += 8 * input.varint();
    const first = lastBefore + input.zigzag();
    table.first[s] = first;
    table.last[s] = lastBefore = first + input.zigzag();
    table.min[s] = mode === RUN.direct ? first - input.varint() : 0;
    if (!(flags & RISING)) readKept(input, sink, s);
  }
  for (let s = 0; s < ends.length; s++) table.at[s] += 8 * input.at;
}

function readUlpDirectory(input: ByteReader, flags: number, ends: SampleEnds, sink: SummarySink | undefined): void {
  table.reserve(ends.length);
  let bits = 0;
  for (let s = 0, from = 0; s < ends.length; from = ends[s++]) {
    table.at[s] = bits;
    if (from === ends[s]) continue;
    table.k[s] = input.varint();
    table.gapK[s] = input.u8();
    bits += 8 * input.varint();
    fillBits(table.firstBits, input.u32(), input.u32(), s, s + 1);
    fillBits(table.lastBits, input.u32(), input.u32(), s, s + 1);
    if (!(flags & RISING)) readKept(input, sink, s);
  }
  for (let s = 0; s < ends.length; s++) table.at[s] += 8 * input.at;
}

/** Nowhere to put a summary that is only passed over. */
const PASSED_OVER: SummarySink = {
  out: {
    ...{ count: new Int32Array(1), firstRow: new Int32Array(1), lastRow: new Int32Array(1) },
    ...{ first: new Float64Array(1), last: new Float64Array(1), min: new Float64Array(1), max: new Float64Array(1) },
    ...{ sum: new Float64Array(1), resets: new Float64Array(1) },
  },
  kept: new Uint8Array(1),
};

function readKept(input: ByteReader, sink: SummarySink | undefined, s: number): void {
  if (sink === undefined) readStrideSummary(input, PASSED_OVER.out, 0);
  else sink.kept[s] = readStrideSummary(input, sink.out, s);
}

function readUlpStrides(
  input: ByteReader,
  words: Int32Array,
  flags: number,
  ends: SampleEnds,
  begin: number,
  until: number,
  bits: Uint32Array,
): void {
  readUlpDirectory(input, flags, ends, undefined);
  for (let s = firstAbove(ends, begin), from = s > 0 ? ends[s - 1] : 0; from < until; from = ends[s++]) {
    if (from === ends[s]) continue;
    bits[2 * from] = table.firstBits[2 * s];
    bits[2 * from + 1] = table.firstBits[2 * s + 1];
    const head = table.k[s];
    const plan = { k: head >> 2, zigzag: (head & 2) > 0, zeros: (head & 1) > 0, shift: table.gapK[s] };
    readUlps(words, table.at[s], plan, bits, from, Math.min(ends[s], until));
  }
}

function takeRun(s: number): void {
  run.mode = table.mode[s];
  run.k = table.k[s];
  run.gapK = table.gapK[s];
  run.min = table.min[s];
  run.first = table.first[s];
  run.last = table.last[s];
}

function skipExceptions(input: ByteReader, exceptions: number): void {
  for (let left = exceptions; left > 0; left--) {
    input.varint();
    input.raw(8);
  }
}

function fillBits(bits: Uint32Array, low: number, high: number, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    bits[2 * i] = low;
    bits[2 * i + 1] = high;
  }
}

/** Strides that have samples; `from` is the index of the first one. */
function eachStride(ends: SampleEnds, visit: (s: number, from: number) => void): void {
  for (let s = 0, from = 0; s < ends.length; from = ends[s++]) if (from < ends[s]) visit(s, from);
}

/** Min and max, now that first and last are those of the column. */
export function completeSummaries(head: ColumnHead, ends: SampleEnds, kept: Uint8Array, out: SummaryArrays): void {
  const neverRises = (head.flags & STEADY) > 0 && !(head.flags & RISING);
  eachStride(ends, (s) => {
    completeSummary(out, s, kept[s]);
    if (!neverRises || out.last[s] >= out.first[s]) return;
    [out.min[s], out.max[s], out.resets[s]] = [out.last[s], out.first[s], NaN];
  });
}
