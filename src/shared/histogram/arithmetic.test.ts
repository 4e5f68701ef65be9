import fc from 'fast-check';
import { customOf, exponentialOf } from '../../../tests/support/observedHistograms.ts';
import { compacted, divided, HistogramSum, multiplied } from './arithmetic.ts';
import { bucketsOf } from './buckets.ts';
import type { NativeHistogram } from './native.ts';
import { isReset, sameHistogram } from './resets.ts';

/** Sixteenths, so that sums are exact. */
const observations = fc.array(
  fc.integer({ min: -160, max: 160 }).map((v) => v / 16),
  { maxLength: 30 },
);
const schema = fc.integer({ min: -2, max: 5 });
const threshold = fc.constantFrom(0, 0.25, 1, 2);
const bounds = fc
  .uniqueArray(fc.integer({ min: -8, max: 8 }), { maxLength: 6 })
  .map((list) => Float64Array.from(list).sort());

function added(a: NativeHistogram, b: NativeHistogram, sign: 1 | -1 = 1, compensated = false): NativeHistogram {
  const sum = new HistogramSum(a, compensated);
  expect(sum.add(b, sign)).toBe(true);
  return sum.result();
}

const same = (a: NativeHistogram, b: NativeHistogram) => expect(sameHistogram(compacted(a), compacted(b))).toBe(true);

describe('adding histograms', () => {
  test('gives the histogram of all their observations, in the coarser schema', () =>
    fc.assert(
      fc.property(observations, observations, schema, schema, threshold, fc.boolean(), (a, b, s, z, t, compensated) =>
        same(
          added(exponentialOf(a, s, t), exponentialOf(b, z, t), 1, compensated),
          exponentialOf([...a, ...b], Math.min(s, z), t),
        ),
      ),
    ));

  test('whose zero thresholds differ gives the histogram under the wider one, where it cuts no bucket', () =>
    fc.assert(
      fc.property(observations, observations, schema, (a, b, s) =>
        same(
          added(exponentialOf(a, s < 0 ? 0 : s, 0.25), exponentialOf(b, s < 0 ? 0 : s, 2)),
          exponentialOf([...a, ...b], s < 0 ? 0 : s, 2),
        ),
      ),
    ));

  test('loses no observation, whatever their layouts', () =>
    fc.assert(
      fc.property(observations, observations, schema, threshold, threshold, (a, b, s, t, u) => {
        const sum = added(exponentialOf(a, s, t), exponentialOf(b, s, u));
        expect(bucketsOf(sum).reduce((total, { count }) => total + count, 0)).toBe(a.length + b.length);
      }),
    ));

  test('with custom bounds keeps the bounds in common', () =>
    fc.assert(
      fc.property(observations, observations, bounds, bounds, (a, b, x, y) =>
        same(
          added(customOf(a, x), customOf(b, y)),
          customOf(
            [...a, ...b],
            x.filter((bound) => y.includes(bound)),
          ),
        ),
      ),
    ));

  test('with other custom bounds adds each bucket to what is there, to the last bit', () => {
    const half = 2 ** -54;
    const custom = (customValues: number[], counts: number[]): NativeHistogram => ({
      ...customOf([], Float64Array.from(customValues)),
      positiveSpans: [{ offset: 0, length: counts.length }],
      positiveBuckets: Float64Array.from(counts),
    });
    const [one, two] = [custom([9], [1]), custom([1, 9], [half, half])];
    expect(added(one, two, -1).positiveBuckets).toEqual(Float64Array.of(1));
    expect(added(one, two, -1, true).positiveBuckets).toEqual(Float64Array.of(1 - 2 * half));
  });

  test('and taking away again changes nothing', () =>
    fc.assert(
      fc.property(observations, observations, schema, threshold, (a, b, s, t) =>
        same(
          added(added(exponentialOf(a, s, t), exponentialOf(b, s, t)), exponentialOf(b, s, t), -1),
          exponentialOf(a, s, t),
        ),
      ),
    ));

  test('is refused between exponential and custom buckets', () =>
    expect(new HistogramSum(exponentialOf([1], 0, 0)).add(customOf([1], Float64Array.of(2)))).toBe(false));

  test('tells of a reset that meets none', () => {
    const sum = new HistogramSum(exponentialOf([1], 0, 0, 'reset'));
    sum.add(exponentialOf([1], 0, 0, 'notReset'));
    expect([sum.collided, sum.result().counterReset]).toEqual([true, 'unknown']);
  });

  test('does not change what it is given', () => {
    const h = exponentialOf([1, 3], 0, 0);
    added(h, h);
    same(h, exponentialOf([1, 3], 0, 0));
  });

  test('compensated keeps what one count too large takes away', () => {
    const sum = new HistogramSum(exponentialOf([1], 0, 0), true);
    sum.add(multiplied(exponentialOf([1], 0, 0), 1e17));
    sum.add(multiplied(exponentialOf([1], 0, 0), 1e17), -1);
    expect(sum.result().positiveBuckets).toEqual(Float64Array.of(1));
  });

  test('compensated leaves a -0 to which nothing is added', () => {
    const negative = { ...exponentialOf([1], 0, 0), sum: -0 };
    expect(new HistogramSum(negative, true).result().sum).toBe(-0);
  });
});

describe('scaling', () => {
  test('multiplies counts and sum', () =>
    expect(multiplied(exponentialOf([1, 1, 3], 0, 0), 2)).toMatchObject({
      count: 6,
      sum: 10,
      counterReset: 'unknown',
    }));
  test('by a negative number gives a gauge', () =>
    expect(multiplied(exponentialOf([1], 0, 0), -1)).toMatchObject({ count: -1, counterReset: 'gauge' }));
  test('by 0 leaves no bucket', () =>
    expect(divided(exponentialOf([1], 0, 0), 0)).toMatchObject({ count: Infinity, positiveSpans: [] }));
});

describe('a reset', () => {
  test('is not seen where counting goes on, though the schema may become coarser and the zero bucket wider', () =>
    fc.assert(
      fc.property(
        observations,
        observations,
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 0, max: 2 }),
        (a, b, s, down) => {
          expect(isReset(exponentialOf([...a, ...b], s - down, 2), exponentialOf(a, s, 0.25))).toBe(false);
        },
      ),
    ));
  test('is seen where observations are gone', () =>
    fc.assert(
      fc.property(observations, observations, schema, threshold, (a, b, s, t) => {
        fc.pre(b.length > 0);
        expect(isReset(exponentialOf(a, s, t), exponentialOf([...a, ...b], s, t))).toBe(true);
      }),
    ));
  test('is seen where the count grew and a bucket fell', () =>
    expect(isReset(exponentialOf([4, 4, 4], 0, 0), exponentialOf([1], 0, 0))).toBe(true));
  test('is seen in one schema where any bucket above the zero bucket fell, and only there', () =>
    fc.assert(
      fc.property(observations, observations, observations, schema, threshold, (kept, gone, come, s, t) => {
        const before = exponentialOf([...kept, ...gone], s, t);
        // So many more that neither the count nor the zero bucket falls.
        const now = exponentialOf([...kept, ...come, ...gone.map(() => 0)], s, t);
        const countsOf = (h: NativeHistogram) => new Map(bucketsOf(h).map(({ upper, count }) => [upper, count]));
        const later = countsOf(now);
        const fell = [...countsOf(before)].some(([upper, count]) => (later.get(upper) ?? 0) < count);
        expect(isReset(now, before)).toBe(fell);
      }),
    ));
  test('is seen where the schema became finer', () =>
    expect(isReset(exponentialOf([1], 1, 0), exponentialOf([1], 0, 0))).toBe(true));
  test('is believed where the sample says so', () => {
    expect(isReset(exponentialOf([1, 1], 0, 0, 'reset'), exponentialOf([1], 0, 0))).toBe(true);
    expect(isReset(exponentialOf([], 0, 0, 'notReset'), exponentialOf([1], 0, 0))).toBe(false);
  });
  test('of custom buckets is looked for between the bounds in common', () => {
    const before = customOf([1, 2, 3], Float64Array.of(1, 2, 5));
    expect(isReset(customOf([1, 2, 3, 4], Float64Array.of(1, 5)), before)).toBe(false);
    expect(isReset(customOf([2, 3, 4, 4], Float64Array.of(1, 5)), before)).toBe(true);
  });
  test.each(['exponential', 'custom'])(
    'of %s buckets is seen where one is gone that held anything, if less than nothing',
    (kind) => {
      const of = (values: number[]) =>
        kind === 'custom' ? customOf(values, Float64Array.of(1, 5)) : exponentialOf(values, 0, 0);
      const sum = new HistogramSum(of([4, 4]));
      sum.add(of([0.5]), -1);
      expect(isReset(compacted(of([4, 4])), sum.result('gauge'))).toBe(true);
      expect(isReset(sum.result('gauge'), compacted(of([4])))).toBe(false);
    },
  );
});
