import fc from 'fast-check';
import { bucketFraction } from '../histogram/classic.ts';
import { nativeFraction } from '../histogram/distribution.ts';
import { exponentialBound } from '../histogram/bounds.ts';
import type { NativeHistogram } from '../histogram/native.ts';
import { limitShares } from './limitShares.ts';
import type { HeatmapModel } from './model.ts';

const modelOf = (
  yEdges: readonly number[],
  counts: readonly number[],
  more: Partial<HeatmapModel> = {},
): HeatmapModel => ({
  kind: 'heatmap',
  xEdges: Float64Array.from({ length: counts.length / (yEdges.length - 1) + 1 }, (_, i) => i * 1000),
  yEdges: Float64Array.from(yEdges),
  counts: Float64Array.from(counts),
  countUnit: 'count',
  unit: 's',
  openTop: yEdges.at(-1) === Infinity,
  openBottom: true,
  ...more,
});

const bounds = fc
  .uniqueArray(fc.integer({ min: -40, max: 200 }), { minLength: 2, maxLength: 10 })
  .map((list) => list.sort((a, b) => a - b).map((n) => n / 16));
const limits = fc.integer({ min: -50, max: 220 }).map((n) => n / 17);

test('the share under a limit is what histogram_fraction gives for classic buckets', () => {
  fc.assert(
    fc.property(bounds, limits, fc.array(fc.nat(50), { minLength: 11, maxLength: 11 }), (uppers, limit, raw) => {
      const counts = raw.slice(0, uppers.length + 1);
      let sum = 0;
      const cumulative = Float64Array.from(counts, (count) => (sum += count));
      const expected = bucketFraction(-Infinity, limit, Float64Array.of(...uppers, Infinity), cumulative);
      const model = modelOf([uppers[0] > 0 ? 0 : -Infinity, ...uppers, Infinity], counts);
      const [{ bySlice, share, least, most }] = limitShares(model, [limit]);
      if (Number.isNaN(expected)) return expect([bySlice[0], share, least, most]).toEqual([NaN, NaN, NaN, NaN]);
      expect(bySlice[0]).toBeCloseTo(expected, 9);
      expect(share).toBeCloseTo(expected, 9);
      expect(least).toBeLessThanOrEqual(share + 1e-12);
      expect(most).toBeGreaterThanOrEqual(share - 1e-12);
    }),
  );
});

test('the share under a limit is what histogram_fraction gives for exponential buckets', () => {
  const indexes = fc.integer({ min: -6, max: 6 });
  fc.assert(
    fc.property(
      indexes,
      fc.array(fc.nat(20), { minLength: 1, maxLength: 8 }),
      fc.nat(5),
      limits,
      (first, counts, zero, limit) => {
        const threshold = exponentialBound(first - 1, 0) / 2;
        const h: NativeHistogram = {
          schema: 0,
          zeroThreshold: threshold,
          zeroCount: zero,
          count: counts.reduce((sum, count) => sum + count, zero),
          sum: 1,
          positiveSpans: [{ offset: first, length: counts.length }],
          negativeSpans: [],
          positiveBuckets: Float64Array.from(counts),
          negativeBuckets: new Float64Array(0),
          counterReset: 'unknown',
        };
        const edges = [
          -threshold,
          threshold,
          ...Array.from({ length: counts.length + 1 }, (_, i) => exponentialBound(first - 1 + i, 0)),
        ];
        const model = modelOf(edges, [zero, 0, ...counts], { interpolation: 'exponential', openBottom: false });
        const expected = nativeFraction(-Infinity, limit, h);
        const [{ share }] = limitShares(model, [limit]);
        if (Number.isNaN(expected)) expect(share).toBeNaN();
        else expect(share).toBeCloseTo(expected, 9);
      },
    ),
  );
});

test('a limit on a bucket bound is certain; one between bounds says how far it may be off', () => {
  const model = modelOf([0, 1, 2, Infinity], [5, 3, 2, 5, 3, 2]);
  expect(limitShares(model, [1, 1.5, 4])).toMatchObject([
    { share: 0.5, least: 0.5, most: 0.5 },
    { share: 0.65, least: 0.5, most: 0.8 },
    { share: 0.8, least: 0.8, most: 1 },
  ]);
});
