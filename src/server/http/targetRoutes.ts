/** targets, scrape_pools, alertmanagers. */
import type { ApiTarget, ApiTargets } from '../../shared/api/prometheus.ts';
import { formatDuration } from '../../shared/model/durations.ts';
import { labelsRecord } from '../../shared/model/labels.ts';
import type { TargetsView, TargetStatus } from '../scrape/status.ts';
import { dataJson } from './answer.ts';
import type { ApiCall, ApiRoute } from './route.ts';

/** How upstream writes a time that never was. */
const NEVER = '0001-01-01T00:00:00Z';

export function timeText(t: number): string {
  return t === 0 ? NEVER : new Date(t).toISOString();
}

function apiTarget(target: TargetStatus, externalUrl: string): ApiTarget {
  return {
    discoveredLabels: labelsRecord(target.discoveredLabels),
    labels: labelsRecord(target.labels),
    scrapePool: target.scrapePool,
    scrapeUrl: target.url,
    globalUrl: globalUrl(target.url, externalUrl),
    lastError: target.lastError,
    lastScrape: timeText(target.lastScrape),
    lastScrapeDuration: target.lastDurationMs / 1000,
    health: target.health,
    scrapeInterval: formatDuration(target.intervalMs),
    scrapeTimeout: formatDuration(target.timeoutMs),
  };
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The target as others reach it: a loopback address becomes the name under which this machine is known. */
function globalUrl(url: string, externalUrl: string): string {
  if (!URL.canParse(url)) return url;
  const global = new URL(url);
  if (!LOOPBACK.has(global.hostname)) return url;
  global.hostname = new URL(externalUrl).hostname;
  return global.href;
}

function targets({ params, rooms, deps }: ApiCall): Iterable<string> {
  const state = params.text('state').toLowerCase();
  const pool = params.text('scrapePool');
  const inPool = (target: { scrapePool: string }) => pool === '' || target.scrapePool === pool;
  const wants = (which: string) => state === '' || state === 'any' || state === which;
  const dropped = rooms.targets.dropped().filter(inPool);
  return dataJson({
    activeTargets: wants('active')
      ? rooms.targets
          .active()
          .filter(inPool)
          .map((target) => apiTarget(target, deps.options.externalUrl))
      : [],
    droppedTargets: wants('dropped')
      ? dropped.map(({ discoveredLabels, scrapePool }) => ({
          discoveredLabels: labelsRecord(discoveredLabels),
          scrapePool,
        }))
      : [],
    droppedTargetCounts: wants('dropped') ? countByPool(rooms.targets) : null,
  } satisfies ApiTargets);
}

/** Every pool, those without dropped targets with 0. */
function countByPool(targets: TargetsView): Record<string, number> {
  const counts = Object.fromEntries(targets.active().map(({ scrapePool }) => [scrapePool, 0]));
  for (const { scrapePool } of targets.dropped()) counts[scrapePool] = (counts[scrapePool] ?? 0) + 1;
  return counts;
}

function scrapePools({ rooms }: ApiCall): Iterable<string> {
  const pools = new Set([...rooms.targets.active(), ...rooms.targets.dropped()].map((target) => target.scrapePool));
  return dataJson({ scrapePools: [...pools].sort() });
}

function alertmanagers({ rooms }: ApiCall): Iterable<string> {
  const urls = (list: Iterable<string>) => [...list].map((url) => ({ url }));
  return dataJson({
    activeAlertmanagers: urls(rooms.alertmanagers.active().keys()),
    droppedAlertmanagers: urls(rooms.alertmanagers.dropped()),
  });
}

export const TARGET_ROUTES: readonly ApiRoute[] = [
  { path: '/targets', methods: ['GET'], answer: targets },
  { path: '/scrape_pools', methods: ['GET'], answer: scrapePools },
  { path: '/alertmanagers', methods: ['GET'], answer: alertmanagers },
];
