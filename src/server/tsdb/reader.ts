/** The way out of the store: matchers → series → columns, group by group. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { compareLabels, compareText, type Labels } from '../../shared/model/labels.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import type { Exemplar, Metadata } from '../../shared/model/metadata.ts';
import { bitsOf, CELL_GAP, cellKind } from '../../shared/model/sampleBits.ts';
import type { SeriesRef } from '../storage/appender.ts';
import type {
  ChunksStored,
  GroupColumns,
  KeptSelect,
  LabelCounts,
  OpenGroup,
  PackedChunk,
  PackedGroup,
  PackedPart,
  Queryable,
  SelectLease,
  SelectSpec,
  SeriesColumn,
  TimeRange,
} from '../storage/queryable.ts';
import type { Block } from './block/block.ts';
import type { BlockSet } from './block/blockSet.ts';
import type { Chunk } from './chunkenc/chunk.ts';
import { nextChunkNumber, packedChunk } from './chunkNames.ts';
import { isDeleted } from './deletedCells.ts';
import type { ExemplarStore } from './exemplars.ts';
import type { HeadGroup } from './head/group.ts';
import type { Head } from './head/head.ts';
import { HeadRows } from './head/headRows.ts';
import { expandRuns, hasRef, intersect, runsOf, subtract, union, type RefRuns } from './index/refRuns.ts';
import { HeadSelect } from './headSelect.ts';
import { openSelect } from './openSelect.ts';
import { Presence } from './presence.ts';
import { PackedChunkCache, sourceOf, type PartSource } from './partSource.ts';
import { firstNotBelow } from '../../shared/model/sortedNumbers.ts';
import { covers, type DeletedRanges, type Tombstones } from './tombstones.ts';
import { mayHave, wantedOf } from './wantedSeries.ts';

/** What a select found of one group, in blocks and in the head. */
interface GroupParts {
  /** In the order they came: the earlier one stands where two have a sample of the same time. */
  readonly found: Stretch[];
  /** The refs of all parts, where they are not those of the first. */
  union: Set<SeriesRef> | undefined;
}

/** A chunk, or the rows of a group that are not packed yet. */
type Place = { readonly chunk: PackedChunk; readonly stored: TimeRange } | { readonly rows: HeadGroup };

/** Rows of a group that are stored together, and where the series that were asked for are in them. */
interface Stretch {
  readonly group: { readonly kind: string; readonly key: string };
  readonly refs: Uint32Array;
  /** As `refs`. */
  readonly columns: Int32Array;
  readonly place: Place;
}

type RowsPart = Extract<PackedPart, { times: Float64Array }>;

/** Series of a part of a select. */
const PART_SERIES = 4096;
const CHUNK_CACHE_BYTES_MAX = 16 * 1024 * 1024;
const ALL_TIME: TimeRange = { minTime: -Infinity, maxTime: Infinity };

export class StoreReader implements Queryable {
  readonly #head: Head;
  readonly #blocks: BlockSet;
  readonly #exemplars: ExemplarStore;
  readonly #tombstones: Tombstones;
  readonly #presence: Presence;
  /** As the last select saw it: blocks that flushes wrote, and the number of the next chunk that was named when it changed. */
  #flushes = { written: 0, memoryFrom: 0, namedAt: 0 };
  /** For selects that are read on this thread. */
  readonly #chunks = new PackedChunkCache(CHUNK_CACHE_BYTES_MAX, 0);
  /** For kept selects, which read the same columns again and again until they are too old. */
  readonly #keptChunks = new PackedChunkCache(CHUNK_CACHE_BYTES_MAX, CHUNK_CACHE_BYTES_MAX);

  constructor(head: Head, blocks: BlockSet, exemplars: ExemplarStore, tombstones: Tombstones) {
    this.#tombstones = tombstones;
    this.#head = head;
    this.#blocks = blocks;
    this.#exemplars = exemplars;
    this.#presence = new Presence(head, blocks);
  }

  /** Memory of the chunks kept for selects that are read on this thread. */
  protected get chunkCacheBytes(): number {
    return this.#chunks.bytes + this.#keptChunks.bytes;
  }

  pack(spec: SelectSpec): SelectLease {
    return this.#packSeries(this.#head.series.index.select(spec.matchers), spec);
  }

  #packSeries(refs: Uint32Array, { minTime, maxTime }: TimeRange): SelectLease {
    const { series } = this.#head;
    const held = new Set<Block>();
    const parts = new Map<string, GroupParts>();
    let cells = 0;
    for (const stretch of this.#stretches(refs, { minTime, maxTime }, held)) {
      addPart(partsOf(parts, stretch.group), stretch);
      cells += stretch.refs.length * rowsIn(stretch.place, minTime, maxTime);
    }
    const groups: PackedGroup[] = [];
    for (const found of parts.values()) groups.push(this.#packed(found, minTime, maxTime));
    for (const block of held) block.hold();
    return {
      select: { minTime, maxTime, groups, cells, stored: this.#stored() },
      labels: (ref) => series.labels(ref),
      release: () => {
        for (const block of held) block.letGo();
        held.clear();
      },
    };
  }

  keep(matchers: readonly Matcher[]): KeptSelect {
    return new HeadSelect(matchers, this.#head, this.#blocks, this.#tombstones, (chunk) => this.#openKept(chunk));
  }

  select({ matchers, ...spec }: SelectSpec): Promise<readonly GroupColumns[]> {
    return this.#selectSeries(this.#head.series.index.select(matchers), spec);
  }

  async *selectInParts({ matchers, ...spec }: SelectSpec): AsyncIterable<readonly GroupColumns[]> {
    const refs = this.#head.series.index.select(matchers);
    for (let from = 0; from < refs.length; from += PART_SERIES)
      yield await this.#selectSeries(refs.subarray(from, from + PART_SERIES), spec);
  }

  async #selectSeries(
    refs: Uint32Array,
    { maxSamples = Infinity, ...range }: TimeRange & Pick<SelectSpec, 'maxSamples'>,
  ): Promise<readonly GroupColumns[]> {
    const { select, labels, release } = this.#packSeries(refs, range);
    try {
      const sets = select.groups.map(({ refs }) => Array.from(refs, (ref) => labels(ref as SeriesRef)));
      const open = await openSelect(select, sets, this.#chunks, { maxSamples });
      return open.map(columnsOf).filter(({ columns }) => columns.length > 0);
    } finally {
      release();
    }
  }

  async series(matcherSets: readonly (readonly Matcher[])[], range: TimeRange): Promise<readonly Labels[]> {
    const { series } = this.#head;
    return Array.from(expandRuns(this.#found(matcherSets, range)), (ref) => series.labels(ref)).sort(compareLabels);
  }

  async labelNames(matcherSets: readonly (readonly Matcher[])[], range: TimeRange): Promise<readonly string[]> {
    return this.#head.series.index.namesIn(this.#found(matcherSets, range)).sort(compareText);
  }

  async labelValues(
    name: string,
    matcherSets: readonly (readonly Matcher[])[],
    range: TimeRange,
  ): Promise<readonly string[]> {
    return this.#head.series.index.valuesIn(name, this.#found(matcherSets, range)).sort(compareText);
  }

  labelCounts(): LabelCounts {
    return this.#head.series.index.counts();
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
      if (!hasRef(wanted, ref) || exemplar.t < range.minTime || exemplar.t > range.maxTime) continue;
      const list = bySeries.get(ref);
      if (list === undefined) bySeries.set(ref, [exemplar]);
      else list.push(exemplar);
    }
    return [...bySeries]
      .map(([ref, exemplars]) => ({ labels: this.#head.series.labels(ref), exemplars }))
      .sort((a, b) => compareLabels(a.labels, b.labels));
  }

  /** What is stored of these series in blocks, oldest first, then in the head. @param held gets the blocks that are named. */
  *#stretches(refs: Uint32Array, { minTime, maxTime }: TimeRange, held: Set<Block>): Iterable<Stretch> {
    if (refs.length === 0) return;
    let last: { readonly of: Uint32Array; readonly wanted: ReturnType<typeof wantedOf> } | undefined;
    for (const [block, group] of this.#blocks.groupsIn(minTime, maxTime)) {
      if (!mayHave(group, refs)) continue;
      const chunks = group.chunks.filter((chunk) => overlaps(chunk, minTime, maxTime));
      if (chunks.length === 0) continue;
      // Groups of several blocks share their series.
      if (last?.of !== group.refs) last = { of: group.refs, wanted: wantedOf(group, refs) };
      const { wanted } = last;
      if (wanted.refs.length === 0) continue;
      held.add(block);
      for (const chunk of chunks) {
        const place = { chunk: block.packed(chunk), stored: chunk };
        yield { group, refs: wanted.refs, columns: wanted.columns, place };
      }
    }
    const hasRows = ({ chunks, rows }: HeadGroup) =>
      rows.rowCount > 0 || chunks.some((chunk) => overlaps(chunk, minTime, maxTime));
    for (const [group, found] of this.#head.columnsIn(refs, hasRows)) {
      const [wanted, columns] = [new Uint32Array(found.refs), new Int32Array(found.columns)];
      for (const chunk of group.chunks) {
        if (!overlaps(chunk, minTime, maxTime)) continue;
        yield { group, refs: wanted, columns, place: { chunk: packedChunk(chunk), stored: chunk } };
      }
      if (group.rows.rowCount > 0) yield { group, refs: wanted, columns, place: { rows: group } };
    }
  }

  #openKept(chunk: Chunk): PartSource {
    this.#keptChunks.retain(this.#stored());
    return this.#keptChunks.open(packedChunk(chunk));
  }

  /** A flush takes all chunks of memory that there were when the one before it ended. */
  #stored(): ChunksStored {
    const { written, all } = this.#blocks;
    if (written !== this.#flushes.written)
      this.#flushes = { written, memoryFrom: this.#flushes.namedAt, namedAt: nextChunkNumber() };
    return { blocks: all.map(({ number }) => number).sort((a, b) => a - b), memoryFrom: this.#flushes.memoryFrom };
  }

  #packed({ found, union }: GroupParts, minTime: number, maxTime: number): PackedGroup {
    const refs = union === undefined ? found[0].refs : Uint32Array.from(union);
    const place = union && placesOf(refs);
    let from: Uint32Array | undefined;
    let columns: Int32Array | undefined;
    const parts = found.map((part): PackedPart => {
      if (from !== part.refs || columns === undefined) {
        columns = place === undefined ? part.columns : spread(part.refs, part.columns, place, refs.length);
        from = part.refs;
      }
      return 'chunk' in part.place
        ? { columns, chunk: part.place.chunk }
        : unpackedRows(part.place.rows, columns, minTime, maxTime);
    });
    const deleted = new Map<SeriesRef, DeletedRanges>();
    if (!this.#tombstones.isEmpty) {
      for (const ref of refs as Iterable<SeriesRef>) {
        const ranges = this.#tombstones.of(ref);
        if (ranges !== undefined) deleted.set(ref, ranges);
      }
    }
    return { refs, parts, deleted };
  }

  /** Series that any of the matcher sets accepts; all where there is no set. */
  #matching(matcherSets: readonly (readonly Matcher[])[]): RefRuns {
    const { index } = this.#head.series;
    if (matcherSets.length === 0) return this.#head.series.all();
    return union(matcherSets.map((set) => index.selectRuns(set)));
  }

  /** Series that match and have samples in the range. */
  #found(matcherSets: readonly (readonly Matcher[])[], range: TimeRange): RefRuns {
    const found = intersect(this.#matching(matcherSets), this.#presence.of(range));
    const touched = runsOf([...this.#tombstones.refs].filter((ref) => hasRef(found, ref)).sort((a, b) => a - b));
    if (touched.length === 0) return found;
    return union([subtract(found, touched), this.#notDeleted(expandRuns(touched), range)]);
  }

  /** Of series that have deleted samples, those with others in the range. */
  #notDeleted(touched: Uint32Array, range: TimeRange): RefRuns {
    const found = new Set<SeriesRef>();
    for (const { refs, columns, place } of this.#stretches(touched, range, new Set())) {
      const stored = 'chunk' in place ? place.stored : ALL_TIME;
      const [minTime, maxTime] = [Math.max(stored.minTime, range.minTime), Math.min(stored.maxTime, range.maxTime)];
      const part =
        'chunk' in place ? { columns, chunk: place.chunk } : unpackedRows(place.rows, columns, minTime, maxTime);
      const source = sourceOf(part, this.#chunks);
      refs.forEach((ref, s) => {
        const ranges = this.#tombstones.of(ref as SeriesRef)!;
        if (found.has(ref as SeriesRef) || covers(ranges, minTime, maxTime)) return;
        if (hasSample(source, part.columns[s], range, ranges)) found.add(ref as SeriesRef);
      });
    }
    return runsOf([...found].sort((a, b) => a - b));
  }
}

function partsOf(parts: Map<string, GroupParts>, { kind, key }: { kind: string; key: string }): GroupParts {
  const name = `${kind} ${key}`;
  let found = parts.get(name);
  if (found === undefined) parts.set(name, (found = { found: [], union: undefined }));
  return found;
}

function addPart(parts: GroupParts, stretch: Stretch): void {
  const { found } = parts;
  const { refs, columns } = stretch;
  found.push(stretch);
  const last = found.at(-2);
  // Chunks of a group follow each other with the same columns.
  if (last === undefined || last.refs === refs) return;
  if (parts.union === undefined && sameNumbers(last.refs, refs) && sameNumbers(last.columns, columns)) return;
  parts.union ??= new Set(found.flatMap((part) => [...(part.refs as Iterable<SeriesRef>)]));
  for (const ref of refs as Iterable<SeriesRef>) parts.union.add(ref);
}

function sameNumbers(a: Uint32Array | Int32Array, b: Uint32Array | Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function placesOf(refs: Uint32Array): Map<SeriesRef, number> {
  const places = new Map<SeriesRef, number>();
  refs.forEach((ref, s) => places.set(ref as SeriesRef, s));
  return places;
}

function spread(
  refs: Uint32Array,
  columns: Int32Array,
  place: ReadonlyMap<SeriesRef, number>,
  length: number,
): Int32Array {
  const out = new Int32Array(length).fill(-1);
  refs.forEach((ref, i) => (out[place.get(ref as SeriesRef)!] = columns[i]));
  return out;
}

/** Rows in a range, about: those of a chunk are taken for evenly spread, and all rows out of order for being in it. */
function rowsIn(place: Place, minTime: number, maxTime: number): number {
  if ('rows' in place) {
    const { rows } = place.rows;
    return rows.isInOrder ? rows.countBefore(maxTime + 1) - rows.countBefore(minTime) : rows.rowCount;
  }
  const { chunk, stored } = place;
  const length = stored.maxTime - stored.minTime + 1;
  const share = (Math.min(maxTime, stored.maxTime) - Math.max(minTime, stored.minTime) + 1) / length;
  return Math.ceil(chunk.rowCount * share);
}

/** A copy of rows that are not packed yet. Its columns are numbered as the series. */
function unpackedRows(group: HeadGroup, columns: Int32Array, minTime: number, maxTime: number): RowsPart {
  const rows = new HeadRows(group);
  const from = firstNotBelow(rows.times, minTime);
  const to = Math.max(from, firstNotBelow(rows.times, maxTime + 1));
  const count = to - from;
  const values = new Float64Array(count * columns.length);
  const bits = bitsOf(values);
  const numbers = new Int32Array(columns.length).fill(-1);
  const histograms = new Map<number, ReadonlyMap<number, NativeHistogram>>();
  for (let s = 0, n = 0; s < columns.length; s++) {
    if (columns[s] < 0) continue;
    rows.copyColumn(columns[s], from, to, bits, n * count);
    const samples = rows.columnHistograms(columns[s], from, to);
    if (samples !== undefined) histograms.set(n, samples);
    numbers[s] = n++;
  }
  return { columns: numbers, times: rows.times.slice(from, to), values, histograms };
}

/** All columns of a group that have a cell. */
function columnsOf(group: OpenGroup): GroupColumns {
  const { times, refs, labels } = group;
  const columns: SeriesColumn[] = [];
  let values = new Float64Array(times.length);
  for (let s = 0; s < refs.length; s++) {
    const filled = group.read(s, values);
    if (filled === 'none' || (filled === 'some' && !hasCell(values))) continue;
    const histograms = group.histograms();
    const column = { ref: refs[s] as SeriesRef, labels: labels[s], values };
    columns.push(histograms === undefined ? column : { ...column, histograms });
    values = new Float64Array(times.length);
  }
  // The asker's, who may hand it on; the group's own are shared.
  return { times: times.slice(), columns };
}

function hasCell(values: Float64Array): boolean {
  const bits = bitsOf(values);
  for (let i = 0; i < values.length; i++) if (values[i] === values[i] || cellKind(bits, i) !== CELL_GAP) return true;
  return false;
}

function hasSample(source: PartSource, column: number, range: TimeRange, deleted: DeletedRanges): boolean {
  const { times } = source;
  const from = firstNotBelow(times, range.minTime);
  const to = firstNotBelow(times, range.maxTime + 1);
  if (column < 0 || from >= to) return false;
  const cells = new Float64Array(to - from);
  if (!source.read(column, from, to, cells, 0)) return false;
  const bits = bitsOf(cells);
  for (let i = 0; i < cells.length; i++) {
    if (cellKind(bits, i) !== CELL_GAP && !isDeleted(times[from + i], deleted)) return true;
  }
  return false;
}

function overlaps(stored: TimeRange, minTime: number, maxTime: number): boolean {
  return stored.minTime <= maxTime && stored.maxTime >= minTime;
}

function sameMetadata(a: Metadata, b: Metadata): boolean {
  return a.type === b.type && a.help === b.help && a.unit === b.unit;
}
