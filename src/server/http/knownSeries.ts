/**
 * Where the series of remote write requests go, by the bytes that their labels are written with. Senders repeat the same series in the same order,
 * so the one after the last is looked at first; others are found by a hash.
 */
import type { SeriesPlace } from '../storage/appender.ts';

/** Over it all are forgotten, and learnt again from the next requests. */
export const KNOWN_BYTES_MAX = 32 * 1024 * 1024;
/** So that nobody can choose labels whose hashes meet. */
const SEED = Math.floor(Math.random() * 0x100000000);

export class KnownSeries {
  readonly #bytesMax: number;
  #places: SeriesPlace[] = [];
  #bytes = new Uint8Array(4096);
  /** By number, and one more: where its labels begin in `#bytes`. */
  #starts = new Uint32Array(64);
  #hashes = new Uint32Array(64);
  /** Number + 1 by hash, with linear probing; 0 is free. Length is a power of two. */
  #slots = new Uint32Array(128);
  #next = 0;

  constructor(bytesMax = KNOWN_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  get size(): number {
    return this.#places.length;
  }

  /** Where the labels of the series that is expected next end, if they begin at `from`; -1 if others do. `take` gives its place then. */
  expectedEnd(bytes: Uint8Array, from: number): number {
    const number = this.#next;
    if (number >= this.size) return -1;
    const to = from + this.#starts[number + 1] - this.#starts[number];
    return to <= bytes.length && this.#isAt(number, bytes, from, to) ? to : -1;
  }

  takeExpected(): SeriesPlace | undefined {
    const place = this.#places[this.#next++];
    return place.isGone ? undefined : place;
  }

  /** The place of the series whose labels are `bytes[from, to)`, if it is known and the store still has it. */
  find(bytes: Uint8Array, from: number, to: number): SeriesPlace | undefined {
    const number = this.#number(bytes, from, to);
    if (number < 0) return undefined;
    this.#next = number + 1;
    const place = this.#places[number];
    return place.isGone ? undefined : place;
  }

  set(bytes: Uint8Array, from: number, to: number, place: SeriesPlace): void {
    const known = this.#number(bytes, from, to);
    if (known >= 0) {
      this.#places[known] = place;
      return;
    }
    if (this.#starts[this.size] + to - from > this.#bytesMax) this.#clear();
    const number = this.size;
    const end = this.#starts[number] + to - from;
    this.#reserve(number, end);
    this.#bytes.set(bytes.subarray(from, to), this.#starts[number]);
    this.#starts[number + 1] = end;
    this.#hashes[number] = hashOf(bytes, from, to);
    this.#places.push(place);
    this.#next = number + 1;
    if (2 * this.size <= this.#slots.length) this.#enter(number);
    else this.#rehash();
  }

  #number(bytes: Uint8Array, from: number, to: number): number {
    if (this.#next < this.size && this.#isAt(this.#next, bytes, from, to)) return this.#next;
    const hash = hashOf(bytes, from, to);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const number = this.#slots[slot] - 1;
      if (this.#hashes[number] === hash && this.#isAt(number, bytes, from, to)) return number;
    }
    return -1;
  }

  #isAt(number: number, bytes: Uint8Array, from: number, to: number): boolean {
    const known = this.#bytes;
    const start = this.#starts[number];
    if (this.#starts[number + 1] - start !== to - from) return false;
    // What neighbours differ in stands near the end more often.
    for (let i = to - 1, at = start + to - from - 1; i >= from; i--, at--) if (known[at] !== bytes[i]) return false;
    return true;
  }

  #enter(number: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hashes[number] & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = number + 1;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    for (let number = 0; number < this.size; number++) this.#enter(number);
  }

  #reserve(number: number, end: number): void {
    this.#bytes = grownTo(this.#bytes, end);
    this.#starts = grownTo(this.#starts, number + 2);
    this.#hashes = grownTo(this.#hashes, number + 1);
  }

  #clear(): void {
    this.#places = [];
    this.#slots = new Uint32Array(128);
    this.#bytes = new Uint8Array(4096);
    this.#starts = new Uint32Array(64);
    this.#next = 0;
  }
}

function grownTo<T extends Uint8Array | Uint32Array>(array: T, length: number): T {
  if (length <= array.length) return array;
  const Kind = array.constructor as new (length: number) => T;
  const grown = new Kind(Math.max(length, array.length + (array.length >> 1)));
  grown.set(array);
  return grown;
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = SEED;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
