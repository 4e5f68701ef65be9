/** Differences, folds, steps, modes and the bucket doctor. */
import fc from 'fast-check';
import { modesOf, stepChanges } from './changes.ts';
import { inUnit } from './convert.ts';
import { differenceFrom, differenceOf } from './difference.ts';
import { diagnose } from './doctor.ts';
import { foldModel } from './fold.ts';
import type { HeatmapModel } from './model.ts';

const MINUTE = 60_000;

function modelOf(yEdges: number[], columns: number[][], more: Partial<HeatmapModel> = {}): HeatmapModel {
  return {
    kind: 'heatmap',
    xEdges: Float64Array.from({ length: columns.length + 1 }, (_, i) => i * MINUTE),
    yEdges: Float64Array.from(yEdges),
    counts: Float64Array.from(columns.flat()),
    countUnit: 'count',
    unit: 's',
    openTop: yEdges[yEdges.length - 1] === Infinity,
    openBottom: true,
    ...more,
  };
}

const column = ({ counts, yEdges }: HeatmapModel, x: number): number[] => [
  ...counts.subarray(x * (yEdges.length - 1), (x + 1) * (yEdges.length - 1)),
];
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

describe('differences', () => {
  test('are of shares: twice the load with the same latencies is no difference', () => {
    const now = modelOf([0, 1, 2], [[20, 60]]);
    const earlier = modelOf([0, 1, 2], [[10, 30]]);
    expect(column(differenceOf(now, earlier), 0)).toEqual([0, 0]);
  });

  test('of other bounds are told over the bounds of both', () => {
    const now = modelOf([0, 1, 2, 4], [[0, 8, 0]]);
    const earlier = modelOf([0, 2, 4], [[4, 4]]);
    const difference = differenceOf(now, earlier);
    expect([...difference.yEdges]).toEqual([0, 1, 2, 4]);
    expect(column(difference, 0)).toEqual([-0.25, 0.75, -0.5]);
  });

  test('from what was before a time: a known shift shows where it went', () => {
    const model = modelOf(
      [0, 1, 2],
      [
        [9, 1],
        [9, 1],
        [1, 9],
      ],
    );
    const difference = differenceFrom(model, 0, 2 * MINUTE)!;
    expect(column(difference, 0)).toEqual([0, 0]);
    expect(column(difference, 2).map((v) => Math.round(v * 1e9) / 1e9)).toEqual([-0.8, 0.8]);
    expect(differenceFrom(model, -5, -1)).toBeUndefined();
  });

  test('law: the cells of a slice sum to zero, and nobody’s gap is a difference', () => {
    const counts = fc.array(fc.array(fc.nat(50), { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 6 });
    const edges = fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 3, maxLength: 3 });
    const model = fc
      .tuple(counts, edges)
      .map(([columns, bounds]) => modelOf([0, ...bounds.sort((a, b) => a - b)], columns));
    fc.assert(
      fc.property(model, model, (a, b) => {
        const difference = differenceOf(a, b);
        for (let x = 0; x + 1 < a.xEdges.length; x++) {
          const cells = column(difference, x);
          const both = x + 1 < b.xEdges.length && sum(column(a, x)) > 0 && sum(column(b, x)) > 0;
          if (both) expect(sum(cells)).toBeCloseTo(0, 9);
          else expect(cells.every(Number.isNaN)).toBe(true);
        }
      }),
    );
  });
});

test('a job at three every night is one column of the day', () => {
  const columns = Array.from({ length: 48 }, (_, hour) => [10, hour % 24 === 3 ? 90 : 0]);
  const model = {
    ...modelOf([0, 1, 2], columns),
    xEdges: Float64Array.from({ length: 49 }, (_, i) => i * 60 * MINUTE),
  };
  const day = foldModel(model, 'day', () => 0);
  expect(column(day, 3)).toEqual([20, 180]);
  expect(column(day, 4)).toEqual([20, 0]);
  expect(
    column(
      foldModel(model, 'day', () => 60 * MINUTE),
      4,
    ),
  ).toEqual([20, 180]);
  expect(
    column(
      foldModel({ ...model, countUnit: 'perSecond' }, 'day', () => 0),
      3,
    ),
  ).toEqual([10, 90]);
  const week = foldModel(model, 'week', () => 0);
  // 1 January 1970 was a Thursday.
  expect(column(week, 3 * 24 + 3)).toEqual([10, 90]);
  expect(column(week, 0)).toEqual([NaN, NaN]);
});

test('counts become rates and rates counts by the length of their slice', () => {
  const model = modelOf([0, 1, 2], [[120, 6]]);
  expect(column(inUnit(model, 'perSecond'), 0)).toEqual([2, 0.1]);
  expect(column(inUnit(inUnit(model, 'perSecond'), 'count'), 0)).toEqual([120, 6]);
});

describe('changes', () => {
  const noisy = (means: number[], seed = 7): HeatmapModel => {
    let state = seed;
    const random = () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
    const bounds = [0, ...Array.from({ length: 24 }, (_, i) => 0.01 * 1.4 ** i), Infinity];
    const columns = means.map((mean) => {
      const counts = new Array<number>(bounds.length - 1).fill(0);
      for (let i = 0; i < 200; i++) {
        const value = mean * Math.exp(0.4 * (random() + random() + random() - 1.5) * 2);
        counts[bounds.findIndex((bound) => bound >= value) - 1]++;
      }
      return counts;
    });
    return modelOf(bounds, columns);
  };

  test('one step is found where it is, and noise has none', () => {
    const step = noisy([...new Array<number>(40).fill(0.1), ...new Array<number>(40).fill(0.2)]);
    expect(stepChanges(step).map(({ time }) => time / MINUTE)).toEqual([40]);
    for (let seed = 1; seed <= 20; seed++)
      expect(stepChanges(noisy(new Array<number>(80).fill(0.1), seed))).toEqual([]);
  });

  test('two modes are found, one is one', () => {
    const two = modesOf(noisy([...new Array<number>(40).fill(0.05), ...new Array<number>(40).fill(1)]));
    expect(two).toHaveLength(2);
    expect(two[0]).toBeGreaterThan(0.03);
    expect(two[0]).toBeLessThan(0.08);
    expect(modesOf(noisy(new Array<number>(40).fill(0.1)))).toHaveLength(1);
  });

  test('law: whatever the counts, both end and stay inside', () => {
    const columns = fc.array(fc.array(fc.oneof(fc.nat(9), fc.constant(NaN)), { minLength: 4, maxLength: 4 }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(columns, (counts) => {
        const model = modelOf([0, 1, 2, 4, Infinity], counts);
        for (const { time } of stepChanges(model)) expect(model.xEdges).toContain(time);
        for (const mode of modesOf(model)) expect(mode).toBeGreaterThan(1);
      }),
    );
  });
});

describe('the bucket doctor', () => {
  const words = { formatY: (v: number) => `${v} s`, formatShare: (s: number) => `${Math.round(s * 1000) / 10} %` };
  const kinds = (model: HeatmapModel, quantiles: number[], limits: number[] = []) =>
    diagnose({ model, quantiles, limits, ...words });

  test('finds that a language model server cannot see below 300 ms', () => {
    const model = modelOf([0, 0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, Infinity], [[900, 40, 20, 10, 10, 10, 5, 3, 2, 0]]);
    const { findings, suggested } = kinds(model, [0.5], [0.2]);
    expect(findings.map(({ kind }) => kind)).toEqual(['first', 'limit']);
    expect(findings[0].text).toMatch(/90 % lie in the first bucket, up to 0.3 s/);
    expect(suggested).toContain(0.2);
    expect(suggested!.filter((bound) => bound < 0.3).length).toBeGreaterThan(3);
  });

  test('finds that three buckets answer little', () => {
    const model = modelOf([0, 0.1, 0.5, 1, Infinity], [[500, 300, 100, 100]]);
    const { findings } = kinds(model, [0.5, 0.75, 0.99]);
    expect(findings.map(({ kind }) => kind)).toEqual(['overflow', 'quantile', 'few']);
    expect(findings[0].text).toMatch(/10 % lie over the last bound, 1 s, so p99 read as 1 s/);
    expect(findings[1].text).toMatch(/p75 lies somewhere between 0.1 s and 0.5 s/);
  });

  test('has nothing to say of buckets that serve', () => {
    const bounds = [0, ...Array.from({ length: 12 }, (_, i) => 0.05 * 1.4 ** i), Infinity];
    const model = modelOf(bounds, [bounds.slice(1).map((_, i) => (i === 12 ? 0 : 50 - (i - 6) ** 2))]);
    expect(kinds(model, [0.5, 0.95, 0.99], [0.05]).findings).toEqual([]);
  });

  test('law: suggested bounds ascend, hold the limits, and are few', () => {
    const counts = fc.array(fc.nat(100), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(counts, fc.double({ min: 0.01, max: 5, noNaN: true }), (row, limit) => {
        const { suggested = [] } = kinds(modelOf([0, 0.3, 0.5, 1, Infinity], [row]), [0.5, 0.99], [limit]);
        for (let i = 1; i < suggested.length; i++) expect(suggested[i]).toBeGreaterThan(suggested[i - 1]);
        expect(suggested.length).toBeLessThanOrEqual(22);
        if (suggested.length > 0) expect(suggested.some((bound) => Math.abs(bound - limit) < 1e-6)).toBe(true);
      }),
    );
  });
});
