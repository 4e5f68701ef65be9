/**
 * Sets of series refs as runs. Series that arrive together have refs that follow each other, so most postings are a few runs:
 *
 * ```
 *   {3, 7, 8, 9, 10, 12}   →   3 | RUN+7, 10 | 12
 * ```
 *
 * Words ascend (without the RUN bit); a word with the bit is the first ref of a run, the word behind it the last.
 */
import type { SeriesRef } from '../../storage/appender.ts';

/** Do not write to one. Refs lie in [1, REF_MAX]. */
export type RefRuns = Uint32Array;

const RUN = 0x80000000;
export const REF_MAX = 0x7fffffff;
export const NO_REFS: RefRuns = new Uint32Array(0);

const isRun = (word: number): boolean => (word | 0) < 0;

/** Adds a ref above all others to `words[from, from + length)`, behind which there is room for one. Gives the new length. */
export function appendRef(words: Uint32Array, from: number, length: number, ref: SeriesRef): number {
  if (extendRun(words, from, length, ref)) return length;
  const end = from + length;
  if (length > 0 && words[end - 1] === ref - 1 && !endsRun(words, from, length)) words[end - 1] |= RUN;
  words[end] = ref;
  return length + 1;
}

/** Adds a ref above all others where that takes no word: it follows the last run. Whether it did. */
export function extendRun(words: Uint32Array, from: number, length: number, ref: SeriesRef): boolean {
  const last = from + length - 1;
  if (words[last] !== ref - 1 || !endsRun(words, from, length)) return false;
  words[last] = ref;
  return true;
}

function endsRun(words: Uint32Array, from: number, length: number): boolean {
  return length > 1 && isRun(words[from + length - 2]);
}

/** @param refs strictly ascending. */
export function runsOf(refs: Iterable<SeriesRef>): RefRuns {
  const out = new RunWriter();
  for (const ref of refs) out.add(ref, ref);
  return out.finish();
}

export function countRefs(runs: RefRuns): number {
  let count = 0;
  for (let i = 0; i < runs.length; i++) {
    if (isRun(runs[i])) count += runs[i + 1] - (runs[i++] & REF_MAX);
    count++;
  }
  return count;
}

/** Ascending. */
export function expandRuns(runs: RefRuns): Uint32Array {
  const refs = new Uint32Array(countRefs(runs));
  let n = 0;
  for (let i = 0; i < runs.length; i++) {
    const first = runs[i] & REF_MAX;
    const last = isRun(runs[i]) ? runs[++i] : first;
    for (let ref = first; ref <= last; ref++) refs[n++] = ref;
  }
  return refs;
}

export function hasRef(runs: RefRuns, ref: SeriesRef): boolean {
  const at = seek(runs, 0, ref);
  return at < runs.length && (runs[at] & REF_MAX) <= ref;
}

/** Whether any ref is in both. */
export function meets(a: RefRuns, b: RefRuns): boolean {
  if (a.length > b.length) return meets(b, a);
  let at = 0;
  for (let i = 0; i < a.length && at < b.length; i++) {
    const first = a[i] & REF_MAX;
    const last = isRun(a[i]) ? a[++i] : first;
    at = seek(b, at, first);
    if (at < b.length && (b[at] & REF_MAX) <= last) return true;
  }
  return false;
}

/** What is in both. */
export function intersect(a: RefRuns, b: RefRuns): RefRuns {
  if (a.length > b.length) return intersect(b, a);
  const out = new RunWriter();
  let at = 0;
  for (let i = 0; i < a.length && at < b.length; i++) {
    const first = a[i] & REF_MAX;
    at = clip(out, b, at, first, isRun(a[i]) ? a[++i] : first);
  }
  return out.finish();
}

/** What is in `a` and not in `b`. */
export function subtract(a: RefRuns, b: RefRuns): RefRuns {
  if (a.length === 0 || b.length === 0) return a;
  return a.length < b.length ? subtractMany(a, b) : subtractFew(a, b);
}

/** Walks over what is taken out and copies what lies between. */
function subtractFew(a: RefRuns, b: RefRuns): RefRuns {
  const out = new RunWriter();
  let at = 0;
  let from = 1;
  for (let i = 0; i < b.length && at < a.length; i++) {
    const first = b[i] & REF_MAX;
    if (from < first) at = clip(out, a, at, from, first - 1);
    from = (isRun(b[i]) ? b[++i] : first) + 1;
  }
  if (from <= REF_MAX) clip(out, a, at, from, REF_MAX);
  return out.finish();
}

/** Walks over what there is and leaves out of it what `b` has. */
function subtractMany(a: RefRuns, b: RefRuns): RefRuns {
  const out = new RunWriter();
  let at = 0;
  for (let i = 0; i < a.length; i++) {
    let from = a[i] & REF_MAX;
    const last = isRun(a[i]) ? a[++i] : from;
    for (at = seek(b, at, from); at < b.length && (b[at] & REF_MAX) <= last; at += isRun(b[at]) ? 2 : 1) {
      const first = b[at] & REF_MAX;
      const end = isRun(b[at]) ? b[at + 1] : first;
      if (first > from) out.add(from, first - 1);
      from = end + 1;
      if (end > last) break; // It may reach into the next run of `a`.
    }
    if (from <= last) out.add(from, last);
  }
  return out.finish();
}

/** What is in any of them. */
export function union(sets: readonly RefRuns[]): RefRuns {
  return unionOf((take) => sets.forEach((set) => take(set, 0, set.length)));
}

/**
 * What is in any of the runs `words[from, to)` that `each` hands over. A bitmap over the refs from the lowest to the highest: a bit a series
 * is little even for millions, and it does not matter how many sets there are.
 *
 * @param each called twice, for the bounds and for the bits.
 */
export function unionOf(each: (take: (words: Uint32Array, from: number, to: number) => void) => void): RefRuns {
  let lowest = REF_MAX;
  let highest = 0;
  each((words, from, to) => {
    if (from === to) return;
    lowest = Math.min(lowest, words[from] & REF_MAX);
    highest = Math.max(highest, words[to - 1]);
  });
  if (highest === 0) return NO_REFS;
  const bits = new Uint32Array(((highest - lowest) >>> 5) + 1);
  each((words, from, to) => {
    for (let i = from; i < to; i++) {
      const first = (words[i] & REF_MAX) - lowest;
      if (isRun(words[i])) setBits(bits, first, words[++i] - lowest);
      else bits[first >>> 5] |= 1 << (first & 31);
    }
  });
  return runsOfBits(bits, lowest);
}

function setBits(bits: Uint32Array, first: number, last: number): void {
  const [from, to] = [first >>> 5, last >>> 5];
  const head = -1 << (first & 31);
  const tail = -1 >>> (31 - (last & 31));
  if (from === to) {
    bits[from] |= head & tail;
    return;
  }
  bits[from] |= head;
  bits.fill(0xffffffff, from + 1, to);
  bits[to] |= tail;
}

function runsOfBits(bits: Uint32Array, lowest: number): RefRuns {
  const out = new RunWriter();
  for (let i = 0; i < bits.length; i++) {
    let word = bits[i];
    let ref = lowest + 32 * i;
    // Bits come off the low end, run by run.
    while (word !== 0) {
      const zeros = ctz(word);
      word >>>= zeros;
      const ones = word === 0xffffffff ? 32 : ctz(~word);
      out.add(ref + zeros, ref + zeros + ones - 1);
      ref += zeros + ones;
      word = ones === 32 ? 0 : word >>> ones;
    }
  }
  return out.finish();
}

/** Zeros below the lowest one of a word that is not 0. */
function ctz(word: number): number {
  return 31 - Math.clz32(word & -word);
}

class RunWriter {
  #words = new Uint32Array(8);
  #length = 0;

  /** Refs [first, last], all above those before. */
  add(first: SeriesRef, last: SeriesRef): void {
    if (this.#length + 2 > this.#words.length) this.#reserve(2);
    const words = this.#words;
    let n = this.#length;
    if (n > 0 && (words[n - 1] & REF_MAX) === first - 1) {
      if (n > 1 && isRun(words[n - 2])) n--;
      else words[n - 1] |= RUN;
      words[n++] = last;
    } else if (first === last) {
      words[n++] = first;
    } else {
      words[n++] = first | RUN;
      words[n++] = last;
    }
    this.#length = n;
  }

  /** Whole runs. */
  copy(words: RefRuns, from: number, to: number): void {
    if (from >= to) return;
    // The first one may touch what is there.
    const first = words[from] & REF_MAX;
    const width = isRun(words[from]) ? 2 : 1;
    this.add(first, width === 2 ? words[from + 1] : first);
    this.#reserve(to - from - width);
    this.#words.set(words.subarray(from + width, to), this.#length);
    this.#length += to - from - width;
  }

  finish(): RefRuns {
    return this.#words.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#words.length) return;
    const grown = new Uint32Array(Math.max(needed, 2 * this.#words.length));
    grown.set(this.#words.subarray(0, this.#length));
    this.#words = grown;
  }
}

/** Puts out what `words` has in [first, last], from the run at `at` on. Gives the first run that may reach beyond. */
function clip(out: RunWriter, words: RefRuns, at: number, first: SeriesRef, last: SeriesRef): number {
  const from = seek(words, at, first);
  if (from >= words.length || (words[from] & REF_MAX) > last) return from;
  const begin = Math.max(words[from] & REF_MAX, first);
  const width = isRun(words[from]) ? 2 : 1;
  const end = words[from + width - 1];
  out.add(begin, Math.min(end, last));
  if (end > last) return from;
  const beyond = seek(words, from + width, last + 1);
  out.copy(words, from + width, beyond);
  if (beyond < words.length && (words[beyond] & REF_MAX) <= last) out.add(words[beyond] & REF_MAX, last);
  return beyond;
}

/** The first run from `at` on whose last ref is not below `ref`: doubling steps, then halving ones. */
function seek(words: RefRuns, at: number, ref: SeriesRef): number {
  let low = at;
  let step = 1;
  while (low + step < words.length && (words[low + step] & REF_MAX) < ref) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, words.length);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((words[middle] & REF_MAX) < ref) low = middle + 1;
    else high = middle;
  }
  return low > at && isRun(words[low - 1]) ? low - 1 : low;
}
