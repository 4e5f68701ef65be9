/** and, or, unless. */
import type { Binary } from '../../shared/promql/ast.ts';
import type { Budget } from './budget.ts';
import { matchingOf, signatureBy } from './matching.ts';
import { heldRows, joined, materialize, newRow, type VectorRows } from './rows.ts';

export async function setOperation(
  node: Binary,
  lhs: VectorRows,
  rhs: VectorRows,
  steps: number,
  budget: Budget,
): Promise<VectorRows> {
  const signature = signatureBy(matchingOf(node.matching));
  if (node.op === 'or') return union(lhs, rhs, signature, steps, budget);
  const taken = await presenceBySignature(rhs, signature, steps, budget);
  const nowhere = new Uint8Array(steps);
  const wanted = node.op === 'and' ? 1 : 0;
  return {
    labels: lhs.labels,
    hasHistograms: lhs.hasHistograms,
    drops: lhs.drops,
    read(s, into) {
      lhs.read(s, into);
      mask(into, taken.get(signature(lhs.labels[s])) ?? nowhere, wanted);
    },
  };
}

/** Keeps the steps at which `other` is `wanted`. */
function mask(row: { present: Uint8Array; histograms: Map<number, unknown> }, other: Uint8Array, wanted: number): void {
  for (let i = 0; i < row.present.length; i++) {
    if (other[i] === wanted) continue;
    row.present[i] = 0;
    row.histograms.delete(i);
  }
}

/** For each signature, the steps at which any of its rows has a sample. */
async function presenceBySignature(
  rows: VectorRows,
  signature: (labels: VectorRows['labels'][number]) => string,
  steps: number,
  budget: Budget,
): Promise<Map<string, Uint8Array>> {
  const presence = new Map<string, Uint8Array>();
  const row = newRow(steps);
  for (let s = 0; s < rows.labels.length; s++) {
    rows.read(s, row);
    const key = signature(rows.labels[s]);
    const known = presence.get(key);
    if (known === undefined) presence.set(key, row.present.slice());
    else for (let i = 0; i < steps; i++) known[i] |= row.present[i];
    if (budget.isDue()) await budget.pause();
  }
  return presence;
}

async function union(
  lhs: VectorRows,
  rhs: VectorRows,
  signature: (labels: VectorRows['labels'][number]) => string,
  steps: number,
  budget: Budget,
): Promise<VectorRows> {
  const known = new Set(lhs.labels.map(signature));
  if (!rhs.labels.some((labels) => known.has(signature(labels)))) return oneAfterOther(lhs, rhs);
  const left = await materialize(lhs, steps, budget);
  const taken = await presenceBySignature(heldRows(lhs.labels, left), signature, steps, budget);
  const right = await materialize(rhs, steps, budget);
  rhs.labels.forEach((labels, s) => {
    const other = taken.get(signature(labels));
    if (other !== undefined) mask(right[s], other, 0);
  });
  return joined([...lhs.labels, ...rhs.labels], [...left, ...right], bothDrops(lhs, rhs));
}

/** Of rows that never meet none is looked at before it is asked for. */
function oneAfterOther(lhs: VectorRows, rhs: VectorRows): VectorRows {
  const count = lhs.labels.length;
  return {
    labels: [...lhs.labels, ...rhs.labels],
    hasHistograms: lhs.hasHistograms || rhs.hasHistograms,
    drops: bothDrops(lhs, rhs),
    read: (s, into) => (s < count ? lhs.read(s, into) : rhs.read(s - count, into)),
  };
}

function bothDrops(lhs: VectorRows, rhs: VectorRows): VectorRows['drops'] {
  const dropsOf = ({ labels, drops }: VectorRows) => drops ?? labels.map(() => false);
  return lhs.drops === undefined && rhs.drops === undefined ? undefined : [...dropsOf(lhs), ...dropsOf(rhs)];
}
