/** Which login a server is told: that of the settings, that of the URL, or none. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseConfig } from '../config/load.ts';
import { OutboundClient } from './client.ts';
// Loaded here, so that it is not in the time of a request.
import './dispatchers.ts';

const servers: Server[] = [];
const clients: OutboundClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  for (const server of servers.splice(0)) server.close();
});

/** A server that says which login it was told, and sends on whoever asks for `/away`. */
async function target(away = ''): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/away') return response.writeHead(302, { location: away }).end();
    response.end(request.headers.authorization ?? 'none');
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function clientOf(settings: Record<string, unknown> = {}): OutboundClient {
  const text = JSON.stringify({ scrape_configs: [{ job_name: 'a', ...settings }] });
  const client = new OutboundClient(parseConfig(text, { dir: '.', path: 'test.yml' }).scrapeConfigs[0].http);
  clients.push(client);
  return client;
}

const signal = () => AbortSignal.timeout(5_000);
const got = async (client: OutboundClient, url: string) => (await client.get(url, {}, signal())).body.text();
const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`;

test('a login in the URL is sent, decoded, by GET and by POST', async () => {
  const address = await target();
  expect(await got(clientOf(), `http://us%40er:p%3Aw@${address}/`)).toBe(basic('us@er:p:w'));
  const posted = await clientOf().post(`http://user:pw@${address}/`, 'x', {}, signal());
  expect(await posted.body.text()).toBe(basic('user:pw'));
  expect(await got(clientOf(), `http://half%zz@${address}/`)).toBe(basic('half%zz:'));
  expect(await got(clientOf(), `http://${address}/`)).toBe('none');
});

test('the login of the settings stands before that of the URL', async () => {
  const address = await target();
  const client = clientOf({ authorization: { credentials: 'token' } });
  expect(await got(client, `http://user:pw@${address}/`)).toBe('Bearer token');
});

test('a redirect keeps the login of the URL on its own host, and takes it to no other', async () => {
  const other = await target();
  const [own, away] = [await target('/'), await target(`http://${other}/`)];
  expect(await got(clientOf(), `http://user:pw@${own}/away`)).toBe(basic('user:pw'));
  expect(await got(clientOf(), `http://user:pw@${away}/away`)).toBe('none');
});
