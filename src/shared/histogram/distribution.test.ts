import fc from 'fast-check';
import { customOf, exponentialOf } from '../../../tests/support/observedHistograms.ts';
import { exponentialBound } from './bounds.ts';
import { bucketsOf } from './buckets.ts';
import { nativeFraction, nativeQuantile, nativeVariance } from './distribution.ts';
import type { NativeHistogram } from './native.ts';
import { formatHistogram } from './text.ts';

const observations = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 40 });
const anyHistogram = fc.oneof(
  fc
    .tuple(observations, fc.integer({ min: -1, max: 8 }), fc.constantFrom(0, 0.01))
    .map(([list, schema, threshold]) => ({ list, h: exponentialOf(list, schema, threshold) })),
  observations.map((list) => ({ list, h: customOf(list, Float64Array.of(-101, -10, 0, 1, 10, 101)) })),
);
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('bounds', () => {
  test.each([
    [0, 3, 1],
    [8, 3, 2],
    [-8, 3, 0.5],
    [1, -1, 4],
    [1024, 0, Number.MAX_VALUE],
    [1025, 0, Infinity],
    [-1074, 0, 2 ** -1074],
  ])('bucket %d of schema %d ends at %d', (index, schema, bound) =>
    expect(exponentialBound(index, schema)).toBe(bound),
  );
  test('are those of the coarser schema at every second bucket', () => {
    for (let i = -600; i < 600; i++) expect(exponentialBound(2 * i, 8)).toBe(exponentialBound(i, 7));
  });
  test('are within four last digits of the power they stand for', () => {
    for (let i = 0; i < 256; i++) {
      expect(Math.abs(exponentialBound(i, 8) / 2 ** (i / 256) - 1)).toBeLessThan(8 * Number.EPSILON);
    }
  });
});

describe('the quantile', () => {
  test('lies in the bucket of the observation that it ranks', () =>
    fc.assert(
      fc.property(anyHistogram, share, ({ list, h }, q) => {
        const { value } = nativeQuantile(q, h);
        const sorted = [...list].sort((a, b) => a - b);
        const rank = q * list.length;
        const near = [Math.ceil(rank - 1e-9) - 1, Math.ceil(rank + 1e-9) - 1].map(
          (at) => sorted[Math.min(Math.max(at, 0), list.length - 1)],
        );
        const held = near.some((v) =>
          bucketsOf(h).some(
            ({ lower, upper }) => v >= lower && v <= upper && value >= lower - 1e-9 && value <= upper + 1e-9,
          ),
        );
        expect(held).toBe(true);
      }),
    ));
  test('never falls as q grows', () =>
    fc.assert(
      fc.property(anyHistogram, share, share, ({ h }, a, b) => {
        const low = nativeQuantile(Math.min(a, b), h).value;
        const high = nativeQuantile(Math.max(a, b), h).value;
        expect(low).toBeLessThanOrEqual(high + 1e-9 * Math.max(1, Math.abs(high)));
      }),
    ));
  const of = (name: string, q: number, h: NativeHistogram, expected: number) =>
    test(name, () => expect(nativeQuantile(q, h).value).toBeCloseTo(expected, 12));
  of('is exponential inside a bucket', 0.25, exponentialOf([1.5, 1.5, 1.5, 1.5], 0, 0), 2 ** 0.25);
  of('mirrors negative buckets', 0.25, exponentialOf([-1.5, -1.5, -1.5, -1.5], 0, 0), -(2 ** 0.75));
  of('is linear in the zero bucket', 0.25, exponentialOf([0, 0, -0.1, 0.1], 0, 0.5), -0.25);
  of('begins at 0 where there are only positive buckets', 0.25, exponentialOf([0, 0, 4, 4], 0, 0.5), 0.25);
  of('is linear in custom buckets', 0.25, customOf([1.5, 1.5], Float64Array.of(1, 2)), 1.25);
  of('of the last custom bucket is its lower bound', 1, customOf([3], Float64Array.of(1, 2)), 2);
  of('of the first custom bucket below 0 is its upper bound', 0, customOf([-3], Float64Array.of(-1, 2)), -1);
  test.each([
    [-0.1, -Infinity],
    [1.1, Infinity],
    [NaN, NaN],
  ])('of %d is %d', (q, expected) => expect(nativeQuantile(q, exponentialOf([1], 0, 0)).value).toBe(expected));
  test('of nothing is NaN', () => expect(nativeQuantile(0.5, exponentialOf([], 0, 0)).value).toBeNaN());
  // As upstream, which looks at the ends of the bucket before it looks at the count: NaN comes of a division, and ranks nothing.
  test.each([
    ['above the last bound', customOf([5], Float64Array.of(1, 2)), 2],
    ['below the first bound', customOf([-3], Float64Array.of(-2, 1)), 1],
    ['exponential', exponentialOf([5], 0, 0), NaN],
  ])('of an unknown count is the end of an endless custom bucket: %s', (_, h, expected) => {
    const divided = { ...h, count: NaN, sum: NaN, positiveBuckets: h.positiveBuckets.map(() => NaN) };
    expect(nativeQuantile(0.2, divided).value).toBe(expected);
  });
  test('tells of observed NaNs', () => {
    const h = exponentialOf([1, 2, NaN], 0, 0);
    expect(nativeQuantile(0.9, h)).toEqual({ value: NaN, nan: 'result' });
    expect(nativeQuantile(0.6, h).nan).toBe('skew');
  });
});

describe('the fraction', () => {
  test('between two of the bounds is that of the observations', () =>
    fc.assert(
      fc.property(observations, fc.integer({ min: -6, max: 6 }), fc.integer({ min: -6, max: 6 }), (list, a, b) => {
        const [lower, upper] = [2 ** Math.min(a, b), 2 ** Math.max(a, b)];
        const inside = list.filter((v) => v > lower && v <= upper).length;
        expect(nativeFraction(lower, upper, exponentialOf(list, 2, 0))).toBeCloseTo(inside / list.length, 12);
      }),
    ));
  test('of everything is 1', () =>
    fc.assert(fc.property(anyHistogram, ({ h }) => expect(nativeFraction(-Infinity, Infinity, h)).toBe(1))));
  test('leaves observed NaNs out', () =>
    expect(nativeFraction(-Infinity, Infinity, exponentialOf([1, NaN], 0, 0))).toBe(0.5));
  test('of an empty range is 0', () => expect(nativeFraction(2, 1, exponentialOf([1], 0, 0))).toBe(0));
});

describe('the variance', () => {
  test('comes near that of the observations in a fine schema', () =>
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 1, maxLength: 40 }), (list) => {
        const mean = list.reduce((a, b) => a + b, 0) / list.length;
        const plain = list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length;
        expect(Math.abs(nativeVariance(exponentialOf(list, 8, 0)) - plain)).toBeLessThan(0.3);
      }),
    ));
  test('takes the middle of custom buckets', () =>
    expect(nativeVariance(customOf([1, 3], Float64Array.of(0, 2, 4)))).toBe(1));
});

test('a histogram as text has its buckets from low to high', () =>
  expect(formatHistogram(exponentialOf([-3, 0, 1e6], 0, 0.5))).toBe(
    '{count:3, sum:999997, [-4,-2):1, [-0.5,0.5]:1, (524288,1.048576e+06]:1}',
  ));
