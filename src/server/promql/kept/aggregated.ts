/** Aggregations and histogram_quantile over kept rows. */
import { quantileOfRepaired, repairCumulative } from '../../../shared/histogram/classic.ts';
import type { Aggregation } from '../../../shared/promql/ast.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import { ACCUMULATORS, type Accumulator } from '../accumulators.ts';
import { groupRows } from '../grouping.ts';
import { classicHistograms, type ClassicHistogram } from '../histogramCalls.ts';
import { newRow, withoutName, type Row } from '../rows.ts';
import { distinct } from './labelSets.ts';
import type { KeptRows, KeptScalar } from './nodes.ts';

export type KeptAggregationOp = keyof typeof ACCUMULATORS;

export class KeptAggregation implements KeptRows {
  readonly kind = 'vector';
  readonly #node: Aggregation;
  readonly #op: KeptAggregationOp;
  readonly #child: KeptRows;
  #groupOf: Int32Array = new Int32Array(0);
  #groups = 0;
  #sums: Accumulator = ACCUMULATORS.sum(0);
  row: Row = newRow(0);

  constructor(node: Aggregation, op: KeptAggregationOp, child: KeptRows) {
    this.#node = node;
    this.#op = op;
    this.#child = child;
  }

  shape(): readonly Labels[] {
    const { grouping, without } = this.#node;
    const { groupOf, labels } = groupRows(this.#child.shape(), grouping, without);
    this.#groupOf = groupOf;
    this.#groups = labels.length;
    // Each group is a step.
    this.#sums = ACCUMULATORS[this.#op](labels.length);
    this.row = newRow(labels.length);
    return labels;
  }

  evaluate(t: number): boolean {
    const child = this.#child;
    const groupOf = this.#groupOf;
    const sums = this.#sums;
    if (!child.evaluate(t)) return false;
    sums.reset();
    const isAddedUp = this.#op === 'sum' && child.addUp?.(t, groupOf, this.#groups, sums) === true;
    if (!isAddedUp) {
      const { values, present } = child.row;
      for (let s = 0; s < groupOf.length; s++) if (present[s] === 1) sums.addAt(groupOf[s], values[s]);
    }
    sums.finish(this.row);
    return true;
  }
}

/** histogram_quantile over classic buckets. */
export class KeptQuantile implements KeptRows {
  readonly kind = 'vector';
  readonly #q: KeptScalar;
  readonly #child: KeptRows;
  #histograms: readonly ClassicHistogram[] = [];
  #bounds = new Float64Array(0);
  #counts = new Float64Array(0);
  row: Row = newRow(0);

  constructor(q: KeptScalar, child: KeptRows) {
    this.#q = q;
    this.#child = child;
  }

  shape(): readonly Labels[] {
    this.#q.shape();
    this.#histograms = classicHistograms(this.#child.shape(), withoutName, () => undefined);
    const labels = distinct(this.#histograms.map((histogram) => histogram.labels));
    const width = this.#histograms.reduce((most, { buckets }) => Math.max(most, buckets.length), 0);
    this.#bounds = new Float64Array(width);
    this.#counts = new Float64Array(width);
    this.row = newRow(labels.length);
    // Label sets of their own are not needed any more.
    this.#histograms = this.#histograms.map(({ buckets }) => ({ key: '', labels: [], buckets }));
    return labels;
  }

  evaluate(t: number): boolean {
    if (!this.#q.evaluate(t) || !this.#child.evaluate(t)) return false;
    const { values, present } = this.row;
    this.#histograms.forEach((histogram, h) => {
      const length = this.#collect(histogram);
      present[h] = length > 0 ? 1 : 0;
      if (length > 0) values[h] = quantile(this.#q.value, this.#bounds, this.#counts, length);
    });
    return true;
  }

  /** The buckets that have a sample, equal bounds added up. Gives how many. */
  #collect({ buckets }: ClassicHistogram): number {
    const { values, present } = this.#child.row;
    const bounds = this.#bounds;
    const counts = this.#counts;
    let length = 0;
    for (let b = 0; b < buckets.length; b++) {
      const { bound, row } = buckets[b];
      if (present[row] === 0) continue;
      if (length > 0 && bounds[length - 1] === bound) {
        counts[length - 1] += values[row];
        continue;
      }
      bounds[length] = bound;
      counts[length++] = values[row];
    }
    return length;
  }
}

function quantile(q: number, bounds: Float64Array, counts: Float64Array, length: number): number {
  if (q !== q) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  repairCumulative(counts, length);
  return quantileOfRepaired(q, bounds, counts, length);
}
