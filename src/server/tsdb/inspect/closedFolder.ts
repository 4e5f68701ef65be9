/** A data folder that no process has open, looked at without changing it. */
import fs from 'node:fs';
import path from 'node:path';
import { StorageError } from '../../storage/appender.ts';
import { lockFolder } from '../lock.ts';

/**
 * Runs work while nobody else can open the folder.
 *
 * @throws StorageError 'locked' when a process has it open, 'io' when it is no data folder.
 */
export async function withClosedFolder<T>(folder: string, work: () => T | Promise<T>): Promise<T> {
  assertDataFolder(folder);
  const lock = lockFolder(folder);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** @throws StorageError 'io' when the folder is no data folder; opening it as a store would make one of it. */
export function assertDataFolder(folder: string): void {
  if (['blocks', 'wal'].some((part) => fs.existsSync(path.join(folder, part)))) return;
  throw new StorageError('io', `${folder} is no data folder: it has neither blocks/ nor wal/; name another`);
}

/** Told the bytes that were read, and those that are to be. */
export type OnBytesRead = (done: number, all: number) => void;

/** Names of the files of a part of the folder, ascending; none where the part is missing. */
export function filesOf(folder: string, part: string): string[] {
  const place = path.join(folder, part);
  return fs.existsSync(place) ? fs.readdirSync(place).sort() : [];
}

/** Bytes of the files of parts of the folder. */
export function bytesOf(folder: string, ...parts: readonly string[]): number {
  const files = parts.flatMap((part) => filesOf(folder, part).map((name) => path.join(folder, part, name)));
  return files.reduce((sum, file) => sum + fs.statSync(file).size, 0);
}
