/** Which metrics and labels the series are made of, most first. */
import { METRIC_NAME, type Labels } from '../../shared/model/labels.ts';

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

export function cardinality(series: readonly Labels[], limit: number): Cardinality {
  const byMetric = new Map<string, number>();
  const values = new Map<string, Map<string, number>>();
  for (const labels of series) {
    for (const [name, value] of labels) {
      if (name === METRIC_NAME) byMetric.set(value, (byMetric.get(value) ?? 0) + 1);
      let counts = values.get(name);
      if (counts === undefined) values.set(name, (counts = new Map()));
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
  }
  const byPair = new Map<string, number>();
  const bytes = new Map<string, number>();
  for (const [name, counts] of values) {
    let size = 0;
    for (const [value, count] of counts) {
      byPair.set(`${name}=${value}`, count);
      size += Buffer.byteLength(value);
    }
    bytes.set(name, size);
  }
  return {
    labelPairs: byPair.size,
    seriesByMetric: largest(byMetric, limit),
    valuesByLabel: largest(new Map([...values].map(([name, counts]) => [name, counts.size])), limit),
    bytesByLabel: largest(bytes, limit),
    seriesByPair: largest(byPair, limit),
  };
}

function largest(counts: ReadonlyMap<string, number>, limit: number): NamedCount[] {
  return [...counts]
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1))
    .slice(0, limit);
}
