/** Columns as bytes, by the encoding that suits them. Drawn in docs/chunks.md, "Columns". */
import { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import { scaleDecimals } from './decimals.ts';
import { isSteady, type DenseColumn } from './denseColumn.ts';
import { encodeRun, INTEGER_MAX, planRun, RUN, type RunPlan } from './integerRun.ts';
import { writeStrideSummary } from './summary.ts';
import { encodeUlps, planUlps } from './ulpRun.ts';

export const ENCODING = {
  empty: 0,
  constant: 1,
  integers: 2,
  up: 3,
  down: 4,
  decimals: 5,
  ulps: 6,
  same: 7,
} as const;
export type EncodingName = keyof typeof ENCODING;

/** Flags beside the encoding; all of it is one byte. */
export const ENCODING_BITS = 15;
export const HAS_MARKS = 16;
export const RISING = 32;
export const STEADY = 64;

/** Samples of each stride: stride s of a column has samples [ends[s − 1], ends[s]). */
export type SampleEnds = Int32Array;

/** Used again for each column; more than this is given back. */
const PAYLOAD_KEPT_MAX = 1 << 20;
const payload = new ByteWriter(4096);
let quotients = new Float64Array(512);

/** What is written before a column's samples. `marks` is their number in the chunk's table, if the column has any. */
export function writeHead(out: ByteWriter, encoding: number, marks: number | undefined): void {
  out.u8(encoding | (marks === undefined ? 0 : HAS_MARKS));
  if (marks !== undefined) out.varint(marks);
}

/** A column that stands alone. `scratch` has room for its samples. */
export function writeAlone(
  out: ByteWriter,
  column: DenseColumn,
  ends: SampleEnds,
  marks: number | undefined,
  scratch: Float64Array,
): void {
  if (column.count === 0) return writeHead(out, ENCODING.empty, marks);
  if (column.integers) return writeIntegers(out, ENCODING.integers, column, column.values, ends, marks);
  if (column.constant) {
    writeHead(out, ENCODING.constant, marks);
    return out.words(column.bits[0], column.bits[1]);
  }
  const { kernel } = column;
  const decimals =
    kernel === undefined ? scaleDecimals(column.values, column.count, scratch) : kernel.scaleDecimals(column);
  if (decimals === undefined) return writeUlps(out, column, ends, marks);
  const start = out.length;
  writeHead(out, ENCODING.decimals | rising(column), marks);
  out.u8(decimals.exponent);
  out.varint(decimals.exceptions.length);
  let before = -1;
  for (const at of decimals.exceptions) {
    out.varint(at - before);
    out.words(column.bits[2 * at], column.bits[2 * at + 1]);
    before = at;
  }
  writeStrides(out, column, scratch, ends);
  // Many digits without order are noise: then their bits may be shorter.
  if (out.length - start > 4 * column.count) keepShorter(out, start, () => writeUlps(out, column, ends, marks));
}

/** Integers: those of the column, or what it has over a neighbour. */
export function writeIntegers(
  out: ByteWriter,
  encoding: number,
  column: DenseColumn,
  integers: Float64Array,
  ends: SampleEnds,
  marks: number | undefined,
): void {
  let steady = column.kernel?.isSteady(column, integers) ?? isSteady(integers, column.count);
  // A difference of falling counters is as good as any, but its summaries are not those of the column.
  steady &&= encoding === ENCODING.integers || column.rising;
  writeHead(out, encoding | rising(column) | (steady ? STEADY : 0), marks);
  if (steady) {
    out.zigzag(integers[0]);
    return out.zigzag(column.count > 1 ? integers[1] - integers[0] : 0);
  }
  writeStrides(out, column, integers, ends);
}

/** What each sample has over that of another column with the same marks, into `out`, which is the kernel's scratch where it has the columns; false where a difference is too large. */
export function subtract(column: DenseColumn, below: DenseColumn, out: Float64Array): boolean {
  if (column.kernel !== undefined) return column.kernel.subtract(column, below);
  for (let i = 0; i < column.count; i++) {
    const d = column.values[i] - below.values[i];
    if (d > INTEGER_MAX || d < -INTEGER_MAX) return false;
    out[i] = d;
  }
  return true;
}

function rising(column: DenseColumn): number {
  return column.rising ? RISING : 0;
}

/** Directory and codes of the strides of a column whose samples are written as `integers`, divided by what all their differences share. */
function writeStrides(out: ByteWriter, column: DenseColumn, integers: Float64Array, ends: SampleEnds): void {
  if (column.kernel !== undefined) return column.kernel.writeStrides(out, column, integers, ends);
  const divisor = commonDivisor(integers, column.count);
  out.varint(divisor);
  if (divisor > 1) {
    out.zigzag(integers[0]);
    integers = divided(integers, column.count, divisor);
  }
  payload.clear(PAYLOAD_KEPT_MAX);
  let lastBefore = 0;
  for (let s = 0, from = 0; s < ends.length; from = ends[s++]) {
    const to = ends[s];
    if (from === to) continue;
    const plan = planRun(integers, from, to);
    const codes = encodeRun(integers, from, to, plan);
    writeRunHead(out, plan, codes.byteLength, integers, from, to, lastBefore);
    lastBefore = integers[to - 1];
    if (!column.rising) writeStrideSummary(out, column.values, from, to);
    codes.writeTo(payload);
  }
  out.append(payload);
}

/** What they are over the first, divided; valid until the next call. */
function divided(integers: Float64Array, n: number, divisor: number): Float64Array {
  if (quotients.length < n) quotients = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) quotients[i] = (integers[i] - integers[0]) / divisor;
  return quotients;
}

function writeRunHead(
  out: ByteWriter,
  plan: RunPlan,
  size: number,
  integers: Float64Array,
  from: number,
  to: number,
  lastBefore: number,
): void {
  const { mode, k, gapK, min } = plan;
  const first = integers[from];
  const last = integers[to - 1];
  out.varint(mode + 8 * k);
  if (mode === RUN.sparseRising || mode === RUN.sparseZigzag) out.u8(gapK);
  if (mode !== RUN.steady) out.varint(size);
  out.zigzag(first - lastBefore);
  out.zigzag(last - first);
  if (mode === RUN.direct) out.varint(first - min);
}

function writeUlps(out: ByteWriter, column: DenseColumn, ends: SampleEnds, marks: number | undefined): void {
  writeHead(out, ENCODING.ulps | rising(column), marks);
  if (column.kernel !== undefined) return column.kernel.writeUlps(out, column, ends);
  payload.clear(PAYLOAD_KEPT_MAX);
  const { bits } = column;
  for (let s = 0, from = 0; s < ends.length; from = ends[s++]) {
    const to = ends[s];
    if (from === to) continue;
    const plan = planUlps(bits, from, to);
    const codes = encodeUlps(plan, to - from - 1);
    out.varint(plan.k * 4 + (plan.zigzag ? 2 : 0) + (plan.zeros ? 1 : 0));
    out.u8(plan.shift);
    out.varint(codes.byteLength);
    out.words(bits[2 * from], bits[2 * from + 1]);
    out.words(bits[2 * to - 2], bits[2 * to - 1]);
    if (!column.rising) writeStrideSummary(out, column.values, from, to);
    codes.writeTo(payload);
  }
  out.append(payload);
}

/** Writes another form after what begins at `start`, and keeps the shorter of the two. */
function keepShorter(out: ByteWriter, start: number, writeOther: () => void): void {
  const before = out.written.slice(start);
  out.length = start;
  writeOther();
  if (out.length - start <= before.length) return;
  out.length = start;
  out.raw(before);
}

/** What all differences from the first are multiples of; 1 where they are all alike. */
function commonDivisor(integers: Float64Array, n: number): number {
  let divisor = 0;
  for (let i = 1; i < n; i++) {
    let a = Math.abs(integers[i] - integers[i - 1]);
    while (a !== 0) [divisor, a] = [a, divisor % a];
    if (divisor === 1) return 1;
  }
  return Math.max(1, divisor);
}
