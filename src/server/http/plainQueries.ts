/**
 * Queries as dashboards and clients ask them, taken before the framework sees them. Whatever is unusual (a page of another origin, a login, answers as
 * columns, a server that is closing) goes the framework's way; the tests hold the answers of both to be the same.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { MATRIX_TYPE } from '../../shared/api/matrixColumns.ts';
import type { AnswerPieces } from '../storage/engine.ts';
import type { Gate } from './access/gate.ts';
import { API, apiCall } from './apiCall.ts';
import { bodyOf, JSON_TYPE, type Body } from './answer.ts';
import { variesByOrigin } from './cors.ts';
import type { HttpDeps, ServerRooms } from './deps.ts';
import { failureOf } from './failure.ts';
import { Params } from './params.ts';
import { FixedHeaders, isOfAPage, observe, readBody, type Shortcut } from './plainRequest.ts';
import { QUERY_ROUTES } from './queryRoutes.ts';
import type { ApiRoute } from './route.ts';
import type { RunningQueries } from './runningQueries.ts';

const PATHS: ReadonlySet<string> = new Set(['/query', '/query_range']);
const FORM = /^application\/x-www-form-urlencoded(;\s*charset=utf-8)?$/i;

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: ApiRoute;
  readonly rooms: ServerRooms;
  readonly params: Params;
}

/** @param formBytesMax of a form that is read. */
export function plainQueries(deps: HttpDeps, gate: Gate, queries: RunningQueries, formBytesMax: number): Shortcut {
  const { routePrefix } = deps.options;
  const below = routePrefix + API;
  const routes = new Map(
    QUERY_ROUTES.filter(({ path }) => PATHS.has(path)).map((route) => [below + route.path, route]),
  );
  const fixed = new FixedHeaders();
  const send = async (asked: Asked) => {
    const { request, response } = asked;
    const { status, body, vary } = await answerOf(deps, queries, asked);
    const { content, encoding } = body;
    const more = {
      'content-type': JSON_TYPE,
      ...(vary !== '' && { vary }),
      ...(encoding !== 'identity' && { 'content-encoding': encoding }),
      ...(content instanceof Buffer && { 'content-length': content.length }),
    };
    response.writeHead(status, fixed.with(deps.access.config(), more));
    if (content instanceof Buffer) response.end(content);
    else pipeline(content, response, () => request.destroyed);
  };
  return (request, response) => {
    const { url = '', method, headers } = request;
    const at = url.indexOf('?');
    const path = at < 0 ? url : url.slice(0, at);
    const route = routes.get(path);
    const rooms = route && deps.rooms();
    if (rooms === undefined || isOfAPage(headers) || headers.accept?.includes(MATRIX_TYPE) === true) return false;
    if (!gate.isOpen()) return false;
    const size = sizeOf(request, formBytesMax);
    if (size === undefined) return false;
    observe(deps, path.slice(routePrefix.length), request, response);
    const inUrl = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
    const asked = { request, response, route: route!, rooms };
    if (method === 'GET') void send({ ...asked, params: new Params(inUrl) });
    else {
      readBody(request, response, size, (form) => {
        const text = Buffer.from(form.buffer, form.byteOffset, form.length).toString();
        void send({ ...asked, params: new Params(new URLSearchParams(text), inUrl) });
      });
    }
    return true;
  };
}

/** Bytes of the form that comes with a request, 0 for none; undefined where something is unusual in either. */
function sizeOf({ method, headers }: IncomingMessage, formBytesMax: number): number | undefined {
  const length = headers['content-length'];
  if (headers['transfer-encoding'] !== undefined || headers['content-encoding'] !== undefined) return undefined;
  if (method === 'GET') return length === undefined ? 0 : undefined;
  if (method !== 'POST' || !FORM.test(headers['content-type'] ?? '')) return undefined;
  const size = Number(length);
  return size > 0 && size <= formBytesMax ? size : undefined;
}

async function answerOf(
  deps: HttpDeps,
  queries: RunningQueries,
  { request, response, route, rooms, params }: Asked,
): Promise<{ readonly status: number; readonly body: Body; readonly vary: string }> {
  const { method = '', url = '', headers } = request;
  const varies = variesByOrigin(method) ? ['Origin'] : [];
  const call = apiCall({ deps, rooms, params, path: {}, queries }, route.path, request, response);
  try {
    const pieces = (await route.answer(call)) as AnswerPieces;
    const body = await bodyOf(headers['accept-encoding'], pieces);
    return { status: 200, body, vary: [...varies, 'Accept-Encoding'].join(', ') };
  } catch (error) {
    const { status, json } = failureOf(deps, url, error);
    return { status, body: { content: Buffer.from(json), encoding: 'identity' }, vary: varies.join() };
  }
}
