/** Samples by value, as sort, topk and bottomk rank them. Source: Prometheus promql/functions.go, vectorByValueHeap. */
export type IsWorse = (a: number, b: number) => boolean;

/** NaN is worse than any number. */
export const WORSE: Readonly<Record<'topk' | 'bottomk', IsWorse>> = {
  topk: (a, b) => a !== a || a < b,
  bottomk: (a, b) => a !== a || a > b,
};

/** Up to here equal values stay in the order in which upstream's sort leaves them. */
const INSERTION_MAX = 12;

/** Sorts places by their values, best first. */
export function bestFirst(places: number[], values: Float64Array, isWorse: IsWorse): void {
  if (places.length > INSERTION_MAX) {
    places.sort((a, b) => (isWorse(values[a], values[b]) ? 1 : isWorse(values[b], values[a]) ? -1 : 0));
    return;
  }
  for (let i = 1; i < places.length; i++) {
    for (let at = i; at > 0 && isWorse(values[places[at - 1]], values[places[at]]); at--) {
      [places[at - 1], places[at]] = [places[at], places[at - 1]];
    }
  }
}
