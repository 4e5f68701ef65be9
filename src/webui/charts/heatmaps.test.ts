import { bucketQuantile } from '../../shared/histogram/classic.ts';
import type { ReadDistribution } from '../../shared/api/distributionColumns.ts';
import { limitShares } from '../../shared/heatmap/limitShares.ts';
import { QUANTILES, heatmapsOf, isAtLeast, mapsOfDistribution, sharesOf, sliceTotals } from './heatmaps.ts';

const grid = { start: 60_000, end: 90_000, step: 15_000 };
const bucket = (version: string, le: string, ...values: number[]) => ({
  metric: { version, le },
  values: Float64Array.from(values),
});
const series = [
  bucket('v2', '0.1', 1, 2, NaN),
  bucket('v2', '1', 3, 2, NaN),
  bucket('v2', '+Inf', 4, 2, NaN),
  bucket('v1', '0.1', 5, 0, 1),
  bucket('v1', '+Inf', 5, 0, 2),
];
const title = ({ version }: Readonly<Record<string, string>>) => version;

test('each label set apart from le is a map, in the order of titles', () => {
  const { maps, notices } = heatmapsOf(series, grid, 's', title);
  expect(maps.map((map) => map.title)).toEqual(['v1', 'v2']);
  expect(notices).toEqual([]);
});

test('lines are the quantiles of the buckets', () => {
  const [, v2] = heatmapsOf(series, grid, 's', title).maps;
  QUANTILES.forEach((q, i) => {
    const expected = bucketQuantile(q, Float64Array.of(0.1, 1, Infinity), Float64Array.of(1, 3, 4));
    expect(v2.lines[i].values[0]).toBeCloseTo(expected, 12);
  });
});

test('a slice’s total is all that was observed in it; an idle slice has 0, an unknown one none', () => {
  const [v1, v2] = heatmapsOf(series, grid, 's', title).maps;
  expect([...sliceTotals(v1.model).values]).toEqual([5, 0, 2]);
  expect([...v2.totals.values].filter((total) => !Number.isNaN(total))).toEqual([4, 2]);
});

test('a native histogram is a map of its own buckets', () => {
  const histogram = {
    count: '3',
    sum: '1',
    buckets: [
      [0, '0.5', '1', '2'],
      [0, '1', '2', '1'],
    ] as [number, string, string, string][],
  };
  const values = new Float64Array(3).fill(NaN);
  const { maps } = heatmapsOf(
    [{ metric: { version: 'n' }, values, histograms: [undefined, histogram, undefined] }],
    grid,
    's',
    title,
  );
  expect([...maps[0].model.yEdges]).toEqual([0.5, 1, 2]);
  expect([...maps[0].model.counts]).toEqual([2, 1]);
  expect([...maps[0].model.xEdges]).toEqual([60_000, 75_000]);
});

test('groups of a distribution are maps, with its quantiles, on the grid that they are to stand on', () => {
  const layout = { kind: 'classic', bounds: Float64Array.of(0, 0.1, Infinity) } as const;
  const group = (...counts: number[]) => ({
    layouts: [layout],
    layoutOf: Float64Array.of(0, 0, NaN),
    counts: Float64Array.from(counts),
    total: Float64Array.of(counts[0] + counts[1], counts[2] + counts[3], NaN),
    mean: undefined,
    resets: Float64Array.of(0, 1, NaN),
    quantiles: [0.05, 0.09, 0.1].map((value) => Float64Array.of(value, NaN, NaN)),
    // Not what the cells give: a limit inside a bucket, and an observation of NaN, which is in no cell.
    shares: [Float64Array.of(0.25, 0.75, NaN)],
  });
  const groups = [group(30, 60, 0, 0), group(1, 2, 3, 4)];
  const head = {
    expr: '',
    window: 30,
    columns: { limits: ['0.05'] },
    groups: ['v2', 'v1'].map((version) => ({ metric: { version } })),
    warnings: ['half'],
  };
  const on = {
    grid: { ...grid, start: 1_060_000, end: 1_090_000 },
    unit: 's',
    countUnit: 'perSecond',
    titleOf: title,
  } as const;
  const { maps, notices } = mapsOfDistribution(
    { head, groups, edges: new Float64Array() } as unknown as ReadDistribution,
    on,
  );
  expect(notices).toEqual(['half']);
  expect(maps.map((map) => map.title)).toEqual(['v1', 'v2']);
  const [, v2] = maps;
  expect([...v2.model.xEdges]).toEqual([1_045_000, 1_060_000, 1_075_000, 1_090_000]);
  expect([...v2.model.counts]).toEqual([1, 2, 0, 0, NaN, NaN]);
  expect([...v2.totals.values]).toEqual([3, 0, NaN]);
  expect(v2.model.resets).toEqual([1]);
  expect(v2.lines.map(({ name, values, highs }) => [name, values[0], values[1], highs![0]])).toEqual([
    ['p50', 0.05, NaN, Infinity],
    ['p95', 0.09, NaN, Infinity],
    ['p99', 0.1, NaN, Infinity],
  ]);
  const [v1] = maps;
  expect(sharesOf(v1, [0.05])).toEqual([
    {
      limit: 0.05,
      bySlice: Float64Array.of(0.25, 0.75, NaN),
      share: (3 * 0.25 + 7 * 0.75) / 10,
      least: 0,
      most: expect.closeTo(0.4, 12),
    },
  ]);
  expect(sharesOf(v1, [0.1, 0.05])).toEqual([limitShares(v1.model, [0.1])[0], ...sharesOf(v1, [0.05])]);
  expect(sharesOf({ ...v1, model: { ...v1.model, countUnit: 'shareDifference' } }, [0.05])).toEqual([]);
});

test('series that are no buckets are no map', () =>
  expect(heatmapsOf([{ metric: { job: 'x' }, values: Float64Array.of(1, 2, 3) }], grid, 's', title).maps).toEqual([]));

test('a quantile in the overflow bucket is said to be at least that bucket’s lower bound', () => {
  const [{ model }] = heatmapsOf(
    [bucket('v', '0.1', 1), bucket('v', '+Inf', 1)],
    { ...grid, end: 60_000 },
    's',
    title,
  ).maps;
  expect(isAtLeast(model, 0.1)).toBe(true);
  expect(isAtLeast(model, 0.09)).toBe(false);
});
