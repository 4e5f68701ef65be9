/** Label sets by slot. Slots are given out one after the other and most sets are let go soon: a list of those between takes half of what a map does. */
import type { Labels } from '../../shared/model/labels.ts';

export class SlotLabels {
  /** Of slot `#from` and those after it. */
  #sets: (Labels | undefined)[] = [];
  #from = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(slot: number): Labels | undefined {
    return slot < this.#from ? undefined : this.#sets[slot - this.#from];
  }

  set(slot: number, labels: Labels): void {
    if (this.#size === 0) this.#from = slot;
    // Once for all that may yet come before it.
    if (slot < this.#from) {
      this.#sets = new Array<Labels | undefined>(this.#from).fill(undefined).concat(this.#sets);
      this.#from = 0;
    }
    const at = slot - this.#from;
    while (this.#sets.length < at) this.#sets.push(undefined);
    if (this.#sets[at] === undefined) this.#size++;
    this.#sets[at] = labels;
  }

  delete(slot: number): void {
    if (this.get(slot) === undefined) return;
    this.#sets[slot - this.#from] = undefined;
    if (--this.#size === 0) this.#sets = [];
  }

  clear(): void {
    this.#sets = [];
    this.#size = 0;
  }

  /** The slots that have labels, ascending. */
  *slots(): Iterable<number> {
    for (let at = 0; at < this.#sets.length; at++) if (this.#sets[at] !== undefined) yield this.#from + at;
  }
}
