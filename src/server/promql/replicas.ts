/** What two servers say of the same target, followed as one series. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { SampledSeries } from './sampledSeries.ts';

/** A sample is missing when it is this many intervals late. */
const MISSED_INTERVALS = 1.5;
/**
 * The other server's sample counts from this share of an interval after the last one on: two servers that scrape at the same moment may read a counter in
 * the other order than their times say, and a counter that falls by one has been reset, for all that anybody can tell.
 */
const APART_INTERVALS = 0.5;
/** Gaps on each side from which the interval is taken: their lower quartile, for a few are missing and one may be short. */
const NEIGHBOURS = 4;

/**
 * One of the two is followed for as long as it has samples, then the other. Samples of both are never mixed in between: a rate over mixed ones would see
 * the same counts twice, and resets where there were none.
 */
export function mergeReplicas(a: SampledSeries, b: SampledSeries): SampledSeries {
  if (b.times.length === 0) return a;
  if (a.times.length === 0) return b;
  const merged = new Merged(a, a.times.length + b.times.length);
  let [on, off] = a.times[0] <= b.times[0] ? [new Walk(a), new Walk(b)] : [new Walk(b), new Walk(a)];
  let interval = Math.min(on.interval, off.interval);
  for (;;) {
    on.passBy(merged.last);
    const isLate = () => merged.last > -Infinity && on.time > merged.last + MISSED_INTERVALS * interval;
    // It may be scraped less often from here on.
    if (isLate()) interval = Math.min(on.interval, on.time - merged.last);
    if (on.isOver || on.isStale || isLate()) {
      off.passBy(merged.last + (interval < Infinity ? APART_INTERVALS * interval : 0), true);
      // An end is none where the other one goes on.
      const until = on.isOver ? Infinity : on.time + (on.isStale ? MISSED_INTERVALS * interval : 0);
      if (!off.isOver && off.time < until) [on, off, interval] = [off, on, off.interval];
      else if (on.isOver) return merged.series();
    }
    merged.push(on);
  }
}

/** The samples of a series, one after the other. */
class Walk {
  readonly series: SampledSeries;
  at = 0;

  constructor(series: SampledSeries) {
    this.series = series;
  }

  get isOver(): boolean {
    return this.at >= this.series.times.length;
  }

  get time(): number {
    return this.series.times[this.at];
  }

  get isStale(): boolean {
    return this.series.stale?.[this.at] === 1;
  }

  /** Between samples around here, as far as none is missing; milliseconds. Infinity for the only sample. */
  get interval(): number {
    const { times } = this.series;
    const from = Math.max(1, this.at - NEIGHBOURS + 1);
    const to = Math.min(times.length, this.at + NEIGHBOURS + 1);
    const gaps = Float64Array.from({ length: Math.max(0, to - from) }, (_, i) => times[from + i] - times[from + i - 1]);
    return gaps.length === 0 ? Infinity : gaps.sort()[gaps.length >> 2];
  }

  /** On to what is after `t`. */
  passBy(t: number, alsoStale = false): void {
    while (!this.isOver && (this.time <= t || (alsoStale && this.isStale))) this.at++;
  }
}

class Merged {
  last = -Infinity;
  readonly #labels: SampledSeries['labels'];
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  readonly #stale: Uint8Array;
  readonly #histograms = new Map<number, NativeHistogram>();
  #count = 0;
  #hasStale = false;

  constructor({ labels }: SampledSeries, room: number) {
    this.#labels = labels;
    this.#times = new Float64Array(room);
    this.#values = new Float64Array(room);
    this.#stale = new Uint8Array(room);
  }

  push({ series, at, time, isStale }: Walk): void {
    this.last = time;
    this.#times[this.#count] = time;
    this.#values[this.#count] = series.values[at];
    this.#stale[this.#count] = isStale ? 1 : 0;
    this.#hasStale ||= isStale;
    const histogram = series.histograms?.get(at);
    if (histogram !== undefined) this.#histograms.set(this.#count, histogram);
    this.#count++;
  }

  series(): SampledSeries {
    const count = this.#count;
    return {
      labels: this.#labels,
      times: this.#times.subarray(0, count),
      sharesTimes: false,
      values: this.#values.subarray(0, count),
      stale: this.#hasStale ? this.#stale.subarray(0, count) : undefined,
      histograms: this.#histograms.size > 0 ? this.#histograms : undefined,
    };
  }
}
