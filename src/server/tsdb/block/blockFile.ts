/** A block file as it is on disk: header, index, chunks, labels. Drawn in docs/block.md. */
import fs from 'node:fs';
import zlib from 'node:zlib';
import { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { crc32c } from '../../../shared/bytes/crc32c.ts';
import type { GroupKind } from '../head/group.ts';
import { FILE_HEADER_SIZE, isFileHeader } from '../wal/frame.ts';
import { readLabelSets } from '../wal/records.ts';
import { BlockDamage, CHUNK_HEADER_SIZE, readAt, readChunkBytes } from './chunkBytes.ts';
import { encodeSection, decodeSection, SECTION_HASH_SIZE, sectionHash, type LabelSection } from './labelSection.ts';

export const BLOCK_MAGIC = 0x424f5349; // "ISOB"
export const BLOCK_VERSION = 2;
export const FOOTER_SIZE = 24;
/** Labels are compressed in pieces of about this size; none is much larger. */
export const LABEL_FRAME_BYTES = 256 * 1024;
/** What a frame may say that it unpacks to: one section of ten million series stays below. */
const LABEL_FRAME_BYTES_MAX = 1024 * 1024 * 1024;
/** Unpacked frames kept while a block is opened: sections are read in the order of the file. */
const FRAMES_KEPT = 1;

export interface BlockChunk {
  readonly place: number;
  readonly size: number;
  readonly rowCount: number;
  readonly minTime: number;
  readonly maxTime: number;
}

export interface StoredGroup {
  readonly key: string;
  readonly kind: GroupKind;
  readonly sequence: number;
  /** Equal for groups with the same columns and labels. */
  readonly sectionHash: string;
  readonly section: { readonly frame: number; readonly place: number; readonly size: number };
  readonly chunks: readonly BlockChunk[];
}

/** Compressed label sections of some groups. */
export interface LabelFrame {
  readonly place: number;
  readonly size: number;
  readonly rawSize: number;
  readonly checksum: number;
}

export class BlockFile {
  readonly file: string;
  readonly number: number;
  readonly size: number;
  readonly version: number;
  /** Its place among the blocks: its own number, or that of the first one it replaces. */
  readonly order: number;
  /** Numbers of blocks whose samples are all here. */
  readonly replaces: readonly number[];
  readonly groups: readonly StoredGroup[];
  /** Open in this process until nobody holds the block any more, on whichever thread it is read. */
  readonly fd: number;
  #holds = 0;
  #isClosed = false;
  #frames: readonly LabelFrame[] = [];
  readonly #unpacked = new Map<number, Uint8Array>();

  /**
   * Opens a block and checks its header, footer and index.
   *
   * @throws BlockDamage when a checksum does not hold.
   */
  constructor(file: string, number: number) {
    this.file = file;
    this.number = number;
    this.fd = fs.openSync(file, 'r');
    try {
      this.size = fs.fstatSync(this.fd).size;
      this.version = this.#readHeader();
      const input = new ByteReader(this.#readIndex());
      this.order = input.varint();
      this.replaces = Array.from({ length: input.varint() }, () => input.varint());
      this.groups = this.version === 1 ? this.#readGroups1(input) : this.#readGroups(input);
    } catch (error) {
      fs.closeSync(this.fd);
      throw error;
    }
  }

  /**
   * A chunk's bytes, with CHUNK_PADDING zero bytes behind them in their buffer.
   *
   * @throws BlockDamage when the checksum does not hold.
   */
  chunkBytes({ place, size }: BlockChunk): Uint8Array {
    return readChunkBytes({ file: this.file, fd: this.fd, place, size });
  }

  /** Columns and labels of a group. @throws BlockDamage when the checksum does not hold. */
  section(group: StoredGroup): LabelSection {
    return decodeSection(this.sectionBytes(group));
  }

  sectionBytes({ section: { frame, place, size } }: StoredGroup): Uint8Array {
    return this.#frame(frame).subarray(place, place + size);
  }

  /** Keeps the file open though the block is closed, until it is let go. */
  hold(): void {
    this.#holds++;
  }

  letGo(): void {
    this.#holds--;
    if (this.#isClosed && this.#holds === 0) fs.closeSync(this.fd);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#holds === 0) fs.closeSync(this.fd);
  }

  #readHeader(): number {
    if (this.size < FILE_HEADER_SIZE + FOOTER_SIZE) throw this.#damage('its length', 0, this.size);
    const header = this.#read(0, FILE_HEADER_SIZE);
    const version = [BLOCK_VERSION, 1].find((v) => isFileHeader(header, BLOCK_MAGIC, v, this.number));
    if (version === undefined) throw this.#damage('its header', 0, FILE_HEADER_SIZE);
    return version;
  }

  #readIndex(): Uint8Array {
    const footerBytes = this.#read(this.size - FOOTER_SIZE, FOOTER_SIZE);
    const footer = new ByteReader(footerBytes);
    const [place, size, checksum] = [footer.f64(), footer.u32(), footer.u32()];
    if (footer.u32() !== BLOCK_MAGIC || footer.u32() !== crc32c(footerBytes, 0, FOOTER_SIZE - 4)) {
      throw this.#damage('its footer', this.size - FOOTER_SIZE, FOOTER_SIZE);
    }
    const bytes = this.#read(place, size);
    if (crc32c(bytes) !== checksum) throw this.#damage('its index', place, size);
    return bytes;
  }

  #readGroups(input: ByteReader): StoredGroup[] {
    this.#frames = Array.from({ length: input.varint() }, () => ({
      place: input.varint(),
      size: input.varint(),
      rawSize: input.varint(),
      checksum: input.u32(),
    }));
    const groups: StoredGroup[] = [];
    for (let left = input.varint(); left > 0; left--) {
      const kind = input.u8() === 0 ? 'rows' : 'loose';
      const [key, sequence] = [input.text(), input.varint()];
      const section = { frame: input.varint(), place: input.varint(), size: input.varint() };
      const hash = Buffer.from(input.raw(SECTION_HASH_SIZE)).toString('hex');
      groups.push({ key, kind, sequence, section, sectionHash: hash, chunks: readChunks(input) });
    }
    return groups;
  }

  /** Version 1 has the label sets of all columns at the end of the index: each group's become a section of a frame in memory. */
  #readGroups1(input: ByteReader): StoredGroup[] {
    const raw: Pick<StoredGroup, 'key' | 'kind' | 'sequence' | 'chunks'>[] = [];
    const columnsOf: Int32Array[] = [];
    for (let left = input.varint(); left > 0; left--) {
      const kind = input.u8() === 0 ? 'rows' : 'loose';
      const [key, sequence] = [input.text(), input.varint()];
      const columns = new Int32Array(input.varint());
      for (let i = 0, column = -1; i < columns.length; i++) columns[i] = column += input.varint();
      columnsOf.push(columns);
      const chunks: BlockChunk[] = [];
      for (let count = input.varint(); count > 0; count--) {
        const [place, size, rowCount] = [input.varint(), input.varint(), input.varint()];
        chunks.push({ place, size, rowCount, minTime: input.zigzag(), maxTime: input.zigzag() });
      }
      raw.push({ key, kind, sequence, chunks });
    }
    const labels = readLabelSets(input);
    let next = 0;
    return raw.map((group, frame) => {
      const columns = columnsOf[frame];
      const bytes = encodeSection({ columns, labels: labels.slice(next, (next += columns.length)) });
      this.#unpacked.set(frame, bytes);
      return { ...group, sectionHash: sectionHash(bytes), section: { frame, place: 0, size: bytes.length } };
    });
  }

  #frame(index: number): Uint8Array {
    const known = this.#unpacked.get(index);
    if (known !== undefined) return known;
    const { place, size, rawSize, checksum } = this.#frames[index];
    const packed = this.#read(place, size);
    if (crc32c(packed) !== checksum || rawSize > LABEL_FRAME_BYTES_MAX) throw this.#damage('its labels', place, size);
    const bytes = zlib.zstdDecompressSync(packed, { maxOutputLength: rawSize });
    if (this.#unpacked.size >= FRAMES_KEPT) this.#unpacked.clear();
    this.#unpacked.set(index, bytes);
    return bytes;
  }

  /** Forgets the labels that were unpacked, but for those of version 1, which cannot be read again. */
  forgetLabels(): void {
    if (this.version !== 1) this.#unpacked.clear();
  }

  #read(place: number, size: number): Uint8Array {
    if (place + size > this.size) throw this.#damage('its length', place, size);
    const bytes = new Uint8Array(size);
    if (!readAt(this.fd, place, bytes)) throw this.#damage('its length', place, size);
    return bytes;
  }

  #damage(what: string, place: number, size: number): BlockDamage {
    return new BlockDamage(this.file, what, place, size);
  }
}

function readChunks(input: ByteReader): BlockChunk[] {
  const chunks: BlockChunk[] = [];
  let place = 0;
  let last = 0;
  for (let count = input.varint(); count > 0; count--) {
    place += input.varint();
    const size = input.varint();
    const rowCount = input.varint();
    const minTime = last + input.zigzag();
    const maxTime = minTime + input.varint();
    chunks.push({ place, size, rowCount, minTime, maxTime });
    place += CHUNK_HEADER_SIZE + size;
    last = maxTime;
  }
  return chunks;
}
