/** Series by `le` over time → the columns of a distribution. */
import { knownColumn, type GroupColumns } from '../../shared/api/distributionColumns.ts';
import { parseBound } from '../../shared/heatmap/fromBuckets.ts';
import { boundIndex, distinctBounds } from '../../shared/heatmap/slices.ts';
import { bucketFraction, quantileOfRepaired, repairCumulative } from '../../shared/histogram/classic.ts';
import type { BucketLayout } from '../../shared/histogram/layout.ts';
import type { Readings } from './readings.ts';
import type { SharedLayouts } from './sharedLayouts.ts';

/** A bucket over time. */
export interface BucketRow {
  readonly le: string;
  /** Observations at or below the bound, by slice; NaN where there are none. */
  readonly values: Float64Array;
}

/** What there is of a group beside its buckets, by slice. */
export interface BesideBuckets {
  readonly sums: Float64Array | undefined;
  readonly resets: Float64Array | undefined;
}

/**
 * A bucket that a slice lacks is none of its layout: what it would have held is in the next one up.
 *
 * @param rows with values for as many slices each.
 * @returns columns without layouts where nothing is there.
 */
export function classicColumns(
  rows: readonly BucketRow[],
  { sums, resets }: BesideBuckets,
  { quantiles, limits }: Readings,
  layouts: SharedLayouts,
): GroupColumns {
  const { uppers, le, values } = byBound(rows);
  const slices = rows[0].values.length;
  const column = () => new Float64Array(slices).fill(NaN);
  const own = new OwnLayouts(uppers, le, layouts);
  const counts = new Float64Array(slices * uppers.length);
  const group = {
    layoutOf: column(),
    total: column(),
    mean: sums && column(),
    resets: resets && column(),
    quantiles: quantiles.map(column),
    shares: limits.map(column),
  };
  const cumulative = new Float64Array(uppers.length);
  let at = 0;
  for (let x = 0; x < slices; x++) {
    const length = own.load(values, x, cumulative);
    if (length === 0) continue;
    group.layoutOf[x] = own.index;
    // Shares are of what was counted, quantiles of what rounding is levelled in.
    for (let k = 0; k < limits.length; k++) {
      group.shares[k][x] = bucketFraction(-Infinity, limits[k], own.uppers, cumulative, length);
    }
    repairCumulative(cumulative, length);
    for (let k = 0; k < quantiles.length; k++) {
      group.quantiles[k][x] = quantileOfRepaired(quantiles[k], own.uppers, cumulative, length);
    }
    const total = cumulative[length - 1];
    group.total[x] = total;
    if (sums !== undefined && total > 0) group.mean![x] = sums[x] / total;
    if (resets !== undefined) group.resets![x] = resets[x];
    counts[at++] = cumulative[0];
    for (let y = 1; y < length; y++) counts[at++] = cumulative[y] - cumulative[y - 1];
  }
  const { mean, resets: began, ...always } = group;
  return {
    ...always,
    layouts: own.layouts,
    counts: counts.subarray(0, at),
    mean: knownColumn(mean),
    resets: knownColumn(began),
  };
}

/** Ascending by bound. Two spellings of one bound are one bucket; PromQL adds them up too. */
function byBound(rows: readonly BucketRow[]) {
  const bounds = rows.map(({ le }) => parseBound(le));
  const isBound = (bound: number) => !Number.isNaN(bound) && bound !== -Infinity;
  const uppers = distinctBounds(bounds.filter(isBound));
  const values = new Array<Float64Array | undefined>(uppers.length).fill(undefined);
  const le = new Array<string>(uppers.length);
  rows.forEach((row, i) => {
    if (!isBound(bounds[i])) return;
    const y = boundIndex(uppers, bounds[i]);
    const same = values[y];
    le[y] ??= row.le;
    values[y] = same === undefined ? row.values : same.map((value, x) => sumOfPresent(value, row.values[x]));
  });
  return { uppers, le, values: values as Float64Array[] };
}

const sumOfPresent = (a: number, b: number) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : a + b);

/** The layouts of one group: by which of its bounds are there. */
class OwnLayouts {
  readonly layouts: BucketLayout[] = [];
  /** Of the slice that was loaded last: upper bounds, and which of the layouts it is. */
  uppers: Float64Array;
  index = -1;
  readonly #all: Float64Array;
  readonly #le: readonly string[];
  readonly #shared: SharedLayouts;
  /** Which bounds that slice has. */
  readonly #has: Uint8Array;

  constructor(all: Float64Array, le: readonly string[], shared: SharedLayouts) {
    this.#all = all;
    this.#le = le;
    this.#shared = shared;
    this.#has = new Uint8Array(all.length);
    this.uppers = all;
  }

  /** The cumulative counts of a slice, by its own bounds. @returns how many those are. */
  load(values: readonly Float64Array[], slice: number, cumulative: Float64Array): number {
    const has = this.#has;
    let length = 0;
    let isSame = this.index >= 0;
    for (let y = 0; y < values.length; y++) {
      const value = values[y][slice];
      const isThere = Number.isNaN(value) ? 0 : 1;
      if (isThere === 1) cumulative[length++] = value;
      if (has[y] !== isThere) {
        has[y] = isThere;
        isSame = false;
      }
    }
    if (length === 0) this.index = -1;
    else if (!isSame) this.#find();
    return length;
  }

  #find(): void {
    this.uppers = this.#all.filter((_, y) => this.#has[y] === 1);
    const bounds = Float64Array.of(this.uppers[0] > 0 ? 0 : -Infinity, ...this.uppers);
    const le = this.#le.filter((_, y) => this.#has[y] === 1);
    const layout = this.#shared.get({ kind: 'classic', le, bounds });
    const known = this.layouts.indexOf(layout);
    this.index = known < 0 ? this.layouts.push(layout) - 1 : known;
  }
}
