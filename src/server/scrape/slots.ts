/** When a target is scraped: always at the same place in its interval, spread over targets by a hash. */

/** Of the interval; timestamps this near to their slot are moved onto it, so that they compress. */
const TOLERANCE_SHARE = 0.01;
const TOLERANCE_MS_MAX = 2;

/** Milliseconds into the interval, from the target's key (hexadecimal). The same after a restart. */
export function slotOffset(key: string, intervalMs: number): number {
  return Number(BigInt(`0x${key.slice(0, 16)}`) % BigInt(intervalMs));
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
