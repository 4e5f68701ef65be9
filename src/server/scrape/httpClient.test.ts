import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { parseConfig } from '../config/load.ts';
import { bodyBytesInFlight } from '../outbound/body.ts';
import { acceptHeader, createScrapeClient, type PageSource, type ScrapeClient } from './httpClient.ts';

const noOpenssl = spawnSync('openssl', ['version']).error !== undefined;
const withOpenssl = noOpenssl ? describe.skip : describe;

let dir: string;
let client: ScrapeClient | undefined;
let source: PageSource | undefined;
const servers: (Server | TlsServer)[] = [];
const tunnels: Socket[] = [];

beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'isotherm-http-'))));
afterEach(async () => {
  source?.close();
  await client?.close();
  for (const tunnel of tunnels.splice(0)) tunnel.destroy();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(dir, { recursive: true });
});

async function listen(server: Server | TlsServer): Promise<number> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

/** The page's text, fetched with the settings of a job that has these lines. */
async function get(url: string, lines = '', timeoutMs = 5000): Promise<string> {
  const text = `scrape_configs:\n- job_name: j\n${lines.replace(/^(?=.)/gm, '  ')}\n`;
  source?.close();
  await client?.close();
  client = createScrapeClient(parseConfig(text, { dir, path: 'test.yml' }).scrapeConfigs[0]);
  source = client.source(url);
  return getAgain(timeoutMs);
}

async function getAgain(timeoutMs = 5000): Promise<string> {
  return Buffer.from((await source!.fetch({ timeoutMs, bodySizeLimit: 0 })).bytes).toString();
}

describe('connections', () => {
  test('are kept from one scrape to the next, and a closed one is made anew', async () => {
    const sockets = new Set<Socket>();
    const server = createServer((_, response) => void response.end('a 1\n'));
    server.on('connection', (socket) => sockets.add(socket));
    const url = `http://127.0.0.1:${await listen(server)}/`;
    await get(url);
    await getAgain();
    expect(sockets.size).toBe(1);
    for (const socket of sockets) socket.destroy();
    expect(await getAgain()).toBe('a 1\n');
    expect(sockets.size).toBe(2);
    expect(bodyBytesInFlight()).toBe(0);
  });

  test('go through a proxy where one is set', async () => {
    const asked: string[] = [];
    const target = await listen(createServer((_, response) => void response.end('a 1\n')));
    const proxy = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const { port } = new URL(request.url ?? '');
      tunnelRequest(Number(port), request, (body) => response.end(body));
    });
    proxy.on('connect', (request: IncomingMessage, socket: Socket) => {
      asked.push(`${request.method} ${request.url}`);
      const tunnel = connect(target, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        tunnel.pipe(socket).pipe(tunnel);
      });
      tunnels.push(tunnel, socket);
    });
    const port = await listen(proxy);
    expect(await get(`http://127.0.0.1:${target}/m`, `proxy_url: http://127.0.0.1:${port}`)).toBe('a 1\n');
    expect(asked).toHaveLength(1);
    expect(await get(`http://127.0.0.1:${target}/m`, `proxy_url: http://127.0.0.1:${port}\nno_proxy: 127.0.0.1`)).toBe(
      'a 1\n',
    );
    expect(asked).toHaveLength(1);
  });

  function tunnelRequest(port: number, request: IncomingMessage, done: (body: string) => void): void {
    const path = new URL(request.url ?? '').pathname;
    void fetch(`http://127.0.0.1:${port}${path}`).then(async (answer) => done(await answer.text()));
  }
});

test('a secret file is read at each scrape, so that it may change', async () => {
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end('a 1\n');
  });
  const url = `http://127.0.0.1:${await listen(server)}/`;
  writeFileSync(join(dir, 'token'), 'one\n');
  await get(url, 'authorization: {credentials_file: token}');
  writeFileSync(join(dir, 'token'), 'two\n');
  await getAgain();
  expect(seen).toEqual(['Bearer one', 'Bearer two']);
  rmSync(join(dir, 'token'));
  await expect(getAgain()).rejects.toThrow(/cannot read the secret file .*token: ENOENT/);
});

test('without compression none is asked for, and redirects are not followed where that is off', async () => {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    response.writeHead(307, { location: '/other' }).end();
  });
  const url = `http://127.0.0.1:${await listen(server)}/`;
  await expect(get(url, 'enable_compression: false\nfollow_redirects: false')).rejects.toThrow('HTTP status 307');
  expect(seen.map((request) => request.headers['accept-encoding'])).toEqual(['identity']);
});

test('the formats asked for are those of scrape_protocols, in that order', () => {
  expect(acceptHeader(['PrometheusText0.0.4', 'OpenMetricsText1.0.0'], 'underscores')).toBe(
    'text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.5,*/*;q=0.4',
  );
});

withOpenssl(`TLS${noOpenssl ? ' (skipped: no openssl to make certificates with)' : ''}`, () => {
  let url: string;
  let peers: (string | undefined)[];

  const certify = (name: string, subject: string, alt: string) =>
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-subj',
        `/CN=${subject}`,
        '-addext',
        `subjectAltName=${alt}`,
        '-keyout',
        join(dir, `${name}.key`),
        '-out',
        join(dir, `${name}.pem`),
      ],
      { stdio: 'ignore' },
    );

  beforeEach(async () => {
    certify('server', 'metrics.test', 'DNS:metrics.test');
    certify('client', 'scraper', 'DNS:scraper.test');
    const read = (file: string) => readFileSync(join(dir, file));
    peers = [];
    const server = createTlsServer(
      {
        key: read('server.key'),
        cert: read('server.pem'),
        ca: read('client.pem'),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        const { subject } = (request.socket as TLSSocket).getPeerCertificate();
        peers.push(subject?.CN as string | undefined);
        response.end('a 1\n');
      },
    );
    url = `https://127.0.0.1:${await listen(server)}/`;
  });

  test('with an unknown certificate is refused, and the words name the key', async () =>
    expect(get(url)).rejects.toThrow(/self-signed; set tls_config\.ca_file/));
  test('with a certificate for another name is refused', async () =>
    expect(get(url, 'tls_config: {ca_file: server.pem}')).rejects.toThrow(
      /for another name; set tls_config\.server_name/,
    ));
  test('with the right authority and name goes through', async () =>
    expect(get(url, 'tls_config: {ca_file: server.pem, server_name: metrics.test}')).resolves.toBe('a 1\n'));
  test('unverified goes through where that is asked for', async () =>
    expect(get(url, 'tls_config: {insecure_skip_verify: true}')).resolves.toBe('a 1\n'));
  test('shows the client certificate', async () => {
    await get(
      url,
      'tls_config: {ca_file: server.pem, server_name: metrics.test, cert_file: client.pem, key_file: client.key}',
    );
    expect(peers).toEqual(['scraper']);
  });
});
