/** The way out of the store: matchers → series → columns, group by group. */
import { compareLabels, compareText, labelValue, type Labels } from '../../shared/model/labels.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import type { Exemplar, Metadata } from '../../shared/model/metadata.ts';
import { bitsOf, CELL_GAP, cellKind } from '../../shared/model/sampleBits.ts';
import type { SeriesRef } from '../storage/appender.ts';
import type { GroupColumns, Queryable, SelectSpec, TimeRange } from '../storage/queryable.ts';
import type { BlockSet } from './block/blockSet.ts';
import { ChunkRows } from './chunkRows.ts';
import { isDeleted } from './deletedCells.ts';
import type { ExemplarStore } from './exemplars.ts';
import type { HeadGroup } from './head/group.ts';
import type { Head } from './head/head.ts';
import { HeadRows } from './head/headRows.ts';
import { CellBudget, combine, type RowSource } from './rowSource.ts';
import { expandRuns } from './index/refRuns.ts';
import { firstNotBelow } from './sortedTimes.ts';
import { covers, type DeletedRanges, type Tombstones } from './tombstones.ts';

type ColumnMap = ReadonlyMap<SeriesRef, number>;

/** What select found of one group, in blocks and in the head. */
interface GroupParts {
  /** In the order they came: the earlier one stands where two have a sample of the same time. */
  readonly sources: RowSource[];
  readonly refs: Set<SeriesRef>;
}

/** Rows of a group that are stored together, not opened yet. */
interface Stretch {
  readonly group: { readonly kind: string; readonly key: string };
  /** Where the series that were asked for are in it. */
  readonly columns: ColumnMap;
  /** Nothing in it is outside. */
  readonly stored: TimeRange;
  open(): RowSource;
}

const ALL_TIME: TimeRange = { minTime: -Infinity, maxTime: Infinity };

export class StoreReader implements Queryable {
  readonly #head: Head;
  readonly #blocks: BlockSet;
  readonly #exemplars: ExemplarStore;
  readonly #tombstones: Tombstones;

  constructor(head: Head, blocks: BlockSet, exemplars: ExemplarStore, tombstones: Tombstones) {
    this.#tombstones = tombstones;
    this.#head = head;
    this.#blocks = blocks;
    this.#exemplars = exemplars;
  }

  async select(spec: SelectSpec): Promise<readonly GroupColumns[]> {
    const { series } = this.#head;
    const budget = new CellBudget(spec.maxSamples);
    const refs = series.index.select(spec.matchers);
    if (refs.length === 0) return [];
    const parts = new Map<string, GroupParts>();
    let before: ColumnMap | undefined;
    for (const { group, columns, open } of this.#stretches(refs, spec)) {
      const { sources, refs: present } = partsOf(parts, group);
      // Chunks of a group follow each other with the same columns.
      if (columns !== before) for (const ref of columns.keys()) present.add(ref);
      before = columns;
      sources.push(open());
    }
    const deletedOf = (ref: SeriesRef) => this.#tombstones.of(ref);
    const groups: GroupColumns[] = [];
    for (const { sources, refs: present } of parts.values()) {
      const found = combine(sources, [...present], series, spec.minTime, spec.maxTime, budget, deletedOf);
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

  /** What is stored of these series in blocks, oldest first, then in the head. */
  *#stretches(refs: Uint32Array, { minTime, maxTime }: TimeRange): Iterable<Stretch> {
    const wanted = new Uint8Array(this.#head.series.refsEnd);
    for (const ref of refs) wanted[ref] = 1;
    for (const [block, group] of this.#blocks.groupsIn(minTime, maxTime)) {
      const columns = new Map<SeriesRef, number>();
      for (let i = 0; i < group.refs.length; i++) {
        if (wanted[group.refs[i]] === 1) columns.set(group.refs[i], group.columns[i]);
      }
      if (columns.size === 0) continue;
      for (const chunk of group.chunks) {
        if (!overlaps(chunk, minTime, maxTime)) continue;
        yield { group, columns, stored: chunk, open: () => new ChunkRows(block.chunk(chunk), columns) };
      }
    }
    for (const [group, places] of this.#head.columnsOf(refs)) {
      const columns: ColumnMap = new Map(places.map(({ ref, column }) => [ref, column]));
      for (const chunk of group.chunks) {
        if (!overlaps(chunk, minTime, maxTime)) continue;
        yield { group, columns, stored: chunk, open: () => new ChunkRows(chunk, columns) };
      }
      if (group.rows.rowCount > 0) {
        yield { group, columns, stored: ALL_TIME, open: () => new HeadRows(group, columns) };
      }
    }
  }

  /** By series ref: 1 where any of the matcher sets accepts it; all where there is no set. */
  #matching(matcherSets: readonly (readonly Matcher[])[]): Uint8Array {
    const { series } = this.#head;
    const wanted = new Uint8Array(series.refsEnd);
    const sets =
      matcherSets.length > 0 ? matcherSets.map((set) => series.index.select(set)) : [expandRuns(series.all())];
    for (const set of sets) for (const ref of set) wanted[ref] = 1;
    return wanted;
  }

  /** Series that match and have samples in the range. */
  #refs(matcherSets: readonly (readonly Matcher[])[], range: TimeRange): SeriesRef[] {
    const wanted = this.#matching(matcherSets);
    const found = this.#takeTouched(wanted, range);
    for (const [, group] of this.#blocks.groupsIn(range.minTime, range.maxTime)) {
      if (!group.chunks.some((chunk) => overlaps(chunk, range.minTime, range.maxTime))) continue;
      for (const ref of group.refs) if (wanted[ref] === 1) found.add(ref);
    }
    for (const group of this.#head.groups) {
      if (group === undefined) continue;
      collectFromChunks(group, range, wanted, found);
      collectFromRows(group, range, wanted, found);
    }
    return [...found].sort((a, b) => a - b);
  }

  /** Of the wanted series that have deleted samples, those with others in the range; all of them are taken out of `wanted`. */
  #takeTouched(wanted: Uint8Array, range: TimeRange): Set<SeriesRef> {
    const found = new Set<SeriesRef>();
    const touched = Uint32Array.from(this.#tombstones.refs).filter((ref) => wanted[ref] === 1);
    if (touched.length === 0) return found;
    for (const ref of touched) wanted[ref] = 0;
    for (const { columns, stored, open } of this.#stretches(touched.sort(), range)) {
      const [minTime, maxTime] = [Math.max(stored.minTime, range.minTime), Math.min(stored.maxTime, range.maxTime)];
      const asked = [...columns.keys()].filter(
        (ref) => !found.has(ref) && !covers(this.#tombstones.of(ref)!, minTime, maxTime),
      );
      if (asked.length === 0) continue;
      const source = open();
      for (const ref of asked) if (hasSample(source, ref, range, this.#tombstones.of(ref)!)) found.add(ref);
    }
    return found;
  }
}

function partsOf(parts: Map<string, GroupParts>, { kind, key }: { kind: string; key: string }): GroupParts {
  const name = `${kind} ${key}`;
  let found = parts.get(name);
  if (found === undefined) parts.set(name, (found = { sources: [], refs: new Set() }));
  return found;
}

function hasSample(source: RowSource, ref: SeriesRef, range: TimeRange, deleted: DeletedRanges): boolean {
  const cells = source.read(ref);
  if (cells === undefined) return false;
  const { times } = source;
  const bits = bitsOf(cells);
  const end = firstNotBelow(times, range.maxTime + 1);
  for (let i = firstNotBelow(times, range.minTime); i < end; i++) {
    if (cellKind(bits, i) !== CELL_GAP && !isDeleted(times[i], deleted)) return true;
  }
  return false;
}

function overlaps(stored: TimeRange, minTime: number, maxTime: number): boolean {
  return stored.minTime <= maxTime && stored.maxTime >= minTime;
}

function collectFromChunks(group: HeadGroup, range: TimeRange, wanted: Uint8Array, found: Set<SeriesRef>): void {
  for (const chunk of group.chunks) {
    if (!overlaps(chunk, range.minTime, range.maxTime)) continue;
    for (const column of chunk.columns) if (wanted[group.refs[column]] === 1) found.add(group.refs[column]);
  }
}

function collectFromRows(group: HeadGroup, range: TimeRange, wanted: Uint8Array, found: Set<SeriesRef>): void {
  const { refs, rows } = group;
  const inOrder = group.kind === 'rows';
  const times = Float64Array.from({ length: rows.rowCount }, (_, row) => rows.time(row));
  const from = inOrder ? firstNotBelow(times, range.minTime) : 0;
  const to = inOrder ? firstNotBelow(times, range.maxTime + 1) : times.length;
  for (let column = 0; column < refs.length; column++) {
    const ref = refs[column];
    if (wanted[ref] !== 1 || found.has(ref)) continue;
    if (inOrder ? rows.hasCell(column, from, to) : hasLooseCell(group, column, times, range)) found.add(ref);
  }
}

function hasLooseCell(group: HeadGroup, column: number, times: Float64Array, range: TimeRange): boolean {
  for (let row = 0; row < times.length; row++) {
    if (times[row] < range.minTime || times[row] > range.maxTime) continue;
    if (group.rows.hasCell(column, row, row + 1)) return true;
  }
  return false;
}

function sameMetadata(a: Metadata, b: Metadata): boolean {
  return a.type === b.type && a.help === b.help && a.unit === b.unit;
}
