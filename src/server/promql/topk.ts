/** topk, bottomk, limitk: for every step and group the k best rows, found in one pass with a small heap per step. */
import type { Budget } from './budget.ts';
import type { Grouping } from './grouping.ts';
import { bestFirst, WORSE, type IsWorse } from './ranking.ts';
import { clearRow, newRow, type Row, type VectorRows } from './rows.ts';

/** Heaps of all steps of one group: `size[i]` entries from i * capacity, the worst on top. */
interface Heaps {
  readonly capacity: number;
  readonly size: Int32Array;
  readonly values: Float64Array;
  readonly rows: Int32Array;
}

/** @param wanted k by step; below 1 selects nothing. @param onIgnored hears of histograms, which have no rank. */
export async function selectExtremes(
  op: 'topk' | 'bottomk' | 'limitk',
  source: VectorRows,
  grouping: Grouping,
  wanted: Float64Array,
  steps: number,
  budget: Budget,
  onIgnored: () => void,
): Promise<VectorRows> {
  const { groupOf, labels } = grouping;
  const sizes = new Int32Array(labels.length);
  for (const g of groupOf) sizes[g]++;
  const most = wanted.reduce((a, b) => Math.max(a, b), 0);
  const heaps = Array.from(sizes, (size) => newHeaps(Math.min(most, size), steps, budget));
  const row = newRow(steps);
  for (let s = 0; s < source.labels.length; s++) {
    source.read(s, row);
    const heap = heaps[groupOf[s]];
    for (let i = 0; i < steps; i++) {
      if (row.present[i] === 0) continue;
      const k = Math.min(wanted[i], heap.capacity);
      if (op !== 'limitk' && row.histograms.has(i)) {
        if (k > 0) onIgnored();
        continue;
      }
      if (heap.size[i] < k) push(heap, i, row.values[i], s, WORSE[op === 'limitk' ? 'topk' : op]);
      else if (k > 0 && op !== 'limitk') replaceWorst(heap, i, row.values[i], s, op);
    }
    if (budget.isDue()) await budget.pause();
  }
  return chosenRows(heaps, source, steps, op);
}

function newHeaps(capacity: number, steps: number, budget: Budget): Heaps {
  budget.hold(capacity * steps);
  return {
    capacity,
    size: new Int32Array(steps),
    values: new Float64Array(capacity * steps),
    rows: new Int32Array(capacity * steps),
  };
}

function set(heap: Heaps, at: number, value: number, row: number): void {
  heap.values[at] = value;
  heap.rows[at] = row;
}

function swap(heap: Heaps, a: number, b: number): void {
  const value = heap.values[a];
  const row = heap.rows[a];
  set(heap, a, heap.values[b], heap.rows[b]);
  set(heap, b, value, row);
}

function push(heap: Heaps, step: number, value: number, row: number, isWorse: IsWorse): void {
  const base = step * heap.capacity;
  let at = heap.size[step]++;
  set(heap, base + at, value, row);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isWorse(heap.values[base + at], heap.values[base + parent])) return;
    swap(heap, base + at, base + parent);
    at = parent;
  }
}

function replaceWorst(heap: Heaps, step: number, value: number, row: number, op: 'topk' | 'bottomk'): void {
  const base = step * heap.capacity;
  const worst = heap.values[base];
  const isBetter = op === 'topk' ? worst < value : worst > value;
  if (!isBetter && !(worst !== worst && value === value)) return;
  set(heap, base, value, row);
  const isWorse = WORSE[op];
  const size = heap.size[step];
  for (let at = 0; ;) {
    let child = 2 * at + 1;
    if (child >= size) return;
    if (child + 1 < size && isWorse(heap.values[base + child + 1], heap.values[base + child])) child++;
    if (!isWorse(heap.values[base + child], heap.values[base + at])) return;
    swap(heap, base + at, base + child);
    at = child;
  }
}

function histogramsOf(source: VectorRows, s: number, steps: number): Row['histograms'] {
  const row = newRow(steps);
  source.read(s, row);
  return row.histograms;
}

/** The rows that were chosen anywhere; at a single step best first, group by group. */
function chosenRows(
  heaps: readonly Heaps[],
  source: VectorRows,
  steps: number,
  op: 'topk' | 'bottomk' | 'limitk',
): VectorRows {
  const entriesOf = new Map<number, { step: number; value: number }[]>();
  for (const heap of heaps) {
    for (let i = 0; i < steps; i++) {
      const base = i * heap.capacity;
      const order = Array.from({ length: heap.size[i] }, (_, at) => base + at);
      if (steps === 1 && op !== 'limitk') bestFirst(order, heap.values, WORSE[op]);
      for (const at of order) {
        const entries = entriesOf.get(heap.rows[at]);
        const entry = { step: i, value: heap.values[at] };
        if (entries === undefined) entriesOf.set(heap.rows[at], [entry]);
        else entries.push(entry);
      }
    }
  }
  const chosen = [...entriesOf.keys()];
  return {
    labels: chosen.map((s) => source.labels[s]),
    hasHistograms: source.hasHistograms,
    drops: source.drops && chosen.map((s) => source.drops![s]),
    read(at, into) {
      clearRow(into);
      const histograms = source.hasHistograms ? histogramsOf(source, chosen[at], steps) : undefined;
      for (const { step, value } of entriesOf.get(chosen[at])!) {
        into.values[step] = value;
        into.present[step] = 1;
        const histogram = histograms?.get(step);
        if (histogram !== undefined) into.histograms.set(step, histogram);
      }
    },
  };
}
