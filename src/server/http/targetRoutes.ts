/** targets, their metadata and their configuration, scrape_pools, alertmanagers. */
import type { ApiTarget, ApiTargets } from '../../shared/api/prometheus.ts';
import { formatDuration } from '../../shared/model/durations.ts';
import { labelsRecord, labelValue } from '../../shared/model/labels.ts';
import { compileMatcher } from '../../shared/model/matchers.ts';
import { jobText } from '../config/jobText.ts';
import type { TargetsView, TargetStatus } from '../scrape/status.ts';
import { dataJson, listJson } from './answer.ts';
import { ApiError } from './apiError.ts';
import type { ApiCall, ApiRoute } from './route.ts';
import { wholeNumberOf } from './params.ts';
import { parseSelector } from './selectors.ts';

/** A target may be scraped again after this long. */
const SCRAPE_AGAIN_MS = 1_000;

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

function targetMetadata({ params, rooms }: ApiCall): Iterable<string> {
  const asked = wholeNumberOf(params.text('limit') || '-1');
  if (asked === undefined) throw new ApiError('bad_data', 'limit must be a number');
  const limit = asked < 0 ? Infinity : asked;
  const metric = params.text('metric');
  const matches = targetTest(params.text('match_target'));
  return listJson(metadataOf(rooms.targets.active().filter(matches), metric, limit));
}

/** What a target has is told whole: the limit says only that no further target is begun. */
function* metadataOf(targets: readonly TargetStatus[], metric: string, limit: number): Generator<string> {
  let told = 0;
  for (const target of targets) {
    if (told >= limit) return;
    const labels = labelsRecord(target.labels);
    for (const [name, { type, help, unit }] of target.metadata) {
      if (metric !== '' && name !== metric) continue;
      told++;
      yield JSON.stringify({ target: labels, ...(metric === '' && { metric: name }), type, help, unit });
    }
  }
}

function targetTest(selector: string): (target: TargetStatus) => boolean {
  if (selector === '') return () => true;
  const tests = parseSelector(selector, 'match_target').map((matcher) => ({ matcher, test: compileMatcher(matcher) }));
  return ({ labels }) => tests.every(({ matcher, test }) => test(labelValue(labels, matcher.name)));
}

function poolConfig({ params, deps }: ApiCall): Iterable<string> {
  const pool = params.text('scrapePool');
  if (pool === '') throw new ApiError('bad_data', 'no scrapePool parameter provided');
  const yaml = jobText(deps.configText(), pool);
  if (yaml === undefined) {
    throw new ApiError('bad_data', `error retrieving scrape config: scrape pool "${pool}" not found`);
  }
  return dataJson({ yaml });
}

/** Out of turn; a target that was scraped just now is left alone, so that nobody is flooded. */
async function scrapeNow({ params, rooms, deps }: ApiCall): Promise<Iterable<string>> {
  const pool = params.text('scrapePool');
  const url = params.text('scrapeUrl');
  const wanted = rooms.targets.active().filter((target) => target.scrapePool === pool && target.url === url);
  if (wanted.length === 0) {
    throw new ApiError('not_found', `pool ${JSON.stringify(pool)} has no target ${url}; /api/v1/targets lists them`);
  }
  const latest = Math.max(...wanted.map(({ lastScrape }) => lastScrape));
  if (deps.clock.now() - latest >= SCRAPE_AGAIN_MS) await rooms.targets.scrapeNow(pool, url);
  const scraped = rooms.targets.active().filter((target) => target.scrapePool === pool && target.url === url);
  return dataJson({ targets: scraped.map((target) => apiTarget(target, deps.options.externalUrl)) });
}

export const TARGET_ROUTES: readonly ApiRoute[] = [
  { path: '/targets', methods: ['GET'], answer: targets },
  { path: '/targets/metadata', methods: ['GET'], answer: targetMetadata },
  { path: '/targets/scrape', methods: ['POST'], changes: true, answer: scrapeNow },
  { path: '/scrape_pools/config', methods: ['GET'], answer: poolConfig },
  { path: '/scrape_pools', methods: ['GET'], answer: scrapePools },
  { path: '/alertmanagers', methods: ['GET'], answer: alertmanagers },
];
