/** The built backend executable, called over gRPC as Grafana calls it, beside a real Prometheus. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import path from 'node:path';
import { buildBackend } from '../../scripts/buildPlugin.ts';
import type { DataQuery, PluginContext } from '../../src/server/grafana/messages.ts';
import { tables } from './arrowFrames.ts';
import { startPlugin, type PluginHost } from './pluginHost.ts';
import { besidePrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { startSelfScraper } from './prometheusPeer.ts';

const goName = `${platform()}_${arch() === 'x64' ? 'amd64' : arch()}`;

let folder: string;
let executable: string;
let plugin: PluginHost;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'isotherm-backend-'));
  await buildBackend(folder);
  executable = path.join(folder, `gpx_isotherm_${goName}`);
  plugin = await startPlugin(executable);
});

afterAll(() => {
  plugin.kill();
  rmSync(folder, { recursive: true, force: true });
});

let changes = 0;
/** A data source as its settings page leaves it. */
function source(url: string, json: Record<string, unknown> = {}, secure: Record<string, string> = {}): PluginContext {
  return {
    orgId: 1,
    pluginId: 'isotherm-metrics-datasource',
    dataSource: {
      id: 1,
      name: 'isotherm',
      url,
      user: '',
      database: '',
      basicAuthEnabled: false,
      basicAuthUser: 'ada',
      jsonData: Buffer.from(JSON.stringify({ mode: 'beside', ...json })),
      secureJsonData: secure,
      lastUpdatedMs: ++changes,
      uid: 'isotherm',
    },
  };
}

function query(refId: string, model: Record<string, unknown>, more: Partial<DataQuery> = {}): DataQuery {
  const toMs = Date.now();
  return {
    refId,
    maxDataPoints: 500,
    intervalMs: 1000,
    fromMs: toMs - 60_000,
    toMs,
    queryType: '',
    json: Buffer.from(JSON.stringify({ refId, interval: '1s', ...model })),
    ...more,
  };
}

describe('the process', () => {
  test('shakes hands with a private socket and no seventh field', () => {
    expect(plugin.handshake).toMatch(/^1\|2\|unix\|\/.+\|grpc\|$/);
    const socket = plugin.handshake.split('|')[3];
    expect(statSync(path.dirname(socket)).mode & 0o777).toBe(0o700);
  });
  test('serves', async () => expect(await plugin.ping()).toBe(1));
  test('says what it is and leaves when a person starts it', () => {
    const run = spawnSync(executable, { env: {}, encoding: 'utf8' });
    expect(run).toMatchObject({ status: 1, stdout: '' });
    expect(run.stderr).toMatch(/backend of the Isotherm data source/);
  });
  test('leaves when the host asks, and takes its socket along', async () => {
    const other = await startPlugin(executable);
    await other.shutdown();
    expect(await other.exited).toBe(0);
    expect(() => statSync(other.handshake.split('|')[3])).toThrow(/ENOENT/);
  });
  test('leaves when the host vanishes', async () => {
    const other = await startPlugin(executable);
    await other.ping();
    other.vanish();
    expect(await other.exited).toBe(0);
  });
  test('leaves when its parent is killed, even if nobody ever connected', async () => {
    const parent = spawn(
      process.execPath,
      [
        '-e',
        `const c = require('node:child_process').spawn(${JSON.stringify(executable)}, { env: { grafana_plugin_type: 'datasource' }, stdio: ['ignore', 'pipe', 'inherit'] });
         c.stdout.once('data', () => process.stdout.write(String(c.pid)));`,
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)));
    parent.kill('SIGKILL');
    const isThere = () => {
      try {
        return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
      } catch {
        return false;
      }
    };
    for (let i = 0; i < 100 && isThere(); i++) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isThere()).toBe(false);
  });
  test('logs in the one form that its host can read', async () => {
    const other = await startPlugin(executable);
    await other.shutdown();
    await other.exited;
    expect(other.log.length).toBeGreaterThan(0);
    for (const line of other.log) {
      const entry = JSON.parse(line);
      expect([typeof entry['@level'], typeof entry['@message']]).toEqual(['string', 'string']);
      expect(entry['@timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    }
  });
  const systemNode = ['/usr/bin/node', '/usr/local/bin/node'].find(
    (file) => Number(/^v(\d+)/.exec(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1] ?? 0) >= 20,
  );
  (systemNode === undefined ? test.skip : test)('runs on the Node that grafana.ini names', async () => {
    const other = await startPlugin(executable, { GF_PLUGIN_NODE_PATH: systemNode as string });
    const version = spawnSync(systemNode as string, ['--version'], { encoding: 'utf8' }).stdout.trim();
    expect(await other.metrics()).toContain(`nodejs_version_info{version="${version}"`);
    const answers = await other.query(source('http://127.0.0.1:1'), [query('A', { expr: 'up' })]);
    expect(answers.get('A')).toMatchObject({ status: 502, errorSource: 'downstream' });
    await other.shutdown();
    expect(await other.exited).toBe(0);
  });
  test('a launcher that finds no Node says so in the log', () => {
    const bare = mkdtempSync(path.join(tmpdir(), 'isotherm-launcher-'));
    const script = readFileSync(executable, 'utf8')
      // The places of this machine do not exist on the one that is imitated.
      .replaceAll(/ (\/usr|\/opt|\/snap|\/root|\/home)[^\s;]*/g, '');
    const run = spawnSync('/bin/sh', ['-c', script, path.join(bare, 'gpx')], { env: { PATH: bare }, encoding: 'utf8' });
    rmSync(bare, { recursive: true, force: true });
    expect(run.status).toBe(1);
    expect(JSON.parse(run.stderr)).toMatchObject({
      '@level': 'error',
      '@message': expect.stringMatching(/no Node of version 20/),
    });
  });
});

besidePrometheus('beside a Prometheus', () => {
  let peer: PrometheusProcess;
  beforeAll(async () => {
    peer = await startSelfScraper();
  });
  afterAll(() => peer.stop());

  test('health is green and says what was found', async () => {
    const health = await plugin.health(source(peer.url));
    expect(health).toMatchObject({
      status: 1,
      message: expect.stringMatching(/answers queries; 1 of 1 targets are up/),
    });
    expect(health.details.targets).toEqual({ active: 1, up: 1, down: 0 });
  });

  test('a URL that ends in /api/v1/ or a slash is understood', async () => {
    expect((await plugin.health(source(`${peer.url}/api/v1/`))).status).toBe(1);
  });

  test('a range query is a frame a series, on multiples of the step', async () => {
    const answers = await plugin.query(source(peer.url), [
      query('A', { expr: 'up', legendFormat: '{{job}} at $__interval' }),
    ]);
    const answer = answers.get('A');
    expect(answer).toMatchObject({ status: 200, error: '' });
    const [frame] = tables(answer?.frames ?? []);
    expect(frame.meta).toMatchObject({ type: 'timeseries-multi', executedQueryString: 'Expr: up\nStep: 1s' });
    expect(frame.fields[1]).toMatchObject({ labels: { __name__: 'up', job: 'self' } });
    expect(frame.fields[0].config).toEqual({ interval: 1000 });
    expect(frame.fields[0].values.every((t) => (t as number) % 1000 === 0)).toBe(true);
    expect(new Set(frame.fields[1].values)).toEqual(new Set([1]));
  });

  test('buckets become a heatmap by themselves, and agree with the server', async () => {
    const expr = 'sum by (le) (prometheus_http_request_duration_seconds_bucket{handler="/metrics"})';
    const toMs = Math.floor(Date.now() / 1000) * 1000 - 1000;
    const answers = await plugin.query(source(peer.url), [query('A', { expr }, { fromMs: toMs - 1000, toMs })]);
    const [frame] = tables(answers.get('A')?.frames ?? []);
    expect(frame.meta).toMatchObject({ type: 'heatmap-rows', custom: { boundUnit: 's' } });
    const own = frame.fields.slice(1).map((field) => [field.name, field.values.at(-1)] as [string, number]);
    const response = await fetch(`${peer.url}/api/v1/query?time=${toMs / 1000}&query=${encodeURIComponent(expr)}`);
    const { data } = (await response.json()) as {
      data: { result: { metric: { le: string }; value: [number, string] }[] };
    };
    expect(own.map(([le]) => le).sort()).toEqual(data.result.map((one) => one.metric.le).sort());
    let cumulative = 0;
    for (const [le, count] of own) {
      cumulative += count;
      expect([le, cumulative]).toEqual([le, Number(data.result.find((one) => one.metric.le === le)?.value[1])]);
    }
    expect(cumulative).toBeGreaterThan(0);
  });

  test('an alert rule gets numbers from an instant query, also where buckets would be a picture', async () => {
    const answers = await plugin.query(
      source(peer.url),
      [
        query('A', {
          expr: 'sum by (le) (prometheus_http_request_duration_seconds_bucket)',
          instant: true,
          range: false,
        }),
      ],
      { FromAlert: 'true' },
    );
    const frames = tables(answers.get('A')?.frames ?? []);
    expect(frames.length).toBeGreaterThan(1);
    for (const frame of frames)
      expect(frame).toMatchObject({ meta: { type: 'numeric-multi', typeVersion: [0, 1] }, rows: 1 });
  });

  test('a table has a column for each label', async () => {
    const answers = await plugin.query(source(peer.url), [query('A', { expr: 'up', format: 'table', instant: true })]);
    const [frame] = tables(answers.get('A')?.frames ?? []);
    expect(frame.fields.map((field) => field.name)).toEqual(['Time', '__name__', 'instance', 'job', 'Value']);
  });

  test("a faulty query fails alone, as the user's mistake and in the server's words", async () => {
    const answers = await plugin.query(source(peer.url), [query('A', { expr: 'up' }), query('B', { expr: 'sum(' })]);
    expect(answers.get('A')).toMatchObject({ status: 200, error: '' });
    expect(answers.get('B')).toMatchObject({
      status: 400,
      errorSource: 'downstream',
      error: expect.stringMatching(/parse error/),
    });
  });

  test.each([
    [{ expr: 'up', format: 'heatmap' }, /no histogram/],
    [{ expr: 'up', interval: 'soon' }, /min step: not a duration/],
    [{ expr: 'up', format: 'pie' }, /format "pie" is unknown/],
    [{ expr: 5 }, /expr must be a text/],
  ])('%j is refused in words', async (model, why) => {
    const answers = await plugin.query(source(peer.url), [query('A', model)]);
    expect(answers.get('A')).toMatchObject({
      status: 400,
      errorSource: 'downstream',
      error: expect.stringMatching(why),
    });
  });

  test('an empty query is no data and no fault', async () => {
    const answers = await plugin.query(source(peer.url), [query('A', { expr: ' ' })]);
    expect(answers.get('A')).toEqual({ frames: [], error: '', status: 200, errorSource: '' });
  });

  test('an answer over four megabytes arrives whole', async () => {
    const expr = 'label_replace({__name__=~"prometheus_.+|go_.+"}, "i", "0", "", "")';
    const toMs = Date.now();
    const answers = await plugin.query(source(peer.url), [
      query('A', { expr: 'vector(1)', interval: '1s' }, { fromMs: toMs - 10_000_000, toMs }),
      ...Array.from({ length: 30 }, (_, i) =>
        query(`B${i}`, { expr: `vector(${i})` }, { fromMs: toMs - 10_000_000, toMs }),
      ),
      query('C', { expr }),
    ]);
    const bytes = [...answers.values()]
      .flatMap((answer) => answer.frames)
      .reduce((sum, frame) => sum + frame.length, 0);
    expect(bytes).toBeGreaterThan(4 * 2 ** 20);
    expect([...answers.values()].every((answer) => answer.status === 200)).toBe(true);
  });

  test('editors reach labels, values, series and metadata, by GET and POST', async () => {
    const context = source(peer.url);
    const names = await plugin.resource(context, 'GET', 'api/v1/label/__name__/values?match[]=up');
    expect([names.code, JSON.parse(names.body).data]).toEqual([200, ['up']]);
    expect(names.headers['Content-Type']).toEqual(['application/json']);
    const labels = await plugin.resource(context, 'POST', 'api/v1/labels', 'match[]=up');
    expect(JSON.parse(labels.body).data).toEqual(['__name__', 'instance', 'job']);
    const both = await plugin.resource(context, 'POST', 'api/v1/labels?start=0', 'match[]=up');
    expect(JSON.parse(both.body).status).toBe('success');
    const metadata = await plugin.resource(context, 'GET', 'api/v1/metadata?metric=go_goroutines');
    expect(JSON.parse(metadata.body).data.go_goroutines[0].type).toBe('gauge');
  });

  test('what is not a reading route is refused, however it is spelled', async () => {
    for (const url of [
      'api/v1/admin/tsdb/delete_series',
      'api/v1/write',
      '-/quit',
      'metrics',
      'api/v1/../../metrics',
      'api/v1/label/../values',
      'api/v1/label/..%2F..%2F-%2Freload/values/x',
      'api/v1/labels/../write',
    ]) {
      expect([url, (await plugin.resource(source(peer.url), 'GET', url)).code]).toEqual([url, 404]);
    }
    expect((await plugin.resource(source(peer.url), 'DELETE', 'api/v1/series')).code).toBe(405);
  });

  describe('a live channel', () => {
    const live = (more: object = {}) => ({
      query: {
        refId: 'A',
        expr: 'sum by (le) (prometheus_http_request_duration_seconds_bucket)',
        interval: '1s',
        range: true,
      },
      intervalMs: 1000,
      rangeMs: 60_000,
      ...more,
    });
    interface Packet {
      sinceMs: number;
      toMs: number;
      frames: { schema: { meta: { type: string } }; data: { values: number[][] } }[];
      error?: string;
    }

    test('pushes each new step as it comes, with the one before it', async () => {
      const context = source(peer.url);
      expect(await plugin.subscribe(context, 'live/0123456789abcdef', live())).toBe(0);
      const packets: Packet[] = [];
      for await (const packet of plugin.live(context, 'live/0123456789abcdef', live())) {
        packets.push(packet as Packet);
        if (packets.length === 3) break;
      }
      for (const [i, { sinceMs, toMs, frames }] of packets.entries()) {
        expect(frames.map(({ schema }) => schema.meta.type)).toEqual(['heatmap-rows']);
        const times = frames[0].data.values[0];
        expect([times[0], times[times.length - 1]]).toEqual([sinceMs, toMs]);
        expect(toMs - sinceMs).toBeGreaterThanOrEqual(1000);
        if (i > 0) expect(sinceMs).toBe(packets[i - 1].toMs);
      }
    });

    test('agrees with the query of the whole range', async () => {
      const context = source(peer.url);
      for await (const packet of plugin.live(context, 'live/0123456789abcdef', live())) {
        const { sinceMs, toMs, frames } = packet as Packet;
        const whole = (
          await plugin.query(context, [query('A', { expr: live().query.expr }, { fromMs: toMs - 60_000, toMs })])
        ).get('A')!;
        const [{ fields }] = tables(whole.frames);
        // Of the newest step a scrape may have come in between.
        const from = fields[0].values.indexOf(sinceMs);
        expect(frames[0].data.values.map((column) => column[0])).toEqual(fields.map(({ values }) => values[from]));
        break;
      }
    });

    test('is refused where nothing is asked, or where the answer would depend on who looks', async () => {
      const context = source(peer.url);
      expect(await plugin.subscribe(context, 'live/0123456789abcdef', {})).toBe(1);
      expect(await plugin.subscribe(context, 'other/path', live())).toBe(1);
      expect(await plugin.subscribe(source(peer.url, { authMethod: 'forward' }), 'live/0123456789abcdef', live())).toBe(
        1,
      );
      expect(await plugin.publish(context, 'live/0123456789abcdef', live())).toBe(2);
    });

    test('tells why there is nothing new, and goes on', async () => {
      const faulty = live({ query: { refId: 'A', expr: 'sum(', interval: '1s' } });
      const errors: unknown[] = [];
      for await (const packet of plugin.live(source(peer.url), 'live/0123456789abcdef', faulty)) {
        errors.push((packet as Packet).error);
        if (errors.length === 2) break;
      }
      expect(errors).toEqual([expect.stringMatching(/parse error|expected/i), expect.any(String)]);
    });
  });

  test('it counts its own work', async () => {
    await plugin.query(source(peer.url), [query('A', { expr: 'up' })]);
    expect(await plugin.metrics()).toMatch(/isotherm_datasource_queries_total\{status="200"\} [1-9]/);
  });
});

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
      const health = await plugin.health(context);
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
    expect(await plugin.health(at('http://127.0.0.1:1'))).toMatchObject({ details: { fault: 'refused' } });
    expect(await plugin.health(at(url))).toMatchObject({ status: 1 });
    for (const token of ['first', 'second']) {
      expect(await plugin.health(at(url, { authMethod: 'bearer' }, { bearerToken: token }))).toMatchObject({
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
      expect((await plugin.health(context())).status).toBe(1);
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
    const health = await plugin.health(source(url, json, { sigV4AccessKey: 'AKID', sigV4SecretKey: 'secret' }));
    expect(health.status).toBe(1);
    expect(seen[0].authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/aps\/aws4_request, SignedHeaders=.*host.*, Signature=[0-9a-f]{64}$/,
    );
  });
  test('an answer that lacks a part of the storage says so on its frames', async () => {
    const data = { resultType: 'matrix', result: [{ metric: { a: 'b' }, values: [[1, '1']] }] };
    answer = { status: 200, body: JSON.stringify({ status: 'success', isPartial: true, data }) };
    const [frame] = tables((await plugin.query(source(url), [query('A', { expr: 'x' })])).get('A')!.frames);
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
      const made = (name: string) => path.join(folder, name);
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
      expect(await plugin.health(source(secureUrl))).toMatchObject({
        status: 2,
        message: expect.stringMatching(/self-signed; add it as CA certificate/),
        details: { fault: 'tls' },
      }));
    test('is believed with its authority', async () => {
      const trusting = source(secureUrl, { tlsAuthWithCACert: true }, { tlsCACert: certificate });
      expect((await plugin.health(trusting)).status).toBe(1);
    });
    test('is believed for that name only, unless another is expected', async () => {
      const byAddress = secureUrl.replace('localhost', '127.0.0.1');
      const secrets = { tlsCACert: certificate };
      expect(await plugin.health(source(byAddress, { tlsAuthWithCACert: true }, secrets))).toMatchObject({
        details: { fault: 'tls' },
        message: expect.stringMatching(/another name/),
      });
      const named = source(byAddress, { tlsAuthWithCACert: true, serverName: 'localhost' }, secrets);
      expect((await plugin.health(named)).status).toBe(1);
    });
    test('is believed blindly where verification is skipped', async () =>
      expect((await plugin.health(source(secureUrl, { tlsSkipVerify: true }))).status).toBe(1));
  });

  test('a page of the server never becomes a page of Grafana', async () => {
    answer = { status: 200, headers: { 'content-type': 'text/html' }, body: '<script>alert(1)</script>' };
    const page = await plugin.resource(source(url), 'GET', 'api/v1/labels');
    expect(page.headers['Content-Type']).toEqual(['text/plain; charset=utf-8']);
  });
});
