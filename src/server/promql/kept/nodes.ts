/**
 * The parts of a kept query. Which rows there are is found out once, as long as the same series are selected; then only numbers are computed, at one
 * time, without waiting and in the same memory. What cannot be done so is left to the evaluator of everything, whose answers these are.
 */
import type { Labels } from '../../../shared/model/labels.ts';
import type { Accumulator } from '../accumulators.ts';
import type { Row } from '../rows.ts';

/** An expression, or what it selects, is evaluated the ordinary way. */
export class NotKept extends Error {}

export interface KeptScalar {
  readonly kind: 'scalar';
  /** Looks at the series anew. @throws NotKept */
  shape(): void;
  /** Computes `value` at a time in milliseconds. False where that is to be done the ordinary way. */
  evaluate(t: number): boolean;
  readonly value: number;
}

export interface KeptRows {
  readonly kind: 'vector';
  /** Looks at the series anew, and gives the label set of each row. @throws NotKept, where the ordinary way might refuse or join rows. */
  shape(): readonly Labels[];
  /** Computes `row` at a time in milliseconds. False where that is to be done the ordinary way. */
  evaluate(t: number): boolean;
  /**
   * Adds up by group what was evaluated last, at time `t`, where the ordinary evaluation would not do it row by row. False where it would.
   *
   * @param groupOf by row; there are `groups`. @param sums a step for each group.
   */
  addUp?(t: number, groupOf: Int32Array, groups: number, sums: Accumulator): boolean;
  /** A step for each row of the vector: `present` where it has a sample. Others may change it once it was evaluated. */
  readonly row: Row;
}

export type KeptNode = KeptScalar | KeptRows;
