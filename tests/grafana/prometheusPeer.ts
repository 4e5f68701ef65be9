/** A Prometheus of this machine, scraping itself every second: a server that is not ours to ask. */
import { runPrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { api, until } from '../support/sidecar.ts';

const SCRAPED_WITHIN_MS = 30_000;

/** Resolves when it has scraped itself at least four times, so that rates over buckets have values. */
export async function startSelfScraper(): Promise<PrometheusProcess> {
  const peer = await runPrometheus({
    config: (address) =>
      `global: { scrape_interval: 1s }\nscrape_configs:\n  - job_name: self\n    static_configs: [{ targets: ['${address}'] }]\n`,
  });
  const counted = 'count_over_time(prometheus_http_request_duration_seconds_count{handler="/metrics"}[1m])';
  const hasScraped = async () => {
    const { data } = await api(peer.url, `/query?query=${encodeURIComponent(counted)}`);
    return Number(data?.result[0]?.value[1] ?? 0) >= 4;
  };
  try {
    await until(hasScraped, SCRAPED_WITHIN_MS);
  } catch (fault) {
    await peer.stop();
    throw fault;
  }
  return peer;
}
