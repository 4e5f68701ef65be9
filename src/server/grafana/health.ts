/** "Save & test": what is there, or exactly what is wrong and what to do about it. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseInterval } from '../../shared/api/grafanaQuery.ts';
import type { ApiBuildInfo, ApiQueryData, ApiTargets } from '../../shared/api/prometheus.ts';
import type { Collector } from './collect/collector.ts';
import { HEALTH_ERROR, HEALTH_OK, type CheckHealthResponse } from './messages.ts';
import { askApi, type ApiResult } from './promApi.ts';
import { SettingsError } from './settings.ts';
import { UpstreamError, type Upstream } from './upstream.ts';

/** Beyond it the newest points of "last 5 minutes" are missing or in the future. */
const CLOCK_SKEW_MS_MAX = 60_000;
const HEALTH_TIMEOUT_MS = 10_000;
/** Of targets that are down, those that are told of with their error. */
const TARGETS_NAMED_MAX = 10;

export interface HealthScope {
  readonly upstream: () => Upstream;
  readonly headers: (upstream: Upstream) => Readonly<Record<string, string>>;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Never rejects: what goes wrong is the answer. */
export async function checkHealth(scope: HealthScope): Promise<CheckHealthResponse> {
  try {
    return await examine(scope);
  } catch (error) {
    const known = error instanceof UpstreamError || error instanceof SettingsError;
    const text = error instanceof Error ? error.message : String(error);
    return {
      status: HEALTH_ERROR,
      message: known ? text : `the data source failed: ${text}`,
      details: {
        fault: error instanceof UpstreamError ? error.kind : error instanceof SettingsError ? 'settings' : 'plugin',
      },
    };
  }
}

async function examine(scope: HealthScope): Promise<CheckHealthResponse> {
  const upstream = scope.upstream();
  const timeoutMs = Math.min(upstream.connection.timeoutMs, HEALTH_TIMEOUT_MS);
  const ask = <T>(path: string, parameters: Record<string, string> = {}, method: 'GET' | 'POST' = 'GET') =>
    askApi<T>(upstream, {
      path,
      method,
      parameters: new URLSearchParams(parameters),
      headers: scope.headers(upstream),
      signal: scope.signal,
      timeoutMs,
    });
  // The question that every server of this family answers decides; the method is the one that panels will use.
  const answer = await ask<ApiQueryData>('/api/v1/query', { query: '1' }, upstream.connection.queryMethod);
  const skewMs = answer.serverTime === undefined ? 0 : answer.serverTime - scope.now();
  if (Math.abs(skewMs) > CLOCK_SKEW_MS_MAX) {
    const by = `${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'}`;
    return {
      status: HEALTH_ERROR,
      message: `the server answers, but its clock is ${by} Grafana's: panels that end now would miss data or end in nothing; set both clocks by NTP`,
      details: { fault: 'clock_skew', skewMs },
    };
  }
  const targetsNow = () => optional(ask<ApiTargets>('/api/v1/targets', { state: 'active' }));
  const [build, targets] = await Promise.all([
    optional(ask<ApiBuildInfo>('/api/v1/status/buildinfo')),
    upstream.collector === undefined ? targetsNow() : onceScraped(targetsNow, scope.signal),
  ]);
  const found = whatWasFound(build?.data, targets?.data);
  if (upstream.collector === undefined) return { status: HEALTH_OK, ...found };
  const samples = await optional(ask<ApiQueryData>('/api/v1/query', { query: SAMPLES_PER_SECOND }));
  return collecting(upstream.collector, found.details, targets?.data, samples?.data);
}

/** Of a collector that was started just now, or got other targets: their first scrapes are waited for, but not for long. */
const FIRST_SCRAPE_WAIT_MS = 3_000;
const FIRST_SCRAPE_LOOK_MS = 250;

async function onceScraped(
  targetsNow: () => Promise<ApiResult<ApiTargets> | undefined>,
  signal: AbortSignal,
): Promise<ApiResult<ApiTargets> | undefined> {
  for (const end = performance.now() + FIRST_SCRAPE_WAIT_MS; ;) {
    const targets = await targetsNow();
    const isWaiting = targets?.data.activeTargets.some(({ health }) => health === 'unknown');
    if (isWaiting !== true || performance.now() > end || signal.aborted) return targets;
    await new Promise((resolve) => setTimeout(resolve, FIRST_SCRAPE_LOOK_MS));
  }
}

/** Rows that scrapes brought; in the first minute of a collector they are fewer than they will be. */
const SAMPLES_PER_SECOND = 'sum(sum_over_time(scrape_samples_post_metric_relabeling[1m])) / 60';

/** What collecting here comes to; settings that were not taken are a fault, though those before them go on. */
function collecting(
  collector: Collector,
  details: CheckHealthResponse['details'],
  targets: ApiTargets | undefined,
  samples: ApiQueryData | undefined,
): CheckHealthResponse {
  const perSecond = Number((samples?.result as { value?: [number, string] }[] | undefined)?.[0]?.value?.[1] ?? 0);
  const diskBytes = sizeOf(collector.folder);
  const webUi = `http://${collector.address}/`;
  const facts = { ...details, samplesPerSecond: perSecond, diskBytes, dataFolder: collector.folder, webUi };
  if (collector.fault !== '') {
    return {
      status: HEALTH_ERROR,
      message: `the settings are not taken, and what was collected before goes on: ${collector.fault}`,
      details: { ...facts, fault: 'settings' },
    };
  }
  // Its own metrics are always there.
  const given = (targets?.activeTargets ?? []).filter(({ labels }) => labels.instance !== collector.address);
  if (given.length > 0 && given.every(({ health }) => health === 'down')) {
    const all = given.length === 1 ? 'the target does not answer' : `none of the ${given.length} targets answers`;
    return {
      status: HEALTH_ERROR,
      message: `Collecting here, but ${all}: check the addresses, and that the services can be reached from the Grafana server`,
      details: { ...facts, fault: 'targets' },
    };
  }
  const rate = `${perSecond.toLocaleString('en', { maximumFractionDigits: perSecond < 10 ? 1 : 0 })} samples a second`;
  const disk = `${(diskBytes / 1e6).toLocaleString('en', { maximumFractionDigits: 1 })} MB on disk`;
  return {
    status: HEALTH_OK,
    message: `Collecting here: ${targetsWords(details.targets as TargetCounts)}, ${rate}, ${disk} in ${collector.folder}; pages at ${webUi}`,
    details: facts,
  };
}

/** Files come and go while they are counted. */
function sizeOf(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    bytes += statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

/** Routes that only some servers have: Thanos, Mimir and VictoriaMetrics each lack one or the other. */
async function optional<T>(answer: Promise<ApiResult<T>>): Promise<ApiResult<T> | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof UpstreamError && error.kind !== 'canceled') return undefined;
    throw error;
  }
}

interface TargetCounts {
  readonly active: number;
  readonly up: number;
  readonly down: number;
  /** Until those that were not scraped yet have been; absent where there are none. */
  readonly firstScrapeSeconds?: number;
}

/** "2 of 3 targets are up"; of targets that nobody has scraped yet nothing is said but when that will be. */
function targetsWords({ active, up, down, firstScrapeSeconds }: TargetCounts): string {
  const waiting = active - up - down;
  if (firstScrapeSeconds === undefined) return `${up} of ${active} targets are up`;
  const first = `${waiting === 1 ? 'the first scrape of 1' : `first scrapes of ${waiting}`} within ${firstScrapeSeconds} s`;
  return up + down === 0 ? `${first}: test again then` : `${up} of ${up + down} targets are up, ${first}`;
}

function secondsOf(interval: string): number {
  return Math.ceil(parseInterval(interval) / 1000);
}

function whatWasFound(
  build: (Partial<ApiBuildInfo> & { application?: string }) | undefined,
  targets: Partial<ApiTargets> | undefined,
): Pick<CheckHealthResponse, 'message' | 'details'> {
  const application = build?.application || 'Prometheus-compatible server';
  const version = build?.version ?? '';
  const active = targets?.activeTargets ?? [];
  const up = active.filter((target) => target.health === 'up').length;
  const down = active.filter((target) => target.health === 'down');
  const server = version === '' ? application : `${application} ${version}`;
  const waiting = active.filter((target) => target.health === 'unknown');
  const counts: TargetCounts = {
    active: active.length,
    up,
    down: down.length,
    ...(waiting.length > 0 && {
      firstScrapeSeconds: Math.max(...waiting.map(({ scrapeInterval }) => secondsOf(scrapeInterval))),
    }),
  };
  const scraped = active.length === 0 ? '' : `; ${targetsWords(counts)}`;
  return {
    message: `${server} answers queries${scraped}`,
    details: {
      application,
      version,
      targets: counts,
      ...(down.length > 0
        ? {
            verboseMessage: down
              .slice(0, TARGETS_NAMED_MAX)
              .map((target) => `${target.scrapeUrl}: ${target.lastError}`)
              .join('\n'),
          }
        : {}),
    },
  };
}
