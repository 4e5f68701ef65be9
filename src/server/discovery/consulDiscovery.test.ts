import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addressesOf, follow } from '../../../tests/support/discovered.ts';
import { parseConfig } from '../config/load.ts';
import { createDiscoverers } from './discoverers.ts';
import type { Discoverer } from './targetGroup.ts';

interface Entry {
  Node: Record<string, unknown>;
  Service: Record<string, unknown>;
  Checks: unknown[];
}

/** An agent that answers blocking queries as Consul does: at once if the index is another, else when something changes. */
class Agent {
  readonly services = new Map<string, { tags: string[]; entries: Entry[] }>();
  readonly asked: { url: URL; token: string | undefined }[] = [];
  failures = 0;
  private index = 7;
  private waiting: (() => void)[] = [];
  private readonly server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://agent');
    this.asked.push({ url, token: request.headers['x-consul-token'] as string | undefined });
    if (this.failures > 0) {
      this.failures--;
      response.writeHead(500).end();
    } else if (url.searchParams.get('index') === String(this.index)) {
      this.waiting.push(() => this.answer(url, response));
    } else {
      this.answer(url, response);
    }
  });

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  change(index = this.index + 1): void {
    this.index = index;
    for (const answer of this.waiting.splice(0)) answer();
  }

  private answer({ pathname, searchParams }: URL, response: ServerResponse): void {
    const send = (json: unknown) =>
      response
        .writeHead(200, { 'content-type': 'application/json', 'x-consul-index': String(this.index) })
        .end(JSON.stringify(json));
    if (pathname === '/v1/agent/self') return void send({ Config: { Datacenter: 'dc1' } });
    if (pathname === '/v1/catalog/services')
      return void send(Object.fromEntries([...this.services].map(([name, { tags }]) => [name, tags])));
    const name = decodeURIComponent(pathname.replace('/v1/health/service/', ''));
    const wanted = searchParams.getAll('tag');
    const entries = this.services.get(name)?.entries ?? [];
    send(entries.filter(({ Service }) => wanted.every((tag) => (Service.Tags as string[]).includes(tag))));
  }
}

function entry(id: string, port: number, service: Record<string, unknown> = {}): Entry {
  return {
    Node: { Node: 'n1', Address: '10.0.0.1', Meta: { 'rack-no': '4' }, TaggedAddresses: { lan: '10.0.0.1' } },
    Service: { ID: id, Tags: ['v1', 'blue'], Address: '', Port: port, Meta: { team: 'ml' }, ...service },
    Checks: [{ CheckID: 'c', Status: 'passing' }],
  };
}

let agent: Agent;
let address: string;
let discoverer: Discoverer;
let faults: string[];

beforeEach(async () => {
  agent = new Agent();
  address = await agent.listen();
  faults = [];
});
afterEach(() => {
  discoverer.stop();
  agent.close();
});

function discover(lines = '') {
  const text = `scrape_configs: [{job_name: a, consul_sd_configs: [{server: "${address}", refresh_interval: 20ms${lines}}]}]`;
  const [job] = parseConfig(text, { dir: '/', path: 'test.yml' }).scrapeConfigs;
  const made = [...createDiscoverers(job, { onFault: (source, why) => faults.push(`${source} ${why}`) }).values()];
  discoverer = made.at(-1)!;
  return follow(discoverer);
}

const addresses = (wanted: string) => (targets: Record<string, string>[]) => addressesOf(targets) === wanted;

test('instances have upstream’s labels', async () => {
  agent.services.set('predict', { tags: ['v1'], entries: [entry('p-1', 8000)] });
  const [target] = await discover(', token: s3cret')((targets) => targets.length === 1);
  expect(target).toEqual({
    __address__: '10.0.0.1:8000',
    __meta_consul_address: '10.0.0.1',
    __meta_consul_dc: 'dc1',
    __meta_consul_health: 'passing',
    __meta_consul_metadata_rack_no: '4',
    __meta_consul_node: 'n1',
    __meta_consul_service: 'predict',
    __meta_consul_service_id: 'p-1',
    __meta_consul_service_metadata_team: 'ml',
    __meta_consul_service_port: '8000',
    __meta_consul_tagged_address_lan: '10.0.0.1',
    __meta_consul_tags: ',v1,blue,',
  });
  expect(agent.asked.every(({ token }) => token === 's3cret')).toBe(true);
  expect(
    agent.asked.some(({ url }) => url.searchParams.has('stale') && url.searchParams.get('wait') === '120000ms'),
  ).toBe(true);
});

test('services and instances that come and go are followed by waiting for the next index', async () => {
  agent.services.set('a', { tags: [], entries: [entry('a-1', 1)] });
  const until = discover();
  await until(addresses('10.0.0.1:1'));
  agent.services.set('b', { tags: [], entries: [entry('b-1', 2, { Address: '10.9.9.9' })] });
  agent.change();
  await until(addresses('10.0.0.1:1,10.9.9.9:2'));
  agent.services.get('b')!.entries.push(entry('b-2', 3));
  agent.change();
  await until(addresses('10.0.0.1:1,10.0.0.1:3,10.9.9.9:2'));
  agent.services.delete('b');
  agent.change();
  await until(addresses('10.0.0.1:1'));
  expect(agent.asked.some(({ url }) => url.searchParams.get('index') === '7')).toBe(true);
});

test('an index that went back starts anew', async () => {
  agent.services.set('a', { tags: [], entries: [entry('a-1', 1)] });
  const until = discover(', services: [a]');
  await until(addresses('10.0.0.1:1'));
  agent.services.set('a', { tags: [], entries: [entry('a-1', 2)] });
  agent.change(3);
  await until(addresses('10.0.0.1:2'));
  agent.services.set('a', { tags: [], entries: [entry('a-1', 3)] });
  agent.change(4);
  await until(addresses('10.0.0.1:3'));
});

test('tags, services, datacenter and filters narrow the question', async () => {
  agent.services.set('a', { tags: ['v1', 'v2'], entries: [entry('a-1', 1), entry('a-2', 2, { Tags: ['v2'] })] });
  agent.services.set('b', { tags: ['v2'], entries: [entry('b-1', 3)] });
  const until = discover(
    ', services: [a, b], tags: [v1], datacenter: dc9, health_filter: "Service.ID != x", node_meta: {rack: "4"}, allow_stale: false',
  );
  const [target] = await until(addresses('10.0.0.1:1'));
  expect(target.__meta_consul_dc).toBe('dc9');
  const health = agent.asked.find(({ url }) => url.pathname === '/v1/health/service/a')!.url.searchParams;
  expect([
    health.get('dc'),
    health.get('tag'),
    health.get('filter'),
    health.get('node-meta'),
    health.has('stale'),
  ]).toEqual(['dc9', 'v1', 'Service.ID != x', 'rack:4', false]);
  expect(agent.asked.some(({ url }) => url.pathname.endsWith('/b') || url.pathname === '/v1/agent/self')).toBe(false);
});

test.each([
  [[{ Status: 'passing' }, { Status: 'warning' }], 'warning'],
  [[{ Status: 'critical' }, { Status: 'warning' }], 'critical'],
  [[{ CheckID: '_node_maintenance', Status: 'critical' }], 'maintenance'],
  [[], 'passing'],
])('checks %j make an instance %s', async (checks, health) => {
  agent.services.set('a', { tags: [], entries: [{ ...entry('a-1', 1), Checks: checks }] });
  const [target] = await discover()((targets) => targets.length === 1);
  expect(target.__meta_consul_health).toBe(health);
});

test('an agent that fails is told once and asked again', async () => {
  agent.failures = 2;
  agent.services.set('a', { tags: [], entries: [entry('a-1', 1)] });
  await discover()(addresses('10.0.0.1:1'));
  expect(faults).toEqual([`http://${address} server returned HTTP status 500`]);
});
