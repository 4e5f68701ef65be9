/** The distribution of a histogram over time: counts by slice and bucket, and what is read from them. The numbers are PromQL's own. */
import { HistogramQueryError, histogramQueryOf, siblingSelector } from '../../shared/explain/histogramQuery.ts';
import type { GroupColumns } from '../../shared/api/distributionColumns.ts';
import type { HistogramQuery } from '../../shared/explain/histogramQuery.ts';
import { formatDuration } from '../../shared/model/durations.ts';
import { labelNameText, labelsKey, labelValue, type Labels } from '../../shared/model/labels.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { QueryError, type QueryEngine, type StepGrid, type StepMatrix } from '../storage/engine.ts';
import { classicColumns, type BucketRow } from './classicColumns.ts';
import { nativeColumns } from './nativeColumns.ts';
import type { Readings } from './readings.ts';
import { SharedLayouts } from './sharedLayouts.ts';

/** What is read beside the counts. */
export const OMITTABLE = ['mean', 'resets'] as const;
export type Omittable = (typeof OMITTABLE)[number];

export interface DistributionRequest extends Readings {
  readonly expr: string;
  /** Milliseconds: slices end at start, start + step, …, end. */
  readonly start: number;
  readonly end: number;
  readonly stepMs: number;
  /** One histogram for each value of these; by default the labels that the expression keeps. */
  readonly by?: readonly string[];
  /** What is not needed of the answer, and so is not read. */
  readonly omit?: readonly Omittable[];
  /** Evaluate all steps, whatever is kept of an earlier answer. */
  readonly fresh?: boolean;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Distribution {
  /** The PromQL whose answer the counts are. */
  readonly expr: string;
  readonly windowMs: number;
  /** Its steps are the ends of the slices. */
  readonly grid: StepGrid;
  readonly groups: readonly DistributionGroup[];
  readonly warnings: readonly string[];
}

export interface DistributionGroup extends GroupColumns {
  readonly labels: Labels;
}

/** Cells of an answer, over all groups. */
const CELLS_MAX = 4_000_000;

/** The label of what is read beside the counts. Its name is reserved: in a label that services set, `le` among them, any text may stand. */
const BESIDE = '__beside__';

/**
 * @throws PromqlError for text that is no PromQL, HistogramQueryError for what is no histogram, QueryError.
 */
export async function distribution(engine: QueryEngine, request: DistributionRequest): Promise<Distribution> {
  const { start, end, stepMs, timeoutMs, signal } = request;
  const query = histogramQueryOf(parseExpr(request.expr), 'any');
  const windowMs = query.windowMs ?? stepMs;
  const { counts, whole } = expressionsOf(query, request, windowMs);
  const { value, warnings } = await engine.query({
    expr: whole,
    start,
    end,
    stepMs,
    timeoutMs,
    signal,
    keeps: request.fresh !== true,
  });
  if (value.kind !== 'matrix') throw new QueryError('internal', `a range query answered ${value.kind}`);
  const found = [...seriesByGroup(value.matrix, value.grid).values()];
  const groups = query.isNative ? nativeGroups(found, value, query, request) : classicGroups(found, request);
  return { expr: counts, windowMs, grid: value.grid, groups, warnings };
}

/** The PromQL of the counts, and the same with all that is read beside them: sums of classic histograms, and resets. */
function expressionsOf(
  query: HistogramQuery,
  { by: asked, omit = [] }: DistributionRequest,
  windowMs: number,
): { readonly counts: string; readonly whole: string } {
  const by = asked?.filter((name) => name !== 'le') ?? query.by;
  const names = (labels: readonly string[]) => labels.map(labelNameText).join(', ');
  const summed = (func: 'increase' | 'resets', suffix: '' | '_bucket' | '_sum' | '_count') => {
    const rate = `${func}(${siblingSelector(query, suffix)}[${formatDuration(windowMs)}])`;
    if (by !== undefined) return `sum by (${names(suffix === '_bucket' ? ['le', ...by] : by)}) (${rate})`;
    return query.without === undefined ? rate : `sum without (${names(query.without)}) (${rate})`;
  };
  const beside = (what: 'sums' | 'resets', rows: string) => `label_replace(${rows}, "${BESIDE}", "${what}", "", "")`;
  const counts = summed('increase', query.isNative ? '' : '_bucket');
  const parts = [counts];
  if (!query.isNative && !omit.includes('mean')) parts.push(beside('sums', summed('increase', '_sum')));
  if (!omit.includes('resets')) parts.push(beside('resets', summed('resets', query.isNative ? '' : '_count')));
  return { counts, whole: parts.join(' or ') };
}

/** Series of a group, which differ in `le`. */
interface FoundGroup {
  readonly labels: Labels;
  readonly buckets: BucketRow[];
  /** Row of the answer: of native histograms; -1 where there is none. */
  native: number;
  sums: Float64Array | undefined;
  resets: Float64Array | undefined;
}

function seriesByGroup(matrix: StepMatrix, { count }: StepGrid): Map<string, FoundGroup> {
  const groups = new Map<string, FoundGroup>();
  matrix.labels.forEach((labels, s) => {
    const le = labelValue(labels, 'le');
    const beside = labelValue(labels, BESIDE);
    const rest = labels.filter(([name]) => name !== 'le' && name !== BESIDE);
    const key = labelsKey(rest);
    let group = groups.get(key);
    if (group === undefined) {
      groups.set(key, (group = { labels: rest, buckets: [], native: -1, sums: undefined, resets: undefined }));
    }
    const values = matrix.values.slice(s * count, (s + 1) * count);
    clearAbsent(values, matrix.present, s * matrix.presentStride);
    if (beside === 'sums') group.sums = values;
    else if (beside === 'resets') group.resets = values;
    else if (le !== '') group.buckets.push({ le, values });
    else group.native = s;
  });
  return groups;
}

/** NaN where a series has no value. @param at byte of its presence. */
function clearAbsent(values: Float64Array, present: Uint8Array, at: number): void {
  for (let i = 0; i < values.length; i += 8, at++) {
    if (present[at] === 0xff) continue;
    const end = Math.min(values.length, i + 8);
    for (let k = i; k < end; k++) if (((present[at] >> (k - i)) & 1) === 0) values[k] = NaN;
  }
}

function classicGroups(found: readonly FoundGroup[], readings: Readings): DistributionGroup[] {
  const withBuckets = found.filter(({ buckets }) => buckets.length > 0);
  checkCells(withBuckets.reduce((sum, { buckets }) => sum + buckets.length * buckets[0].values.length, 0));
  const layouts = new SharedLayouts();
  return withBuckets.flatMap(({ labels, buckets, sums, resets }) => {
    const columns = classicColumns(buckets, { sums, resets }, readings, layouts);
    return columns === undefined ? [] : [{ labels, ...columns }];
  });
}

function nativeGroups(
  found: readonly FoundGroup[],
  { matrix: { histograms }, grid: { count } }: { readonly matrix: StepMatrix; readonly grid: StepGrid },
  { metric }: HistogramQuery,
  readings: Readings,
): DistributionGroup[] {
  const withSamples = found.filter(({ native }) => native >= 0);
  if (withSamples.length > 0 && histograms === undefined) {
    throw new HistogramQueryError(
      `${metric} has no native histograms in this range; write ${metric}_bucket for classic ones`,
    );
  }
  const layouts = new SharedLayouts();
  let cells = 0;
  return withSamples.flatMap(({ labels, native, resets }) => {
    const slices = Array.from({ length: count }, (_, x) => histograms!.get(native * count + x));
    if (slices.every((one) => one === undefined)) return [];
    const columns = nativeColumns(slices, resets, readings, layouts);
    checkCells((cells += columns.counts.length));
    return [{ labels, ...columns }];
  });
}

function checkCells(cells: number): void {
  if (cells <= CELLS_MAX) return;
  throw new QueryError(
    'execution',
    `the answer has ${cells} cells, over ${CELLS_MAX}; group by fewer labels, raise the step, or shorten the range`,
  );
}
