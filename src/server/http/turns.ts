/** So many at a time; the others wait in the order in which they came. */
export class Turns {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Those that have a turn, and those that wait for one. */
  get size(): number {
    return this.#taken + this.#waiting.length;
  }

  /**
   * Resolves with what ends the turn, to be called once.
   *
   * @param gone ends the wait: it rejects with the signal's reason.
   */
  async take(gone: AbortSignal): Promise<() => void> {
    gone.throwIfAborted();
    if (this.#taken < this.#max) this.#taken++;
    else await this.#place(gone);
    return () => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken--;
      else next(); // The turn is handed on.
    };
  }

  #place(gone: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        const at = this.#waiting.indexOf(called);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(gone.reason as Error);
      };
      const called = () => {
        gone.removeEventListener('abort', leave);
        resolve();
      };
      gone.addEventListener('abort', leave, { once: true });
      this.#waiting.push(called);
    });
  }
}
