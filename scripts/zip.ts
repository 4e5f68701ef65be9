/** Writes ZIP archives: deflated files with their Unix modes, names in UTF-8, times all alike, so that the same files give the same bytes. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  /** With slashes, relative. */
  readonly name: string;
  readonly content: Uint8Array;
  readonly isExecutable: boolean;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const UNIX = 3;
const UTF8_NAMES = 0x0800;
const DEFLATED = 8;
/** 1 January 1980, the first day that the format knows. */
const DATE = (1 << 5) | 1;
const FILE_MODE = 0o100644;
const PROGRAM_MODE = 0o100755;
const ENTRIES_MAX = 0xffff;

export function zip(entries: readonly ZipEntry[]): Buffer {
  if (entries.length > ENTRIES_MAX) throw new Error(`${entries.length} files; this archive holds ${ENTRIES_MAX}`);
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, isExecutable } of [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = Buffer.from(name, 'utf8');
    const packed = deflateRawSync(content, { level: 9 });
    const common = Buffer.alloc(26);
    common.writeUInt16LE(VERSION, 0);
    common.writeUInt16LE(UTF8_NAMES, 2);
    common.writeUInt16LE(DEFLATED, 4);
    common.writeUInt16LE(DATE, 8);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(file.length, 22);
    parts.push(word(LOCAL), common, file, packed);

    const more = Buffer.alloc(14);
    more.writeUInt32LE(((isExecutable ? PROGRAM_MODE : FILE_MODE) << 16) >>> 0, 6);
    more.writeUInt32LE(offset, 10);
    const madeBy = Buffer.from([VERSION, UNIX]);
    directory.push(word(CENTRAL), madeBy, common, more, file);
    offset += 4 + common.length + file.length + packed.length;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(index.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, index, word(END), end]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
