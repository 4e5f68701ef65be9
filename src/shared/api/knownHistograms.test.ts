import { KnownHistograms } from './knownHistograms.ts';
import type { ApiMetadata } from './metadata.ts';

const told: Record<string, string[]> = {
  native_seconds: ['histogram'],
  queue_length: ['gaugehistogram'],
  requests: ['counter'],
  disputed: ['histogram', 'counter'],
  requests_total: ['histogram'],
};
let asked: string[] = [];
let now = 0;
beforeEach(() => {
  asked = [];
  now = 0;
});

function ask(metric: string): Promise<ApiMetadata> {
  asked.push(metric);
  if (metric === 'refused') return Promise.reject(new Error('no'));
  const types = told[metric];
  return Promise.resolve(types === undefined ? {} : { [metric]: types.map((type) => ({ type, help: '', unit: '' })) });
}

test.each([
  ['native_seconds', true],
  ['queue_length', true],
  ['requests', false],
  ['disputed', false],
  ['unknown', false],
  ['refused', false],
])('whether %s is a histogram: %j', async (metric, expected) =>
  expect(await new KnownHistograms(() => now).has(metric, ask)).toBe(expected),
);

test('a counter by name is not asked for', async () => {
  expect(await new KnownHistograms(() => now).has('requests_total', ask)).toBe(false);
  expect(asked).toEqual([]);
});

test('a name is asked for once, also by two at a time, and again after ten minutes', async () => {
  const known = new KnownHistograms(() => now);
  const has = () => known.has('native_seconds', ask);
  expect(await Promise.all([has(), has()])).toEqual([true, true]);
  now = 599_999;
  await has();
  expect(asked).toHaveLength(1);
  now = 600_000;
  await has();
  expect(asked).toHaveLength(2);
});

test('what is not known, or could not be asked, is asked again half a minute later', async () => {
  const known = new KnownHistograms(() => now);
  for (now of [0, 29_999, 30_000]) for (const metric of ['unknown', 'refused']) await known.has(metric, ask);
  expect(asked).toEqual(['unknown', 'refused', 'unknown', 'refused']);
});

test('no more than a thousand names are kept, the newest', async () => {
  const known = new KnownHistograms(() => now);
  for (let i = 0; i <= 1000; i++) await known.has(`n${i}`, ask);
  asked = [];
  await known.has('n1', ask);
  await known.has('n0', ask);
  expect(asked).toEqual(['n0']);
});
