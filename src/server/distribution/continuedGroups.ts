/** An answer that goes on where an earlier one ended: slices that stand are copied, not worked out again. */
import { knownColumn, type GroupColumns } from '../../shared/api/distributionColumns.ts';
import type { BucketLayout } from '../../shared/histogram/layout.ts';
import { compareLabels, labelsKey, type Labels } from '../../shared/model/labels.ts';

export interface DistributionGroup extends GroupColumns {
  readonly labels: Labels;
}

/** The groups of an earlier answer, whose slices [from, from + count) stand. */
export interface StandingGroups {
  readonly made: readonly DistributionGroup[];
  readonly from: number;
  readonly count: number;
}

/**
 * @param tail the slices behind those that stand. Equal layouts are the same objects in both.
 * @param rest how many those are.
 * @returns groups with something in any slice, in the order of their labels.
 */
export function continuedGroups(
  standing: StandingGroups,
  tail: readonly DistributionGroup[],
  rest: number,
): DistributionGroup[] {
  const before = new Map(standing.made.map((group) => [labelsKey(group.labels), group]));
  const after = new Map(tail.map((group) => [labelsKey(group.labels), group]));
  const all = [...new Set([...before.keys(), ...after.keys()])].map((key) =>
    joinedColumns(before.get(key), standing, after.get(key), rest),
  );
  return all.filter(({ layouts }) => layouts.length > 0).sort((a, b) => compareLabels(a.labels, b.labels));
}

/** One of both is there at least. */
function joinedColumns(
  before: DistributionGroup | undefined,
  { from, count }: StandingGroups,
  after: DistributionGroup | undefined,
  rest: number,
): DistributionGroup {
  const column = (standing: Float64Array | undefined, own: Float64Array | undefined): Float64Array => {
    const all = new Float64Array(count + rest);
    if (standing === undefined) all.fill(NaN, 0, count);
    else all.set(standing.subarray(from, from + count));
    if (own === undefined) all.fill(NaN, count);
    else all.set(own, count);
    return all;
  };
  const maybe = (standing: Float64Array | undefined, own: Float64Array | undefined) =>
    standing === undefined && own === undefined ? undefined : knownColumn(column(standing, own));
  const layoutOf = column(before?.layoutOf, after?.layoutOf);
  const layouts: BucketLayout[] = [];
  renumber(layoutOf.subarray(0, count), before?.layouts ?? [], layouts);
  renumber(layoutOf.subarray(count), after?.layouts ?? [], layouts);
  const like = (after ?? before)!;
  return {
    labels: like.labels,
    layouts,
    layoutOf,
    counts: joined(before === undefined ? NO_COUNTS : countsIn(before, from, from + count), after?.counts ?? NO_COUNTS),
    total: column(before?.total, after?.total),
    mean: maybe(before?.mean, after?.mean),
    resets: maybe(before?.resets, after?.resets),
    quantiles: like.quantiles.map((_, k) => column(before?.quantiles[k], after?.quantiles[k])),
    shares: like.shares.map((_, k) => column(before?.shares[k], after?.shares[k])),
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

const NO_COUNTS = new Float64Array(0);

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const all = new Float64Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** The counts of slices [from, to). */
function countsIn({ layouts, layoutOf, counts }: GroupColumns, from: number, to: number): Float64Array {
  const sizes = layouts.map(({ bounds }) => bounds.length - 1);
  let at = 0;
  let begin = 0;
  for (let x = 0; x < to; x++) {
    if (x === from) begin = at;
    if (!Number.isNaN(layoutOf[x])) at += sizes[layoutOf[x]];
  }
  return counts.subarray(begin, at);
}
