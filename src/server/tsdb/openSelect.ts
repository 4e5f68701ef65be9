/** From where samples lie to groups whose columns are decoded as they are asked for: on any thread, over its own cache of chunks. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { Labels } from '../../shared/model/labels.ts';
import { bitsOf, CELL_GAP, cellKind, fillGaps } from '../../shared/model/sampleBits.ts';
import {
  SelectLimitError,
  type OpenGroup,
  type PackedGroup,
  type PackedPart,
  type PackedSelect,
  type RisingBounds,
  type SeriesOutline,
} from '../storage/queryable.ts';
import type { SeriesRef } from '../storage/appender.ts';
import { eraseCells, eraseHistograms } from './deletedCells.ts';
import { sourceOf, type PackedChunkCache, type PartSource, type PlacedSteps } from './partSource.ts';
import { SeriesOutlines } from './seriesOutlines.ts';
import { firstNotBelow } from '../../shared/model/sortedNumbers.ts';
import { timesInOrder } from './timesInOrder.ts';
import { boundsOf, countUpTo } from './steps.ts';
import { StepSums } from './stepSums.ts';

/** Counts cells, and lets others on the thread run between chunks. */
export interface OpenBudget {
  readonly maxSamples: number;
  isDue?(): boolean;
  pause?(): Promise<void>;
}

/**
 * @param labels by group, then by series of the group.
 * @throws SelectLimitError where the range has more cells than the budget allows, BlockDamage for chunks whose checksum does not hold.
 */
export async function openSelect(
  { minTime, maxTime, groups, stored }: PackedSelect,
  labels: readonly (readonly Labels[])[],
  chunks: PackedChunkCache,
  budget: OpenBudget,
): Promise<OpenGroup[]> {
  if (stored !== undefined) chunks.retain(stored);
  let cells = 0;
  const open: OpenGroup[] = [];
  for (const [g, group] of groups.entries()) {
    const slices: Slice[] = [];
    let rows = 0;
    for (const part of group.parts) {
      const source = sourceOf(part, chunks);
      const from = firstNotBelow(source.times, minTime);
      const to = firstNotBelow(source.times, maxTime + 1);
      if (from < to) slices.push({ part, source, from, to, offset: 0 });
      rows += to - from;
      if (budget.isDue?.() === true) await budget.pause?.();
    }
    cells += rows * group.refs.length;
    if (cells > budget.maxSamples) throw new SelectLimitError(cells, budget.maxSamples);
    if (slices.length > 0) open.push(new StoredGroup(group, labels[g], slices));
  }
  return open;
}

/** So few samples are read sooner than anything is known of them. */
const OUTLINED_ROWS_MIN = 32;

interface Slice {
  readonly part: PackedPart;
  readonly source: PartSource;
  readonly from: number;
  readonly to: number;
  /** Row in the result of each row of the slice, where slices overlap in time; else they follow each other from `offset` on. */
  rows?: Int32Array;
  offset: number;
}

/** Steps of a slice, and the one that leads to it. */
interface StepsPiece {
  readonly found: PlacedSteps;
  readonly step: number;
}

/** The largest step from one slice to the next that is added up. */
const STEP_MAX = 32_767;

const CELL = new Float64Array(1);

/** Of this thread, for one call at a time. */
let stepSums: StepSums | undefined;

const hasHistograms = ({ part, source }: Slice) =>
  source.hasHistograms && part.columns.some((column) => source.isOfHistograms(column));

/** Rows of a group from all its parts. Where two have a sample of a series at the same time, the earlier part stands. Deleted cells are gaps. */
class StoredGroup implements OpenGroup {
  readonly times: Float64Array;
  readonly refs: Uint32Array;
  readonly labels: readonly Labels[];
  readonly hasHistograms: boolean;
  readonly isReplica: boolean;
  readonly #slices: readonly Slice[];
  readonly #deleted: PackedGroup['deleted'];
  readonly #isMerged: boolean;
  #scratch: Float64Array | undefined;
  /** Whether the series read last is known to rise, as far as it is full. */
  #rises = false;
  #outlines: SeriesOutlines | undefined;
  /** Of the series whose steps are looked at. */
  readonly #pieces: StepsPiece[] = [];
  /** Native histograms of the series read last. */
  #found: Map<number, NativeHistogram> | undefined;

  constructor({ refs, deleted, isReplica }: PackedGroup, labels: readonly Labels[], slices: readonly Slice[]) {
    this.refs = refs;
    this.isReplica = isReplica === true;
    this.labels = labels;
    this.#slices = slices;
    this.#deleted = deleted;
    this.times = layOut(slices);
    this.#isMerged = slices[0].rows !== undefined;
    this.hasHistograms = slices.some(hasHistograms);
  }

  read(series: number, out: Float64Array, rows = this.times.length): 'none' | 'some' | 'full' {
    const found = (this.#found = this.hasHistograms ? new Map<number, NativeHistogram>() : undefined);
    let any = false;
    let isFull = !this.#isMerged;
    let rises = isFull;
    if (this.#isMerged) fillGaps(out, 0, this.times.length);
    for (const slice of this.#slices) {
      const { source, from, offset } = slice;
      if (offset >= rows && !this.#isMerged) break;
      const to = Math.min(slice.to, from + rows - offset);
      const column = slice.part.columns[series];
      if (this.#isMerged) {
        if (column >= 0 && this.#merge(slice, column, out)) any = true;
      } else if (column >= 0 && source.read(column, from, to, out, offset)) {
        any = true;
        isFull &&= source.isFull(column);
        rises &&= source.rises?.(column) === true && (offset === 0 || out[offset - 1] <= out[offset]);
        if (found === undefined) continue;
        for (const [row, h] of source.histograms(column, from, to) ?? [])
          if (row >= from && row < to) found.set(offset + row - from, h);
      } else {
        isFull = false;
        fillGaps(out, offset, offset + to - from);
      }
    }
    this.#rises = rises;
    const ranges = this.#deleted.get(this.refs[series] as SeriesRef);
    if (!any) return 'none';
    if (ranges === undefined) return isFull ? 'full' : 'some';
    if (found !== undefined) eraseHistograms(this.times, found, ranges);
    return eraseCells(this.times, out, ranges) ? 'some' : 'none';
  }

  rises(): boolean {
    return this.#rises;
  }

  neverFalls(series: number): boolean {
    const isOnePlace = this.#slices.length === 1;
    return (!isOnePlace && this.#findSteps(series) !== undefined) || this.#neverFallsIn(series);
  }

  /** By what the places know of the series, and its cells where one follows another. */
  #neverFallsIn(series: number): boolean {
    if (!this.#isOnlyNumbers(series)) return false;
    let before = -Infinity;
    for (const { part, source, from, to } of this.#slices) {
      const column = part.columns[series];
      if (column < 0 || !source.neverFalls(column, from, to)) return false;
      if (this.#slices.length === 1) return true;
      source.read(column, from, from + 1, CELL, 0);
      if (!(CELL[0] >= before)) return false;
      source.read(column, to - 1, to, CELL, 0);
      before = CELL[0];
    }
    return true;
  }

  /** Whether all its cells are numbers that were stored, one place after the other. */
  #isOnlyNumbers(series: number): boolean {
    return !this.#isMerged && !this.hasHistograms && !this.#deleted.has(this.refs[series] as SeriesRef);
  }

  addGains(series: readonly number[], totals: Float64Array): readonly (RisingBounds | undefined)[] {
    const slices = this.#slices;
    const pieces: PlacedSteps[][] = slices.map(() => []);
    const joins = new Float64Array(slices.length);
    const bounds: (RisingBounds | undefined)[] = [];
    for (const one of series) bounds.push(this.#findGains(one, pieces, joins));
    const sums = (stepSums ??= new StepSums());
    let total = 0;
    for (const [i, { from, to, offset }] of slices.entries()) {
      sums.begin(to - from);
      for (const found of pieces[i]) sums.add(found.steps, found.from);
      total = sums.totals(total + joins[i], totals, offset);
    }
    return bounds;
  }

  /** Puts the steps of a series to those of others, by slice, and adds those that lead from slice to slice. */
  #findGains(series: number, pieces: readonly PlacedSteps[][], joins: Float64Array): RisingBounds | undefined {
    const bounds = this.#findSteps(series);
    if (bounds === undefined) return undefined;
    for (let i = 0; i < this.#slices.length; i++) {
      pieces[i].push(this.#pieces[i].found);
      joins[i] += this.#pieces[i].step;
    }
    return bounds;
  }

  /** Leaves the steps of a series in the pieces, unless it may fall. */
  #findSteps(series: number): RisingBounds | undefined {
    if (!this.#isOnlyNumbers(series)) return undefined;
    const slices = this.#slices;
    const pieces = this.#pieces;
    let first = 0;
    let last = 0;
    for (let i = 0; i < slices.length; i++) {
      const { part, source, from, to } = slices[i];
      const column = part.columns[series];
      const found = column < 0 ? undefined : source.steps?.(column, from, to);
      if (found === undefined) return undefined;
      const bounds = boundsOf(found.steps, found.from, found.from + to - from);
      const step = i === 0 ? 0 : bounds.first - last;
      if (!(step >= 0 && step <= STEP_MAX)) return undefined;
      if (i === 0) first = bounds.first;
      last = bounds.last;
      pieces[i] = { found, step };
    }
    return { first, last };
  }

  rowsUpTo(series: number, limit: number): number {
    for (const { part, source, from, to, offset } of this.#slices) {
      const found = source.steps?.(part.columns[series], from, to);
      if (found === undefined) return this.times.length;
      const count = countUpTo(found.steps, found.from, found.from + to - from, limit);
      if (count < to - from) return offset + count;
    }
    return this.times.length;
  }

  histograms(): ReadonlyMap<number, NativeHistogram> | undefined {
    return this.#found === undefined || this.#found.size === 0 ? undefined : this.#found;
  }

  outline(series: number): SeriesOutline | undefined {
    if (this.times.length < OUTLINED_ROWS_MIN) return undefined;
    if (this.#isMerged || this.#deleted.has(this.refs[series] as SeriesRef)) return undefined;
    const columns: number[] = [];
    for (const { part, source } of this.#slices) {
      const column = part.columns[series];
      if (this.hasHistograms && source.isOfHistograms(column)) return undefined;
      columns.push(column);
    }
    return (this.#outlines ??= new SeriesOutlines(this.#slices, this.times)).of(columns);
  }

  /** Puts the cells of a slice where there is none yet. */
  #merge({ source, from, to, rows }: Slice, column: number, out: Float64Array): boolean {
    if (this.#scratch === undefined || this.#scratch.length < to - from) this.#scratch = new Float64Array(to - from);
    const scratch = this.#scratch;
    if (!source.read(column, from, to, scratch, 0)) return false;
    const histograms = this.#found === undefined ? undefined : source.histograms(column, from, to);
    const [bits, cellBits] = [bitsOf(out), bitsOf(scratch)];
    for (let i = 0; i < to - from; i++) {
      if (scratch[i] !== scratch[i] && cellKind(cellBits, i) === CELL_GAP) continue;
      const row = rows![i];
      if (out[row] === out[row] || cellKind(bits, row) !== CELL_GAP) continue;
      bits[2 * row] = cellBits[2 * i];
      bits[2 * row + 1] = cellBits[2 * i + 1];
      const h = histograms?.get(from + i);
      if (h !== undefined) this.#found!.set(row, h);
    }
    return true;
  }
}

/** The times of all slices; each slice learns where its rows go. */
function layOut(slices: readonly Slice[]): Float64Array {
  let total = 0;
  let newest = -Infinity;
  let inOrder = true;
  for (const slice of slices) {
    slice.offset = total;
    total += slice.to - slice.from;
    inOrder &&= slice.source.times[slice.from] > newest;
    newest = slice.source.times[slice.to - 1];
  }
  if (inOrder) return timesInOrder(slices, total);
  const all = new Float64Array(total);
  for (const { source, from, to, offset } of slices) all.set(source.times.subarray(from, to), offset);
  all.sort();
  let n = 0;
  for (let i = 0; i < total; i++) if (i === 0 || all[i] !== all[i - 1]) all[n++] = all[i];
  const times = all.slice(0, n);
  for (const slice of slices) {
    slice.rows = new Int32Array(slice.to - slice.from);
    let row = 0;
    for (let i = slice.from; i < slice.to; i++) {
      while (times[row] < slice.source.times[i]) row++;
      slice.rows[i - slice.from] = row;
    }
  }
  return times;
}
