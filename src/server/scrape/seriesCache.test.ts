import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatLabels, labelsOf } from '../../shared/model/labels.ts';
import { bitsOf, CELL_GAP, CELL_STALE, cellKind } from '../../shared/model/sampleBits.ts';
import { parseConfig } from '../config/load.ts';
import type { GroupWriter, Storage } from '../storage/appender.ts';
import { openTsdb, type Tsdb } from '../tsdb/db.ts';
import { SeriesCache } from './seriesCache.ts';

const [config] = parseConfig('scrape_configs: [{job_name: j}]', { dir: '/', path: 'test.yml' }).scrapeConfigs;
const settings = { targetLabels: labelsOf({ instance: 'i', job: 'j' }), config, metricRules: [] };

let dir: string;
let tsdb: Tsdb;
let groups: GroupWriter[];
let cache: SeriesCache;
let t: number;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'isotherm-series-'));
  tsdb = await openTsdb({ path: dir });
  groups = [];
  const storage: Storage = {
    group(key) {
      const group = tsdb.group(key);
      groups.push(group);
      return group;
    },
    appender: () => tsdb.appender(),
  };
  cache = new SeriesCache(storage, 'j i', settings);
  t = 1_700_000_000_000;
});

afterEach(async () => {
  await tsdb.close();
  rmSync(dir, { recursive: true });
});

/** Scrapes a page at the next second; its counts. */
async function scrape(page: string) {
  const appender = tsdb.appender();
  const read = cache.readPage(new TextEncoder().encode(page), 'text');
  let added = 0;
  const outcome = cache.appendPage(appender, (t += 1000), read, (counts) => {
    added = counts.added;
    return [['up', 1]];
  });
  await appender.commit();
  expect(outcome).toBe('ok');
  cache.committed();
  return added;
}

async function valuesOf(name: string): Promise<(number | 'stale')[]> {
  const found = await tsdb.select({ matchers: [{ name: '__name__', op: '=', value: name }], minTime: 0, maxTime: t });
  const timed: [number, number | 'stale'][] = [];
  for (const { times, columns } of found) {
    for (const { values } of columns) {
      const bits = bitsOf(values);
      for (let i = 0; i < values.length; i++) {
        const kind = cellKind(bits, i);
        if (kind !== CELL_GAP) timed.push([times[i], kind === CELL_STALE ? 'stale' : values[i]]);
      }
    }
  }
  return timed.sort(([a], [b]) => a - b).map(([, v]) => v);
}

test('a target whose series never stay keeps its rows short, and loses nothing', async () => {
  const pages = 12;
  for (let p = 0; p < pages; p++) {
    const fresh = Array.from({ length: 1000 }, (_, i) => `fresh{page="${p}",i="${i}"} ${p}\n`).join('');
    expect(await scrape(`steady ${p}\n${fresh}last${p} 1\n`)).toBe(p === 0 ? 1002 : 1001);
  }
  expect(new Set(groups.map((group) => group.ref)).size).toBeGreaterThan(1);
  for (const group of groups) expect(group.columnCount).toBeLessThan(8000);
  expect(await valuesOf('steady')).toEqual(Array.from({ length: pages }, (_, p) => p));
  for (let p = 0; p < pages - 1; p++) expect(await valuesOf(`last${p}`)).toEqual([1, 'stale']);
  expect(await valuesOf(`last${pages - 1}`)).toEqual([1]);
  const up = await tsdb.series([[{ name: '__name__', op: '=', value: 'up' }]], { minTime: 0, maxTime: t });
  expect(up.map(formatLabels)).toEqual(['up{instance="i", job="j"}']);
});

test('a page that is refused leaves no series behind, and what it had counts as new when it comes back', async () => {
  await scrape('a 1\n');
  expect(() => cache.readPage(new TextEncoder().encode('a 1\nb 2\nc{\n'), 'text')).toThrow(/line 3/);
  const appender = tsdb.appender();
  cache.appendAbsence(appender, (t += 1000), [['up', 0]]);
  await appender.commit();
  cache.committed();
  expect(await tsdb.series([[{ name: '__name__', op: '=', value: 'b' }]], { minTime: 0, maxTime: t })).toEqual([]);
  expect(await scrape('a 3\nb 3\n')).toBe(1);
  expect(await valuesOf('a')).toEqual([1, 'stale', 3]);
  expect(await valuesOf('up')).toEqual([1, 0, 1]);
});

test('a large page of which most is dropped is known by comparison all the same', async () => {
  cache.configure({ ...settings, metricRules: [(labels) => (labels.get('__name__') === 'a' ? 'keep' : 'drop')] });
  const text = `a 1\n${Array.from({ length: 20_000 }, (_, i) => `b{i="${i}"} 1\n`).join('')}`;
  await scrape(text);
  expect(cache.readPage(new TextEncoder().encode(text), 'text').row.compared).toBe(20_001);
});

test('the end of a target ends its report samples too', async () => {
  await scrape('a 1\n');
  const appender = tsdb.appender();
  cache.appendEnd(appender, (t += 1000));
  await appender.commit();
  expect(await valuesOf('a')).toEqual([1, 'stale']);
  expect(await valuesOf('up')).toEqual([1, 'stale']);
});

test('new relabelling ends the series as they were and starts them as they are', async () => {
  await scrape('a 1\n');
  cache.configure({
    ...settings,
    targetLabels: labelsOf({ instance: 'i', job: 'j' }),
    config: { ...config, honorLabels: true },
  });
  await scrape('a 2\n');
  expect(await valuesOf('a')).toEqual([1, 2]);
  cache.configure({ ...settings, metricRules: [(labels) => (labels.get('__name__') === 'a' ? 'drop' : 'keep')] });
  await scrape('a 3\n');
  expect(await valuesOf('a')).toEqual([1, 2, 'stale']);
});

test('settings that change while a large page is read in steps hold from the next page on', async () => {
  const text = Array.from({ length: 4000 }, (_, i) => `a{x="${i}"} ${i}\n`).join('');
  const steps = cache.readSteps(new TextEncoder().encode(text), 'text');
  for (let i = 0; i < 5; i++) expect(steps.next().done).toBe(false);
  cache.configure({ ...settings, targetLabels: labelsOf({ instance: 'other', job: 'j' }) });
  let step = steps.next();
  while (!step.done) step = steps.next();
  const appender = tsdb.appender();
  expect(cache.appendPage(appender, (t += 1000), step.value, () => [['up', 1]])).toBe('ok');
  await appender.commit();
  cache.committed();
  const kinds = async (instance: string) => {
    const matchers = [{ name: 'instance', op: '=', value: instance }] as const;
    const groups = await tsdb.select({ matchers, minTime: t, maxTime: t });
    const cells = groups.flatMap(({ columns }) => columns.map(({ values }) => cellKind(bitsOf(values), 0)));
    return [CELL_STALE, CELL_GAP].map((kind) => cells.filter((cell) => cell === kind).length).concat(cells.length);
  };
  expect([await kinds('i'), await kinds('other')]).toEqual([
    [0, 0, 4001],
    [0, 0, 0],
  ]);
  await scrape(text);
  expect([(await kinds('i'))[0], await kinds('other')]).toEqual([4000, [0, 0, 4001]]);
});
