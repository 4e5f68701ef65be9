/** Collects samples until commit, which logs them and then makes them visible, in one turn of the event loop. */
import { withoutObservations, type NativeHistogram } from '../../shared/histogram/native.ts';
import type { Labels } from '../../shared/model/labels.ts';
import type { Exemplar, Metadata } from '../../shared/model/metadata.ts';
import { bitsOf, fillGaps, STALE_HIGH, STALE_LOW } from '../../shared/model/sampleBits.ts';
import type {
  Appender,
  AppendOutcome,
  CellColumns,
  GroupWriter,
  Refuse,
  SampleGroup,
  SeriesPlace,
  SeriesRef,
} from '../storage/appender.ts';
import type { RefusalCounts, SampleKind } from './options.ts';
import { sameNativeHistogram } from './chunkenc/nativeHistogram.ts';
import type { ExemplarStore, TimedExemplar } from './exemplars.ts';
import { HeadGroup, HISTOGRAM_HIGH, HISTOGRAM_LOW } from './head/group.ts';
import { LAG_MAX_MS, type Head } from './head/head.ts';
import { isReserved, LooseGroup } from './head/looseGroup.ts';
import type { RowArena } from './rowArena.ts';
import type { ReusePool } from './reusePool.ts';
import type { Cells, StagedCells } from './stagedCells.ts';
import type { RowView } from './wal/records.ts';

/** Times beyond this are no milliseconds of any calendar; the log's differences stay exact below it. */
export const TIME_MAX = 2 ** 48;
/** Metadata kept per group; more families than a page of sane size has. */
export const METADATA_MAX = 10_000;
/** Counters of a row that began at one time have their zeros in a row if they are this share of it; else one by one, so that the group's rows stay full. */
const ZERO_ROW_SHARE = 1 / 8;

const WORD = new Float64Array(1);
const WORD_BITS = bitsOf(WORD);

export interface StagedRow extends RowView {
  readonly group: HeadGroup;
  readonly t: number;
}

export interface StagedHistogram {
  readonly group: LooseGroup;
  readonly column: number;
  readonly t: number;
  readonly h: NativeHistogram;
}

export interface StagedExemplar {
  readonly group: HeadGroup;
  readonly column: number;
  readonly ref: SeriesRef;
  readonly exemplar: TimedExemplar;
}

/** What one commit carries. */
export interface Batch {
  readonly rows: readonly StagedRow[];
  readonly cells: ReadonlyMap<LooseGroup, Cells>;
  readonly histograms: readonly StagedHistogram[];
  readonly exemplars: readonly StagedExemplar[];
}

type Refused = keyof RefusalCounts;

/** What an appender needs of its store. */
export interface AppendTarget {
  readonly head: Head;
  readonly exemplarStore: ExemplarStore;
  readonly arenas: ReusePool<RowArena>;
  readonly cellLists: ReusePool<StagedCells>;
  now(): number;
  /** Whether a sample of a series at `t` would not be seen, as it was deleted there. */
  isDeleted(ref: SeriesRef, t: number): boolean;
  rejected(outcome: Refused, kind: SampleKind): void;
  /** Logs and publishes before it first waits; the batch is not used after that. */
  commit(batch: Batch, sync: boolean): Promise<void>;
  /** An appender that was made has been committed or rolled back for the first time. */
  appenderEnded(): void;
}

const NAN_LOW = 0;
const NAN_HIGH = 0x7ff80000;

export class StoreAppender implements Appender {
  static #ids = 0;
  readonly #target: AppendTarget;
  #id = ++StoreAppender.#ids;
  #rows: StagedRow[] = [];
  #arena: RowArena | undefined;
  #cells = new Map<LooseGroup, StagedCells>();
  #lastGroup: LooseGroup | undefined;
  #lastCells: StagedCells | undefined;
  #histograms: StagedHistogram[] = [];
  #exemplars: StagedExemplar[] = [];
  #hasEnded = false;

  constructor(target: AppendTarget) {
    this.#target = target;
  }

  appendRow(group: GroupWriter, t: number, values: Float64Array): AppendOutcome {
    if (!(group instanceof HeadGroup) || group.kind !== 'rows') throw new TypeError('a group of another store');
    if (values.length > group.columnCount) {
      throw new RangeError(`a row of ${values.length} values for ${group.columnCount} columns of ${group.key}`);
    }
    const outcome = this.#admitRow(group, t);
    if (outcome !== 'ok') return this.#reject(outcome);
    group.stagedBy = this.#id;
    group.stagedTime = t;
    this.#arena ??= this.#target.arenas.take();
    this.#rows.push({ group, t, ...this.#arena.stage(values) });
    return 'ok';
  }

  append(labels: Labels, t: number, v: number): AppendOutcome {
    WORD[0] = v;
    return this.#appendBits(labels, t, WORD_BITS[0], WORD_BITS[1]);
  }

  appendStale(labels: Labels, t: number): AppendOutcome {
    return this.#appendBits(labels, t, STALE_LOW, STALE_HIGH);
  }

  appendHistogram(labels: Labels, t: number, h: NativeHistogram): AppendOutcome {
    const { head } = this.#target;
    const { group, column } = head.loosePlace(head.series.refOf(labels), labels);
    if (!isTime(t)) return this.#reject('outOfBounds', 'histogram');
    let outcome = group.admit(column, t, HISTOGRAM_LOW, HISTOGRAM_HIGH, this.#id, head);
    if (outcome === 'same') {
      const row = group.rowAt(t);
      const there = row === undefined ? undefined : group.histograms.get(row)?.get(column);
      const staged = there ?? this.#histograms.find((s) => s.group === group && s.column === column && s.t === t)?.h;
      if (staged !== undefined && sameNativeHistogram(staged, h)) return 'ok';
      outcome = 'duplicate';
    }
    if (outcome !== 'ok') return this.#reject(outcome, 'histogram');
    group.stage(column, t, HISTOGRAM_LOW, HISTOGRAM_HIGH, this.#id);
    this.#histograms.push({ group, column, t, h });
    return 'ok';
  }

  appendCreated(labels: Labels, t: number, created: number): boolean {
    const ref = this.#target.head.series.refOf(labels);
    return this.#isNewCreated(t, created) && this.#appendZero(ref, labels, created);
  }

  appendCreatedHistogram(labels: Labels, t: number, created: number, h: NativeHistogram): boolean {
    const { head } = this.#target;
    const ref = head.series.refOf(labels);
    if (!this.#isNewCreated(t, created) || this.#isCovered(ref, created)) return false;
    const { group, column } = head.loosePlace(ref, labels);
    if (group.hasStagedSince(column, created, this.#id)) return false;
    return this.appendHistogram(labels, created, withoutObservations(h)) === 'ok';
  }

  appendCreatedColumns(
    group: GroupWriter,
    t: number,
    columns: Uint32Array,
    created: Float64Array,
    taken?: (column: number, t: number) => void,
  ): void {
    if (!(group instanceof HeadGroup) || group.kind !== 'rows') throw new TypeError('a group of another store');
    const { head } = this.#target;
    head.adopt(group);
    const byTime = new Map<number, number[]>();
    for (let i = 0; i < columns.length; i++) {
      if (!this.#isNewCreated(t, created[i]) || this.#isCovered(group.refs[columns[i]], created[i])) continue;
      const list = byTime.get(created[i]);
      if (list === undefined) byTime.set(created[i], [columns[i]]);
      else list.push(columns[i]);
    }
    for (const [time, list] of [...byTime].sort(([a], [b]) => a - b)) {
      const inRow = list.length >= group.columnCount * ZERO_ROW_SHARE && this.#admitRow(group, time) === 'ok';
      if (inRow) this.appendRow(group, time, zeros(group, list));
      for (const column of list)
        if (inRow || this.#appendZero(group.refs[column], group.columnLabels(column), time)) taken?.(column, time);
    }
  }

  appendExemplar(labels: Labels, exemplar: Exemplar): AppendOutcome {
    const { head, exemplarStore } = this.#target;
    const ref = head.series.refOf(labels);
    const timed = { labels: exemplar.labels, v: exemplar.v, t: Math.round(exemplar.t ?? this.#target.now()) };
    if (!isTime(timed.t)) return this.#reject('outOfBounds', 'exemplar');
    const outcome = exemplarStore.admit(ref, timed);
    if (outcome !== 'ok') return this.#reject(outcome, 'exemplar');
    const [group, columns] = head.columnsOf(Uint32Array.of(ref)).entries().next().value ?? [];
    if (group !== undefined && columns !== undefined) {
      this.#exemplars.push({ group, column: columns[0].column, ref, exemplar: timed });
    } else {
      this.#exemplars.push({ ...head.loosePlace(ref, labels), ref, exemplar: timed });
    }
    return 'ok';
  }

  setMetadata(group: GroupWriter, metric: string, metadata: Metadata): void {
    if (!(group instanceof HeadGroup)) throw new TypeError('a group of another store');
    if (group.metadata.size >= METADATA_MAX && !group.metadata.has(metric)) return;
    group.metadata.set(metric, metadata);
  }

  commit(options?: { sync?: boolean }): Promise<void> {
    const batch = { rows: this.#rows, cells: this.#cells, histograms: this.#histograms, exemplars: this.#exemplars };
    // The batch is used up when commit() first waits.
    const done = this.#target.commit(batch, options?.sync === true);
    this.rollback();
    return done;
  }

  rollback(): void {
    if (!this.#hasEnded) this.#target.appenderEnded();
    this.#hasEnded = true;
    if (this.#arena !== undefined) this.#target.arenas.giveBack(this.#arena);
    this.#arena = undefined;
    for (const staged of this.#cells.values()) this.#target.cellLists.giveBack(staged);
    this.#rows = [];
    this.#cells = new Map();
    this.#lastGroup = this.#lastCells = undefined;
    this.#histograms = [];
    this.#exemplars = [];
    this.#id = ++StoreAppender.#ids;
  }

  place(labels: Labels): SeriesPlace {
    const { head } = this.#target;
    return head.loosePlace(head.series.refOf(labels), labels);
  }

  appendCells(group: SampleGroup, cells: CellColumns, from: number, to: number, refuse: Refuse): number {
    if (!(group instanceof LooseGroup) || group.isDropped) throw new TypeError('a group that this store does not have');
    const { columns, times, bits } = cells;
    if (isTime(times[from]) && group.takesRow(cells, from, to, this.#id, this.#target.head)) {
      group.stageRow(cells, from, to, this.#id, this.#cellsOf(group));
      return to - from;
    }
    let taken = 0;
    for (let i = from; i < to; i++) {
      let low = bits[2 * i];
      let high = bits[2 * i + 1];
      // Some NaNs mean something else inside.
      if ((high & 0x7ff00000) === 0x7ff00000 && isReserved(low, high)) {
        low = NAN_LOW;
        high = NAN_HIGH;
      }
      const outcome = this.#appendCell(group, columns[i], times[i], low, high);
      if (outcome === 'ok') taken++;
      else refuse(outcome);
    }
    return taken;
  }

  #appendBits(labels: Labels, t: number, low: number, high: number): AppendOutcome {
    const { head } = this.#target;
    const { group, column } = head.loosePlace(head.series.refOf(labels), labels);
    return this.#appendCell(group, column, t, low, high);
  }

  #appendCell(group: LooseGroup, column: number, t: number, low: number, high: number): AppendOutcome {
    if (!isTime(t)) return this.#reject('outOfBounds');
    const outcome = group.admit(column, t, low, high, this.#id, this.#target.head);
    if (outcome === 'same') return 'ok';
    if (outcome !== 'ok') return this.#reject(outcome);
    group.stage(column, t, low, high, this.#id);
    this.#cellsOf(group).push(column, t, low, high);
    return 'ok';
  }

  /** Samples of a group mostly follow each other. */
  #cellsOf(group: LooseGroup): StagedCells {
    if (group === this.#lastGroup) return this.#lastCells!;
    let staged = this.#cells.get(group);
    if (staged === undefined) this.#cells.set(group, (staged = this.#target.cellLists.take()));
    this.#lastGroup = group;
    this.#lastCells = staged;
    return staged;
  }

  #isNewCreated(t: number, created: number): boolean {
    const oldest = Math.max(this.#target.head.minValidTime, t - LAG_MAX_MS);
    return isTime(created) && created < t && created >= oldest;
  }

  #isCovered(ref: SeriesRef, t: number): boolean {
    return this.#target.head.hasSince(ref, t) || this.#target.isDeleted(ref, t);
  }

  #appendZero(ref: SeriesRef, labels: Labels, t: number): boolean {
    const { head } = this.#target;
    if (this.#isCovered(ref, t)) return false;
    const { group, column } = head.loosePlace(ref, labels);
    return !group.hasStagedSince(column, t, this.#id) && this.#appendCell(group, column, t, 0, 0) === 'ok';
  }

  #admitRow(group: HeadGroup, t: number): AppendOutcome {
    const newest = group.stagedBy === this.#id ? Math.max(group.stagedTime, group.lastTime) : group.lastTime;
    if (!isTime(t) || t < this.#target.head.minValidTime) return 'outOfBounds';
    if (t > newest) return 'ok';
    if (t < newest) this.#target.head.onLate(newest - t);
    return t === newest ? 'duplicate' : 'outOfOrder';
  }

  #reject(outcome: Refused, kind: SampleKind = 'float'): AppendOutcome {
    this.#target.rejected(outcome, kind);
    return outcome;
  }
}

/** A row of gaps but for the zeros of some columns. */
function zeros({ columnCount }: HeadGroup, columns: readonly number[]): Float64Array {
  const row = new Float64Array(columnCount);
  fillGaps(row);
  for (const column of columns) row[column] = 0;
  return row;
}
function isTime(t: number): boolean {
  return Number.isInteger(t) && t <= TIME_MAX && t >= -TIME_MAX;
}
