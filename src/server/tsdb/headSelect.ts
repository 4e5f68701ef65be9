/** Series of the head that are read again and again: where they are is looked up once, as long as no series comes or goes. */
import type { Matcher } from '../../shared/model/matchers.ts';
import { bitsOf, fillGaps } from '../../shared/model/sampleBits.ts';
import { firstNotBelow } from '../../shared/model/sortedNumbers.ts';
import type { SeriesRef } from '../storage/appender.ts';
import type { KeptSelect, KeptSeries, KeptWindow } from '../storage/queryable.ts';
import type { BlockSet } from './block/blockSet.ts';
import type { Chunk } from './chunkenc/chunk.ts';
import type { HeadGroup } from './head/group.ts';
import type { Head } from './head/head.ts';
import type { PartSource } from './partSource.ts';
import type { Tombstones } from './tombstones.ts';

/** More cells are better read where a thread does not wait for it. */
const CELLS_MAX = 50_000;

/** A group's series that were found. */
interface Members {
  readonly group: HeadGroup;
  /** Places among all that were found. */
  readonly series: Int32Array;
  /** As `series`. */
  readonly columns: Int32Array;
  /** Of the rows that were read last. */
  times: Float64Array;
}

/** Rows [from, to) of a chunk, or of a group's rows that are not packed yet. */
interface Slice {
  readonly chunk: PartSource | undefined;
  readonly from: number;
  readonly to: number;
}

const NO_TIMES = new Float64Array(0);

/** What all kept selects read into. */
let cells = new Float64Array(1024);
let bits = bitsOf(cells);

export class HeadSelect implements KeptSelect {
  readonly #matchers: readonly Matcher[];
  readonly #head: Head;
  readonly #blocks: BlockSet;
  readonly #tombstones: Tombstones;
  readonly #open: (chunk: Chunk) => PartSource;
  /** Of the head, when it was last looked at. */
  #placesVersion = -1;
  #movesVersion = -1;
  /** As the index's `newest` gave it then; undefined where it says nothing. */
  #newest: SeriesRef | undefined;
  #found: KeptSeries;
  #members: readonly Members[] = [];
  /** Whether any series is in several groups. */
  #isShared = false;

  /** @param open reads a chunk of the head. */
  constructor(
    matchers: readonly Matcher[],
    head: Head,
    blocks: BlockSet,
    tombstones: Tombstones,
    open: (chunk: Chunk) => PartSource,
  ) {
    this.#matchers = matchers;
    this.#head = head;
    this.#blocks = blocks;
    this.#tombstones = tombstones;
    this.#open = open;
    this.#found = this.#series(new Uint32Array(0));
  }

  found(): KeptSeries {
    const { placesVersion, movesVersion } = this.#head;
    if (placesVersion === this.#placesVersion) return this.#found;
    this.#placesVersion = placesVersion;
    // Most that come are new series of others.
    const isSame = movesVersion === this.#movesVersion && this.#newest !== undefined;
    if (isSame && this.#newestMatch() === this.#newest) return this.#found;
    this.#movesVersion = movesVersion;
    this.#look();
    return this.#found;
  }

  read(minTime: number, maxTime: number): readonly KeptWindow[] | undefined {
    const { refs } = this.found();
    if (this.#blocks.maxTime >= minTime) return undefined;
    if (!this.#tombstones.isEmpty && refs.some((ref) => this.#tombstones.of(ref) !== undefined)) return undefined;
    const windows: KeptWindow[] = [];
    let end = 0;
    for (const members of this.#members) {
      const { group, series, columns } = members;
      if (group.lastTime < minTime) continue;
      const slices = this.#slicesOf(group, minTime, maxTime);
      if (slices === undefined) return undefined;
      if (slices.length === 0) continue;
      const times = (members.times = timesOf(group, slices, members.times));
      const size = times.length * series.length;
      // A series that is in two places would have to be merged.
      if ((this.#isShared && windows.length > 0) || end + size > CELLS_MAX) return undefined;
      // Windows hold on to the memory that they were read into.
      if (end + size > cells.length) reserve(end + size);
      fill(group, columns, slices, times.length, end);
      windows.push({ series, times, cells, bits, at: end });
      end += size;
    }
    return windows;
  }

  #series(refs: Uint32Array): KeptSeries {
    return { refs, labels: (ref) => this.#head.series.labels(ref) };
  }

  #newestMatch(): SeriesRef | undefined {
    return this.#head.series.index.newest(this.#matchers);
  }

  #look(): void {
    const wanted = this.#head.series.index.select(this.#matchers);
    // One that is newer than all that have a place yet would get it unseen.
    const isSettled = wanted.length === 0 || wanted[wanted.length - 1] <= this.#head.newestPlaced;
    this.#newest = isSettled ? this.#newestMatch() : undefined;
    const byGroup = [...this.#head.columnsIn(wanted, () => true)];
    const placed = new Set<number>();
    let places = 0;
    for (const [, { refs }] of byGroup) {
      places += refs.length;
      for (const ref of refs) placed.add(ref);
    }
    this.#isShared = places > placed.size;
    const refs = Uint32Array.from(placed).sort();
    this.#members = byGroup.map(([group, { refs: own, columns }]) => ({
      group,
      series: Int32Array.from(own, (ref) => firstNotBelow(refs, ref)),
      columns: Int32Array.from(columns),
      times: NO_TIMES,
    }));
    const before = this.#found.refs;
    if (before.length !== refs.length || before.some((ref, i) => ref !== refs[i])) this.#found = this.#series(refs);
  }

  /** Where the rows of a span of time are, one after the other; undefined where they are not in order, or have native histograms. */
  #slicesOf(group: HeadGroup, minTime: number, maxTime: number): Slice[] | undefined {
    const { rows, chunks, histograms } = group;
    if (histograms.size > 0 || !rows.isInOrder) return undefined;
    const slices: Slice[] = [];
    let newest = -Infinity;
    for (const packed of chunks) {
      if (packed.maxTime < minTime || packed.minTime > maxTime) continue;
      const chunk = this.#open(packed);
      if (chunk.hasHistograms || packed.minTime <= newest) return undefined;
      newest = packed.maxTime;
      const from = firstNotBelow(chunk.times, minTime);
      const to = firstNotBelow(chunk.times, maxTime + 1);
      if (from < to) slices.push({ chunk, from, to });
    }
    const from = rows.countBefore(minTime);
    const to = rows.countBefore(maxTime + 1);
    if (from < to) {
      if (rows.time(from) <= newest) return undefined;
      slices.push({ chunk: undefined, from, to });
    }
    return slices;
  }
}

/** @param before is written to, if it is of the same length. */
function timesOf({ rows }: HeadGroup, slices: readonly Slice[], before: Float64Array): Float64Array {
  let count = 0;
  for (const { from, to } of slices) count += to - from;
  const times = before.length === count ? before : new Float64Array(count);
  let n = 0;
  for (const { chunk, from, to } of slices)
    for (let row = from; row < to; row++) times[n++] = chunk === undefined ? rows.time(row) : chunk.times[row];
  return times;
}

function reserve(size: number): void {
  cells = new Float64Array(Math.max(size, 2 * cells.length));
  bits = bitsOf(cells);
}

/** Writes the cells of all columns, column after column. */
function fill({ rows }: HeadGroup, columns: Int32Array, slices: readonly Slice[], count: number, at: number): void {
  let offset = at;
  for (const { chunk, from, to } of slices) {
    for (let c = 0, cell = offset; c < columns.length; c++, cell += count) {
      if (chunk === undefined) rows.read(columns[c], from, to, bits, cell);
      else if (!chunk.read(columns[c], from, to, cells, cell)) fillGaps(cells, cell, cell + to - from);
    }
    offset += to - from;
  }
}
