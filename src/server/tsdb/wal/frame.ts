/** Framed records, in segments and checkpoints alike. Drawn in docs/wal.md, "Frames". */
import { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import { crc32c } from '../../../shared/bytes/crc32c.ts';
import type { RecordSink } from './records.ts';

export const FRAME_MARK = 0xb5;
export const FRAME_HEADER_SIZE = 10;
/** Memory kept between commits. */
const BUFFER_KEEP_MAX = 1 << 20;

export class FrameWriter implements RecordSink {
  readonly out = new ByteWriter(1 << 14);
  epoch = 0;
  records = 0;
  /** Where in its file the first byte of `out` will be. */
  #place = 0;
  #start = -1;

  clear(place: number): void {
    this.out.clear(BUFFER_KEEP_MAX);
    this.#place = place;
  }

  begin(type: number): void {
    this.#start = this.out.length;
    this.out.u8(FRAME_MARK);
    this.out.u8(type);
    this.out.words(0, 0);
  }

  end(): void {
    const { out } = this;
    const start = this.#start;
    out.patchU32(start + 2, out.length - start - FRAME_HEADER_SIZE);
    out.patchU32(start + 6, checksum(out.written, start, out.length, this.#place + start));
    this.records++;
  }
}

/** Where the frame at `at` of a file's bytes ends; negative where there is no good frame. */
export function frameEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== FRAME_MARK || at + FRAME_HEADER_SIZE > bytes.length) return -1;
  const header = new ByteReader(bytes, at + 2);
  const end = at + FRAME_HEADER_SIZE + header.u32();
  if (end > bytes.length || header.u32() !== checksum(bytes, at, end, at)) return -1;
  return end;
}

/** Where the next good frame begins, from a place where there is none; the end of the bytes if none follows. */
export function nextFrame(bytes: Uint8Array, at: number): number {
  let next = at + 1;
  while (next < bytes.length && frameEnd(bytes, next) < 0) next++;
  return next;
}

/** Over all of the frame but its mark and the checksum itself; seeded with the frame's place, so that no payload passes for a frame. */
function checksum(bytes: Uint8Array, start: number, end: number, place: number): number {
  return crc32c(bytes, start + FRAME_HEADER_SIZE, end, crc32c(bytes, start + 1, start + 6, place >>> 0));
}

/** Sixteen bytes that say what a file is: magic, version, number, CRC-32C of these. */
export const FILE_HEADER_SIZE = 16;

export function fileHeader(magic: number, version: number, number: number): Uint8Array {
  const header = new ByteWriter(FILE_HEADER_SIZE);
  header.u32(magic);
  header.u32(version);
  header.u32(number);
  header.u32(crc32c(header.written));
  return header.copy();
}

export function isFileHeader(bytes: Uint8Array, magic: number, version: number, number: number): boolean {
  const expected = fileHeader(magic, version, number);
  return bytes.length >= FILE_HEADER_SIZE && expected.every((byte, i) => bytes[i] === byte);
}

/** Whether a file begins as one of a kind and number does, of any version up to the newest. */
export function hasFileHeader(bytes: Uint8Array, magic: number, newest: number, number: number): boolean {
  for (let version = newest; version > 0; version--) if (isFileHeader(bytes, magic, version, number)) return true;
  return false;
}
