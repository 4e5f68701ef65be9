/**
 * Compares a page with the one before it by the kernel of `compareLines.wat.ts`. Windows of both pages are copied into the kernel's memory, which is
 * small, fixed, and shared by all readers: copying is cheap beside the reading, and no page has to live there.
 */
import { instantiate } from '../../wasm/instance.ts';
import { COMPARE_LINES } from './compareLines.wat.ts';

/** Lines of a window. */
const LINES_MAX = 4096;
/** Places in the kernel's memory; those of the tables stand in its text. */
const POWERS_AT = 98_304;
const PREVIOUS_AT = 131_072;
const CURRENT_AT = 557_056;
const MEMORY_SIZE = 1_048_576;
/** The kernel looks this far ahead. */
const PADDING = 16;
const PREVIOUS_SIZE_MAX = CURRENT_AT - PREVIOUS_AT - PADDING;
const CURRENT_SIZE_MAX = MEMORY_SIZE - CURRENT_AT - PADDING;
/**
 * A window somewhere in the middle begins with so many lines, and the next one is four times as large if it was read to its end: in a page whose lines
 * stand in another order each time, the next place is far away.
 */
const LINES_FIRST = 16;
/** Lines of a window may have grown by half of this, all together, before it is moved. */
const GROWTH_FIRST = 512;
const GROWTH_A_LINE = 16;
const GROWTH_MAX = CURRENT_SIZE_MAX - PREVIOUS_SIZE_MAX;

/** Where lines of a page are: by line, the byte where its value begins, and the byte behind its end. */
export interface LinePlaces {
  readonly count: number;
  readonly valueStarts: Int32Array;
  readonly lineEnds: Int32Array;
}

type Compare = (
  line: number,
  lines: number,
  p: number,
  q: number,
  qEnd: number,
  pOrigin: number,
  qOrigin: number,
) => number;

export class LineKernel {
  readonly #compare: Compare;
  readonly #bytes: Uint8Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #newStarts: Int32Array;
  readonly #newEnds: Int32Array;
  readonly #values: Float64Array;
  /** The window: lines [firstLine, endLine) of the previous page, bytes from `base`; bytes [from, to) of the current one. */
  #firstLine = 0;
  #endLine = 0;
  #base = 0;
  #from = 0;
  #to = 0;
  #growth = 0;
  /** Lines of the next window. */
  #lines = LINES_MAX;

  constructor() {
    const { memory, compare } = instantiate<{ readonly compare: Compare }>(COMPARE_LINES);
    const { buffer } = memory;
    this.#compare = compare;
    this.#bytes = new Uint8Array(buffer);
    this.#starts = new Int32Array(buffer, 0, LINES_MAX);
    this.#ends = new Int32Array(buffer, 16_384, LINES_MAX);
    this.#newStarts = new Int32Array(buffer, 32_768, LINES_MAX);
    this.#newEnds = new Int32Array(buffer, 49_152, LINES_MAX);
    this.#values = new Float64Array(buffer, 65_536, LINES_MAX);
    new Float64Array(buffer, POWERS_AT, 23).set(Array.from({ length: 23 }, (_, i) => Number(`1e${i}`)));
  }

  /** Other pages are to be compared. */
  open(): void {
    this.#endLine = 0;
    this.#lines = LINES_MAX;
  }

  /**
   * Reads lines of `bytes` from `at` on, as long as they are those of the previous page from `line` on and plain.
   *
   * @param out takes the lines: `count` of them, at `first` of its arrays and on.
   */
  read(
    previous: LinePlaces,
    previousBytes: Uint8Array,
    line: number,
    bytes: Uint8Array,
    at: number,
    out: LineTarget,
  ): number {
    let done = line;
    let q = at;
    while (done < previous.count) {
      if (!this.#holds(done, q) && !this.#load(previous, previousBytes, done, bytes, q)) break;
      const first = done - this.#firstLine;
      const p = done === 0 ? 0 : previous.lineEnds[done - 1];
      const pOrigin = PREVIOUS_AT - this.#base;
      const qOrigin = CURRENT_AT - this.#from;
      const lines = this.#endLine - this.#firstLine;
      const end = this.#compare(first, lines, pOrigin + p, qOrigin + q, qOrigin + this.#to, pOrigin, qOrigin);
      if (end === first) {
        // Freshly loaded, the window is not to blame.
        if (q === this.#from || !this.#isNearEnd(q, bytes)) break;
        continue;
      }
      out.addLines(
        done,
        this.#newStarts.subarray(first, end),
        this.#newEnds.subarray(first, end),
        this.#values.subarray(first, end),
      );
      done += end - first;
      q = this.#newEnds[end - 1];
      if (end < lines && !this.#isNearEnd(q, bytes)) break;
    }
    return done;
  }

  /** Whether the window ends so soon that the kernel may have stopped for that alone. */
  #isNearEnd(q: number, bytes: Uint8Array): boolean {
    if (this.#to === bytes.length || this.#to - q > this.#growth / 2) return false;
    this.#endLine = 0;
    return true;
  }

  #holds(line: number, at: number): boolean {
    return line >= this.#firstLine && line < this.#endLine && at >= this.#from && at < this.#to;
  }

  /** Moves the window. @returns false for a line that is too long for it. */
  #load(previous: LinePlaces, previousBytes: Uint8Array, line: number, bytes: Uint8Array, at: number): boolean {
    const { lineEnds, valueStarts } = previous;
    const base = line === 0 ? 0 : lineEnds[line - 1];
    if (this.#endLine > 0) this.#lines = line === this.#endLine ? Math.min(LINES_MAX, 4 * this.#lines) : LINES_FIRST;
    let end = Math.min(previous.count, line + this.#lines);
    while (end > line && lineEnds[end - 1] - base > PREVIOUS_SIZE_MAX) end = line + ((end - line) >> 1);
    if (end === line) return false;
    const size = lineEnds[end - 1] - base;
    this.#firstLine = line;
    this.#endLine = end;
    this.#base = base;
    this.#from = at;
    this.#growth = Math.min(GROWTH_MAX, GROWTH_FIRST + GROWTH_A_LINE * (end - line));
    this.#to = Math.min(bytes.length, at + size + this.#growth);
    this.#starts.set(valueStarts.subarray(line, end));
    this.#ends.set(lineEnds.subarray(line, end));
    this.#bytes.set(previousBytes.subarray(base, base + size), PREVIOUS_AT);
    this.#bytes.set(bytes.subarray(at, this.#to), CURRENT_AT);
    // Ends a number that the window cuts off.
    this.#bytes[CURRENT_AT + this.#to - at] = 0;
    return true;
  }
}

/** What takes lines that were read, by the line of the previous page that the first of them is. */
export interface LineTarget {
  addLines(line: number, valueStarts: Int32Array, lineEnds: Int32Array, values: Float64Array): void;
}
