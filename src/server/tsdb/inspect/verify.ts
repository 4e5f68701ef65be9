/** Reading every byte of a data folder and holding it against its checksums. Nothing is changed. */
import fs from 'node:fs';
import path from 'node:path';
import { StorageError } from '../../storage/appender.ts';
import { BlockFile, type BlockChunk, type StoredGroup } from '../block/blockFile.ts';
import { BlockDamage } from '../block/chunkBytes.ts';
import { Chunk } from '../chunkenc/chunk.ts';
import { readTombstones, TOMBSTONES_FILE } from '../tombstones.ts';
import { CHECKPOINT_MAGIC, CHECKPOINT_VERSION } from '../wal/checkpoint.ts';
import { FILE_HEADER_SIZE, hasFileHeader } from '../wal/frame.ts';
import { SEGMENT_MAGIC, SEGMENT_VERSION } from '../wal/log.ts';
import { readLogFile } from '../wal/logFile.ts';
import { checkpointName, listCheckpoints, listSegments, segmentName } from '../wal/logFolder.ts';
import { bytesOf, filesOf, type OnBytesRead } from './closedFolder.ts';

export interface Damage {
  /** Below the data folder. */
  readonly file: string;
  /** Where in the file, in bytes. */
  readonly offset: number;
  readonly size: number;
  readonly what: string;
  readonly lost: string;
}

export interface VerifyReport {
  readonly blocks: number;
  readonly chunks: number;
  readonly logFiles: number;
  readonly logRecords: number;
  readonly bytes: number;
  readonly damages: readonly Damage[];
  /** What is no damage and good to know, a sentence each. */
  readonly notes: readonly string[];
}

export function verifyFolder(folder: string, progress: OnBytesRead = () => undefined): VerifyReport {
  const verifier = new Verifier(folder, progress);
  verifier.blocksOf();
  verifier.log();
  verifier.tombstones();
  return verifier;
}

class Verifier implements VerifyReport {
  readonly damages: Damage[] = [];
  readonly notes: string[] = [];
  blocks = 0;
  chunks = 0;
  logFiles = 0;
  logRecords = 0;
  bytes = 0;
  readonly #folder: string;
  readonly #progress: OnBytesRead;
  readonly #all: number;
  #read = 0;

  constructor(folder: string, progress: OnBytesRead) {
    this.#folder = folder;
    this.#progress = progress;
    this.#all = bytesOf(folder, 'blocks', 'wal');
  }

  #wasRead(bytes: number): void {
    this.#progress((this.#read += bytes), this.#all);
  }

  blocksOf(): void {
    for (const name of filesOf(this.#folder, 'blocks')) {
      const file = path.join('blocks', name);
      if (/^\d{8,}\.block$/.test(name)) this.#block(file, Number.parseInt(name, 10));
      else this.notes.push(`${file} is no block; ${leftover(name)}`);
    }
  }

  log(): void {
    if (!fs.existsSync(path.join(this.#folder, 'wal'))) return;
    const folder = path.join(this.#folder, 'wal');
    for (const number of listCheckpoints(folder)) {
      this.#logFile(checkpointName(number), CHECKPOINT_MAGIC, CHECKPOINT_VERSION, number, false);
    }
    const segments = listSegments(folder);
    for (const number of segments) {
      this.#logFile(segmentName(number), SEGMENT_MAGIC, SEGMENT_VERSION, number, number === segments.at(-1));
    }
  }

  tombstones(): void {
    try {
      readTombstones(this.#folder);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      const { size } = fs.statSync(path.join(this.#folder, TOMBSTONES_FILE));
      const lost = 'which samples are deleted; the store does not open with it';
      this.damages.push({ file: TOMBSTONES_FILE, offset: 0, size, what: 'the tombstones', lost });
    }
  }

  #block(file: string, number: number): void {
    this.blocks++;
    const place = path.join(this.#folder, file);
    const { size } = fs.statSync(place);
    this.bytes += size;
    let block: BlockFile | undefined;
    try {
      block = new BlockFile(place, number);
      for (const group of block.groups) block.section(group);
    } catch (error) {
      block?.close();
      const { place: offset, size: bytes } = error instanceof BlockDamage ? error : { place: 0, size };
      const lost = `all samples of the block, ${size} bytes; the store goes on without them`;
      this.damages.push({
        file,
        offset,
        size: bytes,
        what: wordsOf(error, 'its header, index, labels or footer'),
        lost,
      });
      return;
    }
    try {
      for (const group of block.groups) for (const chunk of group.chunks) this.#chunk(file, block, group, chunk);
    } finally {
      block.close();
    }
  }

  #chunk(file: string, block: BlockFile, group: StoredGroup, entry: BlockChunk): void {
    this.chunks++;
    this.#wasRead(entry.size);
    try {
      const chunk = new Chunk(block.chunkBytes(entry));
      for (const column of chunk.columns) chunk.cells(column);
    } catch (error) {
      const range = `${new Date(entry.minTime).toISOString()} to ${new Date(entry.maxTime).toISOString()}`;
      const series = block.section(group).columns.length;
      const lost = `${entry.rowCount} rows of ${keyText(group.key)} (${series} series), ${range}`;
      this.damages.push({ file, offset: entry.place, size: entry.size, what: wordsOf(error, 'a chunk'), lost });
    }
  }

  #logFile(name: string, magic: number, version: number, number: number, isLast: boolean): void {
    this.logFiles++;
    const file = path.join('wal', name);
    const { bytes, frames } = readLogFile(path.join(this.#folder, file));
    this.bytes += bytes.length;
    this.#wasRead(bytes.length);
    if (!hasFileHeader(bytes, magic, version, number)) {
      if (isLast && bytes.length <= FILE_HEADER_SIZE) {
        this.notes.push(`${file} was begun and holds nothing; it is removed when the store is opened`);
        return;
      }
      this.damages.push({ file, offset: 0, size: FILE_HEADER_SIZE, what: 'its header', lost: 'nothing by itself' });
    }
    const lost = 'the records there, and rows that build on them up to the next complete one of their group';
    const damaged = (at: number, end: number) =>
      this.damages.push({ file, offset: at, size: end - at, what: 'log records', lost });
    let at = FILE_HEADER_SIZE;
    for (let i = 0; i < frames.length; i += 2) {
      if (frames[i] > at) damaged(at, frames[i]);
      at = frames[i + 1];
    }
    this.logRecords += frames.length / 2;
    if (at >= bytes.length) return;
    if (!isLast) damaged(at, bytes.length);
    else
      this.notes.push(
        `${file} ends with an incomplete record at ${at} (${bytes.length - at} bytes), as after a crash; it is cut off when the store is opened`,
      );
  }
}

/** BlockDamage says what it met; anything else is a chunk that its own checksum vouches for and that cannot be read. */
function wordsOf(error: unknown, what: string): string {
  return error instanceof BlockDamage ? what : `${what} (${String(error)})`;
}

/** A group's key as people can read it. */
function keyText(key: string): string {
  return JSON.stringify(key.replaceAll('\xff', ' '));
}

function leftover(name: string): string {
  return name.endsWith('.tmp')
    ? 'a write that did not end left it, and opening the store removes it'
    : 'it is not read';
}
