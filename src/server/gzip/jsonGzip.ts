/** gzip of JSON by a kernel (see `jsonGzip.wat.ts`): one block with codes of its own. Any bytes may be given. Why not zlib: docs/decisions/048. */
import { crc32 } from 'node:zlib';
import { instantiate } from '../wasm/instance.ts';
import { codeLengths, codesOf } from './huffman.ts';
import * as at from './jsonGzip.wat.ts';

export { TEXT_BYTES_MAX } from './jsonGzip.wat.ts';

const END_OF_BLOCK = 256;
const LENGTH_SYMBOLS = 29;
const SYMBOLS = END_OF_BLOCK + 1 + LENGTH_SYMBOLS;
const CODE_LENGTH_MAX = 15;
/** Magic number, deflate, no flags, no time, quick, Unix. */
const HEAD = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3);
const TRAILER_BYTES = 8;

/** Of each length: its symbol, how many extra bits that has, and what they are. The longest has a symbol of its own. */
const LENGTH_SYMBOL = new Uint8Array(at.LENGTH_MAX + 1);
const LENGTH_EXTRA = new Uint8Array(at.LENGTH_MAX + 1);
const LENGTH_EXTRA_BITS = new Uint8Array(at.LENGTH_MAX + 1);
for (let length = at.LENGTH_MIN; length < at.LENGTH_MAX; length++) {
  const from = length - at.LENGTH_MIN;
  const extra = from < 8 ? 0 : 29 - Math.clz32(from);
  LENGTH_SYMBOL[length] = 4 * extra + (from >> extra);
  LENGTH_EXTRA[length] = extra;
  LENGTH_EXTRA_BITS[length] = from & ((1 << extra) - 1);
}
LENGTH_SYMBOL[at.LENGTH_MAX] = LENGTH_SYMBOLS - 1;

/** Of distances, less 1. */
function distanceSymbol(distance: number): number {
  const extra = distanceExtra(distance);
  return 2 * extra + (distance >> extra);
}

const distanceExtra = (distance: number) => (distance < 4 ? 0 : 30 - Math.clz32(distance));
/** Of a symbol. */
const DISTANCE_EXTRA = Uint8Array.from({ length: at.DISTANCES }, (_, symbol) => Math.max(0, (symbol >> 1) - 1));

interface Kernel {
  /** @returns where the repeats end. */
  readonly find: (end: number) => number;
  /** @returns where the bits end. */
  readonly write: (repeats: number, out: number, bits: bigint) => number;
  readonly bytes: Uint8Array;
  /** 32 bits of each place. */
  readonly words: Uint32Array;
}

let kernel: Kernel | undefined;

function newKernel(): Kernel {
  const { memory, find, write } = instantiate<Pick<Kernel, 'find' | 'write'>>(at.JSON_GZIP);
  const bytes = new Uint8Array(memory.buffer);
  bytes.fill(0x22, at.MARKS_AT, at.MARKS_AT + 16);
  for (let d = 0; d < 256; d++) {
    bytes[at.DISTANCE_SYMBOLS_AT + d] = distanceSymbol(d);
    bytes[at.DISTANCE_SYMBOLS_AT + 256 + d] = distanceSymbol(d << 7);
  }
  return { find, write, bytes, words: new Uint32Array(memory.buffer) };
}

/** @param text of {@link TEXT_BYTES_MAX} at most. @returns what `gunzip` makes the text of, in memory of its own. */
export function jsonGzip(text: Uint8Array): Buffer {
  kernel ??= newKernel();
  const { bytes, words } = kernel;
  const end = at.TEXT_AT + text.length;
  bytes.set(text, at.TEXT_AT);
  bytes.fill(0, end, end + at.PADDING);
  bytes.fill(0, at.LITERAL_COUNTS_AT, at.LITERAL_CODES_AT);
  bytes.fill(0, at.SEEN_AT, at.SEEN_AT + at.SEEN_BYTES);
  const repeats = kernel.find(end);
  const head = new BitWriter(bytes, at.TEXT_AT);
  writeCodes(head, words);
  const outEnd = kernel.write(repeats, head.at, BigInt(head.bits));
  return framed(bytes.subarray(at.TEXT_AT, outEnd), text);
}

function framed(block: Uint8Array, text: Uint8Array): Buffer {
  const out = Buffer.allocUnsafeSlow(HEAD.length + block.length + TRAILER_BYTES);
  out.set(HEAD);
  out.set(block, HEAD.length);
  out.writeUInt32LE(crc32(text), HEAD.length + block.length);
  out.writeUInt32LE(text.length, HEAD.length + block.length + 4);
  return out;
}

/** Makes codes from the counts, for the kernel, and writes what a block with them begins with. */
function writeCodes(out: BitWriter, words: Uint32Array): void {
  const counts = symbolCounts(words);
  const distanceCounts = words.slice(at.DISTANCE_COUNTS_AT / 4, at.DISTANCE_COUNTS_AT / 4 + at.DISTANCES);
  // There are no codes of one symbol.
  for (const symbol of [0, 1]) distanceCounts[symbol]++;
  const lengths = codeLengths(counts, CODE_LENGTH_MAX);
  const distanceLengths = codeLengths(distanceCounts, CODE_LENGTH_MAX);
  const codes = codesOf(lengths);
  const distanceCodes = codesOf(distanceLengths);
  const entry = (code: number, count: number) => (code << 8) | count;
  for (let i = 0; i <= END_OF_BLOCK; i++) words[at.LITERAL_CODES_AT / 4 + i] = entry(codes[i], lengths[i]);
  for (let i = 0; i < at.DISTANCES; i++) {
    const lower = entry(distanceCodes[i], distanceLengths[i] + DISTANCE_EXTRA[i]);
    words[at.DISTANCE_CODES_AT / 4 + 2 * i] = lower | (distanceLengths[i] << 24);
    words[at.DISTANCE_CODES_AT / 4 + 2 * i + 1] = (1 << DISTANCE_EXTRA[i]) - 1;
  }
  for (let i = at.LENGTH_MIN; i <= at.LENGTH_MAX; i++) {
    const symbol = END_OF_BLOCK + 1 + LENGTH_SYMBOL[i];
    const bits = codes[symbol] | (LENGTH_EXTRA_BITS[i] << lengths[symbol]);
    words[at.LENGTH_CODES_AT / 4 + i] = entry(bits, lengths[symbol] + LENGTH_EXTRA[i]);
  }
  writeHead(out, lengths, distanceLengths);
}

function symbolCounts(words: Uint32Array): Uint32Array {
  const counts = new Uint32Array(SYMBOLS);
  const literal = at.LITERAL_COUNTS_AT / 4;
  for (let i = 0; i < 256; i++) {
    for (let part = 0; part < 4; part++) counts[i] += words[literal + 256 * part + i];
  }
  counts[END_OF_BLOCK] = 1;
  // There is no code of one symbol.
  counts[0]++;
  for (let i = at.LENGTH_MIN; i <= at.LENGTH_MAX; i++) {
    counts[END_OF_BLOCK + 1 + LENGTH_SYMBOL[i]] += words[at.LENGTH_COUNTS_AT / 4 + i];
  }
  return counts;
}

/** Lengths of codes are written by a code as well, the same always: 4 bits for most, 5 for the rarest and runs. */
const LENGTH_CODE_LENGTHS = Uint8Array.from({ length: 19 }, (_, i) => (i < 13 ? 4 : 5));
const LENGTH_CODES = codesOf(LENGTH_CODE_LENGTHS);
const LENGTH_CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

function writeHead(out: BitWriter, lengths: Uint8Array, distanceLengths: Uint8Array): void {
  // The last block, codes of its own, all symbols of lengths, distances and lengths of codes.
  out.put(0b101, 3);
  out.put(LENGTH_SYMBOLS, 5);
  out.put(at.DISTANCES - 1, 5);
  out.put(LENGTH_CODE_ORDER.length - 4, 4);
  for (const i of LENGTH_CODE_ORDER) out.put(LENGTH_CODE_LENGTHS[i], 3);
  const all = new Uint8Array(SYMBOLS + at.DISTANCES);
  all.set(lengths);
  all.set(distanceLengths, SYMBOLS);
  for (let i = 0; i < all.length;) {
    let zeros = 0;
    while (zeros < 138 && all[i + zeros] === 0) zeros++;
    const symbol = zeros >= 11 ? 18 : zeros >= 3 ? 17 : all[i];
    out.put(LENGTH_CODES[symbol], LENGTH_CODE_LENGTHS[symbol]);
    if (symbol === 18) out.put(zeros - 11, 7);
    if (symbol === 17) out.put(zeros - 3, 3);
    i += symbol >= 17 ? zeros : 1;
  }
}

/** Writes bits, the first one lowest. */
class BitWriter {
  /** The byte that is begun, and how many bits of it are written. */
  at: number;
  bits = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, from: number) {
    this.#bytes = bytes;
    this.at = from;
    bytes[from] = 0;
  }

  put(value: number, count: number): void {
    let left = (value << this.bits) | this.#bytes[this.at];
    this.bits += count;
    for (; this.bits >= 8; this.bits -= 8) {
      this.#bytes[this.at++] = left;
      left >>>= 8;
    }
    this.#bytes[this.at] = left;
  }
}
