import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addressesOf, follow } from '../../../tests/support/discovered.ts';
import { parseConfig } from '../config/load.ts';
import { createDiscoverers } from './discoverers.ts';
import type { Discoverer } from './targetGroup.ts';

const NETWORKS = [
  { Id: 'net1', Name: 'app_default', Scope: 'local', Internal: false, Ingress: false, Labels: { 'com.x': 'y' } },
  { Id: 'net2', Name: 'back', Scope: 'local', Internal: true, Ingress: false, Labels: null },
];
const network = (id: string, ip: string) => ({ NetworkID: id, IPAddress: ip, GlobalIPv6Address: '' });

const PREDICT = {
  Id: 'c1',
  Names: ['/predict'],
  Image: 'predict:2',
  ImageID: 'sha256:aa',
  Labels: { 'com.docker.compose.service': 'predict' },
  HostConfig: { NetworkMode: 'app_default' },
  Ports: [
    { IP: '0.0.0.0', PrivatePort: 8000, PublicPort: 18000, Type: 'tcp' },
    { PrivatePort: 9000, Type: 'udp' },
  ],
  NetworkSettings: { Networks: { app_default: network('net1', '172.18.0.2'), back: network('net2', '172.19.0.2') } },
};
/** Shares the network of the one before; exposes nothing. */
const SIDECAR = {
  Id: 'c2',
  Names: ['/sidecar'],
  Image: 'sidecar',
  ImageID: 'sha256:bb',
  Labels: {},
  HostConfig: { NetworkMode: 'container:c1' },
  Ports: [],
  NetworkSettings: { Networks: {} },
};
const ON_HOST = {
  ...SIDECAR,
  Id: 'c3',
  Names: ['/node'],
  HostConfig: { NetworkMode: 'host' },
  NetworkSettings: { Networks: { host: network('net9', '') } },
};

let server: Server;
let dir: string;
let asked: string[];
let containers: unknown[];
let discoverer: Discoverer;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'isotherm-docker-'));
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const body = request.url === '/networks' ? NETWORKS : containers;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
});
afterEach(() => {
  discoverer.stop();
  server.closeAllConnections();
  server.close();
  rmSync(dir, { recursive: true });
});

function discover(host: string, lines = '') {
  const text = `scrape_configs: [{job_name: a, docker_sd_configs: [{host: "${host}", refresh_interval: 50ms${lines}}]}]`;
  const [job] = parseConfig(text, { dir, path: 'test.yml' }).scrapeConfigs;
  discoverer = [...createDiscoverers(job, { onFault: () => undefined }).values()].at(-1)!;
  return follow(discoverer);
}

async function onSocket(): Promise<string> {
  const path = join(dir, 'docker.sock');
  await new Promise<void>((done) => server.listen(path, done));
  return `unix://${path}`;
}

test('containers are found over the engine’s Unix socket, with upstream’s labels', async () => {
  containers = [PREDICT];
  const [target, ...others] = await discover(await onSocket())((targets) => targets.length > 0);
  expect(others).toEqual([]);
  expect(target).toEqual({
    __address__: '172.18.0.2:8000',
    __meta_docker_container_id: 'c1',
    __meta_docker_container_image: 'predict:2',
    __meta_docker_container_image_id: 'sha256:aa',
    __meta_docker_container_label_com_docker_compose_service: 'predict',
    __meta_docker_container_name: '/predict',
    __meta_docker_container_network_mode: 'app_default',
    __meta_docker_network_id: 'net1',
    __meta_docker_network_ingress: 'false',
    __meta_docker_network_internal: 'false',
    __meta_docker_network_ip: '172.18.0.2',
    __meta_docker_network_label_com_x: 'y',
    __meta_docker_network_name: 'app_default',
    __meta_docker_network_scope: 'local',
    __meta_docker_port_private: '8000',
    __meta_docker_port_public: '18000',
    __meta_docker_port_public_ip: '0.0.0.0',
  });
  expect(new Set(asked)).toEqual(new Set(['/containers/json', '/networks']));
});

test('and over TCP, by filters, on all networks, and as they come and go', async () => {
  containers = [PREDICT];
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const until = discover(
    `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ', match_first_network: false, filters: [{name: label, values: [scrape]}]',
  );
  await until((targets) => addressesOf(targets) === '172.18.0.2:8000,172.19.0.2:8000');
  expect(new URL(asked[0], 'http://x').searchParams.get('filters')).toBe('{"label":{"scrape":true}}');
  containers = [];
  await until((targets) => targets.length === 0);
});

test('a container that exposes nothing has the port of the configuration, in the network that it shares or on its host', async () => {
  containers = [PREDICT, SIDECAR, ON_HOST];
  const targets = await discover(
    await onSocket(),
    ', port: 9100, host_networking_host: gateway:9100',
  )((found) => found.length === 3);
  expect(targets.map((t) => [t.__meta_docker_container_name, t.__address__])).toEqual([
    ['/predict', '172.18.0.2:8000'],
    ['/sidecar', '172.18.0.2:9100'],
    ['/node', 'gateway:9100'],
  ]);
});
