/** Instant queries as rules ask them. */
import type { QueryEngine } from '../storage/engine.ts';
import type { AskVector, RuleSample } from './rule.ts';

/** @param stop cancels what is under way. */
export function askEngine(engine: QueryEngine, stop: AbortSignal): AskVector {
  return async (expr, t, parsed) => {
    const { value } = await engine.query({ expr, parsed, start: t, end: t, stepMs: 0, signal: stop });
    if (value.kind === 'scalar') return [{ labels: [], value: value.matrix.values[0] }];
    if (value.kind !== 'vector') throw new Error('rule result is not a vector or scalar');
    const { labels, values, histograms } = value.matrix;
    return labels.map((set, i): RuleSample => {
      const histogram = histograms?.get(i);
      return histogram === undefined ? { labels: set, value: values[i] } : { labels: set, value: NaN, histogram };
    });
  };
}
