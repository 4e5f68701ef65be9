/** How sure one can be of shares that were counted. */

/**
 * The number of standard deviations below which a normal variable lies with probability `p`.
 *
 * @param p in (0, 1). Off by at most 4.5e-4. Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23.
 */
export function normalQuantile(p: number): number {
  const tail = Math.min(p, 1 - p);
  const t = Math.sqrt(-2 * Math.log(tail));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  const z = t - above / below;
  return p < 0.5 ? -z : z;
}

/**
 * Wilson's interval for a share: where the true share may well lie if `k` of `n` were counted.
 *
 * @param k counted, 0 ≤ k ≤ n; need not be whole.
 * @param z half width in standard deviations.
 * @returns lower and upper end in [0, 1]; [0, 1] where n is 0.
 */
export function wilsonInterval(k: number, n: number, z: number): readonly [number, number] {
  if (n <= 0) return [0, 1];
  const z2 = z * z;
  const middle = (k + z2 / 2) / (n + z2);
  const half = (z / (n + z2)) * Math.sqrt(Math.max(0, (k * (n - k)) / n) + z2 / 4);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/**
 * The difference of two shares, k1/n1 - k2/n2, as near to 0 as the counts allow: the end of its interval that is nearer to 0, or 0 where the interval
 * holds 0. Few observations have wide intervals, so that a large difference among few comes behind a smaller one among many.
 *
 * Source: R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17 (1998), 873–890, method 10.
 */
export function cautiousDifference(k1: number, n1: number, k2: number, n2: number, z: number): number {
  if (n1 <= 0 || n2 <= 0) return 0;
  const [p1, p2] = [k1 / n1, k2 / n2];
  const [lower1, upper1] = wilsonInterval(k1, n1, z);
  const [lower2, upper2] = wilsonInterval(k2, n2, z);
  const lower = p1 - p2 - Math.hypot(p1 - lower1, upper2 - p2);
  const upper = p1 - p2 + Math.hypot(upper1 - p1, p2 - lower2);
  return lower > 0 ? lower : upper < 0 ? upper : 0;
}
