import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createSecureServer, type ServerHttp2Session } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { parseConfig } from '../config/load.ts';
import { bodyBytesInFlight } from '../outbound/body.ts';
import { createScrapeClient, type PageSource, type ScrapeClient } from './httpClient.ts';

const LIMITS = { timeoutMs: 2000, bodySizeLimit: 0 };
let dir: string;
let client: ScrapeClient;
const sources: PageSource[] = [];
const closing: (() => void)[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'isotherm-source-'));
  configure('');
});
afterEach(async () => {
  for (const source of sources.splice(0)) source.close();
  await client.close();
  for (const close of closing.splice(0)) close();
  rmSync(dir, { recursive: true });
  expect(bodyBytesInFlight()).toBe(0);
});

function configure(lines: string): void {
  const text = `scrape_configs:\n- job_name: j\n${lines.replace(/^(?=.)/gm, '  ')}\n`;
  client = createScrapeClient(parseConfig(text, { dir, path: 'test.yml' }).scrapeConfigs[0]);
}

/** `127.0.0.1:port` of a server that is closed with the test. */
async function listen(server: TcpServer): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serve(handler: RequestListener): Promise<{ url: string; server: Server; connections: () => number }> {
  const server = createServer(handler);
  let count = 0;
  server.on('connection', () => count++);
  return { url: `http://${await listen(server)}/metrics?a=b`, server, connections: () => count };
}

function sourceOf(url: string): PageSource {
  const source = client.source(url);
  sources.push(source);
  return source;
}

async function textOf(source: PageSource, limits = LIMITS): Promise<string> {
  return Buffer.from((await source.fetch(limits)).bytes).toString();
}

test('a token server that hangs holds a scrape no longer than its time limit', async () => {
  const hanging = await serve(() => undefined);
  const target = await serve((_, response) => void response.end('a 1\n'));
  configure(`oauth2: {client_id: a, client_secret: b, token_url: '${hanging.url}'}`);
  const fetching = sourceOf(target.url).fetch({ timeoutMs: 50, bodySizeLimit: 0 });
  await expect(fetching).rejects.toThrow(/no complete answer within 0\.05 s/);
  expect(target.connections()).toBe(0);
});

describe('a target', () => {
  test('is asked for its path with the headers of a scrape', async () => {
    const seen: unknown[] = [];
    const { url } = await serve((request, response) => {
      seen.push([request.method, request.url, request.headers]);
      response.end();
    });
    configure('basic_auth: {username: u, password: p}\nhttp_headers: {X-Own: {values: [a, b]}}');
    expect(await textOf(sourceOf(url))).toBe('');
    const headers = {
      host: new URL(url).host,
      'user-agent': 'Isotherm',
      accept: expect.stringContaining('text/plain'),
      'accept-encoding': 'gzip, zstd, deflate',
      'x-prometheus-scrape-timeout-seconds': '2',
      authorization: `Basic ${btoa('u:p')}`,
      'x-own': 'a, b',
    };
    expect(seen).toEqual([['GET', '/metrics?a=b', headers]]);
  });

  const page = Buffer.from('a 1\n'.repeat(100_000));
  test.each([
    ['as it is', '', page],
    ['gzipped', 'gzip', gzipSync(page)],
    ['deflated', 'deflate', deflateSync(page)],
    ['zstandard', 'zstd', zstdCompressSync(page)],
  ])('may send its page %s, in chunks or with its length', async (_, coding, body) => {
    let isChunked = false;
    const { url, connections } = await serve((_request, response) => {
      if (coding !== '') response.setHeader('content-encoding', coding);
      if (isChunked) for (let at = 0; at < body.length; at += 1000) response.write(body.subarray(at, at + 1000));
      else response.setHeader('content-length', body.length).write(body);
      response.end();
    });
    const source = sourceOf(url);
    for (isChunked of [false, true, false]) expect(await textOf(source)).toBe(page.toString());
    expect(connections()).toBe(1);
  });

  test('that closes after each answer is connected to anew', async () => {
    const { url, connections } = await serve((_, response) => response.setHeader('connection', 'close').end('a 1\n'));
    const source = sourceOf(url);
    expect([await textOf(source), await textOf(source), connections()]).toEqual(['a 1\n', 'a 1\n', 2]);
  });

  test('that closes a kept connection just as it is asked again is asked a second time, once', async () => {
    let asked = 0;
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => {
        asked++;
        if (asked === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx');
        else socket.destroy();
      });
    });
    const source = sourceOf(`http://${await listen(server)}/`);
    expect(await textOf(source)).toBe('x');
    await expect(textOf(source)).rejects.toThrow(/closed the connection before the answer was complete/);
    expect(asked).toBe(3);
  });

  test('that redirects is followed, its login not shown to another host', async () => {
    const logins: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      logins.push(request.headers.authorization);
      response.end('there 1\n');
    });
    const { url } = await serve((request, response) => {
      logins.push(request.headers.authorization);
      response.writeHead(302, { location: other.url }).end();
    });
    configure('basic_auth: {username: u, password: p}');
    expect(await textOf(sourceOf(url))).toBe('there 1\n');
    expect([logins.filter((login) => login !== undefined).length, logins.at(-1)]).toEqual([2, undefined]);
  });

  test('that says it has a gigabyte is not given the memory', async () => {
    const { url } = await serve((_, response) => response.setHeader('content-length', 2 ** 30).write('a'));
    await expect(textOf(sourceOf(url))).rejects.toThrow(/larger than the bound of \d+ bytes that holds for every page/);
    await expect(textOf(sourceOf(url), { timeoutMs: 2000, bodySizeLimit: 10 })).rejects.toThrow(
      /body_size_limit of 10/,
    );
  });

  test('that is slow is given up in time, and asked over another connection', async () => {
    let isSlow = true;
    const { url, connections } = await serve((_, response) => {
      if (!isSlow) response.end('a 1\n');
    });
    const source = sourceOf(url);
    await expect(textOf(source, { timeoutMs: 100, bodySizeLimit: 0 })).rejects.toThrow(
      /no complete answer within 0\.1 s/,
    );
    isSlow = false;
    expect([await textOf(source), connections()]).toEqual(['a 1\n', 2]);
  });

  test('that is gone is given up at once when asked to, and closing waits for the fetch under way', async () => {
    let answer: () => void = () => undefined;
    const arrived = () => new Promise<void>((asked) => (answer = asked));
    const { url } = await serve((_, response) => {
      answer();
      setTimeout(() => response.end('a 1\n'), 100);
    });
    const source = sourceOf(url);
    let asked = arrived();
    const given = textOf(source);
    await asked;
    source.abort();
    await expect(given).rejects.toThrow('given up');
    asked = arrived();
    const last = textOf(source);
    await asked;
    source.close();
    expect(await last).toBe('a 1\n');
  });
});

const noOpenssl = spawnSync('openssl', ['version']).error !== undefined;
(noOpenssl ? describe.skip : describe)(`over TLS${noOpenssl ? ' (skipped: no openssl)' : ''}, a target`, () => {
  const certify = () => {
    const file = join(dir, 'own');
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${file}.key`];
    const subject = ['-subj', '/CN=own', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2', '-out', `${file}.pem`];
    execFileSync('openssl', ['req', '-x509', ...key, ...subject], { stdio: 'ignore' });
    return { key: readFileSync(`${file}.key`), cert: readFileSync(`${file}.pem`) };
  };
  beforeEach(() => {
    certify();
    configure('tls_config: {ca_file: own.pem}');
  });
  const pair = () => ({ key: readFileSync(join(dir, 'own.key')), cert: readFileSync(join(dir, 'own.pem')) });

  test('keeps its connection', async () => {
    const page = 'a 1\n'.repeat(100_000);
    const server = createTlsServer(pair(), (_, response) => void response.end(page));
    let connections = 0;
    server.on('secureConnection', () => connections++);
    const source = sourceOf(`https://${await listen(server)}/`);
    expect([await textOf(source), await textOf(source)]).toEqual([page, page]);
    expect(connections).toBe(1);
  });

  test('that renews its certificate, and the file with it, is trusted again', async () => {
    const server = createTlsServer(
      pair(),
      (_, response) => void response.setHeader('connection', 'close').end('a 1\n'),
    );
    const source = sourceOf(`https://${await listen(server)}/`);
    expect(await textOf(source)).toBe('a 1\n');
    const old = readFileSync(join(dir, 'own.pem'));
    server.setSecureContext(certify());
    const renewed = readFileSync(join(dir, 'own.pem'));
    expect(renewed).not.toEqual(old);
    expect(await textOf(source)).toBe('a 1\n');
  });

  /** Answers with a page, in HTTP/2 or either; gives what each request was made in. */
  async function serveHttp2(allowHTTP1: boolean): Promise<{ url: string; versions: string[] }> {
    const versions: string[] = [];
    const server = createSecureServer({ ...pair(), allowHTTP1 }, (request, response) => {
      versions.push(request.httpVersion);
      response.end('a 1\n');
    });
    const sessions: ServerHttp2Session[] = [];
    server.on('session', (session) => sessions.push(session));
    closing.push(() => sessions.forEach((session) => session.destroy()));
    return { url: `https://${await listen(server)}/`, versions };
  }

  test('that speaks HTTP/2 only is read too, over one session', async () => {
    const { url, versions } = await serveHttp2(false);
    const source = sourceOf(url);
    expect([await textOf(source), await textOf(source)]).toEqual(['a 1\n', 'a 1\n']);
    expect(versions).toEqual(['2.0', '2.0']);
  });

  test('that speaks HTTP/2 only is not read with enable_http2: false', async () => {
    configure('tls_config: {ca_file: own.pem}\nenable_http2: false');
    const { url, versions } = await serveHttp2(false);
    await expect(textOf(sourceOf(url))).rejects.toThrow(/TLS|alert/);
    expect(versions).toEqual([]);
  });

  test('that speaks both is asked in HTTP/1.1, which costs a fraction', async () => {
    const { url, versions } = await serveHttp2(true);
    expect(await textOf(sourceOf(url))).toBe('a 1\n');
    expect(versions).toEqual(['1.1']);
  });
});
