/** Version 1: one column of a chunk. Drawn in docs/chunks.md, "Version 1". */
import type { ByteReader } from '../../../../shared/bytes/byteReader.ts';
import { bitsOf, CELL_GAP, CELL_SAMPLE, CELL_STALE, setGap, setStale } from '../../../../shared/model/sampleBits.ts';
import { unscaleDecimals } from '../decimals.ts';
import { readMarks } from '../markRuns.ts';
import { readXor } from './floats.ts';
import { readIntegers } from './integers.ts';

const ENCODING = { empty: 0, constant: 1, integers: 2, below: 3, decimals: 4, xor: 5 } as const;
const HAS_MARKS = 8;

/** The samples of a column without its marks, and where the marks are. */
export class DenseColumn {
  /** Rows: CELL_SAMPLE, CELL_GAP or CELL_STALE. */
  readonly kinds: Uint8Array;
  readonly values: Float64Array;
  readonly bits: Uint32Array;
  count = 0;

  constructor(rows: number) {
    this.kinds = new Uint8Array(rows);
    this.values = new Float64Array(rows);
    this.bits = bitsOf(this.values);
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
    unscaleDecimals(column.values, 0, n, exponent);
  } else if (encoding === ENCODING.xor) {
    readXor(input, column.bits, n);
  } else if (encoding !== ENCODING.empty) {
    throw new Error(`a column of encoding ${encoding}, which this version does not know`);
  }
}

function countSamples(kinds: Uint8Array): number {
  let n = 0;
  for (let i = 0; i < kinds.length; i++) if (kinds[i] === CELL_SAMPLE) n++;
  return n;
}
