/**
 * The write-ahead log's writing end: segments of framed records. Drawn in docs/wal.md.
 *
 * Records are collected in memory, written by one write() a commit, and synced in batches, never while others wait: a full disk's queue may take
 * seconds. When a write fails, the segment is cut back to where the commit began, and the epoch moves on, so that no later record builds on
 * one that is not there.
 */
import fs from 'node:fs';
import path from 'node:path';
import { StorageError } from '../../storage/appender.ts';
import { syncFolder } from '../syncFolder.ts';
import type { Tasks } from '../tasks.ts';
import { FILE_HEADER_SIZE, fileHeader, FrameWriter } from './frame.ts';
import { segmentName } from './logFolder.ts';
import type { RecordSink } from './records.ts';

/**
 * Where somebody waits for each sync, a segment has zeros ahead of what is written, so many at a time: a file that does not grow is synced with half of
 * the writes to the disk, as nothing changes but the bytes themselves.
 */
const ROOM_BYTES = 256 * 1024;
const ZEROS = new Uint8Array(ROOM_BYTES);

/** How often it is made sure that the segment is still where it was made. */
const PLACE_CHECK_MS = 1_000;

export const SEGMENT_MAGIC = 0x574f5349; // "ISOW"
export const SEGMENT_VERSION = 5;

export type WriteFile = (fd: number, bytes: Uint8Array) => number;

export interface LogOptions {
  readonly folder: string;
  /** Number of the first segment to write. */
  readonly firstSegment: number;
  readonly segmentSizeMax: number;
  readonly syncIntervalMs: number;
  readonly onSyncFailure: (error: Error) => void;
  readonly tasks: Tasks;
  /** Like fs.writeSync: bytes taken, fewer when the disk is filling up; throws with a `code`. */
  readonly write?: WriteFile;
}

export class Log {
  readonly #options: LogOptions;
  readonly #write: WriteFile;
  /** The segment being written, or the next one to be made. */
  #segment: number;
  /** Made by the first commit: a store opens, and answers queries, on a full disk too. */
  #fd: number | undefined;
  #size = 0;
  /** Where the zeros behind the last record end; not beyond #size where there are none. */
  #roomEnd = 0;
  /** Since the last sync that nobody waited for, somebody did. */
  #isWaitedFor = false;
  /** The file was opened again, and takes bytes at its end alone: there is to be nothing ahead of them. */
  #isReopened = false;
  /** Files that take no more, oldest first: they are to be synced before the one being written, and then closed. */
  readonly #ended: number[] = [];
  /** A segment was made whose name may not be on disk. */
  #isNameNew = false;
  /** Groups log whole rows again when its epoch has changed since their last record. */
  readonly #frames = new FrameWriter();
  /** The segment's end could not be cut back after a failed write: what is written next must go to a new one. */
  #broken = false;
  #dirty = false;
  #placeCheckDue = 0;
  #timer: NodeJS.Timeout | undefined;
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #syncing: Promise<void> | undefined;
  #closed = false;
  bytes = 0;
  /** Commits that were written. */
  writes = 0;
  writeFailures = 0;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#write = options.write ?? ((fd, bytes) => fs.writeSync(fd, bytes));
    this.#segment = options.firstSegment;
  }

  /** The number of the segment being written, or of the next one. */
  get segment(): number {
    return this.#segment;
  }

  get records(): number {
    return this.#frames.records;
  }

  /** Starts a commit: what is put into the sink until write() is logged together. Moves to a new segment when this one is full. */
  startCommit(): RecordSink {
    if (this.#closed) throw new StorageError('closed', 'the store is closed; open it again to append');
    if (this.#broken || this.#size >= this.#options.segmentSizeMax) this.cut();
    this.#fd ??= this.#create();
    this.#checkPlace(this.#fd);
    this.#frames.clear(this.#size);
    return this.#frames;
  }

  /** Writes the commit. Throws StorageError and leaves the log as it was before the commit when that fails. */
  write(): void {
    const bytes = this.#frames.out.written;
    const fd = this.#fd;
    if (fd === undefined) throw new Error('a commit was not started');
    try {
      for (let done = 0; done < bytes.length;) done += this.#write(fd, bytes.subarray(done));
    } catch (error) {
      this.#undo();
      throw logFailure(error, this.#options.folder);
    }
    this.#size += bytes.length;
    this.bytes += bytes.length;
    this.writes++;
    if (this.#isWaitedFor && !this.#isReopened && this.#roomEnd - this.#size < bytes.length) this.#makeRoom(fd);
    this.#syncSoon();
  }

  /** Resolves once all that was written before this call is on disk. Calls made meanwhile share the next sync. */
  async sync(): Promise<void> {
    if (!this.#dirty && this.#syncing === undefined) return;
    this.#isWaitedFor = true;
    const done = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#syncing ??= this.#syncAll();
    await done;
  }

  /** Ends the segment; gives the number of the next one, which the next commit makes. The next sync is of both. */
  cut(): number {
    if (this.#fd === undefined) return this.#segment;
    this.#giveRoomBack();
    this.#ended.push(this.#fd);
    this.#syncSoon();
    this.#fd = undefined;
    this.#size = 0;
    this.#broken = false;
    this.#frames.epoch++;
    return ++this.#segment;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    try {
      await this.sync();
    } finally {
      for (const fd of this.#ended) fs.closeSync(fd);
      this.#giveRoomBack();
      if (this.#fd !== undefined) fs.closeSync(this.#fd);
    }
  }

  #syncSoon(): void {
    this.#dirty = true;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.sync().catch(this.#options.onSyncFailure);
      this.#isWaitedFor = false;
    }, this.#options.syncIntervalMs).unref();
  }

  async #syncAll(): Promise<void> {
    // Commits of the same turn share one sync.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#dirty = false;
      try {
        await this.#options.tasks.run('logSync', () => this.#syncFiles());
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        this.#dirty = true;
        const failure = logFailure(error, this.#options.folder);
        for (const { reject } of waiting) reject(failure);
      }
    }
    this.#syncing = undefined;
  }

  async #syncFiles(): Promise<void> {
    while (this.#ended.length > 0) {
      await syncFile(this.#ended[0]);
      fs.closeSync(this.#ended.shift()!);
    }
    // Another may be made meanwhile, and have its turn.
    const isNameNew = this.#isNameNew;
    this.#isNameNew = false;
    try {
      if (this.#fd !== undefined) await syncFile(this.#fd);
      if (isNameNew) await syncFolder(this.#options.folder);
    } catch (error) {
      this.#isNameNew ||= isNameNew;
      throw error;
    }
  }

  /** A file that was removed, or whose folder was moved away, still takes what is written: for nobody. */
  #checkPlace(fd: number): void {
    const now = performance.now();
    if (now < this.#placeCheckDue) return;
    const { folder } = this.#options;
    const own = fs.fstatSync(fd);
    const there = fs.statSync(path.join(folder, segmentName(this.#segment)), { throwIfNoEntry: false });
    if (there === undefined || there.ino !== own.ino || there.dev !== own.dev) throw gone(folder);
    this.#placeCheckDue = now + PLACE_CHECK_MS;
  }

  /** At places of its own: the next record goes where the last one ended. */
  #makeRoom(fd: number): void {
    const from = Math.max(this.#size, this.#roomEnd);
    try {
      this.#roomEnd = from + fs.writeSync(fd, ZEROS, 0, ROOM_BYTES, from);
    } catch {
      // Records may find room where zeros did not; the commit that does not says so.
      this.#isWaitedFor = false;
    }
  }

  #giveRoomBack(): void {
    if (this.#fd === undefined || this.#roomEnd <= this.#size) return;
    this.#roomEnd = 0;
    try {
      fs.ftruncateSync(this.#fd, this.#size);
    } catch {
      // Zeros behind the last record are no records.
    }
  }

  /** Makes the segment's file; leaves none behind when that fails. */
  #create(): number {
    const { folder } = this.#options;
    const header = fileHeader(SEGMENT_MAGIC, SEGMENT_VERSION, this.#segment);
    const file = path.join(folder, segmentName(this.#segment));
    let fd: number | undefined;
    try {
      fd = fs.openSync(file, 'w');
      for (let done = 0; done < header.length;) done += this.#write(fd, header.subarray(done));
    } catch (error) {
      this.writeFailures++;
      if (fd !== undefined) fs.closeSync(fd);
      fs.rmSync(file, { force: true });
      throw logFailure(error, folder);
    }
    this.#isNameNew = true;
    this.#isReopened = false;
    this.#roomEnd = 0;
    this.#size = FILE_HEADER_SIZE;
    return fd;
  }

  #undo(): void {
    this.writeFailures++;
    this.#frames.epoch++;
    try {
      fs.truncateSync(path.join(this.#options.folder, segmentName(this.#segment)), this.#size);
      this.#roomEnd = 0;
      // The file's own position is past the cut; writing there would leave a hole.
      this.#reopenAtEnd();
    } catch {
      this.#broken = true;
    }
  }

  #reopenAtEnd(): void {
    this.#isReopened = true;
    const old = this.#fd;
    this.#fd = fs.openSync(path.join(this.#options.folder, segmentName(this.#segment)), 'a');
    if (old !== undefined) this.#ended.push(old);
  }
}

function syncFile(fd: number): Promise<void> {
  return new Promise((resolve, reject) => fs.fdatasync(fd, (error) => (error === null ? resolve() : reject(error))));
}

function gone(folder: string, cause?: unknown): StorageError {
  const hint = 'put it back, or start the server anew: until then no samples are taken';
  return new StorageError('io', `the log in ${folder} was removed or replaced while the server runs; ${hint}`, {
    cause,
  });
}

function logFailure(error: unknown, folder: string): StorageError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StorageError('disk_full', `no room for the log in ${folder}; free some: appends go on by themselves`, {
      cause: error,
    });
  }
  if (code === 'ENOENT') return gone(folder, error);
  return new StorageError('io', `the log in ${folder} cannot be written (${code ?? String(error)}); check the disk`, {
    cause: error,
  });
}
