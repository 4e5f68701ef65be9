import type { Labels } from '../../../shared/model/labels.ts';

/** Whether two label sets differ in `le` alone, which both have. */
export function isNextBucket(below: Labels, labels: Labels): boolean {
  if (below.length !== labels.length) return false;
  let hasBound = false;
  for (let i = 0; i < labels.length; i++) {
    if (below[i][0] !== labels[i][0]) return false;
    if (labels[i][0] === 'le') hasBound = true;
    else if (below[i][1] !== labels[i][1]) return false;
  }
  return hasBound;
}
