/** query, query_range, query_exemplars, format_query. */
import type { ApiQueryPlan } from '../../shared/api/queryPlan.ts';
import { labelsJson } from '../../shared/api/labelsJson.ts';
import { MATRIX_TYPE } from '../../shared/api/matrixColumns.ts';
import { formatValue } from '../../shared/api/prometheus.ts';
import { prettyExpr } from '../../shared/promql/pretty.ts';
import { childrenOf, type Expr } from '../../shared/promql/ast.ts';
import { quoted } from '../../shared/model/labels.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import { QueryError, type AnswerPieces, type QueryRequest } from '../storage/engine.ts';
import { chained, dataJson, JSON_TYPE, listJson } from './answer.ts';
import { ApiError, invalidParameter } from './apiError.ts';
import { rangeParams, TIME_MAX, TIME_MIN, type Params } from './params.ts';
import type { ApiCall, ApiRoute, TypedAnswer } from './route.ts';
import { parsed } from './selectors.ts';
import { treeJson } from './treeJson.ts';

/** The lookback a query asks for; undefined, and the server's stands, where that is not above 0. */
function lookbackOf(params: Params): number | undefined {
  if (params.text('lookback_delta') === '') return undefined;
  const refused = (why: string) => new ApiError('bad_data', `error parsing lookback delta duration: ${why}`);
  const asked = params.duration('lookback_delta', refused);
  return asked > 0 ? asked : undefined;
}

async function runQuery(
  call: ApiCall,
  grid: Pick<QueryRequest, 'start' | 'end' | 'stepMs'>,
  columns = false,
): Promise<AnswerPieces> {
  const { params, deps, rooms, origin, gone, queries, client } = call;
  const limit = params.limit();
  const timeoutMs = Math.min(params.durationOr('timeout', Infinity), deps.options.queryTimeoutMs);
  const lookbackDeltaMs = lookbackOf(params);
  const expr = params.text('query');
  const fresh = params.text('nocache') === '1';
  const statsText = params.text('stats');
  const perStep = statsText === 'all';
  const { start, end, stepMs } = grid;
  const { signal } = gone;
  const request = { expr, start, end, stepMs, lookbackDeltaMs, timeoutMs, perStep, origin, signal };
  const stats = statsText !== '';
  const warnings = stats && statsText !== 'true' && statsText !== 'all' ? [deprecatedStats(statsText)] : [];
  const format = { limit, stats, fresh, columns, warnings };
  try {
    return await queries.run(request, gone, client, () => rooms.engine.answer(request, format));
  } catch (error) {
    return refused(error);
  }
}

function instantQuery(call: ApiCall): Promise<AnswerPieces> {
  const t = call.params.timeOr('time', call.deps.clock.now());
  return runQuery(call, { start: t, end: t, stepMs: 0 });
}

async function rangeQuery(call: ApiCall): Promise<AnswerPieces | TypedAnswer> {
  const columns = call.accept.includes(MATRIX_TYPE);
  const answer = await runQuery(call, rangeParams(call.params), columns);
  if (!columns) return answer;
  const pieces = answer[Symbol.asyncIterator]();
  const next = await pieces.next();
  const first: readonly Uint8Array[] = next.done === true ? [] : [next.value];
  const contentType = first[0]?.[0] === BRACE ? JSON_TYPE : MATRIX_TYPE;
  return { contentType, isNegotiated: true, pieces: chained(first, pieces) };
}

/** What JSON begins with, and columns do not. */
const BRACE = 0x7b;

/** How a query is evaluated: a range query where a step is given, else an instant one. It is run for that, and its answer left away. */
async function explained(call: ApiCall): Promise<Iterable<string>> {
  const { params, rooms, deps, origin, gone } = call;
  const { signal } = gone;
  const t = params.timeOr('time', deps.clock.now());
  const grid = params.text('step') === '' ? { start: t, end: t, stepMs: 0 } : rangeParams(params);
  const timeoutMs = Math.min(params.durationOr('timeout', Infinity), deps.options.queryTimeoutMs);
  const lookbackDeltaMs = lookbackOf(params);
  const request = { expr: params.text('query'), ...grid, lookbackDeltaMs, timeoutMs, explain: true, origin, signal };
  const { plan, stats, value } = await rooms.engine.query(request).catch(refused);
  const answer: ApiQueryPlan = {
    plan: plan!,
    parseMilliseconds: stats.parseMs,
    selectMilliseconds: stats.selectMs,
    evaluateMilliseconds: stats.evalMs,
    samplesRead: stats.samplesRead,
    series: value.kind === 'raw' ? value.series.length : value.kind === 'string' ? 0 : value.matrix.labels.length,
  };
  return dataJson(answer);
}

const deprecatedStats = (text: string) =>
  `value ${quoted(text)} for parameter "stats" is deprecated and will be rejected in the next major release, use "true" or "all"`;

function refused(error: unknown): never {
  if (error instanceof QueryError && error.errorType === 'bad_data') throw invalidParameter('query', error.message);
  throw error;
}

function exemplars({ params, rooms }: ApiCall): Iterable<string> {
  const minTime = params.timeOr('start', TIME_MIN);
  const maxTime = params.timeOr('end', TIME_MAX);
  if (maxTime < minTime) throw invalidParameter('end', 'end timestamp must not be before start time');
  const sets = selectorsOf(parsed(params.text('query'), 'query'));
  if (sets.length === 0) return listJson([]);
  const found = rooms.queryable.exemplars(sets, { minTime, maxTime });
  return listJson(
    found.map(({ labels, exemplars: list }) => {
      const items = list.map(
        (e) => `{"labels":${labelsJson(e.labels)},"value":"${formatValue(e.v)}","timestamp":${(e.t ?? 0) / 1000}}`,
      );
      return `{"seriesLabels":${labelsJson(labels)},"exemplars":[${items.join(',')}]}`;
    }),
  );
}

function selectorsOf(expr: Expr): (readonly Matcher[])[] {
  return expr.kind === 'selector' ? [expr.matchers] : childrenOf(expr).flatMap(selectorsOf);
}

const GET_POST = ['GET', 'POST'] as const;

export const QUERY_ROUTES: readonly ApiRoute[] = [
  { path: '/query', methods: GET_POST, answer: instantQuery },
  { path: '/query_range', methods: GET_POST, answer: rangeQuery },
  { path: '/explain_query', methods: GET_POST, answer: explained },
  { path: '/query_exemplars', methods: GET_POST, answer: exemplars },
  {
    path: '/format_query',
    methods: GET_POST,
    answer: ({ params }) => dataJson(prettyExpr(parsed(params.text('query'), 'query'))),
  },
  {
    path: '/parse_query',
    methods: GET_POST,
    answer: ({ params }) => dataJson(treeJson(parsed(params.text('query'), 'query'))),
  },
];
