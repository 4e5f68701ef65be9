/** Which metrics and labels the series are made of, most first. */
import { METRIC_NAME, type Labels } from '../../shared/model/labels.ts';
import type { LabelCounts } from '../storage/queryable.ts';

export const CARDINALITY_LIMIT_DEFAULT = 10;
export const CARDINALITY_LIMIT_MAX = 10_000;

export interface NamedCount {
  readonly name: string;
  readonly value: number;
}

export interface Cardinality {
  readonly labelPairs: number;
  readonly seriesByMetric: readonly NamedCount[];
  readonly valuesByLabel: readonly NamedCount[];
  /** Bytes of the distinct values of each label. */
  readonly bytesByLabel: readonly NamedCount[];
  readonly seriesByPair: readonly NamedCount[];
}

export function cardinality(labels: LabelCounts, limit: number): Cardinality {
  const byMetric: NamedCount[] = [];
  const valuesByLabel: NamedCount[] = [];
  const bytesByLabel: NamedCount[] = [];
  const byPair: NamedCount[] = [];
  for (const [name, counts] of labels) {
    let bytes = 0;
    let values = 0;
    for (const [value, series] of counts) {
      if (name === METRIC_NAME) byMetric.push({ name: value, value: series });
      byPair.push({ name: `${name}=${value}`, value: series });
      bytes += Buffer.byteLength(value);
      values++;
    }
    valuesByLabel.push({ name, value: values });
    bytesByLabel.push({ name, value: bytes });
  }
  return {
    labelPairs: byPair.length,
    seriesByMetric: largest(byMetric, limit),
    valuesByLabel: largest(valuesByLabel, limit),
    bytesByLabel: largest(bytesByLabel, limit),
    seriesByPair: largest(byPair, limit),
  };
}

/** By a walk over all series. */
export function countLabels(series: readonly Labels[]): LabelCounts {
  const counts = new Map<string, Map<string, number>>();
  for (const labels of series) {
    for (const [name, value] of labels) {
      let ofName = counts.get(name);
      if (ofName === undefined) counts.set(name, (ofName = new Map()));
      ofName.set(value, (ofName.get(value) ?? 0) + 1);
    }
  }
  return counts;
}

function largest(counts: readonly NamedCount[], limit: number): NamedCount[] {
  return [...counts].sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1)).slice(0, limit);
}
