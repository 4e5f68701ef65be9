/**
 * The compact form of /api/v1/distribution, version 2 (docs/api.md, "As columns"): the version (1 byte), the size of the head (4 bytes, little endian), the
 * head in JSON, which says which columns follow, and the columns as tokens (cellTokens.ts).
 */
import { CellReader, CellWriter, endsEarly } from './cellTokens.ts';

export const COLUMNS_TYPE = 'application/vnd.isotherm.distribution';

const VERSION = 2;
const HEAD_AT = 5;

export interface DistributionHead {
  readonly expr: string;
  /** Seconds. */
  readonly window: number;
  /** Left out if there are none. */
  readonly warnings?: readonly string[];
  /** What holds for all groups; left out if there are none. */
  readonly columns?: ColumnsHead;
  readonly groups: readonly GroupHead[];
}

export interface ColumnsHead extends ColumnsAsked {
  /** Buckets of each layout that a group names: B. */
  readonly layouts: readonly number[];
}

export interface ColumnsAsked {
  /** Milliseconds. Slice x ends at start + x * step; there are S. */
  readonly start: number;
  readonly step: number;
  readonly slices: number;
  /** Each group has a column for each. */
  readonly quantiles: readonly string[];
  readonly limits: readonly string[];
}

export interface GroupHead {
  readonly metric: Readonly<Record<string, string>>;
  /** Its index in the head; groups mostly have the same. */
  readonly layout: number;
  readonly hasMean: boolean;
}

/** NaN is no data. S slices and B buckets. */
export interface GroupColumns {
  /** In the metric's unit. Length B + 1; groups of one layout share it. */
  readonly bounds: Float64Array;
  /** Slice x, bucket y at x * B + y. */
  readonly counts: Float64Array;
  /** Length S, as all that follow. */
  readonly total: Float64Array;
  readonly mean: Float64Array | undefined;
  readonly quantiles: readonly Float64Array[];
  readonly shares: readonly Float64Array[];
}

/** @param encode to UTF-8. */
export function* distributionPieces(
  told: Pick<DistributionHead, 'expr' | 'window' | 'warnings'>,
  asked: ColumnsAsked,
  groups: readonly (GroupColumns & Pick<GroupHead, 'metric'>)[],
  encode: (text: string) => Uint8Array,
): Generator<Uint8Array> {
  const layouts = new Map<string, { readonly index: number; readonly bounds: Float64Array }>();
  const heads = groups.map(({ metric, bounds, mean }): GroupHead => {
    const key = new BigUint64Array(bounds.buffer, bounds.byteOffset, bounds.length).join();
    const { index } = layouts.get(key) ?? { index: layouts.size };
    layouts.set(key, { index, bounds });
    return { metric, layout: index, hasMean: mean !== undefined };
  });
  const all = [...layouts.values()].map(({ bounds }) => bounds);
  const columns = groups.length === 0 ? undefined : { ...asked, layouts: all.map(({ length }) => length - 1) };
  yield headBytes({ ...told, columns, groups: heads }, encode);
  const cells = new CellWriter();
  for (const bounds of all) yield* cells.column(bounds);
  for (const { counts, total, mean, quantiles, shares } of groups) {
    for (const column of [counts, total, ...(mean === undefined ? [] : [mean]), ...quantiles, ...shares]) {
      yield* cells.column(column);
    }
  }
  yield cells.rest();
}

function headBytes(head: DistributionHead, encode: (text: string) => Uint8Array): Uint8Array {
  const text = encode(JSON.stringify(head));
  const bytes = new Uint8Array(HEAD_AT + text.length);
  bytes[0] = VERSION;
  new DataView(bytes.buffer).setUint32(1, text.length, true);
  bytes.set(text, HEAD_AT);
  return bytes;
}

/**
 * Reads an answer.
 *
 * @param decode of UTF-8.
 * @returns edges: of the slices, seconds, length S + 1; empty without groups.
 * @throws RangeError for bytes that end early or are of another version.
 */
export function readDistribution(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => string,
): { readonly head: DistributionHead; readonly edges: Float64Array; readonly groups: readonly GroupColumns[] } {
  if (bytes.length < HEAD_AT) throw endsEarly();
  if (bytes[0] !== VERSION) {
    throw new RangeError(
      `a distribution of version ${bytes[0]}, where ${VERSION} is read; ask a server of the same release`,
    );
  }
  const headSize = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(1, true);
  const columnsAt = HEAD_AT + headSize;
  if (columnsAt > bytes.length) throw endsEarly();
  const head = JSON.parse(decode(bytes.subarray(HEAD_AT, columnsAt))) as DistributionHead;
  if (head.columns === undefined) return { head, edges: new Float64Array(), groups: [] };
  const { start, step, slices, quantiles, limits } = head.columns;
  const edges = Float64Array.from({ length: slices + 1 }, (_, x) => (start + (x - 1) * step) / 1000);
  const cells = new CellReader(bytes, columnsAt);
  const layouts = head.columns.layouts.map((buckets) => cells.column(buckets + 1));
  const groups = head.groups.map(({ layout, hasMean }): GroupColumns => {
    const bounds = layouts[layout];
    return {
      bounds,
      counts: cells.column(slices * (bounds.length - 1)),
      total: cells.column(slices),
      mean: hasMean ? cells.column(slices) : undefined,
      quantiles: quantiles.map(() => cells.column(slices)),
      shares: limits.map(() => cells.column(slices)),
    };
  });
  return { head, edges, groups };
}
