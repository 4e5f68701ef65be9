/** How many rules may be evaluated at the same time, over all groups, beside the one that each group evaluates anyway. */
export class EvaluationLimit {
  #free: number;
  constructor(limit: number) {
    this.#free = limit;
  }

  /** How to leave again; undefined if all places are taken. */
  enter(): (() => void) | undefined {
    if (this.#free === 0) return undefined;
    this.#free--;
    let left = false;
    return () => {
      if (!left) this.#free++;
      left = true;
    };
  }
}
