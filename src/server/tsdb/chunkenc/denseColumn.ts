/** A column on its way into a chunk: its samples without the marks, and what they are. */
import { bitsOf, CELL_SAMPLE, CELL_STALE, cellKind } from '../../../shared/model/sampleBits.ts';
import { INTEGER_MAX } from './integerRun.ts';

export class DenseColumn {
  /** Number of the column in its group. */
  column = -1;
  /** By row: CELL_SAMPLE, CELL_GAP or CELL_STALE. */
  readonly kinds: Uint8Array;
  /** The samples, one after the other, and their words. */
  readonly values: Float64Array;
  readonly bits: Uint32Array;
  count = 0;
  /** All samples are integers that the integer codes carry. */
  integers = false;
  /** No sample is below the one before it, and none is a NaN. */
  rising = false;
  /** All samples have the bits of the first. */
  constant = false;
  /** Integers, and all steps are alike. */
  steady = false;
  /** Of kinds and samples: equal columns have equal ones. */
  hash = 0;

  constructor(rows: number) {
    this.kinds = new Uint8Array(rows);
    this.values = new Float64Array(rows);
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
    const { kinds, bits } = this;
    const cellBits = bitsOf(cells);
    let n = 0;
    let integers = true;
    let hash = 0;
    for (let i = 0; i < kinds.length; i++) {
      const v = cells[i];
      const kind = v === v ? CELL_SAMPLE : cellKind(cellBits, i);
      kinds[i] = kind;
      if (kind !== CELL_SAMPLE) {
        hash = Math.imul(hash ^ (i + kind), 0x01000193);
        continue;
      }
      const [low, high] = [cellBits[2 * i], cellBits[2 * i + 1]];
      bits[2 * n] = low;
      bits[2 * n + 1] = high;
      n++;
      hash = Math.imul(hash ^ low, 0x01000193) + Math.imul(high, 0x9e3779b1);
      integers &&= v === Math.floor(v) && v <= INTEGER_MAX && v >= -INTEGER_MAX && (v !== 0 || 1 / v > 0);
    }
    this.column = column;
    this.count = n;
    this.integers = integers && n > 0;
    this.hash = hash;
    this.#look();
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

  #look(): void {
    const { values, bits, count } = this;
    let rising = count > 0 && values[0] === values[0];
    let constant = true;
    let steady = this.integers;
    const step = count > 1 ? values[1] - values[0] : 0;
    for (let i = 1; i < count; i++) {
      if (!(values[i] >= values[i - 1])) rising = false;
      if (values[i] - values[i - 1] !== step) steady = false;
      if (bits[2 * i] !== bits[0] || bits[2 * i + 1] !== bits[1]) constant = false;
    }
    this.rising = rising;
    this.constant = constant;
    this.steady = steady;
  }
}
