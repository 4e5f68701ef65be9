/** What the store holds that the overview can draw: found by asking for names, not by configuration. */
import { parseDuration } from '../../shared/model/durations.ts';
import type { ApiMetadata, MetricMetadata } from '../../shared/api/metadata.ts';
import type { ApiTargets } from '../../shared/api/prometheus.ts';
import { ask } from '../api/client.ts';

export interface Inventory {
  /** Names of histograms, of classic ones without `_bucket`, each kind sorted. */
  readonly histograms: readonly string[];
  /** Those of them that are native, and have no buckets beside. */
  readonly natives: ReadonlySet<string>;
  /** Names among WANTED that have series, and all names of counters of requests. */
  readonly names: ReadonlySet<string>;
  readonly metadata: Readonly<Record<string, MetricMetadata>>;
}

/** Besides histograms: what the other cards look for. */
const WANTED = [
  '.+_bucket',
  '.*requests?(_success|_failure|_error|_count)?_total',
  '.+_(seconds|duration)_count',
  'sglang[:_]num_requests_total',
  'data_job_.+',
  'node_cpu_seconds_total',
  'node_memory_Mem(Total|Available)_bytes',
  'node_load1',
  'process_(cpu_seconds_total|resident_memory_bytes)',
].join('|');

/** Names are looked for in this much of the past. */
const RECENT_MS = 6 * 3_600_000;

export async function takeInventory(end: number, start: number, signal: AbortSignal): Promise<Inventory> {
  const namesLike = async (pattern: string) => {
    const range = { start: String(Math.min(start, end - RECENT_MS) / 1000), end: String(end / 1000) };
    return (await ask<string[]>('label/__name__/values', { 'match[]': `{__name__=~"${pattern}"}`, ...range }, signal))
      .data;
  };
  const [found, { data }] = await Promise.all([
    namesLike(WANTED),
    ask<ApiMetadata>('metadata', { limit_per_metric: '1' }, signal),
  ]);
  const names = new Set(found);
  const metadata = Object.fromEntries(Object.entries(data).map(([name, [first]]) => [name, first]));
  const isBare = ([name, { type }]: [string, MetricMetadata]) => type === 'histogram' && !names.has(`${name}_bucket`);
  const bare = Object.entries(metadata)
    .filter(isBare)
    .map(([name]) => name);
  // What is known of a metric is kept though its series are not: they are looked for.
  const natives = bare.length === 0 ? [] : await namesLike(bare.map(asPattern).join('|'));
  const classic = found.filter((name) => name.endsWith('_bucket')).map((name) => name.slice(0, -'_bucket'.length));
  return { histograms: [...classic, ...natives], natives: new Set(natives), names, metadata };
}

/** A name as a pattern within a quoted text: of what is no plain name any letter. */
const asPattern = (name: string) => name.replace(/[^a-zA-Z0-9_:]/g, '.');

export interface TargetsSummary {
  readonly up: number;
  readonly down: number;
  readonly unknown: number;
  /** The commonest scrape interval, milliseconds. */
  readonly intervalMs: number;
}

export const INTERVAL_MS_DEFAULT = 15_000;

export async function summariseTargets(signal: AbortSignal): Promise<TargetsSummary> {
  const { data } = await ask<ApiTargets>('targets', { state: 'active' }, signal);
  const having = (health: string) => data.activeTargets.filter((target) => target.health === health).length;
  return {
    up: having('up'),
    down: having('down'),
    unknown: having('unknown'),
    intervalMs: commonest(data.activeTargets.map((target) => durationOr(target.scrapeInterval, INTERVAL_MS_DEFAULT))),
  };
}

function durationOr(text: string, otherwise: number): number {
  try {
    return parseDuration(text);
  } catch {
    return otherwise; // A server that writes intervals in another way still has an overview.
  }
}

/** The value that occurs most often; of equals the smallest. */
export function commonest(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return ranked.length > 0 ? ranked[0][0] : INTERVAL_MS_DEFAULT;
}
