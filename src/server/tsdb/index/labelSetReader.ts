/** Label sets as LabelSetWriter has them, read as pairs: one that came before in the list is not looked up by its texts again. */
import type { ByteReader } from '../../../shared/bytes/byteReader.ts';
import type { LabelPairs, PairId } from './labelPairs.ts';

/** More texts than a record of the log can have. */
const TEXTS_MAX = 2 ** 26;

export class LabelSetReader {
  readonly #pairs: LabelPairs;
  readonly #texts: string[] = [];
  /** By the numbers of name and value in the list. */
  readonly #known = new Map<number, PairId>();

  constructor(pairs: LabelPairs) {
    this.#pairs = pairs;
  }

  /** Begins a list; gives how many sets it has. */
  begin(input: ByteReader): number {
    this.#texts.length = 0;
    this.#known.clear();
    return input.varint();
  }

  /** One pair of a set; given out as `LabelPairs.intern` does. */
  pair(input: ByteReader): PairId {
    const name = this.#text(input);
    const value = this.#text(input);
    const key = name * TEXTS_MAX + value;
    let pair = this.#known.get(key);
    if (pair === undefined) {
      pair = this.#pairs.intern(this.#texts[name], this.#texts[value]);
      this.#known.set(key, pair);
    }
    return pair;
  }

  /** The number of a text in the list. */
  #text(input: ByteReader): number {
    const number = input.varint();
    if (number === 0) return this.#texts.push(input.text()) - 1;
    if (number > this.#texts.length) throw new Error('a text that was not given');
    return number - 1;
  }
}
