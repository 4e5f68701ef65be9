import { writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { page, useScrapeRig } from '../../../tests/support/scrapeRig.ts';
import { formatLabels, labelValue } from '../../shared/model/labels.ts';
import { StorageError, type Appender } from '../storage/appender.ts';

jest.setTimeout(120_000);
const rig = useScrapeRig();

test('a page lands in the store with the target’s labels, and the report beside it', async () => {
  const address = await rig.serve(page('# TYPE b counter\na{x="1"} 1.5\nb 2\n'));
  rig.start();
  rig.apply({ a: { targets: [address] } });
  await rig.scrapes(2);
  const all = await rig.samples();
  expect(all['a{x="1"}'].slice(0, 2)).toEqual([1.5, 1.5]);
  expect(all.up.slice(0, 2)).toEqual([1, 1]);
  expect(all.scrape_samples_scraped[0]).toBe(2);
  expect(all.scrape_samples_post_metric_relabeling[0]).toBe(2);
  expect(all.scrape_series_added.slice(0, 2)).toEqual([2, 0]);
  expect(all.scrape_duration_seconds[0]).toBeGreaterThan(0);
  const [labels] = await rig.tsdb.series([[{ name: '__name__', op: '=', value: 'a' }]], {
    minTime: 0,
    maxTime: Date.now(),
  });
  expect([labelValue(labels, 'job'), labelValue(labels, 'instance')]).toEqual(['a', address]);
  expect(rig.tsdb.metadata('b').get('b')).toEqual([{ type: 'counter', help: '', unit: '' }]);
  expect(rig.target()).toMatchObject({ health: 'up', lastError: '', lastSamples: 2, url: `http://${address}/metrics` });
});

test('a series that vanishes from the page goes stale at the next scrape, and comes back', async () => {
  let body = 'a 1\nb 1\n';
  const address = await rig.serve(page(() => body));
  rig.start();
  rig.apply({ a: { targets: [address] } });
  await rig.scrapes(1);
  body = 'a 2\n';
  await rig.scrapes(2);
  body = 'a 3\nb 3\n';
  await rig.scrapes(2);
  const { b } = await rig.samples('b');
  expect(b.filter((v) => v === 'stale')).toHaveLength(1);
  expect([b[0], b.at(-1)]).toEqual([1, 3]);
});

test('a target that fails has up 0, its series go stale, and the log says so once', async () => {
  let status = 200;
  const address = await rig.serve(
    (_, response) => void response.writeHead(status, { 'content-type': 'text/plain' }).end('a 1\n'),
  );
  rig.start();
  rig.apply({ a: { targets: [address] } });
  await rig.scrapes(1);
  status = 503;
  await rig.scrapes(3);
  const all = await rig.samples();
  expect(all.a.at(-1)).toBe('stale');
  expect(all.up.slice(-2)).toEqual([0, 0]);
  expect(rig.target()).toMatchObject({ health: 'down', lastError: 'server returned HTTP status 503' });
  expect(rig.logged.filter((line) => line.includes('Scrape failed'))).toHaveLength(1);
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['zstd', zstdCompressSync],
] as const)('a page in %s is read', async (coding, compress) => {
  const address = await rig.serve(
    (_, r) =>
      void r
        .writeHead(200, { 'content-type': 'text/plain', 'content-encoding': coding })
        .end(compress(Buffer.from('a 7\n'))),
  );
  rig.start();
  rig.apply({ a: { targets: [address] } });
  await rig.scrapes(1);
  expect((await rig.samples('a')).a[0]).toBe(7);
});

test('a request says what is wanted, who asks, how long it may take, and logs in', async () => {
  const seen: IncomingMessage[] = [];
  const address = await rig.serve((request, response) => {
    seen.push(request);
    page('a 1\n')(request, response as never);
  });
  writeFileSync(join(rig.dir, 'password'), 'se:cret\n');
  rig.start();
  rig.apply({
    a: {
      targets: [address],
      lines: `metrics_path: /m\nparams: {"collect[]": [b, c], a: [x y]}\nbasic_auth: {username: me, password_file: password}\nhttp_headers: {X-Scope: {values: [t1]}}`,
    },
  });
  await rig.scrapes(1);
  expect(seen[0].url).toBe('/m?a=x+y&collect%5B%5D=b&collect%5B%5D=c');
  expect(seen[0].headers).toMatchObject({
    accept:
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    'accept-encoding': 'gzip, zstd, deflate',
    authorization: `Basic ${Buffer.from('me:se:cret').toString('base64')}`,
    'x-prometheus-scrape-timeout-seconds': '0.6',
    'x-scope': 't1',
  });
});

test('a redirect is followed, and the login stays with the host that it is for', async () => {
  const seen: IncomingMessage[] = [];
  const other = await rig.serve((request, response) => {
    seen.push(request);
    page('a 1\n')(request, response as never);
  });
  const address = await rig.serve((_, r) => void r.writeHead(302, { location: `http://${other}/m` }).end());
  rig.start();
  rig.apply({
    a: { targets: [address], lines: 'authorization: {credentials: s}\nhttp_headers: {X-Key: {secrets: [k]}}' },
  });
  do await rig.scrapes(1);
  while (rig.target().health !== 'up');
  expect([seen[0].url, seen[0].headers.authorization, seen[0].headers['x-key']]).toEqual(['/m', undefined, undefined]);
});

test('labels that both have move aside, or stand with honor_labels', async () => {
  const address = await rig.serve(page('a{job="own",instance="",x="1"} 1\n'));
  rig.start();
  rig.apply({
    a: { targets: [address] },
    b: { targets: [address], lines: 'honor_labels: true' },
  });
  await Promise.all([rig.scrapes(1, 'a')]);
  await rig.scrapes(1, 'b');
  const series = await rig.tsdb.series([[{ name: '__name__', op: '=', value: 'a' }]], {
    minTime: 0,
    maxTime: Date.now(),
  });
  expect(series.map(formatLabels).sort()).toEqual([
    `a{exported_job="own", instance="${address}", job="a", x="1"}`,
    'a{job="own", x="1"}',
  ]);
});

test('metric relabelling drops and rewrites; of a series that stands twice the first line counts', async () => {
  const address = await rig.serve(page('a 1\nb 2\nc 3\nc 4\nd_x 5\n'));
  rig.start();
  rig.apply({
    a: {
      targets: [address],
      lines: `metric_relabel_configs:\n- {action: drop, source_labels: [__name__], regex: b}\n- {source_labels: [__name__], regex: d_(.*), target_label: __name__, replacement: e_$1}`,
    },
  });
  await rig.scrapes(1);
  const all = await rig.samples();
  expect([all.a[0], all.b, all.c[0], all.e_x[0]]).toEqual([1, undefined, 3, 5]);
  expect(rig.events[0]).toMatchObject({ scraped: 5, kept: 4, added: 3, duplicates: 1 });
  expect(all.scrape_samples_post_metric_relabeling[0]).toBe(4);
});

test('times on the page are honoured unless the job says otherwise', async () => {
  const t = Date.now() - 1000;
  const address = await rig.serve(page(`a 1 ${t}\n`));
  rig.start();
  rig.apply({ a: { targets: [address] }, b: { targets: [address], lines: 'honor_timestamps: false' } });
  await rig.scrapes(1, 'a');
  await rig.scrapes(1, 'b');
  const groups = await rig.tsdb.select({
    matchers: [
      { name: '__name__', op: '=', value: 'a' },
      { name: 'job', op: '=', value: 'a' },
    ],
    minTime: 0,
    maxTime: Date.now(),
  });
  expect(groups.flatMap((group) => [...group.times])).toContain(t);
  const others = await rig.tsdb.select({
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
  const address = await rig.serve(page(() => `a 1 ${Date.now() + 3_600_000}\nb 1\n`));
  rig.start();
  rig.apply({ a: { targets: [address] } });
  await rig.scrapes(2);
  expect(rig.events[0]).toMatchObject({ up: true, scraped: 2, refused: { outOfBounds: 1 } });
  const all = await rig.samples();
  expect(all.a).toBeUndefined();
  expect(all.b.length).toBeGreaterThanOrEqual(2);
});

test('exemplars of an OpenMetrics page are kept', async () => {
  const address = await rig.serve(
    page('# TYPE a counter\na_total 1 # {trace_id="t1"} 0.5\n# EOF\n', 'application/openmetrics-text; version=1.0.0'),
  );
  rig.start();
  rig.apply({ a: { targets: [address] } });
  await rig.scrapes(1);
  const [found] = rig.tsdb.exemplars([[{ name: '__name__', op: '=', value: 'a_total' }]], {
    minTime: 0,
    maxTime: Date.now() + 1000,
  });
  expect(found.exemplars[0]).toMatchObject({ labels: [['trace_id', 't1']], v: 0.5 });
});

test('a reload leaves unchanged targets running, starts new ones, and the removed go stale an interval later', async () => {
  const [one, two] = [await rig.serve(page('a 1\n')), await rig.serve(page('b 1\n'))];
  rig.start();
  rig.apply({ a: { targets: [one, two] } });
  await rig.scrapes(4);
  rig.apply({ a: { targets: [one], lines: 'metric_relabel_configs: [{target_label: z, replacement: "1"}]' } });
  await rig.scrapes(4);
  const all = await rig.samples();
  expect(all.b.at(-1)).toBe('stale');
  expect(all.a.at(-1)).toBe('stale');
  expect(all['a{z="1"}'].at(-1)).toBe(1);
  expect(rig.manager?.active()).toHaveLength(1);
  rig.apply({});
  expect(rig.manager?.active()).toHaveLength(0);
});

test('stopping marks nothing stale', async () => {
  const address = await rig.serve(page('a 1\n'));
  rig.start();
  rig.apply({ a: { targets: [address] } });
  await rig.scrapes(1);
  await rig.manager?.stop();
  expect((await rig.samples('a')).a).not.toContain('stale');
});

test('targets from files come and go with them', async () => {
  const address = await rig.serve(page('a 1\n'));
  rig.start();
  rig.apply({ a: { targets: [], lines: 'file_sd_configs: [{files: ["sd*.json"], refresh_interval: 50ms}]' } });
  writeFileSync(join(rig.dir, 'sd1.json'), JSON.stringify([{ targets: [address], labels: { zone: 'x' } }]));
  await rig.scrapes(1);
  expect(rig.target().labels).toContainEqual(['zone', 'x']);
  expect(rig.target().discoveredLabels).toContainEqual(['__meta_filepath', join(rig.dir, 'sd1.json')]);
});

test('a reload sees what was discovered by its new rules, without asking again', async () => {
  const address = await rig.serve(page('a 1\n'));
  let asked = 0;
  const sd = await rig.serve((_, response) => {
    asked++;
    response.setHeader('content-type', 'application/json').end(JSON.stringify([{ targets: [address] }]));
  });
  const lines = `http_sd_configs: [{url: "http://${sd}/", refresh_interval: 1h}]`;
  rig.start();
  rig.apply({ a: { targets: [], lines } });
  await rig.scrapes(1);
  rig.apply({ a: { targets: [], lines: `${lines}\nrelabel_configs: [{target_label: zone, replacement: x}]` } });
  expect(rig.target().labels).toContainEqual(['zone', 'x']);
  await rig.scrapes(1);
  expect(asked).toBe(1);
  rig.apply({ a: { targets: [] } });
  expect(rig.manager?.active()).toHaveLength(0);
});

test('a store that refuses a commit leaves health alone, and the end of a series is told when it recovers', async () => {
  let body = 'a 1\nb 1\n';
  let full = false;
  const address = await rig.serve(page(() => body));
  rig.storage = {
    group: (key) => rig.tsdb.group(key),
    appender(): Appender {
      const real = rig.tsdb.appender();
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
  rig.start();
  rig.apply({ a: { targets: [address] } });
  await rig.scrapes(1);
  full = true;
  body = 'a 1\n';
  await rig.scrapes(2);
  expect(rig.target().health).toBe('up');
  expect(rig.logged.join()).toContain('the disk is full');
  full = false;
  await rig.scrapes(2);
  expect((await rig.samples('b')).b.at(-1)).toBe('stale');
});

test('a target is scraped out of turn when that is asked for, by all who ask at once', async () => {
  let asked = 0;
  const address = await rig.serve(page(() => `a ${++asked}\n`));
  rig.start();
  rig.apply({ a: { targets: [address], lines: 'scrape_interval: 1h\n' } });
  await rig.until(() => rig.manager!.active().length > 0);
  const url = `http://${address}/metrics`;
  const before = Date.now();
  expect(await Promise.all([rig.manager!.scrapeNow('a', url), rig.manager!.scrapeNow('a', url)])).toEqual([1, 1]);
  expect((await rig.samples('a')).a).toEqual([1]);
  expect(rig.target().lastScrape).toBeGreaterThanOrEqual(before);
  expect(rig.target().metadata.size).toBe(0);
  expect(await rig.manager!.scrapeNow('a', 'http://127.0.0.1:1/metrics')).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await rig.manager!.scrapeNow('a', url);
  expect((await rig.samples('a')).a).toEqual([1, 2]);
});
