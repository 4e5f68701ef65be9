/** As continuedAnswer, of an answer that is not written: columns of steps in place of bytes. */
import type { StepGrid, StepMatrix } from '../../storage/engine.ts';
import { isThere } from './answerPieces.ts';
import { mergedRows } from './continuedAnswer.ts';

/** Numbers of a range query, with nothing to be told. Rows are sorted by their labels. */
export interface KeptMatrix {
  readonly grid: StepGrid;
  readonly matrix: StepMatrix;
}

/** The part of a kept answer that stands for the first `count` steps of another one: from its step `from` on. */
export interface KeptMatrixPart {
  readonly kept: KeptMatrix;
  readonly from: number;
  readonly count: number;
}

/** @param tail the steps of `grid` after those that are kept; its rows are sorted by their labels. */
export function continuedMatrix({ kept, from, count }: KeptMatrixPart, tail: StepMatrix, grid: StepGrid): StepMatrix {
  const rows = mergedRows(kept.matrix.labels, tail.labels);
  const stride = (grid.count + 7) >> 3;
  const values = new Float64Array(rows.length * grid.count);
  const present = new Uint8Array(rows.length * stride);
  const labels = [];
  for (const row of rows) {
    const into = { values, present, valuesAt: labels.length * grid.count, presentAt: labels.length * stride };
    if (row.kept >= 0) copySteps(kept.matrix, row.kept, kept.grid.count, from, count, into, 0);
    if (row.tail >= 0) copySteps(tail, row.tail, grid.count - count, 0, grid.count - count, into, count);
    // A row that was there before the first step only leaves no trace, and its place to the next one.
    if (isThere(present.subarray(into.presentAt, into.presentAt + stride))) labels.push(row.labels);
  }
  return {
    labels,
    values: values.subarray(0, labels.length * grid.count),
    present: present.subarray(0, labels.length * stride),
    presentStride: stride,
  };
}

interface Row {
  readonly values: Float64Array;
  readonly present: Uint8Array;
  readonly valuesAt: number;
  readonly presentAt: number;
}

/** Copies steps [from, from + count) of a row. @param width steps of a row. @param at step of the other row. */
function copySteps(
  matrix: StepMatrix,
  s: number,
  width: number,
  from: number,
  count: number,
  into: Row,
  at: number,
): void {
  const start = s * width + from;
  into.values.set(matrix.values.subarray(start, start + count), into.valuesAt + at);
  const bits = s * matrix.presentStride;
  for (let i = 0; i < count; i++) {
    if (((matrix.present[bits + ((from + i) >> 3)] >> ((from + i) & 7)) & 1) === 0) continue;
    into.present[into.presentAt + ((at + i) >> 3)] |= 1 << ((at + i) & 7);
  }
}
