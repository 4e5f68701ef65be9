/** Discovery kinds besides static and file, after checking. */
import type { HttpConfig, Secret } from './httpConfig.ts';

export interface HttpSdConfig {
  readonly kind: 'http';
  readonly url: string;
  readonly refreshIntervalMs: number;
  readonly http: HttpConfig;
}

export type DnsRecordType = 'A' | 'AAAA' | 'SRV' | 'MX' | 'NS';

export interface DnsSdConfig {
  readonly kind: 'dns';
  readonly names: readonly string[];
  readonly type: DnsRecordType;
  /** Of the targets; SRV records bring their own. */
  readonly port: number;
  readonly refreshIntervalMs: number;
}

export interface ConsulSdConfig {
  readonly kind: 'consul';
  /** `http://host:port` with the path prefix, no slash at the end. */
  readonly url: string;
  readonly token?: Secret;
  readonly datacenter: string;
  readonly namespace: string;
  readonly partition: string;
  readonly tagSeparator: string;
  /** All if empty. */
  readonly services: readonly string[];
  readonly tags: readonly string[];
  readonly nodeMeta: Readonly<Record<string, string>>;
  readonly filter: string;
  readonly healthFilter: string;
  readonly allowStale: boolean;
  /** At least this long between two questions. */
  readonly refreshIntervalMs: number;
  readonly http: HttpConfig;
}

export interface DockerSdConfig {
  readonly kind: 'docker';
  /** `http://host:port`; of a Unix socket any host. */
  readonly url: string;
  readonly socketPath?: string;
  /** Of containers that expose none. */
  readonly port: number;
  readonly filters: readonly { readonly name: string; readonly values: readonly string[] }[];
  readonly hostNetworkingHost: string;
  readonly matchFirstNetwork: boolean;
  readonly refreshIntervalMs: number;
  readonly http: HttpConfig;
}

export type KubernetesRole = 'node' | 'service' | 'pod' | 'endpoints' | 'endpointslice' | 'ingress';

/** Labels of other objects that are put on. */
export interface KubernetesAttach {
  readonly node: boolean;
  readonly namespace: boolean;
  readonly deployment: boolean;
  readonly job: boolean;
  readonly cronjob: boolean;
}

export interface KubernetesSdConfig {
  readonly kind: 'kubernetes';
  readonly role: KubernetesRole;
  /** No slash at the end; without it and a kubeconfig the cluster that this program runs in. */
  readonly apiServer?: string;
  /** Absolute. */
  readonly kubeconfigFile?: string;
  /** All if empty and `ownNamespace` is not set. */
  readonly namespaces: readonly string[];
  readonly ownNamespace: boolean;
  readonly selectors: readonly { readonly role: KubernetesRole; readonly label: string; readonly field: string }[];
  readonly attach: KubernetesAttach;
  /** For `apiServer`. */
  readonly http: HttpConfig;
}

export interface Ec2SdConfig {
  readonly kind: 'ec2';
  /** undefined for AWS's own. */
  readonly endpoint?: string;
  /** '' to find it out. */
  readonly region: string;
  readonly accessKey?: string;
  readonly secretKey?: Secret;
  readonly profile?: string;
  readonly roleArn?: string;
  readonly externalId?: string;
  readonly port: number;
  readonly filters: readonly { readonly name: string; readonly values: readonly string[] }[];
  readonly refreshIntervalMs: number;
  readonly http: HttpConfig;
}

export type DiscoveryConfig =
  Ec2SdConfig | HttpSdConfig | DnsSdConfig | ConsulSdConfig | DockerSdConfig | KubernetesSdConfig;
