import fc from 'fast-check';
import { bucketQuantile } from '../histogram/classic.ts';
import { labelsOf } from '../model/labels.ts';
import { heatmapFromBuckets, maxCount, parseBound, type BucketSeries } from './fromBuckets.ts';
import { heatmapFromCells } from './fromCells.ts';
import type { HeatmapModel } from './model.ts';
import { quantileLines } from './quantileLines.ts';

const series = (labels: Record<string, string>, times: number[], values: number[]): BucketSeries => ({
  labels: labelsOf(labels),
  times: Float64Array.from(times),
  values: Float64Array.from(values),
});
const asGiven = { countUnit: 'count', unit: 's' } as const;
const slice = (model: HeatmapModel, x: number): number[] => {
  const rows = model.yEdges.length - 1;
  return [...model.counts.subarray(x * rows, (x + 1) * rows)];
};
const sum = (counts: Iterable<number>): number => {
  let total = 0;
  for (const count of counts) if (!Number.isNaN(count)) total += count;
  return total;
};

test('cumulative buckets become counts of their own, the first from 0, the last open', () => {
  const { models } = heatmapFromBuckets({
    ...asGiven,
    series: [
      series({ le: '+Inf' }, [1000, 2000], [10, 4]),
      series({ le: '0.1' }, [1000, 2000], [3, 0]),
      series({ le: '1' }, [1000, 2000], [8, 4]),
    ],
  });
  expect(models).toHaveLength(1);
  expect([...models[0].yEdges]).toEqual([0, 0.1, 1, Infinity]);
  expect([...models[0].xEdges]).toEqual([0, 1000, 2000]);
  expect(slice(models[0], 0)).toEqual([3, 5, 2]);
  expect(slice(models[0], 1)).toEqual([0, 4, 0]);
  expect(models[0].openTop).toBe(true);
});

test('missing steps leave one slice without data, zero stays zero', () => {
  const { models } = heatmapFromBuckets({
    ...asGiven,
    series: [series({ le: '1' }, [1000, 2000, 6000], [0, 1, 2]), series({ le: '+Inf' }, [1000, 2000, 6000], [0, 1, 2])],
  });
  expect([...models[0].xEdges]).toEqual([0, 1000, 2000, 5000, 6000]);
  expect(slice(models[0], 0)).toEqual([0, 0]);
  expect(slice(models[0], 2)).toEqual([NaN, NaN]);
  expect(slice(models[0], 3)).toEqual([2, 0]);
});

test('a bucket that a time lacks is one with the next one up, which reaches to infinity here', () => {
  const { models } = heatmapFromBuckets({
    ...asGiven,
    series: [
      series({ le: '1' }, [1000, 2000], [1, 1]),
      series({ le: '2' }, [1000], [3]),
      series({ le: '+Inf' }, [1000, 2000], [4, 6]),
    ],
  });
  expect(slice(models[0], 1)).toEqual([1, 0, 5]);
  expect([...models[0].joined!]).toEqual([0, 0, 0, 0, 1, 0]);
  expect(models[0].layoutChanges).toEqual([1]);
  // As histogram_quantile over the slice's own buckets: the open one begins at 1.
  const [line] = quantileLines(models[0], [0.9]);
  expect([line.values[1], line.lows![1], line.highs![1]]).toEqual([1, 1, Infinity]);
});

test('two layouts one after the other: each is drawn with its own bounds, and the change is told', () => {
  const { models } = heatmapFromBuckets({
    ...asGiven,
    series: [
      series({ le: '0.5' }, [1000], [4]),
      series({ le: '2' }, [1000], [10]),
      series({ le: '1' }, [2000], [6]),
      series({ le: '2' }, [2000], [6]),
      series({ le: '+Inf' }, [1000, 2000], [10, 6]),
    ],
  });
  expect([...models[0].yEdges]).toEqual([0, 0.5, 1, 2, Infinity]);
  expect(slice(models[0], 0)).toEqual([4, 2, 4, 0]);
  expect(slice(models[0], 1)).toEqual([3, 3, 0, 0]);
  expect([...models[0].joined!]).toEqual([0, 1, 0, 0, 1, 0, 0, 0]);
  expect(models[0].layoutChanges).toEqual([1]);
  const own = bucketQuantile(0.7, Float64Array.of(0.5, 2, Infinity), Float64Array.of(4, 10, 10));
  expect(quantileLines(models[0], [0.7])[0].values[0]).toBeCloseTo(own, 12);
});

test('every label set apart from le is a histogram of its own; none is lost', () => {
  const versions = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6'];
  const { models, notices } = heatmapFromBuckets({
    ...asGiven,
    series: versions.flatMap((version, i) => [
      series({ version, le: '1' }, [1000], [i]),
      series({ version, le: '+Inf' }, [1000], [i + 1]),
    ]),
  });
  expect(models.map((model) => model.title)).toEqual(versions.map((version) => `{version="${version}"}`));
  expect(notices).toEqual([]);
  expect(maxCount(models)).toBe(5);
});

test('a series without a number in le is named, not dropped in silence', () => {
  const { models, notices } = heatmapFromBuckets({ ...asGiven, series: [series({ job: 'a' }, [1000], [1])] });
  expect(models).toEqual([]);
  expect(notices[0]).toMatch(/1 series without a number in the label le/);
});

test('spellings of one bound are one bucket', () => {
  const { models } = heatmapFromBuckets({
    ...asGiven,
    series: [
      series({ le: '1' }, [1000], [2]),
      series({ le: '1.0' }, [2000], [3]),
      series({ le: '0.30000000000000004' }, [1000], [1]),
      series({ le: '0.3' }, [2000], [1]),
    ],
  });
  expect(models[0].yEdges).toHaveLength(3);
  expect([...models[0].counts]).toEqual([1, 1, 1, 2]);
});

const bound = (text: string, value: number) =>
  test(`le ${JSON.stringify(text)} is ${value}`, () => expect(parseBound(text)).toBe(value));
bound('0.005', 0.005);
bound('5e-3', 0.005);
bound('+Inf', Infinity);
bound('Inf', Infinity);
bound('-1', -1);
bound('', NaN);
bound('0x10', NaN);
bound('<img onerror=alert(1)>', NaN);

/** A histogram with ascending bounds (last +Inf), and counts of buckets for some slices; null is a missing sample. */
const histogram = fc
  .uniqueArray(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), {
    minLength: 1,
    maxLength: 20,
    selector: (b) => b.toPrecision(6),
  })
  .chain((finite) => {
    const bounds = [...finite.map((b) => Number(b.toPrecision(6))).sort((a, b) => a - b), Infinity];
    const counts = fc.array(fc.nat(1_000_000), { minLength: bounds.length, maxLength: bounds.length });
    return fc.record({
      bounds: fc.constant(bounds),
      slices: fc.array(fc.option(counts), { minLength: 1, maxLength: 12 }),
    });
  })
  .filter(({ slices }) => slices.some((counts) => counts !== null));

function cumulativeSeries(bounds: number[], slices: (number[] | null)[]): BucketSeries[] {
  return bounds.map((le, y) => {
    const kept = slices.flatMap((counts, x) => (counts === null ? [] : [{ x, value: sum(counts.slice(0, y + 1)) }]));
    return series(
      { le: String(le).replace('Infinity', '+Inf') },
      kept.map(({ x }) => (x + 1) * 1000),
      kept.map(({ value }) => value),
    );
  });
}

test('law: the cells of a slice sum to its count, and nothing is invented in gaps', () => {
  fc.assert(
    fc.property(histogram, ({ bounds, slices }) => {
      const { models } = heatmapFromBuckets({ ...asGiven, stepMs: 1000, series: cumulativeSeries(bounds, slices) });
      expect(sum(models[0].counts)).toBe(sum(slices.flatMap((counts) => counts ?? [])));
      for (let x = 0; x + 1 < models[0].xEdges.length; x++) {
        const given = slices[models[0].xEdges[x + 1] / 1000 - 1];
        if (given !== null) expect(slice(models[0], x)).toEqual(given);
        else expect(slice(models[0], x).every(Number.isNaN)).toBe(true);
      }
    }),
  );
});

test('law: quantiles of the cells are those of the cumulative buckets to 1e-9', () => {
  const q = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(histogram, fc.array(q, { minLength: 1, maxLength: 5 }), ({ bounds, slices }, qs) => {
      const { models } = heatmapFromBuckets({ ...asGiven, stepMs: 1000, series: cumulativeSeries(bounds, slices) });
      const lines = quantileLines(models[0], qs);
      lines.forEach((line, k) =>
        line.times.forEach((time, x) => {
          const counts = slices[time / 1000 - 1];
          const cumulative = Float64Array.from(bounds, (_, y) => sum((counts ?? []).slice(0, y + 1)));
          const expected = counts === null ? NaN : bucketQuantile(qs[k], Float64Array.from(bounds), cumulative);
          if (Number.isNaN(expected)) expect(line.values[x]).toBeNaN();
          else expect(Math.abs(line.values[x] - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
        }),
      );
    }),
  );
});

test('law: label order and series order do not matter', () => {
  fc.assert(
    fc.property(histogram, fc.infiniteStream(fc.nat()), ({ bounds, slices }, random) => {
      const given = cumulativeSeries(bounds, slices);
      const shuffled = given.map((s) => ({ s, key: random.next().value as number })).sort((a, b) => a.key - b.key);
      const model = heatmapFromBuckets({ ...asGiven, series: given }).models[0];
      const other = heatmapFromBuckets({ ...asGiven, series: shuffled.map(({ s }) => s) }).models[0];
      expect(other.counts).toEqual(model.counts);
      expect(other.yEdges).toEqual(model.yEdges);
    }),
  );
});

test('law: cells of mixed layouts keep their sum, rows are all bounds that occur', () => {
  const cell = fc.record({
    time: fc.integer({ min: 1, max: 20 }),
    lower: fc.integer({ min: -20, max: 20 }),
    width: fc.integer({ min: 1, max: 30 }),
    count: fc.nat(1000),
  });
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1, maxLength: 60 }), (cells) => {
      const model = heatmapFromCells({
        ...asGiven,
        times: cells.map(({ time }) => time * 1000),
        lowers: cells.map(({ lower }) => lower),
        uppers: cells.map(({ lower, width }) => (width === 30 ? Infinity : lower + width)),
        counts: cells.map(({ count }) => count),
      });
      if (model.kind === 'empty') throw new Error(model.reason);
      expect(sum(model.counts)).toBeCloseTo(sum(cells.map(({ count }) => count)), 6);
      for (let y = 1; y < model.yEdges.length; y++) expect(model.yEdges[y]).toBeGreaterThan(model.yEdges[y - 1]);
    }),
  );
});

test('quantiles of cells with a true lower bound start there', () => {
  const model = heatmapFromCells({ ...asGiven, times: [1000], lowers: [3], uppers: [5], counts: [10] }) as HeatmapModel;
  expect(quantileLines(model, [0, 0.5, 1]).map((line) => line.values[0])).toEqual([3, 4, 5]);
});

test('a step that says only that nothing was observed is zero, not a gap', () => {
  const model = heatmapFromCells({
    ...asGiven,
    times: [1000, 2000, 3000],
    lowers: [1, 0, 1],
    uppers: [2, 0, 2],
    counts: [3, 0, 4],
  }) as HeatmapModel;
  expect([...model.yEdges]).toEqual([1, 2]);
  expect([...model.counts]).toEqual([3, 0, 4]);
});

test('observations in a bucket without width are drawn', () => {
  const zeros = { ...asGiven, times: [1000, 1000], lowers: [0, 0], uppers: [0, 1], counts: [5, 2] };
  expect([...(heatmapFromCells(zeros) as HeatmapModel).counts]).toEqual([7]);
  const alone = heatmapFromCells({ ...asGiven, times: [1000], lowers: [0], uppers: [0], counts: [5] }) as HeatmapModel;
  expect([[...alone.yEdges], [...alone.counts]]).toEqual([[-Infinity, 0], [5]]);
});

test('a heatmap of too many cells is refused in words', () => {
  const many = Array.from({ length: 5000 }, (_, i) => i);
  const model = heatmapFromCells({
    ...asGiven,
    times: many,
    lowers: many,
    uppers: many.map((i) => i + 1),
    counts: many,
  });
  expect(model).toEqual({ kind: 'empty', reason: expect.stringMatching(/25000000 cells.*raise the step/) });
});

describe('exponential buckets', () => {
  const cells = (lowers: number[], uppers: number[], counts: number[]): HeatmapModel =>
    heatmapFromCells({ ...asGiven, times: lowers.map(() => 1000), lowers, uppers, counts }) as HeatmapModel;
  const at = (model: HeatmapModel, q: number): number => quantileLines(model, [q])[0].values[0];

  test('are known by their bounds', () => {
    expect(cells([1, 2], [2, 4], [1, 1]).interpolation).toBe('exponential');
    expect(cells([2 ** 0.25, 0], [2 ** 0.5, 1e-9], [1, 1]).interpolation).toBe('exponential');
    expect(cells([0.1, 0.2], [0.2, 0.4], [1, 1]).interpolation).toBe('linear');
    expect(cells([0], [1], [1]).interpolation).toBe('linear');
  });

  test('observations lie evenly in the logarithm', () => {
    expect(at(cells([1, 4], [2, 8], [4, 4]), 0.25)).toBeCloseTo(Math.SQRT2, 12);
    expect(at(cells([-8, -2], [-4, -1], [4, 4]), 0.25)).toBeCloseTo(-4 * Math.SQRT2, 12);
  });

  test('around zero evenly in value, on the side of the others', () => {
    expect(at(cells([-0.5, 1], [0.5, 2], [2, 2]), 0.25)).toBeCloseTo(0.25, 12);
    expect(at(cells([-2, -0.5], [-1, 0.5], [2, 2]), 0.75)).toBeCloseTo(-0.25, 12);
  });

  test('a rank between two buckets goes outwards', () => {
    const model = cells([1, 16], [2, 32], [2, 2]);
    expect(at(model, 0.5)).toBe(16);
    expect(at(model, 0.499999999)).toBeCloseTo(2, 6);
  });

  test('law: quantiles ascend, lie inside the bounds, and dividing buckets does not move them', () => {
    const count = fc.nat(1000);
    fc.assert(
      fc.property(
        fc.array(count, { minLength: 1, maxLength: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (counts, q) => {
          fc.pre(sum(counts) > 0);
          const bounds = counts.map((_, i) => 2 ** (i - 6));
          const uppers = bounds.map((bound) => bound * 2);
          const model = cells(bounds, uppers, counts);
          const value = at(model, q);
          // Interpolated between logarithms, as histogram_quantile does: the last bits of a bound may be lost.
          expect(value).toBeGreaterThanOrEqual(bounds[0] * (1 - 1e-12));
          expect(value).toBeLessThanOrEqual(uppers[uppers.length - 1] * (1 + 1e-12));
          expect(at(model, Math.min(1, q + 0.1))).toBeGreaterThanOrEqual(value * (1 - 1e-12));
          // The same histogram, beside a finer one in another slice that divides all rows in two.
          const fine = bounds.flatMap((bound) => [bound, bound * Math.SQRT2]);
          const mixed = heatmapFromCells({
            ...asGiven,
            times: [...bounds.map(() => 1000), ...fine.map(() => 2000)],
            lowers: [...bounds, ...fine],
            uppers: [...uppers, ...fine.map((bound) => bound * Math.SQRT2)],
            counts: [...counts, ...fine.map(() => 1)],
          }) as HeatmapModel;
          expect(sum(mixed.counts)).toBeCloseTo(sum(counts) + fine.length, 6);
          expect(Math.abs(at(mixed, q) / value - 1)).toBeLessThan(1e-9);
        },
      ),
    );
  });
});

const refused = (name: string, quantile: number, value: number) =>
  test(`a quantile of ${name} is ${value}`, () => {
    const model = heatmapFromCells({
      ...asGiven,
      times: [1000],
      lowers: [2],
      uppers: [4],
      counts: [10],
    }) as HeatmapModel;
    expect(quantileLines(model, [quantile])[0].values[0]).toBe(value);
  });
refused('less than 0', -0.1, -Infinity);
refused('more than 1', 1.1, Infinity);
refused('NaN', NaN, NaN);
