// The package has no types of its own; a declaration file cannot be imported, only referred to.
// eslint-disable-next-line @typescript-eslint/triple-slash-reference
/// <reference path="../../../shared/bytes/snappyjs.d.ts" />
/** The write-ahead log of Prometheus: segments of pages → records, decompressed. Source: tsdb/docs/format/wal.md there. */
import fs from 'node:fs';
import path from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { uncompress } from 'snappyjs';
import { crc32c } from '../../../shared/bytes/crc32c.ts';
import { BigEndianReader } from './bigEndian.ts';
import type { OnDamage } from './damage.ts';
import { FileWindow } from './fileWindow.ts';

const PAGE_SIZE = 32 * 1024;
const HEADER_SIZE = 7;
const [PAGE_END, FULL, FIRST, MIDDLE, LAST] = [0, 1, 2, 3, 4];
const [SNAPPY, ZSTD] = [8, 16];
/** What one record may unfold to. */
const RECORD_BYTES_MAX = 256 * 1024 * 1024;

/** The files of a log in order: the newest checkpoint, then the segments after it. */
export function logFiles(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  const names = fs.readdirSync(folder);
  const numbered = (place: string) =>
    fs
      .readdirSync(place)
      .filter((name) => /^\d+$/.test(name))
      .sort((a, b) => Number(a) - Number(b))
      .map((name) => path.join(place, name));
  const checkpoint = names
    .map((name) => /^checkpoint\.(\d+)$/.exec(name))
    .filter((match) => match !== null)
    .sort((a, b) => Number(a[1]) - Number(b[1]))
    .at(-1);
  const after = checkpoint === undefined ? -1 : Number(checkpoint[1]);
  const segments = numbered(folder).filter((file) => Number(path.basename(file)) > after);
  return [...(checkpoint === undefined ? [] : numbered(path.join(folder, checkpoint[0]))), ...segments];
}

export interface LogRecord {
  readonly bytes: Uint8Array;
  readonly file: string;
  readonly offset: number;
}

/** Pages that cannot be read are told and skipped. What ends early at the end of the last file was never finished. */
export function* logRecords(files: readonly string[], onDamage: OnDamage): Iterable<LogRecord> {
  for (const file of files) {
    const window = new FileWindow(file);
    try {
      yield* segmentRecords(window, file === files.at(-1), onDamage);
    } finally {
      window.close();
    }
  }
}

function* segmentRecords(window: FileWindow, isLast: boolean, onDamage: OnDamage): Iterable<LogRecord> {
  let parts: Uint8Array[] = [];
  let start = 0;
  for (let at = 0; at < window.size;) {
    const pageEnd = (Math.floor(at / PAGE_SIZE) + 1) * PAGE_SIZE;
    const header = new BigEndianReader(window.upTo(at, HEADER_SIZE));
    const flags = header.u8();
    const type = flags & 7;
    if (type === PAGE_END || pageEnd - at < HEADER_SIZE) {
      at = pageEnd;
      continue;
    }
    const lost = (what: string) => {
      parts = [];
      onDamage({ file: window.file, offset: at, what });
    };
    const size = header.end < HEADER_SIZE ? Infinity : header.u16();
    if (at + HEADER_SIZE + size > window.size) {
      if (!isLast) lost('the segment ends inside a record');
      return;
    }
    const sum = header.u32();
    const bytes = window.exactly(at + HEADER_SIZE, size);
    const fits = at + HEADER_SIZE + size <= pageEnd && type <= LAST;
    if (!fits || crc32c(bytes) !== sum) {
      lost('a damaged record; the rest of its page is left out');
      at = pageEnd;
      continue;
    }
    if (type === FULL || type === FIRST) {
      if (parts.length > 0) lost('a record without its end');
      [parts, start] = [[bytes.slice()], at];
    } else if (parts.length > 0) parts.push(bytes.slice());
    if ((type === MIDDLE || type === LAST) && parts.length === 0) lost('a record without its beginning');
    at += HEADER_SIZE + size;
    if ((type !== FULL && type !== LAST) || parts.length === 0) continue;
    const whole = parts.length === 1 ? parts[0] : Buffer.concat(parts);
    parts = [];
    const record = unfold(whole, flags, (what) => onDamage({ file: window.file, offset: start, what }));
    if (record !== undefined && record.length > 0) yield { bytes: record, file: window.file, offset: start };
  }
}

function unfold(bytes: Uint8Array, flags: number, lost: (what: string) => void): Uint8Array | undefined {
  try {
    if ((flags & SNAPPY) !== 0) return uncompress(bytes, RECORD_BYTES_MAX);
    return (flags & ZSTD) !== 0 ? zstdDecompressSync(bytes, { maxOutputLength: RECORD_BYTES_MAX }) : bytes;
  } catch (error) {
    lost(`a record cannot be decompressed: ${(error as Error).message}`);
    return undefined;
  }
}
