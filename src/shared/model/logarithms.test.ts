import { exp2, ln, log10, log2, power } from './logarithms.ts';

/** Made with Go's package math: v, log2 v, log10 v, 2^(v/10). */
test.each([
  [0.1, -3.321928094887362, -0.9999999999999999, 1.0069555500567189],
  [3, 1.5849625007211563, 0.4771212547196624, 1.2311444133449163],
  [7.3, 2.867896463992655, 0.8633228601204559, 1.6586390916288833],
  [1e-5, -16.609640474436812, -5, 1.0000006931474208],
  [123456.789, 16.913646648198387, 5.091514977169271, Infinity],
  [0.70710678, -0.5000000024208877, -0.15051499856075043, 1.0502339061173365],
])('logarithms of %d', (v, binary, decimal, exponential) => {
  expect([log2(v), log10(v), exp2(v / 10)]).toEqual([binary, decimal, exponential]);
});

test.each([
  [1.1, 2, 1.2100000000000002],
  [3.7, 5, 693.4395700000001],
  [2, 0.5, Math.SQRT2],
  [10, -3, 0.001],
  [1e10, 7, 1e70],
  [-2, 3, -8],
  [-2, 2.5, NaN],
  [1.0000001, 1e6, 1.1051709126081526],
  [7, -0.5, 0.3779644730092272],
  [1, NaN, 1],
  [-1, Infinity, 1],
  [0, -1, Infinity],
  [-Infinity, 3, -Infinity],
])('%d to the power of %d', (a, b, expected) => {
  expect(power(a, b)).toBe(expected);
});

test.each([
  [0, -Infinity],
  [-1, NaN],
  [Infinity, Infinity],
  [NaN, NaN],
  [1, 0],
  [5e-324, Math.log(5e-324)],
])('the natural logarithm of %d', (v, expected) => {
  expect(ln(v)).toBe(expected);
});
