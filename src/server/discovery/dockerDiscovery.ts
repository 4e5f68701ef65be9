/** Targets from the containers of a Docker engine: one for each network and TCP port. */
import { z } from 'zod';
import { labelsOf, NO_LABELS, type Labels } from '../../shared/model/labels.ts';
import type { DockerSdConfig } from '../config/discoveryConfig.ts';
import { JsonClient, shaped } from './jsonClient.ts';
import { hostPort, prefixed } from './metaLabels.ts';
import { createRefresher } from './refresher.ts';
import type { Discoverer, DiscoveryDeps } from './targetGroup.ts';

const texts = z.record(z.string(), z.string()).nullish();
const containersShape = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()).nullish(),
    Image: z.string().nullish(),
    ImageID: z.string().nullish(),
    Labels: texts,
    HostConfig: z.object({ NetworkMode: z.string().nullish() }).nullish(),
    Ports: z
      .array(
        z.object({
          IP: z.string().nullish(),
          PrivatePort: z.number(),
          PublicPort: z.number().nullish(),
          Type: z.string(),
        }),
      )
      .nullish(),
    NetworkSettings: z
      .object({
        Networks: z
          .record(
            z.string(),
            z
              .object({
                NetworkID: z.string().nullish(),
                IPAddress: z.string().nullish(),
                GlobalIPv6Address: z.string().nullish(),
              })
              .nullable(),
          )
          .nullish(),
      })
      .nullish(),
  }),
);
type Container = z.output<typeof containersShape>[number];
type Networks = NonNullable<NonNullable<Container['NetworkSettings']>['Networks']>;
type Network = NonNullable<Networks[string]>;

const networksShape = z.array(
  z.object({
    Id: z.string(),
    Name: z.string(),
    Scope: z.string().nullish(),
    Internal: z.boolean().nullish(),
    Ingress: z.boolean().nullish(),
    Labels: texts,
  }),
);

type Meta = Readonly<Record<string, string>>;

export function createDockerDiscoverer(config: DockerSdConfig, deps: DiscoveryDeps): Discoverer {
  const client = new JsonClient(config.http, { socketPath: config.socketPath, dials: deps.dials?.named('docker_sd') });
  const filters = Object.fromEntries(
    config.filters.map(({ name, values }) => [name, Object.fromEntries(values.map((value) => [value, true]))]),
  );
  const query = config.filters.length > 0 ? `?filters=${encodeURIComponent(JSON.stringify(filters))}` : '';
  const find = async (signal: AbortSignal) => {
    const containers = shaped(
      containersShape,
      (await client.get(`${config.url}/containers/json${query}`, signal)).json,
    );
    const networks = shaped(networksShape, (await client.get(`${config.url}/networks`, signal)).json);
    return [{ source: 'Docker', targets: targetsOf(containers, networksById(networks), config), labels: NO_LABELS }];
  };
  const source = config.socketPath ?? config.url;
  return createRefresher(
    { mechanism: 'docker', source, intervalMs: config.refreshIntervalMs, find, close: () => client.close() },
    deps,
  );
}

function networksById(networks: z.output<typeof networksShape>): ReadonlyMap<string, Meta> {
  return new Map(
    networks.map((network) => [
      network.Id,
      {
        __meta_docker_network_id: network.Id,
        __meta_docker_network_name: network.Name,
        __meta_docker_network_scope: network.Scope ?? '',
        __meta_docker_network_internal: String(network.Internal ?? false),
        __meta_docker_network_ingress: String(network.Ingress ?? false),
        ...prefixed('__meta_docker_network_label_', network.Labels),
      },
    ]),
  );
}

function targetsOf(
  containers: readonly Container[],
  networkMeta: ReadonlyMap<string, Meta>,
  config: DockerSdConfig,
): readonly Labels[] {
  const byId = new Map(containers.map((container) => [container.Id, container]));
  const targets: Labels[] = [];
  for (const container of containers) {
    const name = container.Names?.[0];
    if (name === undefined) continue;
    const meta = containerMeta(container, name);
    for (const network of networksOf(container, byId, config.matchFirstNetwork)) {
      const ip = network.IPAddress || network.GlobalIPv6Address || '';
      const common = {
        ...meta,
        ...networkMeta.get(network.NetworkID ?? ''),
        __meta_docker_network_ip: ip,
      };
      targets.push(...placesOf(container, ip, config).map((place) => labelsOf({ ...common, ...place })));
    }
  }
  return targets;
}

function containerMeta(container: Container, name: string): Meta {
  return {
    __meta_docker_container_id: container.Id,
    __meta_docker_container_name: name,
    __meta_docker_container_network_mode: container.HostConfig?.NetworkMode ?? '',
    __meta_docker_container_image: container.Image ?? '',
    __meta_docker_container_image_id: container.ImageID ?? '',
    ...prefixed('__meta_docker_container_label_', container.Labels),
  };
}

/** A container may use the networks of another, that one of a third, and so on. */
function networksOf(
  container: Container,
  byId: ReadonlyMap<string, Container>,
  firstOnly: boolean,
): readonly Network[] {
  const seen = new Set<Container>();
  let owner: Container | undefined = container;
  while (owner !== undefined && Object.keys(attached(owner)).length === 0 && !seen.has(owner)) {
    seen.add(owner);
    const shared = /^container:(.+)$/.exec(owner.HostConfig?.NetworkMode ?? '');
    owner = shared === null ? undefined : byId.get(shared[1]);
  }
  const named = Object.entries(owner === undefined ? {} : attached(owner))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, network]) => network ?? []);
  return firstOnly ? named.slice(0, 1) : named;
}

function attached(container: Container): Networks {
  return container.NetworkSettings?.Networks ?? {};
}

/** Each TCP port in a network; one place of a container without any. */
function placesOf(container: Container, ip: string, config: DockerSdConfig): readonly Meta[] {
  const ports = (container.Ports ?? []).filter(({ Type }) => Type === 'tcp');
  if (ports.length === 0) {
    const onHost = container.HostConfig?.NetworkMode === 'host';
    return [{ __address__: onHost ? config.hostNetworkingHost : hostPort(ip, config.port) }];
  }
  return ports.map(({ PrivatePort, PublicPort, IP }) => ({
    __address__: hostPort(ip, PrivatePort),
    __meta_docker_port_private: String(PrivatePort),
    ...(PublicPort && { __meta_docker_port_public: String(PublicPort), __meta_docker_port_public_ip: IP ?? '' }),
  }));
}
