/**
 * The compact form of /api/v1/distribution (docs/api.md, "As columns"): a head in JSON that says which columns follow, then the columns, little
 * endian doubles without anything between them.
 */

export const COLUMNS_TYPE = 'application/vnd.isotherm.distribution';

/** Where columns begin is a multiple of this, so that they can be read in place. */
const ALIGNMENT = 8;

export interface DistributionHead {
  readonly expr: string;
  /** Seconds. */
  readonly window: number;
  readonly warnings: readonly string[];
  readonly groups: readonly GroupHead[];
}

export interface GroupHead {
  readonly metric: Readonly<Record<string, string>>;
  readonly slices: number;
  readonly buckets: number;
  readonly hasMean: boolean;
  /** Each has a column. */
  readonly quantiles: readonly string[];
  readonly limits: readonly string[];
}

/** NaN is no data. S slices and B buckets. */
export interface GroupColumnsOf<Column = Float64Array> {
  /** Seconds. Length S + 1. */
  readonly edges: Column;
  /** In the metric's unit. Length B + 1. */
  readonly bounds: Column;
  /** Slice x, bucket y at x * B + y. */
  readonly counts: Column;
  /** Length S, as all that follow. */
  readonly total: Column;
  readonly mean: Column | undefined;
  readonly quantiles: readonly Column[];
  readonly shares: readonly Column[];
}

/** The columns of a group in the order in which they stand. */
export function columnsInOrder<C>({ edges, bounds, counts, total, mean, quantiles, shares }: GroupColumnsOf<C>): C[] {
  return [edges, bounds, counts, total, ...(mean === undefined ? [] : [mean]), ...quantiles, ...shares];
}

/** The length of the head and the head itself as UTF-8, with spaces up to where the columns begin. */
export function headBytes(head: DistributionHead, encode: (text: string) => Uint8Array): Uint8Array {
  const text = encode(JSON.stringify(head));
  const size = Math.ceil((4 + text.length) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(size).fill(0x20);
  new DataView(bytes.buffer).setUint32(0, size - 4, true);
  bytes.set(text, 4);
  return bytes;
}

/**
 * Reads an answer; the columns are views on its memory.
 *
 * @param decode of UTF-8.
 * @throws RangeError for bytes that end early.
 */
export function readDistribution(
  bytes: ArrayBuffer,
  decode: (bytes: Uint8Array) => string,
): { readonly head: DistributionHead; readonly groups: readonly GroupColumnsOf[] } {
  const headSize = new DataView(bytes).getUint32(0, true);
  const head = JSON.parse(decode(new Uint8Array(bytes, 4, headSize))) as DistributionHead;
  let at = 4 + headSize;
  const column = (length: number) => {
    const values = new Float64Array(bytes, at, length);
    at += 8 * length;
    return values;
  };
  const groups = head.groups.map(({ slices, buckets, hasMean, quantiles, limits }): GroupColumnsOf => ({
    edges: column(slices + 1),
    bounds: column(buckets + 1),
    counts: column(slices * buckets),
    total: column(slices),
    mean: hasMean ? column(slices) : undefined,
    quantiles: quantiles.map(() => column(slices)),
    shares: limits.map(() => column(slices)),
  }));
  return { head, groups };
}
