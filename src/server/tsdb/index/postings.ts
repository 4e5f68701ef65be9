/** Sets of series refs as ascending Uint32Arrays. */
import type { SeriesRef } from '../../storage/appender.ts';

export const EMPTY: Uint32Array = new Uint32Array(0);

/** A set that grows at its end: refs are given out in ascending order. */
export class PostingList {
  #refs = new Uint32Array(2);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param ref greater than any added before. */
  add(ref: SeriesRef): void {
    if (this.#length === this.#refs.length) {
      const grown = new Uint32Array(this.#length * 2);
      grown.set(this.#refs);
      this.#refs = grown;
    }
    this.#refs[this.#length++] = ref;
  }

  /** The refs so far; do not write to it. */
  view(): Uint32Array {
    return this.#refs.subarray(0, this.#length);
  }
}

/** The first index from `from` on whose ref is not below `ref`: doubling steps, then halving ones. */
function gallop(refs: Uint32Array, from: number, ref: number): number {
  let step = 1;
  let low = from;
  while (low + step < refs.length && refs[low + step] < ref) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, refs.length);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (refs[middle] < ref) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is in both. */
export function intersect(a: Uint32Array, b: Uint32Array): Uint32Array {
  if (a.length > b.length) return intersect(b, a);
  const out = new Uint32Array(a.length);
  let n = 0;
  let at = 0;
  for (let i = 0; i < a.length && at < b.length; i++) {
    at = gallop(b, at, a[i]);
    if (at < b.length && b[at] === a[i]) out[n++] = a[i];
  }
  return out.subarray(0, n);
}

/** What is in `a` and not in `b`. */
export function subtract(a: Uint32Array, b: Uint32Array): Uint32Array {
  if (b.length === 0) return a;
  const out = new Uint32Array(a.length);
  let n = 0;
  let at = 0;
  for (let i = 0; i < a.length; i++) {
    if (at < b.length) at = gallop(b, at, a[i]);
    if (at >= b.length || b[at] !== a[i]) out[n++] = a[i];
  }
  return out.subarray(0, n);
}

/** What is in any of them: pairs are merged, then pairs of pairs. */
export function union(sets: readonly Uint32Array[]): Uint32Array {
  let round = sets.filter((set) => set.length > 0);
  if (round.length === 0) return EMPTY;
  while (round.length > 1) {
    const merged: Uint32Array[] = [];
    for (let i = 0; i < round.length; i += 2)
      merged.push(i + 1 < round.length ? merge(round[i], round[i + 1]) : round[i]);
    round = merged;
  }
  return round[0];
}

function merge(a: Uint32Array, b: Uint32Array): Uint32Array {
  const out = new Uint32Array(a.length + b.length);
  let i = 0;
  let j = 0;
  let n = 0;
  while (i < a.length && j < b.length) {
    const x = a[i];
    const y = b[j];
    if (x <= y) i++;
    if (y <= x) j++;
    out[n++] = x < y ? x : y;
  }
  while (i < a.length) out[n++] = a[i++];
  while (j < b.length) out[n++] = b[j++];
  return out.subarray(0, n);
}
