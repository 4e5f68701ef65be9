/** histogram_quantile and histogram_fraction, over classic buckets and over native histograms. */
import type { Call, Expr } from '../../shared/promql/ast.ts';
import { bucketFraction, quantileOfRepaired, repairCumulative } from '../../shared/histogram/classic.ts';
import { hasNanObservations, nativeFraction, nativeQuantile } from '../../shared/histogram/distribution.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { labelsFrom, labelsKey, labelValue, quoted, type Labels } from '../../shared/model/labels.ts';
import { QueryError, type StepGrid } from '../storage/engine.ts';
import { rowsOf, scalarOf, textOf, type EvalContext } from './context.ts';
import { HistogramWords, ofMetric } from './histogramWords.ts';
import { formatBound, readGoFloat } from '../../shared/model/numberText.ts';
import { clearRow, floatRows, heldRows, materialize, newRow, withoutName, type Row, type VectorRows } from './rows.ts';

/** Bucket rows of one histogram, by ascending upper bound. */
export interface ClassicHistogram {
  readonly key: string;
  readonly labels: Labels;
  readonly buckets: { readonly bound: number; readonly row: number }[];
}

/**
 * The histograms that rows are buckets of.
 *
 * @param answered the labels that a histogram's are answered with.
 * @param onMalformed hears of rows whose `le` is no bound.
 */
export function classicHistograms(
  rows: readonly Labels[],
  answered: (labels: Labels) => Labels,
  onMalformed: (row: number, le: string) => void,
): ClassicHistogram[] {
  const byKey = new Map<string, ClassicHistogram>();
  rows.forEach((labels, row) => {
    const le = labelValue(labels, 'le');
    const bound = readGoFloat(le);
    if (bound === undefined) return onMalformed(row, le);
    const kept = labels.filter(([name]) => name !== 'le');
    // Buckets of different metrics are different histograms, though both lose their name.
    const key = labelsKey(kept);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { key, labels: answered(kept), buckets: [{ bound, row }] });
    else known.buckets.push({ bound, row });
  });
  const histograms = [...byKey.values()];
  for (const histogram of histograms) histogram.buckets.sort((a, b) => a.bound - b.bound);
  return histograms;
}

/** @param rows of floats. */
function histogramsOf(rows: VectorRows, place: Expr, steps: number, context: EvalContext): ClassicHistogram[] {
  const scratch = newRow(steps);
  const tellMalformed = (row: number, le: string) => {
    rows.read(row, scratch);
    if (!scratch.present.includes(1)) return;
    const told = `bucket label "le" is missing or has a malformed value of ${quoted(le)}`;
    context.annotations.warn(told + ofMetric(answeredLabels(rows.labels[row], context)), place);
  };
  return classicHistograms(rows.labels, (labels) => answeredLabels(labels, context), tellMalformed);
}

const answeredLabels = (labels: Labels, { delaysNames }: EvalContext) => (delaysNames ? labels : withoutName(labels));

type Answer = (bounds: Float64Array, counts: Float64Array, length: number, step: number, labels: Labels) => number;

/** One row a histogram; `answer` sees, at each step, the buckets that have a sample there, equal bounds added up. */
function perHistogram(
  rows: VectorRows,
  histograms: readonly ClassicHistogram[],
  steps: number,
  answer: Answer,
  met: ReadonlyMap<string, Uint8Array>,
): VectorRows {
  const row = newRow(steps);
  return {
    labels: histograms.map((h) => h.labels),
    hasHistograms: false,
    read(s, into) {
      clearRow(into);
      const { buckets, key } = histograms[s];
      const steppedOut = met.get(key);
      const width = buckets.length;
      const counts = new Float64Array(width * steps);
      const present = new Uint8Array(width * steps);
      buckets.forEach((bucket, b) => {
        rows.read(bucket.row, row);
        for (let i = 0; i < steps; i++) {
          counts[i * width + b] = row.values[i];
          present[i * width + b] = row.present[i];
        }
      });
      const stepBounds = new Float64Array(width);
      const stepCounts = new Float64Array(width);
      for (let i = 0; i < steps; i++) {
        if (steppedOut?.[i] === 1) continue;
        let length = 0;
        for (let b = 0; b < width; b++) {
          if (present[i * width + b] === 0) continue;
          const { bound } = buckets[b];
          if (length > 0 && stepBounds[length - 1] === bound) {
            stepCounts[length - 1] += counts[i * width + b];
            continue;
          }
          stepBounds[length] = bound;
          stepCounts[length] = counts[i * width + b];
          length++;
        }
        if (length === 0) continue;
        into.values[i] = answer(stepBounds, stepCounts, length, i, histograms[s].labels);
        into.present[i] = 1;
      }
    },
  };
}

/** Native histograms to numbers. */
type NativeAnswer = (h: NativeHistogram, step: number, labels: Labels) => number;

/** The vector's histograms of both kinds. */
interface BothKinds {
  readonly rows: VectorRows;
  readonly classic: readonly ClassicHistogram[];
  /** Rows with native histograms, those that meet classic ones taken out. */
  readonly native: readonly { readonly labels: Labels; readonly answered: Labels; readonly row: Row }[];
  /** Steps at which a classic histogram met a native one, by its key. */
  readonly met: ReadonlyMap<string, Uint8Array>;
}

async function bothKinds(source: VectorRows, place: Expr, steps: number, context: EvalContext): Promise<BothKinds> {
  if (!source.hasHistograms) {
    return { rows: source, classic: histogramsOf(source, place, steps, context), native: [], met: new Map() };
  }
  const held = await materialize(source, steps, context.budget);
  const rows = heldRows(source.labels, held);
  const floats = floatRows(rows, () => undefined);
  const classic = histogramsOf(floats, place, steps, context);
  const byKey = new Map(classic.map((histogram) => [histogram.key, histogram]));
  const met = new Map<string, Uint8Array>();
  const words = new HistogramWords(context.annotations, place);
  const native: { labels: Labels; answered: Labels; row: Row }[] = [];
  held.forEach((row, s) => {
    if (row.histograms.size === 0) return;
    const labels = source.labels[s];
    const key = labelsKey(labels);
    for (const step of row.histograms.keys()) {
      const isClassic = (bucket: { row: number }) =>
        held[bucket.row].present[step] === 1 && !held[bucket.row].histograms.has(step);
      if (byKey.get(key)?.buckets.some(isClassic) !== true) continue;
      words.mixedWithClassic(answeredLabels(labels, context));
      const steppedOut = met.get(key) ?? new Uint8Array(steps);
      steppedOut[step] = 1;
      met.set(key, steppedOut);
    }
    native.push({ labels, answered: answeredLabels(labels, context), row });
  });
  for (const { labels, row } of native) {
    const steppedOut = met.get(labelsKey(labels));
    if (steppedOut !== undefined) for (const [i, out] of steppedOut.entries()) if (out === 1) row.histograms.delete(i);
  }
  return { rows: floats, classic, native, met };
}

/** One row a histogram, classic ones first. */
function answered(both: BothKinds, steps: number, ofClassic: Answer, ofNative: NativeAnswer): VectorRows {
  const { rows, classic, native, met } = both;
  const ofBuckets = perHistogram(rows, classic, steps, ofClassic, met);
  if (native.length === 0) return ofBuckets;
  return {
    labels: [...ofBuckets.labels, ...native.map((histogram) => histogram.answered)],
    hasHistograms: false,
    read(s, into) {
      if (s < classic.length) return ofBuckets.read(s, into);
      clearRow(into);
      const { row, answered: labels } = native[s - classic.length];
      for (const [step, h] of row.histograms) {
        into.values[step] = ofNative(h, step, labels);
        into.present[step] = 1;
      }
    },
  };
}

export async function histogramQuantile(call: Call, grid: StepGrid, context: EvalContext): Promise<VectorRows> {
  const q = await scalarOf(call.args[0], grid, context);
  const rows = await rowsOf(call.args[1], grid, context);
  const both = await bothKinds(rows, call.args[1], grid.count, context);
  warnOfQuantiles(q, call.args[0], call, context);
  return answered(
    both,
    grid.count,
    quantileAnswer(q, call.args[1], grid, context),
    nativeQuantileAnswer(q, call.args[1], context),
  );
}

function nativeQuantileAnswer(q: Float64Array, place: Expr, context: EvalContext): NativeAnswer {
  const words = new HistogramWords(context.annotations, place);
  return (h, step, labels) => {
    const { value, nan } = nativeQuantile(q[step], h);
    if (nan !== 'none') words.nanInQuantile(nan, labels);
    return value;
  };
}

/** histogram_quantiles(v, label, q…): a row for each histogram and quantile, told apart by the label. */
export async function histogramQuantiles(call: Call, grid: StepGrid, context: EvalContext): Promise<VectorRows> {
  const { budget } = context;
  const [vector, labelArg, ...quantileArgs] = call.args;
  const name = await textOf(labelArg, grid, context);
  const source = await rowsOf(vector, grid, context);
  const rows = heldRows(source.labels, await materialize(source, grid.count, budget));
  const both = await bothKinds(rows, vector, grid.count, context);
  const labels: Labels[] = [];
  const answers: Row[] = [];
  for (const arg of quantileArgs) {
    const q = await scalarOf(arg, grid, context);
    if (q.some((v) => !Object.is(v, q[0]))) {
      throw new QueryError('execution', 'a quantile of histogram_quantiles() must be the same at every step');
    }
    warnOfQuantiles(q, arg, call, context);
    const ofQuantile = answered(
      both,
      grid.count,
      quantileAnswer(q, vector, grid, context),
      nativeQuantileAnswer(q, vector, context),
    );
    answers.push(...(await materialize(ofQuantile, grid.count, budget)));
    labels.push(...ofQuantile.labels.map((set) => labelsFrom([...set, [name, formatBound(q[0])]])));
  }
  return heldRows(labels, answers);
}

function warnOfQuantiles(q: Float64Array, place: Expr, call: Call, context: EvalContext): void {
  for (const v of q) if (!(v >= 0 && v <= 1)) context.annotations.invalidQuantile(v, place, call);
}

/** @param place of the vector, for what there is to tell of it. */
function quantileAnswer(q: Float64Array, place: Expr, grid: StepGrid, context: EvalContext): Answer {
  return (bounds, counts, length, step, labels) => {
    const rank = q[step];
    if (rank !== rank) return NaN;
    if (rank < 0) return -Infinity;
    if (rank > 1) return Infinity;
    const before = hasFall(counts, length) ? counts.slice(0, length) : undefined;
    const repair = repairCumulative(counts, length);
    if (repair === 'forced' && before !== undefined) {
      tellForced(bounds, before, counts, place, grid.start + step * grid.stepMs, labels, context);
    }
    return quantileOfRepaired(rank, bounds, counts, length);
  };
}

function hasFall(counts: Float64Array, length: number): boolean {
  for (let b = 1; b < length; b++) if (counts[b] < counts[b - 1]) return true;
  return false;
}

function tellForced(
  bounds: Float64Array,
  before: Float64Array,
  after: Float64Array,
  place: Expr,
  time: number,
  labels: Labels,
  context: EvalContext,
): void {
  let min = Infinity;
  let max = -Infinity;
  let difference = 0;
  for (let b = 0; b < before.length; b++) {
    if (!(after[b] > before[b])) continue;
    min = Math.min(min, bounds[b]);
    max = Math.max(max, bounds[b]);
    difference = Math.max(difference, after[b] - before[b]);
  }
  context.annotations.forcedMonotonic(place, ofMetric(labels), min, max, difference, time);
}

export async function histogramFraction(call: Call, grid: StepGrid, context: EvalContext): Promise<VectorRows> {
  const lower = await scalarOf(call.args[0], grid, context);
  const upper = await scalarOf(call.args[1], grid, context);
  const rows = await rowsOf(call.args[2], grid, context);
  const both = await bothKinds(rows, call.args[2], grid.count, context);
  const words = new HistogramWords(context.annotations, call.args[2]);
  return answered(
    both,
    grid.count,
    (bounds, counts, length, step) => bucketFraction(lower[step], upper[step], bounds, counts, length),
    (h, step, labels) => {
      if (lower[step] < upper[step] && hasNanObservations(h)) words.nanInFraction(labels);
      return nativeFraction(lower[step], upper[step], h);
    },
  );
}
