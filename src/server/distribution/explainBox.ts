/** Explains a box on the heatmap of a stored histogram. */
import { explainRegion, type Explanation } from '../../shared/explain/explain.ts';
import { histogramQueryOf, type HistogramQuery } from '../../shared/explain/histogramQuery.ts';
import { earlierBox, snapTimes, type Baseline, type Box, type RegionCells } from '../../shared/explain/region.ts';
import { parseBound } from '../../shared/heatmap/fromBuckets.ts';
import { distinctBounds, distinctSorted, isSameBound } from '../../shared/heatmap/slices.ts';
import { METRIC_NAME } from '../../shared/model/labels.ts';
import { escapePattern, type Matcher } from '../../shared/model/matchers.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { QueryError } from '../storage/engine.ts';
import type { Queryable, TimeRange } from '../storage/queryable.ts';
import { nativeRegionCells, type NativeSeries } from './nativeRegionCells.ts';
import { regionCells, type ExplainBudget } from './regionCells.ts';

export interface ExplainRequest {
  readonly expr: string;
  /** Milliseconds: slices end at start, start + step, …, end, as the heatmap of a range query has them. */
  readonly start: number;
  readonly end: number;
  readonly stepMs: number;
  /** As drawn; it is widened to slices, and to the bounds of classic buckets. */
  readonly box: Box;
  readonly baseline:
    | { readonly kind: 'rest' }
    | { readonly kind: 'sameTime' }
    | { readonly kind: 'earlier'; readonly shiftMs: number }
    | { readonly kind: 'box'; readonly box: Box }
    | { readonly kind: 'before'; readonly moment: number }
    | { readonly kind: 'value'; readonly label: string; readonly value: string };
}

export interface ExplainedStore {
  readonly queryable: Queryable;
  /** Series that match one after the other, each valid until the next is asked for. */
  eachSeries(matchers: readonly Matcher[], time: TimeRange): AsyncIterable<NativeSeries>;
}

export interface ExplainAnswer {
  readonly metric: string;
  readonly box: Box;
  /** What the baseline covers, where it is one box. */
  readonly baselineBox: Box | undefined;
  readonly explanation: Explanation;
  readonly warnings: readonly string[];
}

/** A counter's last sample before the range counts if it is not older than this: the lookback of queries. */
const LOOKBACK_MS = 300_000;

/**
 * @throws PromqlError for text that is no PromQL, HistogramQueryError for what is no histogram, QueryError, SelectLimitError.
 */
export async function explainBox(
  store: ExplainedStore,
  request: ExplainRequest,
  budget: ExplainBudget,
): Promise<ExplainAnswer> {
  const query = histogramQueryOf(parseExpr(request.expr), 'any');
  const spans = spansOf(request);
  const { range } = spans;
  const time = { minTime: Math.min(range.from, spans.baselineBox?.from ?? Infinity) - LOOKBACK_MS, maxTime: range.to };
  const count = query.isNative ? countNative : countClassic;
  const { cells, box, baselineBox, warnings } = await count(store, query, { ...spans, time }, budget);
  const noun = /latency|duration|seconds|time/.test(query.metric) ? 'requests' : 'observations';
  const baseline = comparedWith(request.baseline, range, baselineBox);
  return {
    metric: query.metric,
    box,
    baselineBox,
    explanation: explainRegion({ cells, box, baseline, noun }),
    warnings,
  };
}

interface Spans {
  readonly range: { readonly from: number; readonly to: number };
  readonly box: Box;
  readonly baselineBox: Box | undefined;
}

interface Counted {
  readonly cells: RegionCells;
  /** As counted: of classic histograms widened to bounds of buckets. */
  readonly box: Box;
  readonly baselineBox: Box | undefined;
  readonly warnings: readonly string[];
}

type Count = (
  store: ExplainedStore,
  query: HistogramQuery,
  spans: Spans & { readonly time: TimeRange },
  budget: ExplainBudget,
) => Promise<Counted>;

const countClassic: Count = async ({ queryable }, query, { range, time, ...drawn }, budget) => {
  const { metric, matchers } = query;
  const spellings = await queryable.labelValues('le', [matchers], time);
  const bounds = distinctBounds(spellings.map(parseBound));
  if (bounds.length === 0) throw noBuckets(metric, await hasNativeHistogram(queryable, metric, matchers, time));
  const bottom = bounds[0] > 0 ? 0 : -Infinity;
  const box = snapValues(drawn.box, bounds, bottom);
  const baselineBox = drawn.baselineBox && snapValues(drawn.baselineBox, bounds, bottom);
  const { values, xEdges } = edgesOf({ range, box, baselineBox });
  const uppers = distinctBounds([...values, Infinity].filter((v) => v > bottom));
  const groups = await queryable.select({
    matchers: [...matchers, boundsMatcher(spellings, uppers)],
    ...time,
    hints: { func: 'increase' },
    maxSamples: budget.samplesLeft,
  });
  const { cells, otherLayouts } = await regionCells(groups, xEdges, uppers, bottom, budget);
  return { cells, box, baselineBox, warnings: layoutWarnings(otherLayouts, box) };
};

const countNative: Count = async (store, query, { range, time, box, baselineBox }, budget) => {
  const { values, xEdges } = edgesOf({ range, box, baselineBox });
  const yEdges = distinctSorted([-Infinity, ...values, Infinity]);
  const series = store.eachSeries(query.matchers, time);
  const { cells, hasNumbers } = await nativeRegionCells(series, xEdges, yEdges, budget);
  if (cells.histograms.length === 0) throw noNativeHistograms(query.metric, hasNumbers);
  return { cells, box, baselineBox, warnings: [] };
};

/** Where cells begin and end: in times, and in values. */
function edgesOf({ range, box, baselineBox }: Spans): { readonly xEdges: Float64Array; readonly values: number[] } {
  const boxes = baselineBox === undefined ? [box] : [box, baselineBox];
  return {
    xEdges: distinctSorted([range, ...boxes].flatMap(({ from, to }) => [from, to])),
    values: boxes.flatMap(({ lower, upper }) => [lower, upper]),
  };
}

/** What is shown, and the boxes widened to its slices. */
function spansOf({ start, end, stepMs, box, baseline }: ExplainRequest): Spans {
  const range = { from: start - stepMs, to: end };
  if (box.to <= range.from || box.from >= range.to) {
    throw new QueryError('bad_data', 'the box lies outside of start and end; move either');
  }
  const widened = (of: Box): Box => ({ ...of, ...snapTimes({ start, end, step: stepMs }, of.from, of.to) });
  const drawn = widened(box);
  if (baseline.kind === 'box') return { range, box: drawn, baselineBox: widened(baseline.box) };
  if (baseline.kind === 'earlier') return { range, box: drawn, baselineBox: earlierBox(drawn, baseline.shiftMs) };
  if (baseline.kind === 'before') {
    if (baseline.moment <= range.from || baseline.moment >= range.to)
      throw new QueryError('bad_data', 'moment lies outside of start and end; move either');
    const slices = Math.max(1, Math.floor((baseline.moment - range.from) / stepMs));
    return { range, box: drawn, baselineBox: { ...drawn, from: range.from, to: range.from + slices * stepMs } };
  }
  return { range, box: drawn, baselineBox: undefined };
}

function comparedWith(
  asked: ExplainRequest['baseline'],
  range: { readonly from: number; readonly to: number },
  baselineBox: Box | undefined,
): Baseline {
  if (asked.kind === 'rest') return { kind: 'rest', ...range };
  if (asked.kind === 'before') return { kind: 'before', from: range.from, moment: baselineBox!.to };
  if (asked.kind === 'box' && baselineBox !== undefined) return { kind: 'box', box: baselineBox };
  return asked;
}

/** Widened to bounds of buckets: the largest one not above, the smallest one not below. */
function snapValues(box: Box, bounds: Float64Array, bottom: number): Box {
  const atMost = (bound: number, value: number): boolean => bound <= value || isSameBound(bound, value);
  const lowers = bounds.filter((bound) => bound !== Infinity && atMost(bound, box.lower));
  const lower = lowers.length > 0 ? lowers[lowers.length - 1] : bottom;
  const upper = bounds.find((bound) => bound > lower && atMost(box.upper, bound)) ?? Infinity;
  return { ...box, lower, upper };
}

/** Lets through the buckets of these bounds only, however they are spelled. */
function boundsMatcher(spellings: readonly string[], uppers: Float64Array): Matcher {
  const wanted = spellings.filter((text) => {
    const bound = parseBound(text);
    return uppers.some((upper) => isSameBound(upper, bound));
  });
  return { name: 'le', op: '=~', value: wanted.map(escapePattern).join('|') };
}

async function hasNativeHistogram(
  queryable: Queryable,
  metric: string,
  matchers: readonly Matcher[],
  time: { readonly minTime: number; readonly maxTime: number },
): Promise<boolean> {
  const native = matchers.map((m) => (m.name === METRIC_NAME && m.op === '=' ? { ...m, value: metric } : m));
  return (await queryable.series([native], time)).length > 0;
}

function noBuckets(metric: string, isNative: boolean): QueryError {
  if (isNative) {
    const instead = `write ${metric} for its native histograms, if it has them`;
    return new QueryError('bad_data', `${metric} has no series with le here; ${instead}`);
  }
  return new QueryError(
    'bad_data',
    `no buckets of ${metric} in this time range; check the name and the matchers, or choose a longer range`,
  );
}

function noNativeHistograms(metric: string, hasNumbers: boolean): QueryError {
  if (hasNumbers) {
    return new QueryError(
      'bad_data',
      `${metric} has no native histograms here; write ${metric}_bucket for classic ones`,
    );
  }
  return new QueryError(
    'bad_data',
    `no native histograms of ${metric} in this time range; check the name and the matchers, write ${metric}_bucket for classic ones, or choose a longer range`,
  );
}

function layoutWarnings(otherLayouts: number, { lower, upper }: Box): string[] {
  if (otherLayouts === 0) return [];
  const sets = otherLayouts === 1 ? 'one label set has' : `${otherLayouts} label sets have`;
  return [`${sets} no bucket that ends at ${lower} or ${upper} and are left out; choose bounds that all of them have`];
}
