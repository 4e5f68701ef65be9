/** Label sets of kept rows: where two of them are equal, the ordinary evaluation joins their rows or refuses them. */
import { labelsKey, type Labels } from '../../../shared/model/labels.ts';
import { withoutName } from '../rows.ts';
import { NotKept } from './nodes.ts';

/** @throws NotKept where two are equal. */
export function distinct(labels: readonly Labels[]): readonly Labels[] {
  if (labels.length > 1 && new Set(labels.map(labelsKey)).size < labels.length) throw new NotKept();
  return labels;
}

/** Without names. @throws NotKept where two are equal then. */
export const unnamedSets = (labels: readonly Labels[]) => distinct(labels.map(withoutName));
