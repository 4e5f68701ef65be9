import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addressesOf, follow } from '../../../tests/support/discovered.ts';
import { parseConfig } from '../config/load.ts';
import { createDiscoverers } from './discoverers.ts';
import type { Discoverer } from './targetGroup.ts';

let server: Server;
let url: string;
let answer: { status: number; type: string; body: string };
let requests: IncomingMessage[];
let faults: string[];
let discoverer: Discoverer;

beforeEach(async () => {
  requests = [];
  faults = [];
  server = createServer((request, response) => {
    requests.push(request);
    response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sd`;
});
afterEach(() => {
  discoverer.stop();
  server.closeAllConnections();
  server.close();
});

function discover(lines = '') {
  const text = `scrape_configs: [{job_name: a, http_sd_configs: [{url: "${url}", refresh_interval: 50ms${lines}}]}]`;
  const [job] = parseConfig(text, { dir: '/', path: 'test.yml' }).scrapeConfigs;
  const made = [...createDiscoverers(job, { onFault: (source, why) => faults.push(`${source} ${why}`) }).values()];
  discoverer = made.at(-1)!;
  return follow(discoverer);
}

const json = (body: unknown) => ({ status: 200, type: 'application/json', body: JSON.stringify(body) });

test('the list is asked for, with the interval and the login, and followed', async () => {
  answer = json([{ targets: ['a:1', 'b:2'], labels: { zone: 'x' } }]);
  const until = discover(', basic_auth: {username: me, password: pw}');
  const targets = await until((found) => found.length === 2);
  expect(targets[0]).toEqual({ __address__: 'a:1', zone: 'x', __meta_url: url });
  expect(requests[0].headers).toMatchObject({
    accept: 'application/json',
    'x-prometheus-refresh-interval-seconds': '0.05',
    authorization: `Basic ${Buffer.from('me:pw').toString('base64')}`,
  });
  answer = json([{ targets: ['c:3'] }]);
  await until((found) => addressesOf(found) === 'c:3');
  answer = json([]);
  await until((found) => found.length === 0);
});

test.each([
  ['a status that is not 200', { status: 500, type: 'application/json', body: '[]' }, /HTTP status 500/],
  ['another content type', { status: 200, type: 'text/html', body: '[]' }, /Content-Type is "text\/html"/],
  ['what is no JSON', { status: 200, type: 'application/json', body: '[' }, /not JSON/],
  ['another shape', json([{ target: ['a:1'] }]), /not a list of \{targets, labels\}/],
])('%s is told once and leaves the targets as they were', async (_, bad, why) => {
  answer = json([{ targets: ['a:1'] }]);
  const until = discover();
  await until((found) => found.length === 1);
  answer = bad;
  const from = requests.length;
  while (requests.length < from + 4) await new Promise((done) => setTimeout(done, 10));
  await until((found) => found.length === 1);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(why);
});
