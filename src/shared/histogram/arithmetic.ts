/** Arithmetic on native histograms. Histograms are never changed: every result is a new one. Source: Prometheus model/histogram. */
import { CUSTOM_SCHEMA, customBoundsOf, exponentialBound, sameBounds } from './bounds.ts';
import type { NativeHistogram } from './native.ts';
import { indexesOf, spansAnew, spansOf } from './spans.ts';
import { widenedZeroCount, widening, type Widening } from './zeroBucket.ts';

/** Counts by ascending bucket index. `rest` holds what rounding took from each, where sums are compensated. */
interface Run {
  readonly indexes: Int32Array;
  readonly counts: Float64Array;
  readonly rest: Float64Array | undefined;
}

const NO_INDEXES = new Int32Array(0);
const NO_COUNTS = new Float64Array(0);

function increment(counts: Float64Array, rest: Float64Array | undefined, at: number, v: number): void {
  const before = counts[at];
  const total = before + v;
  counts[at] = total;
  if (rest === undefined) return;
  if (Math.abs(total) === Infinity) rest[at] = 0;
  else rest[at] += Math.abs(before) >= Math.abs(v) ? before - total + v : v - total + before;
}

/** The buckets under other indexes, which may not descend; equal ones are added up. */
function regrouped(run: Run, indexOf: (index: number) => number): Run {
  const indexes = new Int32Array(run.indexes.length);
  const counts = new Float64Array(indexes.length);
  const rest = run.rest === undefined ? undefined : new Float64Array(indexes.length);
  let length = 0;
  for (let i = 0; i < run.indexes.length; i++) {
    const index = indexOf(run.indexes[i]);
    if (length === 0 || indexes[length - 1] !== index) indexes[length++] = index;
    increment(counts, rest, length - 1, run.counts[i]);
    if (rest !== undefined) increment(counts, rest, length - 1, run.rest![i]);
  }
  return { indexes: indexes.slice(0, length), counts: counts.slice(0, length), rest: rest?.slice(0, length) };
}

/** The run without its first buckets. */
function withoutFirst(run: Run, count: number): Run {
  if (count === 0) return run;
  return { indexes: run.indexes.slice(count), counts: run.counts.slice(count), rest: run.rest?.slice(count) };
}

function sameIndexes(a: Int32Array, b: Int32Array): boolean {
  return a === b || (a.length === b.length && a.every((v, i) => v === b[i]));
}

/** a + sign · b, whose indexes may repeat. Writes into `a`'s counts where both have the same buckets. */
function merged(a: Run, b: Run, sign: number): Run {
  if (sameIndexes(a.indexes, b.indexes)) {
    for (let i = 0; i < a.counts.length; i++) increment(a.counts, a.rest, i, sign * b.counts[i]);
    return a;
  }
  const most = a.indexes.length + b.indexes.length;
  const indexes = new Int32Array(most);
  const counts = new Float64Array(most);
  const rest = a.rest === undefined ? undefined : new Float64Array(most);
  let length = 0;
  for (let i = 0, j = 0; i < a.indexes.length || j < b.indexes.length; length++) {
    const fromA = j >= b.indexes.length || (i < a.indexes.length && a.indexes[i] <= b.indexes[j]);
    const index = fromA ? a.indexes[i] : b.indexes[j];
    indexes[length] = index;
    if (fromA) {
      counts[length] = a.counts[i];
      if (rest !== undefined) rest[length] = a.rest![i];
      i++;
    }
    while (j < b.indexes.length && b.indexes[j] === index) increment(counts, rest, length, sign * b.counts[j++]);
  }
  return { indexes: indexes.slice(0, length), counts: counts.slice(0, length), rest: rest?.slice(0, length) };
}

/** Index of a bucket's place in a coarser schema: buckets are halved in number with every step down. */
const coarserIndex = (steps: number) => (index: number) => Math.floor((index - 1) / 2 ** steps) + 1;

/** The bounds that both have; buckets between go up to the next of them. */
function commonBounds(a: Float64Array, b: Float64Array): Float64Array {
  const inB = new Set(b);
  return a.filter((bound) => inB.has(bound));
}

/** Where buckets of `from` lie among the bounds `to`, a part of them. */
function boundIndex(from: Float64Array, to: Float64Array): (index: number) => number {
  const places = new Int32Array(from.length + 1);
  for (let i = 0, j = 0; i < places.length; i++) {
    while (j < to.length && i < from.length && to[j] < from[i]) j++;
    places[i] = i === from.length ? to.length : j;
  }
  return (index) => places[Math.min(index, from.length)];
}

type Hint = NativeHistogram['counterReset'];

/** What is known of resets after adding: gauges win, then ignorance; a reset and none contradict each other. */
function combinedHint(a: Hint, b: Hint): { readonly hint: Hint; readonly collided: boolean } {
  if (a === b) return { hint: a, collided: false };
  if (a === 'gauge' || b === 'gauge') return { hint: 'gauge', collided: false };
  return { hint: 'unknown', collided: a !== 'unknown' && b !== 'unknown' };
}

/** A running sum of histograms, whatever their schemas, zero thresholds and custom bounds. */
export class HistogramSum {
  /** Whether a histogram said to follow a reset met one said not to. */
  collided = false;
  private sawReset: boolean;
  private sawNoReset: boolean;
  /** Whether custom bounds differed, and only those in common were kept. */
  reconciled = false;
  private schema: number;
  private hint: Hint;
  private zeroThreshold: number;
  /** Zero count, count and sum, which are added up the same way. */
  private readonly totals: Float64Array;
  private readonly totalsRest: Float64Array | undefined;
  private positive: Run;
  private negative: Run;
  private bounds: Float64Array;
  /** Whether nothing was added: what rounding took away is not looked at then, as adding 0 would make 0 of a -0. */
  private isAlone = true;

  /** @param compensated keep what rounding takes away, as upstream does over many histograms. */
  constructor(first: NativeHistogram, compensated = false) {
    this.schema = first.schema;
    this.hint = first.counterReset;
    this.sawReset = first.counterReset === 'reset';
    this.sawNoReset = first.counterReset === 'notReset';
    this.zeroThreshold = first.zeroThreshold;
    this.totals = Float64Array.of(first.zeroCount, first.count, first.sum);
    this.totalsRest = compensated ? new Float64Array(3) : undefined;
    const own = (indexes: Int32Array, counts: Float64Array): Run => ({
      indexes,
      counts: counts.slice(),
      rest: compensated ? new Float64Array(counts.length) : undefined,
    });
    this.positive = own(indexesOf(first.positiveSpans), first.positiveBuckets);
    this.negative = own(indexesOf(first.negativeSpans), first.negativeBuckets);
    this.bounds = customBoundsOf(first);
  }

  /**
   * Adds sign · other.
   *
   * @returns false, and nothing is added, where one has custom bounds and the other has none.
   */
  add(other: NativeHistogram, sign: 1 | -1 = 1): boolean {
    if ((this.schema === CUSTOM_SCHEMA) !== (other.schema === CUSTOM_SCHEMA)) return false;
    this.isAlone = false;
    const { hint, collided } = combinedHint(this.hint, other.counterReset);
    this.hint = hint;
    this.collided ||= collided;
    this.sawReset ||= other.counterReset === 'reset';
    this.sawNoReset ||= other.counterReset === 'notReset';
    let positive = runOf(other.positiveSpans, other.positiveBuckets);
    let negative = runOf(other.negativeSpans, other.negativeBuckets);
    let zeroCount = other.zeroCount;
    if (this.schema === CUSTOM_SCHEMA) {
      positive = this.agreeOnBounds(customBoundsOf(other), positive);
      zeroCount = 0;
    } else {
      const swallowed = this.agreeOnZeroBucket(other);
      zeroCount = widenedZeroCount(other, swallowed);
      if (other.schema < this.schema) this.coarsen(other.schema);
      const toSchema = (run: Run) =>
        other.schema > this.schema ? regrouped(run, coarserIndex(other.schema - this.schema)) : run;
      positive = this.aboveThreshold(toSchema(positive));
      negative = this.aboveThreshold(toSchema(negative));
    }
    [zeroCount, other.count, other.sum].forEach((v, i) => increment(this.totals, this.totalsRest, i, sign * v));
    this.positive = merged(this.positive, positive, sign);
    this.negative = merged(this.negative, negative, sign);
    return true;
  }

  /** Whether there were both among all that were added: histograms said to follow a reset, and others said not to. */
  get isContradictory(): boolean {
    return this.sawReset && this.sawNoReset;
  }

  /** Multiplies everything, what rounding took away too. */
  scale(factor: number): void {
    for (const counts of [this.totals, this.totalsRest, ...columns(this.positive), ...columns(this.negative)]) {
      if (counts !== undefined) for (let i = 0; i < counts.length; i++) counts[i] *= factor;
    }
  }

  /** Divides everything, what rounding took away too. */
  divide(divisor: number): void {
    for (const counts of [this.totals, this.totalsRest, ...columns(this.positive), ...columns(this.negative)]) {
      if (counts !== undefined) for (let i = 0; i < counts.length; i++) counts[i] /= divisor;
    }
  }

  /** Brings the buckets of an exponential schema to a coarser one. */
  coarsen(schema: number): void {
    if (schema >= this.schema) return;
    const indexOf = coarserIndex(this.schema - schema);
    this.positive = regrouped(this.positive, indexOf);
    this.negative = regrouped(this.negative, indexOf);
    this.schema = schema;
  }

  get hasOverflown(): boolean {
    const { totals, positive, negative } = this;
    return [totals, positive.counts, negative.counts].some((counts) => counts.some((v) => Math.abs(v) === Infinity));
  }

  /** The sum so far, without empty buckets. */
  result(hint: Hint = this.hint): NativeHistogram {
    const summed = (counts: Float64Array, rest: Float64Array | undefined) =>
      total(counts, this.isAlone ? undefined : rest);
    const [zeroCount, count, sum] = summed(this.totals, this.totalsRest);
    return compacted({
      schema: this.schema,
      zeroThreshold: this.zeroThreshold,
      zeroCount,
      count,
      sum,
      positiveSpans: spansOf(this.positive.indexes),
      negativeSpans: spansOf(this.negative.indexes),
      positiveBuckets: summed(this.positive.counts, this.positive.rest),
      negativeBuckets: summed(this.negative.counts, this.negative.rest),
      ...(this.schema === CUSTOM_SCHEMA ? { customValues: this.bounds } : {}),
      counterReset: hint,
    });
  }

  /** A copy to go on with. */
  copy(): HistogramSum {
    const copied: HistogramSum = Object.create(HistogramSum.prototype) as HistogramSum;
    const own = (run: Run): Run => ({ ...run, counts: run.counts.slice(), rest: run.rest?.slice() });
    return Object.assign(copied, this, {
      totals: this.totals.slice(),
      totalsRest: this.totalsRest?.slice(),
      positive: own(this.positive),
      negative: own(this.negative),
    });
  }

  private agreeOnBounds(others: Float64Array, run: Run): Run {
    if (sameBounds(this.bounds, others)) return run;
    this.reconciled = true;
    const common = commonBounds(this.bounds, others);
    this.positive = regrouped(this.positive, boundIndex(this.bounds, common));
    this.bounds = common;
    // Not added up among themselves, as upstream adds each to what is there: the last bits tell.
    return { ...run, indexes: run.indexes.map(boundIndex(others, common)) };
  }

  /** Widens this zero bucket to the other's or beyond, and tells what of the other then lies in it. */
  private agreeOnZeroBucket(other: NativeHistogram): Widening {
    let swallowed: Widening = { threshold: other.zeroThreshold, positive: 0, negative: 0 };
    while (swallowed.threshold !== this.zeroThreshold) {
      if (this.zeroThreshold > swallowed.threshold) swallowed = widening(other, this.zeroThreshold);
      if (swallowed.threshold > this.zeroThreshold) this.widen(swallowed.threshold);
    }
    return swallowed;
  }

  private widen(threshold: number): void {
    const raw: NativeHistogram = {
      schema: this.schema,
      zeroThreshold: this.zeroThreshold,
      zeroCount: this.totals[0],
      count: 0,
      sum: 0,
      positiveSpans: spansOf(this.positive.indexes),
      negativeSpans: spansOf(this.negative.indexes),
      positiveBuckets: this.positive.counts,
      negativeBuckets: this.negative.counts,
      counterReset: 'unknown',
    };
    const swallowed = widening(raw, threshold);
    for (const [run, count] of [
      [this.positive, swallowed.positive],
      [this.negative, swallowed.negative],
    ] as const) {
      for (let i = 0; i < count; i++) {
        increment(this.totals, this.totalsRest, 0, run.counts[i]);
        if (this.totalsRest !== undefined) increment(this.totals, this.totalsRest, 0, run.rest![i]);
      }
    }
    this.positive = withoutFirst(this.positive, swallowed.positive);
    this.negative = withoutFirst(this.negative, swallowed.negative);
    this.zeroThreshold = swallowed.threshold;
  }

  /** The buckets that do not end within the zero bucket; the others were counted with it. */
  private aboveThreshold(run: Run): Run {
    let first = 0;
    while (first < run.indexes.length && exponentialBound(run.indexes[first], this.schema) <= this.zeroThreshold)
      first++;
    return withoutFirst(run, first);
  }
}

const columns = (run: Run) => [run.counts, run.rest];
const runOf = (spans: NativeHistogram['positiveSpans'], counts: Float64Array): Run => ({
  indexes: indexesOf(spans),
  counts,
  rest: undefined,
});

/** The sum with what rounding took from it, except where it is infinite. */
function total(counts: Float64Array, rest: Float64Array | undefined): Float64Array {
  return rest === undefined ? counts.slice() : counts.map((v, i) => v + rest[i]);
}

/** The histogram without empty buckets. */
export function compacted(h: NativeHistogram): NativeHistogram {
  if (!h.positiveBuckets.includes(0) && !h.negativeBuckets.includes(0)) return h;
  const [positiveSpans, positiveBuckets] = filled(h.positiveSpans, h.positiveBuckets);
  const [negativeSpans, negativeBuckets] = filled(h.negativeSpans, h.negativeBuckets);
  return { ...h, positiveSpans, positiveBuckets, negativeSpans, negativeBuckets };
}

function filled(
  spans: NativeHistogram['positiveSpans'],
  counts: Float64Array,
): [spans: NativeHistogram['positiveSpans'], counts: Float64Array] {
  if (!counts.includes(0)) return [spans, counts];
  const indexes = indexesOf(spans);
  return [spansAnew(indexes.filter((_, i) => counts[i] !== 0)), counts.filter((v) => v !== 0)];
}

function mapped(h: NativeHistogram, change: (v: number) => number, hint: Hint): NativeHistogram {
  return {
    ...h,
    zeroCount: change(h.zeroCount),
    count: change(h.count),
    sum: change(h.sum),
    positiveBuckets: h.positiveBuckets.map(change),
    negativeBuckets: h.negativeBuckets.map(change),
    counterReset: hint,
  };
}

/** Counts and sum times a number. A negative factor makes a gauge of it. */
export function multiplied(h: NativeHistogram, factor: number): NativeHistogram {
  return mapped(h, (v) => v * factor, factor < 0 ? 'gauge' : h.counterReset);
}

/** Counts and sum by a number. Nothing is left of the buckets where it is 0. */
export function divided(h: NativeHistogram, divisor: number): NativeHistogram {
  const scaled = mapped(h, (v) => v / divisor, divisor < 0 ? 'gauge' : h.counterReset);
  if (divisor !== 0) return scaled;
  const [spans, counts] = [spansOf(NO_INDEXES), NO_COUNTS];
  return { ...scaled, positiveSpans: spans, negativeSpans: spans, positiveBuckets: counts, negativeBuckets: counts };
}
