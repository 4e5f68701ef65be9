/**
 * The wire format of protocol buffers: a writer that appends fields and a reader that walks them. Messages are written and read by hand with these,
 * field number by field number; there is no schema and no reflection.
 *
 * Source: "Encoding" in the protocol buffers documentation. Groups (wire types 3 and 4) are refused.
 */
export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
export const WIRE_FIXED32 = 5;

export type WireType = typeof WIRE_VARINT | typeof WIRE_FIXED64 | typeof WIRE_BYTES | typeof WIRE_FIXED32;

/** Browsers and Node have these two; neither library is in sight here. */
declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const TextDecoder: new (
  label: string,
  options: { ignoreBOM: boolean; fatal?: boolean },
) => { decode(bytes: Uint8Array): string };

const encoder = new TextEncoder();
/** A byte order mark at the start of a text is part of it. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const strictDecoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
const FIRST_CAPACITY = 256;
/** Field bodies up to this many bytes have a one-byte length, so most nested messages are written in place without moving. */
const ONE_BYTE_LENGTH_MAX = 0x7f;

/** The bytes are not this message: cut short, an overlong varint, or a wire type that does not exist. */
export class WireError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WireError';
  }
}

/** Appends fields. As in proto3, zero, '', false and empty bytes are left out; repeated elements use the `always` forms. */
export class WireWriter {
  private bytes = new Uint8Array(FIRST_CAPACITY);
  private view = new DataView(this.bytes.buffer);
  private size = 0;

  /** The message so far. Valid until the next write; copy it to keep it. */
  finish(): Uint8Array {
    return this.bytes.subarray(0, this.size);
  }

  private reserve(count: number): void {
    if (this.size + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.size + count));
    grown.set(this.bytes.subarray(0, this.size));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  private tag(field: number, type: WireType): void {
    this.varint(field * 8 + type);
  }

  /** An unsigned whole number up to 2^53, seven bits a byte, low bits first. */
  private varint(value: number): void {
    this.reserve(10);
    while (value > 0x7f) {
      this.bytes[this.size++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.bytes[this.size++] = value;
  }

  private varint64(value: bigint): void {
    this.reserve(10);
    for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
      const low = Number(rest & 0x7fn);
      if (rest < 0x80n) {
        this.bytes[this.size++] = low;
        return;
      }
      this.bytes[this.size++] = low | 0x80;
    }
  }

  /** int32, int64, uint32, uint64, bool and enums; a negative number takes ten bytes, as the format has it. */
  int(field: number, value: number): this {
    return value === 0 ? this : this.intAlways(field, value);
  }

  intAlways(field: number, value: number): this {
    this.tag(field, WIRE_VARINT);
    if (value < 0) this.varint64(BigInt(Math.trunc(value)));
    else this.varint(Math.trunc(value));
    return this;
  }

  int64(field: number, value: bigint): this {
    if (value === 0n) return this;
    this.tag(field, WIRE_VARINT);
    this.varint64(value);
    return this;
  }

  bool(field: number, value: boolean): this {
    return this.int(field, value ? 1 : 0);
  }

  double(field: number, value: number): this {
    if (Object.is(value, 0)) return this;
    this.tag(field, WIRE_FIXED64);
    this.reserve(8);
    this.view.setFloat64(this.size, value, true);
    this.size += 8;
    return this;
  }

  /** A double by its two words, for NaNs whose bits matter. */
  fixed64(field: number, low: number, high: number): this {
    this.tag(field, WIRE_FIXED64);
    this.reserve(8);
    this.view.setUint32(this.size, low, true);
    this.view.setUint32(this.size + 4, high, true);
    this.size += 8;
    return this;
  }

  /** sint32 and sint64: small numbers of either sign stay short. */
  zigzag(field: number, value: number): this {
    return this.int(field, value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** A repeated sint64 or double as proto3 writes it; nothing where there are no values. */
  packedZigzag(field: number, values: Iterable<number>): this {
    return this.packed(field, values, (value) => this.varint(value < 0 ? -2 * value - 1 : 2 * value));
  }

  /** A repeated uint32 or enum. */
  packedInts(field: number, values: Iterable<number>): this {
    return this.packed(field, values, (value) => this.varint(value));
  }

  packedDoubles(field: number, values: Iterable<number>): this {
    return this.packed(field, values, (value) => {
      this.reserve(8);
      this.view.setFloat64(this.size, value, true);
      this.size += 8;
    });
  }

  private packed(field: number, values: Iterable<number>, write: (value: number) => void): this {
    const all = [...values];
    return all.length === 0 ? this : this.message(field, () => all.forEach(write));
  }

  /** Fields that were written before, as they are. */
  fields(written: Uint8Array): this {
    this.reserve(written.length);
    this.bytes.set(written, this.size);
    this.size += written.length;
    return this;
  }

  string(field: number, value: string): this {
    return value === '' ? this : this.bytesAlways(field, encoder.encode(value));
  }

  stringAlways(field: number, value: string): this {
    return this.bytesAlways(field, encoder.encode(value));
  }

  bytesField(field: number, value: Uint8Array): this {
    return value.length === 0 ? this : this.bytesAlways(field, value);
  }

  bytesAlways(field: number, value: Uint8Array): this {
    this.tag(field, WIRE_BYTES);
    this.varint(value.length);
    this.reserve(value.length);
    this.bytes.set(value, this.size);
    this.size += value.length;
    return this;
  }

  /** A nested message, also when it is empty; `write` appends its fields to this same writer. */
  message(field: number, write: (out: WireWriter) => void): this {
    this.tag(field, WIRE_BYTES);
    this.reserve(1);
    const lengthAt = this.size++;
    write(this);
    const length = this.size - lengthAt - 1;
    if (length <= ONE_BYTE_LENGTH_MAX) {
      this.bytes[lengthAt] = length;
      return this;
    }
    // The length takes more than the one byte kept for it: move the body up by the rest.
    let extra = 0;
    for (let rest = length; rest > 0x7f; rest = Math.floor(rest / 0x80)) extra++;
    this.reserve(extra);
    this.bytes.copyWithin(lengthAt + 1 + extra, lengthAt + 1, this.size);
    const end = this.size + extra;
    this.size = lengthAt;
    this.varint(length);
    this.size = end;
    return this;
  }

  /** `map<string, string>`: one entry message a pair. */
  stringMap(field: number, map: Readonly<Record<string, string>>): this {
    for (const [key, value] of Object.entries(map)) {
      this.message(field, (entry) => entry.string(1, key).string(2, value));
    }
    return this;
  }
}

/**
 * Walks the fields of one message. After `next()` returned true, `field` and `type` name the field and exactly one of the reading methods is
 * called for it; what the caller does not know it passes to `skip()`.
 *
 * ```ts
 * for (const r = new WireReader(bytes); r.next(); ) {
 *   if (r.field === 1) name = r.string();
 *   else r.skip();
 * }
 * ```
 */
export class WireReader {
  field = 0;
  type: WireType = WIRE_VARINT;
  private readonly buffer: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(buffer: Uint8Array) {
    this.buffer = buffer;
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  /** Bytes read so far. */
  get position(): number {
    return this.at;
  }

  next(): boolean {
    if (this.at >= this.buffer.length) return false;
    const key = this.varint();
    const type = key % 8;
    if (type !== WIRE_VARINT && type !== WIRE_FIXED64 && type !== WIRE_BYTES && type !== WIRE_FIXED32) {
      throw new WireError(`protobuf wire type ${type} at byte ${this.at} is not in use`);
    }
    this.field = Math.floor(key / 8);
    if (this.field === 0) throw new WireError(`protobuf field number 0 at byte ${this.at}`);
    this.type = type;
    return true;
  }

  /** Low 53 bits of an unsigned varint; larger ones lose precision, never position. */
  private varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.buffer.length) throw new WireError('protobuf message ends inside a number');
      const byte = this.buffer[this.at++];
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
    throw new WireError(`protobuf number before byte ${this.at} is longer than ten bytes`);
  }

  private expect(type: WireType): void {
    if (this.type !== type) throw new WireError(`protobuf field ${this.field} has wire type ${this.type}, not ${type}`);
  }

  private take(count: number): number {
    const from = this.at;
    if (count > this.buffer.length - from) throw new WireError(`protobuf field ${this.field} is cut short`);
    this.at += count;
    return from;
  }

  /** int64, uint64, sint64 (with `zigzag`) and the 32-bit kinds as a bigint, sign kept. */
  int64(): bigint {
    this.expect(WIRE_VARINT);
    const start = this.at;
    this.varint();
    let value = 0n;
    for (let i = this.at - 1; i >= start; i--) value = (value << 7n) | BigInt(this.buffer[i] & 0x7f);
    return BigInt.asIntN(64, value);
  }

  /** int32, int64, uint32 and enums as a number; exact within ±2^53. */
  int(): number {
    this.expect(WIRE_VARINT);
    const start = this.at;
    const value = this.varint();
    if (value < 2 ** 53) return value;
    this.at = start;
    return Number(this.int64());
  }

  /** sint32 and sint64. */
  sint(): number {
    const raw = BigInt.asUintN(64, this.int64());
    return Number(BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n)));
  }

  bool(): boolean {
    return this.int() !== 0;
  }

  double(): number {
    this.expect(WIRE_FIXED64);
    return this.view.getFloat64(this.take(8), true);
  }

  /** The two words of a fixed 64-bit field, for who must see the bits of a NaN. */
  fixed64(): readonly [low: number, high: number] {
    this.expect(WIRE_FIXED64);
    const from = this.take(8);
    return [this.view.getUint32(from, true), this.view.getUint32(from + 4, true)];
  }

  /** A view on the message's own bytes; copy it to keep it beyond them. */
  bytes(): Uint8Array {
    this.expect(WIRE_BYTES);
    const length = this.varint();
    const from = this.take(length);
    return this.buffer.subarray(from, from + length);
  }

  /** What is no UTF-8 is replaced. */
  string(): string {
    return decoder.decode(this.bytes());
  }

  /** What is no UTF-8 is refused. */
  utf8(): string {
    const { field } = this;
    try {
      return strictDecoder.decode(this.bytes());
    } catch (error) {
      throw error instanceof WireError ? error : new WireError(`protobuf field ${field} is not valid UTF-8`);
    }
  }

  message(): WireReader {
    return new WireReader(this.bytes());
  }

  /** The numbers of a packed repeated field, all of this wire type: read with `int()`, `sint()` or `double()` while `more()`. */
  packed(type: WireType): WireReader {
    const numbers = this.message();
    numbers.field = this.field;
    numbers.type = type;
    return numbers;
  }

  /** Whether bytes are left; for packed numbers, which have no tags. */
  more(): boolean {
    return this.at < this.buffer.length;
  }

  /** One entry of a `map<string, string>`, put into `into`. */
  stringEntry(into: Record<string, string>): void {
    let key = '';
    let value = '';
    for (const entry = this.message(); entry.next();) {
      if (entry.field === 1) key = entry.string();
      else if (entry.field === 2) value = entry.string();
      else entry.skip();
    }
    into[key] = value;
  }

  skip(): void {
    if (this.type === WIRE_VARINT) this.varint();
    else if (this.type === WIRE_FIXED64) this.take(8);
    else if (this.type === WIRE_FIXED32) this.take(4);
    else this.bytes();
  }
}
