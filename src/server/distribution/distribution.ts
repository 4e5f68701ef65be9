/** The distribution of a histogram over time: counts by slice and bucket, and what is read from them. The numbers are PromQL's own. */
import { HistogramQueryError, histogramQueryOf, siblingSelector } from '../../shared/explain/histogramQuery.ts';
import type { GroupColumns } from '../../shared/api/distributionColumns.ts';
import type { HistogramQuery } from '../../shared/explain/histogramQuery.ts';
import { formatDuration } from '../../shared/model/durations.ts';
import { labelNameText, labelsKey, labelValue, type Labels } from '../../shared/model/labels.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { QueryError, type QueryEngine, type StandingSteps, type StepGrid, type StepMatrix } from '../storage/engine.ts';
import { classicColumns, type BucketRow } from './classicColumns.ts';
import { continuedColumns, type StandingSlices } from './continuedColumns.ts';
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
  const { value, warnings, standing } = await engine.query({
    expr: whole,
    start,
    end,
    stepMs,
    timeoutMs,
    signal,
    keeps: request.fresh !== true,
  });
  if (value.kind !== 'matrix') throw new QueryError('internal', `a range query answered ${value.kind}`);
  const before = standing && readBefore(standing, request);
  const found = [...seriesByGroup(value.matrix, value.grid, before?.count ?? 0).values()];
  const groups = query.isNative ? nativeGroups(found, value, query, request) : classicGroups(found, request, before);
  if (!query.isNative) readings.set(value.matrix, { of: textOf(request), groups: byLabels(groups) });
  return { expr: counts, windowMs, grid: value.grid, groups, warnings };
}

/** What was read from answers, for as long as they are kept. */
const readings = new WeakMap<StepMatrix, { readonly of: string; readonly groups: ReadonlyMap<string, GroupColumns> }>();

interface ReadBefore extends StandingSlices {
  readonly groups: ReadonlyMap<string, GroupColumns>;
}

const textOf = ({ quantiles, limits }: Readings) => `${quantiles.join()};${limits.join()}`;
const byLabels = (groups: readonly DistributionGroup[]) =>
  new Map(groups.map((group) => [labelsKey(group.labels), group]));

/** What the same was read from of the slices that stand. */
function readBefore({ of, from, count }: StandingSteps, asked: Readings): ReadBefore | undefined {
  const known = readings.get(of);
  return known?.of === textOf(asked) ? { groups: known.groups, from, count } : undefined;
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
  readonly key: string;
  readonly buckets: BucketRow[];
  /** Row of the answer: of native histograms; -1 where there is none. */
  native: number;
  sums: Float64Array | undefined;
  resets: Float64Array | undefined;
}

/** @param from step from which on rows are taken: the slices before it are known. */
function seriesByGroup(matrix: StepMatrix, { count }: StepGrid, from: number): Map<string, FoundGroup> {
  const groups = new Map<string, FoundGroup>();
  matrix.labels.forEach((labels, s) => {
    const { le, beside, rest, key } = placeOf(labels);
    let group = groups.get(key);
    if (group === undefined) {
      groups.set(key, (group = { labels: rest, key, buckets: [], native: -1, sums: undefined, resets: undefined }));
    }
    const values = valuesFrom(matrix, s, count, from);
    if (beside === 'sums') group.sums = values;
    else if (beside === 'resets') group.resets = values;
    else if (le !== '') group.buckets.push({ le, values });
    else group.native = s;
  });
  return groups;
}

/** Which row of which group a series is. */
interface Place {
  readonly le: string;
  readonly beside: string;
  readonly rest: Labels;
  /** Of the group. */
  readonly key: string;
}

/** Label sets of answers that go on are the same arrays. */
const places = new WeakMap<Labels, Place>();

function placeOf(labels: Labels): Place {
  const known = places.get(labels);
  if (known !== undefined) return known;
  const rest = labels.filter(([name]) => name !== 'le' && name !== BESIDE);
  const place = { le: labelValue(labels, 'le'), beside: labelValue(labels, BESIDE), rest, key: labelsKey(rest) };
  places.set(labels, place);
  return place;
}

/** Steps [from, count) of a series, NaN where it has no value; a view where it has all. */
function valuesFrom(
  { values, present, presentStride }: StepMatrix,
  s: number,
  count: number,
  from: number,
): Float64Array {
  const row = values.subarray(s * count + from, (s + 1) * count);
  let own: Float64Array | undefined;
  for (let i = from; i < count;) {
    const bits = present[s * presentStride + (i >> 3)];
    if (bits === 0xff) {
      i = (i | 7) + 1;
      continue;
    }
    if (((bits >> (i & 7)) & 1) === 0) (own ??= row.slice())[i - from] = NaN;
    i++;
  }
  return own ?? row;
}

function classicGroups(
  found: readonly FoundGroup[],
  readings: Readings,
  before: ReadBefore | undefined,
): DistributionGroup[] {
  const withBuckets = found.filter(({ buckets }) => buckets.length > 0);
  const slices = (before?.count ?? 0) + (withBuckets[0]?.buckets[0].values.length ?? 0);
  checkCells(withBuckets.reduce((sum, { buckets }) => sum + buckets.length * slices, 0));
  const layouts = new SharedLayouts();
  for (const known of before?.groups.values() ?? []) for (const layout of known.layouts) layouts.get(layout);
  return withBuckets.flatMap(({ labels, key, buckets, sums, resets }) => {
    const tail = classicColumns(buckets, { sums, resets }, readings, layouts);
    const columns = before === undefined ? tail : continuedColumns(before.groups.get(key), before, tail);
    return columns.layouts.length === 0 ? [] : [{ labels, ...columns }];
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
