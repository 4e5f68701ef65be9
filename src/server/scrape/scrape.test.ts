import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { formatLabels, labelValue } from '../../shared/model/labels.ts';
import { bitsOf, CELL_GAP, CELL_STALE, cellKind } from '../../shared/model/sampleBits.ts';
import { parseConfig } from '../config/load.ts';
import { StorageError, type Appender, type Storage } from '../storage/appender.ts';
import { systemClock, type Clock } from '../telemetry/clock.ts';
import { openTsdb, type Tsdb } from '../tsdb/db.ts';
import { createScrapeManager, type ScrapeEvent, type ScrapeManager } from './manager.ts';

jest.setTimeout(30_000);

let dir: string;
let tsdb: Tsdb;
let manager: ScrapeManager;
let events: ScrapeEvent[];
let logged: string[];
let onEvent: () => void;
const servers: { close(): unknown; closeAllConnections?(): void }[] = [];

/** The real store, but for what a test puts in between. */
let storage: Storage;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'isotherm-scrape-'));
  tsdb = await openTsdb({ path: join(dir, 'data') });
  storage = tsdb;
  events = [];
  logged = [];
  onEvent = () => undefined;
});

afterEach(async () => {
  await manager?.stop();
  await tsdb.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections?.();
    server.close();
  }
  rmSync(dir, { recursive: true });
});

function startManager(clock: Clock = systemClock): void {
  manager = createScrapeManager({
    storage,
    clock,
    log: (level, message, fields) => void logged.push(`${level} ${message} ${JSON.stringify(fields)}`),
    onScrape: (event) => {
      events.push(event);
      onEvent();
    },
  });
}

async function serve(handler: RequestListener): Promise<string> {
  const server: Server = createServer(handler);
  return listen(server);
}

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const page =
  (body: string | (() => string), type = 'text/plain; version=0.0.4'): RequestListener =>
  (_, response) =>
    void response.setHeader('content-type', type).end(typeof body === 'string' ? body : body());

/** Jobs as lines of YAML by name; every job scrapes each 300 ms unless it says otherwise. */
function apply(jobs: Record<string, { targets: string[]; lines?: string }>): void {
  const text = Object.entries(jobs).map(
    ([name, { targets, lines = '' }]) =>
      `- job_name: ${name}\n  static_configs: [{targets: ${JSON.stringify(targets)}}]\n${lines.replace(/^(?=.)/gm, '  ')}\n`,
  );
  manager.apply(
    parseConfig(`global: {scrape_interval: 300ms}\nscrape_configs:\n${text.join('')}`, { dir, path: 'test.yml' }),
  );
}

/** Resolves after n more scrapes of the job. */
function scrapes(n: number, job = 'a'): Promise<void> {
  const from = events.length;
  return new Promise((done) => {
    onEvent = () => {
      if (events.slice(from).filter((event) => event.job === job).length >= n) done();
    };
  });
}

/** All samples as `name{labels}` → values in order of time, `stale` for ends. */
async function samples(name = '.+'): Promise<Record<string, (number | 'stale')[]>> {
  const groups = await tsdb.select({
    matchers: [{ name: '__name__', op: '=~', value: name }],
    minTime: 0,
    maxTime: Date.now() + 10_000,
  });
  const out: Record<string, (number | 'stale')[]> = {};
  for (const { columns } of groups) {
    for (const { labels, values } of columns) {
      const bits = bitsOf(values);
      const list = (out[formatLabels(labels.filter(([n]) => n !== 'instance' && n !== 'job'))] ??= []);
      for (let i = 0; i < values.length; i++) {
        const kind = cellKind(bits, i);
        if (kind !== CELL_GAP) list.push(kind === CELL_STALE ? 'stale' : values[i]);
      }
    }
  }
  return out;
}

const target = (job = 'a') => manager.active().find((t) => t.scrapePool === job)!;

test('a page lands in the store with the target’s labels, and the report beside it', async () => {
  const address = await serve(page('# TYPE b counter\na{x="1"} 1.5\nb 2\n'));
  startManager();
  apply({ a: { targets: [address] } });
  await scrapes(2);
  const all = await samples();
  expect(all['a{x="1"}'].slice(0, 2)).toEqual([1.5, 1.5]);
  expect(all.up.slice(0, 2)).toEqual([1, 1]);
  expect(all.scrape_samples_scraped[0]).toBe(2);
  expect(all.scrape_samples_post_metric_relabeling[0]).toBe(2);
  expect(all.scrape_series_added.slice(0, 2)).toEqual([2, 0]);
  expect(all.scrape_duration_seconds[0]).toBeGreaterThan(0);
  const [labels] = await tsdb.series([[{ name: '__name__', op: '=', value: 'a' }]], {
    minTime: 0,
    maxTime: Date.now(),
  });
  expect([labelValue(labels, 'job'), labelValue(labels, 'instance')]).toEqual(['a', address]);
  expect(tsdb.metadata('b').get('b')).toEqual([{ type: 'counter', help: '', unit: '' }]);
  expect(target()).toMatchObject({ health: 'up', lastError: '', lastSamples: 2, url: `http://${address}/metrics` });
});

test('a series that vanishes from the page goes stale at the next scrape, and comes back', async () => {
  let body = 'a 1\nb 1\n';
  const address = await serve(page(() => body));
  startManager();
  apply({ a: { targets: [address] } });
  await scrapes(1);
  body = 'a 2\n';
  await scrapes(2);
  body = 'a 3\nb 3\n';
  await scrapes(2);
  const { b } = await samples('b');
  expect(b.filter((v) => v === 'stale')).toHaveLength(1);
  expect([b[0], b.at(-1)]).toEqual([1, 3]);
});

test('a target that fails has up 0, its series go stale, and the log says so once', async () => {
  let status = 200;
  const address = await serve(
    (_, response) => void response.writeHead(status, { 'content-type': 'text/plain' }).end('a 1\n'),
  );
  startManager();
  apply({ a: { targets: [address] } });
  await scrapes(1);
  status = 503;
  await scrapes(3);
  const all = await samples();
  expect(all.a.at(-1)).toBe('stale');
  expect(all.up.slice(-2)).toEqual([0, 0]);
  expect(target()).toMatchObject({ health: 'down', lastError: 'server returned HTTP status 503' });
  expect(logged.filter((line) => line.includes('Scrape failed'))).toHaveLength(1);
});

describe('a target is down, with words, and its neighbour unhurt, when it', () => {
  const down = (what: string, start: () => Promise<string>, why: RegExp, lines = '') =>
    test(what, async () => {
      const [bad, good] = [await start(), await serve(page('a 1\n'))];
      startManager();
      apply({ bad: { targets: [bad], lines }, good: { targets: [good] } });
      do await scrapes(1, 'bad');
      while (target('bad').health !== 'down');
      do await scrapes(1, 'good');
      while (target('good').health !== 'up');
      expect(target('bad')).toMatchObject({ health: 'down', lastError: expect.stringMatching(why) });
      expect((await samples('up')).up).toEqual(expect.arrayContaining([0, 1]));
    });
  down(
    'is not there',
    async () => {
      const address = await serve(page(''));
      const server = servers.pop() as Server;
      await new Promise((done) => server.close(done));
      return address;
    },
    /nothing listens at 127\.0\.0\.1:\d+ \(connection refused\)/,
  );
  down(
    'has a host name that nobody knows',
    () => Promise.resolve('no-such-host.invalid:1'),
    /host name of no-such-host\.invalid:1/,
    'scrape_interval: 3s\nscrape_timeout: 3s',
  );
  down('sends garbage', () => serve(page('\u0000\u0001<>|\n')), /^line 1, byte 0: expected a metric name/);
  down('sends a page that breaks in the middle', () => serve(page('a 1\nb{ 2\n')), /^line 2, byte 7: .*"b\{ 2"/);
  down(
    'sends HTML',
    () => serve(page('<html>', 'text/html')),
    /unknown Content-Type "text\/html".*fallback_scrape_protocol/,
  );
  down('says no content type', () => serve((_, r) => void r.end('a 1\n')), /no Content-Type/);
  down('answers 404', () => serve((_, r) => void r.writeHead(404).end()), /404; is metrics_path right\?/);
  down('answers nothing', () => serve(() => undefined), /no complete answer within 0\.3 s/);
  down(
    'trickles its page',
    () =>
      serve((_, r) => {
        r.writeHead(200, { 'content-type': 'text/plain' });
        const timer = setInterval(() => r.write('a'), 10);
        r.on('close', () => clearInterval(timer));
      }),
    /no complete answer within/,
  );
  down(
    'hangs up in the middle',
    () =>
      serve((_, r) => {
        r.writeHead(200, { 'content-type': 'text/plain', 'content-length': '1000' });
        r.write('a 1\n', () => r.destroy());
      }),
    /closed the connection before the answer was complete/,
  );
  down(
    'does not speak HTTP',
    () => listen(createTcpServer((socket) => void socket.on('error', () => undefined).end('hello\r\n\r\n'))),
    /does not answer in HTTP/,
  );
  down(
    'sends more than body_size_limit',
    () => serve(page(`a ${'1'.repeat(5000)}\n`)),
    /larger than the body_size_limit of 1024 bytes/,
    'body_size_limit: 1KB',
  );
  down(
    'sends a small body that unpacks to a huge one',
    () =>
      serve((_, r) => {
        r.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(
          gzipSync(Buffer.alloc(70 * 1024 * 1024, 10)),
        );
      }),
    /larger than the bound of \d+ bytes|no complete answer/,
    'scrape_interval: 1s',
  );
  down(
    'says gzip and sends none',
    () =>
      serve((_, r) => void r.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end('a 1\n')),
    /is not gzip/,
  );
  down(
    'uses a coding that nobody asked for',
    () =>
      serve((_, r) => void r.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'br' }).end('a 1\n')),
    /Content-Encoding "br"/,
  );
  down(
    'redirects in a circle',
    () => serve((_, r) => void r.writeHead(302, { location: '/metrics' }).end()),
    /redirected more than 10 times/,
  );
  down('speaks HTTP where https was said', () => serve(page('a 1\n')), /does not speak TLS|TLS with/, 'scheme: https');
  down(
    'has more samples than sample_limit',
    () => serve(page('a 1\nb 1\nc 1\n')),
    /3 samples after relabelling, over sample_limit: 2/,
    'sample_limit: 2',
  );
  down(
    'has a label over its limit',
    () => serve(page('a{x="12345"} 1\n')),
    /value of x 5, over label_value_length_limit: 4/,
    'label_value_length_limit: 4\nrelabel_configs: [{target_label: instance, replacement: i}]',
  );
  down('says the same label twice', () => serve(page('a{x="1",x="2"} 1\n')), /"x" stands twice/);
  down(
    'is one of too many',
    () => serve(page('a 1\n')),
    /has 2 targets, over target_limit: 1/,
    'target_limit: 1\nfile_sd_configs: [{files: [more.json]}]\n',
  );
  beforeEach(() => writeFileSync(join(dir, 'more.json'), '[{"targets":["127.0.0.1:1"]}]'));
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['zstd', zstdCompressSync],
] as const)('a page in %s is read', async (coding, compress) => {
  const address = await serve(
    (_, r) =>
      void r
        .writeHead(200, { 'content-type': 'text/plain', 'content-encoding': coding })
        .end(compress(Buffer.from('a 7\n'))),
  );
  startManager();
  apply({ a: { targets: [address] } });
  await scrapes(1);
  expect((await samples('a')).a[0]).toBe(7);
});

test('a request says what is wanted, who asks, how long it may take, and logs in', async () => {
  const seen: IncomingMessage[] = [];
  const address = await serve((request, response) => {
    seen.push(request);
    page('a 1\n')(request, response as never);
  });
  writeFileSync(join(dir, 'password'), 'se:cret\n');
  startManager();
  apply({
    a: {
      targets: [address],
      lines: `metrics_path: /m\nparams: {"collect[]": [b, c], a: [x y]}\nbasic_auth: {username: me, password_file: password}\nhttp_headers: {X-Scope: {values: [t1]}}`,
    },
  });
  await scrapes(1);
  expect(seen[0].url).toBe('/m?a=x+y&collect%5B%5D=b&collect%5B%5D=c');
  expect(seen[0].headers).toMatchObject({
    accept:
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    'accept-encoding': 'gzip, zstd, deflate',
    authorization: `Basic ${Buffer.from('me:se:cret').toString('base64')}`,
    'x-prometheus-scrape-timeout-seconds': '0.3',
    'x-scope': 't1',
  });
});

test('a redirect is followed, and the login stays with the host that it is for', async () => {
  const seen: IncomingMessage[] = [];
  const other = await serve((request, response) => {
    seen.push(request);
    page('a 1\n')(request, response as never);
  });
  const address = await serve((_, r) => void r.writeHead(302, { location: `http://${other}/m` }).end());
  startManager();
  apply({ a: { targets: [address], lines: 'authorization: {credentials: s}\nhttp_headers: {X-Key: {secrets: [k]}}' } });
  await scrapes(1);
  expect(target().health).toBe('up');
  expect([seen[0].url, seen[0].headers.authorization, seen[0].headers['x-key']]).toEqual(['/m', undefined, undefined]);
});

test('labels that both have move aside, or stand with honor_labels', async () => {
  const address = await serve(page('a{job="own",instance="",x="1"} 1\n'));
  startManager();
  apply({
    a: { targets: [address] },
    b: { targets: [address], lines: 'honor_labels: true' },
  });
  await Promise.all([scrapes(1, 'a')]);
  await scrapes(1, 'b');
  const series = await tsdb.series([[{ name: '__name__', op: '=', value: 'a' }]], { minTime: 0, maxTime: Date.now() });
  expect(series.map(formatLabels).sort()).toEqual([
    `a{exported_job="own", instance="${address}", job="a", x="1"}`,
    'a{job="own", x="1"}',
  ]);
});

test('metric relabelling drops and rewrites; of a series that stands twice the first line counts', async () => {
  const address = await serve(page('a 1\nb 2\nc 3\nc 4\nd_x 5\n'));
  startManager();
  apply({
    a: {
      targets: [address],
      lines: `metric_relabel_configs:\n- {action: drop, source_labels: [__name__], regex: b}\n- {source_labels: [__name__], regex: d_(.*), target_label: __name__, replacement: e_$1}`,
    },
  });
  await scrapes(1);
  const all = await samples();
  expect([all.a[0], all.b, all.c[0], all.e_x[0]]).toEqual([1, undefined, 3, 5]);
  expect(events[0]).toMatchObject({ scraped: 5, kept: 4, added: 3, duplicates: 1 });
  expect(all.scrape_samples_post_metric_relabeling[0]).toBe(4);
});

test('times on the page are honoured unless the job says otherwise', async () => {
  const t = Date.now() - 1000;
  const address = await serve(page(`a 1 ${t}\n`));
  startManager();
  apply({ a: { targets: [address] }, b: { targets: [address], lines: 'honor_timestamps: false' } });
  await scrapes(1, 'a');
  await scrapes(1, 'b');
  const groups = await tsdb.select({
    matchers: [
      { name: '__name__', op: '=', value: 'a' },
      { name: 'job', op: '=', value: 'a' },
    ],
    minTime: 0,
    maxTime: Date.now(),
  });
  expect(groups.flatMap((group) => [...group.times])).toContain(t);
  const others = await tsdb.select({
    matchers: [
      { name: '__name__', op: '=', value: 'a' },
      { name: 'job', op: '=', value: 'b' },
    ],
    minTime: 0,
    maxTime: Date.now(),
  });
  expect(others.flatMap((group) => [...group.times]).every((time) => time > t)).toBe(true);
});

test('a time far ahead is refused, and the store goes on', async () => {
  const address = await serve(page(() => `a 1 ${Date.now() + 3_600_000}\nb 1\n`));
  startManager();
  apply({ a: { targets: [address] } });
  await scrapes(2);
  expect(events[0]).toMatchObject({ up: true, scraped: 2, refused: 1 });
  const all = await samples();
  expect(all.a).toBeUndefined();
  expect(all.b.length).toBeGreaterThanOrEqual(2);
});

test('exemplars of an OpenMetrics page are kept', async () => {
  const address = await serve(
    page('# TYPE a counter\na_total 1 # {trace_id="t1"} 0.5\n# EOF\n', 'application/openmetrics-text; version=1.0.0'),
  );
  startManager();
  apply({ a: { targets: [address] } });
  await scrapes(1);
  const [found] = tsdb.exemplars([[{ name: '__name__', op: '=', value: 'a_total' }]], {
    minTime: 0,
    maxTime: Date.now() + 1000,
  });
  expect(found.exemplars[0]).toMatchObject({ labels: [['trace_id', 't1']], v: 0.5 });
});

test('a reload leaves unchanged targets running, starts new ones, and the removed go stale an interval later', async () => {
  const [one, two] = [await serve(page('a 1\n')), await serve(page('b 1\n'))];
  startManager();
  apply({ a: { targets: [one, two] } });
  await scrapes(4);
  apply({ a: { targets: [one], lines: 'metric_relabel_configs: [{target_label: z, replacement: "1"}]' } });
  await scrapes(4);
  const all = await samples();
  expect(all.b.at(-1)).toBe('stale');
  expect(all.a.at(-1)).toBe('stale');
  expect(all['a{z="1"}'].at(-1)).toBe(1);
  expect(manager.active()).toHaveLength(1);
  apply({});
  expect(manager.active()).toHaveLength(0);
});

test('stopping marks nothing stale', async () => {
  const address = await serve(page('a 1\n'));
  startManager();
  apply({ a: { targets: [address] } });
  await scrapes(1);
  await manager.stop();
  expect((await samples('a')).a).not.toContain('stale');
});

test('targets from files come and go with them', async () => {
  const address = await serve(page('a 1\n'));
  startManager();
  apply({ a: { targets: [], lines: 'file_sd_configs: [{files: ["sd*.json"], refresh_interval: 50ms}]' } });
  writeFileSync(join(dir, 'sd1.json'), JSON.stringify([{ targets: [address], labels: { zone: 'x' } }]));
  await scrapes(1);
  expect(target().labels).toContainEqual(['zone', 'x']);
  expect(target().discoveredLabels).toContainEqual(['__meta_filepath', join(dir, 'sd1.json')]);
});

test('a store that refuses a commit leaves health alone, and the end of a series is told when it recovers', async () => {
  let body = 'a 1\nb 1\n';
  let full = false;
  const address = await serve(page(() => body));
  storage = {
    group: (key) => tsdb.group(key),
    appender(): Appender {
      const real = tsdb.appender();
      if (!full) return real;
      return Object.assign(Object.create(real) as Appender, {
        commit: () => {
          real.rollback();
          return Promise.reject(new StorageError('disk_full', 'the disk is full'));
        },
        appendRow: () => 'ok',
      });
    },
  };
  startManager();
  apply({ a: { targets: [address] } });
  await scrapes(1);
  full = true;
  body = 'a 1\n';
  await scrapes(2);
  expect(target().health).toBe('up');
  expect(logged.join()).toContain('the disk is full');
  full = false;
  await scrapes(2);
  expect((await samples('b')).b.at(-1)).toBe('stale');
});
