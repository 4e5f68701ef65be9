import { SMALL_NATIVE as histogram } from '../../../tests/support/histogramSeries.ts';
import { MemoryQueryable } from '../../../tests/support/memoryQueryable.ts';
import { labelsOf } from '../../shared/model/labels.ts';
import { createEngine, DEFAULT_LIMITS, type EngineLimits } from './engine.ts';

const series = [
  {
    labels: labelsOf({ __name__: 'm', k: 'a' }),
    samples: [
      [0, 1],
      [60_000, 2],
      [120_000, 'stale'],
    ] as const,
  },
  {
    labels: labelsOf({ __name__: 'n' }),
    samples: [
      [0, histogram],
      [60_000, histogram],
    ] as const,
  },
];
const engineWith = (limits: Partial<EngineLimits> = {}) =>
  createEngine(new MemoryQueryable(series), { ...DEFAULT_LIMITS, ...limits });
const instant = (expr: string, t = 60_000) => ({ expr, start: t, end: t, stepMs: 0 });
const range = (expr: string) => ({ expr, start: 0, end: 120_000, stepMs: 30_000 });

describe('a query', () => {
  test('counts what it read and says how long it took', async () => {
    const { stats } = await engineWith().query(range('m'));
    expect(stats.samplesRead).toBe(3);
    for (const ms of [stats.parseMs, stats.selectMs, stats.evalMs]) expect(ms).toBeGreaterThanOrEqual(0);
  });
  test('answers a range query sorted by labels, scalars as one series without labels', async () => {
    const { value } = await engineWith().query(range('1 + 1'));
    expect(value).toMatchObject({ kind: 'matrix', matrix: { labels: [[]], values: Float64Array.of(2, 2, 2, 2, 2) } });
  });
  test('over a range must be a vector or a scalar', async () => {
    await expect(engineWith().query(range('m[1m]'))).rejects.toThrow(
      'invalid expression type "range vector" for range query',
    );
    await expect(engineWith().query(range('"a"'))).rejects.toThrow('invalid expression type "string"');
  });
  test('that cannot be read is bad data, with line and column', async () => {
    await expect(engineWith().query(instant('sum(\n  m'))).rejects.toMatchObject({
      errorType: 'bad_data',
      message: expect.stringMatching(/^2:4: parse error: /),
    });
  });
  test('over too many samples is refused, read or held', async () => {
    await expect(engineWith({ maxSamples: 1 }).query(range('m'))).rejects.toThrow(
      /reads more samples than 2, 2 times --query.max-samples=1;/,
    );
    await expect(engineWith({ maxSamples: 1000 }).query(instant('sum_over_time(m[1h:100ms])'))).rejects.toThrow(
      /query holds \d+ samples, over --query.max-samples=1000/,
    );
  });
  test('over too much memory is refused, whatever it holds', async () => {
    const says = /query takes over 30 bytes of memory, --query.max-memory; /;
    for (const expr of ['m', 'm > 0', 'sum by (job) (m)', 'sum_over_time(m[1h:1s])'])
      await expect(engineWith({ maxBytes: 30 }).query(range(expr))).rejects.toThrow(says);
    await expect(engineWith({ maxBytes: 10_000_000 }).query(range('m > 0'))).resolves.toBeDefined();
  });
  test('whose subquery has too many steps is refused before memory is taken for them', async () => {
    // A century of milliseconds: no array could be as long.
    await expect(engineWith().query(instant('count_over_time(m[100y:1ms])'))).rejects.toThrow(
      /query holds \d+ samples, over --query.max-samples=/,
    );
  });
  test('stops when aborted, also before it began', async () => {
    await expect(engineWith().query({ ...range('m'), signal: AbortSignal.abort() })).rejects.toMatchObject({
      errorType: 'canceled',
    });
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 30);
    const long = { ...range('sum_over_time(quantile_over_time(0.5, m[5m:10ms])[1h:10ms])'), signal: abort.signal };
    await expect(engineWith({ maxSamples: 1e12 }).query(long)).rejects.toMatchObject({ errorType: 'canceled' });
  });
  test('ends at its timeout in the middle of a single series', async () => {
    const long = { ...range('quantile_over_time(0.5, vector(1)[10h:10ms])'), timeoutMs: 20 };
    await expect(engineWith().query(long)).rejects.toMatchObject({ errorType: 'timeout' });
  });
  test('over long windows, computed in slices, is what it would be in one piece', async () => {
    const sums = async (expr: string) => {
      const { value } = await engineWith().query({ expr, start: 0, end: 60_000, stepMs: 6_000 });
      return value.kind === 'matrix' ? [...value.matrix.values] : [];
    };
    const points = 2 ** 18;
    const got = await sums(`sum_over_time(vector(time() * 0 + 1)[${points}s:1s])`);
    expect(got).toEqual(Array.from({ length: 11 }, () => points));
  });
  test('looks back as far as it is told', async () => {
    const back = async (lookbackDeltaMs: number) => {
      const { value } = await engineWith().query({ ...instant('m', 90_000), lookbackDeltaMs });
      return value.kind === 'vector' ? value.matrix.labels.length : -1;
    };
    expect(await back(30_000)).toBe(0);
    expect(await back(30_001)).toBe(1);
  });
});

describe('native histograms', () => {
  test('are selected', async () => {
    const given = { ...histogram, counterReset: expect.any(String) };
    const { value } = await engineWith().query(instant('n'));
    expect(value).toMatchObject({ kind: 'vector', matrix: { histograms: new Map([[0, given]]) } });
    const raw = await engineWith().query(instant('n[5m]'));
    expect(raw.value).toMatchObject({
      kind: 'raw',
      series: [
        {
          histograms: new Map([
            [0, given],
            [1, given],
          ]),
        },
      ],
    });
  });
  test.each([
    ['histogram_count(n)', 4],
    ['histogram_sum(n)', 6],
    ['histogram_avg(n)', 1.5],
    ['count(n)', 1],
  ])('%s is %d', async (expr, expected) => {
    const { value } = await engineWith().query(instant(expr));
    expect(value).toMatchObject({ matrix: { values: Float64Array.of(expected) } });
  });
  test.each([
    ['histogram_count(sum(n))', 4],
    ['histogram_sum(n + n)', 12],
    ['histogram_count(n * 2)', 8],
    ['histogram_sum(-n)', -6],
    ['histogram_count(avg_over_time(n[5m]))', 4],
    ['histogram_count(rate(n[5m]))', 0],
    ['resets(n[5m])', 0],
    ['changes(n[5m])', 0],
  ])('are computed with: %s is %d', async (expr, expected) => {
    const { value } = await engineWith().query(instant(expr));
    expect(value).toMatchObject({ matrix: { values: Float64Array.of(expected) } });
  });
  test.each([
    ['n + 1', 'incompatible sample types encountered for binary operator "+": histogram + float (1:1)'],
    ['max(n)', 'ignored histogram in max aggregation (1:5)'],
  ])('%s gives nothing and says why', async (expr, words) => {
    const { value, infos } = await engineWith().query(instant(expr));
    expect(value).toMatchObject({ matrix: { labels: [] } });
    expect(infos).toEqual([`PromQL info: ${words}`]);
  });
});
