/** Running aggregates over rows, a step at a time. Formulas: Prometheus promql/engine.go, aggregation. */
import type { Row } from './rows.ts';

export interface Accumulator {
  add(row: Row): void;
  /** Adds the sample of one step. */
  addAt(i: number, v: number): void;
  /** Writes the result of every step that had a sample. */
  finish(out: Row): void;
  /** Forgets all samples. */
  reset(): void;
}

class Counted {
  readonly counts: Float64Array;

  constructor(steps: number) {
    this.counts = new Float64Array(steps);
  }

  reset(): void {
    this.counts.fill(0);
  }

  protected write(out: Row, valueAt: (i: number) => number): void {
    for (let i = 0; i < this.counts.length; i++) {
      out.present[i] = this.counts[i] > 0 ? 1 : 0;
      if (this.counts[i] > 0) out.values[i] = valueAt(i);
    }
  }
}

/** A compensated sum for every step: beside each sum stands what rounding has lost, which a sum of two tells exactly (Knuth). */
export class Sum implements Accumulator {
  private readonly seen: Uint8Array;
  private readonly sums: Float64Array;
  private readonly compensations: Float64Array;

  constructor(steps: number) {
    this.seen = new Uint8Array(steps);
    // Of nothing but -0 the sum is -0.
    this.sums = new Float64Array(steps).fill(-0);
    this.compensations = new Float64Array(steps);
  }

  add({ values, present }: Row): void {
    const { sums, compensations, seen } = this;
    const isFull = !present.includes(0);
    if (isFull) seen.fill(1);
    for (let i = 0; i < sums.length; i++) {
      if (!isFull) {
        if (present[i] === 0) continue;
        seen[i] = 1;
      }
      const v = values[i];
      const sum = sums[i];
      const total = sum + v;
      const added = total - sum;
      compensations[i] += sum - (total - added) + (v - added);
      sums[i] = total;
    }
  }

  addAt(i: number, v: number): void {
    const sum = this.sums[i];
    const total = sum + v;
    const added = total - sum;
    this.compensations[i] += sum - (total - added) + (v - added);
    this.sums[i] = total;
    this.seen[i] = 1;
  }

  reset(): void {
    this.seen.fill(0);
    this.sums.fill(-0);
    this.compensations.fill(0);
  }

  finish(out: Row): void {
    const { sums, compensations } = this;
    out.present.set(this.seen);
    // Of an infinite sum nothing is lost.
    for (let i = 0; i < sums.length; i++)
      out.values[i] = sums[i] - sums[i] === 0 ? sums[i] + compensations[i] : sums[i];
  }
}

/** A compensated mean for every step, which goes over to increments of the mean where the sum would overflow. */
class Average extends Counted implements Accumulator {
  private readonly sums: Float64Array;
  private readonly compensations: Float64Array;
  private readonly incremental: Uint8Array;

  constructor(steps: number) {
    super(steps);
    this.sums = new Float64Array(steps);
    this.compensations = new Float64Array(steps);
    this.incremental = new Uint8Array(steps);
  }

  add({ values, present }: Row): void {
    const { sums, compensations, incremental, counts } = this;
    for (let i = 0; i < present.length; i++) {
      if (present[i] === 0) continue;
      const v = values[i];
      const sum = sums[i];
      const total = sum + v;
      // The first one, and what is not finite, is taken care of apart.
      if (counts[i] === 0 || incremental[i] === 1 || total - total !== 0) {
        this.addAt(i, v);
        continue;
      }
      counts[i]++;
      const added = total - sum;
      compensations[i] += sum - (total - added) + (v - added);
      sums[i] = total;
    }
  }

  addAt(i: number, v: number): void {
    const { sums, compensations, incremental, counts } = this;
    const n = ++counts[i];
    if (n === 1) {
      sums[i] = v;
      return;
    }
    if (incremental[i] === 0) {
      const before = sums[i];
      const compensation = compensations[i];
      this.addCompensated(i, v);
      if (Math.abs(sums[i]) !== Infinity) return;
      incremental[i] = 1;
      sums[i] = before / (n - 1);
      compensations[i] = compensation / (n - 1);
    }
    const share = (n - 1) / n;
    sums[i] *= share;
    compensations[i] *= share;
    this.addCompensated(i, v / n);
  }

  override reset(): void {
    super.reset();
    this.compensations.fill(0);
    this.incremental.fill(0);
  }

  private addCompensated(i: number, v: number): void {
    const { sums, compensations } = this;
    const sum = sums[i];
    const total = sum + v;
    if (Math.abs(total) === Infinity) compensations[i] = 0;
    else compensations[i] += Math.abs(sum) >= Math.abs(v) ? sum - total + v : v - total + sum;
    sums[i] = total;
  }

  finish(out: Row): void {
    const { sums, compensations, incremental, counts } = this;
    this.write(out, (i) =>
      incremental[i] === 1 ? sums[i] + compensations[i] : sums[i] / counts[i] + compensations[i] / counts[i],
    );
  }
}

/** Minimum or maximum; NaN only where there is nothing else. */
class Extreme extends Counted implements Accumulator {
  private readonly best: Float64Array;
  private readonly isBetter: (a: number, b: number) => boolean;

  constructor(steps: number, isBetter: (a: number, b: number) => boolean) {
    super(steps);
    this.best = new Float64Array(steps);
    this.isBetter = isBetter;
  }

  add({ values, present }: Row): void {
    for (let i = 0; i < present.length; i++) if (present[i] === 1) this.addAt(i, values[i]);
  }

  addAt(i: number, v: number): void {
    const { best, counts, isBetter } = this;
    if (counts[i]++ === 0 || best[i] !== best[i] || isBetter(v, best[i])) best[i] = v;
  }

  finish(out: Row): void {
    this.write(out, (i) => this.best[i]);
  }
}

class Count extends Counted implements Accumulator {
  private readonly resultOf: (count: number) => number;

  constructor(steps: number, resultOf: (count: number) => number) {
    super(steps);
    this.resultOf = resultOf;
  }

  add({ present }: Row): void {
    for (let i = 0; i < this.counts.length; i++) this.counts[i] += present[i];
  }

  addAt(i: number): void {
    this.counts[i]++;
  }

  finish(out: Row): void {
    this.write(out, (i) => this.resultOf(this.counts[i]));
  }
}

/** Welford's variance. */
class Variance extends Counted implements Accumulator {
  private readonly means: Float64Array;
  private readonly squares: Float64Array;
  private readonly result: (variance: number) => number;

  constructor(steps: number, result: (variance: number) => number) {
    super(steps);
    this.means = new Float64Array(steps);
    this.squares = new Float64Array(steps);
    this.result = result;
  }

  add({ values, present }: Row): void {
    for (let i = 0; i < present.length; i++) if (present[i] === 1) this.addAt(i, values[i]);
  }

  addAt(i: number, v: number): void {
    const { means, squares, counts } = this;
    if (counts[i]++ === 0) {
      means[i] = v;
      squares[i] = Number.isFinite(v) ? 0 : NaN;
      return;
    }
    const delta = v - means[i];
    means[i] += delta / counts[i];
    squares[i] += delta * (v - means[i]);
  }

  finish(out: Row): void {
    this.write(out, (i) => this.result(this.squares[i] / this.counts[i]));
  }
}

export const ACCUMULATORS = {
  sum: (steps: number): Accumulator => new Sum(steps),
  avg: (steps: number): Accumulator => new Average(steps),
  min: (steps: number): Accumulator => new Extreme(steps, (a, b) => a < b),
  max: (steps: number): Accumulator => new Extreme(steps, (a, b) => a > b),
  count: (steps: number): Accumulator => new Count(steps, (n) => n),
  group: (steps: number): Accumulator => new Count(steps, () => 1),
  stddev: (steps: number): Accumulator => new Variance(steps, Math.sqrt),
  stdvar: (steps: number): Accumulator => new Variance(steps, (v) => v),
} as const;
