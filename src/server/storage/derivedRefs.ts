/** Refs of label sets that no series of the store has: of series that another server holds, or that several series are told as. */
import { labelsKey, type Labels } from '../../shared/model/labels.ts';
import type { SeriesRef } from './appender.ts';

/** A store counts its series from 0 on, and never gets here. */
const FIRST = 2 ** 31;
const END = 2 ** 32;
const REMEMBERED_MAX = 500_000;

/** A ref stands for the same labels for as long as the process runs: threads are told the labels of a ref once. */
export class DerivedRefs {
  #refs = new Map<string, SeriesRef>();
  #next = FIRST;

  of(labels: Labels, key = labelsKey(labels)): SeriesRef {
    const known = this.#refs.get(key);
    if (known !== undefined) return known;
    if (this.#refs.size >= REMEMBERED_MAX) this.#refs = new Map();
    if (this.#next === END) throw new RangeError('more than two thousand million label sets were told; restart');
    const ref = this.#next++;
    this.#refs.set(key, ref);
    return ref;
  }
}

/** Of all who make up refs for the same queries. */
export const derivedRefs = new DerivedRefs();
