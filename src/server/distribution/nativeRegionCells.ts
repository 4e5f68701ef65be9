/** Native histograms to counts of observations in coarse slices and between values. */
import type { RegionCells, RegionHistogram } from '../../shared/explain/region.ts';
import { HistogramSum } from '../../shared/histogram/arithmetic.ts';
import { observedBelow } from '../../shared/histogram/distribution.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { isReset } from '../../shared/histogram/resets.ts';
import { METRIC_NAME, type Labels } from '../../shared/model/labels.ts';
import type { ExplainBudget } from './regionCells.ts';

/** Samples of one series, ascending by time. */
export interface NativeSeries {
  readonly labels: Labels;
  readonly times: Float64Array;
  /** By row of the times; undefined where it has none. */
  readonly histograms?: ReadonlyMap<number, NativeHistogram> | undefined;
}

export interface NativeRegionCells {
  readonly cells: RegionCells;
  /** Whether there are series of numbers, which are left out: a counter or gauge of the same name. */
  readonly hasNumbers: boolean;
}

interface Sample {
  readonly t: number;
  readonly h: NativeHistogram;
}

/**
 * Counts of every series. Increases are found as those of classic counters: between two samples, in the slice of the later one, after a reset from 0, the first
 * sample being none, nothing extrapolated. Of the observations in a bucket that reaches over an edge each side has as many as `histogram_fraction` says.
 *
 * @param series of one metric name; each is done with before the next is asked for.
 * @param xEdges milliseconds, ascending.
 * @param yEdges values, ascending.
 */
export async function nativeRegionCells(
  series: AsyncIterable<NativeSeries>,
  xEdges: Float64Array,
  yEdges: Float64Array,
  budget: ExplainBudget,
): Promise<NativeRegionCells> {
  const found: RegionHistogram[] = [];
  let hasNumbers = false;
  for await (const { labels, times, histograms } of series) {
    if (budget.isDue()) await budget.pause();
    if (histograms === undefined) {
      hasNumbers = true;
      continue;
    }
    const samples = samplesOf(times, histograms);
    const counts = countsOf(samples, xEdges, yEdges);
    budget.hold(counts.length);
    const rest = labels.filter(([name]) => name !== METRIC_NAME);
    found.push({ labels: rest, counts, ...(samples[0].t > xEdges[0] ? { beganAt: samples[0].t } : {}) });
  }
  return { cells: { xEdges, yEdges, histograms: found }, hasNumbers };
}

function samplesOf(times: Float64Array, histograms: ReadonlyMap<number, NativeHistogram>): readonly Sample[] {
  const samples: Sample[] = [];
  for (let row = 0; row < times.length; row++) {
    const h = histograms.get(row);
    if (h !== undefined) samples.push({ t: times[row], h });
  }
  return samples;
}

/** Between two resets only the first and the last sample of a slice are looked into: what lies between them cancels out. */
function countsOf(samples: readonly Sample[], xEdges: Float64Array, yEdges: Float64Array): Float64Array {
  const rows = yEdges.length - 1;
  const slices = xEdges.length - 1;
  const counts = new Float64Array(slices * rows);
  let before: NativeHistogram | undefined;
  let i = 0;
  while (i < samples.length && samples[i].t <= xEdges[0]) before = samples[i++].h;
  for (let x = 0; x < slices; x++) {
    const gain = new Gain(counts.subarray(x * rows, (x + 1) * rows), yEdges);
    let base = before;
    for (; i < samples.length && samples[i].t <= xEdges[x + 1]; i++) {
      const { h } = samples[i];
      if (before === undefined) base = h;
      else if (isReset(h, before)) {
        gain.add(before, base);
        base = undefined;
      }
      before = h;
    }
    if (before !== undefined) gain.add(before, base);
    gain.end();
  }
  return counts;
}

/** What a slice gains, summed before it is divided among the rows, as `increase` sums it. */
class Gain {
  #sum: HistogramSum | undefined;
  readonly #into: Float64Array;
  readonly #yEdges: Float64Array;

  constructor(into: Float64Array, yEdges: Float64Array) {
    this.#into = into;
    this.#yEdges = yEdges;
  }

  /** From one sample to another of the same run of counting. @param base undefined where the run began from nothing. */
  add(last: NativeHistogram, base: NativeHistogram | undefined): void {
    if (last === base) return;
    // Exponential and custom buckets have no sum: those before are divided by themselves.
    if (this.#sum?.add(last) === false) this.end();
    this.#sum ??= new HistogramSum(last);
    if (base !== undefined) this.#sum.add(base, -1);
  }

  end(): void {
    if (this.#sum === undefined) return;
    const h = this.#sum.result();
    this.#sum = undefined;
    if (!(h.count > 0)) return;
    const below = observedBelow(this.#yEdges, h);
    for (let y = 0; y < this.#into.length; y++) this.#into[y] += Math.max(0, below[y + 1] - below[y]);
  }
}
