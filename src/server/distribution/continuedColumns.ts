/** The columns of an answer that goes on where an earlier one ended: those of its slices that stand are copied, not worked out again. */
import type { GroupColumns } from '../../shared/api/distributionColumns.ts';
import type { BucketLayout } from '../../shared/histogram/layout.ts';

/** Slices [from, from + count) of an earlier answer, which stand. */
export interface StandingSlices {
  readonly from: number;
  readonly count: number;
}

/**
 * @param before of the same group; undefined where it had none.
 * @param tail the slices behind those that stand. Equal layouts are the same objects in both.
 */
export function continuedColumns(
  before: GroupColumns | undefined,
  { from, count }: StandingSlices,
  tail: GroupColumns,
): GroupColumns {
  const column = (standing: Float64Array | undefined, rest: Float64Array): Float64Array => {
    const all = new Float64Array(count + rest.length);
    if (standing === undefined) all.fill(NaN, 0, count);
    else all.set(standing.subarray(from, from + count));
    all.set(rest, count);
    return all;
  };
  const layoutOf = column(before?.layoutOf, tail.layoutOf);
  const layouts: BucketLayout[] = [];
  renumber(layoutOf.subarray(0, count), before?.layouts ?? [], layouts);
  renumber(layoutOf.subarray(count), tail.layouts, layouts);
  return {
    layouts,
    layoutOf,
    counts: before === undefined ? tail.counts : joinedCounts(before, { from, count }, tail.counts),
    total: column(before?.total, tail.total),
    mean: tail.mean && column(before?.mean, tail.mean),
    resets: tail.resets && column(before?.resets, tail.resets),
    quantiles: tail.quantiles.map((rest, k) => column(before?.quantiles[k], rest)),
    shares: tail.shares.map((rest, k) => column(before?.shares[k], rest)),
  };
}

/** From indexes in `own` to indexes in `all`, where those that are met are put in the order in which they come. */
function renumber(layoutOf: Float64Array, own: readonly BucketLayout[], all: BucketLayout[]): void {
  const places = own.map(() => -1);
  for (let x = 0; x < layoutOf.length; x++) {
    const index = layoutOf[x];
    if (Number.isNaN(index)) continue;
    if (places[index] < 0) {
      const known = all.indexOf(own[index]);
      places[index] = known < 0 ? all.push(own[index]) - 1 : known;
    }
    layoutOf[x] = places[index];
  }
}

function joinedCounts(before: GroupColumns, { from, count }: StandingSlices, rest: Float64Array): Float64Array {
  const begin = countsIn(before, 0, from);
  const standing = before.counts.subarray(begin, begin + countsIn(before, from, from + count));
  const all = new Float64Array(standing.length + rest.length);
  all.set(standing);
  all.set(rest, standing.length);
  return all;
}

/** How many counts slices [from, to) have. */
function countsIn({ layouts, layoutOf }: GroupColumns, from: number, to: number): number {
  const sizes = layouts.map(({ bounds }) => bounds.length - 1);
  let counts = 0;
  for (let x = from; x < to; x++) if (!Number.isNaN(layoutOf[x])) counts += sizes[layoutOf[x]];
  return counts;
}
