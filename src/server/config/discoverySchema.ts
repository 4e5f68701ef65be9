/** The keys of `http_sd_config`, `dns_sd_config` and the like. */
import { z } from 'zod';
import { httpKeys } from './httpSchema.ts';
import { bool, count, oneOf, positiveDuration, text, url } from './scalars.ts';

export const httpSdKeys = z.strictObject({ url, refresh_interval: positiveDuration.optional(), ...httpKeys });

const recordType = oneOf('A', 'AAAA', 'SRV', 'MX', 'NS', 'a', 'aaaa', 'srv', 'mx', 'ns');

export const dnsSdKeys = z.strictObject({
  names: z.array(text).min(1),
  type: recordType.optional(),
  port: count.optional(),
  refresh_interval: positiveDuration.optional(),
});

export const consulSdKeys = z.strictObject({
  server: text.min(1, 'must not be empty').optional(),
  path_prefix: text.optional(),
  token: text.optional(),
  datacenter: text.optional(),
  namespace: text.optional(),
  partition: text.optional(),
  tag_separator: text.optional(),
  scheme: oneOf('http', 'https').optional(),
  username: text.optional(),
  password: text.optional(),
  allow_stale: bool.optional(),
  refresh_interval: positiveDuration.optional(),
  services: z.array(text).optional(),
  tags: z.array(text).optional(),
  node_meta: z.record(text, text).optional(),
  filter: text.optional(),
  health_filter: text.optional(),
  ...httpKeys,
});

export const dockerSdKeys = z.strictObject({
  host: text.min(1, 'must not be empty'),
  port: count.optional(),
  filters: z.array(z.strictObject({ name: text, values: z.array(text) })).optional(),
  host_networking_host: text.optional(),
  match_first_network: bool.optional(),
  refresh_interval: positiveDuration.optional(),
  ...httpKeys,
});

const role = oneOf('node', 'service', 'pod', 'endpoints', 'endpointslice', 'ingress');

export const kubernetesSdKeys = z.strictObject({
  role,
  api_server: url.optional(),
  kubeconfig_file: text.optional(),
  namespaces: z.strictObject({ own_namespace: bool.optional(), names: z.array(text).optional() }).optional(),
  selectors: z.array(z.strictObject({ role, label: text.optional(), field: text.optional() })).optional(),
  attach_metadata: z
    .strictObject({
      node: bool.optional(),
      namespace: bool.optional(),
      deployment: bool.optional(),
      job: bool.optional(),
      cronjob: bool.optional(),
    })
    .optional(),
  ...httpKeys,
});

/** Where and as whom AWS is asked. */
export const awsLoginKeys = {
  region: text.optional(),
  access_key: text.optional(),
  secret_key: text.optional(),
  profile: text.optional(),
  role_arn: text.optional(),
  external_id: text.optional(),
};

export const ec2SdKeys = z.strictObject({
  endpoint: url.optional(),
  ...awsLoginKeys,
  port: count.optional(),
  refresh_interval: positiveDuration.optional(),
  filters: z.array(z.strictObject({ name: text, values: z.array(text).min(1) })).optional(),
  ...httpKeys,
});

/** Spread into a scrape config. */
export const discoveryKeys = {
  http_sd_configs: z.array(httpSdKeys).optional(),
  dns_sd_configs: z.array(dnsSdKeys).optional(),
  consul_sd_configs: z.array(consulSdKeys).optional(),
  docker_sd_configs: z.array(dockerSdKeys).optional(),
  kubernetes_sd_configs: z.array(kubernetesSdKeys).optional(),
  ec2_sd_configs: z.array(ec2SdKeys).optional(),
};
export type RawDiscovery = z.output<z.ZodObject<typeof discoveryKeys>>;
