/** Native histograms read out of observations, by the definition: every observation is put where its bucket is. */
import { CUSTOM_SCHEMA, exponentialBound } from '../../src/shared/histogram/bounds.ts';
import type { NativeHistogram } from '../../src/shared/histogram/native.ts';
import { spansOf } from '../../src/shared/histogram/spans.ts';

/** What was observed; NaN counts, and is in no bucket. */
export type Observations = readonly number[];

function totals(observations: Observations): { count: number; sum: number } {
  return { count: observations.length, sum: observations.reduce((sum, v) => sum + v, 0) };
}

function indexIn(v: number, schema: number): number {
  let index = Math.ceil(Math.log2(v) * 2 ** schema);
  while (exponentialBound(index, schema) < v) index++;
  while (exponentialBound(index - 1, schema) >= v) index--;
  return index;
}

export function exponentialOf(
  observations: Observations,
  schema: number,
  zeroThreshold: number,
  counterReset: NativeHistogram['counterReset'] = 'unknown',
): NativeHistogram {
  const sides = { positive: new Map<number, number>(), negative: new Map<number, number>() };
  let zeroCount = 0;
  for (const v of observations) {
    if (Math.abs(v) <= zeroThreshold) zeroCount++;
    else if (!Number.isNaN(v)) {
      const index = indexIn(Math.abs(v), schema);
      const side = sides[v > 0 ? 'positive' : 'negative'];
      side.set(index, (side.get(index) ?? 0) + 1);
    }
  }
  const run = (side: ReadonlyMap<number, number>) => {
    const indexes = Int32Array.from(side.keys()).sort();
    return { spans: spansOf(indexes), counts: Float64Array.from(indexes, (index) => side.get(index)!) };
  };
  const [positive, negative] = [run(sides.positive), run(sides.negative)];
  return {
    ...totals(observations),
    schema,
    zeroThreshold,
    zeroCount,
    positiveSpans: positive.spans,
    positiveBuckets: positive.counts,
    negativeSpans: negative.spans,
    negativeBuckets: negative.counts,
    counterReset,
  };
}

/** @param bounds ascending, without +Inf. */
export function customOf(observations: Observations, bounds: Float64Array): NativeHistogram {
  const counts = new Float64Array(bounds.length + 1);
  for (const v of observations) {
    if (Number.isNaN(v)) continue;
    const index = bounds.findIndex((bound) => v <= bound);
    counts[index < 0 ? bounds.length : index]++;
  }
  return {
    ...totals(observations),
    schema: CUSTOM_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    positiveSpans: [{ offset: 0, length: counts.length }],
    positiveBuckets: counts,
    negativeSpans: [],
    negativeBuckets: new Float64Array(),
    customValues: bounds,
    counterReset: 'unknown',
  };
}
