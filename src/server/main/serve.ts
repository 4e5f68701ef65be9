/** `isotherm serve`: flags → configuration → rooms → run → close in reverse. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { featuresOf, PROMQL_FEATURE_FLAGS } from '../../shared/promql/features.ts';
import type { Flags } from '../cli/flagTable.ts';
import type { ParsedFlags } from '../cli/parseFlags.ts';
import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/configError.ts';
import { SCRAPE_FEATURES } from '../config/scrapeFeatures.ts';
import type { ServerRooms } from '../http/deps.ts';
import { openAccess, type Access } from '../http/access/access.ts';
import { DELTA_FEATURES } from '../http/otlp.ts';
import { SavedQueries } from '../http/savedQueries.ts';
import { SEARCH_FEATURE } from '../http/search/searchRoutes.ts';
import { createHttpServer, type HttpServer } from '../http/server.ts';
import { createNotifier } from '../notifier/notifier.ts';
import { createReceivers } from '../notifier/receivers/receivers.ts';
import { createFeed } from '../remote/feed.ts';
import { createRemoteWriter } from '../remote/remoteWriter.ts';
import { createRuleManager } from '../rules/manager.ts';
import { createScrapeManager } from '../scrape/manager.ts';
import { StorageError } from '../storage/appender.ts';
import { readBuildInfo } from '../telemetry/build.ts';
import { systemClock } from '../telemetry/clock.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { machinePage } from '../telemetry/machine/machine.ts';
import { NOTICES, Notifications } from '../telemetry/notifications.ts';
import { registerProcessMetrics } from '../telemetry/processMetrics.ts';
import { createSelfMetrics, type SelfMetrics } from '../telemetry/selfMetrics.ts';
import { Dials } from '../outbound/dials.ts';
import { createEngine } from '../promql/engine.ts';
import { openPushStore, type PushStore } from '../push/push.ts';
import { isSystemError } from '../telemetry/systemError.ts';
import { openTsdb, type Tsdb } from '../tsdb/db.ts';
import type { StoreObserver } from '../tsdb/tasks.ts';
import type { LogAhead } from '../tsdb/wal/readAhead.ts';
import { openActiveQueries, readActiveQueries, type ActiveQueries } from '../workers/activeQueries.ts';
import { createQueryLog } from '../workers/queryLog.ts';
import { AGENT_BLOCK_MS, checkAgent, withAgentStore } from './agent.ts';
import { createGroupStore } from './groupStore.ts';
import { keepCompiledCode } from './compiledCode.ts';
import { registerDialMetrics } from './dialMetrics.ts';
import { discoveryMetrics } from './discoveryMetrics.ts';
import { corsOriginOf, externalUrlOf, isLoopback, parseListenAddress, type ListenAddress } from './listenAddress.ts';
import { loadAll, type LoadedConfig } from './loadAll.ts';
import { noticesOf } from './notices.ts';
import { registerNotifierMetrics } from './notifierMetrics.ts';
import { pushClient, withPushJob } from './pushJob.ts';
import { registerRemoteMetrics, remoteTimeMetrics } from './remoteMetrics.ts';
import { openQueries } from './queryRooms.ts';
import { createReloader, type Reloader } from './reloader.ts';
import { retentionOf, retentionText } from './retention.ts';
import { createSentTimes } from './sentTimes.ts';
import { keepHeapSmall } from './smallHeap.ts';
import { createShutdown, listenForSignals, type Shutdown } from './shutdown.ts';
import { StartError } from './startError.ts';
import { dataFolders, takeOver } from './takeOver.ts';
import { registerStoreMetrics, storeObserver } from './storeMetrics.ts';
import { registerRuleMetrics, ruleTimeMetrics, templateMetrics } from './ruleMetrics.ts';
import { registerPoolMetrics, scrapeMetrics, syncMetrics } from './scrapeMetrics.ts';

/** Features that are switched by their names, beside those of PromQL. */
const CONCURRENT_RULES = 'concurrent-rule-eval';
const OTHER_FEATURES: readonly string[] = [
  ...[CONCURRENT_RULES, SEARCH_FEATURE],
  ...Object.values(SCRAPE_FEATURES),
  ...Object.values(DELTA_FEATURES),
];
/** How long samples that wait for a remote write receiver may keep the server from ending; what is left goes out after the next start. */
const DRAIN_MS_MAX = 5_000;
/** Sources find the built pages in dist; in a bundle they lie beside the code. */
const WEB_UI = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../../dist/webui' : './webui', import.meta.url),
);

/** What whoever starts the server has begun for it, and wants to hear and do. */
export interface ServeCaller {
  readonly ahead?: LogAhead;
  /** Queries are answered from now on. */
  ready?(reload: () => Promise<void>): void;
}

/**
 * Runs the server until it is asked to stop.
 *
 * @returns the exit code. Throws StartError if it cannot start.
 */
export async function serve({ flags: given, texts, notices }: ParsedFlags, caller: ServeCaller = {}): Promise<number> {
  const flags = withAgentStore(given);
  const startedAt = systemClock.now();
  const log = createLog({ level: flags['log.level'], format: flags['log.format'] });
  const address = parseListenAddress(flags['web.listen-address']);
  const load = (path: string) => {
    const options = {
      sloFile: flags['slo.config.file'],
      receiversFile: flags['notify.config.file'],
      features: flags['enable-feature'],
    };
    return checkAgent(loadAll(path, { promql: promqlOptions(flags), ...options }), flags);
  };
  const config = firstConfig(flags['config.file'], load);
  const build = readBuildInfo();
  log('info', 'Starting Isotherm', { version: build.version, revision: build.revision, node: build.nodeVersion });
  for (const notice of [...notices, ...config.notices, ...featureNotices(flags)]) log('info', notice);

  const metrics = createSelfMetrics(build);
  const notifications = new Notifications(systemClock, flags['web.max-notifications-subscribers']);
  notifications.set(NOTICES.starting, true);
  const shutdown = createShutdown(log);
  let rooms: ServerRooms | undefined;
  let apply: (next: LoadedConfig) => void | Promise<void> = () => undefined;
  const reloader = createReloader({
    first: config,
    load,
    clock: systemClock,
    log,
    apply: (next) => apply(next),
    notifications,
  });
  const stopListening = listenForSignals(shutdown, () => void reloader.reload().catch(() => undefined));
  registerProcessMetrics(metrics);
  registerServerMetrics(metrics, reloader, notifications, () => rooms !== undefined);
  registerRuleMetrics(metrics, () => rooms?.rules);
  const retention = () => retentionOf(flags, retentionKeys(flags, reloader.config));

  const access = webAccess(flags['web.config.file'], log);
  const { url, routePrefix } = externalUrlOf(
    flags['web.external-url'],
    flags['web.route-prefix'],
    urlOf(address, access.tls !== undefined),
  );
  const http = createHttpServer({
    access,
    notifications,
    options: {
      routePrefix,
      externalUrl: url,
      corsOrigin: corsOriginOf(flags['web.cors.origin']),
      enableLifecycle: flags['web.enable-lifecycle'],
      enableRemoteWrite: flags['web.enable-remote-write-receiver'],
      writeMessages: flags['web.remote-write-receiver.accepted-protobuf-messages'],
      enableOtlp: flags['web.enable-otlp-receiver'],
      enablePush: flags['web.enable-push-receiver'],
      enableAdmin: flags['web.enable-admin-api'],
      readTimeoutMs: flags['web.read-timeout'],
      connectionsMax: flags['web.max-connections'],
      queryTimeoutMs: flags['query.timeout'],
      lookbackDeltaMs: flags['query.lookback-delta'],
      maxSamples: flags['query.max-samples'],
      queryBytesMax: flags['query.max-memory'] || Infinity,
      remoteReadSamplesMax: flags['storage.remote.read-sample-limit'],
      remoteReadsMax: flags['storage.remote.read-concurrent-limit'],
      remoteReadFrameBytesMax: flags['storage.remote.read-max-bytes-in-frame'],
      searchLimitMax: flags['web.search.max-limit'],
      webUiFolder: WEB_UI,
      enabledFeatures: flags['enable-feature'],
      flagTexts: texts,
    },
    build,
    clock: systemClock,
    log,
    metrics,
    rooms: () => rooms,
    metricsPage: (collectors) => metricsPage(metrics, flags['collector.machine'], collectors),
    configText: () => reloader.config.redactedText,
    externalLabels: () => reloader.config.global.externalLabels,
    otlp: () => reloader.config.otlp,
    runtime: () => ({
      startedAt,
      lastConfigAt: reloader.loadedAt,
      reloadSucceeded: reloader.succeeded,
      retention: retentionText(retention()),
    }),
    reload: () => reloader.reload(),
    quit: () => shutdown.request('/-/quit'),
  });
  try {
    await listen(http, address, access, log);
    shutdown.opened('listening socket', () => http.close());
    const parts = { flags, config, log, shutdown, ahead: caller.ahead, observer: storeObserver(metrics) };
    const { tsdb, own } = await openStore(parts);
    registerStoreMetrics(metrics, tsdb);
    const pushes = flags['web.enable-push-receiver'] ? await openPushes(own, flags, log) : undefined;
    if (pushes !== undefined) shutdown.opened('pushed metrics', () => pushes.close());
    const opened = openRooms(tsdb, { flags, config, log, metrics, shutdown, externalUrl: url, own, pushes });
    apply = opened.apply;
    await apply(reloader.config);
    rooms = opened.rooms;
    notifications.set(NOTICES.starting, false);
    shutdown.opened('requests under way', () => http.close()); // They need the rooms, so they end before these.
    log('info', 'Server is ready to receive web requests.');
    caller.ready?.(() => reloader.reload());
    keepCompiledCode();
    keepHeapSmall();
    if (flags['config.auto-reload']) void reloader.watch(flags['config.auto-reload-interval'], shutdown.signal);
    await aborted(shutdown.signal);
    notifications.set(NOTICES.stopping, true);
  } finally {
    await shutdown.closeAll();
    stopListening();
  }
  log('info', 'See you next time!');
  return 0;
}

function featureNotices(flags: Flags): string[] {
  const isKnown = (feature: string) => OTHER_FEATURES.includes(feature) || Object.hasOwn(PROMQL_FEATURE_FLAGS, feature);
  const { added, stored } = DELTA_FEATURES;
  if ([added, stored].every((feature) => flags['enable-feature'].includes(feature)))
    throw new StartError(`--enable-feature: ${added} and ${stored} exclude each other; leave one away`);
  const idle = flags['enable-feature'].filter((feature) => !isKnown(feature));
  return idle.map(
    (feature) =>
      `--enable-feature=${feature} has no effect: what it stands for is either always on here or not there yet`,
  );
}

const promqlOptions = (flags: Flags) => featuresOf(flags['enable-feature']);

function firstConfig(file: string, load: (path: string) => LoadedConfig): LoadedConfig {
  try {
    return load(file);
  } catch (error) {
    if (error instanceof ConfigError) throw new StartError(error.message, { cause: error });
    throw error;
  }
}

function webAccess(file: string, log: Log): Access {
  try {
    return openAccess(file, log);
  } catch (error) {
    if (error instanceof ConfigError) throw new StartError(`--web.config.file: ${error.message}`, { cause: error });
    throw error;
  }
}

async function listen(http: HttpServer, { host, port }: ListenAddress, access: Access, log: Log): Promise<void> {
  const flag = `--web.listen-address=${host}:${port}`;
  try {
    const address = await http.listen(host, port);
    log('info', 'Start listening for connections', { address });
    const { users, tokens, tls } = access.config();
    const isOpen = users.size + tokens.length === 0 && !/Require/.test(tls?.clientAuth ?? '');
    if (!isLoopback(host) && isOpen) {
      log('warn', 'Other machines can reach this server, and nobody is asked for a password; see --web.config.file', {
        address,
      });
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const told: Readonly<Record<string, string>> = {
      EADDRINUSE: 'another program listens there; stop it, or choose another port with --web.listen-address',
      EACCES: 'ports below 1024 need rights that this process does not have; choose another port',
      EADDRNOTAVAIL: 'this machine has no such address; 127.0.0.1 and 0.0.0.0 always work',
      ENOTFOUND: 'the host name is not known; write an address of this machine',
    };
    throw new StartError(`cannot listen (${flag}): ${told[error.code] ?? error.message}`, { cause: error });
  }
}

interface OpenedStore {
  readonly tsdb: Tsdb;
  /** Where everything of ours is kept; in a folder of Prometheus that is a folder inside it. */
  readonly own: string;
}

interface StoreParts {
  readonly flags: Flags;
  readonly config: Config;
  readonly log: Log;
  readonly shutdown: Shutdown;
  readonly ahead: LogAhead | undefined;
  readonly observer: StoreObserver;
}

/** Opened, and filled with what a Prometheus left in the folder. */
async function openStore({ flags, config, log, shutdown, ahead, observer }: StoreParts): Promise<OpenedStore> {
  const path = flags['storage.tsdb.path'];
  if (path === '') throw new StartError('--storage.tsdb.path is empty; name a folder for the data, such as data/');
  try {
    const { own, foreign } = dataFolders(path);
    const options = {
      path: own,
      retention: retentionOf(flags, retentionKeys(flags, config)),
      ...(flags.agent && { blockRangeMs: AGENT_BLOCK_MS }),
      outOfOrderWindowMs: config.storage.outOfOrderWindowMs,
      compactionThread: flags.workers > 0,
      log,
      observer,
    };
    const tsdb = await openTsdb(options, { takeLogFile: ahead?.take });
    void ahead?.close();
    shutdown.opened('store', () => tsdb.close());
    if (foreign !== undefined) await takeOver(foreign, own, tsdb, log, shutdown.signal);
    return { tsdb, own };
  } catch (error) {
    if (!(error instanceof StorageError) && !isSystemError(error)) throw error;
    throw new StartError(`cannot open the store (--storage.tsdb.path=${path}): ${error.message}`, { cause: error });
  }
}

async function openPushes(own: string, flags: Flags, log: Log): Promise<PushStore> {
  const folder = join(own, 'push');
  try {
    return await openPushStore({ folder, ttlMs: flags['push.time-to-live'], clock: systemClock, log });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new StartError(`cannot open the pushed metrics in ${folder}: ${error.message}`, { cause: error });
  }
}

interface OpenedRooms {
  readonly rooms: ServerRooms;
  apply(config: LoadedConfig): void | Promise<void>;
}

interface RoomParts {
  readonly flags: Flags;
  readonly config: LoadedConfig;
  readonly log: Log;
  readonly metrics: SelfMetrics;
  readonly shutdown: Shutdown;
  readonly externalUrl: string;
  /** The folder of ours. */
  readonly own: string;
  readonly pushes: PushStore | undefined;
}

/** Says what the process before was at when it ended suddenly, and notes what this one is at. Nothing depends on it. */
function noteQueries(own: string, flags: Flags, log: Log): ActiveQueries | undefined {
  const file = join(own, 'queries.active');
  try {
    const queries = readActiveQueries(file);
    if (queries.length > 0)
      log('warn', 'these queries did not end in the last run of the process', { queries: JSON.stringify(queries) });
    return openActiveQueries(file, flags['query.max-concurrency']);
  } catch (error) {
    log('warn', 'running queries are not noted', { file, reason: String(error) });
    return undefined;
  }
}

/** The configuration's retention is that of a store; an agent's is a flag. */
const retentionKeys = ({ agent }: Flags, { storage }: Config) => (agent ? {} : storage);

function openRooms(tsdb: Tsdb, parts: RoomParts): OpenedRooms {
  const { flags, config, log, metrics, shutdown, externalUrl, own, pushes } = parts;
  const active = noteQueries(own, flags, log);
  if (active !== undefined) shutdown.opened('active queries', async () => active.close());
  const limits = {
    lookbackDeltaMs: flags['query.lookback-delta'],
    timeoutMs: flags['query.timeout'],
    maxSamples: flags['query.max-samples'],
    maxBytes: flags['query.max-memory'] || Infinity,
    maxConcurrency: flags['query.max-concurrency'],
    subqueryStepMs: config.global.evaluationIntervalMs,
    ...promqlOptions(flags),
  };
  const queryLog = createQueryLog((file, error) =>
    log('error', 'the query log cannot be written; make room on its disk', { file, reason: String(error) }),
  );
  shutdown.opened('query log', async () => queryLog.close());
  const dials = new Dials();
  registerDialMetrics(metrics, dials);
  const queries = openQueries(tsdb, { limits, active, queryLog, dials, ...parts });
  const { engine, queryable, ownQueryable } = queries;
  const feed = createFeed(tsdb);
  const sentTimes = createSentTimes(own, log);
  shutdown.opened('what was sent by remote write', () => sentTimes.close());
  const observe = remoteTimeMetrics(metrics);
  const remote = createRemoteWriter({ feed, queryable: tsdb, sentTimes, clock: systemClock, log, dials, observe });
  shutdown.opened('remote write', () => remote.close(Math.min(flags['storage.remote.flush-deadline'], DRAIN_MS_MAX)));
  registerRemoteMetrics(metrics, remote, tsdb);
  const onDiscovery = discoveryMetrics(metrics, systemClock);
  const scraping = createScrapeManager({
    storage: feed.storage,
    clock: systemClock,
    log,
    onScrape: scrapeMetrics(metrics),
    onSync: syncMetrics(metrics),
    onDiscovery: (job, event) => onDiscovery('scrape', job, event),
    dials,
    ...(pushes !== undefined && { pushes: pushClient(pushes) }),
  });
  shutdown.opened('scraping', () => scraping.stop());
  registerPoolMetrics(metrics, scraping);
  const groupStore = createGroupStore(own, log);
  shutdown.opened('what receivers were told', async () => groupStore.close());
  const receivers = createReceivers({ store: groupStore, externalUrl, clock: systemClock, log });
  shutdown.opened('receivers', () => receivers.close());
  const notifier = createNotifier({
    limits: {
      capacity: flags['alertmanager.notification-queue-capacity'],
      batchSize: flags['alertmanager.notification-batch-size'],
      drains: flags['alertmanager.drain-notification-queue-on-shutdown'],
    },
    log,
    receivers,
    onDiscovery: (config, event) => onDiscovery('notify', config, event),
    dials,
  });
  shutdown.opened('notifier', () => notifier.close());
  registerNotifierMetrics(metrics, notifier, receivers);
  const rules = createRuleManager({
    storage: feed.storage,
    queryable,
    engine,
    engineOver: (queryable) => createEngine(queryable, limits),
    clock: systemClock,
    log,
    externalUrl,
    restoreTimes: {
      outageToleranceMs: flags['rules.alert.for-outage-tolerance'],
      gracePeriodMs: flags['rules.alert.for-grace-period'],
    },
    resendDelayMs: flags['rules.alert.resend-delay'],
    concurrentEvalsMax: flags['enable-feature'].includes(CONCURRENT_RULES)
      ? flags['rules.max-concurrent-evals']
      : undefined,
    notify: (query, alerts) => notifier.send(noticesOf(query, alerts, externalUrl)),
    observe: ruleTimeMetrics(metrics),
    onExpanded: templateMetrics(metrics),
  });
  shutdown.opened('rules', () => rules.stop());
  const headStats = () => {
    const stats = tsdb.stats();
    const { series, headChunks, minTime, maxTime, corruptions, refusal, logSegments, logFileBytes, blockBytes } = stats;
    return {
      series,
      chunks: headChunks,
      minTime,
      maxTime,
      corruptions,
      refusal,
      logSegments,
      logBytes: logFileBytes,
      blockBytes,
    };
  };
  return {
    rooms: {
      engine,
      queryable,
      ownQueryable,
      storage: feed.storage,
      admin: tsdb,
      savedQueries: new SavedQueries(join(own, 'saved_queries.json')),
      targets: scraping,
      rules,
      alertmanagers: notifier,
      pushes,
      headStats,
    },
    async apply(config) {
      queryLog.use(config.global.queryLogFile);
      queries.apply(config);
      await tsdb.setRetention(retentionOf(flags, retentionKeys(flags, config)));
      // Before anything is appended, so that all of it is heard.
      await remote.apply(config.remoteWrite, config.global.externalLabels);
      await scraping.apply(pushes === undefined ? config : withPushJob(config, externalUrl));
      receivers.apply(config.receivers);
      notifier.apply(config.alerting, config.global.externalLabels);
      await rules.apply(config.global, config.ruleGroups);
    },
  };
}

async function metricsPage(metrics: SelfMetrics, machine: boolean, collectors: readonly string[]): Promise<string> {
  const wants = (name: string) => collectors.length === 0 || collectors.includes(name);
  const self = wants('self') ? await metrics.page() : '';
  if (!wants('machine')) return self;
  if (machine) return self + (await machinePage());
  return collectors.length === 0 ? self : `${self}# Metrics of this machine are off; start with --collector.machine.\n`;
}

function registerServerMetrics(
  metrics: SelfMetrics,
  reloader: Reloader,
  notifications: Notifications,
  isReady: () => boolean,
): void {
  metrics.gauge(
    'prometheus_api_notification_active_subscribers',
    'The current number of active notification subscribers.',
    () => notifications.subscriberCount,
  );
  metrics.counter(
    'prometheus_api_notification_updates_sent_total',
    'Total number of notification updates sent.',
    () => notifications.sentCount,
  );
  metrics.gauge('prometheus_ready', 'Whether the server answers queries.', () => Number(isReady()));
  for (const name of ['prometheus_config_last_reload_successful', 'isotherm_config_last_reload_successful']) {
    const help = 'Whether the last configuration reload attempt was successful.';
    metrics.gauge(name, help, () => Number(reloader.succeeded));
  }
  metrics.gauge(
    'prometheus_config_last_reload_success_timestamp_seconds',
    'Timestamp of the last successful configuration reload.',
    () => reloader.loadedAt / 1000,
  );
}

function urlOf({ host, port }: ListenAddress, isTls: boolean): string {
  const name = isLoopback(host) ? 'localhost' : hostname();
  return `${isTls ? 'https' : 'http'}://${name}:${port}/`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
