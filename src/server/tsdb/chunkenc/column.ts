/** One column of a chunk: which cells are samples, and the samples by the encoding that suits them. Drawn in docs/chunks.md. */
import type { ByteReader } from '../../../shared/bytes/byteReader.ts';
import type { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import {
  bitsOf,
  CELL_GAP,
  CELL_SAMPLE,
  CELL_STALE,
  cellKind,
  setGap,
  setStale,
} from '../../../shared/model/sampleBits.ts';
import { readXor, scaleDecimals, unscaleDecimals, writeXor } from './floats.ts';
import { INTEGER_MAX, planIntegers, readIntegers, writeIntegers } from './integers.ts';

export const ENCODING = { empty: 0, constant: 1, integers: 2, below: 3, decimals: 4, xor: 5 } as const;
export type EncodingName = keyof typeof ENCODING;
const HAS_MARKS = 8;

/** The samples of a column without its marks, and where the marks are. */
export class DenseColumn {
  /** Rows: CELL_SAMPLE, CELL_GAP or CELL_STALE. */
  readonly kinds: Uint8Array;
  readonly values: Float64Array;
  readonly bits: Uint32Array;
  count = 0;
  integers = false;

  constructor(rows: number) {
    this.kinds = new Uint8Array(rows);
    this.values = new Float64Array(rows);
    this.bits = bitsOf(this.values);
  }

  /** Takes the cells of a column apart. */
  load(cells: Float64Array): void {
    const cellBits = bitsOf(cells);
    let n = 0;
    let integers = true;
    for (let i = 0; i < this.kinds.length; i++) {
      const v = cells[i];
      const kind = v === v ? CELL_SAMPLE : cellKind(cellBits, i);
      this.kinds[i] = kind;
      if (kind !== CELL_SAMPLE) continue;
      this.bits[2 * n] = cellBits[2 * i];
      this.bits[2 * n + 1] = cellBits[2 * i + 1];
      n++;
      integers &&= v === Math.floor(v) && v <= INTEGER_MAX && v >= -INTEGER_MAX && (v !== 0 || 1 / v > 0);
    }
    this.count = n;
    this.integers = integers && n > 0;
  }

  /** Puts the cells together again. */
  store(cells: Float64Array): void {
    if (this.count === this.kinds.length) {
      cells.set(this.values);
      return;
    }
    const cellBits = bitsOf(cells);
    let n = 0;
    for (let i = 0; i < this.kinds.length; i++) {
      if (this.kinds[i] === CELL_GAP) setGap(cellBits, i);
      else if (this.kinds[i] === CELL_STALE) setStale(cellBits, i);
      else {
        cellBits[2 * i] = this.bits[2 * n];
        cellBits[2 * i + 1] = this.bits[2 * n + 1];
        n++;
      }
    }
  }

  hasMarksOf(other: DenseColumn): boolean {
    if (this.count !== other.count) return false;
    for (let i = 0; i < this.kinds.length; i++) if (this.kinds[i] !== other.kinds[i]) return false;
    return true;
  }
}

/**
 * @param below the column below, where this one may be written as what it adds to that: a histogram's next smaller bucket.
 * @param scratch as many numbers as there are rows.
 */
export function writeColumn(
  out: ByteWriter,
  column: DenseColumn,
  below: DenseColumn | undefined,
  scratch: Float64Array,
): void {
  const n = column.count;
  const marks = n < column.kinds.length;
  const head = (encoding: number) => {
    out.u8(encoding + (marks ? HAS_MARKS : 0));
    if (marks) writeMarks(out, column.kinds);
  };
  if (n === 0) return head(ENCODING.empty);
  // Integers that do not change are a steady run of their own, shorter than eight bytes.
  if (!column.integers && isConstant(column)) {
    head(ENCODING.constant);
    return out.words(column.bits[0], column.bits[1]);
  }
  if (column.integers) {
    const plan = planIntegers(column.values, n);
    if (below !== undefined && subtractBelow(column, below, scratch)) {
      const belowPlan = planIntegers(scratch, n);
      if (belowPlan.sizeBits < plan.sizeBits) {
        head(ENCODING.below);
        return writeIntegers(out, scratch, n, belowPlan);
      }
    }
    head(ENCODING.integers);
    return writeIntegers(out, column.values, n, plan);
  }
  const exponent = scaleDecimals(column.values, n, scratch);
  if (exponent >= 0) {
    head(ENCODING.decimals);
    out.u8(exponent);
    return writeIntegers(out, scratch, n, planIntegers(scratch, n));
  }
  head(ENCODING.xor);
  writeXor(out, column.bits, n);
}

export function isBelow(bytes: Uint8Array, at: number): boolean {
  return (bytes[at] & 7) === ENCODING.below;
}

/** @param below the column below, decoded; needed where isBelow says so. */
export function readColumn(input: ByteReader, column: DenseColumn, below: DenseColumn | undefined): void {
  const head = input.u8();
  if (head & HAS_MARKS) readMarks(input, column.kinds);
  else column.kinds.fill(CELL_SAMPLE);
  const n = (column.count = head & HAS_MARKS ? countSamples(column.kinds) : column.kinds.length);
  const encoding = head & 7;
  if (encoding === ENCODING.constant) {
    const low = input.u32();
    const high = input.u32();
    for (let i = 0; i < n; i++) {
      column.bits[2 * i] = low;
      column.bits[2 * i + 1] = high;
    }
  } else if (encoding === ENCODING.integers) {
    readIntegers(input, column.values, n);
  } else if (encoding === ENCODING.below && below !== undefined) {
    readIntegers(input, column.values, n);
    for (let i = 0; i < n; i++) column.values[i] += below.values[i];
  } else if (encoding === ENCODING.decimals) {
    const exponent = input.u8();
    readIntegers(input, column.values, n);
    unscaleDecimals(column.values, n, exponent);
  } else if (encoding === ENCODING.xor) {
    readXor(input, column.bits, n);
  } else if (encoding !== ENCODING.empty) {
    throw new Error(`a column of encoding ${encoding}, which this version does not know`);
  }
}

function isConstant({ bits, count }: DenseColumn): boolean {
  for (let i = 1; i < count; i++) if (bits[2 * i] !== bits[0] || bits[2 * i + 1] !== bits[1]) return false;
  return true;
}

function subtractBelow(column: DenseColumn, below: DenseColumn, out: Float64Array): boolean {
  if (!below.integers || !column.hasMarksOf(below)) return false;
  for (let i = 0; i < column.count; i++) {
    const d = column.values[i] - below.values[i];
    if (d > INTEGER_MAX || d < -INTEGER_MAX) return false;
    out[i] = d;
  }
  return true;
}

function countSamples(kinds: Uint8Array): number {
  let n = 0;
  for (let i = 0; i < kinds.length; i++) if (kinds[i] === CELL_SAMPLE) n++;
  return n;
}

/** Runs of like cells: length times four plus kind, until all rows are told. */
function writeMarks(out: ByteWriter, kinds: Uint8Array): void {
  for (let i = 0; i < kinds.length;) {
    const from = i;
    while (i < kinds.length && kinds[i] === kinds[from]) i++;
    out.varint((i - from) * 4 + kinds[from]);
  }
}

function readMarks(input: ByteReader, kinds: Uint8Array): void {
  for (let i = 0; i < kinds.length;) {
    const run = input.varint();
    const length = run >> 2;
    if (length === 0 || i + length > kinds.length) throw new Error('marks that do not fit their rows');
    kinds.fill(run & 3, i, i + length);
    i += length;
  }
}

const ENCODING_NAMES = Object.keys(ENCODING) as readonly EncodingName[];

/** The encoding of the column whose payload is at this place. */
export function encodingAt(bytes: Uint8Array, at: number): EncodingName {
  return ENCODING_NAMES[bytes[at] & ~HAS_MARKS];
}
