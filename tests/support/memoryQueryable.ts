/** Series held in memory as a store would lend them: groups of columns with gaps and stale marks. */
import type { NativeHistogram } from '../../src/shared/histogram/native.ts';
import { compareLabels, labelsKey, type Labels } from '../../src/shared/model/labels.ts';
import { compileMatcher, matchesAll, type Matcher } from '../../src/shared/model/matchers.ts';
import { bitsOf, fillGaps, setStale } from '../../src/shared/model/sampleBits.ts';
import {
  SelectLimitError,
  type GroupColumns,
  type Queryable,
  type SelectSpec,
  type SeriesColumn,
} from '../../src/server/storage/queryable.ts';

/** A number, a histogram, or the end of the series. */
export type SampleValue = number | NativeHistogram | 'stale';

export interface MemorySeries {
  readonly labels: Labels;
  /** Ascending times in milliseconds. */
  readonly samples: readonly (readonly [t: number, v: SampleValue])[];
  /** Series with the same text share a group. */
  readonly group?: string;
}

export class MemoryQueryable implements Queryable {
  private readonly held: readonly MemorySeries[];

  constructor(series: readonly MemorySeries[]) {
    this.held = series;
  }

  async select(spec: SelectSpec): Promise<readonly GroupColumns[]> {
    const { minTime, maxTime, maxSamples = Infinity } = spec;
    const groups = new Map<string, MemorySeries[]>();
    for (const series of this.matching([spec.matchers])) {
      const key = series.group ?? '';
      groups.set(key, [...(groups.get(key) ?? []), series]);
    }
    let cells = 0;
    return [...groups.values()].map((members) => {
      const inRange = members.map((m) => m.samples.filter(([t]) => t >= minTime && t <= maxTime));
      const times = Float64Array.from([...new Set(inRange.flatMap((s) => s.map(([t]) => t)))].sort((a, b) => a - b));
      cells += times.length * members.length;
      if (cells > maxSamples) throw new SelectLimitError(cells, maxSamples);
      const rowOf = new Map([...times].map((t, row) => [t, row]));
      return { times, columns: members.map((m, c) => column(m.labels, this.refOf(m), inRange[c], rowOf)) };
    });
  }

  async series(matcherSets: readonly (readonly Matcher[])[]): Promise<readonly Labels[]> {
    const labels = new Map(this.matching(matcherSets).map((s) => [labelsKey(s.labels), s.labels]));
    return [...labels.values()].sort(compareLabels);
  }

  async labelNames(matcherSets: readonly (readonly Matcher[])[]): Promise<readonly string[]> {
    return [...new Set(this.matching(matcherSets).flatMap((s) => s.labels.map(([name]) => name)))].sort();
  }

  async labelValues(name: string, matcherSets: readonly (readonly Matcher[])[]): Promise<readonly string[]> {
    const values = this.matching(matcherSets).flatMap((s) => s.labels.filter(([n]) => n === name).map(([, v]) => v));
    return [...new Set(values)].sort();
  }

  metadata() {
    return new Map();
  }

  exemplars() {
    return [];
  }

  /** Equal labels are one series, whatever group they come by. */
  private refOf({ labels }: MemorySeries): number {
    const key = labelsKey(labels);
    return this.held.findIndex((series) => labelsKey(series.labels) === key);
  }

  private matching(matcherSets: readonly (readonly Matcher[])[]): MemorySeries[] {
    const sets = matcherSets.map((set) => set.map((m) => [m.name, compileMatcher(m)] as const));
    return this.held.filter((s) => sets.length === 0 || sets.some((tests) => matchesAll(s.labels, tests)));
  }
}

function column(
  labels: Labels,
  ref: number,
  samples: MemorySeries['samples'],
  rowOf: ReadonlyMap<number, number>,
): SeriesColumn {
  const values = new Float64Array(new SharedArrayBuffer(rowOf.size * 8));
  fillGaps(values);
  const histograms = new Map<number, NativeHistogram>();
  for (const [t, v] of samples) {
    const row = rowOf.get(t)!;
    if (v === 'stale') setStale(bitsOf(values), row);
    else if (typeof v === 'number') values[row] = v;
    else histograms.set(row, v);
  }
  return { ref, labels, values, ...(histograms.size > 0 ? { histograms } : {}) };
}
