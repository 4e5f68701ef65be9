/** Labels that several roles share: an object's own names, labels and annotations; a pod's; what is attached. */
import type { KubernetesAttach } from '../../config/discoveryConfig.ts';
import { plainName, prefixed } from '../metaLabels.ts';
import type { Cluster, Container, KubeObject, ObjectMeta, Owner, Pod } from './objects.ts';

export const META = '__meta_kubernetes_';
export type Texts = Record<string, string>;

/** The labels and annotations of an object, each with a label that tells of its presence. */
export function noteLabels(kind: string, meta: ObjectMeta | undefined): Texts {
  const out: Texts = {};
  for (const [what, record] of [
    ['label', meta?.labels],
    ['annotation', meta?.annotations],
  ] as const) {
    Object.assign(out, prefixed(`${META}${kind}_${what}_`, record));
    for (const name of Object.keys(record ?? {})) out[`${META}${kind}_${what}present_${plainName(name)}`] = 'true';
  }
  return out;
}

export function objectLabels(kind: string, meta: ObjectMeta | undefined): Texts {
  return { [`${META}${kind}_name`]: meta?.name ?? '', ...noteLabels(kind, meta) };
}

export function controllerOf(object: KubeObject | undefined): Owner | undefined {
  return object?.metadata?.ownerReferences?.find(({ controller }) => controller === true);
}

/** Of a pod as a whole; its containers have their own. */
export function podLabels(pod: Pod, cluster: Cluster, attach: KubernetesAttach): Texts {
  const { status, spec, metadata } = pod;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'unknown';
  const owner = controllerOf(pod);
  return {
    [`${META}pod_ip`]: status?.podIP ?? '',
    [`${META}pod_ready`]: ready.toLowerCase(),
    [`${META}pod_phase`]: status?.phase ?? '',
    [`${META}pod_node_name`]: spec?.nodeName ?? '',
    [`${META}pod_host_ip`]: status?.hostIP ?? '',
    [`${META}pod_uid`]: metadata?.uid ?? '',
    [`${META}pod_controller_kind`]: owner?.kind ?? '',
    [`${META}pod_controller_name`]: owner?.name ?? '',
    ...objectLabels('pod', metadata),
    ...workloadLabels(pod, owner, cluster, attach),
  };
}

/** The deployment behind a replica set, the job, and the cron job behind it. */
function workloadLabels(pod: Pod, owner: Owner | undefined, cluster: Cluster, attach: KubernetesAttach): Texts {
  const above = (resource: 'replicaset' | 'job', kind: string) => {
    const top = controllerOf(cluster.find(resource, pod.metadata?.namespace, owner?.name));
    return top?.kind === kind ? (top.name ?? '') : '';
  };
  if (owner?.kind === 'ReplicaSet' && attach.deployment)
    return { [`${META}pod_deployment_name`]: above('replicaset', 'Deployment') };
  if (owner?.kind !== 'Job') return {};
  return {
    ...(attach.job && { [`${META}pod_job_name`]: owner.name ?? '' }),
    ...(attach.cronjob && { [`${META}pod_cronjob_name`]: above('job', 'CronJob') }),
  };
}

export function attachedNode(name: string | undefined, cluster: Cluster, attach: KubernetesAttach): Texts {
  const node = attach.node && name !== undefined ? cluster.find('node', undefined, name) : undefined;
  return node === undefined ? {} : objectLabels('node', node.metadata);
}

export function attachedNamespace(name: string | undefined, cluster: Cluster, attach: KubernetesAttach): Texts {
  const namespace = attach.namespace ? cluster.find('namespace', undefined, name) : undefined;
  return namespace === undefined ? {} : noteLabels('namespace', namespace.metadata);
}

/** Init containers stand behind the others. */
export function containersOf(pod: Pod): readonly { container: Container; init: boolean }[] {
  const of = (list: readonly Container[] | undefined, init: boolean) =>
    (list ?? []).map((container) => ({ container, init }));
  return [...of(pod.spec?.containers, false), ...of(pod.spec?.initContainers, true)];
}

export function containerPortLabels(
  { container, init }: { container: Container; init: boolean },
  port: NonNullable<Container['ports']>[number],
): Texts {
  return {
    [`${META}pod_container_name`]: container.name ?? '',
    [`${META}pod_container_image`]: container.image ?? '',
    [`${META}pod_container_port_name`]: port.name ?? '',
    [`${META}pod_container_port_number`]: String(port.containerPort),
    [`${META}pod_container_port_protocol`]: port.protocol ?? '',
    [`${META}pod_container_init`]: String(init),
  };
}
