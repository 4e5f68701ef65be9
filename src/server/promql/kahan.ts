/** Neumaier's compensated sums and means, as upstream computes them. Source: Prometheus promql/functions.go, kahanSumInc. */

/** A running sum; reset with {@link reset}, one instance for many windows. */
export class CompensatedSum {
  sum = 0;
  compensation = 0;

  reset(sum = 0, compensation = 0): void {
    this.sum = sum;
    this.compensation = compensation;
  }

  add(v: number): void {
    const { sum } = this;
    const total = sum + v;
    if (total === Infinity || total === -Infinity) this.compensation = 0;
    else if (Math.abs(sum) >= Math.abs(v)) this.compensation += sum - total + v;
    else this.compensation += v - total + sum;
    this.sum = total;
  }

  get value(): number {
    return this.sum === Infinity || this.sum === -Infinity ? this.sum : this.sum + this.compensation;
  }
}

/** A running mean that goes over to increments of the mean where the sum would overflow. */
export class CompensatedMean {
  private readonly sum = new CompensatedSum();
  private count = 0;
  private incremental = false;

  reset(): void {
    this.sum.reset();
    this.count = 0;
    this.incremental = false;
  }

  add(v: number): void {
    const { sum } = this;
    this.count++;
    if (this.count === 1) return sum.reset(v);
    if (!this.incremental) {
      const before = sum.sum;
      const compensation = sum.compensation;
      sum.add(v);
      if (sum.sum !== Infinity && sum.sum !== -Infinity) return;
      this.incremental = true;
      sum.reset(before / (this.count - 1), compensation / (this.count - 1));
    }
    const share = (this.count - 1) / this.count;
    sum.reset(share * sum.sum, share * sum.compensation);
    sum.add(v / this.count);
  }

  get value(): number {
    const { sum, compensation } = this.sum;
    return this.incremental ? sum + compensation : sum / this.count + compensation / this.count;
  }
}
