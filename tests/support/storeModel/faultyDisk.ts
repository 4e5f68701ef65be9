/** The disk, until it is told otherwise. */
import fs from 'node:fs';
import { DISK, type BlockFiles } from '../../../src/server/tsdb/block/blockFiles.ts';
import type { WriteFile } from '../../../src/server/tsdb/wal/log.ts';

export class FaultyDisk {
  /** Steps of writing blocks and checkpoints that still succeed. */
  stepsLeft = Infinity;
  #share = -1;
  #whenBroken = () => {};

  /** The next write of the log takes a share of its bytes; the disk is full then, until heal() or the write after it. */
  breakNextWrite(share: number, whenBroken: () => void): void {
    this.#share = share;
    this.#whenBroken = whenBroken;
  }

  heal(): void {
    this.stepsLeft = Infinity;
    this.#share = -1;
  }

  readonly writeLog: WriteFile = (fd, bytes) => {
    if (this.#share < 0) return fs.writeSync(fd, bytes);
    const taken = Math.floor(this.#share * bytes.length);
    this.#share = -1;
    if (taken > 0) fs.writeSync(fd, bytes.subarray(0, Math.min(taken, bytes.length - 1)));
    this.#whenBroken();
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  };

  readonly files: BlockFiles = {
    create: async (file) => {
      this.#step();
      const handle = await DISK.create(file);
      return {
        write: async (bytes) => {
          if (this.stepsLeft === 0) await handle.write(bytes.subarray(0, bytes.length >> 1));
          this.#step();
          await handle.write(bytes);
        },
        sync: () => this.#then(() => handle.sync()),
        close: () => handle.close(),
      };
    },
    checksum: (file) => this.#then(() => DISK.checksum(file)),
    rename: (from, to) => this.#then(() => DISK.rename(from, to)),
    remove: (file) => this.#then(() => DISK.remove(file)),
    removeNow: (file) => {
      this.#step();
      DISK.removeNow(file);
    },
    syncFolder: (folder) => this.#then(() => DISK.syncFolder(folder)),
  };

  async #then<T>(work: () => Promise<T>): Promise<T> {
    this.#step();
    return work();
  }

  #step(): void {
    if (this.stepsLeft === 0) throw new Error('the process has ended');
    this.stepsLeft--;
  }
}
