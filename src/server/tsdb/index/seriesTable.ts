/** Every series that the store knows, in memory or in blocks: its labels once, its ref, and the index over all of them. */
import { labelsKey, type Labels } from '../../../shared/model/labels.ts';
import type { SeriesRef } from '../../storage/appender.ts';
import { LabelIndex } from './labelIndex.ts';

const UNKNOWN: Labels = [];

export class SeriesTable {
  /** By ref; 0 names no series. */
  #labels: (Labels | undefined)[] = [undefined];
  #refs = new Map<string, SeriesRef>();
  #index = new LabelIndex();

  /** Refs lie below this. */
  get refsEnd(): number {
    return this.#labels.length;
  }

  get size(): number {
    return this.#refs.size;
  }

  get index(): LabelIndex {
    return this.#index;
  }

  /** The ref of a label set, given out now if it is new. */
  refOf(labels: Labels): SeriesRef {
    const key = labelsKey(labels);
    const known = this.#refs.get(key);
    if (known !== undefined) return known;
    const ref = this.#labels.length;
    this.#labels.push(labels);
    this.#refs.set(key, ref);
    this.#index.add(ref, labels);
    return ref;
  }

  /** The ref of a label set, if it is known. */
  find(labels: Labels): SeriesRef | undefined {
    return this.#refs.get(labelsKey(labels));
  }

  labels(ref: SeriesRef): Labels {
    return this.#labels[ref] ?? UNKNOWN;
  }

  /** Forgets the series that are held by nobody. Refs of the others stay, those of the forgotten are never given out again. */
  retain(isHeld: (ref: SeriesRef) => boolean): void {
    const index = new LabelIndex();
    for (let ref = 1; ref < this.#labels.length; ref++) {
      const labels = this.#labels[ref];
      if (labels === undefined) continue;
      if (isHeld(ref)) {
        index.add(ref, labels);
        continue;
      }
      this.#labels[ref] = undefined;
      this.#refs.delete(labelsKey(labels));
    }
    this.#index = index;
  }
}
