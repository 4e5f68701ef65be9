/** Integers by what each has over the one before: a byte or two, and columns of them are added up without making numbers of them. */
import type { RisingBounds } from '../storage/queryable.ts';

/** Columns of more rows are not kept so: steps of at most 16 bits add up to less than 31 in this many. */
export const STEP_ROWS_MAX = 65_536;

export interface Steps {
  readonly first: number;
  readonly last: number;
  /** Whether none of them goes down. */
  readonly rises: boolean;
  /** The first one is 0. */
  readonly steps: Int8Array | Int16Array;
}

let scratch = new Int16Array(1024);

/** Of cells [from, to), at least one, bit for bit. Undefined where a cell is no integer (−0 is none), or a step is too wide. */
export function stepsOf(cells: Float64Array, from: number, to: number): Steps | undefined {
  const n = to - from;
  if (scratch.length < n) scratch = new Int16Array(2 * n);
  const first = cells[from];
  if (!Number.isSafeInteger(first) || Object.is(first, -0)) return undefined;
  let before = first;
  let isNarrow = true;
  let rises = true;
  scratch[0] = 0;
  for (let i = 1; i < n; i++) {
    const v = cells[from + i];
    const step = v - before;
    // A step that is no integer, or too wide, comes back as another number; minus zero is told by its sign.
    scratch[i] = step;
    if (scratch[i] !== step || before + step !== v || (v === 0 && 1 / v < 0)) return undefined;
    if (step > 127 || step < -128) isNarrow = false;
    if (step < 0) rises = false;
    before = v;
  }
  if (!(Math.abs(before) <= Number.MAX_SAFE_INTEGER)) return undefined;
  const steps = isNarrow ? Int8Array.from(scratch.subarray(0, n)) : scratch.slice(0, n);
  return { first, last: before, rises, steps };
}

/** Writes cells [from, to) into `out`, from `at` on. */
export function addUp({ first, steps }: Steps, from: number, to: number, out: Float64Array, at: number): void {
  const start = first + total(steps, 0, from);
  if (steps instanceof Int8Array) narrowCells(steps, start, from, to, out, at);
  else wideCells(steps, start, from, to, out, at);
}

/** The first and the last of cells [from, to). */
export function boundsOf({ first, last, steps }: Steps, from: number, to: number): RisingBounds {
  const start = first + total(steps, 0, from + 1);
  return { first: start, last: to === steps.length ? last : start + total(steps, from + 1, to) };
}

/** How many of cells [from, to), which rise, are at most `limit`. */
export function countUpTo({ first, steps }: Steps, from: number, to: number, limit: number): number {
  let v = first + total(steps, 0, from);
  for (let i = from; i < to; i++) {
    v += steps[i];
    if (v > limit) return i - from;
  }
  return to - from;
}

function total(steps: Int8Array | Int16Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum = (sum + steps[i]) | 0;
  return sum;
}

// Twice the same: a loop that meets arrays of one kind only is several times as fast.

function narrowCells(steps: Int8Array, start: number, from: number, to: number, out: Float64Array, at: number): void {
  let sum = 0;
  for (let i = from, o = at; i < to; i++, o++) {
    sum = (sum + steps[i]) | 0;
    out[o] = start + sum;
  }
}

function wideCells(steps: Int16Array, start: number, from: number, to: number, out: Float64Array, at: number): void {
  let sum = 0;
  for (let i = from, o = at; i < to; i++, o++) {
    sum = (sum + steps[i]) | 0;
    out[o] = start + sum;
  }
}
