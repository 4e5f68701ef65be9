/** From an object to its targets, role by role, with upstream's labels. */
import type { KubernetesAttach, KubernetesRole } from '../../config/discoveryConfig.ts';
import { labelsOf } from '../../../shared/model/labels.ts';
import { hostPort, plainName } from '../metaLabels.ts';
import type { TargetGroup } from '../targetGroup.ts';
import { endpointsTargets, sliceTargets } from './endpointTargets.ts';
import {
  objectKey,
  type Cluster,
  type EndpointSlice,
  type Endpoints,
  type Ingress,
  type KubeObject,
  type Node,
  type Pod,
  type Service,
} from './objects.ts';
import {
  attachedNamespace,
  attachedNode,
  containerPortLabels,
  containersOf,
  META,
  objectLabels,
  podLabels,
  type Texts,
} from './podLabels.ts';

/** Labels of a group and of its targets. */
export interface Found {
  readonly labels: Texts;
  readonly targets: readonly Texts[];
}
type Build<T extends KubeObject> = (object: T, cluster: Cluster, attach: KubernetesAttach) => Found;

const NOTHING: Found = { labels: {}, targets: [] };

/** Which address of a node is taken, best first. */
const NODE_ADDRESSES = ['InternalIP', 'InternalDNS', 'ExternalIP', 'ExternalDNS', 'LegacyHostIP', 'Hostname'];

const buildNode: Build<Node> = ({ metadata, spec, status }) => {
  const first = new Map<string, string>();
  for (const { type, address } of status?.addresses ?? []) if (!first.has(type)) first.set(type, address);
  const type = NODE_ADDRESSES.find((wanted) => first.has(wanted));
  if (type === undefined) return NOTHING;
  const conditions = (status?.conditions ?? []).map((condition) => [
    `${META}node_condition_${plainName((condition.type ?? '').toLowerCase())}`,
    (condition.status ?? '').toLowerCase(),
  ]);
  const addresses = [...first].map(([kind, address]) => [`${META}node_address_${plainName(kind)}`, address]);
  return {
    labels: {
      [`${META}node_provider_id`]: spec?.providerID ?? '',
      ...(Object.fromEntries(conditions) as Texts),
      ...objectLabels('node', metadata),
    },
    targets: [
      {
        __address__: hostPort(first.get(type) ?? '', status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0),
        instance: metadata?.name ?? '',
        ...(Object.fromEntries(addresses) as Texts),
      },
    ],
  };
};

const buildPod: Build<Pod> = (pod, cluster, attach) => {
  const ip = pod.status?.podIP ?? '';
  if (ip === '') return NOTHING;
  const nodeName = pod.spec?.nodeName;
  // A node that is not known was left out by a selector, and its pods with it.
  if (attach.node && cluster.find('node', undefined, nodeName) === undefined) return NOTHING;
  const namespace = pod.metadata?.namespace;
  const targets = containersOf(pod).flatMap((entry) => {
    const { container, init } = entry;
    const statuses = init ? pod.status?.initContainerStatuses : pod.status?.containerStatuses;
    const id = statuses?.find(({ name }) => name === container.name)?.containerID ?? '';
    const ports = container.ports ?? [];
    if (ports.length > 0) {
      return ports.map((port) => ({
        __address__: hostPort(ip, port.containerPort),
        [`${META}pod_container_id`]: id,
        ...containerPortLabels(entry, port),
      }));
    }
    // Without a port the address is the pod's; the port is for relabelling to add.
    return [
      {
        __address__: ip,
        [`${META}pod_container_name`]: container.name ?? '',
        [`${META}pod_container_id`]: id,
        [`${META}pod_container_image`]: container.image ?? '',
        [`${META}pod_container_init`]: String(init),
      },
    ];
  });
  return {
    labels: {
      ...podLabels(pod, cluster, attach),
      [`${META}namespace`]: namespace ?? '',
      ...attachedNode(nodeName, cluster, attach),
      ...attachedNamespace(namespace, cluster, attach),
    },
    targets,
  };
};

export function serviceLabels({ metadata }: Service): Texts {
  return { [`${META}namespace`]: metadata?.namespace ?? '', ...objectLabels('service', metadata) };
}

const buildService: Build<Service> = (service, cluster, attach) => {
  const { metadata, spec } = service;
  const type = spec?.type ?? '';
  return {
    labels: { ...serviceLabels(service), ...attachedNamespace(metadata?.namespace, cluster, attach) },
    targets: (spec?.ports ?? []).map((port) => ({
      __address__: hostPort(`${metadata?.name}.${metadata?.namespace}.svc`, port.port),
      [`${META}service_port_name`]: port.name ?? '',
      [`${META}service_port_number`]: String(port.port),
      [`${META}service_port_protocol`]: port.protocol ?? '',
      [`${META}service_type`]: type,
      ...(type === 'ExternalName'
        ? { [`${META}service_external_name`]: spec?.externalName ?? '' }
        : { [`${META}service_cluster_ip`]: spec?.clusterIP ?? '' }),
      ...(type === 'LoadBalancer' && { [`${META}service_loadbalancer_ip`]: loadBalancerIps(service) }),
    })),
  };
};

function loadBalancerIps({ spec, status }: Service): string {
  const ips = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip === undefined || ip === '' ? [] : ip));
  return ips.length > 0 ? ips.join(',') : (spec?.loadBalancerIP ?? '');
}

const buildIngress: Build<Ingress> = ({ metadata, spec }, cluster, attach) => {
  const secure = (spec?.tls ?? []).flatMap(({ hosts }) => hosts ?? []);
  return {
    labels: {
      [`${META}namespace`]: metadata?.namespace ?? '',
      [`${META}ingress_class_name`]: spec?.ingressClassName ?? '',
      ...objectLabels('ingress', metadata),
      ...attachedNamespace(metadata?.namespace, cluster, attach),
    },
    targets: (spec?.rules ?? []).flatMap(({ host = '', http }) => {
      const paths = http === undefined ? ['/'] : (http.paths ?? []).map(({ path }) => path || '/');
      return paths.map((path) => ({
        __address__: host,
        [`${META}ingress_scheme`]: secure.some((pattern) => hostMatches(pattern, host)) ? 'https' : 'http',
        [`${META}ingress_host`]: host,
        [`${META}ingress_path`]: path,
      }));
    }),
  };
};

/** A `*` in front stands for one part of the name. */
function hostMatches(pattern: string, host: string): boolean {
  return pattern === host || (pattern.startsWith('*.') && host.slice(host.indexOf('.')) === pattern.slice(1));
}

const buildEndpoints: Build<Endpoints> = (endpoints, cluster, attach) => {
  const { metadata } = endpoints;
  const service = cluster.find<Service>('service', metadata?.namespace, metadata?.name);
  return {
    labels: {
      [`${META}namespace`]: metadata?.namespace ?? '',
      ...(service && serviceLabels(service)),
      ...objectLabels('endpoints', metadata),
      ...attachedNamespace(metadata?.namespace, cluster, attach),
    },
    targets: endpointsTargets(endpoints, cluster, attach),
  };
};

/** Names the service that a slice belongs to. */
const SERVICE_NAME = 'kubernetes.io/service-name';
const DUAL_STACK: ReadonlySet<string | undefined> = new Set(['PreferDualStack', 'RequireDualStack']);

const buildSlice: Build<EndpointSlice> = (slice, cluster, attach) => {
  const { metadata, addressType } = slice;
  const serviceName = metadata?.labels?.[SERVICE_NAME];
  const service =
    serviceName === undefined ? undefined : cluster.find<Service>('service', metadata?.namespace, serviceName);
  // Of a service with two IP families each endpoint has two slices; the first family's is enough.
  const [family] = DUAL_STACK.has(service?.spec?.ipFamilyPolicy) ? (service?.spec?.ipFamilies ?? []) : [];
  return {
    labels: {
      [`${META}namespace`]: metadata?.namespace ?? '',
      [`${META}endpointslice_address_type`]: addressType ?? '',
      ...objectLabels('endpointslice', metadata),
      ...(service && serviceLabels(service)),
      ...attachedNamespace(metadata?.namespace, cluster, attach),
    },
    targets: family !== undefined && family !== addressType ? [] : sliceTargets(slice, cluster, attach),
  };
};

const BUILDERS: Readonly<Record<KubernetesRole, Build<KubeObject>>> = {
  node: buildNode,
  pod: buildPod,
  service: buildService,
  endpoints: buildEndpoints,
  endpointslice: buildSlice,
  ingress: buildIngress,
};

/** The group of one object. */
export function groupOf(
  role: KubernetesRole,
  object: KubeObject,
  cluster: Cluster,
  attach: KubernetesAttach,
): TargetGroup {
  const { labels, targets } = BUILDERS[role](object, cluster, attach);
  const { namespace, name } = object.metadata ?? {};
  return { source: `${role}/${objectKey(namespace, name)}`, targets: targets.map(labelsOf), labels: labelsOf(labels) };
}
