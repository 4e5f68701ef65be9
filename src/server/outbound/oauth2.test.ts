import { generateKeyPairSync, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../config/load.ts';
import { OutboundClient } from './client.ts';
// Loaded here, so that it is not in the time of a request.
import './dispatchers.ts';

const dir = mkdtempSync(join(tmpdir(), 'isotherm-oauth-'));
const servers: Server[] = [];
const clients: OutboundClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(
  handle: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (data: Buffer) => (body += data.toString()));
    request.on('end', () => handle(request, response, body));
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server of tokens that knows one client, and what it was asked. */
async function tokenServer({ takes = 'header', answer = {} as object } = {}) {
  const asked: { authorization: string | undefined; form: Record<string, string> }[] = [];
  const url = await serve((request, response, body) => {
    const { authorization } = request.headers;
    asked.push({ authorization, form: Object.fromEntries(new URLSearchParams(body)) });
    const known = takes === 'header' ? authorization !== undefined : asked.at(-1)!.form.client_secret === 's p';
    if (!known) return response.writeHead(401).end('{"error": "invalid_client"}');
    response.end(JSON.stringify({ access_token: `t${asked.length}`, token_type: 'bearer', ...answer }));
  });
  return { url: `${url}/token`, asked };
}

/** A target that says which login it saw. */
const target = () => serve((request, response) => response.end(request.headers.authorization ?? 'none'));

function clientOf(oauth2: Record<string, unknown>, more: Record<string, unknown> = {}): OutboundClient {
  const job = { job_name: 'a', oauth2: { client_id: 'i&d', client_secret: 's p', ...oauth2 }, ...more };
  const { http } = parseConfig(JSON.stringify({ scrape_configs: [job] }), { dir, path: 'test.yml' }).scrapeConfigs[0];
  const client = new OutboundClient(http);
  clients.push(client);
  return client;
}

async function get(client: OutboundClient, url: string): Promise<string> {
  const answer = await client.get(url, {}, AbortSignal.timeout(20_000));
  return answer.body.text();
}

test('a token is asked for once and sent as a bearer', async () => {
  const [tokens, at] = [await tokenServer(), await target()];
  const client = clientOf({ token_url: tokens.url, scopes: ['a', 'b'], endpoint_params: { audience: 'x y' } });
  expect(await Promise.all([get(client, at), get(client, at)])).toEqual(['Bearer t1', 'Bearer t1']);
  expect(await get(client, at)).toBe('Bearer t1');
  expect(tokens.asked).toEqual([
    {
      authorization: `Basic ${Buffer.from('i%26d:s+p').toString('base64')}`,
      form: { grant_type: 'client_credentials', scope: 'a b', audience: 'x y' },
    },
  ]);
});

test('a server that wants the client in the body is found out, once', async () => {
  const [tokens, at] = [await tokenServer({ takes: 'body', answer: { expires_in: 5 } }), await target()];
  const client = clientOf({ token_url: tokens.url });
  expect(await get(client, at)).toBe('Bearer t2');
  // It ends in 5 seconds, which is too near to be used again.
  expect(await get(client, at)).toBe('Bearer t3');
  expect(tokens.asked.map(({ form }) => form.client_id)).toEqual([undefined, 'i&d', 'i&d']);
});

test('a token that lasts is kept, and a secret that is rotated asks anew', async () => {
  const [tokens, at] = [await tokenServer({ answer: { expires_in: '3600' } }), await target()];
  const file = join(dir, 'secret');
  writeFileSync(file, 'one\n');
  const client = clientOf({ token_url: tokens.url, client_secret: undefined, client_secret_file: file });
  expect([await get(client, at), await get(client, at)]).toEqual(['Bearer t1', 'Bearer t1']);
  writeFileSync(file, 'two\n');
  expect(await get(client, at)).toBe('Bearer t2');
});

describe('a client with a key', () => {
  const JWT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });

  /** Tokens for those whose assertion is signed with the key; gives what was claimed. */
  async function checkingServer(hash: string) {
    const claimed: { head: unknown; claims: Record<string, unknown>; form: Record<string, string> }[] = [];
    const url = await serve((_, response, body) => {
      const { assertion, ...form } = Object.fromEntries(new URLSearchParams(body));
      const [head, claims, signature] = assertion.split('.').map((part) => Buffer.from(part, 'base64url'));
      const signed = Buffer.from(assertion.slice(0, assertion.lastIndexOf('.')));
      if (!verify(hash, signed, publicKey, signature)) return response.writeHead(401).end('not signed by the client');
      claimed.push({ head: JSON.parse(head.toString()), claims: JSON.parse(claims.toString()), form });
      response.end('{"access_token": "t", "token_type": "bearer", "expires_in": 3600}');
    });
    return { url: `${url}/token`, claimed };
  }

  test('signs what it says of itself', async () => {
    const [tokens, at] = [await checkingServer('sha256'), await target()];
    writeFileSync(join(dir, 'client.key'), key);
    const client = clientOf({
      client_secret: undefined,
      grant_type: JWT,
      client_certificate_key_file: 'client.key',
      token_url: tokens.url,
      scopes: ['a', 'b'],
    });
    expect([await get(client, at), await get(client, at)]).toEqual(['Bearer t', 'Bearer t']);
    expect(tokens.claimed).toHaveLength(1);
    const [{ head, claims, form }] = tokens.claimed;
    expect(head).toEqual({ alg: 'RS256', typ: 'JWT' });
    expect(claims).toMatchObject({ iss: 'i&d', sub: 'i&d', aud: tokens.url, scope: 'a b' });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(600);
    expect(Math.abs(Number(claims.iat) - Date.now() / 1000)).toBeLessThan(60);
    expect(form).toEqual({ grant_type: JWT, scope: 'a b' });
  });

  test('may claim what it wants, under a key that has a name', async () => {
    const [tokens, at] = [await checkingServer('sha512'), await target()];
    const client = clientOf({
      client_secret: undefined,
      grant_type: JWT,
      client_certificate_key: key,
      client_certificate_key_id: 'k1',
      signature_algorithm: 'RS512',
      iss: 'me',
      audience: 'you',
      claims: { team: ['ml'], sub: 'other' },
      token_url: tokens.url,
    });
    expect(await get(client, at)).toBe('Bearer t');
    const [{ head, claims }] = tokens.claimed;
    expect(head).toEqual({ alg: 'RS512', typ: 'JWT', kid: 'k1' });
    expect(claims).toMatchObject({ iss: 'me', aud: 'you', sub: 'other', team: ['ml'] });
  });

  test('whose key is none hears of it, and not of the key', async () => {
    const grant = { client_secret: undefined, grant_type: JWT, client_certificate_key: 'hush', token_url: 'http://t/' };
    const asking = get(clientOf(grant), await target());
    await expect(asking).rejects.toThrow(
      'oauth2: no token from http://t/: client_certificate_key is no private key in PEM',
    );
  });

  test('is refused without a key', () => {
    expect(() => clientOf({ grant_type: JWT, token_url: 'http://t/' })).toThrow(/client_certificate_key/);
  });
});

test('another host that a redirect names gets no token', async () => {
  const [tokens, other] = [await tokenServer(), await target()];
  const at = await serve((_, response) => response.writeHead(302, { location: other }).end());
  expect(await get(clientOf({ token_url: tokens.url }), at)).toBe('none');
});

test.each([
  [
    'refuses the client',
    (r: ServerResponse) => r.writeHead(403).end('no such client'),
    /HTTP status 403: no such client/,
  ],
  ['answers something else', (r: ServerResponse) => r.end('<html>'), /is not JSON/],
  ['gives no token', (r: ServerResponse) => r.end('{"token_type": "bearer"}'), /has no access_token/],
])('a token server that %s is named with the reason', async (_, answer, why) => {
  const url = await serve((_request, response) => void answer(response));
  const asking = get(clientOf({ token_url: url }), await target());
  await expect(asking).rejects.toThrow(why);
  await expect(asking).rejects.toThrow(`oauth2: no token from ${url}`);
});

test('a token server that is down is named, and asked again at the next request', async () => {
  const tokens = await tokenServer();
  const client = clientOf({ token_url: 'http://127.0.0.1:1/token' });
  await expect(get(client, await target())).rejects.toThrow(/nothing listens at 127\.0\.0\.1:1/);
  await expect(get(client, await target())).rejects.toThrow(/nothing listens/);
  expect(tokens.asked).toEqual([]);
});
