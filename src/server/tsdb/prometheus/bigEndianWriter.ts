/** Growing bytes as Prometheus' files have them: big-endian words, Go's varints. */
import { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import { crc32c } from '../../../shared/bytes/crc32c.ts';

const TEXT = new TextEncoder();

export class BigEndianWriter {
  readonly #out: ByteWriter;

  constructor(capacity = 256) {
    this.#out = new ByteWriter(capacity);
  }

  get length(): number {
    return this.#out.length;
  }

  /** Valid until the next write. */
  get written(): Uint8Array {
    return this.#out.written;
  }

  clear(): void {
    this.#out.clear();
  }

  u8(n: number): void {
    this.#out.u8(n);
  }

  u32(n: number): void {
    this.#out.u32((((n & 0xff) << 24) | ((n & 0xff00) << 8) | ((n >>> 8) & 0xff00) | (n >>> 24)) >>> 0);
  }

  /** An integer in [0, 2^53). */
  u64(n: number): void {
    this.u32(Math.floor(n / 2 ** 32));
    this.u32(n >>> 0);
  }

  uvarint(n: number): void {
    this.#out.varint(n);
  }

  /** Integers in (−2^52, 2^52). */
  varint(n: number): void {
    this.#out.zigzag(n);
  }

  /** Length in bytes and UTF-8. */
  text(text: string): void {
    const bytes = TEXT.encode(text);
    this.uvarint(bytes.length);
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    this.#out.raw(bytes);
  }

  /** The checksum of what was written from `from` on. */
  crc(from = 0): void {
    this.u32(crc32c(this.written, from));
  }
}
