/** The first steps of an answer from an earlier one, the others from an evaluation of them alone. */
import { compareLabels, type Labels } from '../../shared/model/labels.ts';
import type { StepGrid, StepMatrix } from '../storage/engine.ts';

/** An answer that is kept: its rows are sorted by their labels. */
export interface KeptAnswer {
  readonly grid: StepGrid;
  readonly matrix: StepMatrix;
}

/** The part of a kept answer that stands for the first `count` steps of another one: its steps from `from` on. */
export interface KeptPart {
  readonly kept: KeptAnswer;
  readonly from: number;
  readonly count: number;
}

/** @param tail the steps after those that are kept; its rows are sorted by their labels. @param steps of the whole. */
export function joinSteps({ kept, from, count }: KeptPart, tail: StepMatrix | undefined, steps: number): StepMatrix {
  const rows = mergedRows(kept.matrix.labels, tail?.labels ?? []);
  const presentStride = (steps + 7) >> 3;
  const values = new Float64Array(rows.length * steps);
  const present = new Uint8Array(rows.length * presentStride);
  const labels: Labels[] = [];
  for (const row of rows) {
    const to = labels.length;
    let any = false;
    const copy = (matrix: StepMatrix, r: number, stride: number, first: number, at: number, length: number) => {
      values.set(matrix.values.subarray(r * stride + first, r * stride + first + length), to * steps + at);
      for (let i = 0; i < length; i++) {
        const bit = first + i;
        if ((matrix.present[r * matrix.presentStride + (bit >> 3)] & (1 << (bit & 7))) === 0) continue;
        present[to * presentStride + ((at + i) >> 3)] |= 1 << ((at + i) & 7);
        any = true;
      }
    };
    if (row.kept >= 0) copy(kept.matrix, row.kept, kept.grid.count, from, 0, count);
    if (row.tail >= 0) copy(tail!, row.tail, steps - count, 0, count, steps - count);
    // A row that was there before the first step only leaves no trace.
    if (any) labels.push(row.labels);
  }
  const isWhole = labels.length === rows.length;
  return {
    labels,
    values: isWhole ? values : values.slice(0, labels.length * steps),
    present: isWhole ? present : present.slice(0, labels.length * presentStride),
    presentStride,
  };
}

interface MergedRow {
  readonly labels: Labels;
  /** Where it is in either, -1 where it is not. */
  readonly kept: number;
  readonly tail: number;
}

function mergedRows(kept: readonly Labels[], tail: readonly Labels[]): MergedRow[] {
  const rows: MergedRow[] = [];
  let k = 0;
  let t = 0;
  while (k < kept.length || t < tail.length) {
    const order = k === kept.length ? 1 : t === tail.length ? -1 : compareLabels(kept[k], tail[t]);
    rows.push({ labels: order <= 0 ? kept[k] : tail[t], kept: order <= 0 ? k : -1, tail: order >= 0 ? t : -1 });
    if (order <= 0) k++;
    if (order >= 0) t++;
  }
  return rows;
}
