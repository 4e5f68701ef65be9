/** Series by `le` over time → the columns of a distribution. */
import { knownColumn, type GroupColumns } from '../../shared/api/distributionColumns.ts';
import { bucketFraction, quantileOfRepaired, repairCumulative } from '../../shared/histogram/classic.ts';
import type { BucketLayout } from '../../shared/histogram/layout.ts';
import type { BucketFrame, BucketFrames, BucketRow } from './bucketFrames.ts';
import type { Readings } from './readings.ts';

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
  frames: BucketFrames,
): GroupColumns {
  const frame = frames.of(rows);
  const values = frame.valuesOf(rows);
  const slices = rows[0].values.length;
  const column = () => new Float64Array(slices).fill(NaN);
  const own = new OwnLayouts(frame);
  const counts = new Float64Array(slices * values.length);
  const group = {
    layoutOf: column(),
    total: column(),
    mean: sums && column(),
    resets: resets && column(),
    quantiles: quantiles.map(column),
    shares: limits.map(column),
  };
  const cumulative = new Float64Array(values.length);
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

/** The layouts of one group: by which of its bounds are there. */
class OwnLayouts {
  readonly layouts: BucketLayout[] = [];
  /** Of the slice that was loaded last: upper bounds, and which of the layouts it is. */
  uppers: Float64Array;
  index = -1;
  readonly #frame: BucketFrame;
  /** Which bounds that slice has. */
  readonly #has: Uint8Array;

  constructor(frame: BucketFrame) {
    this.#frame = frame;
    this.#has = new Uint8Array(frame.uppers.length);
    this.uppers = frame.uppers;
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
    const { uppers, layout } = this.#frame.layoutOf(this.#has);
    this.uppers = uppers;
    const known = this.layouts.indexOf(layout);
    this.index = known < 0 ? this.layouts.push(layout) - 1 : known;
  }
}
