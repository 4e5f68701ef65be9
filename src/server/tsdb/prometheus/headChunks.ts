/** The chunks that Prometheus' head has put into files, chunks_head/. Source: tsdb/docs/format/head_chunks.md there. */
import fs from 'node:fs';
import path from 'node:path';
import { crc32c } from '../../../shared/bytes/crc32c.ts';
import { BigEndianReader } from './bigEndian.ts';
import type { OnDamage } from './damage.ts';
import { FileWindow } from './fileWindow.ts';

const MAGIC = 0x0130bc91;
const HEADER_SIZE = 8;
/** Series, two times, encoding, length. */
const CHUNK_HEADER_MAX = 8 + 8 + 8 + 1 + 5;
const OUT_OF_ORDER = 0x80;

export interface HeadChunk {
  readonly series: number;
  readonly minTime: number;
  readonly maxTime: number;
  readonly encoding: number;
  readonly outOfOrder: boolean;
  readonly bytes: Uint8Array;
  readonly file: string;
  readonly offset: number;
}

/** What cannot be read ends its file: a chunk says where the next one begins. */
export function* headChunks(folder: string, onDamage: OnDamage): Iterable<HeadChunk> {
  if (!fs.existsSync(folder)) return;
  const names = fs.readdirSync(folder).filter((name) => /^\d+$/.test(name));
  for (const name of names.sort((a, b) => Number(a) - Number(b))) {
    const file = new FileWindow(path.join(folder, name));
    try {
      yield* fileChunks(file, onDamage);
    } finally {
      file.close();
    }
  }
}

function* fileChunks(file: FileWindow, onDamage: OnDamage): Iterable<HeadChunk> {
  if (file.size < HEADER_SIZE) return;
  if (new BigEndianReader(file.exactly(0, HEADER_SIZE)).u32() !== MAGIC) {
    return onDamage({ file: file.file, offset: 0, what: 'no head chunks of Prometheus' });
  }
  for (let at = HEADER_SIZE; at < file.size;) {
    const head = new BigEndianReader(file.upTo(at, CHUNK_HEADER_MAX));
    // The file is made larger than what is in it.
    if (head.bytes.every((byte) => byte === 0)) return;
    const offset = at;
    const lost = (what: string) => onDamage({ file: file.file, offset, what });
    if (head.end < CHUNK_HEADER_MAX) return lost('the file ends inside a chunk');
    const [series, minTime, maxTime, encoding] = [head.i64(), head.i64(), head.i64(), head.u8()];
    const size = head.uvarint();
    const end = at + head.at + size;
    if (end + 4 > file.size) return lost('the file ends inside a chunk');
    const all = file.exactly(at, head.at + size + 4);
    if (new BigEndianReader(all, head.at + size).u32() !== crc32c(all, 0, head.at + size)) {
      return lost('a damaged chunk; the file is left out from here on');
    }
    const bytes = all.slice(head.at, head.at + size);
    const isLate = (encoding & OUT_OF_ORDER) !== 0;
    const chunk = {
      series,
      minTime,
      maxTime,
      encoding: encoding & 0x7f,
      outOfOrder: isLate,
      bytes,
      file: file.file,
      offset,
    };
    yield chunk;
    at = end + 4;
  }
}
