/** The job that scrapes what was pushed, as a user's configuration would scrape a Pushgateway. Its page comes from memory. */
import type { Config } from '../config/config.ts';
import { parseConfig } from '../config/load.ts';
import type { PushStore } from '../push/push.ts';
import type { ScrapeClient } from '../scrape/httpClient.ts';

/** Dashboards look for `up{job="pushgateway"}`; a job of the configuration that has the name keeps it. */
const JOB_NAMES = ['pushgateway', 'isotherm_pushed', 'isotherm_pushed_here'];
const PAGE_TYPE = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';

export function withPushJob(config: Config, externalUrl: string): Config {
  const taken = new Set(config.scrapeConfigs.map(({ jobName }) => jobName));
  const { protocol, host, pathname } = new URL(externalUrl);
  const job = {
    job_name: JOB_NAMES.find((name) => !taken.has(name)) ?? `isotherm_pushed_${taken.size}`,
    honor_labels: 'true',
    scrape_native_histograms: 'true',
    always_scrape_classic_histograms: 'true',
    scheme: protocol.slice(0, -1),
    metrics_path: `${pathname.replace(/\/+$/, '')}/pushed`,
    scrape_interval: `${config.global.scrapeIntervalMs}ms`,
    scrape_timeout: `${config.global.scrapeTimeoutMs}ms`,
    static_configs: [{ targets: [host] }],
  };
  const text = JSON.stringify({ scrape_configs: [job] });
  const [pushJob] = parseConfig(text, { dir: config.dir, path: config.path }).scrapeConfigs;
  return { ...config, scrapeConfigs: [...config.scrapeConfigs, { ...pushJob, isPushed: true }] };
}

/** In place of a client: the target that stands for the pushes is not asked over the network. */
export function pushClient(pushes: PushStore): ScrapeClient {
  return {
    source: () => ({
      // A copy: the reader of a page gives its memory away.
      fetch: async () => ({ bytes: pushes.page().slice(), contentType: PAGE_TYPE }),
      abort: () => undefined,
      close: () => undefined,
    }),
    shown: (error) => error,
    close: async () => undefined,
  };
}
