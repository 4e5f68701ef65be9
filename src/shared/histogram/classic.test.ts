import fc from 'fast-check';
import { bucketFraction, bucketQuantile, repairCumulative } from './classic.ts';

const bounds = (...values: number[]) => Float64Array.of(...values, Infinity);
const counts = (...values: number[]) => Float64Array.from(values);

describe('the quantile of classic buckets', () => {
  const is = (name: string, q: number, b: Float64Array, c: Float64Array, expected: number) =>
    test(name, () => expect(bucketQuantile(q, b, c)).toBe(expected));
  is('is linear inside a bucket', 0.5, bounds(1, 2), counts(0, 10, 10), 1.5);
  is('starts the first bucket at 0', 0.5, bounds(1, 2), counts(10, 10, 10), 0.5);
  is('is the bound itself where the first bound is 0', 0.1, bounds(0, 2), counts(10, 20, 20), 0);
  is('is the bound itself where the first bound is negative', 0.1, bounds(-3, 2), counts(10, 20, 20), -3);
  is('in the last bucket is the last finite bound', 0.99, bounds(1, 2), counts(1, 2, 100), 2);
  is('of 0 is NaN where the first bucket is empty, as upstream has it', 0, bounds(1, 2), counts(0, 10, 10), NaN);
  is('of 0 is the lower end', 0, bounds(1, 2), counts(5, 10, 10), 0);
  is('of 1 is the upper end of the last filled bucket', 1, bounds(1, 2), counts(5, 10, 10), 2);
  is('below 0 is -Inf', -0.1, bounds(1), counts(1, 1), -Infinity);
  is('above 1 is +Inf', 1.1, bounds(1), counts(1, 1), Infinity);
  is('of NaN is NaN', NaN, bounds(1), counts(1, 1), NaN);
  is('of nothing observed is NaN', 0.5, bounds(1, 2), counts(0, 0, 0), NaN);
  is('without a +Inf bucket is NaN', 0.5, Float64Array.of(1, 2), counts(1, 2), NaN);
  is('of the +Inf bucket alone is NaN', 0.5, bounds(), counts(3), NaN);
  is('of no bucket is NaN', 0.5, new Float64Array(0), counts(), NaN);
  is('takes a fallen count for the one before it', 0.5, bounds(1, 2, 3), counts(10, 8, 20, 20), 1);

  test('does not change what it is given', () => {
    const given = counts(10, 8, 20);
    bucketQuantile(0.5, bounds(1, 2), given);
    expect(given).toEqual(counts(10, 8, 20));
  });

  test('never falls as q grows, and stays within the finite bounds', () => {
    const histogram = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(
        histogram,
        fc.double({ min: 1e-9, max: 1, noNaN: true }),
        fc.double({ min: 1e-9, max: 1, noNaN: true }),
        (steps, a, b) => {
          fc.pre(steps.some((s) => s > 0));
          let sum = 0;
          const cumulative = Float64Array.from(steps, (s) => (sum += s));
          const upper = Float64Array.from(steps, (_, i) => (i === steps.length - 1 ? Infinity : i + 1));
          const low = bucketQuantile(Math.min(a, b), upper, cumulative);
          const high = bucketQuantile(Math.max(a, b), upper, cumulative);
          return low <= high + 1e-9 && low >= 0 && high <= steps.length - 1;
        },
      ),
    );
  });
});

describe('repairing cumulative counts', () => {
  test('leaves ascending counts alone', () => expect(repairCumulative(counts(1, 1, 2))).toBe('none'));
  test('levels rounding', () => {
    const c = counts(1, 1 + 1e-14, 2);
    expect(repairCumulative(c)).toBe('rounding');
    expect(c).toEqual(counts(1, 1, 2));
  });
  test('raises what fell', () => {
    const c = counts(5, 3, 4, 6);
    expect(repairCumulative(c)).toBe('forced');
    expect(c).toEqual(counts(5, 5, 5, 6));
  });
});

describe('the fraction of observations in a range', () => {
  const is = (name: string, lower: number, upper: number, b: Float64Array, c: Float64Array, expected: number) =>
    test(name, () => expect(bucketFraction(lower, upper, b, c)).toBe(expected));
  is('is all between the ends', -Infinity, Infinity, bounds(1, 2), counts(4, 8, 10), 1);
  is('is linear inside a bucket', 0, 1.5, bounds(1, 2), counts(4, 8, 10), 0.6);
  is('is nothing in an empty range', 2, 1, bounds(1, 2), counts(4, 8, 10), 0);
  is('takes the bucket below a non-positive first bound for -Inf', -6, 0, bounds(-5, 0), counts(1, 2, 4), 0.25);
  is('takes what is above the last finite bound for +Inf', 2, 1e9, bounds(1, 2), counts(4, 8, 10), 0);
  is('is NaN where nothing was observed', 0, 1, bounds(1, 2), counts(0, 0, 0), NaN);
  is('is NaN for a NaN bound', NaN, 1, bounds(1, 2), counts(4, 8, 10), NaN);
});
