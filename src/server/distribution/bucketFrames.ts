/** Bounds of classic buckets, worked out once for all groups of an answer that have the same ones. */
import { parseBound } from '../../shared/heatmap/fromBuckets.ts';
import { boundIndex, distinctBounds } from '../../shared/heatmap/slices.ts';
import type { BucketLayout } from '../../shared/histogram/layout.ts';
import type { SharedLayouts } from './sharedLayouts.ts';

/** A bucket over time. */
export interface BucketRow {
  readonly le: string;
  /** Observations at or below the bound, by slice; NaN where there are none. */
  readonly values: Float64Array;
}

/** Some buckets of a frame: those that a slice has. */
export interface FramedLayout {
  readonly uppers: Float64Array;
  readonly layout: BucketLayout;
}

export class BucketFrames {
  readonly #layouts: SharedLayouts;
  #last: BucketFrame | undefined;

  constructor(layouts: SharedLayouts) {
    this.#layouts = layouts;
  }

  /** Groups come with their buckets in the same order, mostly. */
  of(rows: readonly BucketRow[]): BucketFrame {
    if (this.#last?.isOf(rows) !== true) this.#last = new BucketFrame(rows, this.#layouts);
    return this.#last;
  }
}

export class BucketFrame {
  /** Ascending. */
  readonly uppers: Float64Array;
  readonly #texts: readonly string[];
  /** By row: its bucket, -1 for what is no bound. */
  readonly #places: readonly number[];
  /** By bucket. */
  readonly #le: readonly string[];
  readonly #layouts: SharedLayouts;
  #whole: FramedLayout | undefined;

  constructor(rows: readonly BucketRow[], layouts: SharedLayouts) {
    const bounds = rows.map(({ le }) => parseBound(le));
    const isBound = (bound: number) => !Number.isNaN(bound) && bound !== -Infinity;
    const uppers = distinctBounds(bounds.filter(isBound));
    const le = new Array<string>(uppers.length);
    this.#places = bounds.map((bound, i) => {
      if (!isBound(bound)) return -1;
      const y = boundIndex(uppers, bound);
      le[y] ??= rows[i].le;
      return y;
    });
    this.uppers = uppers;
    this.#texts = rows.map((row) => row.le);
    this.#le = le;
    this.#layouts = layouts;
  }

  isOf(rows: readonly BucketRow[]): boolean {
    return rows.length === this.#texts.length && rows.every((row, i) => row.le === this.#texts[i]);
  }

  /** By bucket, ascending. Two spellings of one bound are one bucket; PromQL adds them up too. */
  valuesOf(rows: readonly BucketRow[]): Float64Array[] {
    const values = new Array<Float64Array | undefined>(this.uppers.length).fill(undefined);
    this.#places.forEach((y, i) => {
      if (y < 0) return;
      const same = values[y];
      const own = rows[i].values;
      values[y] = same === undefined ? own : same.map((value, x) => sumOfPresent(value, own[x]));
    });
    return values as Float64Array[];
  }

  /** @param has by bucket, 1 where it is there; one is at least. */
  layoutOf(has: Uint8Array): FramedLayout {
    if (has.includes(0)) return this.#someOf(has);
    return (this.#whole ??= this.#someOf(has));
  }

  #someOf(has: Uint8Array): FramedLayout {
    const uppers = this.uppers.filter((_, y) => has[y] === 1);
    const bounds = Float64Array.of(uppers[0] > 0 ? 0 : -Infinity, ...uppers);
    const le = this.#le.filter((_, y) => has[y] === 1);
    return { uppers, layout: this.#layouts.get({ kind: 'classic', le, bounds }) };
  }
}

const sumOfPresent = (a: number, b: number) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : a + b);
