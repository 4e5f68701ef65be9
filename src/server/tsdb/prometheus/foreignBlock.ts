/** A block folder of Prometheus, read: meta.json, index, chunks, tombstones. */
import fs from 'node:fs';
import path from 'node:path';
import { crc32c } from '../../../shared/bytes/crc32c.ts';
import type { TimeRange } from '../../storage/queryable.ts';
import { BigEndianReader } from './bigEndian.ts';
import { BlockIndex, type ChunkRef } from './blockIndex.ts';
import { decodeChunk } from './chunkEncoding.ts';
import { ForeignFileError, type OnDamage } from './damage.ts';
import { FileWindow } from './fileWindow.ts';
import type { SampleSink } from './sampleSink.ts';

export const ULID_PATTERN = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
export const TOMBSTONES_MAGIC = 0x0130ba30;
const LATE_HINT = 'from-out-of-order';
/** Length and encoding of a chunk. */
const CHUNK_HEADER_MAX = 6;

export interface BlockMeta {
  readonly folder: string;
  readonly ulid: string;
  /** First millisecond, and the one after the last. */
  readonly minTime: number;
  readonly maxTime: number;
  /** Blocks that this one was made of. */
  readonly parents: readonly string[];
  readonly bytes: number;
  /** Made of samples that came out of order. */
  readonly isLate: boolean;
}

/** The blocks of a data folder that are in force, oldest first. A block without a readable meta.json is told and left out, as upstream does. */
export function listBlocks(folder: string, onDamage: OnDamage): BlockMeta[] {
  const all: BlockMeta[] = [];
  for (const name of fs.readdirSync(folder).filter((entry) => ULID_PATTERN.test(entry))) {
    const place = path.join(folder, name);
    const file = path.join(place, 'meta.json');
    try {
      const meta = JSON.parse(fs.readFileSync(file, 'utf8')) as MetaJson;
      const { minTime, maxTime, ulid, compaction } = meta;
      if (!Number.isFinite(minTime) || !Number.isFinite(maxTime)) throw new Error('minTime or maxTime is missing');
      const parents = (compaction?.parents ?? []).map((parent) => parent.ulid);
      const isLate = compaction?.hints?.includes(LATE_HINT) === true;
      all.push({ folder: place, ulid, minTime, maxTime, parents, bytes: sizeOf(place), isLate });
    } catch (error) {
      onDamage({ file, offset: 0, what: `no meta of a block (${(error as Error).message}); its samples are left out` });
    }
  }
  const replaced = new Set(all.flatMap(({ parents }) => parents));
  return all
    .filter(({ ulid }) => !replaced.has(ulid))
    .sort((a, b) => a.minTime - b.minTime || (a.ulid < b.ulid ? -1 : 1));
}

interface MetaJson {
  readonly ulid: string;
  readonly minTime: number;
  readonly maxTime: number;
  readonly compaction?: {
    readonly parents?: readonly { readonly ulid: string }[];
    readonly hints?: readonly string[];
  };
}

function sizeOf(block: string): number {
  const sizes = [path.join(block, 'chunks'), block].flatMap((folder) =>
    !fs.existsSync(folder) ? [] : fs.readdirSync(folder).map((name) => fs.statSync(path.join(folder, name)).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

export class ForeignBlock {
  readonly meta: BlockMeta;
  readonly index: BlockIndex;
  readonly #segments: FileWindow[];
  readonly #deleted: ReadonlyMap<number, readonly TimeRange[]>;

  /** @throws ForeignFileError when index or tombstones cannot be read. */
  constructor(meta: BlockMeta) {
    this.meta = meta;
    this.#deleted = readTombstones(path.join(meta.folder, 'tombstones'));
    this.index = new BlockIndex(path.join(meta.folder, 'index'));
    const chunks = path.join(meta.folder, 'chunks');
    this.#segments = fs
      .readdirSync(chunks)
      .filter((name) => /^\d+$/.test(name))
      .sort()
      .map((name) => new FileWindow(path.join(chunks, name)));
  }

  deleted(ref: number): readonly TimeRange[] {
    return this.#deleted.get(ref) ?? [];
  }

  /** The samples of a chunk, into the sink. @throws ForeignFileError for a chunk that is not as it was written. */
  readChunk({ segment, offset }: ChunkRef, sink: SampleSink): void {
    const file = this.#segments[segment];
    if (file === undefined)
      throw new ForeignFileError(`${this.meta.folder}/chunks`, 0, `segment ${segment + 1} is missing`);
    try {
      const head = new BigEndianReader(file.upTo(offset, CHUNK_HEADER_MAX));
      const size = head.uvarint();
      const encoding = head.u8();
      const bytes = file.exactly(offset + head.at - 1, size + 5);
      if (new BigEndianReader(bytes, size + 1).u32() !== crc32c(bytes, 0, size + 1))
        throw new Error('its checksum does not hold');
      decodeChunk(encoding, bytes.subarray(1, size + 1), sink);
    } catch (error) {
      throw new ForeignFileError(file.file, offset, `a chunk cannot be read: ${(error as Error).message}`);
    }
  }

  close(): void {
    this.index.close();
    for (const segment of this.#segments) segment.close();
  }
}

function readTombstones(file: string): Map<number, TimeRange[]> {
  const deleted = new Map<number, TimeRange[]>();
  if (!fs.existsSync(file)) return deleted;
  const bytes = fs.readFileSync(file);
  const damaged = (what: string) => new ForeignFileError(file, 0, `${what}; which samples are deleted is not known`);
  if (bytes.length < 9) throw damaged('the tombstones end early');
  const input = new BigEndianReader(bytes, 0, bytes.length - 4);
  if (input.u32() !== TOMBSTONES_MAGIC) throw damaged('no tombstones of Prometheus');
  if (input.u8() !== 1) throw damaged('tombstones of another version');
  if (new BigEndianReader(bytes, bytes.length - 4).u32() !== crc32c(bytes, 5, bytes.length - 4))
    throw damaged('damaged tombstones');
  while (!input.done) {
    const ref = input.uvarint();
    const range = { minTime: input.varint(), maxTime: input.varint() };
    deleted.set(ref, [...(deleted.get(ref) ?? []), range]);
  }
  return deleted;
}
