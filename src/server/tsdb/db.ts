/** The store: opens a folder, replays its log, takes commits, answers queries. */
import path from 'node:path';
import type { ByteReader } from '../../shared/bytes/byteReader.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { BlockSummary } from '../storage/admin.ts';
import { StorageError, type Appender, type GroupWriter, type SeriesRef } from '../storage/appender.ts';
import type { TimeRange } from '../storage/queryable.ts';
import { Admin } from './admin.ts';
import { ChangeLog } from './changeLog.ts';
import { StoreAppender, type AppendTarget, type Batch } from './appender.ts';
import { DISK, type BlockFiles } from './block/blockFiles.ts';
import { BlockSet } from './block/blockSet.ts';
import { CompactionThread } from './block/compactionThread.ts';
import { inlineMaker } from './block/makeBlock.ts';
import type { BlockMaker } from './block/recipe.ts';
import type { PartLoad } from './bulk/loadDoor.ts';
import { Loads } from './bulk/loads.ts';
import type { LoadedSource } from './bulk/loadLedger.ts';
import { Chunk } from './chunkenc/chunk.ts';
import { isDeleted } from './deletedCells.ts';
import { EXEMPLARS_MAX, ExemplarStore, type TimedExemplar } from './exemplars.ts';
import { HeadFlusher } from './flush.ts';
import { HISTOGRAM_HIGH, HISTOGRAM_LOW, type GroupKind, type HeadGroup } from './head/group.ts';
import { Head } from './head/head.ts';
import type { LooseGroup } from './head/looseGroup.ts';
import type { Packed } from './head/packed.ts';
import { CHUNK_ROWS, packAll, packWhenFull, PACKED_SHARE, ROW_BYTES_KEPT } from './head/packing.ts';
import { SeriesTable } from './index/seriesTable.ts';
import { Intake } from './intake.ts';
import { lockFolder, type FolderLock } from './lock.ts';
import { makeFolder } from './makeFolder.ts';
import type { RefusalCounts, SampleKind, Tsdb, TsdbOptions, TsdbStats } from './options.ts';
import { StoreReader } from './reader.ts';
import type { Retention } from './retention.ts';
import { ReusePool } from './reusePool.ts';
import { RowArena } from './rowArena.ts';
import { StagedCells } from './stagedCells.ts';
import { Tasks } from './tasks.ts';
import { Tombstones } from './tombstones.ts';
import { Log, type WriteFile } from './wal/log.ts';
import type { TakeLogFile } from './wal/logFile.ts';
import { listSegments, logSize, segmentAt } from './wal/logFolder.ts';
import { logCells, logChunk, logExemplar, logHistogram, logNames, logRow, type RowView } from './wal/records.ts';
import { Replay, type ReplayCounts } from './wal/replay.ts';
import type { ReplayTarget } from './wal/replayTarget.ts';

export type { Tsdb, TsdbOptions, TsdbStats } from './options.ts';
export type { Retention } from './retention.ts';

const DAY_MS = 86_400_000;
const DEFAULTS = {
  retention: { ageMs: 15 * DAY_MS, bytes: 0, percentage: 0 },
  outOfOrderWindowMs: 0,
  syncIntervalMs: 1_000,
  blockRangeMs: 7_200_000,
  segmentSizeMax: 128 * 1024 * 1024,
  compactionThread: false,
};

/** What tests hand in instead of the disk. */
export interface TsdbSeams {
  readonly writeLog?: WriteFile;
  /** Blocks are made in place then. */
  readonly files?: BlockFiles;
  /** In place of ROW_BYTES_KEPT: 0 packs rows as in a store of many series. */
  readonly rowBytesKept?: number;
}

/** What the start of a program has begun before it opens the store. */
export interface TsdbAhead {
  readonly takeLogFile?: TakeLogFile;
}

/**
 * Opens the store in a folder, which is made if there is none. Close it before another process opens the folder.
 *
 * Commits are on their way to the disk when `commit()` returns (they outlive the process) and on it at most `syncIntervalMs` later, or when
 * `commit({ sync: true })` resolves.
 *
 * @throws StorageError 'locked' when another process has it, 'io' when the folder cannot be used.
 */
export async function openTsdb(options: TsdbOptions, seams: TsdbSeams & TsdbAhead = {}): Promise<Tsdb> {
  const filled = {
    ...DEFAULTS,
    now: Date.now,
    log: () => undefined,
    ...withoutUndefined(options),
  };
  try {
    for (const folder of [walFolder(filled), blockFolder(filled)]) makeFolder(folder);
  } catch (error) {
    const hint = 'choose another folder, or give this user the right to write there';
    throw new StorageError('io', `cannot make the data folder ${options.path}: ${String(error)}; ${hint}`, {
      cause: error,
    });
  }
  const lock = lockFolder(filled.path);
  const series = new SeriesTable();
  const tombstones = new Tombstones(filled.path);
  const files = seams.files ?? DISK;
  const maker = filled.compactionThread && seams.files === undefined ? new CompactionThread() : inlineMaker(files);
  const tasks = new Tasks(options.observer);
  const { log } = filled;
  const blocks = new BlockSet({ folder: blockFolder(filled), series, tombstones, maker, files, log, tasks });
  try {
    blocks.open();
    return new Db({ options: filled, lock, series, blocks, tombstones, maker, files, seams, tasks });
  } catch (error) {
    blocks.close();
    lock.release();
    throw error;
  }
}

interface DbParts {
  readonly options: Required<Omit<TsdbOptions, 'observer'>>;
  readonly lock: FolderLock;
  readonly series: SeriesTable;
  readonly blocks: BlockSet;
  readonly tombstones: Tombstones;
  readonly maker: BlockMaker;
  readonly files: BlockFiles;
  readonly seams: TsdbSeams & TsdbAhead;
  readonly tasks: Tasks;
}

class Db extends StoreReader implements Tsdb, AppendTarget, ReplayTarget {
  readonly head: Head;
  readonly exemplarStore: ExemplarStore;
  readonly changes = new ChangeLog();
  readonly arenas = new ReusePool(() => new RowArena(), 8);
  readonly cellLists = new ReusePool(() => new StagedCells(), 32);
  readonly #parts: DbParts;
  readonly #log: Log;
  readonly #flusher: HeadFlusher;
  readonly #admin: Admin;
  readonly #intake: Intake;
  readonly #loads: Loads;
  readonly #replayed: ReplayCounts;
  readonly #replayMs: number;
  readonly #rejected = { float: noRefusals(), histogram: noRefusals(), exemplar: noRefusals() };
  readonly #appenders = { created: 0, ended: 0 };
  #samplesAppended = 0;
  #histogramsAppended = 0;
  #exemplarsAppended = 0;
  #closing: Promise<void> | undefined;

  constructor(parts: DbParts) {
    const { options, series, blocks, tombstones } = parts;
    const { tasks } = parts;
    const sequence = (kind: GroupKind, key: string) => blocks.sequence(kind, key);
    const head = new Head(series, options.outOfOrderWindowMs, sequence, (byMs) => tasks.observer.late(byMs));
    const exemplars = new ExemplarStore();
    super(head, blocks, exemplars, tombstones);
    this.head = head;
    this.exemplarStore = exemplars;
    this.#parts = parts;
    head.maxTime = blocks.maxTime;
    this.#intake = new Intake(options.now, options.log);
    const folder = walFolder(options);
    const started = performance.now();
    const replay = new Replay(this, options.log, parts.seams.takeLogFile);
    const last = replay.readAll(folder);
    tombstones.load(series);
    this.#replayed = replay.counts;
    this.#replayMs = performance.now() - started;
    this.#samplesAppended = this.#histogramsAppended = 0;
    head.lateSamples.float = head.lateSamples.histogram = 0;
    this.#log = new Log({
      folder,
      firstSegment: last + 1,
      segmentSizeMax: options.segmentSizeMax,
      syncIntervalMs: options.syncIntervalMs,
      onSyncFailure: (error) => options.log('error', 'the log could not be synced', { reason: error.message }),
      write: parts.seams.writeLog,
      tasks,
    });
    const { blockRangeMs, log: say } = options;
    const log = this.#log;
    const { files } = parts;
    const { changes } = this;
    const flushed = {
      changes,
      head,
      blocks,
      tombstones,
      exemplars,
      log,
      logFolder: folder,
      files,
      blockRangeMs,
      say,
      tasks,
    };
    const flusher = new HeadFlusher(flushed, options.retention);
    this.#flusher = flusher;
    this.#admin = new Admin({
      changes,
      folder: options.path,
      head,
      blocks,
      tombstones,
      flusher,
      now: options.now,
      tasks,
    });
    this.#loads = new Loads({ changes, folder: options.path, head, blocks, tombstones, flusher });
    for (const group of head.groups) for (const chunk of group?.chunks ?? []) this.#flusher.packed(chunk);
  }

  group(key: string): GroupWriter {
    return this.head.group(key);
  }

  appender(): Appender {
    this.#appenders.created++;
    return new StoreAppender(this);
  }

  appenderEnded(): void {
    this.#appenders.ended++;
  }

  now(): number {
    return this.#parts.options.now();
  }

  isDeleted(ref: SeriesRef, t: number): boolean {
    const ranges = this.#parts.tombstones.of(ref);
    return ranges !== undefined && isDeleted(t, ranges);
  }

  rejected(outcome: keyof RefusalCounts, kind: SampleKind): void {
    this.#rejected[kind][outcome]++;
  }

  /** Log, then memory, in one turn: what another commit sees is never half of this one. */
  async commit(batch: Batch, sync: boolean): Promise<void> {
    this.#refuseWhenClosed('append');
    if (batch.rows.length + batch.cells.size + batch.histograms.length + batch.exemplars.length > 0) {
      this.#intake.take(() => this.#logBatch(batch));
      this.#publish(batch);
      this.#packFull(batch);
      this.#flusher.flushIfDue();
    }
    if (sync) await this.#log.sync();
  }

  stats(): TsdbStats {
    const groups = this.head.groups.filter((group) => group !== undefined);
    const sum = (of: (group: HeadGroup) => number) => groups.reduce((total, group) => total + of(group), 0);
    const { records: replayedRecords, ...replayed } = this.#replayed;
    const { head, exemplarStore } = this;
    const { blocks, tasks, lock } = this.#parts;
    const { created, ended } = this.#appenders;
    const [minTime, maxTime] = [Math.min(head.minTime, blocks.minTime), Math.max(head.maxTime, blocks.maxTime)];
    return {
      series: head.series.size,
      seriesCreated: head.series.refsEnd - 1,
      seriesRemoved: head.series.refsEnd - 1 - head.series.size,
      headGroups: groups.length,
      headColumns: sum((group) => group.columnCount),
      headRows: sum((group) => group.rows.rowCount),
      headRowBytes: sum((group) => group.rows.bytes),
      headChunks: sum((group) => group.chunks.length),
      headChunkBytes: this.#flusher.chunkBytes,
      headChunksCreated: this.#flusher.chunksCreated,
      appendersCreated: created,
      appendersActive: created - ended,
      samplesAppended: this.#samplesAppended,
      histogramsAppended: this.#histogramsAppended,
      exemplarsAppended: this.#exemplarsAppended,
      lateAppended: { ...head.lateSamples },
      rejected: structuredClone(this.#rejected),
      refusal: this.#intake.refusal,
      commitsRefused: this.#intake.refused,
      exemplars: exemplarStore.size,
      exemplarsMax: EXEMPLARS_MAX,
      exemplarSeries: exemplarStore.seriesCount,
      oldestExemplar: exemplarStore.oldestTime,
      logSegments: listSegments(walFolder(this.#parts.options)).length,
      logBytes: this.#log.bytes,
      logFileBytes: logSize(walFolder(this.#parts.options)),
      logRecords: this.#log.records,
      logWrites: this.#log.writes,
      logSegment: this.#log.segment,
      writeFailures: this.#log.writeFailures,
      replayMs: this.#replayMs,
      replayedRecords,
      ...replayed,
      blocks: blocks.all.length,
      blockBytes: blocks.bytes,
      blocksWritten: blocks.written,
      blocksRemoved: blocks.removed,
      removalsByAge: this.#flusher.removalsByAge,
      removalsBySize: this.#flusher.removalsBySize,
      retention: this.#flusher.retention,
      compactions: blocks.compacted,
      overlapsMerged: blocks.overlapsMerged,
      tasks: structuredClone(tasks.counts),
      isCleanStart: !lock.isTakenOver,
      flushFailures: this.#flusher.failures,
      tombstones: this.#parts.tombstones.size,
      chunkCacheBytes: this.chunkCacheBytes,
      minTime: Number.isFinite(minTime) ? minTime : undefined,
      maxTime: Number.isFinite(maxTime) ? maxTime : undefined,
    };
  }

  logSegmentAt(t: number): number {
    return segmentAt(walFolder(this.#parts.options), t) ?? this.#log.segment;
  }

  blocks(): readonly BlockSummary[] {
    return this.#admin.blocks();
  }

  async setRetention(retention: Retention): Promise<void> {
    this.#refuseWhenClosed('change its retention');
    await this.#flusher.setRetention(retention);
  }

  async deleteSeries(matcherSets: readonly (readonly Matcher[])[], range: TimeRange): Promise<void> {
    this.#refuseWhenClosed('delete');
    await this.#admin.deleteSeries(matcherSets, range);
  }

  async cleanTombstones(): Promise<void> {
    this.#refuseWhenClosed('clean it');
    await this.#admin.cleanTombstones();
  }

  async snapshot(options?: { skipHead?: boolean }): Promise<string> {
    this.#refuseWhenClosed('take a snapshot');
    return this.#admin.snapshot(options);
  }

  async bulkLoad(source: string, part: string): Promise<PartLoad | undefined> {
    this.#refuseWhenClosed('load into it');
    return this.#loads.begin(source, part);
  }

  loaded(source: string): LoadedSource {
    return this.#loads.loaded(source);
  }

  loadComplete(source: string, mark: string): void {
    this.#loads.complete(source, mark);
  }

  async flush(): Promise<void> {
    this.#refuseWhenClosed('flush it');
    await this.#flusher.flush();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  restoreGroup(ref: number, kind: 'rows' | 'loose', key: string): HeadGroup {
    const { head } = this;
    const group = head.restoreGroup(head.groups[ref] === undefined ? ref : head.groups.length, kind, key);
    // Where the log's number is taken, or the group has another one, its name is logged again.
    group.columnsLogged = group.ref === ref ? Math.max(group.columnsLogged, 0) : -1;
    return group;
  }

  readLabels(input: ByteReader): Uint32Array {
    return this.head.series.readLabels(input);
  }

  restoreColumn(group: HeadGroup, column: number, ref: SeriesRef): void {
    group.restoreColumn(column, ref);
    if (group.columnsLogged >= 0) group.columnsLogged = group.columnCount;
  }

  sequenceInBlocks({ kind, key }: HeadGroup): number {
    return this.#parts.blocks.sequence(kind, key);
  }

  filled(group: HeadGroup): void {
    this.#packWhenFull(group);
  }

  keepChunk(bytes: Uint8Array): Chunk {
    return new Chunk(this.head.arena.keep(bytes));
  }

  chunk(group: HeadGroup, chunk: Chunk): void {
    group.reserveColumns((chunk.columns.at(-1) ?? -1) + 1);
    group.chunks.push(chunk);
    group.packAt = CHUNK_ROWS;
    this.head.observe(chunk.minTime);
    this.head.observe(chunk.maxTime);
  }

  packRows(group: HeadGroup): void {
    packAll(group, this.head.arena);
  }

  row(group: HeadGroup, t: number, { values, bits, from, length }: RowView): void {
    if (t <= group.lastTime) return;
    this.#samplesAppended += group.appendRow(t, values, bits, from, length);
    this.#touch(t);
  }

  cell(group: LooseGroup, column: number, t: number, low: number, high: number): void {
    if (group.setSample(column, t, low, high) < 0) return;
    this.#samplesAppended++;
    this.#touch(t);
  }

  histogram(group: LooseGroup, column: number, t: number, h: NativeHistogram): void {
    const row = group.setSample(column, t, HISTOGRAM_LOW, HISTOGRAM_HIGH);
    if (row < 0) return;
    group.setHistogram(row, column, h);
    this.#histogramsAppended++;
    this.#touch(t);
  }

  restored(times: Float64Array): void {
    for (const t of times) this.#touch(t);
  }

  exemplar(group: HeadGroup, column: number, exemplar: TimedExemplar): void {
    this.exemplarStore.add(group.refs[column], exemplar);
  }

  #logBatch(batch: Batch): void {
    const log = this.#log;
    const sink = log.startCommit();
    const named = new Map<HeadGroup, number>();
    const name = (group: HeadGroup) => {
      if (!named.has(group)) {
        this.head.adopt(group);
        named.set(group, group.columnsLogged);
      }
      logNames(sink, group);
    };
    for (const row of batch.rows) {
      name(row.group);
      // Another appender may have committed a newer row since this one was staged.
      if (row.t > row.group.lastTime) logRow(sink, row.group, row.t, row);
    }
    for (const [group, cells] of batch.cells) {
      name(group);
      logCells(sink, group, cells);
    }
    for (const { group, column, t, h } of batch.histograms) {
      name(group);
      logHistogram(sink, group, column, t, h);
    }
    for (const { group, column, exemplar } of batch.exemplars) {
      name(group);
      logExemplar(sink, group, column, exemplar);
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
        this.rejected('outOfOrder', 'float');
        continue;
      }
      this.row(row.group, row.t, row);
    }
    for (const [group, cells] of batch.cells) {
      this.#samplesAppended += group.setSamples(cells);
      const { isRow, count, times } = cells;
      for (let i = 0, t = NaN; i < (isRow ? 1 : count); i++) if (times[i] !== t) this.#touch((t = times[i]));
    }
    for (const { group, column, t, h } of batch.histograms) this.histogram(group, column, t, h);
    for (const { ref, exemplar } of batch.exemplars) this.exemplarStore.add(ref, exemplar);
    this.#exemplarsAppended += batch.exemplars.length;
  }

  /** A sample of this time is there now. */
  #touch(t: number): void {
    this.head.observe(t);
    this.changes.at(t);
  }

  /** Packs the groups that have enough rows now, and logs the chunks: a restart reads those then instead of the rows. */
  #packFull(batch: Batch): void {
    const packed: Packed[] = [];
    // Groups that waited together are not to be packed together.
    let bytesLeft = this.head.slabs.usedBytes * PACKED_SHARE;
    const pack = (group: HeadGroup) => {
      const full = this.#packWhenFull(group, bytesLeft <= 0);
      if (full === undefined) return;
      packed.push(full);
      bytesLeft -= 8 * full.chunk.rowCount * group.columnCount;
    };
    for (const { group } of batch.rows) pack(group);
    for (const group of batch.cells.keys()) pack(group);
    for (const { group } of batch.histograms) pack(group);
    if (packed.length === 0) return;
    for (const { chunk } of packed) this.#flusher.packed(chunk);
    try {
      const sink = this.#log.startCommit();
      for (const one of packed) logChunk(sink, one);
      this.#log.write();
    } catch (error) {
      // The rows are logged, so nothing is lost. What keeps the log from being written is told to the next commit.
      if (!(error instanceof StorageError)) throw error;
    }
  }

  /** @param mayWait it may in any case where there is room. */
  #packWhenFull(group: HeadGroup, mayWait = false): Packed | undefined {
    const { slabs, arena } = this.head;
    const hasRoom = slabs.usedBytes <= (this.#parts.seams.rowBytesKept ?? ROW_BYTES_KEPT);
    return packWhenFull(group, arena, mayWait || hasRoom);
  }

  #refuseWhenClosed(wanted: string): void {
    if (this.#closing === undefined) return;
    throw new StorageError('closed', `the store is closed; open it again to ${wanted}`);
  }

  async #close(): Promise<void> {
    const { blocks, lock, maker } = this.#parts;
    try {
      await this.#flusher.close();
      await maker.close();
      await this.#flusher.leaveSnapshot();
      await this.#log.close();
    } finally {
      blocks.close();
      lock.release();
    }
  }
}

function noRefusals(): RefusalCounts {
  return { duplicate: 0, outOfOrder: 0, tooOld: 0, outOfBounds: 0 };
}

function walFolder({ path: folder }: TsdbOptions): string {
  return path.join(folder, 'wal');
}

function blockFolder({ path: folder }: TsdbOptions): string {
  return path.join(folder, 'blocks');
}

/** Options given as undefined count as not given. */
function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
