/** A column on its way into a chunk: its samples without the marks, and what they are. */
import { bitsOf, CELL_SAMPLE, CELL_STALE, cellKind } from '../../../shared/model/sampleBits.ts';
import { INTEGER_MAX } from './integerRun.ts';
import { LOOK } from './packColumns.wat.ts';
import type { PackKernel, Slot } from './packKernel.ts';

export class DenseColumn {
  /** Number of the column in its group. */
  column = -1;
  /** By row: CELL_SAMPLE, CELL_GAP or CELL_STALE. */
  readonly kinds: Uint8Array;
  /** The samples, one after the other, and their words. */
  readonly values: Float64Array;
  readonly bits: Uint32Array;
  /** Where they lie in whose memory; what follows is plain code without. */
  readonly kernel: PackKernel | undefined;
  readonly at: number;
  count = 0;
  /** All samples are integers that the integer codes carry. */
  integers = false;
  /** No sample is below the one before it, and none is a NaN. */
  rising = false;
  /** All samples have the bits of the first. */
  constant = false;
  /** Integers, and all steps are alike. */
  steady = false;
  #hash: number | undefined;
  /** All kinds are CELL_SAMPLE. */
  #isPlain = false;

  constructor(rows: number, slot?: Slot) {
    this.kinds = new Uint8Array(rows);
    this.values = slot?.values ?? new Float64Array(rows);
    this.kernel = slot?.kernel;
    this.at = slot?.at ?? 0;
    this.bits = bitsOf(this.values);
  }

  get isAbsent(): boolean {
    return this.count === 0 && !this.kinds.includes(CELL_STALE);
  }

  get hasMarks(): boolean {
    return this.count < this.kinds.length;
  }

  /** Takes the cells of a column apart. */
  load(column: number, cells: Float64Array): void {
    this.column = column;
    this.#hash = undefined;
    const firstNaN = indexOfNaN(cells);
    if (firstNaN < 0) this.#loadPlain(cells);
    else this.#loadMarked(cells);
    this.#look();
  }

  /** Of kinds and samples: equal columns have equal ones. */
  get hash(): number {
    if (this.#hash !== undefined) return this.#hash;
    const { kernel, at, bits, kinds, count } = this;
    let hash = kernel === undefined ? hashOf(bits, count) : kernel.hash(at, count);
    if (this.hasMarks) for (let i = 0; i < kinds.length; i++) hash = Math.imul(hash ^ kinds[i], 0x01000193);
    return (this.#hash = hash);
  }

  hasMarksOf(other: DenseColumn): boolean {
    if (this.count !== other.count) return false;
    if (this.count === this.kinds.length) return true;
    for (let i = 0; i < this.kinds.length; i++) if (this.kinds[i] !== other.kinds[i]) return false;
    return true;
  }

  equals(other: DenseColumn): boolean {
    if (this.hash !== other.hash || !this.hasMarksOf(other)) return false;
    for (let i = 0; i < 2 * this.count; i++) if (this.bits[i] !== other.bits[i]) return false;
    return true;
  }

  #loadPlain(cells: Float64Array): void {
    this.values.set(cells);
    if (!this.#isPlain) this.kinds.fill(CELL_SAMPLE);
    this.#isPlain = true;
    this.count = cells.length;
  }

  #loadMarked(cells: Float64Array): void {
    const { kinds, bits } = this;
    const cellBits = bitsOf(cells);
    let n = 0;
    for (let i = 0; i < kinds.length; i++) {
      const v = cells[i];
      const kind = v === v ? CELL_SAMPLE : cellKind(cellBits, i);
      kinds[i] = kind;
      if (kind !== CELL_SAMPLE) continue;
      bits[2 * n] = cellBits[2 * i];
      bits[2 * n + 1] = cellBits[2 * i + 1];
      n++;
    }
    this.#isPlain = n === kinds.length;
    this.count = n;
  }

  #look(): void {
    const { kernel, values, bits, count } = this;
    if (kernel !== undefined && count > 0) {
      const flags = kernel.look(this.at, count);
      this.integers = (flags & LOOK.integers) !== 0;
      this.rising = (flags & LOOK.rising) !== 0;
      this.constant = (flags & LOOK.constant) !== 0;
      this.steady = (flags & LOOK.steady) !== 0;
      return;
    }
    this.integers = areIntegers(values, count);
    this.rising = isRising(values, count);
    this.constant = isConstant(bits, count);
    this.steady = this.integers && isSteady(values, count);
  }
}

function hashOf(bits: Uint32Array, n: number): number {
  let hash = n;
  for (let i = 0; i < 2 * n; i += 2)
    hash = (Math.imul(hash ^ bits[i], 0x01000193) + Math.imul(bits[i + 1], 0x9e3779b1)) | 0;
  return hash;
}

// Most columns are neither, and tell so soon: a loop for each question ends where its answer is known.

function isRising(values: Float64Array, n: number): boolean {
  for (let i = 1; i < n; i++) if (!(values[i] >= values[i - 1])) return false;
  return n > 0 && values[0] === values[0];
}

function isConstant(bits: Uint32Array, n: number): boolean {
  for (let i = 1; i < n; i++) if (bits[2 * i] !== bits[0] || bits[2 * i + 1] !== bits[1]) return false;
  return true;
}

/** Whether all steps are alike. */
export function isSteady(values: Float64Array, n: number): boolean {
  for (let i = 2; i < n; i++) if (values[i] - values[i - 1] !== values[1] - values[0]) return false;
  return true;
}

function indexOfNaN(cells: Float64Array): number {
  for (let i = 0; i < cells.length; i++) if (cells[i] !== cells[i]) return i;
  return -1;
}

/** Integers that the integer codes carry; −0 is none. False for no value at all. */
function areIntegers(values: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    const v = values[i];
    if (v !== Math.floor(v) || v > INTEGER_MAX || v < -INTEGER_MAX || (v === 0 && 1 / v < 0)) return false;
  }
  return n > 0;
}
