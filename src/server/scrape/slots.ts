/** When a target is scraped: always at the same place in its interval, spread over targets by a hash. */

/** Of the interval; timestamps this near to their slot are moved onto it, so that they compress. */
const TOLERANCE_SHARE = 0.01;
const TOLERANCE_MS_MAX = 2;

/**
 * Slots are so far apart. Targets that share one are scraped right after each other, and all but the first find code and tables in the processor's caches:
 * decisions/034. A server that keeps up is done with a slot's targets before the next one, so that nothing else waits for longer than this.
 */
const GRID_MS_MAX = 50;
/** Of the interval: a short one has as many slots as one of a second. */
const GRID_SHARE = 1 / 20;

/** Milliseconds into the interval, a whole number of grid steps, from the target's key (hexadecimal). The same after a restart. */
export function slotOffset(key: string, intervalMs: number): number {
  const gridMs = Math.max(1, Math.min(GRID_MS_MAX, Math.floor(intervalMs * GRID_SHARE)));
  const slots = Math.floor(intervalMs / gridMs);
  return gridMs * Number(BigInt(`0x${key.slice(0, 16)}`) % BigInt(slots));
}

/** The first slot after `now`. */
export function nextSlot(offset: number, intervalMs: number, now: number): number {
  const slot = Math.floor((now - offset) / intervalMs) * intervalMs + offset;
  return slot + intervalMs;
}

/** The sample's time: the slot if the scrape began near enough to it, else when it began. */
export function alignTime(startedAt: number, slot: number, intervalMs: number): number {
  const tolerance = Math.min(TOLERANCE_MS_MAX, intervalMs * TOLERANCE_SHARE);
  return Math.abs(startedAt - slot) <= tolerance ? slot : startedAt;
}
