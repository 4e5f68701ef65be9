import { SMALL_NATIVE as histogram } from '../../../tests/support/histogramSeries.ts';
import { MemoryQueryable } from '../../../tests/support/memoryQueryable.ts';
import { labelsOf } from '../../shared/model/labels.ts';
import type { QueryRequest } from '../storage/engine.ts';
import { statsJson } from './answer/statsJson.ts';
import { createEngine, DEFAULT_LIMITS, type EngineLimits } from './engine.ts';

/** (168 + 8 · 3 + 8) / 16: a span and two buckets. */
const HISTOGRAM_SIZE = 12;
/** And without them. */
const STATS_SIZE = 11;
const every15s = Array.from({ length: 41 }, (_, i) => i * 15_000);
const series = [
  { labels: labelsOf({ __name__: 'g', k: 'a' }), samples: every15s.map((t) => [t, t % 7] as const) },
  {
    labels: labelsOf({ __name__: 'ended' }),
    samples: [
      [0, 1],
      [60_000, 2],
      [120_000, 'stale'],
    ] as const,
  },
  { labels: labelsOf({ __name__: 'h' }), samples: every15s.map((t) => [t, histogram] as const) },
];
const engineWith = (limits: Partial<EngineLimits> = {}) =>
  createEngine(new MemoryQueryable(series), { ...DEFAULT_LIMITS, experimental: true, perStepStats: true, ...limits });
const range = (expr: string, stepMs = 60_000): QueryRequest => ({
  expr,
  start: 60_000,
  end: 240_000,
  stepMs,
  perStep: true,
});
const instant = (expr: string, t: number): QueryRequest => ({ expr, start: t, end: t, stepMs: 0, perStep: true });

async function counted(request: QueryRequest) {
  const { steps } = (await engineWith().query(request)).stats;
  return { queryable: [...steps!.queryable], read: [...steps!.read] };
}

describe('what a step looks at', () => {
  const each = (n: number) => [n, n, n, n];
  test.each<[expr: string, queryable: number[], read: number[]]>([
    ['1', each(0), each(0)],
    ['time()', each(0), each(0)],
    ['g', each(1), each(1)],
    ['g + g', each(2), each(2)],
    ['ended', [1, 0, 0, 0], [1, 0, 0, 0]],
    ['count_over_time(ended[2m])', [2, 1, 0, 0], [2, 0, 0, 0]],
    ['rate(g[1m])', each(4), each(4)],
    ['rate(g[90s])', [5, 6, 6, 6], [5, 4, 4, 4]],
    ['rate(g[30s])', each(2), each(2)],
    ['sum_over_time(g[1m] @ 60)', each(4), [4, 0, 0, 0]],
    ['g @ 60 + g', each(2), [2, 1, 1, 1]],
    ['timestamp(h)', each(1), each(1)],
    ['timestamp(g @ 60)', each(1), [1, 0, 0, 0]],
    ['h', each(HISTOGRAM_SIZE), each(HISTOGRAM_SIZE)],
    ['histogram_quantile(0.5, rate(h[1m]))', each(4 * HISTOGRAM_SIZE), each(4 * HISTOGRAM_SIZE)],
    ['histogram_count(h)', each(STATS_SIZE), each(STATS_SIZE)],
    ['topk(scalar(g), g)', each(2), each(2)],
    ['quantile_over_time(scalar(g), g[1m])', each(5), each(5)],
    ['max_over_time(g[1m:30s])', each(2), each(2)],
    // Steps a minute apart do not use what lies between their windows.
    ['max_over_time(g[30s:15s])', each(2), each(2)],
    // Three windows of a step of the subquery; each of them is read once, by the step that comes to it first.
    ['max_over_time(sum_over_time(g[30s])[90s:30s])', each(3), [5, 4, 4, 4]],
    ['max_over_time(g[1m:30s] offset 30s)', each(2), each(2)],
  ])('%s', async (expr, queryable, read) => {
    expect(await counted(range(expr))).toEqual({ queryable, read });
  });

  test.each([
    ['g[1m]', 4, 4],
    ['h[1m]', 4 * HISTOGRAM_SIZE, 4 * HISTOGRAM_SIZE],
    ['g[1m:30s]', 2, 2],
    // Its second window shares two samples with the first.
    ['rate(g[1m])[1m:30s]', 8, 6],
  ])('%s by itself', async (expr, queryable, read) => {
    expect(await counted(instant(expr, 120_000))).toEqual({ queryable: [queryable], read: [read] });
  });

  test.each([
    'ended or g',
    'sum(rate(g[2m])) / count(h)',
    'max_over_time(rate(g[45s])[2m:20s] offset 10s)',
    'absent(nothing) + on() count(g)',
    'sum_over_time(avg_over_time(h[40s])[1m:10s])',
    'predict_linear(g[1m] @ 60, time())',
    'info(g)',
  ])('%s: what it would as an instant query', async (expr) => {
    const { queryable } = await counted(range(expr, 30_000));
    const alone = queryable.map(async (_, i) => (await counted(instant(expr, 60_000 + i * 30_000))).queryable[0]);
    expect(queryable).toEqual(await Promise.all(alone));
    expect(queryable.some((n) => n > 0)).toBe(true);
  });
});

test('steps are told with their times in seconds, and sums of them', async () => {
  const { stats } = await engineWith().query({ ...range('rate(g[90s])'), end: 120_500 });
  expect(statsJson(stats, 0).samples).toEqual({
    totalQueryableSamplesPerStep: [
      [60, 5],
      [120, 6],
    ],
    totalQueryableSamples: 11,
    samplesReadPerStep: [
      [60, 5],
      [120, 4],
    ],
    samplesRead: 9,
    peakSamples: 9,
  });
});

test('steps are counted where that is asked for and the feature is on, only', async () => {
  const plain = (await engineWith().query({ ...range('g'), perStep: false })).stats;
  const off = (await engineWith({ perStepStats: undefined }).query(range('g'))).stats;
  expect([plain.steps, off.steps]).toEqual([undefined, undefined]);
});

test('what counting holds is not taken from the query', async () => {
  // 600 cells of the subquery fit once.
  const engine = engineWith({ maxSamples: 700 });
  const { stats } = await engine.query(instant('max_over_time(g[10m:1s])', 600_000));
  expect([...stats.steps!.queryable]).toEqual([600]);
});

test('counting says nothing of what it comes across', async () => {
  const expr = 'max_over_time(rate(g[1m])[2m:30s])';
  const { infos, warnings } = await engineWith().query(range(expr));
  const plain = await engineWith().query({ ...range(expr), perStep: false });
  expect(infos).toHaveLength(1);
  expect({ infos, warnings }).toEqual({ infos: plain.infos, warnings: plain.warnings });
});
