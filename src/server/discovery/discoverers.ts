/** All discovery of a job: what its configuration names, each ready to be started. */
import type { TargetSources } from '../config/config.ts';
import type { DiscoveryConfig } from '../config/discoveryConfig.ts';
import { createConsulDiscoverer } from './consulDiscovery.ts';
import { createDnsDiscoverer } from './dnsDiscovery.ts';
import { createDockerDiscoverer } from './dockerDiscovery.ts';
import { createEc2Discoverer } from './ec2/ec2Discovery.ts';
import { createFileDiscoverer } from './fileDiscovery.ts';
import { createHttpDiscoverer } from './httpDiscovery.ts';
import { createKubernetesDiscoverer } from './kubernetes/kubernetesDiscovery.ts';
import { createStaticDiscoverer } from './staticDiscovery.ts';
import type { Discoverer, DiscoveryDeps } from './targetGroup.ts';

type Make<K extends DiscoveryConfig['kind']> = (
  config: Extract<DiscoveryConfig, { kind: K }>,
  deps: DiscoveryDeps,
) => Discoverer;

const MAKERS: { readonly [K in DiscoveryConfig['kind']]: Make<K> } = {
  http: createHttpDiscoverer,
  dns: (config, deps) => createDnsDiscoverer(config, deps),
  consul: createConsulDiscoverer,
  docker: createDockerDiscoverer,
  ec2: (config, deps) => createEc2Discoverer(config, deps),
  kubernetes: (config, deps) => createKubernetesDiscoverer(config, deps),
};

function make<K extends DiscoveryConfig['kind']>(kind: K, config: DiscoveryConfig, deps: DiscoveryDeps): Discoverer {
  return MAKERS[kind](config as Extract<DiscoveryConfig, { kind: K }>, deps);
}

/** By a key that is equal for equal configurations. */
export function createDiscoverers(job: TargetSources, deps: DiscoveryDeps): ReadonlyMap<string, Discoverer> {
  return new Map<string, Discoverer>([
    [`static ${JSON.stringify(job.staticConfigs)}`, createStaticDiscoverer(job.staticConfigs)],
    ...job.fileSdConfigs.map((config) => [JSON.stringify(config), createFileDiscoverer(config, deps)] as const),
    ...job.discovery.map((config) => [JSON.stringify(config), make(config.kind, config, deps)] as const),
  ]);
}
