/** Label sets as the log and the sections of blocks have them: each text once, then its number. `readLabelSets` of the log reads them. */
import type { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import type { LabelPairs } from './labelPairs.ts';

export class LabelSetWriter {
  readonly #pairs: LabelPairs;
  /** By pair and by name: where its text stands in this list of sets, if the list's number stands beside it. */
  #places = new Uint32Array(0);
  #lists = new Uint32Array(0);
  readonly #names: { list: number; place: number }[] = [];
  #list = 0;
  #texts = 0;

  constructor(pairs: LabelPairs) {
    this.#pairs = pairs;
  }

  /** Begins a list of so many sets. */
  begin(out: ByteWriter, sets: number): void {
    if (this.#places.length < this.#pairs.end) {
      this.#places = new Uint32Array(2 * this.#pairs.end);
      this.#lists = new Uint32Array(this.#places.length);
    }
    this.#list++;
    this.#texts = 0;
    out.varint(sets);
  }

  /** The set of `pairs[from, to)`. */
  write(out: ByteWriter, pairs: Uint32Array, from: number, to: number): void {
    out.varint(to - from);
    for (let at = from; at < to; at++) {
      const pair = pairs[at];
      this.#writeName(out, this.#pairs.nameIndexOf(pair));
      if (this.#lists[pair] === this.#list) {
        out.varint(this.#places[pair]);
        continue;
      }
      this.#lists[pair] = this.#list;
      this.#places[pair] = this.#writeText(out, this.#pairs.valueOf(pair));
    }
  }

  #writeName(out: ByteWriter, index: number): void {
    const name = (this.#names[index] ??= { list: 0, place: 0 });
    if (name.list === this.#list) return out.varint(name.place);
    name.list = this.#list;
    name.place = this.#writeText(out, this.#pairs.nameAt(index));
  }

  #writeText(out: ByteWriter, text: string): number {
    out.varint(0);
    out.text(text);
    return ++this.#texts;
  }
}
