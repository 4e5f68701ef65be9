/**
 * Two NaN patterns carry meaning inside value columns. Neither ever reaches a user: readers clear them.
 *
 * - *stale*: the series ended here (upstream's marker, bits 0x7ff0000000000002).
 * - *gap*: the row has no sample of this series (our own pattern; only inside columns, never on the wire).
 *
 * JavaScript may replace one NaN by another when it passes through arithmetic or plain arrays; so both are written and
 * recognised by their bits in the typed array's buffer, never by value.
 */
export const STALE_HIGH = 0x7ff00000;
export const STALE_LOW = 0x00000002;
export const GAP_HIGH = 0x7ff4a9b0;
export const GAP_LOW = 0x67a90001;

/** What a column cell holds. */
export const CELL_SAMPLE = 0;
export const CELL_GAP = 1;
export const CELL_STALE = 2;

/** The words of a value column, for reading bits. Little-endian: low word at 2i, high word at 2i + 1. */
export function bitsOf(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}

/** CELL_SAMPLE, CELL_GAP or CELL_STALE. Call it for NaN cells only where speed matters: numbers are always samples. */
export function cellKind(bits: Uint32Array, index: number): 0 | 1 | 2 {
  const high = bits[2 * index + 1];
  if (high === GAP_HIGH) return bits[2 * index] === GAP_LOW ? CELL_GAP : CELL_SAMPLE;
  if (high === STALE_HIGH) return bits[2 * index] === STALE_LOW ? CELL_STALE : CELL_SAMPLE;
  return CELL_SAMPLE;
}

export function setGap(bits: Uint32Array, index: number): void {
  bits[2 * index] = GAP_LOW;
  bits[2 * index + 1] = GAP_HIGH;
}

export function setStale(bits: Uint32Array, index: number): void {
  bits[2 * index] = STALE_LOW;
  bits[2 * index + 1] = STALE_HIGH;
}

const GAP = (BigInt(GAP_HIGH) << 32n) | BigInt(GAP_LOW);

/** Makes gaps of the cells [from, to). */
export function fillGaps(values: Float64Array, from = 0, to = values.length): void {
  new BigUint64Array(values.buffer, values.byteOffset, values.length).fill(GAP, from, to);
}
