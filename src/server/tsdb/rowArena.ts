/** Memory for the rows that appenders stage, used again after each commit: a scrape leaves no garbage of its size behind. */
import { bitsOf } from '../../shared/model/sampleBits.ts';
import type { RowView } from './wal/records.ts';

/** Arenas kept for the next appenders, and the cells that one may keep. */
const ARENAS_KEPT_MAX = 8;
const CELLS_KEPT_MAX = 1 << 17;

export class RowArena {
  #values = new Float64Array(256);
  #bits = bitsOf(this.#values);
  #used = 0;

  get cells(): number {
    return this.#values.length;
  }

  /** A copy of a row, valid until clear(). */
  stage(values: Float64Array): RowView {
    const from = this.#used;
    if (from + values.length > this.#values.length) {
      // Rows staged before keep the memory they lie in.
      this.#values = new Float64Array(Math.max(2 * this.#values.length, values.length));
      this.#bits = bitsOf(this.#values);
      this.#used = 0;
      return this.stage(values);
    }
    this.#values.set(values, from);
    this.#used += values.length;
    return { values: this.#values, bits: this.#bits, from, length: values.length };
  }

  clear(): void {
    this.#used = 0;
  }
}

export class ArenaPool {
  readonly #free: RowArena[] = [];

  take(): RowArena {
    return this.#free.pop() ?? new RowArena();
  }

  giveBack(arena: RowArena): void {
    if (this.#free.length === ARENAS_KEPT_MAX || arena.cells > CELLS_KEPT_MAX) return;
    arena.clear();
    this.#free.push(arena);
  }
}
