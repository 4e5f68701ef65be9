/**
 * Quantiles of what was observed lately. An observation is a number put into a ring; sorting is left to who asks, for a server observes thousands of times
 * between two looks at it.
 */
import { grownTo } from '../../shared/bytes/grownArray.ts';

/** Of each set of labels; where more is observed in the time, the newest ones stand for all. */
const KEPT_MAX = 4_096;

export class RecentQuantiles {
  count = 0;
  sum = 0;
  #values = new Float64Array(64);
  #times = new Float64Array(64);
  readonly #windowMs: number;
  readonly #now: () => number;

  /** @param windowMs what is older does not count for quantiles. */
  constructor(windowMs: number, now: () => number) {
    this.#windowMs = windowMs;
    this.#now = now;
  }

  observe(value: number): void {
    if (this.count === this.#values.length && this.count < KEPT_MAX) this.#grow();
    const at = this.count % this.#values.length;
    this.#values[at] = value;
    this.#times[at] = this.#now();
    this.count++;
    this.sum += value;
  }

  /** By nearest rank; NaN where nothing was observed lately. @param quantiles within 0 and 1. */
  quantiles(quantiles: readonly number[]): number[] {
    const from = this.#now() - this.#windowMs;
    const held = Math.min(this.count, this.#values.length);
    const recent = this.#values
      .subarray(0, held)
      .filter((_, i) => this.#times[i] >= from)
      .sort();
    return quantiles.map((q) => (recent.length === 0 ? NaN : recent[Math.max(0, Math.ceil(q * recent.length) - 1)]));
  }

  #grow(): void {
    const length = 2 * this.#values.length;
    this.#values = grownTo(this.#values, length);
    this.#times = grownTo(this.#times, length);
  }
}
