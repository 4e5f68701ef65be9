/** What is newer than the blocks: groups, and where each series is in them. */
import { labelValue, type Labels } from '../../../shared/model/labels.ts';
import { StorageError, type GroupRef, type SeriesRef } from '../../storage/appender.ts';
import type { SeriesTable } from '../index/seriesTable.ts';
import { HeadGroup, NO_SERIES, type GroupKind, type GroupOwner } from './group.ts';
import { ChunkArena } from './chunkArena.ts';
import { LOOSE_COLUMNS_MAX, LooseGroup, type Bounds } from './looseGroup.ts';
import { SeriesPlaces } from './seriesPlaces.ts';
import { SlabPool } from './slabs.ts';

/** A series lags behind the newest sample of the store by at most this, as upstream has it (half a block). */
export const LAG_MAX_MS = 3_600_000;

export interface LoosePlace {
  readonly group: LooseGroup;
  readonly column: number;
}

/** Series and, in the same order, their columns in a group. */
interface FoundColumns {
  readonly refs: SeriesRef[];
  readonly columns: number[];
}

export class Head implements Bounds, GroupOwner {
  readonly series: SeriesTable;
  readonly slabs = new SlabPool();
  readonly arena = new ChunkArena();
  readonly outOfOrderWindowMs: number;
  readonly lateSamples = { float: 0, histogram: 0 };
  readonly onLate: (byMs: number) => void;
  minTime = Infinity;
  maxTime = -Infinity;
  /** By group ref. */
  readonly groups: (HeadGroup | undefined)[] = [];
  /** Another number whenever series came to groups, or went. */
  placesVersion = 0;
  /** The same, but where they were made just now. */
  movesVersion = 0;
  /** Of the series that came to a group. */
  newestPlaced: SeriesRef = 0;
  /** How far a group of this name is in blocks: its records go on from there. */
  readonly #sequenceInBlocks: (kind: GroupKind, key: string) => number;
  readonly #byKey = new Map<string, HeadGroup>();
  /** The loose group of a job and instance that still takes columns. */
  readonly #openLoose = new Map<string, { group: LooseGroup; number: number }>();
  readonly #places = new SeriesPlaces();

  constructor(
    series: SeriesTable,
    outOfOrderWindowMs: number,
    sequenceInBlocks: (kind: GroupKind, key: string) => number,
    onLate: (byMs: number) => void,
  ) {
    this.onLate = onLate;
    this.#sequenceInBlocks = sequenceInBlocks;
    this.series = series;
    this.outOfOrderWindowMs = outOfOrderWindowMs;
  }

  get minValidTime(): number {
    return this.maxTime - LAG_MAX_MS;
  }

  addColumn(group: HeadGroup, column: number, ref: SeriesRef): void {
    if (ref === NO_SERIES) return;
    this.placesVersion++;
    if (ref <= this.newestPlaced) this.movesVersion++;
    else this.newestPlaced = ref;
    this.#places.add(ref, group.ref, column);
  }

  columnIn(group: HeadGroup, ref: SeriesRef): number {
    return this.#places.columnIn(group.ref, ref);
  }

  observe(t: number): void {
    if (t < this.minTime) this.minTime = t;
    if (t > this.maxTime) this.maxTime = t;
  }

  group(key: string): HeadGroup {
    return this.#byKey.get(`rows ${key}`) ?? this.restoreGroup(this.groups.length, 'rows', key);
  }

  /** Where single samples of a series go. */
  loosePlace(ref: SeriesRef, labels: Labels): LoosePlace {
    let known: LoosePlace | undefined;
    this.#places.forEach(ref, (groupRef, column) => {
      const group = this.groups[groupRef];
      if (group instanceof LooseGroup) known = { group, column };
    });
    if (known !== undefined) return known;
    const group = this.#looseGroup(`${labelValue(labels, 'job')}\xff${labelValue(labels, 'instance')}`);
    return { group, column: group.columnOf(ref) };
  }

  /** Whether a series may have a sample at `t` or later. */
  hasSince(ref: SeriesRef, t: number): boolean {
    let has = false;
    this.#places.forEach(ref, (group, column) => (has ||= this.groups[group]!.hasSince(column, t)));
    return has;
  }

  /** The group that the log names so; made if there is none. */
  restoreGroup(ref: number, kind: GroupKind, key: string): HeadGroup {
    const mapKey = `${kind} ${key}`;
    const known = this.#byKey.get(mapKey);
    if (known !== undefined) return known;
    const group = kind === 'rows' ? new HeadGroup(ref, key, kind, this) : new LooseGroup(ref, key, this);
    group.packedTo = group.logState.sequence = this.#sequenceInBlocks(kind, key);
    this.groups[ref] = group;
    this.#byKey.set(mapKey, group);
    return group;
  }

  /** Forgets the groups that have no rows here and got none since `t`. A writer that still holds one brings it back by adopt(). */
  dropIdle(t: number): boolean {
    const idle = new Set<number>();
    for (const group of this.groups) {
      if (group === undefined || group.lastTime >= t || group.rows.rowCount > 0 || group.chunks.length > 0) continue;
      // A group without any row yet was made a moment ago.
      if (!Number.isFinite(group.lastTime)) continue;
      idle.add(group.ref);
      group.drop();
      this.groups[group.ref] = undefined;
      this.#byKey.delete(`${group.kind} ${group.key}`);
    }
    if (idle.size === 0) return false;
    this.#seriesMoved();
    this.#places.remove(idle);
    for (const [name, { group }] of this.#openLoose) if (idle.has(group.ref)) this.#openLoose.delete(name);
    return true;
  }

  /** Its names are logged anew. */
  adopt(group: HeadGroup): void {
    const mapKey = `${group.kind} ${group.key}`;
    if (!group.isDropped) return;
    if (this.#byKey.has(mapKey)) {
      throw new StorageError('closed', `the group ${group.key} was idle and is held anew; ask the store for it again`);
    }
    this.#seriesMoved();
    this.groups[group.ref] = group;
    this.#byKey.set(mapKey, group);
    group.rejoin();
  }

  /** Marks the series that any group has a column for. */
  markSeries(held: Uint8Array): void {
    this.#places.mark(held);
  }

  /** The columns of these series, by group, in the order of the groups. */
  columnsOf(refs: Uint32Array): Map<HeadGroup, { ref: SeriesRef; column: number }[]> {
    const pair = ({ refs: found, columns }: FoundColumns) => found.map((ref, i) => ({ ref, column: columns[i] }));
    return new Map([...this.columnsIn(refs, () => true)].map(([group, found]) => [group, pair(found)]));
  }

  /** The same as two lists, of those groups that are looked at. */
  columnsIn(refs: Uint32Array, isLookedAt: (group: HeadGroup) => boolean): Map<HeadGroup, FoundColumns> {
    const byGroup = new Map<GroupRef, FoundColumns | undefined>();
    let ref = 0 as SeriesRef;
    const add = (group: GroupRef, column: number) => {
      let found = byGroup.get(group);
      if (found === undefined) {
        if (byGroup.has(group)) return;
        found = isLookedAt(this.groups[group]!) ? { refs: [], columns: [] } : undefined;
        byGroup.set(group, found);
      }
      found?.refs.push(ref);
      found?.columns.push(column);
    };
    for (let i = 0; i < refs.length; i++) this.#places.forEach((ref = refs[i] as SeriesRef), add);
    const ordered = [...byGroup].sort((a, b) => a[0] - b[0]);
    return new Map(ordered.flatMap(([group, found]) => (found === undefined ? [] : [[this.groups[group]!, found]])));
  }

  #seriesMoved(): void {
    this.placesVersion++;
    this.movesVersion++;
  }

  #looseGroup(name: string): LooseGroup {
    let open = this.#openLoose.get(name);
    let number = open?.number ?? 0;
    while (open === undefined || open.group.columnCount >= LOOSE_COLUMNS_MAX) {
      const key = `${name}\xff${number}`;
      open = { group: this.restoreGroup(this.groups.length, 'loose', key) as LooseGroup, number };
      number++;
    }
    this.#openLoose.set(name, open);
    return open.group;
  }
}
