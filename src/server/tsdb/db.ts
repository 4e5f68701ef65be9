/** The store: opens a folder, replays its log, takes commits, answers queries. */
import fs from 'node:fs';
import path from 'node:path';
import type { Labels } from '../../shared/model/labels.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { StorageError, type Appender, type AppendOutcome, type GroupWriter } from '../storage/appender.ts';
import { StoreAppender, type AppendTarget, type Batch } from './appender.ts';
import { ExemplarStore, type TimedExemplar } from './exemplars.ts';
import type { HeadGroup } from './head/group.ts';
import { Head } from './head/head.ts';
import type { LooseGroup } from './head/looseGroup.ts';
import { SeriesTable } from './index/seriesTable.ts';
import { lockFolder, type FolderLock } from './lock.ts';
import type { Tsdb, TsdbOptions, TsdbStats } from './options.ts';
import { StoreReader } from './reader.ts';
import { listSegments, Log, type WriteFile } from './wal/log.ts';
import { logCells, logExemplar, logHistogram, logNames, logRow, type RowView } from './wal/records.ts';
import { Replay, type ReplayCounts, type ReplayTarget } from './wal/replay.ts';

export type { Tsdb, TsdbOptions, TsdbStats } from './options.ts';

const DAY_MS = 86_400_000;
const DEFAULTS = {
  retentionMs: 15 * DAY_MS,
  outOfOrderWindowMs: 0,
  syncIntervalMs: 1_000,
  blockRangeMs: 7_200_000,
  segmentSizeMax: 128 * 1024 * 1024,
};

/** What tests hand in instead of the disk. */
export interface TsdbSeams {
  readonly writeLog?: WriteFile;
}

/**
 * Opens the store in a folder, which is made if there is none. Close it before another process opens the folder.
 *
 * Commits are on their way to the disk when `commit()` returns (they outlive the process) and on it at most `syncIntervalMs` later, or when
 * `commit({ sync: true })` resolves.
 *
 * @throws StorageError 'locked' when another process has it, 'io' when the folder cannot be used.
 */
export async function openTsdb(options: TsdbOptions, seams: TsdbSeams = {}): Promise<Tsdb> {
  try {
    fs.mkdirSync(path.join(options.path, 'wal'), { recursive: true });
  } catch (error) {
    const hint = 'choose another folder, or give this user the right to write there';
    throw new StorageError('io', `cannot make the data folder ${options.path}: ${String(error)}; ${hint}`, {
      cause: error,
    });
  }
  const lock = lockFolder(options.path);
  try {
    return new Db(options, seams, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

class Db extends StoreReader implements Tsdb, AppendTarget, ReplayTarget {
  readonly head: Head;
  readonly exemplarStore: ExemplarStore;
  readonly #options: Required<TsdbOptions>;
  readonly #lock: FolderLock;
  readonly #log: Log;
  readonly #replayed: ReplayCounts;
  readonly #replayMs: number;
  readonly #rejected = { duplicate: 0, outOfOrder: 0, tooOld: 0, outOfBounds: 0 };
  #samplesAppended = 0;
  #histogramsAppended = 0;
  #exemplarsAppended = 0;
  #closing: Promise<void> | undefined;

  constructor(options: TsdbOptions, seams: TsdbSeams, lock: FolderLock) {
    const filled = { ...DEFAULTS, now: Date.now, log: () => undefined, ...withoutUndefined(options) };
    const head = new Head(new SeriesTable(), filled.outOfOrderWindowMs);
    const exemplars = new ExemplarStore();
    super(head, exemplars);
    this.head = head;
    this.exemplarStore = exemplars;
    this.#options = filled;
    this.#lock = lock;
    const folder = path.join(filled.path, 'wal');
    const started = performance.now();
    const replay = new Replay(this, filled.log);
    const segments = listSegments(folder);
    segments.forEach((index, i) => replay.readSegment(folder, index, i === segments.length - 1));
    this.#replayed = replay.counts;
    this.#replayMs = performance.now() - started;
    this.#samplesAppended = 0;
    this.#log = new Log({
      folder,
      firstSegment: (segments.at(-1) ?? 0) + 1,
      segmentSizeMax: filled.segmentSizeMax,
      syncIntervalMs: filled.syncIntervalMs,
      onSyncFailure: (error) => filled.log('error', 'the log could not be synced', { reason: error.message }),
      write: seams.writeLog,
    });
  }

  group(key: string): GroupWriter {
    return this.head.group(key);
  }

  appender(): Appender {
    return new StoreAppender(this);
  }

  now(): number {
    return this.#options.now();
  }

  rejected(outcome: Exclude<AppendOutcome, 'ok'>): void {
    this.#rejected[outcome]++;
  }

  /** Log, then memory, in one turn: what another commit sees is never half of this one. */
  async commit(batch: Batch, sync: boolean): Promise<void> {
    if (this.#closing !== undefined) throw new StorageError('closed', 'the store is closed; open it again to append');
    if (batch.rows.length + batch.cells.size + batch.histograms.length + batch.exemplars.length > 0) {
      this.#logBatch(batch);
      this.#publish(batch);
    }
    if (sync) await this.#log.sync();
  }

  stats(): TsdbStats {
    const groups = this.head.groups.filter((group) => group !== undefined);
    const sum = (of: (group: HeadGroup) => number) => groups.reduce((total, group) => total + of(group), 0);
    const { records: replayedRecords, ...replayed } = this.#replayed;
    const { head } = this;
    return {
      series: head.series.size,
      headGroups: groups.length,
      headColumns: sum((group) => group.columnCount),
      headRows: sum((group) => group.rows.rowCount),
      headRowBytes: sum((group) => group.rows.bytes),
      headChunks: 0,
      headChunkBytes: 0,
      samplesAppended: this.#samplesAppended,
      histogramsAppended: this.#histogramsAppended,
      exemplarsAppended: this.#exemplarsAppended,
      rejected: { ...this.#rejected },
      exemplars: this.exemplarStore.size,
      logSegments: this.#log.segment,
      logBytes: this.#log.bytes,
      logRecords: this.#log.records,
      syncs: this.#log.syncs,
      syncFailures: this.#log.syncFailures,
      writeFailures: this.#log.writeFailures,
      replayMs: this.#replayMs,
      replayedRecords,
      ...replayed,
      blocks: 0,
      blockBytes: 0,
      blocksWritten: 0,
      blocksRemoved: 0,
      flushFailures: 0,
      chunkCacheBytes: 0,
      minTime: Number.isFinite(head.minTime) ? head.minTime : undefined,
      maxTime: Number.isFinite(head.maxTime) ? head.maxTime : undefined,
    };
  }

  async flush(): Promise<void> {
    await this.#log.sync();
  }

  close(): Promise<void> {
    this.#closing ??= this.#log.close().finally(() => this.#lock.release());
    return this.#closing;
  }

  restoreGroup(ref: number, kind: 'rows' | 'loose', key: string): HeadGroup {
    const group = this.head.restoreGroup(
      this.head.groups[ref] === undefined ? ref : this.head.groups.length,
      kind,
      key,
    );
    group.columnsLogged = Math.max(group.columnsLogged, 0);
    return group;
  }

  restoreColumn(group: HeadGroup, column: number, labels: Labels): void {
    group.restoreColumn(column, this.head.series.refOf(labels));
    group.columnsLogged = group.columnCount;
  }

  sequenceInBlocks(): number {
    return 0;
  }

  row(group: HeadGroup, t: number, { values, bits, from, length }: RowView): void {
    if (t <= group.lastTime) return;
    this.#samplesAppended += group.appendRow(t, values, bits, from, length);
    this.head.observe(t);
  }

  cell(group: LooseGroup, column: number, t: number, low: number, high: number): void {
    if (group.setSample(column, t, low, high) >= 0) this.head.observe(t);
  }

  histogram(group: LooseGroup, column: number, t: number, h: NativeHistogram): void {
    const row = group.setSample(column, t, 0, 0x7ff80000);
    if (row < 0) return;
    group.setHistogram(row, column, h);
    this.head.observe(t);
  }

  exemplar(group: HeadGroup, column: number, exemplar: TimedExemplar): void {
    this.exemplarStore.add(group.refs[column], exemplar);
  }

  #logBatch(batch: Batch): void {
    const log = this.#log;
    log.startCommit();
    const named = new Map<HeadGroup, number>();
    const name = (group: HeadGroup) => {
      if (!named.has(group)) named.set(group, group.columnsLogged);
      logNames(log, group);
    };
    for (const row of batch.rows) {
      name(row.group);
      // Another appender may have committed a newer row since this one was staged.
      if (row.t > row.group.lastTime) logRow(log, row.group, row.t, row);
    }
    for (const [group, cells] of batch.cells) {
      name(group);
      logCells(log, group, cells);
    }
    for (const { group, column, t, h } of batch.histograms) {
      name(group);
      logHistogram(log, group, column, t, h);
    }
    for (const { group, column, exemplar } of batch.exemplars) {
      name(group);
      logExemplar(log, group, column, exemplar);
    }
    try {
      log.write();
    } catch (error) {
      for (const [group, columns] of named) group.columnsLogged = columns;
      throw error;
    }
  }

  #publish(batch: Batch): void {
    for (const row of batch.rows) {
      if (row.t <= row.group.lastTime) {
        this.rejected('outOfOrder');
        continue;
      }
      this.row(row.group, row.t, row);
    }
    for (const [group, { count, columns, times, bits }] of batch.cells) {
      for (let i = 0; i < count; i++) this.cell(group, columns[i], times[i], bits[2 * i], bits[2 * i + 1]);
      this.#samplesAppended += count;
    }
    for (const { group, column, t, h } of batch.histograms) this.histogram(group, column, t, h);
    this.#histogramsAppended += batch.histograms.length;
    for (const { ref, exemplar } of batch.exemplars) this.exemplarStore.add(ref, exemplar);
    this.#exemplarsAppended += batch.exemplars.length;
  }
}

/** Options given as undefined count as not given. */
function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
