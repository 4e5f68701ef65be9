/**
 * Every series that the store knows, in memory or in blocks: its labels once, its ref, and the index over all of them.
 *
 * A label set is held as the numbers of its pairs, in pages of PAGE_SERIES series; a ref is found by the hash of these numbers.
 * Labels as texts are made when they are asked for.
 */
import type { Label, Labels } from '../../../shared/model/labels.ts';
import type { ByteReader } from '../../../shared/bytes/byteReader.ts';
import type { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import type { SeriesRef } from '../../storage/appender.ts';
import { grownTo } from '../../../shared/bytes/grownArray.ts';
import { LabelIndex } from './labelIndex.ts';
import { LabelPairs } from './labelPairs.ts';
import { LabelsCache } from './labelsCache.ts';
import { LabelSetReader } from './labelSetReader.ts';
import { LabelSetWriter } from './labelSetWriter.ts';
import { appendRef, runsOf, type RefRuns } from './refRuns.ts';

const UNKNOWN: Labels = [];
const NO_PAIRS = new Uint32Array(0);
const PAGE_BITS = 10;
const PAGE_SERIES = 1 << PAGE_BITS;
/** Of ten places in the hash table, at most this many are taken. */
const FULL_TENTHS = 7;
/** So that nobody can choose label sets whose hashes meet. */
const SEED = Math.floor(Math.random() * 0x100000000);

/** Series whose refs differ in the low bits only. */
class Page {
  /** By series, and one more: where its pairs begin in `pairs`. */
  readonly starts = new Uint32Array(PAGE_SERIES + 1);
  readonly hashes = new Uint32Array(PAGE_SERIES);
  readonly isKnown = new Uint8Array(PAGE_SERIES);
  pairs = new Uint32Array(0);

  /** Pairs of the series that are still known, in as little memory as they take. */
  compact(): void {
    const { starts, isKnown, pairs } = this;
    const compacted = new Uint32Array(starts[PAGE_SERIES]);
    let end = 0;
    for (let i = 0; i < PAGE_SERIES; i++) {
      const [from, to] = [starts[i], starts[i + 1]];
      starts[i] = end;
      if (isKnown[i] === 0) continue;
      compacted.set(pairs.subarray(from, to), end);
      end += to - from;
    }
    starts[PAGE_SERIES] = end;
    this.pairs = compacted.slice(0, end);
  }
}

export class SeriesTable {
  readonly index: LabelIndex;
  readonly #pairs = new LabelPairs();
  /** By the ref's high bits; undefined where all series of a page are forgotten. */
  #pages: (Page | undefined)[] = [];
  /** Ref 0 names no series. */
  #refsEnd: SeriesRef = 1;
  #size = 0;
  /** Refs by hash, with linear probing; 0 is a free place. Length is a power of two. */
  #slots = new Uint32Array(64);
  /** All refs. */
  #all = new Uint32Array(8);
  #allLength = 0;
  readonly #cache: LabelsCache;
  readonly #setReader = new LabelSetReader(this.#pairs);
  readonly #setWriter = new LabelSetWriter(this.#pairs);
  readonly #make = (ref: SeriesRef): Labels => this.#labels(ref);
  /** The pairs of the label set at hand. */
  #wanted = new Uint32Array(32);
  /** The labels whose pairs the first of `#wanted` are: neighbours on a page share most of theirs, as objects. */
  readonly #asked: Label[] = [];
  #askedCount = 0;

  constructor(cache = new LabelsCache()) {
    this.#cache = cache;
    this.index = new LabelIndex(this.#pairs, this);
  }

  /** Refs lie below this. */
  get refsEnd(): number {
    return this.#refsEnd;
  }

  get size(): number {
    return this.#size;
  }

  /** Label pairs that any series has. */
  get pairs(): number {
    return this.#pairs.size;
  }

  /** The refs of all series. Valid until the next one is added. */
  all(): RefRuns {
    return this.#all.subarray(0, this.#allLength);
  }

  /** The ref of a label set, given out now if it is new. */
  refOf(labels: Labels): SeriesRef {
    const count = labels.length;
    this.#wanted = grownTo(this.#wanted, count);
    for (let i = 0; i < count; i++) {
      const label = labels[i];
      if (i < this.#askedCount && this.#asked[i] === label) continue;
      this.#wanted[i] = this.#pairs.intern(label[0], label[1]);
      this.#asked[i] = label;
    }
    this.#askedCount = count;
    const hash = this.#hash(count);
    return this.#lookUp(hash, count) || this.#add(hash, count);
  }

  /** The ref of a label set, if it is known. */
  find(labels: Labels): SeriesRef | undefined {
    const count = labels.length;
    this.#wanted = grownTo(this.#wanted, count);
    this.#askedCount = 0;
    for (let i = 0; i < count; i++) {
      const pair = this.#pairs.find(labels[i][0], labels[i][1]);
      if (pair === undefined) return undefined;
      this.#wanted[i] = pair;
    }
    return this.#lookUp(this.#hash(count), count) || undefined;
  }

  /** Empty for a series that is not known. The same object, as long as it is asked for often. */
  labels(ref: SeriesRef): Labels {
    return this.#pageOf(ref) === undefined ? UNKNOWN : this.#cache.get(ref, this.#make);
  }

  /** The refs of label sets that `writeLabels` wrote, given out now where they are new; 0 for an empty set. */
  readLabels(input: ByteReader): Uint32Array {
    const reader = this.#setReader;
    this.#askedCount = 0;
    const refs = new Uint32Array(reader.begin(input));
    for (let s = 0; s < refs.length; s++) {
      const count = input.varint();
      if (count === 0) continue;
      this.#wanted = grownTo(this.#wanted, count);
      for (let i = 0; i < count; i++) this.#wanted[i] = reader.pair(input);
      const hash = this.#hash(count);
      refs[s] = this.#lookUp(hash, count) || this.#add(hash, count);
    }
    return refs;
  }

  /** Writes the label sets of series, each text once; the set of one that is not known is empty. */
  writeLabels(out: ByteWriter, refs: Uint32Array): void {
    this.#setWriter.begin(out, refs.length);
    for (const ref of refs) {
      const page = this.#pageOf(ref);
      const i = ref & (PAGE_SERIES - 1);
      if (page === undefined) this.#setWriter.write(out, NO_PAIRS, 0, 0);
      else this.#setWriter.write(out, page.pairs, page.starts[i], page.starts[i + 1]);
    }
  }

  /** The value of a label, '' if the series has none. */
  labelValue(ref: SeriesRef, name: string): string {
    const page = this.#pageOf(ref);
    const index = this.#pairs.nameIndex(name);
    if (page === undefined || index < 0) return '';
    const i = ref & (PAGE_SERIES - 1);
    for (let at = page.starts[i]; at < page.starts[i + 1]; at++) {
      if (this.#pairs.nameIndexOf(page.pairs[at]) === index) return this.#pairs.valueOf(page.pairs[at]);
    }
    return '';
  }

  /** Whether two series differ in `le` alone, which both have. */
  isNextBucket(below: SeriesRef, ref: SeriesRef): boolean {
    const [a, b] = [this.#pageOf(below), this.#pageOf(ref)];
    if (a === undefined || b === undefined) return false;
    const le = this.#pairs.nameIndex('le');
    let p = a.starts[below & (PAGE_SERIES - 1)];
    let q = b.starts[ref & (PAGE_SERIES - 1)];
    const end = b.starts[(ref & (PAGE_SERIES - 1)) + 1];
    if (a.starts[(below & (PAGE_SERIES - 1)) + 1] - p !== end - q) return false;
    let hasBound = false;
    for (; q < end; p++, q++) {
      const isBound = this.#pairs.nameIndexOf(b.pairs[q]) === le;
      if (isBound) hasBound = true;
      if (a.pairs[p] === b.pairs[q]) continue;
      if (!isBound || this.#pairs.nameIndexOf(a.pairs[p]) !== le) return false;
    }
    return hasBound;
  }

  /** Forgets the series that are held by nobody. Refs of the others stay, those of the forgotten are never given out again. */
  retain(isHeld: (ref: SeriesRef) => boolean): void {
    const before = this.#size;
    const kept = runsOf(this.#markHeld(isHeld));
    if (this.#size === before) return;
    this.#askedCount = 0;
    this.#pairs.retain(kept);
    this.#all = kept.slice();
    this.#allLength = kept.length;
    this.#rehash(slotsFor(this.#size));
    this.#cache.clear();
  }

  /** Gives the refs that are held; the others are forgotten on the way. */
  *#markHeld(isHeld: (ref: SeriesRef) => boolean): Iterable<SeriesRef> {
    for (let p = 0; p < this.#pages.length; p++) {
      const page = this.#pages[p];
      if (page === undefined) continue;
      let known = 0;
      let forgotten = 0;
      for (let i = 0; i < PAGE_SERIES; i++) {
        if (page.isKnown[i] === 0) continue;
        const ref = (p << PAGE_BITS) + i;
        if (isHeld(ref)) {
          known++;
          yield ref;
        } else {
          page.isKnown[i] = 0;
          forgotten++;
        }
      }
      this.#size -= forgotten;
      const isFilled = (p + 1) << PAGE_BITS <= this.#refsEnd;
      if (known === 0 && isFilled) this.#pages[p] = undefined;
      else if (forgotten > 0 && isFilled) page.compact();
    }
  }

  #pageOf(ref: SeriesRef): Page | undefined {
    const page = this.#pages[ref >>> PAGE_BITS];
    return page?.isKnown[ref & (PAGE_SERIES - 1)] === 1 ? page : undefined;
  }

  #labels(ref: SeriesRef): Labels {
    const page = this.#pages[ref >>> PAGE_BITS]!;
    const i = ref & (PAGE_SERIES - 1);
    const from = page.starts[i];
    const labels = new Array<Label>(page.starts[i + 1] - from);
    for (let at = 0; at < labels.length; at++) labels[at] = this.#pairs.label(page.pairs[from + at]);
    return labels;
  }

  #hash(count: number): number {
    let hash = SEED;
    for (let i = 0; i < count; i++) {
      hash = Math.imul(hash ^ this.#wanted[i], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  /** The series with the wanted pairs, 0 if there is none. */
  #lookUp(hash: number, count: number): SeriesRef {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const ref = slots[slot];
      const page = this.#pages[ref >>> PAGE_BITS]!;
      const i = ref & (PAGE_SERIES - 1);
      if (page.hashes[i] === hash && this.#isWanted(page, i, count)) return ref;
    }
    return 0;
  }

  #isWanted({ starts, pairs }: Page, i: number, count: number): boolean {
    const from = starts[i];
    if (starts[i + 1] - from !== count) return false;
    for (let at = 0; at < count; at++) if (pairs[from + at] !== this.#wanted[at]) return false;
    return true;
  }

  #add(hash: number, count: number): SeriesRef {
    const ref = this.#refsEnd++;
    const page = (this.#pages[ref >>> PAGE_BITS] ??= new Page());
    const i = ref & (PAGE_SERIES - 1);
    const end = page.starts[i] + count;
    page.pairs = grownTo(page.pairs, end);
    page.pairs.set(this.#wanted.subarray(0, count), page.starts[i]);
    page.starts[i + 1] = end;
    page.hashes[i] = hash;
    page.isKnown[i] = 1;
    if (i === PAGE_SERIES - 1) page.pairs = page.pairs.slice(0, end);
    for (let at = 0; at < count; at++) this.#pairs.addRef(this.#wanted[at], ref);
    this.#all = grownTo(this.#all, this.#allLength + 1);
    this.#allLength = appendRef(this.#all, 0, this.#allLength, ref);
    this.#size++;
    if (this.#size * 10 > this.#slots.length * FULL_TENTHS) this.#rehash(2 * this.#slots.length);
    else this.#enter(ref, hash);
    return ref;
  }

  #enter(ref: SeriesRef, hash: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = ref;
  }

  #rehash(length: number): void {
    this.#slots = new Uint32Array(length);
    this.#pages.forEach((page, p) => {
      if (page === undefined) return;
      for (let i = 0; i < PAGE_SERIES; i++) {
        if (page.isKnown[i] === 1) this.#enter((p << PAGE_BITS) + i, page.hashes[i]);
      }
    });
  }
}

/** Places of a hash table for this many series. */
function slotsFor(size: number): number {
  let length = 64;
  while (size * 10 > length * FULL_TENTHS) length *= 2;
  return length;
}
