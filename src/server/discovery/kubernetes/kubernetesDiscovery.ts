/** Targets from a Kubernetes API server: the objects of a role are followed, with what their labels need of others. */
import { isNativeError } from 'node:util/types';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesAttach, KubernetesRole, KubernetesSdConfig } from '../../config/discoveryConfig.ts';
import { JsonClient } from '../jsonClient.ts';
import type { Discoverer, DiscoveryDeps, GroupsListener, TargetGroup } from '../targetGroup.ts';
import { accessOf, IN_CLUSTER, type Access, type InCluster } from './access.ts';
import { ObjectWatch } from './objectWatch.ts';
import { objectKey, RESOURCES, type Cluster, type KubeObject, type Resource } from './objects.ts';
import { groupOf } from './roles.ts';

/** Changes come in bursts; one telling after the last of them is enough, but no later than this after the first. */
const SETTLE_MS = 200;
const RETRY_MS = 15_000;

/** What a role looks at besides its own objects. */
const BESIDES: Readonly<Record<KubernetesRole, readonly Resource[]>> = {
  node: [],
  service: [],
  pod: [],
  endpoints: ['service', 'pod'],
  endpointslice: ['service', 'pod'],
  ingress: [],
};
const WITH_PODS: ReadonlySet<KubernetesRole> = new Set(['pod', 'endpoints', 'endpointslice']);

export function createKubernetesDiscoverer(
  config: KubernetesSdConfig,
  deps: DiscoveryDeps,
  inCluster: InCluster = IN_CLUSTER,
): Discoverer {
  return new KubernetesDiscoverer(config, deps, inCluster);
}

class KubernetesDiscoverer implements Discoverer, Cluster {
  private readonly config: KubernetesSdConfig;
  private readonly deps: DiscoveryDeps;
  private readonly inCluster: InCluster;
  private readonly stopping = new AbortController();
  private readonly watches = new Map<Resource, ObjectWatch[]>();
  /** Groups by their object, while nothing else changed. */
  private groups = new WeakMap<KubeObject, TargetGroup>();
  private client: JsonClient | undefined;
  private timer: NodeJS.Timeout | undefined;
  private listener: GroupsListener = () => undefined;
  private saidFault = '';

  constructor(config: KubernetesSdConfig, deps: DiscoveryDeps, inCluster: InCluster) {
    this.config = config;
    this.deps = deps;
    this.inCluster = inCluster;
  }

  start(listener: GroupsListener): void {
    this.listener = listener;
    void this.run();
  }

  stop(): void {
    this.stopping.abort();
    clearTimeout(this.timer);
    void this.client?.close();
  }

  find<T extends KubeObject>(
    resource: Resource,
    namespace: string | undefined,
    name: string | undefined,
  ): T | undefined {
    const key = objectKey(namespace, name);
    for (const { objects } of this.watches.get(resource) ?? []) {
      const object = objects.get(key);
      if (object !== undefined) return object as T;
    }
    return undefined;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        const access = await accessOf(this.config, this.inCluster);
        if (!signal.aborted) this.watchAll(access);
        return;
      } catch (error) {
        this.say(isNativeError(error) ? error.message : String(error));
        await sleep(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  private watchAll(access: Access): void {
    this.client = new JsonClient(access.http, { dials: this.deps.dials?.named('kubernetes_sd') });
    const { role, attach } = this.config;
    const resources = new Set<Resource>([role, ...BESIDES[role], ...attachedResources(role, attach)]);
    const namespaces = new Set(this.config.namespaces);
    if (this.config.ownNamespace && access.namespace !== '') namespaces.add(access.namespace);
    for (const resource of resources) {
      const { path, plural, namespaced } = RESOURCES[resource];
      const places = namespaced && namespaces.size > 0 ? [...namespaces].map((name) => `/namespaces/${name}`) : [''];
      this.watches.set(
        resource,
        places.map(
          (place) =>
            new ObjectWatch({
              client: this.client!,
              url: `${access.url}${path}${place}/${plural}`,
              query: this.selectorOf(resource),
              onChange: () => this.changed(resource),
              onObject: (change) => this.deps.onEvent?.({ kind: 'kubernetesObject', role: resource, change }),
              onFault: (why) => {
                this.deps.onEvent?.({ kind: 'kubernetesFault' });
                this.say(`${plural}: ${why}`);
              },
            }),
        ),
      );
    }
    for (const watch of [...this.watches.values()].flat()) void watch.run(this.stopping.signal);
  }

  private selectorOf(resource: Resource): Record<string, string> {
    const selector = this.config.selectors.find(({ role }) => role === resource);
    return {
      ...(selector?.label && { labelSelector: selector.label }),
      ...(selector?.field && { fieldSelector: selector.field }),
    };
  }

  private changed(resource: Resource): void {
    this.saidFault = '';
    if (resource !== this.config.role) this.groups = new WeakMap();
    this.timer ??= setTimeout(() => this.tell(), SETTLE_MS).unref();
  }

  /** Not before all is listed once: a target without the labels of its pod would be another target. */
  private tell(): void {
    this.timer = undefined;
    if (this.stopping.signal.aborted || [...this.watches.values()].flat().some(({ listed }) => !listed)) return;
    const { role, attach } = this.config;
    const all: TargetGroup[] = [];
    for (const { objects } of this.watches.get(role) ?? []) {
      for (const object of objects.values()) {
        let group = this.groups.get(object);
        if (group === undefined) this.groups.set(object, (group = groupOf(role, object, this, attach)));
        all.push(group);
      }
    }
    this.listener(all);
  }

  private say(why: string): void {
    if (this.stopping.signal.aborted || why === this.saidFault) return;
    this.saidFault = why;
    this.deps.onFault(`Kubernetes, role ${this.config.role}`, why);
  }
}

function attachedResources(role: KubernetesRole, attach: KubernetesAttach): Resource[] {
  const pods = WITH_PODS.has(role);
  return [
    ...(attach.node && pods ? (['node'] as const) : []),
    ...(attach.namespace && role !== 'node' ? (['namespace'] as const) : []),
    ...(attach.deployment && pods ? (['replicaset'] as const) : []),
    ...(attach.cronjob && pods ? (['job'] as const) : []),
  ];
}
