/** All jobs: starts, changes and ends pools as the configuration says. */
import type { Config } from '../config/config.ts';
import type { DiscoveryEvent } from '../discovery/events.ts';
import type { Dials } from '../outbound/dials.ts';
import type { Storage } from '../storage/appender.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { ScrapeClient } from './httpClient.ts';
import { FailureLogs } from './failureLogs.ts';
import { ScrapePool } from './pool.ts';
import type { LoopDeps, ScrapeEvent, SyncEvent } from './scrapeLoop.ts';
import type { TargetsView } from './status.ts';

export type { ScrapeEvent, SyncEvent } from './scrapeLoop.ts';

export interface ScrapeManagerDeps {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Log;
  /** Told after each scrape; for metrics. */
  readonly onScrape?: (event: ScrapeEvent) => void;
  /** Told whenever a job's targets are made those that were discovered. */
  readonly onSync?: (event: SyncEvent) => void;
  /** Told of what discovery does. */
  readonly onDiscovery?: (job: string, event: DiscoveryEvent) => void;
  /** Where connections are counted, by job. */
  readonly dials?: Dials;
  /** Whose pages a job has that stands for pushed metrics. */
  readonly pushes?: ScrapeClient;
}

export interface ScrapeManager extends TargetsView {
  /** Makes the running jobs those of `config`. Jobs and targets that did not change go on undisturbed. */
  apply(config: Config): void;
  /** Pools made, and changed by a reload, so far. */
  readonly poolCounts: { readonly created: number; readonly reloaded: number };
  /** `target_limit` of each job; 0 for none. */
  targetLimits(): ReadonlyMap<string, number>;
  /** Ends after the scrapes under way are cut short. Nothing goes stale: a restart goes on. */
  stop(): Promise<void>;
}

export function createScrapeManager(deps: ScrapeManagerDeps): ScrapeManager {
  const pools = new Map<string, ScrapePool>();
  const retiring = new Map<ScrapePool, Promise<void>>();
  const failures = new FailureLogs(deps.log);
  const poolDeps: LoopDeps = {
    onScrape: () => undefined,
    onSync: () => undefined,
    onDiscovery: () => undefined,
    ...deps,
    failures,
  };
  const counts = { created: 0, reloaded: 0 };

  const retire = (job: string, pool: ScrapePool) => {
    pools.delete(job);
    retiring.set(
      pool,
      pool.retire().finally(() => retiring.delete(pool)),
    );
  };

  return {
    poolCounts: counts,
    targetLimits: () => new Map([...pools].map(([job, pool]) => [job, pool.targetLimit])),
    apply({ scrapeConfigs }) {
      failures.open(scrapeConfigs);
      const jobs = new Set(scrapeConfigs.map((config) => config.jobName));
      for (const [job, pool] of pools) if (!jobs.has(job)) retire(job, pool);
      for (const config of scrapeConfigs) {
        const pool = pools.get(config.jobName);
        if (pool === undefined) {
          counts.created++;
          pools.set(config.jobName, new ScrapePool(config, poolDeps));
        } else if (pool.configure(config)) counts.reloaded++;
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
