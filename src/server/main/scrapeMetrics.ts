/** What scraping tells of itself, on /metrics. */
import { durationText } from '../rules/template/goFormat.ts';
import type { ScrapeEvent } from '../scrape/manager.ts';
import type { TargetsView } from '../scrape/status.ts';
import type { SelfMetrics } from '../telemetry/selfMetrics.ts';

const NS_PER_MS = 1_000_000n;
const QUANTILES = [0.01, 0.05, 0.5, 0.9, 0.99];

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
  );
  return (event) => {
    const { sinceLastMs, intervalMs } = event;
    if (sinceLastMs !== undefined)
      intervals({ interval: durationText(BigInt(intervalMs) * NS_PER_MS) }, sinceLastMs / 1000);
    scrapes.add();
    if (!event.up) failures.add();
    samples.add(event.scraped);
    bytes.add(event.bodyBytes);
    duplicates.add(event.duplicates);
    refused.add(event.refused);
  };
}

/** What there is of each pool. */
export function registerPoolMetrics(metrics: SelfMetrics, targets: TargetsView): void {
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
    'prometheus_sd_discovered_targets',
    'Current number of discovered targets.',
    ['name', 'config'],
    () => {
      const discovered = new Map<string, number>();
      for (const { scrapePool } of [...targets.active(), ...targets.dropped()])
        discovered.set(scrapePool, (discovered.get(scrapePool) ?? 0) + 1);
      return [...discovered].map(([config, value]) => ({ labels: { name: 'scrape', config }, value }));
    },
  );
}
