/** What discovery does, told as it happens; for metrics. */

/** Mechanisms that ask again and again. */
export type RefreshedMechanism = 'dns' | 'docker' | 'ec2' | 'http';

export type DiscoveryEvent =
  /** Targets were found, the same ones perhaps; so many label sets as the whole job has now. */
  | { readonly kind: 'update'; readonly targets: number }
  | { readonly kind: 'refresh'; readonly mechanism: RefreshedMechanism; readonly ms: number; readonly failed: boolean }
  /** One name was asked for. */
  | { readonly kind: 'dnsLookup'; readonly failed: boolean }
  | {
      readonly kind: 'consulCall';
      readonly endpoint: 'agent' | 'catalog' | 'health';
      readonly call: 'self' | 'services' | 'service';
      readonly ms: number;
      readonly failed: boolean;
    }
  /** The files of a pattern were read. */
  | { readonly kind: 'fileScan'; readonly ms: number; readonly readFaults: number }
  | { readonly kind: 'fileWatchFault' }
  /** An object came, changed or went. */
  | { readonly kind: 'kubernetesObject'; readonly role: string; readonly change: 'add' | 'update' | 'delete' }
  /** A list or a watch failed. */
  | { readonly kind: 'kubernetesFault' };
