/** Targets of endpoints and endpoint slices: the addresses as they stand, and the other ports of the pods behind them. */
import type { KubernetesAttach } from '../../config/discoveryConfig.ts';
import { hostPort, prefixed } from '../metaLabels.ts';
import type { Cluster, Endpoints, EndpointSlice, Pod, SliceEndpoint, SlicePort, TargetRef } from './objects.ts';
import { attachedNode, containerPortLabels, containersOf, META, podLabels, type Texts } from './podLabels.ts';

/** The pods met, each with the ports that have a target already. */
class PodPorts {
  private readonly covered = new Map<Pod, Set<number>>();
  private readonly cluster: Cluster;
  private readonly attach: KubernetesAttach;

  constructor(cluster: Cluster, attach: KubernetesAttach) {
    this.cluster = cluster;
    this.attach = attach;
  }

  /** Labels of the pod and of the container that serves this port. */
  labels(ref: TargetRef | undefined, port: number | undefined): Texts {
    const pod = ref?.kind === 'Pod' ? this.cluster.find<Pod>('pod', ref.namespace, ref.name) : undefined;
    if (pod === undefined) return {};
    let ports = this.covered.get(pod);
    if (ports === undefined) this.covered.set(pod, (ports = new Set()));
    if (port !== undefined) ports.add(port);
    const out = podLabels(pod, this.cluster, this.attach);
    for (const entry of containersOf(pod)) {
      const same = entry.container.ports?.find(({ containerPort }) => containerPort === port);
      if (same !== undefined) Object.assign(out, containerPortLabels(entry, same));
    }
    return out;
  }

  /** A target for each port of these pods that no endpoint names. */
  rest(): Texts[] {
    return [...this.covered].flatMap(([pod, ports]) => {
      const ip = pod.status?.podIP ?? '';
      if (ip === '') return [];
      return containersOf(pod).flatMap((entry) =>
        (entry.container.ports ?? [])
          .filter(({ containerPort }) => !ports.has(containerPort))
          .map((port) => ({
            __address__: hostPort(ip, port.containerPort),
            ...containerPortLabels(entry, port),
            ...podLabels(pod, this.cluster, this.attach),
          })),
      );
    });
  }
}

export function endpointsTargets({ subsets }: Endpoints, cluster: Cluster, attach: KubernetesAttach): Texts[] {
  const pods = new PodPorts(cluster, attach);
  const targets: Texts[] = [];
  for (const { ports = [], addresses = [], notReadyAddresses = [] } of subsets ?? []) {
    for (const port of ports) {
      for (const [ready, list] of [
        [true, addresses],
        [false, notReadyAddresses],
      ] as const) {
        for (const { ip, hostname, nodeName, targetRef } of list) {
          targets.push({
            __address__: hostPort(ip, port.port),
            [`${META}endpoint_port_name`]: port.name ?? '',
            [`${META}endpoint_port_protocol`]: port.protocol ?? '',
            [`${META}endpoint_ready`]: String(ready),
            [`${META}endpoint_address_target_kind`]: targetRef?.kind ?? '',
            [`${META}endpoint_address_target_name`]: targetRef?.name ?? '',
            [`${META}endpoint_node_name`]: nodeName ?? '',
            [`${META}endpoint_hostname`]: hostname ?? '',
            ...attachedNode(nodeName ?? nodeRef(targetRef), cluster, attach),
            ...pods.labels(targetRef, port.port),
          });
        }
      }
    }
  }
  return [...targets, ...pods.rest()];
}

export function sliceTargets(slice: EndpointSlice, cluster: Cluster, attach: KubernetesAttach): Texts[] {
  const pods = new PodPorts(cluster, attach);
  const targets: Texts[] = [];
  for (const endpoint of slice.endpoints ?? []) {
    for (const port of slice.ports ?? []) {
      for (const address of endpoint.addresses ?? []) {
        targets.push({
          __address__: port.port === undefined ? address : hostPort(address, port.port),
          ...portLabels(port),
          ...endpointLabels(endpoint),
          ...attachedNode(nodeRef(endpoint.targetRef) ?? endpoint.nodeName, cluster, attach),
          ...pods.labels(endpoint.targetRef, port.port),
        });
      }
    }
  }
  return [...targets, ...pods.rest()];
}

function nodeRef(ref: TargetRef | undefined): string | undefined {
  return ref?.kind === 'Node' ? ref.name : undefined;
}

function portLabels({ name, port, protocol, appProtocol }: SlicePort): Texts {
  return {
    [`${META}endpointslice_port_name`]: name ?? '',
    [`${META}endpointslice_port_protocol`]: protocol ?? '',
    [`${META}endpointslice_port`]: port === undefined ? '' : String(port),
    [`${META}endpointslice_port_app_protocol`]: appProtocol ?? '',
  };
}

function endpointLabels({ conditions, hostname, nodeName, zone, targetRef, deprecatedTopology }: SliceEndpoint): Texts {
  const prefix = `${META}endpointslice_endpoint_`;
  const told = (state: boolean | undefined) => (state === undefined ? '' : String(state));
  const present = Object.fromEntries(Object.keys(deprecatedTopology ?? {}).map((name) => [name, 'true']));
  return {
    [`${prefix}conditions_ready`]: told(conditions?.ready),
    [`${prefix}conditions_serving`]: told(conditions?.serving),
    [`${prefix}conditions_terminating`]: told(conditions?.terminating),
    [`${prefix}hostname`]: hostname ?? '',
    [`${prefix}node_name`]: nodeName ?? '',
    [`${prefix}zone`]: zone ?? '',
    [`${META}endpointslice_address_target_kind`]: targetRef?.kind ?? '',
    [`${META}endpointslice_address_target_name`]: targetRef?.name ?? '',
    ...prefixed(`${prefix}topology_`, deprecatedTopology),
    ...prefixed(`${prefix}topology_present_`, present),
  };
}
