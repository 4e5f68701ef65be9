/** Targets from Consul's catalog: one group a service, followed by blocking queries. */
import { isNativeError } from 'node:util/types';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { labelsOf, type Labels } from '../../shared/model/labels.ts';
import type { ConsulSdConfig } from '../config/discoveryConfig.ts';
import { readSecret } from '../config/secrets.ts';
import type { DiscoveryEvent } from './events.ts';
import { JsonClient, shaped, type JsonAnswer } from './jsonClient.ts';
import { hostPort, prefixed } from './metaLabels.ts';
import type { Discoverer, DiscoveryDeps, GroupsListener, TargetGroup } from './targetGroup.ts';

/** How long Consul may wait for a change, and how much longer for its answer. */
const WAIT_MS = 120_000;
const PATIENCE_MS = 15_000;
/** After a failure, if the refresh interval is not shorter. */
const RETRY_MS = 15_000;
/** A catalog with more services than this is watched in part. */
const SERVICES_MAX = 10_000;

const text = z.string().nullish();
const texts = z.record(z.string(), z.string()).nullish();
const servicesShape = z.record(z.string(), z.array(z.string()).nullable());
const agentShape = z.object({ Config: z.object({ Datacenter: z.string() }) });
const healthShape = z.array(
  z.object({
    Node: z.object({ Node: text, Address: text, Meta: texts, TaggedAddresses: texts }),
    Service: z.object({
      ID: text,
      Tags: z.array(z.string()).nullish(),
      Address: text,
      Port: z.number().nullish(),
      Meta: texts,
      Namespace: text,
      Partition: text,
    }),
    Checks: z.array(z.object({ CheckID: text, Status: text })).nullish(),
  }),
);
type ServiceInstance = z.output<typeof healthShape>[number];

type CallEvent = Extract<DiscoveryEvent, { kind: 'consulCall' }>;
type ConsulCall = readonly [endpoint: CallEvent['endpoint'], call: CallEvent['call']];

export function createConsulDiscoverer(config: ConsulSdConfig, deps: DiscoveryDeps): Discoverer {
  return new ConsulDiscoverer(config, deps);
}

class ConsulDiscoverer implements Discoverer {
  private readonly config: ConsulSdConfig;
  private readonly deps: DiscoveryDeps;
  private readonly client: JsonClient;
  private readonly stopping = new AbortController();
  private readonly groups = new Map<string, TargetGroup>();
  /** Ends the watch of a service. */
  private readonly watches = new Map<string, AbortController>();
  private listener: GroupsListener = () => undefined;
  private saidFault = '';

  constructor(config: ConsulSdConfig, deps: DiscoveryDeps) {
    this.config = config;
    this.deps = deps;
    this.client = new JsonClient(config.http, { dials: deps.dials?.named('consul_sd') });
  }

  start(listener: GroupsListener): void {
    this.listener = listener;
    void this.run();
  }

  stop(): void {
    this.stopping.abort();
    for (const watch of this.watches.values()) watch.abort();
    void this.client.close();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const datacenter = await this.datacenter(signal);
    if (datacenter === undefined) return;
    const { services, tags, filter, nodeMeta, allowStale } = this.config;
    const named = services.length > 0 && tags.length === 0 && filter === '';
    if (named) {
      for (const name of services) this.watchService(name, datacenter);
      return;
    }
    const params = listParams({ 'node-meta': pairs(nodeMeta), filter: filter || undefined }, allowStale);
    await this.follow('/v1/catalog/services', ['catalog', 'services'], params, signal, (json) =>
      this.takeServices(shaped(servicesShape, json), datacenter),
    );
  }

  /** The one configured, else that of the agent; undefined once stopped. */
  private async datacenter(signal: AbortSignal): Promise<string | undefined> {
    if (this.config.datacenter !== '') return this.config.datacenter;
    while (!signal.aborted) {
      try {
        const within = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
        const { json } = await this.ask('/v1/agent/self', ['agent', 'self'], within);
        return shaped(agentShape, json).Config.Datacenter;
      } catch (error) {
        await this.rest(error, signal);
      }
    }
    return undefined;
  }

  private takeServices(found: z.output<typeof servicesShape>, datacenter: string): void {
    const { services, tags } = this.config;
    const wanted = Object.entries(found)
      .filter(([name]) => services.length === 0 || services.includes(name))
      .filter(([, has]) => tags.every((tag) => has?.includes(tag)))
      .slice(0, SERVICES_MAX);
    for (const [name] of wanted) if (!this.watches.has(name)) this.watchService(name, datacenter);
    for (const [name, watch] of this.watches) {
      if (Object.hasOwn(found, name)) continue;
      watch.abort();
      this.watches.delete(name);
      this.groups.delete(name);
    }
    this.tell();
  }

  private watchService(name: string, datacenter: string): void {
    const { tags, nodeMeta, healthFilter, allowStale } = this.config;
    const stop = new AbortController();
    this.watches.set(name, stop);
    const params = listParams(
      { tag: tags, 'node-meta': pairs(nodeMeta), filter: healthFilter || undefined },
      allowStale,
    );
    const labels = labelsOf({ __meta_consul_service: name, __meta_consul_dc: datacenter });
    const path = `/v1/health/service/${encodeURIComponent(name)}`;
    const within = AbortSignal.any([this.stopping.signal, stop.signal]);
    void this.follow(path, ['health', 'service'], params, within, (json) => {
      const targets = shaped(healthShape, json).map((instance) => this.targetOf(instance));
      this.groups.set(name, { source: name, targets, labels });
      this.tell();
    });
  }

  private tell(): void {
    this.listener([...this.groups.values()]);
  }

  /** Asks again and again, each time waiting for a change since the last answer. */
  private async follow(
    path: string,
    call: ConsulCall,
    params: URLSearchParams,
    signal: AbortSignal,
    take: (json: unknown) => void,
  ): Promise<void> {
    let index = 0;
    while (!signal.aborted) {
      const began = performance.now();
      try {
        const query = new URLSearchParams(params);
        if (index > 0) query.set('index', String(index));
        query.set('wait', `${WAIT_MS}ms`);
        this.addScope(query);
        const within = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MS + PATIENCE_MS)]);
        const { json, header } = await this.ask(`${path}?${query}`, call, within);
        const next = Number(header('x-consul-index') ?? 0);
        if (signal.aborted) return;
        if (next !== index || index === 0) take(json);
        // An index that goes back means that the server's memory is a new one.
        index = next < index ? 0 : next;
        this.saidFault = '';
        const left = this.config.refreshIntervalMs - (performance.now() - began);
        await sleep(Math.max(0, left), undefined, { signal, ref: false }).catch(() => undefined);
      } catch (error) {
        await this.rest(error, signal);
      }
    }
  }

  private async ask(path: string, [endpoint, call]: ConsulCall, within: AbortSignal): Promise<JsonAnswer> {
    const began = performance.now();
    let failed = true;
    try {
      const answer = await this.client.get(`${this.config.url}${path}`, within, await this.headers());
      failed = false;
      return answer;
    } finally {
      const ms = performance.now() - began;
      if (!this.stopping.signal.aborted) this.deps.onEvent?.({ kind: 'consulCall', endpoint, call, ms, failed });
    }
  }

  private addScope(query: URLSearchParams): void {
    const { datacenter, namespace, partition } = this.config;
    if (datacenter !== '') query.set('dc', datacenter);
    if (namespace !== '') query.set('ns', namespace);
    if (partition !== '') query.set('partition', partition);
  }

  private async headers(): Promise<Record<string, string>> {
    const { token } = this.config;
    return token === undefined ? {} : { 'x-consul-token': await readSecret(token) };
  }

  /** After a failure. */
  private async rest(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const why = isNativeError(error) ? error.message : String(error);
    if (why !== this.saidFault) this.deps.onFault(this.config.url, why);
    this.saidFault = why;
    const pause = Math.min(RETRY_MS, this.config.refreshIntervalMs);
    await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
  }

  private targetOf({ Node: node, Service: service, Checks: checks }: ServiceInstance): Labels {
    const separator = this.config.tagSeparator;
    return labelsOf({
      __address__: hostPort(service.Address || (node.Address ?? ''), service.Port ?? 0),
      __meta_consul_address: node.Address ?? '',
      __meta_consul_node: node.Node ?? '',
      __meta_consul_namespace: service.Namespace ?? '',
      __meta_consul_partition: service.Partition ?? '',
      // Separators on both sides, so that a pattern need not care where a tag stands.
      __meta_consul_tags: separator + (service.Tags ?? []).join(separator) + separator,
      __meta_consul_service_address: service.Address ?? '',
      __meta_consul_service_port: String(service.Port ?? 0),
      __meta_consul_service_id: service.ID ?? '',
      __meta_consul_health: healthOf(checks ?? []),
      ...prefixed('__meta_consul_metadata_', node.Meta),
      ...prefixed('__meta_consul_service_metadata_', service.Meta),
      ...prefixed('__meta_consul_tagged_address_', node.TaggedAddresses),
    });
  }
}

const WORST_FIRST = ['critical', 'warning', 'passing'];
const MAINTENANCE = /^_(?:node|service)_maintenance/;

/** The worst state of all checks, as Consul's own client sums them up. */
function healthOf(checks: readonly { CheckID?: string | null; Status?: string | null }[]): string {
  if (checks.some(({ CheckID }) => MAINTENANCE.test(CheckID ?? ''))) return 'maintenance';
  return WORST_FIRST.find((state) => checks.some(({ Status }) => Status === state)) ?? 'passing';
}

function pairs(record: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(record).map(([key, value]) => `${key}:${value}`);
}

function listParams(
  lists: Readonly<Record<string, string | readonly string[] | undefined>>,
  stale: boolean,
): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, values] of Object.entries(lists))
    for (const value of typeof values === 'string' ? [values] : (values ?? [])) params.append(name, value);
  if (stale) params.set('stale', '');
  return params;
}
