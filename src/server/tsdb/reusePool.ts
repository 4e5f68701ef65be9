/** Memory that appenders stage samples in, used again after each commit: a scrape or a request leaves no garbage of its size behind. */

/** Cells that one of what is kept may have. */
const CELLS_KEPT_MAX = 1 << 17;

export class ReusePool<T extends { readonly cells: number; clear(): void }> {
  readonly #make: () => T;
  readonly #keptMax: number;
  readonly #free: T[] = [];

  constructor(make: () => T, keptMax: number) {
    this.#make = make;
    this.#keptMax = keptMax;
  }

  take(): T {
    return this.#free.pop() ?? this.#make();
  }

  giveBack(one: T): void {
    if (this.#free.length === this.#keptMax || one.cells > CELLS_KEPT_MAX) return;
    one.clear();
    this.#free.push(one);
  }
}
