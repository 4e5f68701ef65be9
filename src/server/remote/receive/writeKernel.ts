/** The memory and the known series of the kernel in `readWrites.wat.ts`. One serves all requests, one after the other. */
import type { CellColumns, SampleGroup } from '../../storage/appender.ts';
import { instantiate, type WasmMemory } from '../../wasm/instance.ts';
import {
  CELLS_MAX,
  COLUMNS_AT,
  GROUPS_AT,
  INPUT_AT,
  MESSAGE_AT,
  MESSAGE_SIZE_MAX,
  PAGE_SIZE,
  PLACES,
  PLACES_AT,
  READ_WRITES,
  RECORD_SIZE,
  RECORDS_AT,
  RECORDS_PADDING,
  STATE_AT,
  TIMES_AT,
  VALUES_AT,
} from './readWrites.wat.ts';

/** Over it all series are forgotten, and learnt again from the next requests. */
export const KNOWN_BYTES_MAX = 32 * 1024 * 1024;
/** By so much the memory of the known series grows. */
const GROW_PAGES = 16;
/** A snappy block begins with the size of what it holds, in at most five bytes. */
const SIZE_BYTES_MAX = 5;

/** The body is no snappy block, or too large a one. */
export class BlockError extends Error {}

interface Functions {
  unfold(from: number, fromEnd: number, to: number, toEnd: number): number;
  read(at: number, end: number, last: number, maxTime: bigint, seed: bigint): number;
  hash(at: number, length: number, seed: bigint): number;
  find(at: number, length: number, seed: bigint): number;
}

export class WriteKernel implements CellColumns {
  readonly #functions: Functions;
  readonly #memory: WasmMemory;
  readonly #knownBytesMax: number;
  /** So that nobody can choose labels whose hashes meet. */
  readonly #seed = BigInt(Math.floor(Math.random() * Number.MAX_SAFE_INTEGER));
  #bytes = new Uint8Array(0);
  #words = new Int32Array(0);
  #size = 0;
  /** The record of the series that was read last. */
  #last = 0;
  #recordsEnd = RECORDS_AT;
  #groups: SampleGroup[] = [];
  #groupNumbers = new Map<SampleGroup, number>();
  /** Samples that were read last: the group of each, and the rest of it. Lent until the next `read`, and until a series is learnt. */
  count = 0;
  groups = new Int32Array(0);
  columns = new Int32Array(0);
  times = new Float64Array(0);
  bits = new Uint32Array(0);

  constructor(knownBytesMax = KNOWN_BYTES_MAX) {
    this.#knownBytesMax = knownBytesMax;
    const exported = instantiate<Functions>(READ_WRITES);
    this.#functions = exported;
    this.#memory = exported.memory;
    this.#look();
  }

  /** The message that was unfolded last. Lent as the samples are. */
  get message(): Uint8Array {
    return this.#bytes.subarray(MESSAGE_AT, MESSAGE_AT + this.#size);
  }

  group(number: number): SampleGroup {
    return this.#groups[number];
  }

  /** Begins with a request, of at most INPUT_SIZE_MAX bytes. @throws BlockError for a block that is none, or holds too much. */
  unfold(block: Uint8Array): void {
    const { size, end } = sizeOf(block);
    if (size > MESSAGE_SIZE_MAX)
      throw new BlockError(`it holds ${size} bytes, over ${MESSAGE_SIZE_MAX}; send smaller requests`);
    if (this.#groups.some((group) => group.isDropped)) this.#forget();
    this.#bytes.set(block, INPUT_AT);
    this.#size = size;
    this.#last = 0;
    const isWhole = this.#functions.unfold(INPUT_AT + end, INPUT_AT + block.length, MESSAGE_AT, MESSAGE_AT + size);
    if (isWhole === 0) throw new BlockError(`it is damaged, or does not hold the ${size} bytes that it declares`);
  }

  /** Reads what it can of the message from `at` on. @returns where it stopped: at the end, at what it does not read, or with many samples. */
  read(at: number, maxTime: number): number {
    const end = MESSAGE_AT + this.#size;
    const stopped = this.#functions.read(MESSAGE_AT + at, end, this.#last, BigInt(Math.floor(maxTime)), this.#seed);
    this.count = this.#words[STATE_AT / 4];
    this.#last = this.#words[STATE_AT / 4 + 1];
    return stopped - MESSAGE_AT;
  }

  /** The labels that stand at `[from, to)` of the message are those of this series. */
  learn(from: number, to: number, group: SampleGroup, column: number): void {
    const length = to - from;
    const size = RECORD_SIZE + length;
    const known = this.#functions.find(MESSAGE_AT + from, length, this.#seed);
    if (known === 0 && this.#recordsEnd + size > RECORDS_AT + this.#knownBytesMax) this.#forget();
    const record = known === 0 ? this.#newRecord(from, length) : known;
    const at = record / 4;
    this.#words[at + 2] = this.#numberOf(group);
    this.#words[at + 3] = column;
    if (this.#last !== 0) this.#words[this.#last / 4] = record;
    this.#last = record;
  }

  #newRecord(from: number, length: number): number {
    const record = this.#recordsEnd;
    this.#recordsEnd = record + RECORD_SIZE + Math.ceil(length / 4) * 4;
    this.#reserve(this.#recordsEnd + RECORDS_PADDING);
    const place = PLACES_AT / 4 + (this.#functions.hash(MESSAGE_AT + from, length, this.#seed) & (PLACES - 1));
    const at = record / 4;
    this.#words[at] = 0;
    this.#words[at + 1] = this.#words[place];
    this.#words[at + 4] = length;
    this.#bytes.copyWithin(record + RECORD_SIZE, MESSAGE_AT + from, MESSAGE_AT + from + length);
    this.#words[place] = record;
    return record;
  }

  #numberOf(group: SampleGroup): number {
    let number = this.#groupNumbers.get(group);
    if (number === undefined) {
      number = this.#groups.push(group) - 1;
      this.#groupNumbers.set(group, number);
    }
    return number;
  }

  #forget(): void {
    this.#words.fill(0, PLACES_AT / 4, PLACES_AT / 4 + PLACES);
    this.#recordsEnd = RECORDS_AT;
    this.#last = 0;
    this.#groups = [];
    this.#groupNumbers = new Map();
  }

  #reserve(size: number): void {
    const missing = Math.ceil((size - this.#bytes.length) / PAGE_SIZE);
    if (missing <= 0) return;
    this.#memory.grow(Math.max(missing, GROW_PAGES));
    this.#look();
  }

  #look(): void {
    const { buffer } = this.#memory;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Int32Array(buffer);
    this.groups = new Int32Array(buffer, GROUPS_AT, CELLS_MAX);
    this.columns = new Int32Array(buffer, COLUMNS_AT, CELLS_MAX);
    this.times = new Float64Array(buffer, TIMES_AT, CELLS_MAX);
    this.bits = new Uint32Array(buffer, VALUES_AT, 2 * CELLS_MAX);
  }
}

/** What a block says of the size of what it holds, and where that ends. */
function sizeOf(block: Uint8Array): { size: number; end: number } {
  let size = 0;
  for (let i = 0; i < Math.min(SIZE_BYTES_MAX, block.length); i++) {
    size += (block[i] & 0x7f) * 2 ** (7 * i);
    if (block[i] < 0x80) return { size, end: i + 1 };
  }
  throw new BlockError('it does not begin with the size of what it holds');
}
