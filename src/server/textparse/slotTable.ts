/**
 * The series of a target's pages by the bytes that they are written with: slots, given out one after the other. The bytes of all of them lie
 * in one array and are found by an open-addressing hash: a target has a thousand series, and a server hundreds of targets.
 */
import { grownTo } from '../../shared/bytes/grownArray.ts';
import type { Labels } from '../../shared/model/labels.ts';
import { SlotLabels } from './slotLabels.ts';

/** So that nobody can choose names whose hashes meet. */
const SEED = Math.floor(Math.random() * 0x100000000);

export class SlotTable {
  #count = 0;
  /** By slot, and one more: where its key begins. */
  #starts = new Uint32Array(1);
  #bytes = new Uint8Array(0);
  #hashes = new Uint32Array(0);
  /** Slot + 1 by hash, with linear probing; 0 is a free place. Length is a power of two, at least a third more than there are slots. */
  #places = new Uint32Array(16);
  /** Of slots whose labels were not forgotten. */
  readonly #labels = new SlotLabels();

  get count(): number {
    return this.#count;
  }

  /**
   * The slot of a series, made if it is new.
   *
   * @param kind a byte: the same key of another kind is another series.
   * @param labels called for a new one; what it throws leaves the table as it was.
   */
  slot(kind: number, bytes: Uint8Array, from: number, to: number, labels: () => Labels): number {
    const hash = hashOf(kind, bytes, from, to);
    const mask = this.#places.length - 1;
    let place = hash & mask;
    for (; this.#places[place] !== 0; place = (place + 1) & mask) {
      const slot = this.#places[place] - 1;
      if (this.#hashes[slot] === hash && this.#isKey(slot, kind, bytes, from, to)) return slot;
    }
    const slot = this.#count;
    this.#labels.set(slot, labels());
    this.#add(hash, kind, bytes, from, to);
    this.#places[place] = slot + 1;
    if (4 * this.#count > 3 * this.#places.length) this.#rehash();
    return slot;
  }

  /** @throws Error for a slot whose labels were forgotten. */
  labels(slot: number): Labels {
    const labels = this.#labels.get(slot);
    if (labels === undefined) throw new Error(`the labels of slot ${slot} were forgotten`);
    return labels;
  }

  /** They will not be asked for again. */
  forgetLabels(slot: number): void {
    this.#labels.delete(slot);
  }

  clear(): void {
    this.#count = 0;
    this.#starts = new Uint32Array(1);
    this.#bytes = new Uint8Array(0);
    this.#hashes = new Uint32Array(0);
    this.#places = new Uint32Array(16);
    this.#labels.clear();
  }

  #isKey(slot: number, kind: number, bytes: Uint8Array, from: number, to: number): boolean {
    let at = this.#starts[slot];
    if (this.#starts[slot + 1] - at !== to - from + 1 || this.#bytes[at] !== kind) return false;
    for (let i = from; i < to; i++) if (this.#bytes[++at] !== bytes[i]) return false;
    return true;
  }

  #add(hash: number, kind: number, bytes: Uint8Array, from: number, to: number): void {
    const slot = this.#count++;
    const start = this.#starts[slot];
    const end = start + 1 + to - from;
    this.#hashes = grownTo(this.#hashes, slot + 1);
    this.#starts = grownTo(this.#starts, slot + 2);
    this.#bytes = grownTo(this.#bytes, end);
    this.#hashes[slot] = hash;
    this.#starts[slot + 1] = end;
    this.#bytes[start] = kind;
    this.#bytes.set(bytes.subarray(from, to), start + 1);
  }

  #rehash(): void {
    const places = new Uint32Array(2 * this.#places.length);
    const mask = places.length - 1;
    for (let slot = 0; slot < this.#count; slot++) {
      let place = this.#hashes[slot] & mask;
      while (places[place] !== 0) place = (place + 1) & mask;
      places[place] = slot + 1;
    }
    this.#places = places;
  }
}

function hashOf(kind: number, bytes: Uint8Array, from: number, to: number): number {
  let hash = Math.imul(SEED ^ kind, 0x01000193);
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
