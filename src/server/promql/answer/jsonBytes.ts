/** JSON straight into bytes: a buffer that is filled, taken and replaced. */
import { formatValue } from '../../../shared/api/prometheus.ts';
import { grown } from '../../../shared/bytes/release.ts';
import { utf8Size, writeUtf8 } from '../../../shared/bytes/utf8.ts';

/** A buffer is handed on when it holds so much: handing one to another thread costs more than writing some thousands of samples. */
const PIECE_BYTES = 512 * 1024;
/** What it has room for: the samples that are written at once seldom take more. */
const BUFFER_BYTES = PIECE_BYTES + 64 * 1024;
const FIRST_BYTES = 2 * 1024;
const NO_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array(0);
/** Of a number: 17 digits, sign, point, and an exponent or 21 places. */
const NUMBER_BYTES_MAX = 32;

const ZERO = 48;
const POINT = 46;
const MINUS = 45;

/** Up to here every number of so many digits is told from all others: what is found with as few digits is the shortest. */
const EXACT_MAX = 1e15;
/** Powers of ten that turn short decimals into whole numbers, the likeliest first. */
const SCALES = [
  { power: 1e3, digits: 3 },
  { power: 1e6, digits: 6 },
] as const;

/** What is extrapolated are odd numbers, but the same ones again and again: the texts of the last ones are kept, by slots that their bits hash to. */
const SLOT_BITS = 12;
const NUMBERS = new Float64Array(1 << SLOT_BITS);
const LENGTHS = new Uint8Array(1 << SLOT_BITS);
const TEXTS = new Uint8Array(NUMBER_BYTES_MAX << SLOT_BITS);
const ONE = new Float64Array(1);
const HALVES = new Uint32Array(ONE.buffer);

/** The slot in which a number's text is. */
function knownNumber(v: number): number {
  ONE[0] = v;
  const slot = Math.imul(HALVES[1] ^ Math.imul(HALVES[0], 0x9e3779b1), 0x85ebca6b) >>> (32 - SLOT_BITS);
  // Told apart by sign as well, as zeros are; an empty slot holds no text.
  if (LENGTHS[slot] > 0 && Object.is(NUMBERS[slot], v)) return slot;
  const text = formatValue(v);
  for (let i = 0, at = slot * NUMBER_BYTES_MAX; i < text.length; i++) TEXTS[at++] = text.charCodeAt(i);
  NUMBERS[slot] = v;
  LENGTHS[slot] = text.length;
  return slot;
}

export class JsonBytes {
  #bytes: Uint8Array<ArrayBuffer>;
  #at = 0;
  #taken = 0;

  /** @param bytes that it has room for at first: few, as most answers are. */
  constructor(bytes = FIRST_BYTES) {
    this.#bytes = new Uint8Array(bytes);
  }

  /** Bytes that were written so far, those that are taken with them. */
  get length(): number {
    return this.#taken + this.#at;
  }

  get isFull(): boolean {
    return this.#at >= PIECE_BYTES;
  }

  /** What was written since the last time, in a buffer of its own. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#at);
    // The next one is as large as most pieces are, and made only if something comes.
    this.#bytes = NO_BYTES;
    this.#taken += this.#at;
    this.#at = 0;
    return taken;
  }

  /** Makes room, up to a piece, for what is going to be written: room that grows as it is needed is moved each time. */
  expect(bytes: number): void {
    if (this.#bytes.length === 0) return;
    const size = Math.min(this.#at + bytes, BUFFER_BYTES);
    if (size > this.#bytes.length) this.#bytes = grown(this.#bytes, size);
  }

  text(text: string): void {
    this.#reserve(utf8Size(text));
    this.#at = writeUtf8(this.#bytes, this.#at, text);
  }

  /** Bytes [from, to) of `source`. */
  copy(source: Uint8Array, from: number, to: number): void {
    this.#reserve(to - from);
    this.#bytes.set(source.subarray(from, to), this.#at);
    this.#at += to - from;
  }

  /** A number as {@link formatValue} writes it. */
  number(v: number): void {
    this.#reserve(NUMBER_BYTES_MAX);
    const magnitude = Math.abs(v);
    // Minus zero has a sign, and what is not finite has a name.
    if (magnitude < EXACT_MAX && (v !== 0 || 1 / v > 0)) {
      if (Math.floor(magnitude) === magnitude) return this.#whole(v, magnitude);
      for (const { power, digits } of SCALES) {
        const scaled = Math.round(magnitude * power);
        if (scaled < EXACT_MAX && scaled / power === magnitude && magnitude >= 1e-6)
          return this.#decimal(v, scaled, power, digits);
      }
    }
    const slot = knownNumber(v);
    this.copy(TEXTS, slot * NUMBER_BYTES_MAX, slot * NUMBER_BYTES_MAX + LENGTHS[slot]);
  }

  #whole(v: number, magnitude: number): void {
    if (v < 0) this.#bytes[this.#at++] = MINUS;
    this.#digits(magnitude);
  }

  /** `scaled / power`, which is no whole number. */
  #decimal(v: number, scaled: number, power: number, digits: number): void {
    if (v < 0) this.#bytes[this.#at++] = MINUS;
    const whole = Math.floor(scaled / power);
    let fraction = scaled - whole * power;
    this.#digits(whole);
    const bytes = this.#bytes;
    bytes[this.#at++] = POINT;
    let end = this.#at + digits;
    let isTrailing = true;
    for (let at = end - 1; at >= this.#at; at--) {
      const rest = Math.floor(fraction / 10);
      const digit = fraction - 10 * rest;
      fraction = rest;
      if (isTrailing && digit === 0) {
        end = at;
        continue;
      }
      isTrailing = false;
      bytes[at] = ZERO + digit;
    }
    this.#at = end;
  }

  /** A whole number below 1e15. */
  #digits(whole: number): void {
    if (whole >= 1e9) {
      const high = Math.floor(whole / 1e9);
      this.#small(high);
      let low = whole - high * 1e9;
      for (let at = this.#at + 8; at >= this.#at; at--) {
        this.#bytes[at] = ZERO + (low % 10);
        low = (low / 10) | 0;
      }
      this.#at += 9;
    } else this.#small(whole);
  }

  /** A whole number below 1e9. */
  #small(whole: number): void {
    const bytes = this.#bytes;
    let length = 1;
    for (let bound = 10; whole >= bound; bound *= 10) length++;
    let rest = whole | 0;
    for (let at = this.#at + length - 1; at >= this.#at; at--) {
      bytes[at] = ZERO + (rest % 10);
      rest = (rest / 10) | 0;
    }
    this.#at += length;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    // None of these is written into.
    if (this.#bytes === NO_BYTES) this.#bytes = new Uint8Array(Math.max(BUFFER_BYTES, count));
    else this.#bytes = grown(this.#bytes, Math.max(2 * this.#bytes.length, this.#at + count));
  }
}
