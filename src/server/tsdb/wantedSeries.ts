/** Which series of a block's group a query asks for. */
import { firstNotBelow } from '../../shared/model/sortedNumbers.ts';
import type { GroupSeries } from './block/block.ts';

type Series = Pick<GroupSeries, 'refs' | 'columns'>;

/** Whether any of the refs, which ascend, is between those of a group. */
export function mayHave({ firstRef, lastRef }: GroupSeries, wanted: Uint32Array): boolean {
  return wanted[firstNotBelow(wanted, firstRef)] <= lastRef;
}

/** The series that are asked for: the same arrays where all are. @param wanted refs, ascending. */
export function wantedOf({ refs, columns }: Series, wanted: Uint32Array): Series {
  let count = 0;
  for (let i = 0, at = 0; i < refs.length; i++) {
    at = placeNear(wanted, refs[i], at);
    if (wanted[at] === refs[i]) count++;
  }
  if (count === refs.length) return { refs, columns };
  const kept = { refs: new Uint32Array(count), columns: new Int32Array(count) };
  for (let i = 0, at = 0, n = 0; n < count; i++) {
    at = placeNear(wanted, refs[i], at);
    if (wanted[at] !== refs[i]) continue;
    kept.refs[n] = refs[i];
    kept.columns[n++] = columns[i];
  }
  return kept;
}

/** As `firstNotBelow`, which is seldom needed: refs of a group ascend for the most part, so it is `at` or the place behind it. */
function placeNear(ascending: Uint32Array, ref: number, at: number): number {
  if (ascending[at] < ref) at++;
  const isHere = !(ascending[at] < ref) && !(ascending[at - 1] >= ref);
  return isHere ? at : firstNotBelow(ascending, ref);
}
