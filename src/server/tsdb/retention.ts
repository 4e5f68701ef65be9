/** How much a store keeps, and which blocks go when that is too much. */
import fs from 'node:fs';

/** Blocks go when any of the limits says so; 0 is no limit. */
export interface Retention {
  /** Blocks that end this long before the newest sample go. Milliseconds. */
  readonly ageMs: number;
  /** Log and blocks together take at most this; the oldest blocks go. */
  readonly bytes: number;
  /** The same as a share of the disk that the data folder is on, 0 to 100; stands instead of `bytes`. */
  readonly percentage: number;
}

/** The bytes that a store in this folder may take; Infinity for any. */
export function bytesAllowed({ bytes, percentage }: Retention, folder: string): number {
  if (percentage > 0) {
    const { blocks, bsize } = fs.statfsSync(folder);
    return Math.floor((blocks * bsize * percentage) / 100);
  }
  return bytes > 0 ? bytes : Infinity;
}

/**
 * The blocks that no longer fit: newest first they are counted onto `used`, and from the first one that is too much on all older ones go.
 *
 * @param used bytes that are taken anyway.
 */
export function blocksBeyond<B extends { readonly size: number; readonly maxTime: number }>(
  blocks: readonly B[],
  used: number,
  allowed: number,
): readonly B[] {
  const newestFirst = [...blocks].sort((a, b) => b.maxTime - a.maxTime);
  let total = used;
  const from = newestFirst.findIndex(({ size }) => (total += size) > allowed);
  return from < 0 ? [] : newestFirst.slice(from);
}
