/** What scraping tells of itself, on /metrics. */
import { durationText } from '../rules/template/goFormat.ts';
import type { ScrapeEvent, ScrapeManager, SyncEvent } from '../scrape/manager.ts';
import type { TargetsView, TargetStatus } from '../scrape/status.ts';
import type { SelfMetrics } from '../telemetry/selfMetrics.ts';

const NS_PER_MS = 1_000_000n;
type Counter = ReturnType<SelfMetrics['ownCounter']>;

const QUANTILES = [0.01, 0.05, 0.5, 0.9, 0.99];

const SCRAPE_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const OVER_LIMIT = {
  bodySize: [
    'prometheus_target_scrapes_exceeded_body_size_limit_total',
    'Total number of scrapes that hit the body size limit.',
  ],
  samples: [
    'prometheus_target_scrapes_exceeded_sample_limit_total',
    'Total number of scrapes that hit the sample limit and were rejected.',
  ],
  labels: [
    'prometheus_target_scrape_pool_exceeded_label_limits_total',
    'Total number of scrapes that hit the label limits and were rejected.',
  ],
  nativeBuckets: [
    'prometheus_target_scrapes_exceeded_native_histogram_bucket_limit_total',
    'Total number of scrapes that hit the native histogram bucket limit and were rejected.',
  ],
} as const;

/** Registers the counters and gives the listener that counts. */
export function scrapeMetrics(metrics: SelfMetrics): (event: ScrapeEvent) => void {
  const scrapes = metrics.ownCounter('isotherm_scrapes_total', 'Scrapes, failed ones included.');
  const failures = metrics.ownCounter('isotherm_scrapes_failed_total', 'Scrapes whose target was down or unreadable.');
  const samples = metrics.ownCounter('isotherm_scrape_samples_total', 'Samples read from scraped pages.');
  const bytes = metrics.ownCounter('isotherm_scrape_body_bytes_total', 'Bytes of scraped pages, unfolded.');
  const duplicates = metrics.ownCounter(
    'prometheus_target_scrapes_sample_duplicate_timestamp_total',
    'Total number of samples rejected due to duplicate timestamps but different values.',
  );
  const refused = metrics.ownCounter(
    'isotherm_scrape_samples_refused_total',
    'Scraped samples that the store refused.',
  );
  const intervals = metrics.summary(
    'prometheus_target_interval_length_seconds',
    'Actual intervals between scrapes.',
    QUANTILES,
    'prometheus_target_interval_length_histogram_seconds',
  );
  const durations = metrics.histogram(
    'prometheus_target_scrape_duration_seconds',
    'Total duration of the scrape from start to commit completion in seconds.',
    SCRAPE_SECONDS,
  );
  const late = metrics.ownCounter(
    'prometheus_target_scrapes_sample_out_of_order_total',
    'Total number of samples rejected due to not being out of the expected order.',
  );
  const outOfBounds = metrics.ownCounter(
    'prometheus_target_scrapes_sample_out_of_bounds_total',
    'Total number of samples rejected due to timestamp falling outside of the time bounds.',
  );
  const lateExemplars = metrics.ownCounter(
    'prometheus_target_scrapes_exemplar_out_of_order_total',
    'Total number of exemplar rejected due to not being out of the expected order.',
  );
  const counters = Object.entries(OVER_LIMIT).map(([limit, [name, help]]) => [limit, metrics.ownCounter(name, help)]);
  const overLimit = Object.fromEntries(counters) as Record<keyof typeof OVER_LIMIT, Counter>;
  return (event) => {
    if (event.overLimit !== undefined) overLimit[event.overLimit].add();
    const { sinceLastMs, intervalMs } = event;
    if (sinceLastMs !== undefined)
      intervals({ interval: durationText(BigInt(intervalMs) * NS_PER_MS) }, sinceLastMs / 1000);
    scrapes.add();
    if (!event.up) failures.add();
    samples.add(event.scraped);
    bytes.add(event.bodyBytes);
    durations({}, event.totalMs / 1000);
    const { outOfOrder, outOfBounds: beyond, tooOld, duplicate } = event.refused;
    duplicates.add(event.duplicates + duplicate);
    late.add(outOfOrder);
    outOfBounds.add(beyond + tooOld);
    lateExemplars.add(event.lateExemplars);
    refused.add(outOfOrder + beyond + tooOld + duplicate);
  };
}

/** Registers what is counted of making targets those that were discovered, and gives the listener. */
export function syncMetrics(metrics: SelfMetrics): (event: SyncEvent) => void {
  const lengths = metrics.summary(
    'prometheus_target_sync_length_seconds',
    'Actual interval to sync the scrape pool.',
    QUANTILES,
    'prometheus_target_sync_length_histogram_seconds',
  );
  const overLimit = metrics.ownCounter(
    'prometheus_target_scrape_pool_exceeded_target_limit_total',
    'Total number of times scrape pools hit the target limit, during sync or config reload.',
  );
  const byJob = new Map<string, { syncs: number; faults: number }>();
  const rows = (of: 'syncs' | 'faults') => () =>
    [...byJob].map(([job, counts]) => ({ labels: { scrape_job: job }, value: counts[of] }));
  metrics.counterRows(
    'prometheus_target_scrape_pool_sync_total',
    'Total number of syncs that were executed on a scrape pool.',
    ['scrape_job'],
    rows('syncs'),
  );
  metrics.counterRows(
    'prometheus_target_sync_failed_total',
    'Total number of target sync failures.',
    ['scrape_job'],
    rows('faults'),
  );
  return ({ job, durationMs, faults, isOverTargetLimit }) => {
    lengths({ scrape_job: job }, durationMs / 1000);
    if (isOverTargetLimit) overLimit.add();
    const counts = byJob.get(job) ?? { syncs: 0, faults: 0 };
    byJob.set(job, { syncs: counts.syncs + 1, faults: counts.faults + faults });
  };
}

function charsOf(metadata: TargetStatus['metadata']): number {
  let chars = 0;
  for (const [name, { help, unit }] of metadata) chars += name.length + help.length + unit.length;
  return chars;
}

/** What there is of each pool. */
export function registerPoolMetrics(metrics: SelfMetrics, targets: ScrapeManager): void {
  metrics.counter(
    'prometheus_target_scrape_pools_total',
    'Total number of scrape pool creation attempts.',
    () => targets.poolCounts.created,
  );
  metrics.counter(
    'prometheus_target_scrape_pool_reloads_total',
    'Total number of scrape pool reloads.',
    () => targets.poolCounts.reloaded,
  );
  metrics.gaugeRows(
    'prometheus_target_scrape_pool_target_limit',
    'Maximum number of targets allowed in this scrape pool; 0 is no limit.',
    ['scrape_job'],
    () => [...targets.targetLimits()].map(([job, value]) => ({ labels: { scrape_job: job }, value })),
  );
  const perPool = (count: (target: ReturnType<TargetsView['active']>[number]) => number) => () => {
    const sums = new Map<string, number>();
    for (const target of targets.active())
      sums.set(target.scrapePool, (sums.get(target.scrapePool) ?? 0) + count(target));
    return [...sums].map(([pool, value]) => ({ labels: { scrape_job: pool }, value }));
  };
  metrics.gaugeRows(
    'prometheus_target_scrape_pool_targets',
    'Current number of targets in this scrape pool.',
    ['scrape_job'],
    perPool(() => 1),
  );
  metrics.gaugeRows(
    'prometheus_target_metadata_cache_entries',
    'Total number of metric metadata entries in the cache.',
    ['scrape_job'],
    perPool(({ metadata }) => metadata.size),
  );
  metrics.gaugeRows(
    'prometheus_target_metadata_cache_bytes',
    'Characters of the metric metadata in the cache.',
    ['scrape_job'],
    perPool(({ metadata }) => charsOf(metadata)),
  );
}
