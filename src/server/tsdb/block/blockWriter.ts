/** Writes a block: aside, synced, read back and compared, then renamed into place. Its layout is drawn in docs/block.md. */
import fs from 'node:fs';
import path from 'node:path';
import { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import { crc32c } from '../../../shared/bytes/crc32c.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import { StorageError } from '../../storage/appender.ts';
import type { GroupKind } from '../head/group.ts';
import { fileHeader } from '../wal/frame.ts';
import { syncFolder } from '../syncFolder.ts';
import { writeLabelSets } from '../wal/records.ts';

export const BLOCK_MAGIC = 0x424f5349; // "ISOB"
export const BLOCK_VERSION = 1;
export const CHUNK_HEADER_SIZE = 8;
export const FOOTER_SIZE = 24;

/** A chunk on its way into a block. */
export interface ChunkContent {
  readonly size: number;
  readonly rowCount: number;
  readonly minTime: number;
  readonly maxTime: number;
  read(): Uint8Array;
}

export interface BlockGroupContent {
  readonly key: string;
  readonly kind: GroupKind;
  /** The group's records up to this sequence are in this block or in earlier ones. */
  readonly sequence: number;
  /** Columns with cells in any of the chunks, ascending. */
  readonly columns: readonly (readonly [column: number, labels: Labels])[];
  /** At least one. */
  readonly chunks: readonly ChunkContent[];
}

export interface BlockContent {
  readonly number: number;
  /** Its place among the blocks: its own number, or that of the first one it replaces. */
  readonly order: number;
  /** Blocks whose samples are all here: remove them. */
  readonly replaces: readonly number[];
  readonly groups: readonly BlockGroupContent[];
}

export function blockName(number: number): string {
  return `${String(number).padStart(8, '0')}.block`;
}

/**
 * Writes a block into a folder; gives its path.
 *
 * @throws StorageError 'disk_full', 'io', or 'corrupt' when what was written does not read back; nothing is left behind then.
 */
export async function writeBlock(folder: string, content: BlockContent): Promise<string> {
  const file = path.join(folder, blockName(content.number));
  const aside = `${file}.tmp`;
  try {
    const checksum = await writeAside(aside, content);
    await verifyAside(aside, checksum);
    await fs.promises.rename(aside, file);
    await syncFolder(folder);
    return file;
  } catch (error) {
    await fs.promises.rm(aside, { force: true });
    if (error instanceof StorageError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    const hint = full ? 'free some room; it is tried again' : 'check the disk; it is tried again';
    throw new StorageError(full ? 'disk_full' : 'io', `cannot write ${file} (${code ?? String(error)}); ${hint}`, {
      cause: error,
    });
  }
}

/** Gives the checksum of all that was written. */
async function writeAside(aside: string, content: BlockContent): Promise<number> {
  const handle = await fs.promises.open(aside, 'w');
  try {
    let place = 0;
    let checksum = 0;
    const write = async (bytes: Uint8Array) => {
      await handle.appendFile(bytes);
      checksum = crc32c(bytes, 0, bytes.length, checksum);
      place += bytes.length;
    };
    await write(fileHeader(BLOCK_MAGIC, BLOCK_VERSION, content.number));
    const places: number[][] = [];
    for (const group of content.groups) {
      const starts: number[] = [];
      for (const chunk of group.chunks) {
        const bytes = chunk.read();
        starts.push(place);
        const header = new ByteWriter(CHUNK_HEADER_SIZE);
        header.u32(bytes.length);
        header.u32(crc32c(bytes));
        await write(header.written);
        await write(bytes);
      }
      places.push(starts);
    }
    const index = encodeIndex(content, places);
    const indexPlace = place;
    await write(index);
    const footer = new ByteWriter(FOOTER_SIZE);
    footer.f64(indexPlace);
    footer.u32(index.length);
    footer.u32(crc32c(index));
    footer.u32(BLOCK_MAGIC);
    footer.u32(crc32c(footer.written));
    await write(footer.written);
    await handle.sync();
    return checksum;
  } finally {
    await handle.close();
  }
}

async function verifyAside(aside: string, checksum: number): Promise<void> {
  let found = 0;
  for await (const piece of fs.createReadStream(aside)) found = crc32c(piece as Uint8Array, 0, undefined, found);
  if (found !== checksum) {
    throw new StorageError('corrupt', `${aside} does not read back as it was written; check the disk`);
  }
}

function encodeIndex(content: BlockContent, places: readonly (readonly number[])[]): Uint8Array {
  const out = new ByteWriter(4096);
  const labelSets: Labels[] = [];
  out.varint(content.order);
  out.varint(content.replaces.length);
  for (const number of content.replaces) out.varint(number);
  out.varint(content.groups.length);
  content.groups.forEach((group, g) => {
    out.u8(group.kind === 'rows' ? 0 : 1);
    out.text(group.key);
    out.varint(group.sequence);
    out.varint(group.columns.length);
    let last = -1;
    for (const [column, labels] of group.columns) {
      out.varint(column - last);
      last = column;
      labelSets.push(labels);
    }
    out.varint(group.chunks.length);
    group.chunks.forEach((chunk, i) => {
      out.varint(places[g][i]);
      out.varint(chunk.size);
      out.varint(chunk.rowCount);
      out.zigzag(chunk.minTime);
      out.zigzag(chunk.maxTime);
    });
  });
  writeLabelSets(out, labelSets);
  return out.copy();
}
