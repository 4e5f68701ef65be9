/** What writing blocks and checkpoints asks of the disk. Tests hand in one that ends at a chosen step, or is full. */
import fs from 'node:fs';
import { crc32c } from '../../../shared/bytes/crc32c.ts';
import { syncFolder } from '../syncFolder.ts';

export interface OpenFile {
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface BlockFiles {
  create(file: string): Promise<OpenFile>;
  /** The CRC-32C of all that reads back. */
  checksum(file: string): Promise<number>;
  rename(from: string, to: string): Promise<void>;
  remove(file: string): Promise<void>;
  removeNow(file: string): void;
  syncFolder(folder: string): Promise<void>;
}

export const DISK: BlockFiles = {
  async create(file) {
    const handle = await fs.promises.open(file, 'w');
    return {
      write: (bytes) => handle.appendFile(bytes),
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
  async checksum(file) {
    let found = 0;
    for await (const piece of fs.createReadStream(file)) found = crc32c(piece as Uint8Array, 0, undefined, found);
    return found;
  },
  rename: (from, to) => fs.promises.rename(from, to),
  remove: (file) => fs.promises.rm(file, { force: true }),
  removeNow: (file) => fs.rmSync(file, { force: true }),
  syncFolder: (folder) => syncFolder(folder),
};
