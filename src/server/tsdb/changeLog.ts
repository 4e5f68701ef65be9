/** From which time on samples came, or went, since a moment. */
import type { Changes } from '../storage/queryable.ts';

/** Moments that are remembered; of those before nothing is known. */
const MARKS_MAX = 1024;

export class ChangeLog implements Changes {
  /** The oldest time that changed between a mark and the next. */
  readonly #closed: number[] = [];
  #first = 0;
  /** Since the last mark. */
  #open = Infinity;

  /** A sample at this time came or went. */
  at(t: number): void {
    if (t < this.#open) this.#open = t;
  }

  /** Any sample may be another one. */
  everything(): void {
    this.#open = -Infinity;
  }

  mark(): number {
    if (this.#open !== Infinity) {
      this.#closed.push(this.#open);
      this.#open = Infinity;
      if (this.#closed.length > MARKS_MAX) {
        this.#closed.shift();
        this.#first++;
      }
    }
    return this.#first + this.#closed.length;
  }

  oldestSince(mark: number): number {
    if (mark < this.#first) return -Infinity;
    let oldest = this.#open;
    for (let i = mark - this.#first; i < this.#closed.length; i++) oldest = Math.min(oldest, this.#closed[i]);
    return oldest;
  }
}
