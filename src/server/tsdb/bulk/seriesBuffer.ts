/** Samples of one series on their way into blocks, in the order they come. */
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import { labelsKey, labelValue, type Labels } from '../../../shared/model/labels.ts';
import { HISTOGRAM_HIGH, HISTOGRAM_LOW } from '../head/group.ts';

export class SeriesBuffer {
  readonly labels: Labels;
  readonly key: string;
  /** Series of one job and instance are likely to have come together. */
  readonly home: string;
  count = 0;
  times = new Float64Array(8);
  bits = new Uint32Array(16);
  /** By index of the sample. */
  histograms: Map<number, NativeHistogram> | undefined;

  constructor(labels: Labels) {
    this.labels = labels;
    this.key = labelsKey(labels);
    this.home = `${labelValue(labels, 'job')}\xff${labelValue(labels, 'instance')}`;
  }

  /** A float or the stale mark, by its two words. */
  float(t: number, low: number, high: number): void {
    const i = this.count++;
    if (i === this.times.length) this.#grow();
    this.times[i] = t;
    this.bits[2 * i] = low;
    this.bits[2 * i + 1] = high;
  }

  histogram(t: number, h: NativeHistogram): void {
    (this.histograms ??= new Map()).set(this.count, h);
    this.float(t, HISTOGRAM_LOW, HISTOGRAM_HIGH);
  }

  /** Forgets the samples; more memory than for `kept` of them is given back. */
  clear(kept = 256): void {
    this.count = 0;
    this.histograms = undefined;
    if (this.times.length <= kept) return;
    this.times = new Float64Array(kept);
    this.bits = new Uint32Array(2 * kept);
  }

  #grow(): void {
    const { times, bits } = this;
    this.times = new Float64Array(times.length * 2);
    this.times.set(times);
    this.bits = new Uint32Array(bits.length * 2);
    this.bits.set(bits);
  }
}

/** Samples of a series, strictly ascending in time. Of two at one time the one that came first stands. */
export interface SortedSamples {
  readonly labels: Labels;
  readonly times: Float64Array;
  readonly bits: Uint32Array;
  readonly histograms: ReadonlyMap<number, NativeHistogram> | undefined;
}

/** @param buffers of one series, at least one. */
export function sortedSamples(buffers: readonly SeriesBuffer[]): SortedSamples {
  const [first] = buffers;
  const all = buffers.length === 1 ? first : joined(buffers);
  const { labels, count, histograms } = all;
  const times = all.times.subarray(0, count);
  const bits = all.bits.subarray(0, 2 * count);
  let ascends = true;
  for (let i = 1; i < count && ascends; i++) ascends = times[i] > times[i - 1];
  if (ascends) return { labels, times, bits, histograms };
  // Sorting keeps the order of equal times.
  const order = [...times.keys()].sort((a, b) => times[a] - times[b]);
  const kept = order.filter((from, i) => i === 0 || times[from] !== times[order[i - 1]]);
  const sorted = new SeriesBuffer(labels);
  for (const from of kept) {
    const h = histograms?.get(from);
    if (h === undefined) sorted.float(times[from], bits[2 * from], bits[2 * from + 1]);
    else sorted.histogram(times[from], h);
  }
  return {
    labels,
    times: sorted.times.subarray(0, sorted.count),
    bits: sorted.bits.subarray(0, 2 * sorted.count),
    histograms: sorted.histograms,
  };
}

function joined(buffers: readonly SeriesBuffer[]): SeriesBuffer {
  const all = new SeriesBuffer(buffers[0].labels);
  for (const { count, times, bits, histograms } of buffers) {
    for (let i = 0; i < count; i++) {
      const h = histograms?.get(i);
      if (h === undefined) all.float(times[i], bits[2 * i], bits[2 * i + 1]);
      else all.histogram(times[i], h);
    }
  }
  return all;
}
