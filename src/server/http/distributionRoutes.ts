/** distribution, explain: our own questions to histograms. */
import type { ApiBaselineKind, ApiBox, ApiExplainedLabel, ApiExplanation } from '../../shared/api/explain.ts';
import { COLUMNS_TYPE, distributionPieces, layoutsOf } from '../../shared/api/distributionColumns.ts';
import { formatValue } from '../../shared/api/prometheus.ts';
import type { ExplainedLabel } from '../../shared/explain/explain.ts';
import { HistogramQueryError } from '../../shared/explain/histogramQuery.ts';
import type { Box } from '../../shared/explain/region.ts';
import { parseBound } from '../../shared/heatmap/fromBuckets.ts';
import type { BucketLayout } from '../../shared/histogram/layout.ts';
import { labelsRecord, METRIC_NAME } from '../../shared/model/labels.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import { PromqlError } from '../../shared/promql/errors.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { CellTokens } from '../distribution/cellTokens.ts';
import {
  distribution,
  OMITTABLE,
  type Distribution,
  type DistributionGroup,
  type Omittable,
} from '../distribution/distribution.ts';
import { explainBox, type ExplainedStore, type ExplainRequest } from '../distribution/explainBox.ts';
import { inTurn } from '../promql/answer/answerPieces.ts';
import { JsonBytes } from '../promql/answer/jsonBytes.ts';
import { writeNumbers, writeRows } from '../promql/answer/sampleTexts.ts';
import { Budget } from '../promql/budget.ts';
import { QueryError } from '../storage/engine.ts';
import { invalidParameter } from './apiError.ts';
import { rangeParams, type Params } from './params.ts';
import type { ApiCall, ApiRoute, TypedAnswer } from './route.ts';
import { eachStoredSeries } from './storedSeries.ts';

/** Quantiles, limits or labels of one request. */
const LIST_MAX = 32;
/** Values told of each label, unless `limit` asks for another number; and of labels. */
const VALUES_DEFAULT = 10;
const VALUES_MAX = 1000;
const LABELS_MAX = 64;

async function distributionAnswer({
  params,
  deps,
  rooms,
  gone: { signal },
}: ApiCall): Promise<AsyncIterable<Uint8Array> | TypedAnswer> {
  const format = params.text('format');
  if (format !== '' && format !== 'json' && format !== 'binary')
    throw invalidParameter('format', 'write json or binary');
  const grid = rangeParams(params);
  const quantiles = list(params, 'quantiles');
  const limits = list(params, 'limits');
  const by = params.texts('by').length === 0 ? undefined : list(params, 'by');
  const timeoutMs = Math.min(params.durationOr('timeout', Infinity), deps.options.queryTimeoutMs);
  const found = await aboutQuery(
    distribution(rooms.engine, {
      expr: params.text('query'),
      ...grid,
      by,
      quantiles: quantiles.map((text) => fraction(text)),
      limits: limits.map((text) => bound('limits', text)),
      omit: list(params, 'omit').map(omittable),
      fresh: params.text('nocache') === '1',
      timeoutMs,
      signal,
    }),
  );
  const data = { expr: found.expr, window: found.windowMs / 1000 };
  if (format === 'binary') return columnsAnswer(data, found, quantiles, limits);
  return groupsJson(data, found, quantiles, limits);
}

function columnsAnswer(
  data: { readonly expr: string; readonly window: number },
  { groups, grid, warnings }: Distribution,
  quantiles: readonly string[],
  limits: readonly string[],
): TypedAnswer {
  const asked = { start: grid.start, step: grid.stepMs, slices: grid.count, quantiles, limits };
  const columns = groups.map(({ labels, ...group }) => ({ ...group, metric: labelsRecord(labels) }));
  const told = warnings.length === 0 ? data : { ...data, warnings };
  const pieces = distributionPieces(told, asked, columns, (text) => Buffer.from(text), new CellTokens());
  return { contentType: COLUMNS_TYPE, pieces: inTurn(pieces) };
}

/** Written as it is taken, so that a large answer is never one text. */
async function* groupsJson(
  data: object,
  { groups, grid, warnings }: Distribution,
  quantiles: readonly string[],
  limits: readonly string[],
): AsyncGenerator<Uint8Array> {
  const out = new JsonBytes();
  const layouts = layoutsOf(groups);
  out.text(`{"status":"success","data":${JSON.stringify(data).slice(0, -1)},"edges":`);
  writeNumbers(
    out,
    Float64Array.from({ length: grid.count + 1 }, (_, i) => (grid.start + (i - 1) * grid.stepMs) / 1000),
  );
  out.text(`,"layouts":${JSON.stringify(layouts.map(layoutJson))},"groups":[`);
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i];
    const { labels, layoutOf, total, mean, resets, quantiles: lines, shares } = group;
    const places = group.layouts.map((layout) => layouts.indexOf(layout));
    out.text(`${i > 0 ? ',' : ''}{"metric":${JSON.stringify(labelsRecord(labels))},"layout":`);
    writeNumbers(
      out,
      layoutOf.map((own) => places[own]),
    );
    out.text(',"counts":');
    yield* writeCounts(out, group);
    out.text(`,"gaps":${JSON.stringify([...layoutOf.keys()].filter((x) => Number.isNaN(layoutOf[x])))},"total":`);
    writeNumbers(out, total);
    if (mean !== undefined) {
      out.text(',"mean":');
      writeNumbers(out, mean);
    }
    if (resets !== undefined) {
      out.text(',"resets":');
      writeNumbers(out, resets);
    }
    out.text(',"quantiles":');
    writeLines(out, quantiles, lines);
    out.text(',"shares":');
    writeLines(out, limits, shares);
    out.text('}');
    if (out.isFull) yield out.take();
  }
  out.text(']}');
  if (warnings.length > 0) out.text(`,"warnings":${JSON.stringify(warnings)}`);
  out.text('}');
  yield out.take();
}

const layoutJson = ({ bounds, ...layout }: BucketLayout) => ({ ...layout, bounds: Array.from(bounds, formatValue) });

/** Slice by slice: null where there is no data. */
function* writeCounts(out: JsonBytes, { layouts, layoutOf, counts }: DistributionGroup) {
  out.text('[');
  for (let x = 0, at = 0; x < layoutOf.length;) {
    if (x > 0) out.text(',');
    const sizes: number[] = [];
    let end = at;
    for (; x < layoutOf.length && !Number.isNaN(layoutOf[x]); x++) {
      const size = layouts[layoutOf[x]].bounds.length - 1;
      sizes.push(size);
      end += size;
    }
    if (sizes.length === 0) {
      out.text('null');
      x++;
    } else for (const _ of writeRows(out, counts.subarray(at, end), sizes)) if (out.isFull) yield out.take();
    at = end;
  }
  out.text(']');
}

function writeLines(out: JsonBytes, names: readonly string[], lines: readonly Float64Array[]): void {
  out.text('{');
  names.forEach((name, k) => {
    out.text(`${k > 0 ? ',' : ''}${JSON.stringify(name)}:`);
    writeNumbers(out, lines[k]);
  });
  out.text('}');
}

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

async function explainAnswer({ params, deps, rooms, gone: { signal } }: ApiCall): Promise<Iterable<string>> {
  const valuesMax = Math.min(VALUES_MAX, params.text('limit') === '' ? VALUES_DEFAULT : params.limit());
  const request: ExplainRequest = {
    expr: params.text('query'),
    ...rangeParams(params),
    box: boxParams(params, ''),
    baseline: baselineParams(params),
  };
  const { queryTimeoutMs: timeoutMs, maxSamples, queryBytesMax: maxBytes } = deps.options;
  const budget = new Budget({ timeoutMs, maxSamples, maxBytes, signal });
  const { queryable } = rooms;
  const store: ExplainedStore = {
    queryable,
    eachSeries: (matchers, time) => eachStoredSeries(queryable, matchers, time, budget),
  };
  const { metric, box, baselineBox, explanation, warnings } = await aboutQuery(explainBox(store, request, budget));
  const { inside, baseline, words, headline, cautions, labelSets, labels } = explanation;
  const data: ApiExplanation = {
    metric,
    box: { ...boxJson(box), count: inside },
    baseline: {
      kind: request.baseline.kind,
      count: baseline,
      ...(baselineBox === undefined ? {} : { box: boxJson(baselineBox) }),
    },
    words,
    headline,
    cautions: [...cautions],
    labelSets,
    labels: labels.slice(0, LABELS_MAX).map((label) => labelJson(label, valuesMax)),
  };
  const told = warnings.length === 0 ? '' : `,"warnings":${JSON.stringify(warnings)}`;
  return [`{"status":"success","data":${JSON.stringify(data)}${told}}`];
}

function labelJson({ label, score, sameSplit, values }: ExplainedLabel, valuesMax: number): ApiExplainedLabel {
  return {
    label,
    score,
    sameSplit: [...sameSplit],
    valueCount: values.length,
    values: values.slice(0, valuesMax).map((value) => ({
      ...value,
      same: [...value.same].slice(0, LIST_MAX),
      shareInside: orNull(value.shareInside),
      shareBaseline: orNull(value.shareBaseline),
    })),
  };
}

function boxJson({ from, to, lower, upper }: Box): ApiBox {
  return { from: from / 1000, to: to / 1000, lower: formatValue(lower), upper: formatValue(upper) };
}

/** `from`, `to`, `lower`, `upper`; values left out are open. */
function boxParams(params: Params, prefix: string): Box {
  const name = (own: string) => prefix + own;
  const from = params.time(name('from'));
  const to = params.time(name('to'));
  if (to <= from) throw invalidParameter(name('to'), `must be after ${name('from')}: a box needs a span of time`);
  const [lowerText, upperText] = [params.text(name('lower')), params.text(name('upper'))];
  const lower = lowerText === '' ? -Infinity : bound(name('lower'), lowerText);
  const upper = upperText === '' ? Infinity : bound(name('upper'), upperText);
  if (upper <= lower) {
    throw invalidParameter(name('upper'), `must be above ${name('lower')}: a box needs a span of values`);
  }
  return { from, to, lower, upper };
}

const BASELINES: readonly ApiBaselineKind[] = ['rest', 'sameTime', 'earlier', 'box', 'before', 'value'];

function baselineParams(params: Params): ExplainRequest['baseline'] {
  const text = params.text('baseline') || 'rest';
  const kind = BASELINES.find((known) => known === text);
  if (kind === undefined) throw invalidParameter('baseline', `write one of ${BASELINES.join(', ')}`);
  if (kind === 'box') return { kind, box: boxParams(params, 'baseline_') };
  if (kind === 'before') return { kind, moment: params.time('moment') };
  if (kind === 'value') return { kind, ...againstParam(params) };
  if (kind !== 'earlier') return { kind };
  const shiftMs = params.duration('shift');
  if (shiftMs <= 0) throw invalidParameter('shift', 'write how much earlier, such as 1h or 1d');
  return { kind, shiftMs };
}

/** `version="v1"`: the label and the value that the others are compared with. */
function againstParam(params: Params): { label: string; value: string } {
  const text = params.text('against');
  const example = 'write one label and its value, such as version="v1"';
  let matchers: readonly Matcher[];
  try {
    const expr = parseExpr(`{${text},__name__="x"}`);
    matchers = expr.kind === 'selector' ? expr.matchers.filter(({ name }) => name !== METRIC_NAME) : [];
  } catch {
    throw invalidParameter('against', `${JSON.stringify(text)} cannot be read; ${example}`);
  }
  const [matcher] = matchers;
  if (matchers.length !== 1 || matcher.op !== '=') throw invalidParameter('against', example);
  return { label: matcher.name, value: matcher.value };
}

/** The items of a list, given as several parameters or joined by commas. */
function list(params: Params, name: string): string[] {
  const items = params.texts(name).flatMap((text) => text.split(',').map((item) => item.trim()));
  const given = [...new Set(items)].filter((item) => item !== '');
  if (given.length > LIST_MAX) throw invalidParameter(name, `at most ${LIST_MAX} at a time`);
  return given;
}

function omittable(text: string): Omittable {
  const known = OMITTABLE.find((part) => part === text);
  if (known === undefined) throw invalidParameter('omit', `write ${OMITTABLE.join(' or ')}, or both`);
  return known;
}

function fraction(text: string): number {
  const q = Number(text);
  if (!(q >= 0 && q <= 1)) throw invalidParameter('quantiles', `${JSON.stringify(text)} is not between 0 and 1`);
  return q;
}

function bound(name: string, text: string): number {
  const value = parseBound(text);
  if (Number.isNaN(value)) throw invalidParameter(name, `${JSON.stringify(text)} is no number; write one, or +Inf`);
  return value;
}

/** What is wrong with the expression is said as being about the parameter `query`. */
async function aboutQuery<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const isQuery =
      error instanceof PromqlError ||
      error instanceof HistogramQueryError ||
      (error instanceof QueryError && error.errorType === 'bad_data');
    if (isQuery) throw invalidParameter('query', error.message);
    throw error;
  }
}

export const DISTRIBUTION_ROUTES: readonly ApiRoute[] = [
  { path: '/distribution', methods: ['GET', 'POST'], answer: distributionAnswer },
  { path: '/explain', methods: ['GET', 'POST'], answer: explainAnswer },
];
