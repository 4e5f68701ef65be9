/** query, query_range, query_exemplars, format_query. */
import { labelsJson } from '../../shared/api/labelsJson.ts';
import { formatValue } from '../../shared/api/prometheus.ts';
import { prettyExpr } from '../../shared/promql/pretty.ts';
import { childrenOf, type Expr } from '../../shared/promql/ast.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import { QueryError, type QueryRequest } from '../storage/engine.ts';
import { dataJson, listJson } from './answer.ts';
import { invalidParameter } from './apiError.ts';
import { rangeParams, TIME_MAX, TIME_MIN } from './params.ts';
import type { ApiCall, ApiRoute } from './route.ts';
import { parsed } from './selectors.ts';
import { treeJson } from './treeJson.ts';

async function runQuery(
  call: ApiCall,
  grid: Pick<QueryRequest, 'start' | 'end' | 'stepMs'>,
): Promise<AsyncIterable<Uint8Array>> {
  const { params, deps, rooms, signal, queries, client } = call;
  const limit = params.limit();
  const timeoutMs = Math.min(params.durationOr('timeout', Infinity), deps.options.queryTimeoutMs);
  const lookbackDeltaMs = params.durationOr('lookback_delta', undefined);
  const expr = params.text('query');
  const request = { expr, ...grid, lookbackDeltaMs, timeoutMs, signal };
  const stats = params.text('stats') !== '';
  const answer = queries.run(request, client, (own) => rooms.engine.answer(own, { limit, stats }));
  return answer.catch((error: unknown) => {
    if (error instanceof QueryError && error.errorType === 'bad_data') throw invalidParameter('query', error.message);
    throw error;
  });
}

function instantQuery(call: ApiCall): Promise<AsyncIterable<Uint8Array>> {
  const t = call.params.timeOr('time', call.deps.clock.now());
  return runQuery(call, { start: t, end: t, stepMs: 0 });
}

function rangeQuery(call: ApiCall): Promise<AsyncIterable<Uint8Array>> {
  return runQuery(call, rangeParams(call.params));
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
