/** by and without. */
import { labelsKey, METRIC_NAME, type Labels } from '../../shared/model/labels.ts';

/** Which group every row belongs to, and the groups' labels. */
export interface Grouping {
  readonly groupOf: Int32Array;
  readonly labels: readonly Labels[];
}

export function groupRows(rows: readonly Labels[], grouping: readonly string[], without: boolean): Grouping {
  const named = new Set(grouping);
  if (without) named.add(METRIC_NAME);
  const groupOf = new Int32Array(rows.length);
  const labels: Labels[] = [];
  const indexByKey = new Map<string, number>();
  for (let s = 0; s < rows.length; s++) {
    const kept = rows[s].filter(([name]) => named.has(name) !== without);
    const key = labelsKey(kept);
    let group = indexByKey.get(key);
    if (group === undefined) {
      group = labels.length;
      indexByKey.set(key, group);
      labels.push(kept);
    }
    groupOf[s] = group;
  }
  return { groupOf, labels };
}
