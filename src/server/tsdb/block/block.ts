/** An immutable block file, read. Its index is held in memory, its chunks are read when they are asked for. */
import fs from 'node:fs';
import { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { crc32c } from '../../../shared/bytes/crc32c.ts';
import { StorageError, type SeriesRef } from '../../storage/appender.ts';
import { Chunk } from '../chunkenc/chunk.ts';
import type { GroupKind } from '../head/group.ts';
import type { SeriesTable } from '../index/seriesTable.ts';
import { FILE_HEADER_SIZE, isFileHeader } from '../wal/frame.ts';
import { readLabelSets } from '../wal/records.ts';
import { BLOCK_MAGIC, BLOCK_VERSION, CHUNK_HEADER_SIZE, FOOTER_SIZE } from './blockWriter.ts';
import type { ChunkCache } from './chunkCache.ts';

export interface BlockChunk {
  readonly place: number;
  readonly size: number;
  readonly rowCount: number;
  readonly minTime: number;
  readonly maxTime: number;
}

export interface BlockGroup {
  readonly key: string;
  readonly kind: GroupKind;
  readonly sequence: number;
  /** Column numbers in the chunks, ascending, and the series at each. */
  readonly columns: Int32Array;
  readonly refs: Uint32Array;
  readonly chunks: readonly BlockChunk[];
}

/** Bytes of a block that are not as they were written. */
export class BlockDamage extends StorageError {
  readonly place: number;
  readonly size: number;
  constructor(file: string, what: string, place: number, size: number) {
    const hint = 'put the file back from a copy, or remove it to go on without its samples';
    super('corrupt', `${file}: ${what} is damaged; ${hint}`);
    this.name = 'BlockDamage';
    this.place = place;
    this.size = size;
  }
}

export class Block {
  readonly file: string;
  readonly number: number;
  readonly size: number;
  /** Its place among the blocks: its own number, or that of the first one it replaces. */
  readonly order: number;
  /** Numbers of blocks whose samples are all here. */
  readonly replaces: readonly number[];
  readonly groups: readonly BlockGroup[];
  readonly minTime: number;
  readonly maxTime: number;
  readonly #fd: number;
  readonly #cache: ChunkCache;

  /**
   * Opens a block and checks its header and index; its series are entered into `series`.
   *
   * @throws BlockDamage when a checksum does not hold.
   */
  constructor(file: string, number: number, series: SeriesTable, cache: ChunkCache) {
    this.file = file;
    this.number = number;
    this.#cache = cache;
    this.#fd = fs.openSync(file, 'r');
    try {
      this.size = fs.fstatSync(this.#fd).size;
      ({ order: this.order, replaces: this.replaces, groups: this.groups } = this.#readIndex(series));
    } catch (error) {
      fs.closeSync(this.#fd);
      throw error;
    }
    const chunks = this.groups.flatMap((group) => group.chunks);
    this.minTime = chunks.reduce((min, chunk) => Math.min(min, chunk.minTime), Infinity);
    this.maxTime = chunks.reduce((max, chunk) => Math.max(max, chunk.maxTime), -Infinity);
  }

  /** @throws BlockDamage when the chunk's checksum does not hold. */
  chunk(entry: BlockChunk): Chunk {
    return this.#cache.get(`${this.number}/${entry.place}`, () => new Chunk(this.chunkBytes(entry)));
  }

  /** @throws BlockDamage when the checksum does not hold. */
  chunkBytes({ place, size }: BlockChunk): Uint8Array {
    const bytes = this.#read(place, CHUNK_HEADER_SIZE + size);
    const header = new ByteReader(bytes);
    if (header.u32() !== size || header.u32() !== crc32c(bytes, CHUNK_HEADER_SIZE)) {
      throw this.#damage(`the chunk at ${place}`, place, bytes.length);
    }
    return bytes.subarray(CHUNK_HEADER_SIZE);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  #readIndex(series: SeriesTable): BlockIndex {
    if (this.size < FILE_HEADER_SIZE + FOOTER_SIZE) throw this.#damage('its length', 0, this.size);
    if (!isFileHeader(this.#read(0, FILE_HEADER_SIZE), BLOCK_MAGIC, BLOCK_VERSION, this.number)) {
      throw this.#damage('its header', 0, FILE_HEADER_SIZE);
    }
    const footerBytes = this.#read(this.size - FOOTER_SIZE, FOOTER_SIZE);
    const footer = new ByteReader(footerBytes);
    const place = footer.f64();
    const size = footer.u32();
    const checksum = footer.u32();
    if (footer.u32() !== BLOCK_MAGIC || footer.u32() !== crc32c(footerBytes, 0, FOOTER_SIZE - 4)) {
      throw this.#damage('its footer', this.size - FOOTER_SIZE, FOOTER_SIZE);
    }
    const bytes = this.#read(place, size);
    if (crc32c(bytes) !== checksum) throw this.#damage('its index', place, size);
    return readIndex(new ByteReader(bytes), series);
  }

  #read(place: number, size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    let done = 0;
    while (done < size) {
      const count = fs.readSync(this.#fd, bytes, done, size - done, place + done);
      if (count === 0) throw this.#damage('its length', place, size);
      done += count;
    }
    return bytes;
  }

  #damage(what: string, place: number, size: number): BlockDamage {
    return new BlockDamage(this.file, what, place, size);
  }
}

interface BlockIndex {
  readonly order: number;
  readonly replaces: readonly number[];
  readonly groups: readonly BlockGroup[];
}

function readIndex(input: ByteReader, series: SeriesTable): BlockIndex {
  const order = input.varint();
  const replaces: number[] = [];
  for (let left = input.varint(); left > 0; left--) replaces.push(input.varint());
  const groups: { key: string; kind: GroupKind; sequence: number; columns: Int32Array; chunks: BlockChunk[] }[] = [];
  for (let left = input.varint(); left > 0; left--) {
    const kind = input.u8() === 0 ? 'rows' : 'loose';
    const key = input.text();
    const sequence = input.varint();
    const columns = new Int32Array(input.varint());
    for (let i = 0, column = -1; i < columns.length; i++) columns[i] = column += input.varint();
    const chunks: BlockChunk[] = [];
    for (let count = input.varint(); count > 0; count--) {
      const [place, size, rowCount] = [input.varint(), input.varint(), input.varint()];
      chunks.push({ place, size, rowCount, minTime: input.zigzag(), maxTime: input.zigzag() });
    }
    groups.push({ key, kind, sequence, columns, chunks });
  }
  const labels = readLabelSets(input);
  let next = 0;
  const refOf = (): SeriesRef => series.refOf(labels[next++]);
  return {
    order,
    replaces,
    groups: groups.map((group) => ({ ...group, refs: Uint32Array.from(group.columns, refOf) })),
  };
}
