/**
 * Sums of rates and increases, as heatmaps and quantiles over many series ask for them. Counters that share their times share their windows and
 * their extrapolation: what they gained is added up first, in whole numbers, and extrapolated once. Those that never fall are not even looked at one by
 * one: their steps are added up row by row.
 *
 * The sum of a step does not depend on which way a series went, so that an answer is the same whatever is decoded already: what series of integers
 * gained under the same factor is added up exactly, then multiplied; everything else is a row of its own.
 */
import { STEPS_ADDED_MAX, type OpenGroup } from '../storage/queryable.ts';
import type { Budget } from './budget.ts';
import {
  extrapolationFactor,
  fallsIn,
  reachesOf,
  withLost,
  type Reaches,
  type WindowedSeries,
  type WindowGrid,
} from './rangeKernels.ts';
import { newRow, type AddUp, type GroupSums, type Row } from './rows.ts';
import type { Windows } from './windows.ts';

/** What is looked at of a group of series that share their times; without its `addSteps`, series are read one by one. */
type Shared = Pick<OpenGroup, 'times' | 'read'> & Partial<OpenGroup>;

interface PlaceOf {
  readonly group: Shared;
  readonly column: number;
}

/** What is looked at of a range vector. */
export interface PlacedSeries {
  readonly labels: readonly unknown[];
  series(s: number): WindowedSeries;
  /** Where a series lies, if that is one place; and the windows over all rows of that. */
  origin(s: number): PlaceOf | undefined;
  windowsOf(group: Pick<OpenGroup, 'times'>): Windows;
}

/** Computes a row by itself. */
type ReadRow = (s: number, into: Row) => void;

export type SumKernel = (vector: PlacedSeries, grid: WindowGrid, read: ReadRow, budget: Budget) => AddUp;

/** Memory for the steps of the sums over one place; where it takes more, rows are added up one by one. */
const STEPS_BYTES_MAX = 32 * 1024 * 1024;
/** Fewer rows are not worth it. */
const ROWS_MIN = 64;
/** Sets of windows, over the series of one place and sum, whose gains are kept apart. */
const CLASSES_MAX = 8;

/** What series gained, in windows under the same factors. */
interface Gains {
  readonly reaches: Reaches;
  /** By step. */
  readonly gained: Float64Array;
  readonly present: Uint8Array;
}

/** A counter that was added up. */
interface Added {
  readonly column: number;
  readonly first: number;
  readonly gained: number;
}

/** The sum of a group, over the series of one place. */
interface PlaceSum {
  /** The first one is that of the windows over all rows. */
  readonly classes: Gains[];
  /** Added up by row; undefined while there are none. */
  steps: Int32Array | undefined;
  readonly added: Added[];
}

function summed(perSecond: boolean): SumKernel {
  return (vector, grid, read, budget) => async (groupOf, sums) => {
    for (const _ of summing(perSecond, vector, grid, read, groupOf, sums)) if (budget.isDue()) await budget.pause();
  };
}

/** Adds up all at once. As the kernel of `rate` or `increase` does. */
export function sumNow(
  perSecond: boolean,
  vector: PlacedSeries,
  grid: WindowGrid,
  read: ReadRow,
  groupOf: Int32Array,
  sums: GroupSums,
): void {
  const steps = summing(perSecond, vector, grid, read, groupOf, sums);
  while (steps.next().done !== true);
}

/** Adds up, one series after the other. */
function* summing(
  perSecond: boolean,
  vector: PlacedSeries,
  grid: WindowGrid,
  read: ReadRow,
  groupOf: Int32Array,
  sums: GroupSums,
): Generator<undefined> {
  const one = newRow(grid.ends.length);
  const memory = new SumMemory();
  const { places, others } = byPlace(vector);
  for (const [group, members] of places) {
    const ofPlace = new PlaceSums(vector, grid, group, perSecond, sums, memory);
    const isLong = group.times.length >= ROWS_MIN && group.addSteps !== undefined;
    const areAddedUp = isLong && ofPlace.bytesFor(members, groupOf) <= STEPS_BYTES_MAX;
    for (const s of members) {
      if (
        !(areAddedUp && ofPlace.addSteps(vector.origin(s)!.column, groupOf[s])) &&
        !ofPlace.addIntegers(s, groupOf[s])
      ) {
        read(s, one);
        sums.add(groupOf[s], one);
      }
      yield;
    }
    ofPlace.finish();
  }
  for (const s of others) {
    read(s, one);
    sums.add(groupOf[s], one);
    yield;
  }
}

/** Series by the place where they lie; others come by several ways. */
function byPlace(vector: PlacedSeries): { places: Map<Shared, number[]>; others: number[] } {
  const places = new Map<Shared, number[]>();
  const others: number[] = [];
  for (let s = 0; s < vector.labels.length; s++) {
    const group = vector.origin(s)?.group;
    const members = group === undefined ? others : places.get(group);
    if (members === undefined) places.set(group!, [s]);
    else members.push(s);
  }
  return { places, others };
}

class PlaceSums {
  readonly #vector: PlacedSeries;
  readonly #grid: WindowGrid;
  readonly #group: Shared;
  readonly #perSecond: boolean;
  readonly #out: GroupSums;
  readonly #memory: SumMemory;
  readonly #sums = new Map<number, PlaceSum>();
  readonly #reaches: Reaches;
  readonly #row: Row;

  constructor(
    vector: PlacedSeries,
    grid: WindowGrid,
    group: Shared,
    perSecond: boolean,
    out: GroupSums,
    memory: SumMemory,
  ) {
    this.#vector = vector;
    this.#grid = grid;
    this.#group = group;
    this.#perSecond = perSecond;
    this.#out = out;
    this.#memory = memory;
    this.#reaches = reachesOf({ times: group.times, ...vector.windowsOf(group) }, grid);
    this.#row = newRow(grid.ends.length);
  }

  bytesFor(members: readonly number[], groupOf: Int32Array): number {
    return 4 * this.#group.times.length * new Set(members.map((s) => groupOf[s])).size;
  }

  /** Adds what a series gains from row to row, where it is known never to fall. */
  addSteps(column: number, g: number): boolean {
    const sum = this.#sumOf(g);
    if (sum.added.length === STEPS_ADDED_MAX) return false;
    sum.steps ??= this.#memory.steps(this.#group.times.length);
    const bounds = this.#group.addSteps!(column, sum.steps);
    if (bounds === undefined) return false;
    const { first, last } = bounds;
    sum.added.push({ column, first, gained: last - first });
    return true;
  }

  /** Adds what a series of integers gained in each window. */
  addIntegers(s: number, g: number): boolean {
    const { times, values, lo, hi } = this.#vector.series(s);
    const steps = hi.length;
    if (steps === 0 || !areIntegers(values, lo[0], hi[steps - 1])) return false;
    const reaches = reachesOf({ times, lo, hi }, this.#grid);
    const falls = fallsIn(values, lo[0], hi[steps - 1]);
    let fall = 0;
    for (let i = 0; i < steps; i++) {
      if (reaches.present[i] === 0) continue;
      const { first, last } = reaches;
      while (fall < falls.at.length && falls.at[fall] <= first[i]) fall++;
      const v = values[first[i]];
      this.#gain(g, reaches, i, v, withLost(values[last[i]] - v, falls, fall, last[i]));
    }
    return true;
  }

  /** Hands over all sums. */
  finish(): void {
    for (const [g, sum] of this.#sums) {
      if (sum.steps !== undefined) this.#gainSteps(g, sum, sum.steps);
      for (const gains of sum.classes) {
        this.#hand(g, gains);
        this.#memory.takeBack(gains);
      }
    }
  }

  #sumOf(g: number): PlaceSum {
    let sum = this.#sums.get(g);
    if (sum === undefined) {
      sum = { classes: [this.#memory.gains(this.#reaches)], steps: undefined, added: [] };
      this.#sums.set(g, sum);
    }
    return sum;
  }

  /** From steps by row to what was gained in each window. */
  #gainSteps(g: number, { classes, added }: PlaceSum, steps: Int32Array): void {
    const { present, first, last, zeroReachMax } = this.#reaches;
    const totals = this.#memory.totals(this.#group.times.length);
    for (let k = 1, total = 0; k < totals.length; k++) totals[k] = total += steps[k];
    const gains = classes[0];
    let most = 0;
    for (let i = 0; i < present.length; i++) {
      const gained = totals[last[i]] - totals[first[i]];
      if (gained > most) most = gained;
      gains.gained[i] += gained;
    }
    for (let i = 0; i < present.length; i++) gains.present[i] |= present[i];
    this.#memory.takeBackSteps(steps);
    for (const one of added) {
      // No window has more of it than of all.
      const until = Math.min(most, one.gained) * zeroReachMax;
      if (!(one.first > until) && one.gained > 0) this.#setApart(g, one.column, until, gains.gained);
    }
  }

  /** Takes a counter out of the windows in which it may have been 0. @param until where it is higher it was not. */
  #setApart(g: number, column: number, until: number, gained: Float64Array): void {
    const { present, first, last, zeroReach } = this.#reaches;
    const rows = this.#group.rowsUpTo!(column, until);
    let windows = 0;
    let end = 0;
    for (; windows < present.length && first[windows] < rows; windows++)
      if (last[windows] >= end) end = last[windows] + 1;
    if (end === 0) return;
    const cells = this.#memory.cells(this.#group.times.length);
    this.#group.read(column, cells, end);
    for (let i = 0; i < windows; i++) {
      const v = cells[first[i]];
      const own = cells[last[i]] - v;
      if (present[i] === 0 || !isNearZero(v, own, zeroReach[i])) continue;
      gained[i] -= own;
      this.#addOwn(g, this.#reaches, i, v, own);
    }
  }

  /** Adds what one series gained at a step to what others gained under the same factor. */
  #gain(g: number, reaches: Reaches, i: number, v: number, own: number): void {
    if (isNearZero(v, own, reaches.zeroReach[i])) return this.#addOwn(g, reaches, i, v, own);
    const { classes } = this.#sumOf(g);
    const factor = reaches.factors[i];
    let gains: Gains | undefined;
    for (let c = 0; c < classes.length && gains === undefined; c++)
      if (classes[c].reaches === reaches || classes[c].reaches.factors[i] === factor) gains = classes[c];
    if (gains === undefined) {
      if (classes.length === CLASSES_MAX) return this.#out.addAt(g, i, own * this.#factors(reaches)[i]);
      classes.push((gains = this.#memory.gains(reaches)));
    }
    gains.gained[i] += own;
    gains.present[i] = 1;
  }

  #addOwn(g: number, { times, ends, rangeMs, first, last }: Reaches, i: number, v: number, own: number): void {
    const seconds = this.#perSecond ? rangeMs / 1000 : 1;
    const factor = extrapolationFactor(times, first[i], last[i], ends[i], rangeMs, v / own) / seconds;
    this.#out.addAt(g, i, own * factor);
  }

  #hand(g: number, { reaches, gained, present }: Gains): void {
    const factors = this.#factors(reaches);
    const row = this.#row;
    row.present.set(present);
    for (let i = 0; i < gained.length; i++) row.values[i] = gained[i] * factors[i];
    this.#out.add(g, row);
  }

  #factors({ perSecond, factors }: Reaches): Float64Array {
    return this.#perSecond ? perSecond : factors;
  }
}

/** Whether what a counter gained is not extrapolated as far as its window reaches, since it would have been below 0. */
const isNearZero = (v: number, gained: number, zeroReach: number) => gained > 0 && v >= 0 && !(v > gained * zeroReach);

/** Memory that the sums over one place after the other use again. */
class SumMemory {
  readonly #steps: Int32Array[] = [];
  readonly #gains: Omit<Gains, 'reaches'>[] = [];
  #totals = new Float64Array(0);
  #cells = new Float64Array(0);

  steps(length: number): Int32Array {
    const free = this.#steps.pop();
    return free?.length === length ? free : new Int32Array(length);
  }

  takeBackSteps(steps: Int32Array): void {
    this.#steps.push(steps.fill(0));
  }

  gains(reaches: Reaches): Gains {
    const steps = reaches.ends.length;
    const free = this.#gains.pop() ?? { gained: new Float64Array(steps), present: new Uint8Array(steps) };
    return { reaches, ...free };
  }

  takeBack({ gained, present }: Gains): void {
    this.#gains.push({ gained: gained.fill(0), present: present.fill(0) });
  }

  /** Of what is in it, only the first number is 0. */
  totals(length: number): Float64Array {
    if (this.#totals.length !== length) this.#totals = new Float64Array(length);
    return this.#totals;
  }

  cells(length: number): Float64Array {
    if (this.#cells.length !== length) this.#cells = new Float64Array(length);
    return this.#cells;
  }
}

function areIntegers(values: Float64Array, from: number, to: number): boolean {
  for (let k = from; k < to; k++) if (!Number.isSafeInteger(values[k])) return false;
  return true;
}

export const INCREASES: Readonly<Record<string, SumKernel | undefined>> = {
  rate: summed(true),
  increase: summed(false),
};
