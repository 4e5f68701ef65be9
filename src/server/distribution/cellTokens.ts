/** Columns as tokens by a kernel: what `CellWriter` writes, but that runs end at every {@link CELLS_MAX} cells. */
import type { ColumnWriter } from '../../shared/api/cellTokens.ts';
import { instantiate } from '../wasm/instance.ts';
import { CELL_TOKENS, CELLS_AT, CELLS_MAX, OUT_AT, PIECE_BYTES, SLOTS_AT } from './cellTokens.wat.ts';

/** Kernels that wait for the next answer. */
const FREE_MAX = 4;

interface Kernel {
  /** @returns where the tokens end. */
  readonly column: (count: number, at: number) => number;
  readonly cells: Float64Array;
  readonly slots: Float64Array;
  readonly bytes: Uint8Array;
}

const free: Kernel[] = [];

function newKernel(): Kernel {
  const { memory, column } = instantiate<Pick<Kernel, 'column'>>(CELL_TOKENS);
  const { buffer } = memory;
  return {
    column,
    cells: new Float64Array(buffer, CELLS_AT, CELLS_MAX),
    slots: new Float64Array(buffer, SLOTS_AT, (CELLS_AT - SLOTS_AT) / 8),
    bytes: new Uint8Array(buffer),
  };
}

/** The columns of one answer. Answers are taken piece by piece, several at a time: each has a kernel of its own till its end. */
export class CellTokens implements ColumnWriter {
  readonly #kernel = free.pop() ?? newKernel();
  /** Where the tokens end that are not taken out yet. */
  #at = OUT_AT;

  constructor() {
    this.#kernel.slots.fill(NaN);
  }

  *column(values: Float64Array): Generator<Uint8Array> {
    const { column, cells } = this.#kernel;
    for (let from = 0; from < values.length; from += CELLS_MAX) {
      const to = Math.min(values.length, from + CELLS_MAX);
      cells.set(values.subarray(from, to));
      this.#at = column(to - from, this.#at);
      if (this.#at >= OUT_AT + PIECE_BYTES) yield this.#take();
    }
  }

  rest(): Uint8Array {
    if (free.length < FREE_MAX) free.push(this.#kernel);
    return this.#take();
  }

  #take(): Uint8Array {
    const piece = this.#kernel.bytes.slice(OUT_AT, this.#at);
    this.#at = OUT_AT;
    return piece;
  }
}
