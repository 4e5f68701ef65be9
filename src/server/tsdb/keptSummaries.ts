/** Summaries of many columns of a chunk side by side in few arrays: an array for each would take more than it holds, and cost more to copy from. */
import type { Summaries } from './chunkenc/summary.ts';

/** Of a column: stride s is at `at + s` of each. A column that never falls has neither sum nor resets; its min and max are its first and last. */
export interface KeptSummaries extends Pick<Summaries, 'first' | 'last' | 'min' | 'max'> {
  readonly at: number;
  readonly sum?: Float64Array;
  readonly resets?: Float64Array;
}

type Field = 'first' | 'last' | 'min' | 'max' | 'sum' | 'resets';
const OF_RISING: readonly Field[] = ['first', 'last'];
const OF_OTHERS: readonly Field[] = ['first', 'last', 'min', 'max', 'sum', 'resets'];
/** Columns that share arrays. */
const PAGE_COLUMNS = 32;
/** What a column takes besides its numbers: an object and its place in a map. */
const COLUMN_OVERHEAD = 120;

interface Page {
  readonly fields: readonly Field[];
  arrays: Readonly<Partial<Record<Field, Float64Array>>>;
  columns: number;
}

export class SummaryPages {
  readonly #strides: number;
  readonly #byColumn = new Map<number, KeptSummaries>();
  #rising: Page = { fields: OF_RISING, arrays: {}, columns: PAGE_COLUMNS };
  #others: Page = { fields: OF_OTHERS, arrays: {}, columns: PAGE_COLUMNS };
  bytes = 0;

  constructor(strides: number) {
    this.#strides = strides;
  }

  of(column: number): KeptSummaries | undefined {
    return this.#byColumn.get(column);
  }

  /** Copies what is known of a column. */
  keep(column: number, found: Summaries, neverFalls: boolean): KeptSummaries {
    const page = neverFalls ? this.#rising : this.#others;
    if (page.columns === PAGE_COLUMNS) this.#turn(page);
    const at = page.columns++ * this.#strides;
    for (const field of page.fields) page.arrays[field]!.set(found[field], at);
    const { first, last, min = first, max = last, sum, resets } = page.arrays;
    const kept = { at, first: first!, last: last!, min: min!, max: max!, sum, resets };
    this.#byColumn.set(column, kept);
    this.bytes += COLUMN_OVERHEAD;
    return kept;
  }

  #turn(page: Page): void {
    const numbers = () => new Float64Array(PAGE_COLUMNS * this.#strides);
    page.arrays = Object.fromEntries(page.fields.map((field) => [field, numbers()]));
    page.columns = 0;
    this.bytes += page.fields.length * PAGE_COLUMNS * this.#strides * 8;
  }
}
