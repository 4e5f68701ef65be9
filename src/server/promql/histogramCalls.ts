/** histogram_quantile and histogram_fraction over classic buckets. */
import type { Call, Expr } from '../../shared/promql/ast.ts';
import { bucketFraction, quantileOfRepaired, repairCumulative } from '../../shared/histogram/classic.ts';
import { labelsFrom, labelsKey, labelValue, METRIC_NAME, quoted, type Labels } from '../../shared/model/labels.ts';
import { QueryError, type StepGrid } from '../storage/engine.ts';
import { refuseHistograms, rowsOf, scalarOf, textOf, type EvalContext } from './context.ts';
import { formatBound } from './numberText.ts';
import { clearRow, heldRows, materialize, newRow, type Row, type VectorRows } from './rows.ts';

/** Bucket rows of one histogram, by ascending upper bound. */
interface ClassicHistogram {
  readonly labels: Labels;
  readonly buckets: { readonly bound: number; readonly row: number }[];
}

const NUMBER = /^[+-]?(?:inf(?:inity)?|nan|(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|0x[0-9a-f]+)$/i;

/** A `le` value as Go's ParseFloat reads it; undefined if it is no number. */
function boundOf(text: string): number | undefined {
  if (!NUMBER.test(text)) return undefined;
  if (/inf/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return Number(text);
}

function histogramsOf(rows: VectorRows, place: Expr, context: EvalContext): ClassicHistogram[] {
  const byKey = new Map<string, ClassicHistogram>();
  rows.labels.forEach((labels, row) => {
    const le = labelValue(labels, 'le');
    const bound = boundOf(le);
    if (bound === undefined) {
      context.annotations.warn(`bucket label "le" is missing or has a malformed value of ${quoted(le)}`, place);
      return;
    }
    const kept = labels.filter(([name]) => name !== 'le' && name !== METRIC_NAME);
    // Buckets of different metrics are different histograms, though both lose their name.
    const key = labelValue(labels, METRIC_NAME) + '\xfe' + labelsKey(kept);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { labels: kept, buckets: [{ bound, row }] });
    else known.buckets.push({ bound, row });
  });
  const histograms = [...byKey.values()];
  for (const histogram of histograms) histogram.buckets.sort((a, b) => a.bound - b.bound);
  return histograms;
}

type Answer = (bounds: Float64Array, counts: Float64Array, length: number, step: number) => number;

/** One row a histogram; `answer` sees, at each step, the buckets that have a sample there, equal bounds added up. */
function perHistogram(
  rows: VectorRows,
  histograms: readonly ClassicHistogram[],
  steps: number,
  answer: Answer,
): VectorRows {
  const row = newRow(steps);
  return {
    labels: histograms.map((h) => h.labels),
    hasHistograms: false,
    read(s, into) {
      clearRow(into);
      const { buckets } = histograms[s];
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
        into.values[i] = answer(stepBounds, stepCounts, length, i);
        into.present[i] = 1;
      }
    },
  };
}

export async function histogramQuantile(call: Call, grid: StepGrid, context: EvalContext): Promise<VectorRows> {
  const q = await scalarOf(call.args[0], grid, context);
  const rows = await rowsOf(call.args[1], grid, context);
  refuseHistograms(rows, 'histogram_quantile()');
  const histograms = histogramsOf(rows, call.args[1], context);
  if (rows.labels.length > 0) warnOfQuantiles(q, call.args[0], context);
  return perHistogram(rows, histograms, grid.count, quantileAnswer(q, call.args[1], grid, context));
}

/** histogram_quantiles(v, label, q…): a row for each histogram and quantile, told apart by the label. */
export async function histogramQuantiles(call: Call, grid: StepGrid, context: EvalContext): Promise<VectorRows> {
  const { budget } = context;
  const [vector, labelArg, ...quantileArgs] = call.args;
  const name = await textOf(labelArg, grid, context);
  const source = await rowsOf(vector, grid, context);
  refuseHistograms(source, 'histogram_quantiles()');
  const rows = heldRows(source.labels, await materialize(source, grid.count, budget));
  const histograms = histogramsOf(rows, vector, context);
  const labels: Labels[] = [];
  const answers: Row[] = [];
  for (const arg of quantileArgs) {
    const q = await scalarOf(arg, grid, context);
    if (q.some((v) => !Object.is(v, q[0]))) {
      throw new QueryError('execution', 'a quantile of histogram_quantiles() must be the same at every step');
    }
    if (rows.labels.length > 0) warnOfQuantiles(q, arg, context);
    const answered = perHistogram(rows, histograms, grid.count, quantileAnswer(q, vector, grid, context));
    answers.push(...(await materialize(answered, grid.count, budget)));
    labels.push(...answered.labels.map((set) => labelsFrom([...set, [name, formatBound(q[0])]])));
  }
  return heldRows(labels, answers);
}

function warnOfQuantiles(q: Float64Array, place: Expr, context: EvalContext): void {
  for (const v of q) if (!(v >= 0 && v <= 1)) context.annotations.invalidQuantile(v, place);
}

/** @param place of the vector, for what there is to tell of it. */
function quantileAnswer(q: Float64Array, place: Expr, grid: StepGrid, context: EvalContext): Answer {
  return (bounds, counts, length, step) => {
    const rank = q[step];
    if (rank !== rank) return NaN;
    if (rank < 0) return -Infinity;
    if (rank > 1) return Infinity;
    const before = hasFall(counts, length) ? counts.slice(0, length) : undefined;
    const repair = repairCumulative(counts, length);
    if (repair === 'forced' && before !== undefined) {
      tellForced(bounds, before, counts, place, grid.start + step * grid.stepMs, context);
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
  context.annotations.forcedMonotonic(place, min, max, difference, time);
}

export async function histogramFraction(call: Call, grid: StepGrid, context: EvalContext): Promise<VectorRows> {
  const lower = await scalarOf(call.args[0], grid, context);
  const upper = await scalarOf(call.args[1], grid, context);
  const rows = await rowsOf(call.args[2], grid, context);
  refuseHistograms(rows, 'histogram_fraction()');
  const histograms = histogramsOf(rows, call.args[2], context);
  return perHistogram(rows, histograms, grid.count, (bounds, counts, length, step) =>
    bucketFraction(lower[step], upper[step], bounds, counts, length),
  );
}
