/** The memory of the kernel in `packColumns.wat.ts`, and what packing asks of it. One packs all chunks of a thread, one after the other. */
import type { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import { instantiate } from '../../wasm/instance.ts';
import { powerOf, DECIMAL_EXPONENT_MAX, type Decimals } from './decimals.ts';
import {
  ENDS_AT,
  EXCEPTIONS_AT,
  KERNEL_ROWS_MAX,
  OUT_AT,
  OUT_SIZE,
  PACK_COLUMNS,
  POWERS_AT,
  SCRATCH_AT,
  SLOTS,
  SLOTS_AT,
  STATE_AT,
} from './packColumns.wat.ts';

export { KERNEL_ROWS_MAX } from './packColumns.wat.ts';

interface Functions {
  look(at: number, count: number): number;
  hash(at: number, count: number): number;
  isSteady(at: number, count: number): number;
  subtract(at: number, below: number, count: number): number;
  movement(at: number, below: number, count: number): number;
  decimals(at: number, count: number): number;
  strides(at: number, count: number, strides: number, values: number, out: number): number;
  ulps(at: number, strides: number, summaries: number, out: number): number;
}

/** Where the samples of a column lie. */
export interface Slot {
  readonly kernel: PackKernel;
  readonly at: number;
  readonly values: Float64Array;
}

/** A column in a slot. */
export interface SlotColumn {
  readonly at: number;
  readonly count: number;
  readonly values: Float64Array;
  readonly rising: boolean;
}

export class PackKernel {
  /** Room for integers that are no column's own. */
  readonly scratch: Float64Array;
  readonly #functions: Functions;
  readonly #buffer: ArrayBuffer;
  readonly #state: Int32Array;
  readonly #ends: Int32Array;
  readonly #exceptions: Int32Array;
  readonly #out: Uint8Array;
  #endsOf: Int32Array | undefined;

  constructor() {
    const { memory, ...functions } = instantiate<Functions>(PACK_COLUMNS);
    const { buffer } = memory;
    this.#functions = functions;
    this.#buffer = buffer;
    this.scratch = new Float64Array(buffer, SCRATCH_AT, KERNEL_ROWS_MAX);
    this.#state = new Int32Array(buffer, STATE_AT, 2);
    this.#ends = new Int32Array(buffer, ENDS_AT, KERNEL_ROWS_MAX);
    this.#exceptions = new Int32Array(buffer, EXCEPTIONS_AT, KERNEL_ROWS_MAX);
    this.#out = new Uint8Array(buffer, OUT_AT, OUT_SIZE);
    const powers = new Float64Array(buffer, POWERS_AT, DECIMAL_EXPONENT_MAX + 1);
    for (let e = 0; e < powers.length; e++) powers[e] = powerOf(e);
  }

  /** For a column of up to `rows` samples; all that are used at a time have as many. */
  slot(index: number, rows: number): Slot {
    if (index >= SLOTS || rows > KERNEL_ROWS_MAX) throw new RangeError(`no slot ${index} of ${rows} rows`);
    const at = SLOTS_AT + 8 * rows * index;
    return { kernel: this, at, values: new Float64Array(this.#buffer, at, rows) };
  }

  /** What the samples at a place are, as flags of LOOK. At least one. */
  look(at: number, count: number): number {
    return this.#functions.look(at, count);
  }

  hash(at: number, count: number): number {
    return this.#functions.hash(at, count);
  }

  /** Of integers of a column, or of its count of them in `scratch`. */
  isSteady(column: SlotColumn, integers: Float64Array): boolean {
    return this.#functions.isSteady(placeOf(column, integers), column.count) !== 0;
  }

  /** Into `scratch`. */
  subtract(column: SlotColumn, below: SlotColumn): boolean {
    return this.#functions.subtract(column.at, below.at, column.count) !== 0;
  }

  movement(column: SlotColumn, below: SlotColumn): number {
    return this.#functions.movement(column.at, below.at, column.count);
  }

  /** The integers are left in `scratch`. */
  scaleDecimals(column: SlotColumn): Decimals | undefined {
    const exponent = this.#functions.decimals(column.at, column.count);
    if (exponent < 0) return undefined;
    const count = this.#state[0];
    return { exponent, exceptions: count === 0 ? NONE : Array.from(this.#exceptions.subarray(0, count)) };
  }

  writeStrides(out: ByteWriter, column: SlotColumn, integers: Float64Array, ends: Int32Array): void {
    this.#setEnds(ends);
    const values = column.rising ? 0 : column.at;
    const at = placeOf(column, integers);
    const end = this.#functions.strides(at, column.count, ends.length, values, OUT_AT);
    out.raw(this.#out, end - OUT_AT);
  }

  writeUlps(out: ByteWriter, column: SlotColumn, ends: Int32Array): void {
    this.#setEnds(ends);
    const end = this.#functions.ulps(column.at, ends.length, column.rising ? 0 : 1, OUT_AT);
    out.raw(this.#out, end - OUT_AT);
  }

  /** They do not change: all columns of a chunk without marks have the same. */
  #setEnds(ends: Int32Array): void {
    if (ends !== this.#endsOf) this.#ends.set(ends);
    this.#endsOf = ends;
  }
}

const NONE: readonly number[] = [];

function placeOf(column: SlotColumn, integers: Float64Array): number {
  return integers === column.values ? column.at : SCRATCH_AT;
}
