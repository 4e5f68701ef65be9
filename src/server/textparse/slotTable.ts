/**
 * The series of a target's pages by the bytes that they are written with: slots, given out one after the other. The bytes of all of them lie
 * in one array and are found by an open-addressing hash: a target has a thousand series, and a server hundreds of targets. Neighbours on a page begin
 * alike, so of each only what differs from the one before it is kept:
 *
 *   slot   key                                shared   own bytes
 *   0      latency_bucket{path="/",le="1"}         0   latency_bucket{path="/",le="1"}
 *   1      latency_bucket{path="/",le="2.5"}      28   2.5"}
 */
import { grownTo } from '../../shared/bytes/grownArray.ts';
import type { Labels } from '../../shared/model/labels.ts';
import { SlotLabels } from './slotLabels.ts';

/** So that nobody can choose names whose hashes meet. */
const SEED = Math.floor(Math.random() * 0x100000000);

/** So many slots before it, at most, are looked at for the bytes of one. */
const SHARING_SLOTS = 16;
const SHARED_MAX = 255;

export class SlotTable {
  #count = 0;
  /** By slot, and one more: where the own bytes of its key begin. */
  #starts = new Uint32Array(1);
  #bytes = new Uint8Array(0);
  /** How many bytes the key of the slot before begins with as well; none for every SHARING_SLOTS-th. */
  #shared = new Uint8Array(0);
  #kinds = new Uint8Array(0);
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
    this.#shared = new Uint8Array(0);
    this.#kinds = new Uint8Array(0);
    this.#hashes = new Uint32Array(0);
    this.#places = new Uint32Array(16);
    this.#labels.clear();
  }

  #isKey(slot: number, kind: number, bytes: Uint8Array, from: number, to: number): boolean {
    const length = this.#lengthOf(slot);
    return this.#kinds[slot] === kind && length === to - from && this.#alike(slot, bytes, from, to) === length;
  }

  #lengthOf(slot: number): number {
    return this.#shared[slot] + this.#starts[slot + 1] - this.#starts[slot];
  }

  /** How many bytes the key of a slot and these begin with alike. Keys are looked through from their ends on, each for what those after it share with it. */
  #alike(slot: number, bytes: Uint8Array, from: number, to: number): number {
    let alike = Math.min(this.#lengthOf(slot), to - from);
    for (let end = alike; end > 0; slot--) {
      const shared = this.#shared[slot];
      for (let i = shared, at = this.#starts[slot]; i < end; i++, at++) {
        if (this.#bytes[at] === bytes[from + i]) continue;
        alike = i;
        break;
      }
      end = Math.min(end, shared);
    }
    return alike;
  }

  #add(hash: number, kind: number, bytes: Uint8Array, from: number, to: number): void {
    const slot = this.#count;
    const shared = slot % SHARING_SLOTS === 0 ? 0 : Math.min(SHARED_MAX, this.#alike(slot - 1, bytes, from, to));
    const start = this.#starts[slot];
    const end = start + to - from - shared;
    this.#hashes = grownTo(this.#hashes, slot + 1);
    this.#shared = grownTo(this.#shared, slot + 1);
    this.#kinds = grownTo(this.#kinds, slot + 1);
    this.#starts = grownTo(this.#starts, slot + 2);
    this.#bytes = grownTo(this.#bytes, end);
    this.#hashes[slot] = hash;
    this.#shared[slot] = shared;
    this.#kinds[slot] = kind;
    this.#starts[slot + 1] = end;
    this.#bytes.set(bytes.subarray(from + shared, to), start);
    this.#count++;
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
