/** Label sets that were asked for last: two generations, the older one goes when the younger one is full. */
import type { Labels } from '../../../shared/model/labels.ts';
import type { SeriesRef } from '../../storage/appender.ts';

/** Label sets of a generation. One takes some 120 bytes: its labels are shared with other series. */
const GENERATION_MAX = 16_384;

export class LabelsCache {
  readonly #generationMax: number;
  #young = new Map<SeriesRef, Labels>();
  #old = new Map<SeriesRef, Labels>();

  constructor(generationMax = GENERATION_MAX) {
    this.#generationMax = generationMax;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(ref: SeriesRef, make: (ref: SeriesRef) => Labels): Labels {
    const young = this.#young.get(ref);
    if (young !== undefined) return young;
    const labels = this.#old.get(ref) ?? make(ref);
    if (this.#young.size >= this.#generationMax) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(ref, labels);
    return labels;
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
  }
}
