/** Columns as tokens by a kernel: what `CellWriter` writes, but that runs end at every {@link CELLS_MAX} cells. */
import type { ColumnWriter } from '../../shared/api/cellTokens.ts';
import { instantiate } from '../wasm/instance.ts';
import { CELL_TOKENS, CELLS_AT, CELLS_MAX, OUT_AT, SLOTS_AT } from './cellTokens.wat.ts';

/** A piece is handed on when it holds so many bytes. */
const PIECE_BYTES = 64 * 1024;
/** Kernels that wait for the next answer. */
const FREE_MAX = 4;

interface Kernel {
  readonly column: (count: number) => number;
  readonly cells: Float64Array;
  readonly slots: Float64Array;
  readonly bytes: Uint8Array;
}

const free: Kernel[] = [];

function newKernel(): Kernel {
  const { memory, column } = instantiate<{ readonly column: (count: number) => number }>(CELL_TOKENS);
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
  #pieces: Uint8Array[] = [];
  #size = 0;

  constructor() {
    this.#kernel.slots.fill(NaN);
  }

  *column(values: Float64Array): Generator<Uint8Array> {
    const { column, cells, bytes } = this.#kernel;
    for (let from = 0; from < values.length; from += CELLS_MAX) {
      const to = Math.min(values.length, from + CELLS_MAX);
      cells.set(values.subarray(from, to));
      const piece = bytes.slice(OUT_AT, column(to - from));
      this.#pieces.push(piece);
      this.#size += piece.length;
      if (this.#size >= PIECE_BYTES) yield this.#take();
    }
  }

  rest(): Uint8Array {
    if (free.length < FREE_MAX) free.push(this.#kernel);
    return this.#take();
  }

  #take(): Uint8Array {
    const piece = Buffer.concat(this.#pieces, this.#size);
    this.#pieces = [];
    this.#size = 0;
    return piece;
  }
}
