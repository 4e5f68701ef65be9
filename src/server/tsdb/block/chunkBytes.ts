/** A chunk's bytes, read from a block file that is open in this process; on any thread. */
import fs from 'node:fs';
import { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { crc32c } from '../../../shared/bytes/crc32c.ts';
import { StorageError } from '../../storage/appender.ts';
import { CHUNK_PADDING } from '../chunkenc/chunk.ts';

export const CHUNK_HEADER_SIZE = 8;

/** Bytes of a block that are not as they were written. */
export class BlockDamage extends StorageError {
  readonly file: string;
  readonly what: string;
  readonly place: number;
  readonly size: number;
  constructor(file: string, what: string, place: number, size: number) {
    const hint = 'put the file back from a copy, or remove it to go on without its samples';
    super('corrupt', `${file}: ${what} is damaged; ${hint}`);
    this.name = 'BlockDamage';
    this.file = file;
    this.what = what;
    this.place = place;
    this.size = size;
  }
}

export interface ChunkPlace {
  /** For what is told of damage. */
  readonly file: string;
  readonly fd: number;
  readonly place: number;
  /** Without its header. */
  readonly size: number;
}

/** Fills `bytes` from a place in a file; false where the file ends before. */
export function readAt(fd: number, place: number, bytes: Uint8Array): boolean {
  for (let done = 0; done < bytes.length;) {
    const count = fs.readSync(fd, bytes, done, bytes.length - done, place + done);
    if (count === 0) return false;
    done += count;
  }
  return true;
}

/**
 * With CHUNK_PADDING zero bytes behind them in their buffer.
 *
 * @throws BlockDamage when the checksum does not hold.
 */
export function readChunkBytes({ file, fd, place, size }: ChunkPlace): Uint8Array {
  const length = CHUNK_HEADER_SIZE + size;
  const bytes = new Uint8Array(length + CHUNK_PADDING).subarray(0, length);
  if (!readAt(fd, place, bytes)) throw new BlockDamage(file, 'its length', place, length);
  const header = new ByteReader(bytes);
  if (header.u32() !== size || header.u32() !== crc32c(bytes, CHUNK_HEADER_SIZE)) {
    throw new BlockDamage(file, `the chunk at ${place}`, place, length);
  }
  return bytes.subarray(CHUNK_HEADER_SIZE);
}
