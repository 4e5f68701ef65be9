/** Scrape targets as the page lists them: by pool, the broken ones first. */
import type { ApiTarget, ApiTargets } from '../../shared/api/prometheus.ts';
import { ask, queryInstant } from '../api/client.ts';

export const STATES = ['all', 'down', 'up', 'unknown'] as const;
export type State = (typeof STATES)[number];

export interface TargetRow {
  readonly target: ApiTarget;
  /** Milliseconds; NaN if it was never scraped. */
  readonly lastScrape: number;
  /** Samples of the last scrape; NaN where that is not known. */
  readonly samples: number;
}

export interface Pool {
  readonly name: string;
  readonly up: number;
  readonly all: number;
  readonly rows: readonly TargetRow[];
}

export interface TargetsAnswer {
  readonly rows: readonly TargetRow[];
  readonly dropped: Readonly<Record<string, number>>;
}

/** What a scrape brought is itself a sample; without an engine that answers, the list stands without those numbers. */
export async function fetchTargets(now: number, signal: AbortSignal): Promise<TargetsAnswer> {
  const [{ data }, samples] = await Promise.all([
    ask<ApiTargets>('targets', {}, signal),
    queryInstant('scrape_samples_scraped', now, signal).catch(() => []),
  ]);
  const bySource = new Map(samples.map(({ metric, value }) => [sourceKey(metric), value]));
  return {
    rows: data.activeTargets.map((target) => ({
      target,
      lastScrape: target.lastScrape.startsWith('0001-') ? NaN : Date.parse(target.lastScrape),
      samples: bySource.get(sourceKey(target.labels)) ?? NaN,
    })),
    dropped: data.droppedTargetCounts ?? {},
  };
}

function sourceKey(labels: Readonly<Record<string, string>>): string {
  const { __name__: _name, ...rest } = labels;
  return JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const HEALTH_ORDER = ['down', 'unknown', 'up'];

/**
 * @param text words that must all occur in a target's address, labels or error.
 */
export function poolsOf(rows: readonly TargetRow[], state: State, text: string): Pool[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const pools = new Map<string, TargetRow[]>();
  for (const row of rows) pools.set(row.target.scrapePool, [...(pools.get(row.target.scrapePool) ?? []), row]);
  const listed = [...pools].map(([name, all]): Pool => {
    const up = all.filter(({ target }) => target.health === 'up').length;
    const shown = all.filter(({ target }) => (state === 'all' || target.health === state) && matches(target, words));
    return { name, up, all: all.length, rows: shown.sort(byHealth) };
  });
  return listed
    .filter((pool) => pool.rows.length > 0)
    .sort((a, b) => Number(a.up === a.all) - Number(b.up === b.all) || (a.name < b.name ? -1 : 1));
}

function matches(target: ApiTarget, words: readonly string[]): boolean {
  const text = `${target.scrapeUrl} ${JSON.stringify(target.labels)} ${target.lastError}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function byHealth(a: TargetRow, b: TargetRow): number {
  return (
    HEALTH_ORDER.indexOf(a.target.health) - HEALTH_ORDER.indexOf(b.target.health) ||
    (a.target.scrapeUrl < b.target.scrapeUrl ? -1 : 1)
  );
}
