/** The built backend executable beside servers that have faults: each is named, and what logs in goes where it should. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { PluginContext } from '../../src/server/grafana/messages.ts';
import { tables } from './arrowFrames.ts';
import { backendRig, query, source } from './backendRig.ts';

const rig = backendRig();

describe('health names the fault', () => {
  let server: Server;
  let url: string;
  let answer: { status: number; headers?: Record<string, string>; body: string } | 'silence';
  const seen: Record<string, string | string[] | undefined>[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push({ ...request.headers, path: request.url });
      if (answer === 'silence') return;
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const ok = JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [1, '1'] } });

  const fault = (
    name: string,
    kind: string,
    why: RegExp,
    given: () => { context: PluginContext; answer?: typeof answer },
  ) =>
    test(name, async () => {
      const { context, answer: served = { status: 200, body: ok } } = given();
      answer = served;
      const health = await rig.plugin.health(context);
      expect(health).toMatchObject({ status: 2, message: expect.stringMatching(why), details: { fault: kind } });
    });

  fault('no URL', 'settings', /no URL is set/, () => ({ context: source('') }));
  fault('a URL without its scheme', 'settings', /write .*http:\/\//, () => ({ context: source('localhost:9090') }));
  fault('a name that nobody knows', 'dns', /DNS.*check its spelling/, () => ({
    context: source('http://no-such-host.invalid:9090'),
  }));
  test('of two changes within one second, which Grafana dates alike, the second counts', async () => {
    const at = (address: string, more: Record<string, unknown> = {}, secure: Record<string, string> = {}) => {
      const { dataSource, ...context } = source(address, more, secure);
      return { ...context, dataSource: { ...dataSource!, lastUpdatedMs: 1_000 } };
    };
    answer = { status: 200, body: ok };
    expect(await rig.plugin.health(at('http://127.0.0.1:1'))).toMatchObject({ details: { fault: 'refused' } });
    expect(await rig.plugin.health(at(url))).toMatchObject({ status: 1 });
    for (const token of ['first', 'second']) {
      expect(await rig.plugin.health(at(url, { authMethod: 'bearer' }, { bearerToken: token }))).toMatchObject({
        status: 1,
      });
      expect(seen.at(-1)?.authorization).toBe(`Bearer ${token}`);
    }
  });
  fault('a port where nothing listens', 'refused', /nothing listens on http:\/\/127\.0\.0\.1:1 /, () => ({
    context: source('http://127.0.0.1:1'),
  }));
  fault('TLS with a server that speaks none', 'tls', /write http:\/\//, () => ({
    context: source(url.replace('http:', 'https:')),
  }));
  fault('401', 'unauthorized', /check user, password or token/, () => ({
    context: source(url),
    answer: { status: 401, body: '' },
  }));
  fault('403', 'forbidden', /refuses these credentials/, () => ({
    context: source(url),
    answer: { status: 403, body: '{"status":"error","error":"x"}' },
  }));
  fault('404', 'not_found', /check the path of the URL/, () => ({
    context: source(`${url}/wrong`),
    answer: { status: 404, body: 'nope' },
  }));
  fault('a web page', 'not_prometheus', /a web page/, () => ({
    context: source(url),
    answer: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
  }));
  fault('JSON of something else', 'not_prometheus', /not as Prometheus' API does/, () => ({
    context: source(url),
    answer: { status: 200, body: '{"hello":1}' },
  }));
  fault('502 of a proxy', 'status', /answered 502: bad gateway/, () => ({
    context: source(url),
    answer: { status: 502, body: 'bad gateway' },
  }));
  fault('silence', 'timeout', /did not answer within 1 s/, () => ({
    context: source(url, { timeout: 1 }),
    answer: 'silence',
  }));
  fault('a clock that is an hour ahead', 'clock_skew', /clock is 3\d\d\d s ahead of Grafana's/, () => ({
    context: source(url),
    answer: { status: 200, headers: { date: new Date(Date.now() + 3_600_000).toUTCString() }, body: ok },
  }));
  fault('a bearer method without a token', 'settings', /no token is set/, () => ({
    context: source(url, { authMethod: 'bearer' }),
  }));
  fault('a CA that is no PEM', 'settings', /PEM/, () => ({
    context: source(url, { tlsAuthWithCACert: true }, { tlsCACert: 'x' }),
  }));

  const sent = (name: string, context: () => PluginContext, header: string, value: string) =>
    test(`${name} is sent`, async () => {
      answer = { status: 200, body: ok };
      seen.length = 0;
      expect((await rig.plugin.health(context())).status).toBe(1);
      expect(seen[0][header]).toBe(value);
    });
  sent(
    'a user and password',
    () => source(url, { authMethod: 'basic' }, { basicAuthPassword: 'pässword' }),
    'authorization',
    `Basic ${Buffer.from('ada:pässword').toString('base64')}`,
  );
  sent(
    'a token',
    () => source(url, { authMethod: 'bearer' }, { bearerToken: 't0ken\n' }),
    'authorization',
    'Bearer t0ken',
  );
  test('a request is signed for Amazon', async () => {
    answer = { status: 200, body: ok };
    seen.length = 0;
    const json = { sigV4Auth: true, sigV4AuthType: 'keys', sigV4Region: 'eu-west-1' };
    const health = await rig.plugin.health(source(url, json, { sigV4AccessKey: 'AKID', sigV4SecretKey: 'secret' }));
    expect(health.status).toBe(1);
    expect(seen[0].authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/aps\/aws4_request, SignedHeaders=.*host.*, Signature=[0-9a-f]{64}$/,
    );
  });
  test('an answer that lacks a part of the storage says so on its frames', async () => {
    const data = { resultType: 'matrix', result: [{ metric: { a: 'b' }, values: [[1, '1']] }] };
    answer = { status: 200, body: JSON.stringify({ status: 'success', isPartial: true, data }) };
    const [frame] = tables((await rig.plugin.query(source(url), [query('A', { expr: 'x' })])).get('A')!.frames);
    expect(frame.meta.notices).toEqual([{ severity: 'warning', text: expect.stringMatching(/^partial result/) }]);
  });
  sent(
    "a header of the user's",
    () => source(url, { httpHeaderName1: 'X-Scope-OrgID' }, { httpHeaderValue1: 'team-a' }),
    'x-scope-orgid',
    'team-a',
  );
  sent(
    "a parameter of the user's",
    () => source(`${url}/base/`, { customQueryParameters: 'dedup=false' }),
    'path',
    '/base/api/v1/query?dedup=false',
  );

  const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
  (hasOpenssl ? describe : describe.skip)('a server with a certificate of its own', () => {
    let secure: HttpsServer;
    let secureUrl: string;
    let certificate: string;
    beforeAll(async () => {
      const made = (name: string) => path.join(rig.folder, name);
      const run = spawnSync('openssl', [
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
        ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', made('key.pem'), '-out', made('cert.pem')],
      ]);
      if (run.status !== 0) throw new Error(`openssl made no certificate: ${run.stderr}`);
      certificate = readFileSync(made('cert.pem'), 'utf8');
      secure = createSecureServer({ key: readFileSync(made('key.pem')), cert: certificate }, (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(ok);
      });
      await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
      secureUrl = `https://localhost:${(secure.address() as AddressInfo).port}`;
    });
    afterAll(() => {
      secure.closeAllConnections();
      secure.close();
    });
    test('is refused, with what to do', async () =>
      expect(await rig.plugin.health(source(secureUrl))).toMatchObject({
        status: 2,
        message: expect.stringMatching(/self-signed; add it as CA certificate/),
        details: { fault: 'tls' },
      }));
    test('is believed with its authority', async () => {
      const trusting = source(secureUrl, { tlsAuthWithCACert: true }, { tlsCACert: certificate });
      expect((await rig.plugin.health(trusting)).status).toBe(1);
    });
    test('is believed for that name only, unless another is expected', async () => {
      const byAddress = secureUrl.replace('localhost', '127.0.0.1');
      const secrets = { tlsCACert: certificate };
      expect(await rig.plugin.health(source(byAddress, { tlsAuthWithCACert: true }, secrets))).toMatchObject({
        details: { fault: 'tls' },
        message: expect.stringMatching(/another name/),
      });
      const named = source(byAddress, { tlsAuthWithCACert: true, serverName: 'localhost' }, secrets);
      expect((await rig.plugin.health(named)).status).toBe(1);
    });
    test('is believed blindly where verification is skipped', async () =>
      expect((await rig.plugin.health(source(secureUrl, { tlsSkipVerify: true }))).status).toBe(1));
  });

  test('a page of the server never becomes a page of Grafana', async () => {
    answer = { status: 200, headers: { 'content-type': 'text/html' }, body: '<script>alert(1)</script>' };
    const page = await rig.plugin.resource(source(url), 'GET', 'api/v1/labels');
    expect(page.headers['Content-Type']).toEqual(['text/plain; charset=utf-8']);
  });
});
