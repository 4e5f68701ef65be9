/** What discovery found, by job, and what became of it. */
import type { ApiTargets } from '../../shared/api/prometheus.ts';
import type { LabelRecord } from './relabel.ts';

export interface Discovered {
  readonly key: string;
  readonly discovered: LabelRecord;
  /** Those of the target; undefined where relabelling dropped it. */
  readonly labels?: LabelRecord;
}

export interface DiscoveredPool {
  readonly name: string;
  readonly kept: number;
  readonly dropped: number;
  readonly rows: readonly Discovered[];
}

/** Jobs by name. Counts are of all that there is, rows of what is asked for. */
export function discoveredPools(
  { activeTargets, droppedTargets, droppedTargetCounts }: ApiTargets,
  state: 'all' | 'kept' | 'dropped',
  text: string,
): DiscoveredPool[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const pools = new Map<string, { kept: number; dropped: number; rows: Discovered[] }>();
  const poolOf = (name: string) => {
    const pool = pools.get(name) ?? { kept: 0, dropped: 0, rows: [] };
    pools.set(name, pool);
    return pool;
  };
  const add = (name: string, discovered: LabelRecord, labels?: LabelRecord) => {
    const { rows } = poolOf(name);
    const isWanted = state === 'all' || (state === 'kept') === (labels !== undefined);
    const hay = JSON.stringify([discovered, labels]).toLowerCase();
    if (isWanted && words.every((word) => hay.includes(word)))
      rows.push({ key: `${rows.length} ${hay}`, discovered, labels });
  };
  for (const target of activeTargets) {
    poolOf(target.scrapePool).kept++;
    add(target.scrapePool, target.discoveredLabels, target.labels);
  }
  for (const { scrapePool, discoveredLabels } of droppedTargets) {
    poolOf(scrapePool).dropped++;
    add(scrapePool, discoveredLabels);
  }
  // Beyond the limit of dropped targets that are kept, only their number is known.
  for (const [name, count] of Object.entries(droppedTargetCounts ?? {})) {
    const pool = poolOf(name);
    pool.dropped = Math.max(pool.dropped, count);
  }
  return [...pools]
    .map(([name, pool]) => ({ name, ...pool }))
    .filter(
      ({ rows, kept, dropped }) => rows.length > 0 || (words.length === 0 && state === 'all' && kept + dropped === 0),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
