/** Samples of one series as they are read, cut to the range that was asked for. */
import { grownTo } from '../../../shared/bytes/grownArray.ts';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import { bitsOf } from '../../../shared/model/sampleBits.ts';
import type { ForeignSeries } from '../../storage/fanIn.ts';
import type { TimeRange } from '../../storage/queryable.ts';

/** Where decoded samples go. */
export interface SampleSink {
  /** A float or the stale mark, by its two words. */
  float(t: number, low: number, high: number): void;
  histogram(t: number, h: NativeHistogram): void;
}

const CAPACITY_FIRST = 128;

export class SeriesSamplesBuffer implements SampleSink {
  count = 0;
  readonly #labels: Labels;
  readonly #range: TimeRange;
  #times = new Float64Array(CAPACITY_FIRST);
  #values = new Float64Array(CAPACITY_FIRST);
  #bits = bitsOf(this.#values);
  readonly #histograms = new Map<number, NativeHistogram>();
  #isSorted = true;

  constructor(labels: Labels, range: TimeRange) {
    this.#labels = labels;
    this.#range = range;
  }

  float(t: number, low: number, high: number): void {
    const at = this.#add(t);
    if (at < 0) return;
    this.#bits[2 * at] = low;
    this.#bits[2 * at + 1] = high;
  }

  histogram(t: number, h: NativeHistogram): void {
    const at = this.#add(t);
    if (at < 0) return;
    this.#values[at] = NaN;
    this.#histograms.set(at, h);
  }

  /** By time; of two at the same time the first stands. */
  series(): ForeignSeries {
    if (!this.#isSorted) this.#sort();
    const times = this.#times.slice(0, this.count);
    const values = this.#values.slice(0, this.count);
    return { labels: this.#labels, times, values, ...(this.#histograms.size > 0 && { histograms: this.#histograms }) };
  }

  /** Where a sample goes; -1 outside the range. */
  #add(t: number): number {
    if (t < this.#range.minTime || t > this.#range.maxTime) return -1;
    if (this.count === this.#times.length) this.#grow();
    if (this.count > 0 && t <= this.#times[this.count - 1]) this.#isSorted = false;
    this.#times[this.count] = t;
    return this.count++;
  }

  /** Chunks of a store that took late samples overlap. */
  #sort(): void {
    const order = Array.from({ length: this.count }, (_, i) => i).sort(
      (a, b) => this.#times[a] - this.#times[b] || a - b,
    );
    const kept = order.filter((at, i) => i === 0 || this.#times[at] !== this.#times[order[i - 1]]);
    const bits = this.#bits;
    const histograms = new Map(this.#histograms);
    const times = Float64Array.from(kept, (at) => this.#times[at]);
    const words = Uint32Array.from(kept.flatMap((at) => [bits[2 * at], bits[2 * at + 1]]));
    this.#times = times;
    this.#values = new Float64Array(words.buffer);
    this.#bits = words;
    this.#histograms.clear();
    kept.forEach((at, i) => {
      const h = histograms.get(at);
      if (h !== undefined) this.#histograms.set(i, h);
    });
    this.count = kept.length;
    this.#isSorted = true;
  }

  #grow(): void {
    const length = 2 * this.#times.length;
    this.#times = grownTo(this.#times, length);
    this.#values = grownTo(this.#values, length);
    this.#bits = bitsOf(this.#values);
  }
}
