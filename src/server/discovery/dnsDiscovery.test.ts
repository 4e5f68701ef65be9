import { addressesOf, follow, type FoundTarget } from '../../../tests/support/discovered.ts';
import { DnsServer, SERVER_FAILURE } from '../../../tests/support/dnsServer.ts';
import type { DnsSdConfig } from '../config/discoveryConfig.ts';
import { createDnsDiscoverer, nameVariants, parseSearchPath, type SearchPath } from './dnsDiscovery.ts';
import type { Discoverer } from './targetGroup.ts';

let server: DnsServer;
let address: string;
let discoverer: Discoverer | undefined;
let faults: string[];

beforeEach(async () => {
  server = new DnsServer();
  address = await server.listen();
  faults = [];
});
afterEach(() => {
  discoverer?.stop();
  server.close();
});

const NO_SEARCH: SearchPath = { domains: [], ndots: 1 };

function discover(config: Partial<DnsSdConfig>, search = NO_SEARCH) {
  discoverer = createDnsDiscoverer(
    { kind: 'dns', names: ['web.test'], type: 'A', port: 9100, refreshIntervalMs: 50, ...config },
    { onFault: (source, why) => faults.push(`${source} ${why}`) },
    { servers: [address], search },
  );
  return follow(discoverer);
}

const some = (targets: FoundTarget[]) => targets.length > 0;

test('addresses of a name, with the port of the configuration', async () => {
  server.zone.set('web.test', [
    { type: 'A', data: '10.0.0.2' },
    { type: 'A', data: '10.0.0.1' },
  ]);
  expect(await discover({})(some)).toEqual([
    { __address__: '10.0.0.1:9100', __meta_dns_name: 'web.test' },
    { __address__: '10.0.0.2:9100', __meta_dns_name: 'web.test' },
  ]);
});

test('IPv6 addresses stand in brackets', async () => {
  server.zone.set('web.test', [{ type: 'AAAA', data: 'fd00::1' }]);
  expect(addressesOf(await discover({ type: 'AAAA' })(some))).toBe('[fd00::1]:9100');
});

test('SRV records bring their port, and the label keeps the rooted name', async () => {
  server.zone.set('_m._tcp.test', [{ type: 'SRV', data: '10 5 8080 a.test' }]);
  expect(await discover({ type: 'SRV', names: ['_m._tcp.test'], port: 0 })(some)).toEqual([
    {
      __address__: 'a.test:8080',
      __meta_dns_name: '_m._tcp.test',
      __meta_dns_srv_record_target: 'a.test.',
      __meta_dns_srv_record_port: '8080',
    },
  ]);
});

test.each([
  ['MX', '10 mail.test', '__meta_dns_mx_record_target', 'mail.test'],
  ['NS', 'ns.test', '__meta_dns_ns_record_target', 'ns.test'],
] as const)('%s records name their hosts', async (type, data, label, host) => {
  server.zone.set('web.test', [{ type, data }]);
  expect(await discover({ type })(some)).toEqual([
    { __address__: `${host}:9100`, __meta_dns_name: 'web.test', [label]: `${host}.` },
  ]);
});

test('records that change are followed, and a name that is gone has no targets', async () => {
  server.zone.set('web.test', [{ type: 'A', data: '10.0.0.1' }]);
  const until = discover({});
  await until(some);
  server.zone.set('web.test', [{ type: 'A', data: '10.0.0.2' }]);
  await until((targets) => addressesOf(targets) === '10.0.0.2:9100');
  server.zone.delete('web.test');
  await until((targets) => targets.length === 0);
  expect(faults).toEqual([]);
});

test('while a server fails for one name its last targets stay, and the others are followed', async () => {
  server.zone.set('web.test', [{ type: 'A', data: '10.0.0.1' }]);
  server.zone.set('b.test', []);
  const until = discover({ names: ['web.test', 'b.test'] });
  await until(some);
  server.zone.set('web.test', SERVER_FAILURE);
  server.zone.set('b.test', [{ type: 'A', data: '10.0.0.9' }]);
  await until((targets) => addressesOf(targets) === '10.0.0.1:9100,10.0.0.9:9100');
  expect(faults[0]).toMatch(/^DNS web\.test: /);
});

test('short names are tried in the search domains', async () => {
  server.zone.set('web.svc.test', [{ type: 'A', data: '10.0.0.1' }]);
  const [target] = await discover({ names: ['web'] }, { domains: ['other.test', 'svc.test'], ndots: 1 })(some);
  expect(target.__meta_dns_name).toBe('web');
  expect(server.asked.slice(0, 2)).toEqual(['web.other.test', 'web.svc.test']);
});

test.each([
  ['web', ['web.a', 'web.b', 'web']],
  ['web.x', ['web.a', 'web.b', 'web.x'].map((name) => name.replace('web.a', 'web.x.a').replace('web.b', 'web.x.b'))],
  ['web.x.y', ['web.x.y', 'web.x.y.a', 'web.x.y.b']],
  ['web.', ['web']],
])('%s with two dots asked for stands for %j', (name, variants) =>
  expect(nameVariants(name, { domains: ['a', 'b'], ndots: 2 })).toEqual(variants),
);

test('resolv.conf names the search domains', () => {
  expect(parseSearchPath('nameserver 1.2.3.4\nsearch svc.local. local\noptions edns0 ndots:5\n')).toEqual({
    domains: ['svc.local', 'local'],
    ndots: 5,
  });
  expect(parseSearchPath('')).toEqual({ domains: [], ndots: 1 });
});
