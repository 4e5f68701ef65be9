/** Kubernetes objects, as far as discovery reads them. Every field may be missing. */

export interface Owner {
  readonly kind?: string;
  readonly name?: string;
  readonly controller?: boolean;
}

export interface ObjectMeta {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly Owner[];
}

export interface KubeObject {
  readonly metadata?: ObjectMeta;
}

interface Condition {
  readonly type?: string;
  readonly status?: string;
}

export interface Node extends KubeObject {
  readonly spec?: { readonly providerID?: string };
  readonly status?: {
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly conditions?: readonly Condition[];
    readonly daemonEndpoints?: { readonly kubeletEndpoint?: { readonly Port?: number } };
  };
}

export interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number; readonly protocol?: string }[];
}

interface ContainerStatus {
  readonly name?: string;
  readonly containerID?: string;
}

export interface Pod extends KubeObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
  readonly status?: {
    readonly podIP?: string;
    readonly hostIP?: string;
    readonly phase?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface Service extends KubeObject {
  readonly spec?: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly externalName?: string;
    readonly loadBalancerIP?: string;
    readonly ipFamilies?: readonly string[];
    readonly ipFamilyPolicy?: string;
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string }[];
  };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}

export interface TargetRef {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
}

export interface EndpointAddress {
  readonly ip: string;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly targetRef?: TargetRef;
}

export interface Endpoints extends KubeObject {
  readonly subsets?: readonly {
    readonly addresses?: readonly EndpointAddress[];
    readonly notReadyAddresses?: readonly EndpointAddress[];
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string }[];
  }[];
}

export interface SliceEndpoint {
  readonly addresses?: readonly string[];
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly zone?: string;
  readonly targetRef?: TargetRef;
  readonly deprecatedTopology?: Readonly<Record<string, string>>;
}

export interface SlicePort {
  readonly name?: string;
  readonly port?: number;
  readonly protocol?: string;
  readonly appProtocol?: string;
}

export interface EndpointSlice extends KubeObject {
  readonly addressType?: string;
  readonly endpoints?: readonly SliceEndpoint[];
  readonly ports?: readonly SlicePort[];
}

export interface Ingress extends KubeObject {
  readonly spec?: {
    readonly ingressClassName?: string;
    readonly tls?: readonly { readonly hosts?: readonly string[] }[];
    readonly rules?: readonly {
      readonly host?: string;
      readonly http?: { readonly paths?: readonly { readonly path?: string }[] };
    }[];
  };
}

/** Kinds of objects by the names that selectors and labels use for them, and where the API keeps them. */
export const RESOURCES = {
  node: { path: '/api/v1', plural: 'nodes', namespaced: false },
  namespace: { path: '/api/v1', plural: 'namespaces', namespaced: false },
  pod: { path: '/api/v1', plural: 'pods', namespaced: true },
  service: { path: '/api/v1', plural: 'services', namespaced: true },
  endpoints: { path: '/api/v1', plural: 'endpoints', namespaced: true },
  endpointslice: { path: '/apis/discovery.k8s.io/v1', plural: 'endpointslices', namespaced: true },
  ingress: { path: '/apis/networking.k8s.io/v1', plural: 'ingresses', namespaced: true },
  replicaset: { path: '/apis/apps/v1', plural: 'replicasets', namespaced: true },
  job: { path: '/apis/batch/v1', plural: 'jobs', namespaced: true },
} as const;
export type Resource = keyof typeof RESOURCES;

/** `namespace/name`, or the name alone where there are no namespaces. */
export function objectKey(namespace: string | undefined, name: string | undefined): string {
  return namespace === undefined || namespace === '' ? (name ?? '') : `${namespace}/${name ?? ''}`;
}

/** What the objects of one kind need to know of the others. */
export interface Cluster {
  find<T extends KubeObject>(
    resource: Resource,
    namespace: string | undefined,
    name: string | undefined,
  ): T | undefined;
}
