import type { ApiTarget } from '../../shared/api/prometheus.ts';
import { poolsOf } from './pools.ts';

const row = (scrapePool: string, port: number, health: ApiTarget['health'], lastError = '') => ({
  target: {
    discoveredLabels: {},
    labels: { job: scrapePool, instance: `h:${port}` },
    scrapePool,
    scrapeUrl: `http://h:${port}/metrics`,
    globalUrl: '',
    lastError,
    lastScrape: '2026-01-01T00:00:00Z',
    lastScrapeDuration: 0.1,
    health,
    scrapeInterval: '15s',
    scrapeTimeout: '10s',
  },
  lastScrape: 0,
  samples: 1,
});
const rows = [
  row('b', 1, 'up'),
  row('a', 2, 'up'),
  row('z', 3, 'up'),
  row('z', 4, 'down', 'connection refused'),
  row('z', 5, 'unknown'),
];
const names = (state: 'all' | 'down' | 'up', text = '') =>
  poolsOf(rows, state, text).map(
    (pool) => `${pool.name}: ${pool.rows.map((r) => r.target.scrapeUrl.slice(9, 10)).join('')}`,
  );

test('pools with broken targets come first, and the broken ones first in them', () =>
  expect(names('all')).toEqual(['z: 453', 'a: 2', 'b: 1']));
test('a state hides the others, yet counts stay those of the pool', () => {
  expect(names('down')).toEqual(['z: 4']);
  expect(poolsOf(rows, 'down', '')[0]).toMatchObject({ up: 1, all: 3 });
});
test('all words must occur, in address, labels or error', () => {
  expect(names('all', 'refused z')).toEqual(['z: 4']);
  expect(names('all', 'REFUSED :2')).toEqual([]);
  expect(names('up', 'h:1')).toEqual(['b: 1']);
});
