/** A cursor over Prometheus' files: big-endian words, Go's varints. Reading past the end throws TruncatedError. */
import { TruncatedError } from '../../../shared/bytes/byteReader.ts';
import type { Label } from '../../../shared/model/labels.ts';

const decoder = new TextDecoder();

export class BigEndianReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  u8(): number {
    return this.bytes[this.#take(1)];
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** 64 bits, signed; exact within ±2^53. */
  i64(): number {
    const at = this.#take(8);
    return this.#view.getInt32(at) * 2 ** 32 + this.#view.getUint32(at + 4);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  uvarint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.u8();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      if (factor > 2 ** 63) throw new TruncatedError(this.at);
    }
  }

  varint(): number {
    const n = this.uvarint();
    return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
  }

  raw(size: number): Uint8Array {
    const at = this.#take(size);
    return this.bytes.subarray(at, at + size);
  }

  text(): string {
    return decoder.decode(this.raw(this.uvarint()));
  }

  labels(): Label[] {
    const labels: Label[] = [];
    for (let left = this.uvarint(); left > 0; left--) labels.push([this.text(), this.text()]);
    return labels;
  }

  #take(size: number): number {
    const { at } = this;
    if (at + size > this.end) throw new TruncatedError(this.end);
    this.at = at + size;
    return at;
  }
}
