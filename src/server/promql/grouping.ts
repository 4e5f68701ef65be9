/** by and without. */
import { labelsKey, METRIC_NAME, type Label, type Labels } from '../../shared/model/labels.ts';
import type { VectorRows } from './rows.ts';

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

const NEVER = 2 ** 31 - 1;

/** Which row with a sample comes first in each group. */
export class FirstRows {
  readonly #rows: Int32Array;

  constructor(groups: number) {
    this.#rows = new Int32Array(groups).fill(NEVER);
  }

  /** Row `s` of a group has a sample. */
  met(group: number, s: number): void {
    if (s < this.#rows[group]) this.#rows[group] = s;
  }

  /** The groups in the order in which upstream meets them, those without any last; undefined where that is the order they have. */
  order(): number[] | undefined {
    const rows = this.#rows;
    let isOrdered = true;
    for (let g = 1; g < rows.length; g++) isOrdered &&= rows[g - 1] <= rows[g];
    return isOrdered ? undefined : Array.from(rows.keys()).sort((a, b) => rows[a] - rows[b]);
  }
}

/** Those of `all` that stand at `places`. */
export function taken<T>(all: readonly T[], places: readonly number[]): T[] {
  const found = new Array<T>(places.length);
  for (let p = 0; p < places.length; p++) found[p] = all[places[p]];
  return found;
}

/** The vector's rows at `places`. */
export const rowsTaken = (rows: VectorRows, places: readonly number[]): VectorRows => ({
  labels: taken(rows.labels, places),
  drops: rows.drops && taken(rows.drops, places),
  hasHistograms: rows.hasHistograms,
  read: (p, into) => rows.read(places[p], into),
});
