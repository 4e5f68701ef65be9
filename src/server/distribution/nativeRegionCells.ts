/** Native histograms to counts of observations in coarse slices and between values. */
import type { RegionCells, RegionHistogram } from '../../shared/explain/region.ts';
import { HistogramSum } from '../../shared/histogram/arithmetic.ts';
import { nativeFraction } from '../../shared/histogram/distribution.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { isReset } from '../../shared/histogram/resets.ts';
import { labelsKey, METRIC_NAME, type Labels } from '../../shared/model/labels.ts';
import type { GroupColumns } from '../storage/queryable.ts';
import type { Pacing } from './regionCells.ts';

interface Sample {
  readonly t: number;
  readonly h: NativeHistogram;
}

/**
 * Counts of every label set. Increases are found as those of classic counters: between two samples, in the slice of the later one, after a reset from 0, the first
 * sample being none, nothing extrapolated. Of the observations in a bucket that reaches over an edge each side has as many as `histogram_fraction` says.
 *
 * @param xEdges milliseconds, ascending.
 * @param yEdges values, ascending.
 */
export async function nativeRegionCells(
  groups: readonly GroupColumns[],
  xEdges: Float64Array,
  yEdges: Float64Array,
  pacing: Pacing,
): Promise<RegionCells> {
  const histograms: RegionHistogram[] = [];
  for (const { labels, parts } of labelSetsOf(groups)) {
    if (pacing.isDue()) await pacing.pause();
    const samples = samplesOf(parts);
    if (samples.length === 0) continue; // A counter or gauge of the same name.
    const counts = countsOf(samples, xEdges, yEdges);
    histograms.push({ labels, counts, ...(samples[0].t > xEdges[0] ? { beganAt: samples[0].t } : {}) });
  }
  return { xEdges, yEdges, histograms };
}

interface Part {
  readonly times: Float64Array;
  readonly histograms: ReadonlyMap<number, NativeHistogram>;
}

function labelSetsOf(groups: readonly GroupColumns[]): Iterable<{ readonly labels: Labels; readonly parts: Part[] }> {
  const sets = new Map<string, { readonly labels: Labels; readonly parts: Part[] }>();
  for (const { times, columns } of groups) {
    for (const { labels, histograms } of columns) {
      if (histograms === undefined) continue;
      const rest = labels.filter(([name]) => name !== METRIC_NAME);
      const key = labelsKey(rest);
      let set = sets.get(key);
      if (set === undefined) sets.set(key, (set = { labels: rest, parts: [] }));
      set.parts.push({ times, histograms });
    }
  }
  return sets.values();
}

/** By time; of two samples at one time that of the earlier part stands. */
function samplesOf(parts: readonly Part[]): readonly Sample[] {
  const byTime = new Map<number, NativeHistogram>();
  for (const { times, histograms } of parts) {
    for (const [row, h] of histograms) if (!byTime.has(times[row])) byTime.set(times[row], h);
  }
  return [...byTime].map(([t, h]) => ({ t, h })).sort((a, b) => a.t - b.t);
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
    for (let y = 0; y < this.#into.length; y++) {
      const fraction = nativeFraction(this.#yEdges[y], this.#yEdges[y + 1], h);
      if (fraction > 0) this.#into[y] += fraction * h.count;
    }
  }
}
