/**
 * Columns of doubles in few bytes. A token is a varint (7 bits a byte, lowest first, the top bit says that more follow) whose low 3 bits are its kind
 * and whose other bits are its operand:
 *
 *     kind  operand            stands for
 *     0     n - 1              n zeros
 *     1     n - 1              n times NaN
 *     2     m, zigzag          the integer m
 *     3     m, zigzag          m / 1,000
 *     4     m, zigzag          m / 1,000,000
 *     5     0                  the double whose 8 bytes follow, little endian
 *     6     slot               the double that was last put into this slot
 *     7     0, 1, 2            -0, +Inf, -Inf
 *
 * A double of kind 5 goes into the slot that its bits hash to (`slotOf`), in writer and reader alike: counts that are extrapolated are odd doubles, but the
 * same ones again and again. Runs end with their column. All values come back to the bit; one NaN is like another.
 */

export const KIND = {
  zeros: 0,
  gaps: 1,
  integer: 2,
  thousandths: 3,
  millionths: 4,
  double: 5,
  slot: 6,
  special: 7,
} as const;
export const KIND_BITS = 3;

/** What the operands of kinds 3 and 4 are divided by. */
export const THOUSAND = 1000;
export const MILLION = 1_000_000;

/** Token and operand fit 31 bits; what is longer takes 8 digits or more in JSON, and so no less than a double here. */
export const DECIMAL_MAX = 2 ** 27 - 1;

/** A slot takes 2 bytes to name. */
export const SLOT_BITS = 11;
/** Runs are cut here, so that the token fits 31 bits. */
const RUN_MAX = 2 ** 28;

const SPECIALS = [-0, Infinity, -Infinity];

/** A number below half of it comes back as the nearest integer when this is added and taken away again. */
export const TO_INTEGER = 1.5 * 2 ** 52;
/** What is further from an integer, once it is scaled, is none of these decimals: a product is rounded by less. */
export const ROUNDED_MAX = 1e-6;

/** The integer that, divided by `scale`, is `value`; 0 where that is none, or one too large. */
function decimalOf(value: number, scale: number): number {
  const scaled = value * scale;
  const m = scaled + TO_INTEGER - TO_INTEGER;
  // Most are odd doubles, which this tells without a division.
  if (!(Math.abs(scaled - m) < ROUNDED_MAX)) return 0;
  return m / scale === value && Math.abs(m) <= DECIMAL_MAX ? m : 0;
}

/** The longest token: a double. */
export const TOKEN_BYTES_MAX = 9;

export const HASH_LOW = 0x9e3779b1;
export const HASH_HIGH = 0x85ebca6b;

/** @param low and high: the halves of a double. */
const slotOf = (low: number, high: number) =>
  Math.imul(high ^ Math.imul(low, HASH_LOW), HASH_HIGH) >>> (32 - SLOT_BITS);

/** A double, and the same as its halves. */
const NUMBER = Float64Array.of(1);
const HALVES = new Uint32Array(NUMBER.buffer);
/** Where the lower one is on this machine. */
const LOW = HALVES[0] === 0 ? 0 : 1;

/** Writes columns one after the other. */
export interface ColumnWriter {
  /** Writes a column, and yields pieces that became full; they are the caller's. */
  column(values: Float64Array): Iterable<Uint8Array>;
  /** What was not yielded; asked when all columns are written. */
  rest(): Uint8Array;
}

/** Columns one after the other; doubles of the columns before are known in those behind. */
export class CellWriter implements ColumnWriter {
  private bytes: Uint8Array<ArrayBuffer>;
  private view: DataView;
  private at = 0;
  private readonly slots = new Float64Array(1 << SLOT_BITS).fill(NaN);
  private readonly pieceBytes: number;

  /** @param pieceBytes of a piece, about. */
  constructor(pieceBytes = 64 * 1024) {
    this.pieceBytes = pieceBytes;
    this.bytes = new Uint8Array(pieceBytes + TOKEN_BYTES_MAX);
    this.view = new DataView(this.bytes.buffer);
  }

  *column(values: Float64Array): Generator<Uint8Array> {
    for (let i = 0; i < values.length;) {
      // In a loop of its own, so that what is yielded costs nothing in between.
      i = this.fill(values, i);
      if (this.at >= this.pieceBytes) yield this.take();
    }
  }

  rest(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }

  private take(): Uint8Array {
    const piece = this.rest();
    this.bytes = new Uint8Array(this.pieceBytes + TOKEN_BYTES_MAX);
    this.view = new DataView(this.bytes.buffer);
    this.at = 0;
    return piece;
  }

  /** Writes values from `i` on until they end or the piece is full, and returns the next one's index. */
  private fill(values: Float64Array, i: number): number {
    const { bytes, view, slots, pieceBytes } = this;
    const { length } = values;
    let { at } = this;
    while (i < length && at < pieceBytes) {
      const value = values[i];
      let end = i + 1;
      if (Object.is(value, 0)) {
        const most = Math.min(length, i + RUN_MAX);
        while (end < most && Object.is(values[end], 0)) end++;
        at = token(bytes, at, KIND.zeros, end - i - 1);
      } else if (value !== value) {
        const most = Math.min(length, i + RUN_MAX);
        while (end < most && values[end] !== values[end]) end++;
        at = token(bytes, at, KIND.gaps, end - i - 1);
      } else {
        // First: only doubles are in slots, and to know that a value is one takes longer.
        NUMBER[0] = value;
        const slot = slotOf(HALVES[LOW], HALVES[1 - LOW]);
        if (slots[slot] === value) at = token(bytes, at, KIND.slot, slot);
        else {
          const short = shortNumber(bytes, at, value);
          if (short === at) {
            slots[slot] = value;
            bytes[at] = KIND.double;
            view.setFloat64(at + 1, value, true);
            at += TOKEN_BYTES_MAX;
          } else at = short;
        }
      }
      i = end;
    }
    this.at = at;
    return i;
  }
}

/** Writes what is no double, at `at`. @returns where it ends; `at` for a double. */
function shortNumber(bytes: Uint8Array, at: number, value: number): number {
  const integer = Math.round(value);
  if (integer === value) {
    if (value === 0) return token(bytes, at, KIND.special, 0);
    if (Math.abs(value) <= DECIMAL_MAX) return token(bytes, at, KIND.integer, zigzag(integer));
    return Number.isFinite(value) ? at : token(bytes, at, KIND.special, value > 0 ? 1 : 2);
  }
  const thousandths = decimalOf(value, THOUSAND);
  if (thousandths !== 0) return token(bytes, at, KIND.thousandths, zigzag(thousandths));
  const millionths = decimalOf(value, MILLION);
  return millionths === 0 ? at : token(bytes, at, KIND.millionths, zigzag(millionths));
}

const zigzag = (m: number) => (m << 1) ^ (m >> 31);

function token(bytes: Uint8Array, at: number, kind: number, operand: number): number {
  let left = (operand << KIND_BITS) | kind;
  while (left > 0x7f) {
    bytes[at++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  bytes[at++] = left;
  return at;
}

/** Columns in the order in which they were written. */
export class CellReader {
  private readonly bytes: Uint8Array;
  private at: number;
  private readonly view: DataView;
  private readonly slots = new Float64Array(1 << SLOT_BITS).fill(NaN);

  /** @param at where the first column begins. */
  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @throws RangeError for bytes that end early, and for a run that is longer than its column. */
  column(length: number): Float64Array {
    const values = new Float64Array(length);
    for (let i = 0; i < length;) {
      const token = this.varint();
      const operand = token >>> KIND_BITS;
      const kind = token & 7;
      if (kind === KIND.zeros || kind === KIND.gaps) {
        const end = i + operand + 1;
        if (end > length)
          throw new RangeError('the distribution has a run that is longer than its column; ask for it again');
        // A new column is zeros.
        if (kind === KIND.gaps) values.fill(NaN, i, end);
        i = end;
      } else values[i++] = this.number(kind, operand);
    }
    return values;
  }

  private number(kind: number, operand: number): number {
    if (kind === KIND.double) return this.double();
    if (kind === KIND.slot) return this.slots[operand & ((1 << SLOT_BITS) - 1)];
    if (kind === KIND.special) return SPECIALS[operand] ?? NaN;
    const m = (operand >>> 1) ^ -(operand & 1);
    return kind === KIND.integer ? m : m / (kind === KIND.thousandths ? THOUSAND : MILLION);
  }

  private double(): number {
    if (this.at + 8 > this.bytes.length) throw endsEarly();
    const value = this.view.getFloat64(this.at, true);
    this.slots[slotOf(this.view.getUint32(this.at, true), this.view.getUint32(this.at + 4, true))] = value;
    this.at += 8;
    return value;
  }

  private varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      if (this.at >= this.bytes.length) throw endsEarly();
      const byte = this.bytes[this.at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
      if (shift === 28) throw new RangeError('the distribution has a token of more than 5 bytes; ask for it again');
    }
  }
}

export const endsEarly = () => new RangeError('the distribution ends early; ask for it again');
