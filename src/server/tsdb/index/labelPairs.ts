/**
 * The label pairs that any series has, each once: its texts, a number that stands for it, and its postings. Most pairs have few series or ones
 * that came together, so the first two words of postings lie in an array that all pairs share.
 */
import type { Label } from '../../../shared/model/labels.ts';
import type { SeriesRef } from '../../storage/appender.ts';
import { grownTo } from '../../../shared/bytes/grownArray.ts';
import { appendRef, extendRun, intersect, REF_MAX, unionOf, type RefRuns } from './refRuns.ts';

/** Numbers a pair; given out again once no series has it. */
export type PairId = number;

/** A label name and the pairs with it, by value. */
interface LabelName {
  readonly text: string;
  readonly index: number;
  readonly values: Map<string, PairId>;
}

const INLINE_WORDS = 2;

export class LabelPairs {
  readonly #names = new Map<string, LabelName>();
  /** By the name's index; empty places are taken again. */
  readonly #namesByIndex: (LabelName | undefined)[] = [];
  /** By pair: its name's index. */
  #nameOf = new Uint32Array(64);
  /** By pair: the value, or the label once it was asked for. */
  readonly #texts: (string | Label | undefined)[] = [];
  /** By pair: words in use of its postings, which lie in `#inline`, or in `#lists` once there are more. */
  #length = new Uint32Array(64);
  #inline = new Uint32Array(64 * INLINE_WORDS);
  readonly #lists: (Uint32Array | undefined)[] = [];
  readonly #free: PairId[] = [];

  /** Pairs there are. */
  get size(): number {
    return this.#texts.length - this.#free.length;
  }

  get names(): Iterable<string> {
    return this.#names.keys();
  }

  /** The pairs with a name, by value. */
  values(name: string): ReadonlyMap<string, PairId> {
    return this.#names.get(name)?.values ?? NO_VALUES;
  }

  find(name: string, value: string): PairId | undefined {
    return this.#names.get(name)?.values.get(value);
  }

  /** The number of a pair, given out now if it is new; then `addRef` must follow. */
  intern(name: string, value: string): PairId {
    let known = this.#names.get(name);
    if (known === undefined) {
      const gap = this.#namesByIndex.indexOf(undefined);
      const index = gap < 0 ? this.#namesByIndex.length : gap;
      known = { text: name, index, values: new Map() };
      this.#names.set(name, known);
      this.#namesByIndex[index] = known;
    }
    let pair = known.values.get(value);
    if (pair === undefined) {
      pair = this.#free.pop() ?? this.#texts.length;
      this.#reserve(pair);
      known.values.set(value, pair);
      this.#nameOf[pair] = known.index;
      this.#texts[pair] = value;
      this.#length[pair] = 0;
    }
    return pair;
  }

  /** The index of a name, -1 if no pair has it. */
  nameIndex(name: string): number {
    return this.#names.get(name)?.index ?? -1;
  }

  nameIndexOf(pair: PairId): number {
    return this.#nameOf[pair];
  }

  nameAt(index: number): string {
    return this.#namesByIndex[index]!.text;
  }

  /** All pairs have numbers below this. */
  get end(): PairId {
    return this.#texts.length;
  }

  valueOf(pair: PairId): string {
    const text = this.#texts[pair];
    return typeof text === 'string' ? text : text![1];
  }

  /** The same object for all series that have the pair. */
  label(pair: PairId): Label {
    const text = this.#texts[pair];
    if (typeof text !== 'string') return text!;
    const label: Label = [this.#namesByIndex[this.#nameOf[pair]]!.text, text];
    this.#texts[pair] = label;
    return label;
  }

  /** @param ref greater than any that the pair has. */
  addRef(pair: PairId, ref: SeriesRef): void {
    const length = this.#length[pair];
    const from = INLINE_WORDS * pair;
    let list = this.#lists[pair];
    if (list === undefined) {
      if (length < INLINE_WORDS) {
        this.#length[pair] = appendRef(this.#inline, from, length, ref);
        return;
      }
      if (extendRun(this.#inline, from, length, ref)) return;
      list = this.#inline.slice(from, from + length);
    }
    list = grownTo(list, length + 1);
    this.#lists[pair] = list;
    this.#length[pair] = appendRef(list, 0, length, ref);
  }

  /** The series that have the pair. Valid until the next series is added. */
  postings(pair: PairId): RefRuns {
    const from = INLINE_WORDS * pair;
    return (this.#lists[pair] ?? this.#inline.subarray(from)).subarray(0, this.#length[pair]);
  }

  /** The newest series that has the pair. */
  newest(pair: PairId): SeriesRef {
    const postings = this.postings(pair);
    return postings[postings.length - 1] & REF_MAX;
  }

  /** The series that have any of the pairs. */
  union(pairs: Iterable<PairId>): RefRuns {
    return unionOf((take) => {
      for (const pair of pairs) {
        const list = this.#lists[pair];
        const from = list === undefined ? INLINE_WORDS * pair : 0;
        take(list ?? this.#inline, from, from + this.#length[pair]);
      }
    });
  }

  /** Takes the series out that are not kept, and pairs and names that none has then. */
  retain(kept: RefRuns): void {
    for (const name of this.#names.values()) {
      for (const [value, pair] of name.values) {
        const left = intersect(this.postings(pair), kept);
        if (left.length > 0) {
          this.#replace(pair, left);
          continue;
        }
        name.values.delete(value);
        this.#replace(pair, left);
        this.#texts[pair] = undefined;
        this.#free.push(pair);
      }
      if (name.values.size > 0) continue;
      this.#names.delete(name.text);
      this.#namesByIndex[name.index] = undefined;
    }
  }

  #replace(pair: PairId, runs: RefRuns): void {
    this.#length[pair] = runs.length;
    const isInline = runs.length <= INLINE_WORDS;
    if (isInline) this.#inline.set(runs, INLINE_WORDS * pair);
    this.#lists[pair] = isInline ? undefined : runs.slice();
  }

  #reserve(pair: PairId): void {
    this.#nameOf = grownTo(this.#nameOf, pair + 1);
    this.#length = grownTo(this.#length, pair + 1);
    this.#inline = grownTo(this.#inline, INLINE_WORDS * (pair + 1));
  }
}

const NO_VALUES: ReadonlyMap<string, PairId> = new Map();
