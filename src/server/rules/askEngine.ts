/** Instant queries as rules ask them: kept ones at once, any by asking for it. */
import type { QueryEngine } from '../storage/engine.ts';
import type { Labels } from '../../shared/model/labels.ts';
import type { AskVector, KeepVector, KeptRow, RuleSample } from './rule.ts';

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

/** @param stop ends what it is for; the answers of what is under way are asked for then, and refused. */
export function keepQueries(engine: QueryEngine, stop: AbortSignal): KeepVector {
  return (parsed) => {
    const kept = engine.keep?.(parsed);
    let labels: readonly Labels[] | undefined;
    let known: KeptRow[] = [];
    return (t) => {
      const answer = stop.aborted ? undefined : kept?.at(t);
      if (answer === undefined) return undefined;
      if (answer.labels !== labels) known = answer.labels.map(() => ({}));
      labels = answer.labels;
      const rows: RuleSample[] = [];
      for (let i = 0; i < labels.length; i++)
        if (answer.present[i] === 1) rows.push({ labels: labels[i], value: answer.values[i], row: known[i] });
      return rows;
    };
  };
}
