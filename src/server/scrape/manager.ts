/** All jobs: starts, changes and ends pools as the configuration says. */
import type { Config } from '../config/config.ts';
import type { Storage } from '../storage/appender.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { ScrapeClient } from './httpClient.ts';
import { FailureLogs } from './failureLogs.ts';
import { ScrapePool } from './pool.ts';
import type { LoopDeps, ScrapeEvent } from './scrapeLoop.ts';
import type { TargetsView } from './status.ts';

export type { ScrapeEvent } from './scrapeLoop.ts';

export interface ScrapeManagerDeps {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Log;
  /** Told after each scrape; for metrics. */
  readonly onScrape?: (event: ScrapeEvent) => void;
  /** Whose pages a job has that stands for pushed metrics. */
  readonly pushes?: ScrapeClient;
}

export interface ScrapeManager extends TargetsView {
  /** Makes the running jobs those of `config`. Jobs and targets that did not change go on undisturbed. */
  apply(config: Config): void;
  /** Ends after the scrapes under way are cut short. Nothing goes stale: a restart goes on. */
  stop(): Promise<void>;
}

export function createScrapeManager(deps: ScrapeManagerDeps): ScrapeManager {
  const pools = new Map<string, ScrapePool>();
  const retiring = new Map<ScrapePool, Promise<void>>();
  const failures = new FailureLogs(deps.log);
  const poolDeps: LoopDeps = { ...deps, onScrape: deps.onScrape ?? (() => undefined), failures };

  const retire = (job: string, pool: ScrapePool) => {
    pools.delete(job);
    retiring.set(
      pool,
      pool.retire().finally(() => retiring.delete(pool)),
    );
  };

  return {
    apply({ scrapeConfigs }) {
      failures.open(scrapeConfigs);
      const jobs = new Set(scrapeConfigs.map((config) => config.jobName));
      for (const [job, pool] of pools) if (!jobs.has(job)) retire(job, pool);
      for (const config of scrapeConfigs) {
        const pool = pools.get(config.jobName);
        if (pool === undefined) pools.set(config.jobName, new ScrapePool(config, poolDeps));
        else pool.configure(config);
      }
    },
    async stop() {
      await Promise.allSettled([...pools.values(), ...retiring.keys()].map((pool) => pool.stop()));
      pools.clear();
      failures.close();
    },
    active: () => [...pools.values()].flatMap((pool) => pool.active()),
    scrapeNow: async (job, url) => (await pools.get(job)?.scrapeNow(url)) ?? 0,
    relabelSteps: (job, labels) => pools.get(job)?.relabelSteps(labels),
    dropped: () => [...pools.values()].flatMap((pool) => pool.dropped()),
  };
}
