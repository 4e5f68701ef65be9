/** Discovery configs: upstream's defaults filled in, contradictions refused. */
import type { z } from 'zod';
import type { HttpConfig } from './config.ts';
import type {
  ConsulSdConfig,
  DiscoveryConfig,
  DnsRecordType,
  DnsSdConfig,
  DockerSdConfig,
  Ec2SdConfig,
  KubernetesRole,
  KubernetesSdConfig,
} from './discoveryConfig.ts';
import type {
  consulSdKeys,
  dnsSdKeys,
  dockerSdKeys,
  ec2SdKeys,
  kubernetesSdKeys,
  RawDiscovery,
} from './discoverySchema.ts';
import type { RawHttpConfig } from './httpSchema.ts';
import { absolute, resolveHttp } from './resolveHttp.ts';
import type { Complain } from './resolveRelabel.ts';

const REFRESH_MS = { http: 60_000, dns: 30_000, consul: 30_000, docker: 60_000, ec2: 60_000 } as const;

interface Context {
  readonly dir: string;
  readonly complain: Complain;
}

/** All of a job, kind by kind in the order of this file. */
export function resolveDiscovery(raw: RawDiscovery, dir: string, complain: Complain): readonly DiscoveryConfig[] {
  const each = <T>(
    key: keyof RawDiscovery,
    entries: readonly T[] | undefined,
    resolve: (entry: T, context: Context) => DiscoveryConfig,
  ) =>
    (entries ?? []).map((entry, i) =>
      resolve(entry, { dir, complain: (path, why) => complain([key, i, ...path], why) }),
    );
  return [
    ...each('http_sd_configs', raw.http_sd_configs, resolveHttpSd),
    ...each('dns_sd_configs', raw.dns_sd_configs, resolveDnsSd),
    ...each('consul_sd_configs', raw.consul_sd_configs, resolveConsulSd),
    ...each('docker_sd_configs', raw.docker_sd_configs, resolveDockerSd),
    ...each('kubernetes_sd_configs', raw.kubernetes_sd_configs, resolveKubernetesSd),
    ...each('ec2_sd_configs', raw.ec2_sd_configs, resolveEc2Sd),
  ];
}

type RawHttpSd = NonNullable<RawDiscovery['http_sd_configs']>[number];

function resolveHttpSd(raw: RawHttpSd, context: Context): DiscoveryConfig {
  if (!/^https?:$/.test(new URL(raw.url).protocol)) context.complain(['url'], 'must begin with http:// or https://');
  return {
    kind: 'http',
    url: raw.url,
    refreshIntervalMs: raw.refresh_interval ?? REFRESH_MS.http,
    http: httpOf(raw, context),
  };
}

function resolveDnsSd(raw: z.output<typeof dnsSdKeys>, { complain }: Context): DnsSdConfig {
  const type = (raw.type ?? 'SRV').toUpperCase() as DnsRecordType;
  if (type !== 'SRV' && !raw.port) complain([], `${type} records name no port; set port`);
  return {
    kind: 'dns',
    names: raw.names,
    type,
    port: raw.port ?? 0,
    refreshIntervalMs: raw.refresh_interval ?? REFRESH_MS.dns,
  };
}

function resolveConsulSd(raw: z.output<typeof consulSdKeys>, context: Context): ConsulSdConfig {
  const { complain } = context;
  const login = raw.username !== undefined || raw.password !== undefined;
  if (login && raw.basic_auth !== undefined)
    complain(['basic_auth'], 'username and password stand there too; keep one');
  if (raw.token !== undefined && (raw.authorization !== undefined || raw.oauth2 !== undefined))
    complain(['token'], 'authorization or oauth2 stands there too; keep one');
  const server = raw.server ?? 'localhost:8500';
  const url = `${raw.scheme ?? 'http'}://${server}${prefixOf(raw.path_prefix)}`;
  if (!URL.canParse(url)) complain(['server'], `${JSON.stringify(server)} is not host:port`);
  const http = httpOf(
    login ? { ...raw, basic_auth: { username: raw.username, password: raw.password } } : raw,
    context,
  );
  return {
    kind: 'consul',
    url,
    token: raw.token === undefined ? undefined : { kind: 'inline', value: raw.token },
    datacenter: raw.datacenter ?? '',
    namespace: raw.namespace ?? '',
    partition: raw.partition ?? '',
    tagSeparator: raw.tag_separator ?? ',',
    services: raw.services ?? [],
    tags: raw.tags ?? [],
    nodeMeta: raw.node_meta ?? {},
    filter: raw.filter ?? '',
    healthFilter: raw.health_filter ?? '',
    allowStale: raw.allow_stale ?? true,
    refreshIntervalMs: raw.refresh_interval ?? REFRESH_MS.consul,
    http,
  };
}

function prefixOf(path = ''): string {
  const bare = path.replace(/^\/+|\/+$/g, '');
  return bare === '' ? '' : `/${bare}`;
}

function resolveDockerSd(raw: z.output<typeof dockerSdKeys>, context: Context): DockerSdConfig {
  const place = dockerPlace(raw.host);
  if (place === undefined) {
    context.complain(
      ['host'],
      `${JSON.stringify(raw.host)} is not where a Docker engine listens; write unix:///var/run/docker.sock or tcp://host:2375`,
    );
  }
  return {
    kind: 'docker',
    ...(place ?? { url: '' }),
    port: raw.port ?? 80,
    filters: raw.filters ?? [],
    hostNetworkingHost: raw.host_networking_host ?? 'localhost',
    matchFirstNetwork: raw.match_first_network ?? true,
    refreshIntervalMs: raw.refresh_interval ?? REFRESH_MS.docker,
    http: httpOf(raw, context),
  };
}

function dockerPlace(host: string): { url: string; socketPath?: string } | undefined {
  const socket = /^unix:\/\/(\/.+)$/.exec(host);
  if (socket !== null) return { url: 'http://docker', socketPath: socket[1] };
  const address = /^(tcp|https?):\/\/([^/]+)\/?$/.exec(host);
  if (address === null) return undefined;
  const url = `${address[1] === 'https' ? 'https' : 'http'}://${address[2]}`;
  return URL.canParse(url) ? { url } : undefined;
}

/** Of which objects a role's selectors may speak. */
const SELECTABLE: Readonly<Record<KubernetesRole, readonly KubernetesRole[]>> = {
  pod: ['pod', 'node'],
  service: ['service'],
  endpointslice: ['pod', 'service', 'endpointslice'],
  endpoints: ['pod', 'service', 'endpoints'],
  node: ['node'],
  ingress: ['ingress'],
};
const LOGIN_KEYS = ['basic_auth', 'authorization', 'bearer_token', 'bearer_token_file', 'tls_config'] as const;

function resolveKubernetesSd(raw: z.output<typeof kubernetesSdKeys>, context: Context): KubernetesSdConfig {
  const { complain, dir } = context;
  const { role, attach_metadata: attach, namespaces } = raw;
  if (raw.api_server !== undefined && raw.kubeconfig_file !== undefined)
    complain(['kubeconfig_file'], 'api_server stands there too; keep one');
  const login = LOGIN_KEYS.find((key) => raw[key] !== undefined);
  if (raw.api_server === undefined && login !== undefined)
    complain([login], 'is for an api_server that is written out; set api_server');
  const selectors = raw.selectors ?? [];
  selectors.forEach((selector, i) => {
    if (!SELECTABLE[role].includes(selector.role))
      complain(['selectors', i, 'role'], `role ${role} selects by ${SELECTABLE[role].join(', ')}`);
    if (selectors.findIndex((other) => other.role === selector.role) < i)
      complain(['selectors', i, 'role'], `${selector.role} is there already; join both with a comma`);
  });
  return {
    kind: 'kubernetes',
    role,
    apiServer: raw.api_server?.replace(/\/+$/, ''),
    kubeconfigFile: raw.kubeconfig_file === undefined ? undefined : absolute(dir, raw.kubeconfig_file),
    namespaces: namespaces?.names ?? [],
    ownNamespace: namespaces?.own_namespace ?? false,
    selectors: selectors.map(({ role: of, label = '', field = '' }) => ({ role: of, label, field })),
    attach: {
      node: attach?.node ?? false,
      namespace: attach?.namespace ?? false,
      deployment: attach?.deployment ?? false,
      job: attach?.job ?? false,
      cronjob: attach?.cronjob ?? false,
    },
    http: httpOf(raw, context),
  };
}

function resolveEc2Sd(raw: z.output<typeof ec2SdKeys>, context: Context): Ec2SdConfig {
  if ((raw.access_key === undefined) !== (raw.secret_key === undefined))
    context.complain(
      [raw.access_key === undefined ? 'secret_key' : 'access_key'],
      'access_key and secret_key go together',
    );
  return {
    kind: 'ec2',
    endpoint: raw.endpoint,
    region: raw.region ?? '',
    accessKey: raw.access_key,
    secretKey: raw.secret_key === undefined ? undefined : { kind: 'inline', value: raw.secret_key },
    profile: raw.profile,
    roleArn: raw.role_arn,
    externalId: raw.external_id,
    port: raw.port ?? 80,
    filters: raw.filters ?? [],
    refreshIntervalMs: raw.refresh_interval ?? REFRESH_MS.ec2,
    http: httpOf(raw, context),
  };
}

/** The HTTP keys among others. */
function httpOf(raw: RawHttpConfig, { dir, complain }: Context): HttpConfig {
  return resolveHttp(raw, dir, complain);
}
