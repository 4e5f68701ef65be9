/** The way out of the store: matchers → series → columns, group by group. */
import { compareLabels, compareText, labelValue, type Labels } from '../../shared/model/labels.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import type { Exemplar, Metadata } from '../../shared/model/metadata.ts';
import type { SeriesRef } from '../storage/appender.ts';
import type { GroupColumns, Queryable, SelectSpec, TimeRange } from '../storage/queryable.ts';
import type { ExemplarStore } from './exemplars.ts';
import type { HeadGroup } from './head/group.ts';
import type { Head } from './head/head.ts';
import { HeadRows } from './head/headRows.ts';
import { firstNotBelow, CellBudget, combine, type RowSource } from './rowSource.ts';

type ColumnMap = ReadonlyMap<SeriesRef, number>;

export class StoreReader implements Queryable {
  readonly #head: Head;
  readonly #exemplars: ExemplarStore;

  constructor(head: Head, exemplars: ExemplarStore) {
    this.#head = head;
    this.#exemplars = exemplars;
  }

  async select(spec: SelectSpec): Promise<readonly GroupColumns[]> {
    const { series } = this.#head;
    const budget = new CellBudget(spec.maxSamples);
    const refs = series.index.select(spec.matchers);
    const groups: GroupColumns[] = [];
    for (const [group, places] of this.#head.columnsOf(refs)) {
      const columns = new Map(places.map(({ ref, column }) => [ref, column]));
      const sources = this.#sources(group, columns);
      const found = combine(sources, [...columns.keys()], series, spec.minTime, spec.maxTime, budget);
      if (found !== undefined) groups.push(found);
    }
    return groups;
  }

  async series(matcherSets: readonly (readonly Matcher[])[], range: TimeRange): Promise<readonly Labels[]> {
    const { series } = this.#head;
    return this.#refs(matcherSets, range)
      .map((ref) => series.labels(ref))
      .sort(compareLabels);
  }

  async labelNames(matcherSets: readonly (readonly Matcher[])[], range: TimeRange): Promise<readonly string[]> {
    const names = new Set<string>();
    for (const ref of this.#refs(matcherSets, range)) {
      for (const [name] of this.#head.series.labels(ref)) names.add(name);
    }
    return [...names].sort(compareText);
  }

  async labelValues(
    name: string,
    matcherSets: readonly (readonly Matcher[])[],
    range: TimeRange,
  ): Promise<readonly string[]> {
    const values = new Set<string>();
    for (const ref of this.#refs(matcherSets, range)) values.add(labelValue(this.#head.series.labels(ref), name));
    values.delete('');
    return [...values].sort(compareText);
  }

  metadata(metric?: string): ReadonlyMap<string, readonly Metadata[]> {
    const found = new Map<string, Metadata[]>();
    for (const group of this.#head.groups) {
      for (const [name, entry] of group?.metadata ?? []) {
        if (metric !== undefined && name !== metric) continue;
        const entries = found.get(name);
        if (entries === undefined) found.set(name, [entry]);
        else if (!entries.some((e) => sameMetadata(e, entry))) entries.push(entry);
      }
    }
    return found;
  }

  exemplars(
    matcherSets: readonly (readonly Matcher[])[],
    range: TimeRange,
  ): readonly { labels: Labels; exemplars: readonly Exemplar[] }[] {
    const wanted = this.#matching(matcherSets);
    const bySeries = new Map<SeriesRef, Exemplar[]>();
    for (const { ref, exemplar } of this.#exemplars.entries()) {
      if (wanted[ref] !== 1 || exemplar.t < range.minTime || exemplar.t > range.maxTime) continue;
      const list = bySeries.get(ref);
      if (list === undefined) bySeries.set(ref, [exemplar]);
      else list.push(exemplar);
    }
    return [...bySeries]
      .map(([ref, exemplars]) => ({ labels: this.#head.series.labels(ref), exemplars }))
      .sort((a, b) => compareLabels(a.labels, b.labels));
  }

  /** In the order they came: the earlier one stands where two have a sample of the same time. */
  #sources(group: HeadGroup, columns: ColumnMap): RowSource[] {
    const sources: RowSource[] = [];
    if (group.rows.rowCount > 0) sources.push(new HeadRows(group, columns));
    return sources;
  }

  /** By series ref: 1 where any of the matcher sets accepts it; all where there is no set. */
  #matching(matcherSets: readonly (readonly Matcher[])[]): Uint8Array {
    const { series } = this.#head;
    const wanted = new Uint8Array(series.refsEnd);
    const sets = matcherSets.length > 0 ? matcherSets.map((set) => series.index.select(set)) : [series.index.all()];
    for (const set of sets) for (const ref of set) wanted[ref] = 1;
    return wanted;
  }

  /** Series that match and have samples in the range. */
  #refs(matcherSets: readonly (readonly Matcher[])[], range: TimeRange): SeriesRef[] {
    const wanted = this.#matching(matcherSets);
    const found = new Set<SeriesRef>();
    for (const group of this.#head.groups) {
      if (group !== undefined) this.#collectFromHead(group, range, wanted, found);
    }
    return [...found].sort((a, b) => a - b);
  }

  #collectFromHead(group: HeadGroup, range: TimeRange, wanted: Uint8Array, found: Set<SeriesRef>): void {
    const { refs, rows } = group;
    const inOrder = group.kind === 'rows';
    const times = Float64Array.from({ length: rows.rowCount }, (_, row) => rows.time(row));
    const from = inOrder ? firstNotBelow(times, range.minTime) : 0;
    const to = inOrder ? firstNotBelow(times, range.maxTime + 1) : times.length;
    for (let column = 0; column < refs.length; column++) {
      const ref = refs[column];
      if (wanted[ref] !== 1 || found.has(ref)) continue;
      if (inOrder ? rows.hasSample(column, from, to) : hasLooseSample(group, column, times, range)) found.add(ref);
    }
  }
}

function hasLooseSample(group: HeadGroup, column: number, times: Float64Array, range: TimeRange): boolean {
  for (let row = 0; row < times.length; row++) {
    if (times[row] < range.minTime || times[row] > range.maxTime) continue;
    if (group.rows.hasSample(column, row, row + 1)) return true;
  }
  return false;
}

function sameMetadata(a: Metadata, b: Metadata): boolean {
  return a.type === b.type && a.help === b.help && a.unit === b.unit;
}
