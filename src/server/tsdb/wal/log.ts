/**
 * The write-ahead log's writing end: segments of framed records. Drawn in docs/wal.md.
 *
 * Records are collected in memory, written by one write() a commit, and synced in batches. When a write fails, the segment is cut back to
 * where the commit began, and the epoch moves on, so that no later record builds on one that is not there.
 */
import fs from 'node:fs';
import path from 'node:path';
import { StorageError } from '../../storage/appender.ts';
import { syncFolderNow } from '../syncFolder.ts';
import { FILE_HEADER_SIZE, fileHeader, FrameWriter } from './frame.ts';
import type { RecordSink } from './records.ts';

export const SEGMENT_MAGIC = 0x574f5349; // "ISOW"
export const SEGMENT_VERSION = 1;

export type WriteFile = (fd: number, bytes: Uint8Array) => number;

export interface LogOptions {
  readonly folder: string;
  /** Number of the first segment to write. */
  readonly firstSegment: number;
  readonly segmentSizeMax: number;
  readonly syncIntervalMs: number;
  readonly onSyncFailure: (error: Error) => void;
  /** Like fs.writeSync: bytes taken, fewer when the disk is filling up; throws with a `code`. */
  readonly write?: WriteFile;
}

export function segmentName(index: number): string {
  return `${String(index).padStart(8, '0')}.wal`;
}

/** Numbers of the segments in a folder, ascending. */
export function listSegments(folder: string): number[] {
  const names = fs.readdirSync(folder).filter((name) => /^\d{8}\.wal$/.test(name));
  return names.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
}

export class Log {
  readonly #options: LogOptions;
  readonly #write: WriteFile;
  #segment: number;
  #fd: number;
  #size: number;
  /** Groups log whole rows again when its epoch has changed since their last record. */
  readonly #frames = new FrameWriter();
  /** The segment's end could not be cut back after a failed write: what is written next must go to a new one. */
  #broken = false;
  #dirty = false;
  #timer: NodeJS.Timeout | undefined;
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #syncing: Promise<void> | undefined;
  #closed = false;
  bytes = 0;
  syncs = 0;
  syncFailures = 0;
  writeFailures = 0;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#write = options.write ?? ((fd, bytes) => fs.writeSync(fd, bytes));
    this.#segment = options.firstSegment;
    ({ fd: this.#fd, size: this.#size } = this.#create(this.#segment));
  }

  get records(): number {
    return this.#frames.records;
  }

  get segment(): number {
    return this.#segment;
  }

  /** Starts a commit: what is put into the sink until write() is logged together. Moves to a new segment when this one is full. */
  startCommit(): RecordSink {
    if (this.#closed) throw new StorageError('closed', 'the store is closed; open it again to append');
    if (this.#broken || this.#size >= this.#options.segmentSizeMax) this.cut();
    this.#frames.clear(this.#size);
    return this.#frames;
  }

  /** Writes the commit. Throws StorageError and leaves the log as it was before the commit when that fails. */
  write(): void {
    const bytes = this.#frames.out.written;
    let done = 0;
    try {
      while (done < bytes.length) done += this.#write(this.#fd, bytes.subarray(done));
    } catch (error) {
      this.#undo();
      throw logFailure(error, this.#options.folder);
    }
    this.#size += bytes.length;
    this.bytes += bytes.length;
    this.#dirty = true;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.sync().catch(this.#options.onSyncFailure);
    }, this.#options.syncIntervalMs).unref();
  }

  /** Resolves once all that was written before this call is on disk. Calls made meanwhile share the next sync. */
  async sync(): Promise<void> {
    if (!this.#dirty && this.#syncing === undefined) return;
    const done = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#syncing ??= this.#syncAll();
    await done;
  }

  /** Ends the segment and starts the next one, whose number it gives. */
  cut(): number {
    let next: { fd: number; size: number };
    try {
      fs.fdatasyncSync(this.#fd);
      next = this.#create(this.#segment + 1);
    } catch (error) {
      this.writeFailures++;
      throw logFailure(error, this.#options.folder);
    }
    const old = this.#fd;
    // A sync under way still uses the old file.
    if (this.#syncing === undefined) fs.closeSync(old);
    else void this.#syncing.finally(() => fs.closeSync(old));
    this.#segment++;
    this.#fd = next.fd;
    this.#size = next.size;
    this.#broken = false;
    this.#frames.epoch++;
    return this.#segment;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    try {
      await this.sync();
    } finally {
      fs.closeSync(this.#fd);
    }
  }

  async #syncAll(): Promise<void> {
    // Commits of the same turn share one sync.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#dirty = false;
      try {
        await new Promise<void>((resolve, reject) =>
          fs.fdatasync(this.#fd, (e) => (e === null ? resolve() : reject(e))),
        );
        this.syncs++;
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        this.syncFailures++;
        this.#dirty = true;
        const failure = logFailure(error, this.#options.folder);
        for (const { reject } of waiting) reject(failure);
      }
    }
    this.#syncing = undefined;
  }

  #create(index: number): { fd: number; size: number } {
    const header = fileHeader(SEGMENT_MAGIC, SEGMENT_VERSION, index);
    const file = path.join(this.#options.folder, segmentName(index));
    const fd = fs.openSync(file, 'w');
    try {
      for (let done = 0; done < header.length;) done += this.#write(fd, header.subarray(done));
      syncFolderNow(this.#options.folder);
    } catch (error) {
      fs.closeSync(fd);
      fs.rmSync(file, { force: true });
      throw error;
    }
    return { fd, size: FILE_HEADER_SIZE };
  }

  #undo(): void {
    this.writeFailures++;
    this.#frames.epoch++;
    try {
      fs.ftruncateSync(this.#fd, this.#size);
      // The file's own position is past the cut; writing there would leave a hole.
      this.#reopenAtEnd();
    } catch {
      this.#broken = true;
    }
  }

  #reopenAtEnd(): void {
    const old = this.#fd;
    this.#fd = fs.openSync(path.join(this.#options.folder, segmentName(this.#segment)), 'a');
    if (this.#syncing === undefined) fs.closeSync(old);
    else void this.#syncing.finally(() => fs.closeSync(old));
  }
}

function logFailure(error: unknown, folder: string): StorageError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StorageError('disk_full', `no room for the log in ${folder}; free some: appends go on by themselves`, {
      cause: error,
    });
  }
  return new StorageError('io', `the log in ${folder} cannot be written (${code ?? String(error)}); check the disk`, {
    cause: error,
  });
}
