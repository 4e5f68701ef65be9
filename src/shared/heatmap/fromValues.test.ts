import fc from 'fast-check';
import { boundsFor, heatmapFromValues } from './fromValues.ts';
import { sumOf } from './overlay.ts';

const series = (values: number[]) => ({
  times: Float64Array.from(values, (_, i) => (i + 1) * 1000),
  values: Float64Array.from(values),
});

test('the values of three instances at one time are three observations', () => {
  const model = heatmapFromValues({ series: [series([1, 2]), series([1, 90]), series([3, NaN])], unit: 's' });
  if (model.kind === 'empty') throw new Error(model.reason);
  const rows = model.yEdges.length - 1;
  const total = (x: number) => model.counts.subarray(x * rows, (x + 1) * rows).reduce((a, b) => a + b, 0);
  expect([total(0), total(1)]).toEqual([3, 2]);
});

test('no values are no heatmap, in words', () => {
  expect(heatmapFromValues({ series: [series([NaN])], unit: 's' })).toEqual({
    kind: 'empty',
    reason: 'no values in this time range',
  });
});

test('law: every value is in a bucket that holds it, and there are few buckets', () => {
  const value = fc.oneof(
    fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
    fc.double({ min: -1e12, max: 1e12, noNaN: true }),
    fc.constantFrom(0, -0, 5e-324, 1e308, -1e308),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 30 }), (values) => {
      const edges = boundsFor(Math.min(...values), Math.max(...values));
      expect(edges.length).toBeLessThanOrEqual(100);
      for (let i = 1; i < edges.length; i++) expect(edges[i]).toBeGreaterThan(edges[i - 1]);
      expect(edges[0]).toBeLessThanOrEqual(Math.min(...values));
      expect(edges[edges.length - 1]).toBeGreaterThanOrEqual(Math.max(...values));
      const model = heatmapFromValues({ series: [series(values)], unit: 's' });
      if (model.kind === 'empty') throw new Error(model.reason);
      expect(model.counts.reduce((sum, count) => sum + (count > 0 ? count : 0), 0)).toBe(values.length);
    }),
  );
});

test('law: histograms laid over each other keep every observation', () => {
  const values = fc.array(fc.double({ min: 0.001, max: 100, noNaN: true }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 4 }), (all) => {
      const models = all
        .map((one) => heatmapFromValues({ series: [series(one)], unit: 's' }))
        .filter((m) => m.kind === 'heatmap');
      const sum = sumOf(models);
      if (sum.kind === 'empty') throw new Error(sum.reason);
      expect(sum.counts.reduce((a, b) => a + (b > 0 ? b : 0), 0)).toBeCloseTo(all.flat().length, 6);
    }),
  );
});
