import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compress } from 'snappyjs';
import { labelsOf } from '../../src/shared/model/labels.ts';
import { WireWriter } from '../../src/shared/bytes/protobufWire.ts';
import { StorageError } from '../../src/server/storage/appender.ts';
import { fakeServer } from '../support/fakeRooms.ts';

const success = (data: unknown) => ({ status: 'success', data });

describe('series, labels, metadata, targets, status', () => {
  const { server } = fakeServer();
  const get = async (path: string) => (await server.inject({ method: 'GET', url: `/api/v1${path}` })).json();
  test.each<[string, unknown]>([
    [
      '/series?match[]=up',
      success([
        { __name__: 'up', job: 'a' },
        { __name__: 'up', job: 'b', 'my.label': 'x' },
      ]),
    ],
    ['/series?match[]=nope', success([])],
    ['/series?match[]=up{__name__="nope"}', success([])],
    ['/labels', success(['__name__', 'job', 'my.label'])],
    ['/labels?match[]={job="a"}', success(['__name__', 'job'])],
    ['/label/job/values', success(['a', 'b'])],
    ['/label/U__my_2e_label/values', success(['x'])],
    ['/label/my.label/values?match[]=up', success(['x'])],
    ['/metadata', success({ up: [{ type: 'gauge', help: 'Up.', unit: '' }] })],
    ['/metadata?metric=nope', success({})],
    ['/rules', success({ groups: [] })],
    ['/alerts', success({ alerts: [] })],
    ['/scrape_pools', success({ scrapePools: ['a', 'b'] })],
    ['/status/config', success({ yaml: 'global: {}\n' })],
    ['/status/flags', success({ 'log.level': 'info' })],
    [
      '/series?match[]=up&limit=1',
      { ...success([{ __name__: 'up', job: 'a' }]), warnings: ['results truncated due to limit'] },
    ],
  ])('%s', async (path, wanted) => expect(await get(path)).toEqual(wanted));

  test.each([
    ['/series', /^no match\[\] parameter provided$/],
    ['/series?match[]=up[1m]', /not a series selector/],
    ['/series?match[]={a=~".*"}', /at least one non-empty matcher/],
    ['/series?match[]={', /invalid parameter "match\[\]": 1:\d+: parse error/],
    ['/labels?start=x', /cannot parse "x"/],
    ['/label/U__/values', /invalid label name/],
    ['/label/%FF/values', /not a valid url/],
    ['/metadata?limit=x', /limit must be a number/],
    ['/rules?type=x', /not supported value "x"/],
    ['/status/tsdb?limit=0', /positive/],
    ['/status/tsdb?limit=1e1', /positive/],
  ])('%s is refused', async (path, error) => {
    expect(await get(path)).toEqual({ status: 'error', errorType: 'bad_data', error: expect.stringMatching(error) });
  });

  test('targets: active, dropped, by pool', async () => {
    expect((await get('/targets')).data).toEqual({
      activeTargets: [
        {
          discoveredLabels: { __address__: '127.0.0.1:1', job: 'a' },
          labels: { instance: '127.0.0.1:1', job: 'a' },
          scrapePool: 'a',
          scrapeUrl: 'http://127.0.0.1:1/metrics',
          globalUrl: 'http://monitor.example:1/metrics',
          lastError: 'connection refused',
          lastScrape: '0001-01-01T00:00:00Z',
          lastScrapeDuration: 1.5,
          health: 'down',
          scrapeInterval: '15s',
          scrapeTimeout: '10s',
        },
      ],
      droppedTargets: [{ discoveredLabels: { __address__: 'x' }, scrapePool: 'b' }],
      droppedTargetCounts: { a: 0, b: 1 },
    });
    expect((await get('/targets?state=active')).data).toMatchObject({ droppedTargets: [], droppedTargetCounts: null });
    expect((await get('/targets?scrapePool=b')).data.activeTargets).toEqual([]);
  });
  test('status/tsdb counts what the series are made of', async () => {
    expect((await get('/status/tsdb?limit=1')).data).toEqual({
      headStats: { numSeries: 2, numLabelPairs: 4, chunkCount: 0, minTime: 1, maxTime: 2 },
      seriesCountByMetricName: [{ name: 'up', value: 2 }],
      labelValueCountByLabelName: [{ name: 'job', value: 2 }],
      memoryInBytesByLabelName: [{ name: '__name__', value: 2 }],
      seriesCountByLabelValuePair: [{ name: '__name__=up', value: 2 }],
      storage: { blockBytes: 0, logBytes: 100, logSegments: 1 },
    });
  });
  test('buildinfo gives the compatible release, and who we are', async () => {
    expect((await get('/status/buildinfo')).data).toMatchObject({
      version: '3.14.0+isotherm.0.1.0',
      application: 'Isotherm',
    });
  });
});

describe('lifecycle', () => {
  test('health, readiness and HEAD', async () => {
    const { server } = fakeServer();
    expect((await server.inject('/-/healthy')).statusCode).toBe(200);
    expect((await server.inject('/-/ready')).body).toMatch(/Ready/);
    expect((await server.inject({ method: 'HEAD', url: '/-/ready' })).statusCode).toBe(200);
  });
  test('while the log is read we are healthy but not ready, and the API says to come back', async () => {
    const { server } = fakeServer({ enableRemoteWrite: true }, { rooms: () => undefined });
    expect((await server.inject('/-/healthy')).statusCode).toBe(200);
    expect((await server.inject('/-/ready')).statusCode).toBe(503);
    const asked = await server.inject('/api/v1/query?query=up');
    expect([asked.statusCode, asked.headers['retry-after']]).toEqual([503, '1']);
    expect((await server.inject({ method: 'POST', url: '/api/v1/write', payload: 'x' })).statusCode).toBe(503);
  });
  test('reload and quit are shut without their flag, and never a GET', async () => {
    const { server, calls } = fakeServer();
    expect((await server.inject({ method: 'POST', url: '/-/reload' })).statusCode).toBe(403);
    expect((await server.inject({ method: 'POST', url: '/-/quit' })).statusCode).toBe(403);
    const get = await server.inject('/-/reload');
    expect([get.statusCode, get.headers.allow]).toEqual([405, 'OPTIONS, POST, PUT']);
    expect(calls).toEqual([]);
  });
  test('with the flag they work, but not for a page of another site', async () => {
    const { server, calls } = fakeServer({ enableLifecycle: true });
    expect((await server.inject({ method: 'POST', url: '/-/reload' })).statusCode).toBe(200);
    const foreign = { 'sec-fetch-site': 'cross-site' };
    expect((await server.inject({ method: 'POST', url: '/-/quit', headers: foreign })).statusCode).toBe(403);
    expect(calls).toEqual(['reload']);
    expect((await server.inject({ method: 'PUT', url: '/-/quit' })).statusCode).toBe(200);
    expect(calls).toEqual(['reload', 'quit']);
  });
  test('a failed reload says why', async () => {
    const { server } = fakeServer(
      { enableLifecycle: true },
      { reload: () => Promise.reject(new Error('a.yml:1:2: no')) },
    );
    const answer = await server.inject({ method: 'POST', url: '/-/reload' });
    expect([answer.statusCode, answer.body]).toEqual([500, 'failed to reload config: a.yml:1:2: no\n']);
  });
  test('/metrics hands its filter on', async () => {
    const { server } = fakeServer();
    const answer = await server.inject('/metrics?collect[]=machine&collect[]=self');
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.body).toBe('# collected: machine,self\n');
  });
});

describe('safety', () => {
  const { server } = fakeServer({ corsOrigin: 'https?://(.*\\.)?example\\.org' });
  test.each(['/api/v1/labels', '/api/v1/label/%FF/values'])('%s is marked as data', async (url) => {
    const { headers } = await server.inject(url);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-security-policy']).toMatch(/default-src 'none'/);
  });
  test('only the origins of --web.cors.origin may read', async () => {
    const ask = async (origin: string) =>
      (await server.inject({ url: '/api/v1/labels', headers: { origin } })).headers['access-control-allow-origin'];
    expect(await ask('https://a.example.org')).toBe('https://a.example.org');
    expect(await ask('https://example.org.evil.net')).toBeUndefined();
    const preflight = await server.inject({
      method: 'OPTIONS',
      url: '/api/v1/query',
      headers: { origin: 'http://example.org' },
    });
    expect([preflight.statusCode, preflight.headers['access-control-allow-origin']]).toEqual([
      204,
      'http://example.org',
    ]);
  });
  test('caches keep what origins are answered apart; outside the API no other origin may read', async () => {
    const ask = async (url: string, origin?: string) =>
      (await server.inject({ url, headers: origin === undefined ? {} : { origin } })).headers;
    for (const origin of [undefined, 'https://a.example.org', 'https://evil.net'])
      expect((await ask('/api/v1/labels', origin)).vary).toMatch(/^Origin\b/);
    for (const url of ['/metrics', '/federate?match[]=up', '/'])
      expect((await ask(url, 'https://a.example.org'))['access-control-allow-origin']).toBeUndefined();
  });
  test('a form over its bound is refused', async () => {
    const answer = await server.inject({
      method: 'POST',
      url: '/api/v1/query',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: `query=${'x'.repeat(10 * 1024 * 1024)}`,
    });
    expect(answer.statusCode).toBe(413);
  });
  test.each(['/api/v1/nope', '/api/v2/query', '/-/nope', '/nope.js'])('%s is not there', async (url) => {
    expect((await server.inject(url)).statusCode).toBe(404);
  });
  test('/version tells the version as JSON', async () => {
    const answer = await server.inject('/version');
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([
      200,
      expect.stringMatching(/^application\/json/),
    ]);
    expect(Object.keys(answer.json())).toEqual([
      'version',
      'revision',
      'branch',
      'buildUser',
      'buildDate',
      'goVersion',
    ]);
  });
  test.each(['/api/v1/query', '/metrics', '/api/v1/read', '/api/v1/write'])('DELETE %s is not allowed', async (url) => {
    expect((await server.inject({ method: 'DELETE', url })).statusCode).toBe(405);
  });
});

describe('pages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'isotherm-webui-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>t</title>');
  writeFileSync(join(folder, 'assets/app-AB12CD34.js'), 'run()');
  test('index.html answers for every page path', async () => {
    const { server } = fakeServer({ webUiFolder: folder });
    for (const url of ['/', '/query?q=up', '/targets', '/status?view=config']) {
      const page = await server.inject(url);
      expect([url, page.statusCode, page.body]).toEqual([url, 200, '<!doctype html><title>t</title>']);
      expect(page.headers['content-security-policy']).toMatch(/script-src 'self';/);
      expect(page.headers['cache-control']).toBe('no-cache');
    }
  });
  test('a browser is shown a page where there is none, all others a text; both with 404', async () => {
    const { server } = fakeServer({ webUiFolder: folder });
    const ask = (url: string, accept: string) => server.inject({ url, headers: { accept } });
    const shown = await ask('/nothing', 'text/html,*/*;q=0.8');
    expect([shown.statusCode, shown.body]).toEqual([404, '<!doctype html><title>t</title>']);
    // Where the page would not find its assets, too.
    for (const answer of [await ask('/nothing', '*/*'), await ask('/status/config', 'text/html')])
      expect([answer.statusCode, answer.body]).toEqual([
        404,
        '404 page not found; pages begin at /, the API at /api/v1\n',
      ]);
  });
  test.each([
    ['/graph?g0.expr=up%20%3E%200&g0.tab=1', './query?g0.expr=up%20%3E%200&g0.tab=1'],
    ['/graph', './query'],
    ['/rules', './alerts'],
    ['/tsdb-status', './status?view=store'],
    ['/config?a=b', './status?view=config&a=b'],
  ])("%s, a page of upstream's, leads to %s", async (url, location) => {
    const { server } = fakeServer({ webUiFolder: folder });
    const answer = await server.inject(url);
    expect([answer.statusCode, answer.headers.location]).toEqual([302, location]);
  });
  test('assets with a hash may be kept; nothing outside the folder is served', async () => {
    const { server } = fakeServer({ webUiFolder: folder });
    const asset = await server.inject('/assets/app-AB12CD34.js');
    expect([asset.body, asset.headers['content-type']]).toEqual(['run()', 'text/javascript; charset=utf-8']);
    expect(asset.headers['cache-control']).toMatch(/immutable/);
    expect((await server.inject('/..%2F..%2Fetc%2Fpasswd.txt')).statusCode).toBe(404);
    expect((await server.inject('/assets/../../x.js')).statusCode).toBe(404);
  });
  test('without a build the page says how to get one', async () => {
    const { server } = fakeServer();
    expect((await server.inject('/')).body).toContain('npm run build:webui');
  });
  test('a route prefix holds for everything', async () => {
    const { server } = fakeServer({ webUiFolder: folder, routePrefix: '/prom' });
    expect((await server.inject('/?a=b')).headers.location).toBe('/prom/');
    expect((await server.inject('/prom')).headers.location).toBe('/prom/');
    expect((await server.inject('/prom//query/')).headers.location).toBe('/prom/query');
    expect((await server.inject('/prom/nothing')).body).toMatch(/pages begin at \/prom\/, the API at \/prom\/api/);
    expect((await server.inject('/prometheus')).statusCode).toBe(404);
    expect((await server.inject('/query')).statusCode).toBe(404);
    expect((await server.inject('/prom/')).statusCode).toBe(200);
    expect((await server.inject('/prom/-/ready')).statusCode).toBe(200);
    expect((await server.inject('/prom/api/v1/labels')).statusCode).toBe(200);
    expect((await server.inject('/api/v1/labels')).statusCode).toBe(404);
  });
});

describe('paths written otherwise', () => {
  const { server } = fakeServer();
  test.each<['GET' | 'POST', string, number, string | undefined]>([
    ['GET', '/query/?expr=up', 301, '/query?expr=up'],
    ['GET', '/metrics/', 301, '/metrics'],
    ['GET', '/api/v1/label/job/values/', 301, '/api/v1/label/job/values'],
    ['POST', '/api/v1/query/?query=1', 307, '/api/v1/query?query=1'],
    ['GET', '//metrics', 307, '/metrics'],
    ['GET', '/api//v1/query/?query=1', 307, '/api/v1/query?query=1'],
    ['GET', '//', 307, '/'],
    ['GET', '//evil.example/', 404, undefined],
    ['GET', '//\\evil.example/', 404, undefined],
    ['GET', '/nothing/', 404, undefined],
  ])('%s %s: %d %s', async (method, url, status, location) => {
    const answer = await server.inject({ method, url });
    expect([answer.statusCode, answer.headers.location]).toEqual([status, location]);
  });
});

describe('what cannot be read as HTTP', () => {
  const { server } = fakeServer();
  let port: number;
  beforeAll(async () => void (port = Number((await server.listen('127.0.0.1', 0)).split(':')[1])));
  afterAll(() => server.close());

  const sent = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.setEncoding('utf8').on('data', (piece: string) => (answer += piece));
      socket.once('close', () => resolve(answer)).once('error', reject);
    });

  test.each([
    [
      'a letter beyond ASCII in the URL',
      'GET /api/v1/query?query=up{a="ü"} HTTP/1.1\r\nHost: x\r\n\r\n',
      400,
      /write it as %XX/,
    ],
    [
      // Hardly longer: a connection that is closed with much unread loses its answer at times.
      'a header that is too long',
      `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(1024 * 1024)}\r\n\r\n`,
      431,
      /headers are too long/,
    ],
    ['a blank in the URL', 'GET /a b HTTP/1.1\r\nHost: x\r\n\r\n', 400, /Parse Error/],
  ])('%s is answered as the API refuses', async (_, text, status, error) => {
    const [head, body] = (await sent(text)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toContain('\r\ncontent-type: application/json\r\n');
    expect(JSON.parse(body)).toEqual({ status: 'error', errorType: 'bad_data', error: expect.stringMatching(error) });
  });
});

describe('methods outside the API', () => {
  const { server } = fakeServer();
  test.each([
    ['/', 'GET, HEAD, OPTIONS'],
    ['/query', 'GET, HEAD, OPTIONS'],
    ['/graph', 'GET, HEAD, OPTIONS'],
    ['/assets/x.js', 'GET, HEAD, OPTIONS'],
    ['/metrics', 'GET, HEAD, OPTIONS'],
    ['/-/healthy', 'GET, HEAD, OPTIONS'],
    ['/federate', 'GET, HEAD, OPTIONS, POST'],
    ['/-/reload', 'OPTIONS, POST, PUT'],
  ])('%s takes %s and tells so', async (url, allow) => {
    const asked = await server.inject({ method: 'OPTIONS', url });
    expect([asked.statusCode, asked.headers.allow]).toEqual([200, allow]);
    for (const method of ['DELETE', 'PATCH', 'TRACE'] as const) {
      const refused = await server.inject({ method: method as 'DELETE', url });
      expect([method, refused.statusCode, refused.headers.allow]).toEqual([method, 405, allow]);
    }
  });
  test.each(['/nothing', '/api/v2/x', '/-/x'])('OPTIONS %s is not there', async (url) =>
    expect((await server.inject({ method: 'OPTIONS', url })).statusCode).toBe(404),
  );
});

describe('admin', () => {
  const ask = (at: ReturnType<typeof fakeServer>, path: string, headers = {}) =>
    at.server.inject({ method: 'POST', url: `/api/v1/admin/tsdb${path}`, headers });
  const error = (errorType: string, why: RegExp) => ({
    status: 'error',
    errorType,
    error: expect.stringMatching(why),
  });

  test('without its flag it is shut, and never a GET', async () => {
    const at = fakeServer();
    const answer = await ask(at, '/delete_series?match[]=up');
    expect([answer.statusCode, answer.json()]).toEqual([500, error('unavailable', /^admin APIs disabled/)]);
    expect((await at.server.inject('/api/v1/admin/tsdb/snapshot')).statusCode).toBe(405);
    expect(at.fake.asked).toEqual([]);
  });
  test.each([
    ['/delete_series', /^no match\[\] parameter provided$/],
    ['/delete_series?match[]={', /^invalid parameter "match\[\]"/],
    ['/delete_series?match[]={a=~".*"}', /at least one non-empty matcher/],
    ['/delete_series?match[]=up&start=x', /^invalid parameter "start"/],
    ['/snapshot?skip_head=maybe', /^invalid parameter "skip_head": unable to parse boolean/],
  ])('%s is refused', async (path, why) => {
    const at = fakeServer({ enableAdmin: true });
    const answer = await ask(at, path);
    expect([answer.statusCode, answer.json()]).toEqual([400, error('bad_data', why)]);
    expect(at.fake.asked).toEqual([]);
  });
  test('what is asked reaches the store, but not from a page of another site', async () => {
    const at = fakeServer({ enableAdmin: true });
    expect((await ask(at, '/clean_tombstones', { 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403);
    const deleted = await at.server.inject({
      method: 'PUT',
      url: '/api/v1/admin/tsdb/delete_series?match[]=up&start=1',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'match[]={job="a"}&end=2.5',
    });
    expect([deleted.statusCode, deleted.body]).toEqual([204, '']);
    expect((await ask(at, '/clean_tombstones')).statusCode).toBe(204);
    expect((await ask(at, '/snapshot?skip_head=true')).json()).toEqual(success({ name: 'name' }));
    expect((await ask(at, '/snapshot')).statusCode).toBe(200);
    const sets = [[{ name: 'job', op: '=', value: 'a' }], [{ name: '__name__', op: '=', value: 'up' }]];
    expect(at.fake.asked.map((text) => (text.startsWith('{') ? JSON.parse(text) : text))).toEqual([
      { sets, range: { minTime: 1000, maxTime: 2500 } },
      'clean',
      'snapshot true',
      'snapshot false',
    ]);
  });
});

describe('remote write', () => {
  const message = (labels: Record<string, string>, samples: [number, number | 'stale'][]) =>
    new WireWriter()
      .message(1, (series) => {
        for (const [name, value] of Object.entries(labels))
          series.message(1, (label) => label.string(1, name).string(2, value));
        for (const [t, v] of samples) {
          if (v === 'stale') series.bytesAlways(2, Uint8Array.of(9, 2, 0, 0, 0, 0, 0, 0xf0, 0x7f, 0x10, ...varint(t)));
          else series.message(2, (sample) => sample.double(1, v).int(2, t));
        }
      })
      .finish()
      .slice();
  const varint = (n: number): number[] => (n < 128 ? [n] : [(n % 128) + 128, ...varint(Math.floor(n / 128))]);
  const post = (at: ReturnType<typeof fakeServer>, payload: Uint8Array, headers = {}) =>
    at.server.inject({
      method: 'POST',
      url: '/api/v1/write',
      headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', ...headers },
      payload: Buffer.from(payload),
    });
  const labels = { __name__: 'up', job: 'a' };

  test('samples and stale markers are appended and acknowledged', async () => {
    const at = fakeServer({ enableRemoteWrite: true });
    expect(
      (
        await post(
          at,
          compress(
            message(labels, [
              [1000, 1.5],
              [2000, 'stale'],
            ]),
          ),
        )
      ).statusCode,
    ).toBe(204);
    expect(at.fake.written).toEqual([
      { labels: labelsOf(labels), t: 1000, v: 1.5 },
      { labels: labelsOf(labels), t: 2000, v: 'stale' },
    ]);
  });
  test('what is refused is counted in words, the rest kept', async () => {
    const at = fakeServer({ enableRemoteWrite: true });
    const nameless = await post(at, compress(message({ job: 'a' }, [[1, 1]])));
    expect([nameless.statusCode, nameless.body]).toEqual([400, '1 samples refused: their series has no __name__\n']);
    at.fake.outcome = 'outOfOrder';
    const late = await post(at, compress(message(labels, [[1, 1]])));
    expect([late.statusCode, late.body]).toEqual([400, '1 samples refused: older than the newest of their series\n']);
  });
  test('a request of version 2 is told how much of it was written, also where something was refused', async () => {
    const at = fakeServer({ enableRemoteWrite: true });
    const message2 = (refs: number[]) => {
      const out = new WireWriter();
      for (const symbol of ['', '__name__', 'up', 'job', 'a']) out.stringAlways(4, symbol);
      for (const own of [[1, 2, 3, 4], refs])
        out.message(5, (series) =>
          series.packedInts(1, own).message(2, (sample) => sample.double(1, 1.5).int(2, 1000 + own.length)),
        );
      return compress(out.finish().slice());
    };
    const type = { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' };
    const written = (answer: { headers: Record<string, unknown> }) =>
      ['samples', 'histograms', 'exemplars'].map((kind) => answer.headers[`x-prometheus-remote-write-${kind}-written`]);
    const good = await post(at, message2([1, 2]), type);
    expect([good.statusCode, ...written(good)]).toEqual([204, '2', '0', '0']);
    const partial = await post(at, message2([1, 9]), type);
    expect([partial.statusCode, ...written(partial)]).toEqual([400, '1', '0', '0']);
    expect(partial.body).toContain('label reference 9 is beyond the 5 symbols');
    expect(at.fake.written).toHaveLength(3);
  });
  test('a message that the flags leave out is answered with 415', async () => {
    const at = fakeServer({ enableRemoteWrite: true, writeMessages: ['io.prometheus.write.v2.Request'] });
    const answer = await post(at, compress(message(labels, [[1000, 1]])));
    expect([answer.statusCode, answer.body]).toEqual([415, expect.stringMatching(/send .*write\.v2\.Request\n$/)]);
  });
  test('samples more than ten minutes ahead of the clock are refused, the rest kept', async () => {
    const at = fakeServer({ enableRemoteWrite: true });
    const edge = 1_700_000_000_123 + 600_000;
    const answer = await post(
      at,
      compress(
        message(labels, [
          [edge, 1],
          [edge + 1, 2],
          [edge + 2, 'stale'],
        ]),
      ),
    );
    expect([answer.statusCode, answer.body]).toEqual([400, '2 samples refused: too far from now\n']);
    expect(at.fake.written).toEqual([{ labels: labelsOf(labels), t: edge, v: 1 }]);
  });
  test.each([
    ['no snappy', Uint8Array.of(255, 255, 255, 255, 255, 255), {}, 400],
    ['a size beyond the bound', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0), {}, 400],
    ['no protobuf', compress(Uint8Array.of(0x0b, 1)), {}, 400],
    ['gzip', Uint8Array.of(1), { 'content-encoding': 'gzip' }, 415],
    ['JSON', Uint8Array.of(1), { 'content-type': 'application/json' }, 415],
    [
      'version 2',
      Uint8Array.of(1),
      { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v3.Request' },
      415,
    ],
    ['nothing', new Uint8Array(), {}, 400],
  ])('%s is refused', async (_, payload, headers, status) => {
    expect((await post(fakeServer({ enableRemoteWrite: true }), payload, headers)).statusCode).toBe(status);
  });
  test('a full disk is ours to solve, and the sender comes back', async () => {
    const at = fakeServer({ enableRemoteWrite: true });
    const appender = at.fake.storage.appender();
    appender.commit = () => Promise.reject(new StorageError('disk_full', 'free some space'));
    at.fake.storage.appender = () => appender;
    expect((await post(at, compress(message(labels, [[1, 1]])))).statusCode).toBe(503);
  });
  test('without its flag the receiver is not there', async () => {
    expect((await post(fakeServer(), compress(message(labels, [[1, 1]])))).statusCode).toBe(404);
  });
});
