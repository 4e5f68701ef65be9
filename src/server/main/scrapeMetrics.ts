/** What scraping tells of itself, on /metrics. */
import type { ScrapeEvent } from '../scrape/manager.ts';
import type { SelfMetrics } from '../telemetry/selfMetrics.ts';

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
  return (event) => {
    scrapes.add();
    if (!event.up) failures.add();
    samples.add(event.scraped);
    bytes.add(event.bodyBytes);
    duplicates.add(event.duplicates);
    refused.add(event.refused);
  };
}
