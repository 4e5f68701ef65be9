/** Who is let in, as the server itself is asked over plain HTTP and over TLS. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import bcrypt from 'bcryptjs';
import { openAccess } from '../../src/server/http/access/access.ts';
import { loadWebConfig, opensslCipher } from '../../src/server/http/access/webConfig.ts';
import { silentLog } from '../../src/server/telemetry/log.ts';
import { fakeServer } from '../support/fakeRooms.ts';
import { tempFolder, until, writeConfig } from '../support/sidecar.ts';

const folder = tempFolder();
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const alice = bcrypt.hashSync('opensesame', 4);
const WEB = `basic_auth_users: {alice: '${alice}'}
tokens:
  - {name: board, access: read, sha256: ${sha256('r-secret')}}
  - {name: ci, access: write, sha256: ${sha256('w-secret').toUpperCase()}}
http_server_config:
  headers: {X-Frame-Options: deny, Content-Security-Policy: "frame-ancestors 'none'"}
`;
const serverWith = (text: string, options = {}) => {
  const path = writeConfig(folder, text, 'web.yml');
  return fakeServer({ enableLifecycle: true, enableAdmin: true, ...options }, { access: openAccess(path, silentLog) });
};
const basic = (name: string, password: string) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

describe('users and tokens', () => {
  const { server, calls } = serverWith(WEB);
  const ask = async (authorization: string | undefined, url: string, method: 'GET' | 'POST' = 'GET') =>
    (await server.inject({ method, url, headers: authorization === undefined ? {} : { authorization } })).statusCode;

  test.each<[string, string | undefined, number]>([
    ['nobody', undefined, 401],
    ['a user with the password', basic('alice', 'opensesame'), 200],
    ['a user with another password', basic('alice', 'guess'), 401],
    ['a name that is not known', basic('bob', 'opensesame'), 401],
    ['a token that reads', 'Bearer r-secret', 200],
    ['a token that writes', 'Bearer w-secret', 200],
    ['a token nobody has', 'Bearer x', 401],
    ["a token's name and secret, as browsers ask for them", basic('board', 'r-secret'), 200],
    ["a token under another token's name", basic('ci', 'r-secret'), 401],
    ['another scheme', 'Digest x', 401],
    ['half a header', 'Basic', 401],
  ])('%s', async (_, authorization, status) => {
    expect(await ask(authorization, '/api/v1/labels')).toBe(status);
    expect(await ask(authorization, '/metrics')).toBe(status);
    expect(await ask(authorization, '/-/healthy')).toBe(status);
  });

  test('a token that reads asks by POST, and changes nothing', async () => {
    expect(await ask('Bearer r-secret', '/api/v1/query?query=up', 'POST')).toBe(200);
    for (const path of [
      '/-/reload',
      '/-/quit',
      '/api/v1/admin/tsdb/clean_tombstones',
      '/api/v1/queries/1/cancel',
      '/api/v1/targets/scrape',
      '/api/v1/query/../admin/tsdb/snapshot',
    ])
      expect([path, await ask('Bearer r-secret', path, 'POST')]).toEqual([path, 403]);
    expect(calls).toEqual([]);
    expect(await ask('Bearer w-secret', '/-/reload', 'POST')).toBe(200);
    expect(await ask(basic('alice', 'opensesame'), '/-/reload', 'POST')).toBe(200);
    expect(calls).toEqual(['reload', 'reload']);
  });

  test('a refusal says how to sign in and tells nothing else', async () => {
    const answer = await server.inject('/api/v1/status/config');
    expect([answer.headers['www-authenticate'], answer.body]).toEqual(['Basic', 'Unauthorized\n']);
  });

  test('headers of the file stand above our own', async () => {
    const { headers } = await server.inject({ url: '/metrics', headers: { authorization: 'Bearer r-secret' } });
    expect([headers['x-frame-options'], headers['content-security-policy']]).toEqual([
      'deny',
      "frame-ancestors 'none'",
    ]);
  });

  test('below a route prefix reading is known all the same', async () => {
    const prefixed = serverWith(WEB, { routePrefix: '/p' }).server;
    const post = (url: string) =>
      prefixed.inject({ method: 'POST', url, headers: { authorization: 'Bearer r-secret' } });
    expect((await post('/p/api/v1/query?query=up')).statusCode).toBe(200);
    expect((await post('/p/-/reload')).statusCode).toBe(403);
  });
});

test('more requests than the limit are told to come back', async () => {
  const { server } = serverWith('rate_limit: {interval: 1h, burst: 2}\n');
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await server.inject('/-/healthy')).statusCode);
  expect(statuses).toEqual([200, 200, 429]);
});

test('a changed file counts at once, a broken one leaves the one before in force', async () => {
  const { server } = serverWith(WEB);
  const status = async (token: string) =>
    (await server.inject({ url: '/-/healthy', headers: { authorization: `Bearer ${token}` } })).statusCode;
  expect(await status('r-secret')).toBe(200);
  writeConfig(folder, 'basic_auth_user: {}\n', 'web.yml');
  await new Promise((resolve) => setTimeout(resolve, 1100)); // The file is looked at once a second.
  expect(await status('r-secret')).toBe(200);
  writeConfig(folder, `tokens: [{name: new, access: read, sha256: ${sha256('new')}}]\n`, 'web.yml');
  await until(async () => (await status('new')) === 200);
  expect(await status('r-secret')).toBe(401);
});

describe('what is wrong with a file is said with its place', () => {
  test.each([
    ['basic_auth_user: {}', /web\.yml:1:1: basic_auth_user: unknown key; did you mean basic_auth_users\?/],
    ['basic_auth_users: {a: plain}', /:1:23: basic_auth_users\.a: not a bcrypt hash; make one with/],
    ['tokens: [{name: a, access: all, sha256: ab}]', /access: "all" is none of read, write/],
    ['tls_server_config: {key: k}', /cert_file: missing/],
    ['tls_server_config: {cert_file: none.pem, key: k}', /no such file: .*none\.pem/],
    ['tls_server_config: {cert: c, key: k, client_auth_type: RequireAndVerifyClientCert}', /needs client_ca_file/],
    ['http_server_config: {headers: {Server: x}}', /unknown key; known here: Strict/],
  ])('%s', (text, why) => {
    expect(() => loadWebConfig(writeConfig(folder, `${text}\n`, 'web.yml'))).toThrow(why);
  });
  test('a file that is not there', () => expect(() => loadWebConfig(join(folder, 'no.yml'))).toThrow(/no such file/));
});

test.each([
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'ECDHE-RSA-AES256-SHA'],
  ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'AES128-GCM-SHA256'],
  ['TLS_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA256'],
])('cipher suite %s is %s', (name, openssl) => expect(opensslCipher(name)).toBe(openssl));

const OPENSSL = '/usr/bin/openssl';
(existsSync(OPENSSL) ? describe : describe.skip)('TLS (skipped without openssl)', () => {
  const pem = (name: string) => join(folder, `${name}.pem`);
  const certify = (name: string, subject: string, san: string, by?: string) => {
    const signer = by === undefined ? [] : ['-CA', pem(by), '-CAkey', pem(`${by}-key`)];
    execFileSync(
      OPENSSL,
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
        `subjectAltName=${san}`,
        '-keyout',
        pem(`${name}-key`),
        '-out',
        pem(name),
        ...signer,
      ],
      { stdio: 'ignore' },
    );
  };
  const read = (name: string) => readFileSync(pem(name), 'utf8');
  beforeAll(() => {
    certify('ca', 'ca', 'DNS:ca');
    certify('server', 'server', 'IP:127.0.0.1', 'ca');
    certify('client', 'client', 'DNS:scraper', 'ca');
    certify('other', 'other', 'DNS:other', 'ca');
    certify('stranger', 'stranger', 'DNS:scraper');
  });

  /** The status, or the fault of the connection. */
  const get = (address: string, client?: string) =>
    new Promise<number | string>((resolve) => {
      const call = httpsRequest(
        `https://${address}/-/healthy`,
        {
          ca: read('ca'),
          agent: false,
          ...(client !== undefined && { cert: read(client), key: read(`${client}-key`) }),
        },
        (answer) => resolve(answer.resume().statusCode!),
      );
      call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      call.end();
    });
  const listening = async (tls: string) => {
    const { server } = serverWith(`tls_server_config: {cert_file: server.pem, key_file: server-key.pem, ${tls}}\n`);
    return { server, address: await server.listen('127.0.0.1', 0) };
  };

  test('answers over TLS, and not in the clear', async () => {
    const { server, address } = await listening('min_version: TLS13');
    expect(await get(address)).toBe(200);
    expect(
      await fetch(`http://${address}/-/healthy`).then(
        ({ status }) => status,
        () => 'refused',
      ),
    ).toBe('refused');
    await server.close();
  });

  test.each<[string, Record<string, number | string>]>([
    ['client_auth_type: RequireAnyClientCert', { none: 403, client: 200, stranger: 200 }],
    ['client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.pem', { none: 200, client: 200, stranger: 403 }],
    ['client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem', { client: 200 }],
    [
      'client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem, client_allowed_sans: [scraper]',
      { client: 200, other: 403 },
    ],
  ])('%s', async (tls, wanted) => {
    const { server, address } = await listening(tls);
    const found: Record<string, number | string> = {};
    for (const who of Object.keys(wanted)) found[who] = await get(address, who === 'none' ? undefined : who);
    expect(found).toEqual(wanted);
    if (tls.includes('AndVerify')) {
      for (const who of [undefined, 'stranger']) expect(await get(address, who)).toEqual(expect.any(String));
    }
    await server.close();
  });

  test('a renewed certificate is served without a restart', async () => {
    const { server, address } = await listening('min_version: TLS12');
    const serial = () =>
      new Promise<string>((resolve, reject) => {
        const call = httpsRequest(`https://${address}/-/healthy`, { ca: read('ca'), agent: false }, (answer) => {
          resolve((answer.socket as TLSSocket).getPeerCertificate().serialNumber);
          answer.resume();
        });
        call.on('error', reject).end();
      });
    const before = await serial();
    certify('server', 'server', 'IP:127.0.0.1', 'ca');
    writeFileSync(join(folder, 'web.yml'), readFileSync(join(folder, 'web.yml')));
    await until(async () => (await serial()) !== before);
    await server.close();
  });
});
