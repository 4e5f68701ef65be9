/**
 * The compact form of /api/v1/distribution, version 3 (docs/api.md, "As columns"): the version (1 byte), the size of the head (4 bytes, little endian), the
 * head in JSON, which says which columns follow, and the columns as tokens (cellTokens.ts).
 */
import type { BucketLayout } from '../histogram/layout.ts';
import { CellReader, CellWriter, endsEarly, type ColumnWriter } from './cellTokens.ts';

export const COLUMNS_TYPE = 'application/vnd.isotherm.distribution';

const VERSION = 3;
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
  readonly layouts: readonly LayoutHead[];
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

/** A layout without its bounds, which are a column. */
export interface LayoutHead extends Omit<BucketLayout, 'bounds'> {
  /** B. */
  readonly buckets: number;
}

export interface GroupHead {
  readonly metric: Readonly<Record<string, string>>;
  /** Indexes in the head. */
  readonly layouts: readonly number[];
  readonly hasMean: boolean;
  readonly hasResets: boolean;
}

/** NaN is no data. S slices. */
export interface GroupColumns {
  /** Those that its slices have; groups share them. */
  readonly layouts: readonly BucketLayout[];
  /** Which of `layouts` a slice has; NaN is a gap. Length S. */
  readonly layoutOf: Float64Array;
  /** Observations, slice after slice: as many as its layout has buckets, none for a gap. */
  readonly counts: Float64Array;
  /** Length S, as all that follow. */
  readonly total: Float64Array;
  readonly mean: Float64Array | undefined;
  /** Counters that began anew in a slice's window. */
  readonly resets: Float64Array | undefined;
  readonly quantiles: readonly Float64Array[];
  readonly shares: readonly Float64Array[];
}

/**
 * Each slice with data: its index, its layout, and where its counts begin.
 *
 * @param visit returns nothing; a callback in place of a generator, as it is called for every slice of every group.
 */
export function eachSlice(
  { layouts, layoutOf }: Pick<GroupColumns, 'layouts' | 'layoutOf'>,
  visit: (slice: number, layout: BucketLayout, countsAt: number) => void,
): void {
  let at = 0;
  for (let x = 0; x < layoutOf.length; x++) {
    if (Number.isNaN(layoutOf[x])) continue;
    const layout = layouts[layoutOf[x]];
    visit(x, layout, at);
    at += layout.bounds.length - 1;
  }
}

/**
 * The ends of slices in whose windows more counters began anew than in the window before: windows that overlap tell of one reset again and again. Of the first
 * slice nothing is known.
 */
export function resetTimes({ resets }: Pick<GroupColumns, 'resets'>, edges: Float64Array): ReadonlySet<number> {
  const times = new Set<number>();
  if (resets === undefined) return times;
  for (let x = 1; x < resets.length; x++) {
    const before = resets[x - 1] > 0 ? resets[x - 1] : 0;
    if (resets[x] > before) times.add(edges[x + 1]);
  }
  return times;
}

/** A column that may be left out; undefined where nothing is known in it. */
export const knownColumn = (column: Float64Array | undefined): Float64Array | undefined =>
  column?.some((v) => !Number.isNaN(v)) === true ? column : undefined;

/** The layouts of all groups, each once. */
export const layoutsOf = (groups: readonly Pick<GroupColumns, 'layouts'>[]): readonly BucketLayout[] => [
  ...new Set(groups.flatMap(({ layouts }) => layouts)),
];

/** @param encode to UTF-8. @param cells writes the columns. */
export function* distributionPieces(
  told: Pick<DistributionHead, 'expr' | 'window' | 'warnings'>,
  asked: ColumnsAsked,
  groups: readonly (GroupColumns & Pick<GroupHead, 'metric'>)[],
  encode: (text: string) => Uint8Array,
  cells: ColumnWriter = new CellWriter(),
): Generator<Uint8Array> {
  const layouts = layoutsOf(groups);
  const places = new Map(layouts.map((layout, i) => [layout, i]));
  const heads = groups.map(({ metric, layouts: own, mean, resets }): GroupHead => ({
    metric,
    layouts: own.map((layout) => places.get(layout)!),
    hasMean: mean !== undefined,
    hasResets: resets !== undefined,
  }));
  const columns = groups.length === 0 ? undefined : { ...asked, layouts: layouts.map(layoutHead) };
  yield headBytes({ ...told, columns, groups: heads }, encode);
  for (const { bounds } of layouts) yield* cells.column(bounds);
  for (const { layoutOf, counts, total, mean, resets, quantiles, shares } of groups) {
    for (const column of [layoutOf, counts, total, mean, resets, ...quantiles, ...shares]) {
      if (column !== undefined) yield* cells.column(column);
    }
  }
  yield cells.rest();
}

const layoutHead = ({ bounds, ...layout }: BucketLayout): LayoutHead => ({ ...layout, buckets: bounds.length - 1 });

function headBytes(head: DistributionHead, encode: (text: string) => Uint8Array): Uint8Array {
  const text = encode(JSON.stringify(head));
  const bytes = new Uint8Array(HEAD_AT + text.length);
  bytes[0] = VERSION;
  new DataView(bytes.buffer).setUint32(1, text.length, true);
  bytes.set(text, HEAD_AT);
  return bytes;
}

export interface ReadDistribution {
  readonly head: DistributionHead;
  /** Of the slices, milliseconds, length S + 1; empty without groups. */
  readonly edges: Float64Array;
  readonly groups: readonly GroupColumns[];
}

/**
 * Reads an answer.
 *
 * @param decode of UTF-8.
 * @throws RangeError for bytes that end early or are of another version.
 */
export function readDistribution(bytes: Uint8Array, decode: (bytes: Uint8Array) => string): ReadDistribution {
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
  const edges = Float64Array.from({ length: slices + 1 }, (_, x) => start + (x - 1) * step);
  const cells = new CellReader(bytes, columnsAt);
  const layouts = head.columns.layouts.map(({ buckets, ...layout }): BucketLayout => ({
    ...layout,
    bounds: cells.column(buckets + 1),
  }));
  const groups = head.groups.map(({ layouts: own, hasMean, hasResets }): GroupColumns => {
    const shape = { layouts: own.map((i) => layouts[i]), layoutOf: cells.column(slices) };
    return {
      ...shape,
      counts: cells.column(countsLength(shape)),
      total: cells.column(slices),
      mean: hasMean ? cells.column(slices) : undefined,
      resets: hasResets ? cells.column(slices) : undefined,
      quantiles: quantiles.map(() => cells.column(slices)),
      shares: limits.map(() => cells.column(slices)),
    };
  });
  return { head, edges, groups };
}

function countsLength(shape: Pick<GroupColumns, 'layouts' | 'layoutOf'>): number {
  let length = 0;
  eachSlice(shape, (_, { bounds }) => (length += bounds.length - 1));
  return length;
}
