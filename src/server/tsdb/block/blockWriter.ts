/** Writes a block: aside, synced, read back and compared, then renamed into place. Its layout is drawn in docs/block.md. */
import path from 'node:path';
import zlib from 'node:zlib';
import { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import { crc32c } from '../../../shared/bytes/crc32c.ts';
import { StorageError } from '../../storage/appender.ts';
import type { GroupKind } from '../head/group.ts';
import { fileHeader } from '../wal/frame.ts';
import {
  BLOCK_MAGIC,
  BLOCK_VERSION,
  FOOTER_SIZE,
  LABEL_FRAME_BYTES,
  type BlockChunk,
  type LabelFrame,
} from './blockFile.ts';
import { CHUNK_HEADER_SIZE } from './chunkBytes.ts';
import type { BlockFiles, OpenFile } from './blockFiles.ts';
import { sectionHash } from './labelSection.ts';

/** Bytes gathered for one write to the disk. */
const WRITE_BYTES = 1 << 20;

/** A chunk as it goes into a block. */
export interface PackedChunk {
  readonly bytes: Uint8Array;
  readonly rowCount: number;
  readonly minTime: number;
  readonly maxTime: number;
}

/** A group as it goes into a block; its chunks are made while they are written. */
export interface PackedGroup {
  readonly key: string;
  readonly kind: GroupKind;
  readonly sequence: number;
  /** Asked for after the chunks. */
  readonly section: () => Uint8Array;
  readonly chunks: Iterable<PackedChunk>;
}

export interface BlockHeading {
  readonly folder: string;
  readonly number: number;
  /** Its place among the blocks: its own number, or that of the first one it replaces. */
  readonly order: number;
  /** Blocks whose samples are all here: remove them. */
  readonly replaces: readonly number[];
}

export function blockName(number: number): string {
  return `${String(number).padStart(8, '0')}.block`;
}

/**
 * Writes a block into a folder; gives its path, or nothing where no group has a chunk.
 *
 * @param pause awaited after each chunk, with the bytes written so far.
 * @throws StorageError 'disk_full', 'io', or 'corrupt' when what was written does not read back; nothing is left behind then.
 */
export async function writeBlock(
  heading: BlockHeading,
  groups: Iterable<PackedGroup>,
  files: BlockFiles,
  pause: (bytes: number) => Promise<void>,
): Promise<string | undefined> {
  const file = path.join(heading.folder, blockName(heading.number));
  const aside = `${file}.tmp`;
  try {
    const checksum = await writeAside(aside, heading, groups, files, pause);
    if (checksum === undefined) {
      await files.remove(aside);
      return undefined;
    }
    if ((await files.checksum(aside)) !== checksum) {
      throw new StorageError('corrupt', `${aside} does not read back as it was written; check the disk`);
    }
    await files.rename(aside, file);
    await files.syncFolder(heading.folder);
    return file;
  } catch (error) {
    await files.remove(aside).catch(() => undefined);
    if (error instanceof StorageError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    const hint = full ? 'free some room; it is tried again' : 'check the disk; it is tried again';
    throw new StorageError(full ? 'disk_full' : 'io', `cannot write ${file} (${code ?? String(error)}); ${hint}`, {
      cause: error,
    });
  }
}

interface IndexedGroup extends PackedGroup {
  readonly entries: readonly BlockChunk[];
  readonly labels: { readonly frame: number; readonly place: number; readonly size: number; readonly hash: string };
}

/** Gives the checksum of all that was written; nothing where no group has a chunk. */
async function writeAside(
  aside: string,
  heading: BlockHeading,
  groups: Iterable<PackedGroup>,
  files: BlockFiles,
  pause: (bytes: number) => Promise<void>,
): Promise<number | undefined> {
  const out = new BlockOutput(await files.create(aside));
  try {
    await out.write(fileHeader(BLOCK_MAGIC, BLOCK_VERSION, heading.number));
    const labels = new LabelFrames(out);
    const indexed: IndexedGroup[] = [];
    for (const group of groups) {
      const entries: BlockChunk[] = [];
      for (const chunk of group.chunks) {
        const { bytes, rowCount, minTime, maxTime } = chunk;
        entries.push({ place: out.place, size: bytes.length, rowCount, minTime, maxTime });
        await writeChunk(out, bytes);
        await pause(out.place);
      }
      if (entries.length > 0) indexed.push({ ...group, entries, labels: await labels.add(group.section()) });
    }
    if (indexed.length === 0) return undefined;
    await labels.end();
    const index = encodeIndex(heading, indexed, labels.frames);
    const indexPlace = out.place;
    await out.write(index);
    await out.write(footerOf(indexPlace, index));
    return await out.end();
  } finally {
    await out.close();
  }
}

async function writeChunk(out: BlockOutput, bytes: Uint8Array): Promise<void> {
  const header = new ByteWriter(CHUNK_HEADER_SIZE);
  header.u32(bytes.length);
  header.u32(crc32c(bytes));
  await out.write(header.written);
  await out.write(bytes);
}

function footerOf(indexPlace: number, index: Uint8Array): Uint8Array {
  const footer = new ByteWriter(FOOTER_SIZE);
  footer.f64(indexPlace);
  footer.u32(index.length);
  footer.u32(crc32c(index));
  footer.u32(BLOCK_MAGIC);
  footer.u32(crc32c(footer.written));
  return footer.copy();
}

/** Gathers small writes, and keeps the checksum of all of them. */
class BlockOutput {
  readonly #file: OpenFile;
  readonly #gathered = new ByteWriter();
  #checksum = 0;
  place = 0;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#checksum = crc32c(bytes, 0, bytes.length, this.#checksum);
    this.place += bytes.length;
    this.#gathered.raw(bytes);
    if (this.#gathered.length >= WRITE_BYTES) await this.#flush();
  }

  /** All is on disk; gives its checksum. */
  async end(): Promise<number> {
    await this.#flush();
    await this.#file.sync();
    return this.#checksum;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #flush(): Promise<void> {
    await this.#file.write(this.#gathered.copy());
    this.#gathered.clear(WRITE_BYTES);
  }
}

/** Label sections, compressed together. */
class LabelFrames {
  readonly frames: LabelFrame[] = [];
  readonly #out: BlockOutput;
  readonly #gathered = new ByteWriter();

  constructor(out: BlockOutput) {
    this.#out = out;
  }

  async add(section: Uint8Array): Promise<IndexedGroup['labels']> {
    const frame = this.frames.length;
    const place = this.#gathered.length;
    this.#gathered.raw(section);
    if (this.#gathered.length >= LABEL_FRAME_BYTES) await this.end();
    return { frame, place, size: section.length, hash: sectionHash(section) };
  }

  async end(): Promise<void> {
    const rawSize = this.#gathered.length;
    if (rawSize === 0) return;
    const packed = zlib.zstdCompressSync(this.#gathered.written);
    this.frames.push({ place: this.#out.place, size: packed.length, rawSize, checksum: crc32c(packed) });
    await this.#out.write(packed);
    this.#gathered.clear(LABEL_FRAME_BYTES);
  }
}

function encodeIndex(
  { order, replaces }: BlockHeading,
  groups: readonly IndexedGroup[],
  frames: readonly LabelFrame[],
): Uint8Array {
  const out = new ByteWriter(4096);
  out.varint(order);
  out.varint(replaces.length);
  for (const number of replaces) out.varint(number);
  out.varint(frames.length);
  for (const { place, size, rawSize, checksum } of frames) {
    out.varint(place);
    out.varint(size);
    out.varint(rawSize);
    out.u32(checksum);
  }
  out.varint(groups.length);
  for (const { kind, key, sequence, entries, labels } of groups) {
    out.u8(kind === 'rows' ? 0 : 1);
    out.text(key);
    out.varint(sequence);
    out.varint(labels.frame);
    out.varint(labels.place);
    out.varint(labels.size);
    out.raw(Buffer.from(labels.hash, 'hex'));
    writeChunkEntries(out, entries);
  }
  return out.copy();
}

function writeChunkEntries(out: ByteWriter, entries: readonly BlockChunk[]): void {
  out.varint(entries.length);
  let end = 0;
  let last = 0;
  for (const { place, size, rowCount, minTime, maxTime } of entries) {
    out.varint(place - end);
    out.varint(size);
    out.varint(rowCount);
    out.zigzag(minTime - last);
    out.varint(maxTime - minTime);
    end = place + CHUNK_HEADER_SIZE + size;
    last = maxTime;
  }
}
