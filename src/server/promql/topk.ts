/** topk, bottomk, limitk: for every step and group the k best rows, found in one pass with a small heap per step. */
import type { Budget } from './budget.ts';
import { taken, type Grouping } from './grouping.ts';
import type { IsTaken } from './limitRatio.ts';
import { bestFirst, WORSE, type IsWorse } from './ranking.ts';
import { clearRow, newRow, type Row, type VectorRows } from './rows.ts';

/** Heaps of all steps of one group: `size[i]` entries from i * capacity, the worst on top. */
interface Heaps {
  readonly capacity: number;
  readonly size: Int32Array;
  readonly values: Float64Array;
  readonly rows: Int32Array;
  /** By step: a value that is not above it, with its sign turned for bottomk, is not taken. NaN lets all in. */
  readonly bar: Float64Array;
}

export type Extreme = 'topk' | 'bottomk' | 'limitk';

/**
 * @param wanted k by step; below 1 selects nothing.
 * @param onIgnored hears of histograms, which have no rank.
 * @param isTaken leaves some out, whose groups stand where they would with them.
 */
export async function selectExtremes(
  op: Extreme,
  source: VectorRows,
  grouping: Grouping,
  wanted: Float64Array,
  steps: number,
  budget: Budget,
  onIgnored: () => void,
  isTaken?: IsTaken,
): Promise<VectorRows> {
  const { groupOf, labels } = grouping;
  const sizes = new Int32Array(labels.length);
  for (const g of groupOf) sizes[g]++;
  let most = 0;
  for (const k of wanted) most = Math.max(most, k);
  const heaps = new Array<Heaps>(sizes.length);
  for (let g = 0; g < sizes.length; g++) heaps[g] = newHeaps(Math.min(most, sizes[g]), steps, budget);
  const row = newRow(steps);
  /** In the order in which a row with a sample was met. */
  const met = new Set<Heaps>();
  for (let s = 0; s < source.labels.length; s++) {
    source.read(s, row);
    const heap = heaps[groupOf[s]];
    if (steps === 1 && row.present[0] === 1) met.add(heap);
    if (isTaken?.(s, 0) === false) row.present.fill(0);
    if (op === 'limitk') rankAsZero(row);
    else leaveOutHistograms(row, wanted, onIgnored);
    offer(heap, row, s, wanted, op);
    if (budget.isDue()) await budget.pause();
  }
  return chosenRows(steps === 1 ? [...met] : heaps, source, steps, op);
}

/** Histograms stand among numbers as upstream's do: the order tells later operators which one they meet first. */
function rankAsZero({ histograms, values }: Row): void {
  for (const i of histograms.keys()) values[i] = 0;
}

function leaveOutHistograms(row: Row, wanted: Float64Array, onIgnored: () => void): void {
  for (const i of row.histograms.keys()) {
    row.present[i] = 0;
    if (wanted[i] >= 1) onIgnored();
  }
}

/** A row's samples to the heaps of all steps. Most are no better than the worst that is kept. */
function offer(heap: Heaps, row: Row, s: number, wanted: Float64Array, op: Extreme): void {
  const { bar } = heap;
  const { values, present } = row;
  const sign = SIGN[op];
  for (let i = 0; i < bar.length; i++) {
    if (present[i] === 0 || sign * values[i] <= bar[i]) continue;
    take(heap, i, values[i], s, Math.min(wanted[i], heap.capacity), op);
  }
}

const SIGN: Readonly<Record<Extreme, number>> = { topk: 1, bottomk: -1, limitk: 1 };

/** @param k how many are kept. */
function take(heap: Heaps, step: number, v: number, row: number, k: number, op: Extreme): void {
  if (heap.size[step] < k) push(heap, step, v, row, WORSE[op === 'limitk' ? 'topk' : op]);
  else if (k > 0 && op !== 'limitk') replaceWorst(heap, step, v, row, op);
  if (heap.size[step] < k) return;
  heap.bar[step] = k > 0 && op !== 'limitk' ? SIGN[op] * heap.values[step * heap.capacity] : Infinity;
}

function newHeaps(capacity: number, steps: number, budget: Budget): Heaps {
  budget.hold(capacity * steps);
  return {
    capacity,
    size: new Int32Array(steps),
    values: new Float64Array(capacity * steps),
    rows: new Int32Array(capacity * steps),
    bar: new Float64Array(steps).fill(NaN),
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

/** Puts the entries of a single step in order, best first. */
function rank({ size, values, rows }: Heaps, isWorse: IsWorse): void {
  const order = Array.from({ length: size[0] }, (_, at) => at);
  bestFirst(order, values, isWorse);
  const sorted = order.map((at) => ({ value: values[at], row: rows[at] }));
  sorted.forEach(({ value, row }, at) => {
    values[at] = value;
    rows[at] = row;
  });
}

/** What was chosen, by row: steps and values of the row at place `p` stand in [from[p], from[p + 1]). */
interface Chosen {
  /** In the order in which they were met. */
  readonly rows: readonly number[];
  readonly from: Int32Array;
  readonly steps: Int32Array;
  readonly values: Float64Array;
}

function chosenOf(heaps: readonly Heaps[], rowCount: number, steps: number): Chosen {
  const placeOf = new Int32Array(rowCount).fill(-1);
  const rows: number[] = [];
  const next = new Int32Array(rowCount + 1);
  let total = 0;
  for (const { capacity, size, rows: chosen } of heaps) {
    for (let i = 0; i < steps; i++) {
      for (let at = i * capacity; at < i * capacity + size[i]; at++) {
        if (placeOf[chosen[at]] < 0) placeOf[chosen[at]] = rows.push(chosen[at]) - 1;
        next[placeOf[chosen[at]] + 1]++;
        total++;
      }
    }
  }
  for (let p = 0; p < rows.length; p++) next[p + 1] += next[p];
  const from = next.slice(0, rows.length + 1);
  const [stepsOf, values] = [new Int32Array(total), new Float64Array(total)];
  for (const heap of heaps) {
    for (let i = 0; i < steps; i++) {
      for (let at = i * heap.capacity; at < i * heap.capacity + heap.size[i]; at++) {
        const to = next[placeOf[heap.rows[at]]]++;
        stepsOf[to] = i;
        values[to] = heap.values[at];
      }
    }
  }
  return { rows, from, steps: stepsOf, values };
}

/** The rows that were chosen anywhere; at a single step best first, group by group. */
function chosenRows(heaps: readonly Heaps[], source: VectorRows, steps: number, op: Extreme): VectorRows {
  if (steps === 1 && op !== 'limitk') for (const heap of heaps) rank(heap, WORSE[op]);
  const chosen = chosenOf(heaps, source.labels.length, steps);
  return {
    labels: taken(source.labels, chosen.rows),
    hasHistograms: source.hasHistograms,
    drops: source.drops && taken(source.drops, chosen.rows),
    read(place, into) {
      clearRow(into);
      const histograms = source.hasHistograms ? histogramsOf(source, chosen.rows[place], steps) : undefined;
      for (let at = chosen.from[place]; at < chosen.from[place + 1]; at++) {
        const step = chosen.steps[at];
        into.values[step] = chosen.values[at];
        into.present[step] = 1;
        const histogram = histograms?.get(step);
        if (histogram !== undefined) into.histograms.set(step, histogram);
      }
    },
  };
}
