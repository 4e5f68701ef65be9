/** The distribution of a histogram over time: counts by slice and bucket, and what is read from them. The numbers are PromQL's own. */
import { layoutsOf } from '../../shared/api/distributionColumns.ts';
import { HistogramQueryError, histogramQueryOf, siblingSelector } from '../../shared/explain/histogramQuery.ts';
import type { HistogramQuery } from '../../shared/explain/histogramQuery.ts';
import { formatDuration } from '../../shared/model/durations.ts';
import { compareLabels, labelNameText, labelsKey, labelValue, type Labels } from '../../shared/model/labels.ts';
import { withoutParens, type Expr } from '../../shared/promql/ast.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { QueryError, type QueryEngine, type StepGrid, type StepMatrix } from '../storage/engine.ts';
import { BucketFrames, type BucketRow } from './bucketFrames.ts';
import { classicColumns } from './classicColumns.ts';
import { continuedGroups, type DistributionGroup, type StandingGroups } from './continuedGroups.ts';
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

export type { DistributionGroup } from './continuedGroups.ts';

/** Cells of an answer, over all groups. */
const CELLS_MAX = 4_000_000;

/** The label of what is read beside the counts. Its name is reserved: in a label that services set, `le` among them, any text may stand. */
const BESIDE = '__beside__';

/**
 * @throws PromqlError for text that is no PromQL, HistogramQueryError for what is no histogram, QueryError.
 */
export async function distribution(engine: QueryEngine, request: DistributionRequest): Promise<Distribution> {
  const { start, end, stepMs, timeoutMs, signal } = request;
  const { query, windowMs, counts, whole, parsed } = questionOf(request);
  const { value, warnings, kept } = await engine.query({
    expr: whole,
    parsed,
    start,
    end,
    stepMs,
    timeoutMs,
    signal,
    keepsAs: request.fresh === true ? undefined : `${request.quantiles.join()};${request.limits.join()}`,
  });
  if (value.kind !== 'matrix') throw new QueryError('internal', `a range query answered ${value.kind}`);
  const before = kept?.standing as StandingGroups | undefined;
  const found = groupsFound(value.matrix, value.grid);
  const groups = query.isNative
    ? nativeGroups(found, value, query, request)
    : classicGroups(found, value.grid, request, before);
  if (!query.isNative) kept?.keep(groups, bytesOf(groups));
  const standing = before?.count ?? 0;
  const grid = { ...value.grid, start: value.grid.start - standing * stepMs, count: standing + value.grid.count };
  return { expr: counts, windowMs, grid, groups, warnings };
}

/** What the labels of a group and the objects around its columns take, about. */
const GROUP_BYTES = 2000;

const bytesOf = (groups: readonly DistributionGroup[]): number =>
  groups.reduce((sum, { counts, layoutOf, quantiles, shares }) => {
    const columns = 4 + quantiles.length + shares.length;
    return sum + GROUP_BYTES + counts.byteLength + columns * layoutOf.byteLength;
  }, 0);

/** What the engine is asked for. */
interface Question {
  readonly query: HistogramQuery;
  readonly windowMs: number;
  /** The PromQL of the counts. */
  readonly counts: string;
  /** The same with all that is read beside them: sums of classic histograms, and resets. */
  readonly whole: string;
  readonly parsed: Expr;
}

/** Pages ask the same every few seconds: the last questions, the latest last. */
const lastQuestions = new Map<string, Question>();
const QUESTIONS_MAX = 64;
/** Longer ones are not kept. */
const QUESTION_CHARS_MAX = 4096;

function questionOf(request: DistributionRequest): Question {
  const key = JSON.stringify([request.expr, request.by, request.omit, request.stepMs]);
  let question = lastQuestions.get(key);
  lastQuestions.delete(key);
  question ??= newQuestion(request);
  if (key.length <= QUESTION_CHARS_MAX) lastQuestions.set(key, question);
  if (lastQuestions.size > QUESTIONS_MAX) lastQuestions.delete(lastQuestions.keys().next().value!);
  return question;
}

function newQuestion(request: DistributionRequest): Question {
  const query = histogramQueryOf(parseExpr(request.expr), 'any');
  const windowMs = query.windowMs ?? request.stepMs;
  const { counts, whole } = expressionsOf(query, request, windowMs);
  return { query, windowMs, counts, whole, parsed: withoutParens(parseExpr(whole)) };
}

function expressionsOf(
  query: HistogramQuery,
  { by: asked, omit = [] }: DistributionRequest,
  windowMs: number,
): Pick<Question, 'counts' | 'whole'> {
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

/** In the order of their labels. */
function groupsFound(matrix: StepMatrix, { count }: StepGrid): FoundGroup[] {
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
    const values = valuesOf(matrix, s, count);
    if (beside === 'sums') group.sums = values;
    else if (beside === 'resets') group.resets = values;
    else if (le !== '') group.buckets.push({ le, values });
    else group.native = s;
  });
  return [...groups.values()].sort((a, b) => compareLabels(a.labels, b.labels));
}

/** The values of a series, NaN where it has none; a view where it has all. */
function valuesOf({ values, present, presentStride }: StepMatrix, s: number, count: number): Float64Array {
  const row = values.subarray(s * count, (s + 1) * count);
  let own: Float64Array | undefined;
  for (let i = 0; i < count; i += 8) {
    const bits = present[s * presentStride + (i >> 3)];
    if (bits === 0xff) continue;
    const end = Math.min(count, i + 8);
    for (let k = i; k < end; k++) if (((bits >> (k - i)) & 1) === 0) (own ??= row.slice())[k] = NaN;
  }
  return own ?? row;
}

function classicGroups(
  found: readonly FoundGroup[],
  { count }: StepGrid,
  readings: Readings,
  before: StandingGroups | undefined,
): DistributionGroup[] {
  const withBuckets = found.filter(({ buckets }) => buckets.length > 0);
  checkCells(withBuckets.reduce((sum, { buckets }) => sum + buckets.length * count, 0));
  const layouts = new SharedLayouts();
  for (const known of layoutsOf(before?.made ?? [])) layouts.get(known);
  const frames = new BucketFrames(layouts);
  const groups = withBuckets.flatMap(({ labels, buckets, sums, resets }) => {
    const columns = classicColumns(buckets, { sums, resets }, readings, frames);
    return columns.layouts.length === 0 ? [] : [{ labels, ...columns }];
  });
  if (before === undefined) return groups;
  const all = continuedGroups(before, groups, count);
  checkCells(all.reduce((sum, { counts }) => sum + counts.length, 0));
  return all;
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
