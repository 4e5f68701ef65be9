/** Quantiles of plain values, as upstream's quantile() and quantile_over_time() compute them. */

/** Ascending, NaN before all numbers; sorts in place. */
export function sortedNaNFirst(values: Float64Array): Float64Array {
  values.sort();
  let numbers = values.length;
  while (numbers > 0 && values[numbers - 1] !== values[numbers - 1]) numbers--;
  if (numbers < values.length) {
    values.copyWithin(values.length - numbers, 0, numbers);
    values.fill(NaN, 0, values.length - numbers);
  }
  return values;
}

/** Linear between the two nearest ranks; NaN of nothing, -Inf below q = 0, +Inf above 1. */
export function quantileOf(q: number, sorted: Float64Array): number {
  const n = sorted.length;
  if (n === 0 || q !== q) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const rank = q * (n - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(n - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return sorted[lower] * (1 - weight) + sorted[upper] * weight;
}
