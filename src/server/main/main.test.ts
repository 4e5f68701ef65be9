import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Clock } from '../telemetry/clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { corsOriginOf, externalUrlOf, isLoopback, parseListenAddress } from './listenAddress.ts';
import { loadAll } from './loadAll.ts';
import { createReloader } from './reloader.ts';
import { createShutdown } from './shutdown.ts';

describe('addresses', () => {
  test.each([
    ['127.0.0.1:9090', '127.0.0.1', 9090],
    [':0', '0.0.0.0', 0],
    ['[::1]:80', '::1', 80],
    ['host.example:65535', 'host.example', 65535],
  ])('%s', (text, host, port) => expect(parseListenAddress(text)).toEqual({ host, port }));
  test.each(['9090', 'a:b', '127.0.0.1:65536', '', '::1:9090'])('%s is refused', (text) =>
    expect(() => parseListenAddress(text)).toThrow(/write HOST:PORT/),
  );
  test('an origin pattern is checked before it is used', () => {
    expect(corsOriginOf('.*')).toBe('.*');
    expect(() => corsOriginOf('(')).toThrow(/--web\.cors\.origin=\(: .*write an RE2 pattern/);
  });
  test('loopback is told from the rest', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].map(isLoopback)).toEqual([true, true, true, true]);
    expect(['0.0.0.0', '10.0.0.1', '::', 'example.org'].map(isLoopback)).toEqual([false, false, false, false]);
  });
  test.each([
    ['', '', 'http://localhost:9090/', ''],
    ['https://h.example/a/', '', 'https://h.example/a/', '/a'],
    ['https://h.example/a', '/', 'https://h.example/a', ''],
    ['h.example', 'b/c/', 'http://h.example/', '/b/c'],
    ['/a', '', 'http://localhost:9090/a', '/a'],
    ['/a/b/', '', 'http://localhost:9090/a/b/', '/a/b'],
    ['https://h.example//a//', '', 'https://h.example//a//', '/a'],
    ['https://h.example/a/', '/b//', 'https://h.example/a/', '/b'],
  ])('external URL %j with prefix %j', (given, prefix, url, routePrefix) =>
    expect(externalUrlOf(given, prefix, 'http://localhost:9090/')).toEqual({ url, routePrefix }),
  );
  test('an external URL that is none is refused', () =>
    expect(() => externalUrlOf('http://', '', 'http://localhost:9090/')).toThrow(/write a URL/));
});

describe('reload', () => {
  const good = 'global:\n  scrape_interval: 5s\n';
  function setUp(apply: (config: Config) => void = () => undefined, clock?: Clock) {
    const path = join(mkdtempSync(join(tmpdir(), 'isotherm-reload-')), 'a.yml');
    writeFileSync(path, 'global:\n  scrape_interval: 15s\n');
    const applied: number[] = [];
    const reloader = createReloader({
      first: loadAll(path, { sloFile: '', receiversFile: '', features: [] }),
      load: (file) => loadAll(file, { sloFile: '', receiversFile: '', features: [] }),
      clock: clock ?? { now: () => 7, sleepUntil: async () => undefined },
      log: silentLog,
      apply: (config) => {
        apply(config);
        applied.push(config.global.scrapeIntervalMs);
      },
    });
    return { path, applied, reloader };
  }
  test('a good file takes the place of the one before', async () => {
    const { path, applied, reloader } = setUp();
    writeFileSync(path, good);
    await reloader.reload();
    expect([applied, reloader.config.global.scrapeIntervalMs, reloader.succeeded]).toEqual([[5_000], 5_000, true]);
  });
  test('a bad file changes nothing but the success, and a good one after it is taken', async () => {
    const { path, applied, reloader } = setUp();
    writeFileSync(path, 'global:\n  scrape_intervall: 5s\n');
    await expect(reloader.reload()).rejects.toThrow(/a\.yml:2:3/);
    expect([applied, reloader.config.global.scrapeIntervalMs, reloader.succeeded]).toEqual([[], 15_000, false]);
    writeFileSync(path, good);
    await reloader.reload();
    expect([applied, reloader.succeeded]).toEqual([[5_000], true]);
  });
  test('a bad rule file changes nothing, and is told with its place', async () => {
    const { path, applied, reloader } = setUp();
    writeFileSync(
      join(dirname(path), 'r.yml'),
      'groups:\n  - name: g\n    rules:\n      - {record: a, expr: "sum("}\n',
    );
    writeFileSync(path, `${good}rule_files: [r.yml]\n`);
    await expect(reloader.reload()).rejects.toThrow(/r\.yml:4:27: groups\[0\]\.rules\[0\]\.expr: could not parse/);
    expect([applied, reloader.succeeded]).toEqual([[], false]);
  });
  test('a watched file is reloaded when its text changes, once', async () => {
    const stop = new AbortController();
    let looks = 0;
    const { path, applied, reloader } = setUp(undefined, {
      now: () => 7,
      sleepUntil: async () => {
        looks++;
        if (looks === 2) writeFileSync(path, good);
        if (looks === 5) stop.abort();
      },
    });
    await reloader.watch(1, stop.signal);
    expect(applied).toEqual([5_000]);
  });
  test('so it is when a file that it names changes', async () => {
    const stop = new AbortController();
    let looks = 0;
    const { path, applied, reloader } = setUp(undefined, {
      now: () => 7,
      sleepUntil: async () => {
        looks++;
        const jobs = join(dirname(path), 'jobs.yml');
        if (looks === 1) writeFileSync(path, `${good}scrape_config_files: ['job*.yml']\n`);
        if (looks === 3) writeFileSync(jobs, 'scrape_configs: [{job_name: a}]\n');
        if (looks === 5) writeFileSync(jobs, 'scrape_configs: [{job_name: b}]\n');
        if (looks === 7) stop.abort();
      },
    });
    await reloader.watch(1, stop.signal);
    expect([applied.length, reloader.config.scrapeConfigs.map(({ jobName }) => jobName)]).toEqual([3, ['b']]);
  });
});

test('what was opened is closed last first, and a failure does not keep the rest open', async () => {
  const closed: string[] = [];
  const shutdown = createShutdown(silentLog);
  shutdown.opened('a', () => void closed.push('a'));
  shutdown.opened('b', () => Promise.reject(new Error('b')));
  shutdown.opened('c', async () => void closed.push('c'));
  shutdown.request('test');
  shutdown.request('again');
  await shutdown.closeAll();
  expect([closed, shutdown.signal.aborted]).toEqual([['c', 'a'], true]);
});
