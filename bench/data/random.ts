/** Numbers in [0, 1) that look random and are the same in every run. */
export type Random = () => number;

/** A linear congruential generator; its high bits are good enough to move a gauge. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
