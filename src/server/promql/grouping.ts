/** by and without. */
import { labelsKey, METRIC_NAME, type Label, type Labels } from '../../shared/model/labels.ts';

/** Which group every row belongs to, and the groups' labels. */
export interface Grouping {
  readonly groupOf: Int32Array;
  readonly labels: readonly Labels[];
}

/** Groups by the labels that make them, one after the other. */
interface Node {
  group: number;
  /** The child that was gone to last, and by which label. */
  lastLabel: Label | undefined;
  last: Node | undefined;
  children: Map<Label, Node> | undefined;
}

const newNode = (): Node => ({ group: -1, lastLabel: undefined, last: undefined, children: undefined });

/** Most series of a store share their labels as they lie in memory, so that rows are told apart without looking at texts. */
export function groupRows(rows: readonly Labels[], grouping: readonly string[], without: boolean): Grouping {
  const named = new Set(grouping);
  if (without) named.add(METRIC_NAME);
  const groupOf = new Int32Array(rows.length);
  const labels: Labels[] = [];
  const indexByKey = new Map<string, number>();
  const root = newNode();
  for (let s = 0; s < rows.length; s++) {
    const row = rows[s];
    let node = root;
    for (let i = 0; i < row.length; i++) if (named.has(row[i][0]) !== without) node = childOf(node, row[i]);
    if (node.group < 0) {
      // Equal labels may lie in several places.
      const kept = row.filter(([name]) => named.has(name) !== without);
      const key = labelsKey(kept);
      node.group = indexByKey.get(key) ?? labels.length;
      if (node.group === labels.length) {
        indexByKey.set(key, node.group);
        labels.push(kept);
      }
    }
    groupOf[s] = node.group;
  }
  return { groupOf, labels };
}

function childOf(node: Node, label: Label): Node {
  if (node.lastLabel === label) return node.last!;
  const children = (node.children ??= new Map());
  let child = children.get(label);
  if (child === undefined) children.set(label, (child = newNode()));
  node.lastLabel = label;
  return (node.last = child);
}
