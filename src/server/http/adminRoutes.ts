/** admin/tsdb/*: deleting series, cleaning, snapshots; behind --web.enable-admin-api. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StoreAdmin } from '../storage/admin.ts';
import { dataJson, sendJson } from './answer.ts';
import { ApiError, invalidParameter } from './apiError.ts';
import type { HttpDeps } from './deps.ts';
import { isCrossSite, notReady, refuseCrossSite, type RawRoute } from './lifecycle.ts';
import { TIME_MAX, TIME_MIN, boolOf, paramsOf, type Params } from './params.ts';
import { matcherSets } from './selectors.ts';

/** What is asked of the store; data to answer, or nothing. */
type Work = (admin: StoreAdmin, params: Params) => Promise<unknown>;

const WORKS: Readonly<Record<string, Work>> = {
  '/admin/tsdb/delete_series': deleteSeries,
  '/admin/tsdb/clean_tombstones': (admin) => admin.cleanTombstones(),
  '/admin/tsdb/snapshot': async (admin, params) => ({
    name: await admin.snapshot({ skipHead: readBool(params, 'skip_head') }),
  }),
};

/** Below /api/v1. */
export function adminRoutes(deps: HttpDeps): readonly RawRoute[] {
  return Object.entries(WORKS).map(([path, work]) => ({
    path,
    methods: ['POST', 'PUT'],
    handle: (request, reply) => run(deps, work, request, reply),
  }));
}

async function run(deps: HttpDeps, work: Work, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (!deps.options.enableAdmin) {
    throw new ApiError('unavailable', 'admin APIs disabled; start with --web.enable-admin-api');
  }
  if (isCrossSite(request)) return refuseCrossSite(reply);
  const rooms = deps.rooms();
  if (rooms === undefined) return notReady(reply);
  const params = paramsOf(request);
  const data = await work(rooms.admin, params);
  if (data === undefined) return reply.code(204).send();
  return sendJson(reply, [...dataJson(data)].join(''));
}

async function deleteSeries(admin: StoreAdmin, params: Params): Promise<void> {
  if (params.texts('match[]').length === 0) throw new ApiError('bad_data', 'no match[] parameter provided');
  const range = { minTime: params.timeOr('start', TIME_MIN), maxTime: params.timeOr('end', TIME_MAX) };
  await admin.deleteSeries(matcherSets(params), range);
}

function readBool(params: Params, name: string): boolean {
  const text = params.text(name);
  const value = boolOf(text);
  if (value === undefined) throw invalidParameter(name, `unable to parse boolean: ${JSON.stringify(text)}`);
  return value;
}
