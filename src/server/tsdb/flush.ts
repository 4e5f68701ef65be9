/**
 * The head becomes a block: its rows are packed and the log goes on in a new segment, in one turn; then the block is written, takes the place
 * of the chunks, and a checkpoint takes the place of the older segments. A crash between any two steps loses nothing and doubles nothing:
 * the block says up to which record of each group it goes.
 */
import type { ChangeLog } from './changeLog.ts';
import { performance } from 'node:perf_hooks';
import { StorageError } from '../storage/appender.ts';
import { flushedGroup, type BlockSet, type FlushedGroup } from './block/blockSet.ts';
import type { BlockFiles } from './block/blockFiles.ts';
import type { Chunk } from './chunkenc/chunk.ts';
import type { ExemplarStore } from './exemplars.ts';
import type { HeadGroup } from './head/group.ts';
import type { Head } from './head/head.ts';
import { packAll } from './head/packing.ts';
import type { Log as Say } from './options.ts';
import { blocksBeyond, bytesAllowed, type Retention } from './retention.ts';
import type { Tasks } from './tasks.ts';
import type { Tombstones } from './tombstones.ts';
import {
  CheckpointEncoder,
  removeCheckpointsBefore,
  removeSegmentsBefore,
  snapshotOf,
  writeCheckpoint,
} from './wal/checkpoint.ts';
import type { Log } from './wal/log.ts';
import { listSegments, logSize } from './wal/logFolder.ts';

/** The head is flushed early when its chunks take more. */
export const HEAD_CHUNK_BYTES_MAX = 64 * 1024 * 1024;
/** A little before the range is full: its first row would begin a chunk that the flush then packs alone. */
const FULL_SHARE = 119 / 120;
/** Blocks are merged up to this share of the bytes that are kept. */
const MERGED_SHARE = 1 / 10;
/** How often the bytes are looked at between flushes, while samples come. */
const SIZE_CHECK_MS = 60_000;
/** Groups are packed for a flush for this long at a time; then scrapes and queries have their turn. */
const TURN_MS = 8;
/** After a failure the next attempt waits. */
const RETRY_AFTER_MS = 60_000;

export interface FlushParts {
  readonly changes: ChangeLog;
  readonly head: Head;
  readonly blocks: BlockSet;
  readonly tombstones: Tombstones;
  readonly exemplars: ExemplarStore;
  readonly log: Log;
  readonly logFolder: string;
  readonly files: BlockFiles;
  readonly blockRangeMs: number;
  readonly say: Say;
  readonly tasks: Tasks;
}

interface Flushing extends FlushedGroup {
  readonly group: HeadGroup;
}

export class HeadFlusher {
  readonly #parts: FlushParts;
  #retention: Retention;
  #running: Promise<void> | undefined;
  #isClosed = false;
  #notBefore = -Infinity;
  #sizeCheckDue = performance.now() + SIZE_CHECK_MS;
  failures = 0;
  chunkBytes = 0;
  chunksCreated = 0;
  removalsByAge = 0;
  removalsBySize = 0;

  constructor(parts: FlushParts, retention: Retention) {
    this.#parts = parts;
    this.#retention = retention;
  }

  /** `bytes` is Infinity for no limit. */
  get retention(): Retention {
    return { ...this.#retention, bytes: bytesAllowed(this.#retention, this.#parts.logFolder) };
  }

  /** Takes another retention and removes what is past it, once no flush runs. */
  async setRetention(retention: Retention): Promise<void> {
    this.#retention = retention;
    await this.exclusively(async () => {
      if (this.#removeBlocks()) this.#forgetSeries();
    });
  }

  packed(chunk: Chunk): void {
    this.chunkBytes += chunk.bytes.length;
    this.chunksCreated++;
  }

  /** Starts a flush if the head has grown to it; failures are counted and said, and tried again later. */
  flushIfDue(): void {
    const { head, blockRangeMs, say } = this.#parts;
    this.#checkSizeIfDue();
    const isFull = head.maxTime - head.minTime >= blockRangeMs * FULL_SHARE || this.chunkBytes >= HEAD_CHUNK_BYTES_MAX;
    if (!isFull || this.#running !== undefined || performance.now() < this.#notBefore) return;
    this.flush().catch((error: unknown) => {
      say('error', 'the head could not be written to a block; it stays in memory and in the log', {
        reason: error instanceof Error ? error.message : String(error),
      });
    });
  }

  /** One flush at a time; a call during one waits for it and then flushes what came since. */
  async flush(): Promise<void> {
    await this.exclusively((flush) => flush());
  }

  /** Runs what changes blocks or tombstones while nothing else does; `flush` is for its own use. */
  async exclusively<T>(work: (flush: () => Promise<void>) => Promise<T>): Promise<T> {
    while (this.#running !== undefined) await this.idle();
    if (this.#isClosed) throw new StorageError('closed', 'the store is closed; open it again and ask again');
    const running = work(() => this.#compaction());
    const settled = () => undefined;
    this.#running = running.then(settled, settled);
    try {
      return await running;
    } finally {
      this.#running = undefined;
    }
  }

  /** Takes no more work; resolves when what runs has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.idle();
  }

  /**
   * Leaves all of the head in a checkpoint, so that the next start finds an empty log. No samples may come any more. Where none came at all, as
   * when a folder is only looked at, the log stays as it is.
   */
  async leaveSnapshot(): Promise<void> {
    const { head, exemplars, log, logFolder, say } = this.#parts;
    if (log.records === 0 || listSegments(logFolder).length === 0) return;
    try {
      const segment = log.cut();
      await this.#replaceLog(segment, snapshotOf(segment, head, exemplars));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      say('warn', 'the head could not be left in a checkpoint; the next start reads the log', { reason });
    }
  }

  /** Resolves when no flush runs, however it ended. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #compaction(): Promise<void> {
    return this.#parts.tasks.run('compaction', () => this.#flush());
  }

  async #flush(): Promise<void> {
    const { changes, tasks } = this.#parts;
    try {
      await this.#writeHead();
    } catch (error) {
      this.failures++;
      this.#notBefore = performance.now() + RETRY_AFTER_MS;
      throw error;
    }
    const blocksGone = this.#removeBlocks();
    tasks.runNow('headCollection', () => this.#collectHead(blocksGone));
    await this.#mergeBlocks();
    // The same samples, in another order of groups perhaps.
    changes.everything();
  }

  #collectHead(blocksGone: boolean): void {
    const { head, blockRangeMs } = this.#parts;
    const groupsGone = head.dropIdle(head.maxTime - 2 * blockRangeMs);
    if (blocksGone || groupsGone) this.#forgetSeries();
  }

  async #writeHead(): Promise<void> {
    const { head, logFolder, tasks } = this.#parts;
    const isEmpty = head.groups.every((group) => group === undefined || isEmptyGroup(group));
    // Without any chunk the log may still hold what a crash left there, which is in blocks.
    if (isEmpty && listSegments(logFolder).length === 0) return;
    await tasks.run('headTruncation', () => this.#truncateHead());
  }

  async #truncateHead(): Promise<void> {
    const { head, blocks, exemplars, log } = this.#parts;
    const checkpoint = new CheckpointEncoder(log.cut());
    const flushing = await this.#takeChunks(checkpoint);
    checkpoint.addExemplars(head, exemplars);
    const block = await blocks.write(flushing);
    if (block !== undefined) blocks.add(block);
    for (const { group, recipe } of flushing) {
      for (const chunk of group.chunks.splice(0, recipe.sources.length)) {
        this.chunkBytes -= chunk.bytes.length;
        group.flushed(chunk.maxTime);
      }
    }
    head.minTime = oldestTime(head);
    await this.#replaceLog(checkpoint.segment, [checkpoint.take()]);
  }

  /** A checkpoint takes the place of the log before a segment. */
  async #replaceLog(segment: number, pieces: Iterable<Uint8Array>): Promise<void> {
    const { logFolder, files, tasks } = this.#parts;
    await tasks.run('checkpoint', () => writeCheckpoint(logFolder, segment, pieces, files));
    await tasks.run('logTruncation', () => removeSegmentsBefore(logFolder, segment, files));
    await tasks.run('checkpointRemoval', () => removeCheckpointsBefore(logFolder, segment, files));
  }

  /** The flush itself is done: what fails here is said, and tried again after the next one. */
  async #mergeBlocks(): Promise<void> {
    const { blocks, say } = this.#parts;
    try {
      const { bytes, ageMs } = this.retention;
      await blocks.compact({ bytesMax: bytes * MERGED_SHARE, retentionMs: ageMs });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      say('error', 'small blocks could not be merged; they stay as they are', { reason });
    }
  }

  /**
   * Packs all rows, group by group, and others have their turn in between: what comes meanwhile is in the segment that has begun, and stays in
   * the head or goes along, as its group's sequence in the block says.
   */
  async #takeChunks(checkpoint: CheckpointEncoder): Promise<Flushing[]> {
    const flushing: Flushing[] = [];
    const { groups, arena } = this.#parts.head;
    let turn = performance.now();
    for (let ref = 0; ref < groups.length; ref++) {
      const group = groups[ref];
      if (group === undefined) continue;
      if (performance.now() - turn > TURN_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        turn = performance.now();
      }
      checkpoint.add(group);
      const packed = packAll(group, arena);
      if (packed !== undefined) this.packed(packed.chunk);
      if (group.chunks.length > 0) flushing.push(this.#flushed(group));
    }
    arena.begin();
    return flushing;
  }

  #flushed(group: HeadGroup): Flushing {
    const { tombstones } = this.#parts;
    const { kind, key, logState, chunks } = group;
    const columns = Int32Array.from(columnsIn(chunks));
    const refs = Uint32Array.from(columns, (column) => group.refs[column]);
    const section = { columns, labels: Array.from(columns, (column) => group.columnLabels(column)) };
    const { sequence } = logState;
    return { group, ...flushedGroup({ kind, key, sequence }, section, refs, chunks, tombstones) };
  }

  /** The series that nobody holds, now that blocks or groups are gone. */
  #forgetSeries(): void {
    const { head, blocks, tombstones } = this.#parts;
    const held = new Uint8Array(head.series.refsEnd);
    head.markSeries(held);
    blocks.markSeries(held);
    head.series.retain((ref) => held[ref] === 1);
    tombstones.retain((ref) => held[ref] === 1, Math.min(head.minTime, blocks.minTime));
  }

  /** The log grows between flushes, and other programs may fill the disk. */
  #checkSizeIfDue(): void {
    const now = performance.now();
    if (now < this.#sizeCheckDue || this.#running !== undefined) return;
    this.#sizeCheckDue = now + SIZE_CHECK_MS;
    this.setRetention(this.#retention).catch((error: unknown) => {
      this.#parts.say('error', 'old blocks could not be removed; tried again in a minute', { reason: String(error) });
    });
  }

  /** Blocks past their retention. Gives whether there was any. */
  #removeBlocks(): boolean {
    const { head, blocks, logFolder } = this.#parts;
    const { ageMs, bytes } = this.retention;
    const oldest = ageMs > 0 ? head.maxTime - ageMs : -Infinity;
    const old = blocks.all.filter((block) => block.maxTime < oldest);
    const byAge = blocks.remove(old, 'past its retention time');
    const used = Number.isFinite(bytes) ? logSize(logFolder) : 0;
    const bySize = blocks.remove(blocksBeyond(blocks.all, used, bytes), 'more bytes than are kept');
    if (byAge || bySize) this.#parts.changes.everything();
    this.removalsByAge += Number(byAge);
    this.removalsBySize += Number(bySize);
    return byAge || bySize;
  }
}

/** Columns that any of the chunks has cells of, ascending. */
function columnsIn(chunks: readonly Chunk[]): number[] {
  const all = new Set<number>();
  for (const chunk of chunks) for (const column of chunk.columns) all.add(column);
  return [...all].sort((a, b) => a - b);
}

function isEmptyGroup({ rows, chunks }: HeadGroup): boolean {
  return rows.rowCount === 0 && chunks.length === 0;
}

function oldestTime(head: Head): number {
  let oldest = Infinity;
  for (const group of head.groups) {
    if (group === undefined) continue;
    for (const chunk of group.chunks) oldest = Math.min(oldest, chunk.minTime);
    for (let row = 0; row < group.rows.rowCount; row++) oldest = Math.min(oldest, group.rows.time(row));
  }
  return oldest;
}
