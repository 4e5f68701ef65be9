/** Explains a box on the heatmap of a stored histogram. */
import { explainRegion, type Explanation } from '../../shared/explain/explain.ts';
import { histogramQueryOf } from '../../shared/explain/histogramQuery.ts';
import { earlierBox, snapTimes, type Baseline, type Box } from '../../shared/explain/region.ts';
import { parseBound } from '../../shared/heatmap/fromBuckets.ts';
import { distinctBounds, distinctSorted, isSameBound } from '../../shared/heatmap/slices.ts';
import { METRIC_NAME } from '../../shared/model/labels.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { QueryError } from '../storage/engine.ts';
import type { Queryable } from '../storage/queryable.ts';
import { regionCells, type Pacing } from './regionCells.ts';

export interface ExplainRequest {
  readonly expr: string;
  /** Milliseconds: slices end at start, start + step, …, end, as the heatmap of a range query has them. */
  readonly start: number;
  readonly end: number;
  readonly stepMs: number;
  /** As drawn; it is widened to slices and bucket bounds. */
  readonly box: Box;
  readonly baseline:
    | { readonly kind: 'rest' }
    | { readonly kind: 'sameTime' }
    | { readonly kind: 'earlier'; readonly shiftMs: number }
    | { readonly kind: 'box'; readonly box: Box };
  readonly signal?: AbortSignal;
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
/** Samples of buckets that are looked at in one request. */
const SAMPLES_MAX = 50_000_000;
/** Other work waits at most about this long. */
const SLICE_MS = 10;

/**
 * @throws PromqlError for text that is no PromQL, HistogramQueryError for what is no histogram, QueryError, SelectLimitError.
 */
export async function explainBox(queryable: Queryable, request: ExplainRequest): Promise<ExplainAnswer> {
  const { start, end, stepMs, baseline, signal } = request;
  const { metric, matchers } = histogramQueryOf(parseExpr(request.expr));
  const grid = { start, end, step: stepMs };
  const range = { from: start - stepMs, to: end };
  const spanOf = (box: Box): Box => ({ ...box, ...snapTimes(grid, box.from, box.to) });
  if (request.box.to <= range.from || request.box.from >= range.to) {
    throw new QueryError('bad_data', 'the box lies outside of start and end; move either');
  }
  const drawn = spanOf(request.box);
  const drawnBaseline =
    baseline.kind === 'box'
      ? spanOf(baseline.box)
      : baseline.kind === 'earlier'
        ? earlierBox(drawn, baseline.shiftMs)
        : undefined;

  const minTime = Math.min(range.from, drawnBaseline?.from ?? Infinity) - LOOKBACK_MS;
  const time = { minTime, maxTime: end };
  const spellings = await queryable.labelValues('le', [matchers], time);
  const bounds = distinctBounds(spellings.map(parseBound));
  if (bounds.length === 0) throw nothingToExplain(metric, await hasNativeHistogram(queryable, metric, matchers, time));
  const bottom = bounds[0] > 0 ? 0 : -Infinity;
  const box = snapValues(drawn, bounds, bottom);
  const baselineBox = drawnBaseline && snapValues(drawnBaseline, bounds, bottom);
  const uppers = distinctBounds(
    [box, ...(baselineBox === undefined ? [] : [baselineBox])]
      .flatMap(({ lower, upper }) => [lower, upper])
      .concat(Infinity)
      .filter((bound) => bound > bottom),
  );
  const groups = await queryable.select({
    matchers: [...matchers, boundsMatcher(spellings, uppers)],
    ...time,
    hints: { func: 'increase' },
    maxSamples: SAMPLES_MAX,
  });
  const xEdges = distinctSorted([
    range.from,
    range.to,
    ...[box, ...(baselineBox === undefined ? [] : [baselineBox])].flatMap(({ from, to }) => [from, to]),
  ]);
  const { cells, otherLayouts } = await regionCells(groups, xEdges, uppers, bottom, pacingOf(signal));
  const compared = ((): Baseline => {
    switch (baseline.kind) {
      case 'rest':
        return { kind: 'rest', ...range };
      case 'sameTime':
        return { kind: 'sameTime' };
      case 'earlier':
        return baseline;
      case 'box':
        return { kind: 'box', box: baselineBox! };
    }
  })();
  const noun = /latency|duration|seconds|time/.test(metric) ? 'requests' : 'observations';
  return {
    metric,
    box,
    baselineBox,
    explanation: explainRegion({ cells, box, baseline: compared, noun }),
    warnings: layoutWarnings(otherLayouts, box),
  };
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
  return { name: 'le', op: '=~', value: wanted.map((text) => text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')).join('|') };
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

function nothingToExplain(metric: string, isNative: boolean): QueryError {
  if (isNative) {
    return new QueryError(
      'bad_data',
      `${metric} has no series with le here; native histograms cannot be explained yet, ask for one with classic buckets`,
    );
  }
  return new QueryError(
    'bad_data',
    `no buckets of ${metric} in this time range; check the name and the matchers, or choose a longer range`,
  );
}

function layoutWarnings(otherLayouts: number, { lower, upper }: Box): string[] {
  if (otherLayouts === 0) return [];
  const sets = otherLayouts === 1 ? 'one label set has' : `${otherLayouts} label sets have`;
  return [`${sets} no bucket that ends at ${lower} or ${upper} and are left out; choose bounds that all of them have`];
}

function pacingOf(signal: AbortSignal | undefined): Pacing {
  let since = performance.now();
  return {
    isDue: () => performance.now() - since > SLICE_MS,
    async pause() {
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted) throw new QueryError('canceled', 'the client went away');
      since = performance.now();
    },
  };
}
