/**
 * Queries as dashboards and clients ask them, taken before the framework sees them. Whatever is unusual (a page of another origin, a login, answers as
 * columns, a server that is closing) goes the framework's way; the tests hold the answers of both to be the same.
 */
import { MATRIX_TYPE } from '../../shared/api/matrixColumns.ts';
import type { AnswerPieces } from '../storage/engine.ts';
import type { Gate } from './access/gate.ts';
import { API, apiCall } from './apiCall.ts';
import { bodyOf, JSON_TYPE } from './answer.ts';
import type { Client } from './client.ts';
import { variesByOrigin } from './cors.ts';
import type { HttpDeps, ServerRooms } from './deps.ts';
import { failureOf } from './failure.ts';
import { Params } from './params.ts';
import { isOfAPage, type PlainAnswer, type PlainHead, type PlainRoute } from './plainRequest.ts';
import { QUERY_ROUTES } from './queryRoutes.ts';
import type { ApiRoute } from './route.ts';
import type { RunningQueries } from './runningQueries.ts';

const PATHS: ReadonlySet<string> = new Set(['/query', '/query_range']);
const FORM = /^application\/x-www-form-urlencoded(;\s*charset=utf-8)?$/i;

interface Asked {
  readonly head: PlainHead;
  readonly rooms: ServerRooms;
}

/** @param formBytesMax of a form that is read. */
export function plainQueries(deps: HttpDeps, gate: Gate, queries: RunningQueries, formBytesMax: number): PlainRoute[] {
  return QUERY_ROUTES.filter(({ path }) => PATHS.has(path)).map(
    (route) => new PlainQuery(route, deps, gate, queries, formBytesMax),
  );
}

class PlainQuery implements PlainRoute<Asked> {
  readonly path: string;
  readonly handler: string;
  readonly #route: ApiRoute;
  readonly #deps: HttpDeps;
  readonly #gate: Gate;
  readonly #queries: RunningQueries;
  readonly #formBytesMax: number;

  constructor(route: ApiRoute, deps: HttpDeps, gate: Gate, queries: RunningQueries, formBytesMax: number) {
    this.handler = API + route.path;
    this.path = deps.options.routePrefix + this.handler;
    this.#route = route;
    this.#deps = deps;
    this.#gate = gate;
    this.#queries = queries;
    this.#formBytesMax = formBytesMax;
  }

  place(head: PlainHead, size: number): Asked | undefined {
    const { fields } = head;
    if (isOfAPage(fields) || fields.accept?.includes(MATRIX_TYPE) === true) return undefined;
    const rooms = this.#deps.rooms();
    if (rooms === undefined || !this.#gate.isOpen() || !this.#isRead(head, size)) return undefined;
    return { head, rooms };
  }

  /** Whether nothing is unusual in the form that comes with a request, or in that there is none. */
  #isRead({ method, fields }: PlainHead, size: number): boolean {
    if (method === 'GET') return size === 0 && fields['content-length'] === undefined;
    if (method !== 'POST' || fields['content-encoding'] !== undefined) return false;
    return size > 0 && size <= this.#formBytesMax && FORM.test(fields['content-type'] ?? '');
  }

  async answer({ head, rooms }: Asked, form: Uint8Array, client: Client): Promise<PlainAnswer> {
    const { method, search, fields } = head;
    const deps = this.#deps;
    const { path } = this.#route;
    const params = paramsOf(form, search);
    const accept = fields.accept ?? '';
    const known = { deps, rooms, params, path: {}, queries: this.#queries, accept };
    const varies = variesByOrigin(method) ? 'Origin, ' : '';
    try {
      const pieces = (await this.#route.answer(apiCall(known, method, path, client))) as AnswerPieces;
      const { content, encoding } = await bodyOf(fields['accept-encoding'], pieces);
      const headers: Record<string, string | number> = { 'content-type': JSON_TYPE, vary: `${varies}Accept-Encoding` };
      if (encoding !== 'identity') headers['content-encoding'] = encoding;
      if (content instanceof Buffer) headers['content-length'] = content.length;
      return { status: 200, headers, body: content };
    } catch (error) {
      const { status, json } = failureOf(deps, this.path, error);
      const body = Buffer.from(json);
      const vary = varies !== '' && { vary: 'Origin' };
      return { status, headers: { 'content-type': JSON_TYPE, ...vary, 'content-length': body.length }, body };
    }
  }
}

function paramsOf(form: Uint8Array, search: string): Params {
  const { buffer, byteOffset, length } = form;
  const inForm = new URLSearchParams(Buffer.from(buffer, byteOffset, length).toString());
  return search === '' ? new Params(inForm) : new Params(inForm, new URLSearchParams(search));
}
