/**
 * Sums of rates and increases, as heatmaps and quantiles over many series ask for them. Counters that share their times share their windows and
 * their extrapolation: what they gained is added up first, in whole numbers, and extrapolated once. Those that never fall are not even looked at one by
 * one: they are added up row by row.
 *
 * The sum of a step does not depend on which way a series went, so that an answer is the same whatever is decoded already: what series of integers
 * gained under the same factor is added up exactly, then multiplied; everything else is a row of its own.
 */
import { SERIES_ADDED_MAX, type OpenGroup, type RisingBounds } from '../storage/queryable.ts';
import type { Budget } from './budget.ts';
import {
  extrapolate,
  extrapolationFactor,
  fallsIn,
  isNearZero,
  NO_FALLS,
  reachesOf,
  withLost,
  type Falls,
  type WindowedSeries,
  type WindowGrid,
} from './rangeKernels.ts';
import { newRow, type AddUp, type GroupSums, type Row, type VectorRows } from './rows.ts';
import type { Reaches, Windows } from './windows.ts';

/** What is looked at of a group of series that share their times; without its `addGains`, series are read one by one. */
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
type RowReader = Pick<VectorRows, 'read'>;

export type SumKernel = (vector: PlacedSeries, grid: WindowGrid, rows: RowReader, budget: Budget) => AddUp;

/** Fewer rows are not worth it. */
const ROWS_MIN = 64;
/** Sets of windows, over the series of one place and sum, whose gains are kept apart. */
const CLASSES_MAX = 8;

/** Of series that are added up before anybody else is looked after; a look costs as much as a few steps. */
const STEPS_AT_ONCE = 64;

/** What series gained, in windows under the same factors. */
interface Gains {
  reaches: Reaches;
  /** By step. */
  readonly gained: Float64Array;
  readonly present: Uint8Array;
}

/** Sums of series of one place, by what they gained; the first is that of the windows over all rows. */
type PlaceSum = Gains[];

function summed(perSecond: boolean): SumKernel {
  return (vector, grid, rows, budget) => (groupOf, sums) =>
    inTurns(summing(perSecond, vector, grid, rows, groupOf, sums), budget);
}

async function inTurns(steps: Iterable<undefined>, budget: Budget): Promise<void> {
  for (const _ of steps) if (budget.isDue()) await budget.pause();
}

/** Adds up all at once. As the kernel of `rate` or `increase` does. */
export function sumNow(
  perSecond: boolean,
  vector: PlacedSeries,
  grid: WindowGrid,
  rows: RowReader,
  groupOf: Int32Array,
  sums: GroupSums,
): void {
  const steps = summing(perSecond, vector, grid, rows, groupOf, sums);
  while (steps.next().done !== true);
}

/** Adds up, one series after the other. Between them others may have their turn: the fewer steps each has, the more of them at once. */
function* summing(
  perSecond: boolean,
  vector: PlacedSeries,
  grid: WindowGrid,
  rows: RowReader,
  groupOf: Int32Array,
  sums: GroupSums,
): Generator<undefined> {
  const atOnce = Math.max(1, Math.floor(STEPS_AT_ONCE / grid.ends.length));
  let done = 0;
  const memory = new SumMemory(grid.ends.length);
  const { places, others } = byPlace(vector);
  for (const [group, members] of places) {
    const ofPlace = new PlaceSums(vector, grid, group, perSecond, sums, memory);
    const rest = group.times.length < ROWS_MIN ? members : yield* ofPlace.addRising(members, groupOf);
    for (const s of rest) {
      ofPlace.addOne(s, groupOf[s]);
      if (++done % atOnce === 0) yield;
    }
    ofPlace.finish();
  }
  for (const s of others) {
    rows.read(s, memory.row);
    addRow(sums, groupOf[s], s, memory.row);
    if (++done % atOnce === 0) yield;
  }
}

/** Adds row `s`, which is computed by itself. */
export function addRow(sums: GroupSums, group: number, s: number, row: Row): void {
  if (row.present.includes(1)) sums.met(group, s);
  sums.add(group, row);
}

const ascending = (a: number, b: number) => a - b;
const isThere = (bounds: RisingBounds | undefined) => bounds !== undefined;

/** Series by the place where they lie; others come by several ways. */
export function byPlace(vector: PlacedSeries): { places: Map<Shared, number[]>; others: number[] } {
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
    const windows = vector.windowsOf(group);
    this.#reaches = reachesOf({ times: group.times, lo: windows.lo, hi: windows.hi, windows }, grid);
  }

  /** Adds up those that are known never to fall, sum by sum. @returns the others. */
  *addRising(members: readonly number[], groupOf: Int32Array): Generator<undefined, readonly number[]> {
    const group = this.#group;
    if (group.addGains === undefined) return members;
    const bySum = new Map<number, number[]>();
    for (const s of members) {
      const together = bySum.get(groupOf[s]);
      if (together === undefined) bySum.set(groupOf[s], [s]);
      else together.push(s);
    }
    const rest: number[] = [];
    const totals = this.#memory.totals(group.times.length);
    const hasAny = this.#reaches.present.includes(1);
    for (const [g, all] of bySum) {
      for (let from = 0; from < all.length; from += SERIES_ADDED_MAX) {
        const some = all.slice(from, from + SERIES_ADDED_MAX);
        const columns: number[] = [];
        for (const s of some) columns.push(this.#vector.origin(s)!.column);
        const bounds = group.addGains(columns, totals);
        for (let k = 0; k < some.length; k++) {
          if (bounds[k] === undefined) rest.push(some[k]);
          else if (hasAny) this.#out.met(g, some[k]);
        }
        if (bounds.some(isThere)) this.#gainTotals(g, totals, columns, bounds);
        yield;
      }
    }
    return rest.sort(ascending);
  }

  /** Adds what a series gained in each window. */
  addOne(s: number, g: number): void {
    const series = this.#vector.series(s);
    const { values, lo, hi, rises } = series;
    const steps = hi.length;
    if (steps === 0) return;
    const [from, to] = [lo[0], hi[steps - 1]];
    const falls = rises === true ? NO_FALLS : fallsIn(values, from, to);
    if (areIntegers(values, from, to)) return this.#addIntegers(s, series, falls, g);
    const { row } = this.#memory;
    extrapolate({ ...series, falls }, this.#perSecond, this.#grid, row);
    addRow(this.#out, g, s, row);
  }

  #addIntegers(s: number, series: WindowedSeries, falls: Falls, g: number): void {
    const { values } = series;
    const reaches = reachesOf(series, this.#grid);
    const { present, first, last } = reaches;
    if (present.includes(1)) this.#out.met(g, s);
    let fall = 0;
    for (let i = 0; i < present.length; i++) {
      if (present[i] === 0) continue;
      while (fall < falls.at.length && falls.at[fall] <= first[i]) fall++;
      const v = values[first[i]];
      this.#gain(g, reaches, i, v, withLost(values[last[i]] - v, falls, fall, last[i]));
    }
  }

  /** Hands over all sums. */
  finish(): void {
    for (const [g, sum] of this.#sums) {
      for (const gains of sum) {
        this.#hand(g, gains);
        this.#memory.takeBack(gains);
      }
    }
  }

  #sumOf(g: number): PlaceSum {
    let sum = this.#sums.get(g);
    if (sum === undefined) {
      sum = [this.#memory.gains(this.#reaches)];
      this.#sums.set(g, sum);
    }
    return sum;
  }

  /** From what several series gained since the first row, together, to what they gained in each window. */
  #gainTotals(
    g: number,
    totals: Float64Array,
    columns: readonly number[],
    bounds: readonly (RisingBounds | undefined)[],
  ): void {
    const { present, first, last, zeroReachMax } = this.#reaches;
    const gains = this.#sumOf(g)[0];
    let most = 0;
    for (let i = 0; i < present.length; i++) {
      const gained = totals[last[i]] - totals[first[i]];
      if (gained > most) most = gained;
      gains.gained[i] += gained;
    }
    for (let i = 0; i < present.length; i++) gains.present[i] |= present[i];
    for (let k = 0; k < bounds.length; k++) {
      const one = bounds[k];
      if (one === undefined) continue;
      const gained = one.last - one.first;
      // No window has more of it than of all.
      const until = Math.min(most, gained) * zeroReachMax;
      if (!(one.first > until) && gained > 0) this.#setApart(g, columns[k], until, gains.gained);
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
    const classes = this.#sumOf(g);
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
    const { row } = this.#memory;
    row.present.set(present);
    for (let i = 0; i < gained.length; i++) row.values[i] = gained[i] * factors[i];
    this.#out.add(g, row);
  }

  #factors({ perSecond, factors }: Reaches): Float64Array {
    return this.#perSecond ? perSecond : factors;
  }
}

/** Memory that the sums over one place after the other use again. */
class SumMemory {
  /** What is handed over, one after the other. */
  readonly row: Row;
  readonly #gains: Gains[] = [];
  #totals = new Float64Array(0);
  #cells = new Float64Array(0);

  constructor(steps: number) {
    this.row = newRow(steps);
  }

  gains(reaches: Reaches): Gains {
    const free = this.#gains.pop();
    if (free !== undefined) {
      free.reaches = reaches;
      return free;
    }
    const steps = reaches.ends.length;
    return { reaches, gained: new Float64Array(steps), present: new Uint8Array(steps) };
  }

  takeBack(gains: Gains): void {
    gains.gained.fill(0);
    gains.present.fill(0);
    this.#gains.push(gains);
  }

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
