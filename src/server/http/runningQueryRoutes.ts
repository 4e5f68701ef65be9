/** queries: what runs and what was slow, and a way to stop it. Ours. */
import type { ApiRunningQueries, ApiRunningQuery } from '../../shared/api/status.ts';
import { dataJson } from './answer.ts';
import { ApiError } from './apiError.ts';
import type { ApiCall, ApiRoute } from './route.ts';
import type { RunningQuery } from './runningQueries.ts';

function apiQuery({ id, expr, start, end, stepMs, client, startedAt }: RunningQuery): ApiRunningQuery {
  return {
    id,
    query: expr,
    start: start / 1000,
    end: end / 1000,
    step: stepMs / 1000,
    client,
    startedAt: new Date(startedAt).toISOString(),
  };
}

function queries({ deps, queries: known }: ApiCall): Iterable<string> {
  const now = deps.clock.now();
  return dataJson({
    active: known.active().map((query) => ({ ...apiQuery(query), seconds: Math.max(0, now - query.startedAt) / 1000 })),
    slow: known.slow(now).map((query) => ({
      ...apiQuery(query),
      seconds: query.durationMs / 1000,
      ...(query.error !== '' && { error: query.error }),
    })),
  } satisfies ApiRunningQueries);
}

function cancel({ queries: known, path }: ApiCall): Iterable<string> {
  if (!known.cancel(path.id)) throw new ApiError('not_found', `no query ${path.id} is running; it may have ended`);
  return dataJson({ canceled: path.id });
}

export const RUNNING_QUERY_ROUTES: readonly ApiRoute[] = [
  { path: '/status/queries', methods: ['GET'], answer: queries },
  { path: '/queries/:id/cancel', methods: ['POST'], changes: true, answer: cancel },
];
