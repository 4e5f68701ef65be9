/** Rows of one group that are stored together (unpacked, in a chunk), as select reads them; and their combination. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { bitsOf, CELL_GAP, cellKind, GAP_HIGH, GAP_LOW } from '../../shared/model/sampleBits.ts';
import type { SeriesRef } from '../storage/appender.ts';
import { SelectLimitError, type GroupColumns, type SeriesColumn } from '../storage/queryable.ts';
import { eraseCells, eraseHistograms } from './deletedCells.ts';
import type { SeriesTable } from './index/seriesTable.ts';
import { firstNotBelow } from './sortedTimes.ts';
import type { DeletedRanges } from './tombstones.ts';

const GAP = (BigInt(GAP_HIGH) << 32n) | BigInt(GAP_LOW);

export interface RowSource {
  /** Strictly ascending. */
  readonly times: Float64Array;
  /** The cells of a series, one for each time; undefined where the source has none of it. Valid until the next call. */
  read(ref: SeriesRef): Float64Array | undefined;
  /** Native histogram samples by row. */
  histograms(ref: SeriesRef): ReadonlyMap<number, NativeHistogram> | undefined;
}

/** How many cells a select may still touch. */
export class CellBudget {
  #seen = 0;
  readonly #limit: number;

  constructor(limit: number | undefined) {
    this.#limit = limit ?? Infinity;
  }

  spend(cells: number): void {
    this.#seen += cells;
    if (this.#seen > this.#limit) throw new SelectLimitError(this.#seen, this.#limit);
  }
}

interface Slice {
  readonly source: RowSource;
  readonly from: number;
  readonly to: number;
  /** Row in the result of each row of the slice, where slices overlap in time; else they follow each other from `offset` on. */
  rows?: Int32Array;
  offset: number;
}

/**
 * The rows of a group in [minTime, maxTime], from all its sources. Where two have a sample of a series at the same time, the earlier
 * source stands. Deleted cells are gaps. Series without any cell are left out; undefined if nothing is left.
 */
export function combine(
  sources: readonly RowSource[],
  refs: readonly SeriesRef[],
  series: SeriesTable,
  minTime: number,
  maxTime: number,
  budget: CellBudget,
  deletedOf: (ref: SeriesRef) => DeletedRanges | undefined,
): GroupColumns | undefined {
  const slices = sources
    .map((source) => ({
      source,
      from: firstNotBelow(source.times, minTime),
      to: firstNotBelow(source.times, maxTime + 1),
      offset: 0,
    }))
    .filter(({ from, to }) => from < to);
  if (slices.length === 0) return undefined;
  budget.spend(slices.reduce((sum, { from, to }) => sum + to - from, 0) * refs.length);
  const times = layOut(slices);
  const columns: SeriesColumn[] = [];
  const memory = new ArrayBuffer(times.byteLength * refs.length);
  for (const ref of refs) {
    const values = new Float64Array(memory, times.byteLength * columns.length, times.length);
    const histograms = fillColumn(slices, ref, values);
    if (histograms === undefined) continue;
    const deleted = deletedOf(ref);
    if (deleted !== undefined) {
      if (!eraseCells(times, values, deleted)) continue;
      eraseHistograms(times, histograms, deleted);
    }
    const labels = series.labels(ref);
    columns.push(histograms.size > 0 ? { ref, labels, values, histograms } : { ref, labels, values });
  }
  return columns.length > 0 ? { times, columns } : undefined;
}

/** The times of all slices; each slice learns where its rows go. */
function layOut(slices: Slice[]): Float64Array {
  let total = 0;
  let newest = -Infinity;
  let inOrder = true;
  for (const slice of slices) {
    slice.offset = total;
    total += slice.to - slice.from;
    inOrder &&= slice.source.times[slice.from] > newest;
    newest = slice.source.times[slice.to - 1];
  }
  const all = new Float64Array(total);
  for (const { source, from, to, offset } of slices) all.set(source.times.subarray(from, to), offset);
  if (inOrder) return all;
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

/** Fills the column of a series; undefined where no slice has a cell of it. */
function fillColumn(
  slices: readonly Slice[],
  ref: SeriesRef,
  values: Float64Array,
): Map<number, NativeHistogram> | undefined {
  const histograms = new Map<number, NativeHistogram>();
  const bits = bitsOf(values);
  new BigUint64Array(values.buffer, values.byteOffset, values.length).fill(GAP);
  let any = false;
  for (const slice of slices) {
    const cells = slice.source.read(ref);
    if (cells === undefined) continue;
    const cellBits = bitsOf(cells);
    const samples = slice.source.histograms(ref);
    if (slice.rows === undefined) values.set(cells.subarray(slice.from, slice.to), slice.offset);
    for (let i = slice.from; i < slice.to; i++) {
      const isGap = cells[i] !== cells[i] && cellKind(cellBits, i) === CELL_GAP;
      if (isGap) continue;
      any = true;
      // Without overlap the cells are there already; only histograms need the walk.
      if (slice.rows === undefined && samples === undefined) break;
      const row = slice.rows === undefined ? slice.offset + i - slice.from : slice.rows[i - slice.from];
      if (slice.rows !== undefined) {
        if (cellKind(bits, row) !== CELL_GAP) continue;
        bits[2 * row] = cellBits[2 * i];
        bits[2 * row + 1] = cellBits[2 * i + 1];
      }
      const h = samples?.get(i);
      if (h !== undefined) histograms.set(row, h);
    }
  }
  return any ? histograms : undefined;
}
