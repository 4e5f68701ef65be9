/** What discovery tells of itself on /metrics, under upstream's names. */
import type { DiscoveryEvent } from '../discovery/events.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { SelfMetrics } from '../telemetry/selfMetrics.ts';

const QUANTILES = [0.5, 0.9, 0.99];
const REFRESH_SECONDS = [0.01, 0.1, 1, 10];

/** Who wants the targets: jobs, or entries of Alertmanagers. */
export type DiscoveryUser = 'scrape' | 'notify';
type Events = { readonly [K in DiscoveryEvent['kind']]: (event: Extract<DiscoveryEvent, { kind: K }>) => void };

/** Registers what is counted of discovery, and gives the listener: of whose configuration, and what happened. */
export function discoveryMetrics(
  metrics: SelfMetrics,
  clock: Clock,
): (user: DiscoveryUser, config: string, event: DiscoveryEvent) => void {
  const updates = updateMetrics(metrics, clock);
  const refreshes = refreshMetrics(metrics);
  const mechanisms = mechanismMetrics(metrics);
  return (user, config, event) => {
    if (event.kind === 'update') return updates(user, config, event.targets);
    if (event.kind === 'refresh') refreshes(config, event);
    // The handler of its own kind, which the compiler cannot know.
    else (mechanisms[event.kind] as (event: DiscoveryEvent) => void)(event);
  };
}

function updateMetrics(metrics: SelfMetrics, clock: Clock) {
  const found = new Map<string, { readonly user: string; readonly config: string; targets: number; at: number }>();
  const help = ['Updates that mechanisms gave.', 'Updates that were handed on; each is, at once.'];
  const received = metrics.ownCounterRows('prometheus_sd_received_updates_total', help[0], ['name']);
  const handedOn = metrics.ownCounterRows('prometheus_sd_updates_total', help[1], ['name']);
  const count = (name: DiscoveryUser, updates: number) => {
    received({ name }, updates);
    handedOn({ name }, updates);
  };
  count('scrape', 0);
  count('notify', 0);
  const rows = (value: (one: { targets: number; at: number }) => number) => () =>
    [...found.values()].map((one) => ({ labels: { name: one.user, config: one.config }, value: value(one) }));
  const labelNames = ['name', 'config'];
  metrics.gaugeRows(
    'prometheus_sd_discovered_targets',
    'Current number of discovered targets.',
    labelNames,
    rows(({ targets }) => targets),
  );
  metrics.gaugeRows(
    'prometheus_sd_last_update_timestamp_seconds',
    'Timestamp of the last update.',
    labelNames,
    rows(({ at }) => at / 1000),
  );
  return (user: DiscoveryUser, config: string, targets: number) => {
    count(user, 1);
    found.set(`${user} ${config}`, { user, config, targets, at: clock.now() });
  };
}

function refreshMetrics(metrics: SelfMetrics) {
  const failures = metrics.ownCounterRows(
    'prometheus_sd_refresh_failures_total',
    'Number of refresh failures for the given SD mechanism.',
    ['mechanism', 'config'],
  );
  const help = 'The duration of a refresh in seconds for the given SD mechanism.';
  const durations = metrics.summary('prometheus_sd_refresh_duration_seconds', help, QUANTILES);
  const name = 'prometheus_sd_refresh_duration_histogram_seconds';
  const histogram = metrics.histogram(name, help, REFRESH_SECONDS, ['mechanism']);
  const httpFailures = metrics.ownCounter(
    'prometheus_sd_http_failures_total',
    'Number of HTTP service discovery refresh failures.',
  );
  return (config: string, { mechanism, ms, failed }: Extract<DiscoveryEvent, { kind: 'refresh' }>) => {
    durations({ mechanism, config }, ms / 1000);
    histogram({ mechanism }, ms / 1000);
    failures({ mechanism, config }, Number(failed));
    if (failed && mechanism === 'http') httpFailures.add();
  };
}

function mechanismMetrics(metrics: SelfMetrics): Omit<Events, 'update' | 'refresh'> {
  const lookups = metrics.ownCounter('prometheus_sd_dns_lookups_total', 'The number of DNS-SD lookups.');
  const lookupFaults = metrics.ownCounter(
    'prometheus_sd_dns_lookup_failures_total',
    'The number of DNS-SD lookup failures.',
  );
  const calls = metrics.summary(
    'prometheus_sd_consul_rpc_duration_seconds',
    'The duration of a Consul RPC call in seconds.',
    QUANTILES,
  );
  const callFaults = metrics.ownCounter(
    'prometheus_sd_consul_rpc_failures_total',
    'The number of Consul RPC call failures.',
  );
  const scans = metrics.summary(
    'prometheus_sd_file_scan_duration_seconds',
    'The duration of the File-SD scan in seconds.',
    QUANTILES,
  );
  const readFaults = metrics.ownCounter('prometheus_sd_file_read_errors_total', 'The number of File-SD read errors.');
  const watchFaults = metrics.ownCounter(
    'prometheus_sd_file_watcher_errors_total',
    'The number of File-SD errors caused by filesystem watch failures.',
  );
  const objects = metrics.ownCounterRows(
    'prometheus_sd_kubernetes_events_total',
    'The number of Kubernetes events handled.',
    ['role', 'event'],
  );
  const listFaults = metrics.ownCounter(
    'prometheus_sd_kubernetes_failures_total',
    'The number of failed WATCH/LIST requests.',
  );
  return {
    dnsLookup({ failed }) {
      lookups.add();
      if (failed) lookupFaults.add();
    },
    consulCall({ endpoint, call, ms, failed }) {
      calls({ endpoint, call }, ms / 1000);
      if (failed) callFaults.add();
    },
    fileScan(event) {
      scans({}, event.ms / 1000);
      readFaults.add(event.readFaults);
    },
    fileWatchFault: () => watchFaults.add(),
    kubernetesObject: ({ role, change }) => objects({ role, event: change }, 1),
    kubernetesFault: () => listFaults.add(),
  };
}
