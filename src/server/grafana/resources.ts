/** What editors and pages may ask of the server through Grafana: the reading routes of the Prometheus API, and nothing else. */
import type { CollectOptions } from '../../shared/api/grafanaQuery.ts';
import type { Collectors } from './collect/collectors.ts';
import type { CallResourceRequest, CallResourceResponse } from './messages.ts';
import { SettingsError } from './settings.ts';
import { UpstreamError, type Upstream } from './upstream.ts';

export interface ResourceScope {
  readonly collectors: Pick<Collectors, 'running' | 'retire'>;
  readonly upstream: () => Upstream;
  readonly headers: (upstream: Upstream) => Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Routes below /api/v1/ with the methods they may be asked by. */
const ROUTES: Readonly<Record<string, readonly string[]>> = {
  query: ['GET', 'POST'],
  query_range: ['GET', 'POST'],
  query_exemplars: ['GET', 'POST'],
  series: ['GET', 'POST'],
  labels: ['GET', 'POST'],
  distribution: ['GET', 'POST'],
  explain: ['GET', 'POST'],
  explain_query: ['GET', 'POST'],
  format_query: ['GET', 'POST'],
  parse_query: ['GET', 'POST'],
  metadata: ['GET'],
  targets: ['GET'],
  'targets/metadata': ['GET'],
  scrape_pools: ['GET'],
  rules: ['GET'],
  alerts: ['GET'],
  'status/buildinfo': ['GET'],
  'status/runtimeinfo': ['GET'],
  'status/tsdb': ['GET'],
};
const LABEL_VALUES = /^label\/([^/]+)\/values$/;
const BODY_BYTES_MAX = 2 ** 20;

/** Settings of a data source that is to collect by itself, as they are typed → their faults with places. */
const CHECK_ROUTE = 'collect/check';

async function checked(request: CallResourceRequest): Promise<CallResourceResponse> {
  if (request.method !== 'POST') return refusal(405, 'bad_data', `${CHECK_ROUTE} is asked by POST`);
  if (request.body.length > BODY_BYTES_MAX) return refusal(413, 'bad_data', 'the configuration is over 1 MiB');
  let options: CollectOptions;
  try {
    options = JSON.parse(new TextDecoder().decode(request.body)) as CollectOptions;
  } catch (error) {
    return refusal(400, 'bad_data', `the settings are no JSON: ${(error as Error).message}`);
  }
  // With the parser of configurations, which no other request needs.
  const { draftConfig } = await import('./collect/configText.ts');
  const { faults, summary } = draftConfig(options, { secrets: {}, scrapeInterval: '15s', ownAddress: '' });
  return answered(200, { status: 'success', data: { faults, summary } });
}

/** What collects in this organisation, deleted data sources included: Grafana does not tell a backend that one was deleted. */
const RUNNING_ROUTE = 'collect/running';
/** Ends one of them, by an administrator who sees that its data source is gone. Its samples stay. */
const STOP_ROUTE = 'collect/stop';

function running({ method, context }: CallResourceRequest, { collectors }: ResourceScope): CallResourceResponse {
  if (method !== 'GET') return refusal(405, 'bad_data', `${RUNNING_ROUTE} is asked by GET`);
  return answered(200, { status: 'success', data: collectors.running(context.orgId) });
}

function stopped({ method, context, body }: CallResourceRequest, { collectors }: ResourceScope): CallResourceResponse {
  if (method !== 'POST') return refusal(405, 'bad_data', `${STOP_ROUTE} is asked by POST`);
  if (context.userRole !== 'Admin') return refusal(403, 'bad_data', 'only administrators may end what collects');
  const uid = uidIn(body);
  const known = collectors.running(context.orgId).find((one) => one.uid === uid);
  if (known === undefined)
    return refusal(404, 'not_found', `nothing collects for the data source ${JSON.stringify(uid)}`);
  if (uid === context.dataSource?.uid)
    return refusal(400, 'bad_data', 'this data source is there; change its settings in place of ending it');
  collectors.retire(context.orgId, known.uid);
  return answered(200, { status: 'success', data: known });
}

function uidIn(body: Uint8Array): unknown {
  try {
    return (JSON.parse(new TextDecoder().decode(body)) as { uid?: unknown } | null)?.uid;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The route that a path names, with its methods; undefined if it is none of ours. */
export function routeOf(path: string): { readonly path: string; readonly methods: readonly string[] } | undefined {
  const below = /^\/?api\/v1\/(.+?)\/?$/.exec(path)?.[1];
  if (below === undefined) return undefined;
  const name = LABEL_VALUES.exec(below)?.[1];
  if (name !== undefined) {
    const plain = decoded(name);
    if (plain === undefined || plain === '.' || plain === '..') return undefined;
    return { path: `/api/v1/label/${encodeURIComponent(plain)}/values`, methods: ['GET'] };
  }
  return Object.hasOwn(ROUTES, below) ? { path: `/api/v1/${below}`, methods: ROUTES[below] } : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** The server's answer, passed on as it comes; refusals are JSON as the API writes them. Throws only if the answer breaks off. */
export async function* callResource(
  request: CallResourceRequest,
  scope: ResourceScope,
): AsyncGenerator<CallResourceResponse> {
  const path = request.path.replace(/^\//, '');
  if (path === CHECK_ROUTE) {
    yield await checked(request);
    return;
  }
  if (path === RUNNING_ROUTE) {
    yield running(request, scope);
    return;
  }
  if (path === STOP_ROUTE) {
    yield stopped(request, scope);
    return;
  }
  const route = routeOf(request.path);
  if (route === undefined) {
    yield refusal(
      404,
      'not_found',
      `no such resource: ${request.path}; this data source passes on the reading routes of /api/v1/`,
    );
    return;
  }
  if (!route.methods.includes(request.method)) {
    yield refusal(405, 'bad_data', `${route.path} is asked by ${route.methods.join(' or ')}, not by ${request.method}`);
    return;
  }
  if (request.body.length > BODY_BYTES_MAX) {
    yield refusal(413, 'bad_data', `the request is over ${BODY_BYTES_MAX / 2 ** 20} MiB; shorten the expression`);
    return;
  }
  let started = false;
  try {
    const upstream = scope.upstream();
    const at = request.url.indexOf('?');
    const answer = await upstream.ask({
      method: request.method as 'GET' | 'POST',
      path: route.path,
      parameters: new URLSearchParams(at < 0 ? '' : request.url.slice(at + 1)),
      headers: {
        accept: 'application/json',
        ...(request.method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        ...scope.headers(upstream),
      },
      body: request.method === 'POST' ? request.body : undefined,
      signal: scope.signal,
    });
    started = true;
    // A page from elsewhere must not become a page of Grafana's.
    const isJson = /^application\/(\w+\+)?json\b/.test(answer.headers['content-type'] ?? '');
    const contentType = isJson ? 'application/json' : 'text/plain; charset=utf-8';
    let code = answer.status;
    let headers: CallResourceResponse['headers'] = { 'Content-Type': [contentType] };
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      yield { code, headers, body: chunk };
      code = 0;
      headers = {};
    }
    if (code !== 0) yield { code, headers, body: new Uint8Array() };
  } catch (error) {
    if (started) throw error;
    const status = error instanceof UpstreamError ? error.status : error instanceof SettingsError ? 400 : 500;
    yield refusal(
      status,
      status >= 500 ? 'unavailable' : 'bad_data',
      error instanceof Error ? error.message : String(error),
    );
  }
}

function refusal(code: number, errorType: string, error: string): CallResourceResponse {
  return answered(code, { status: 'error', errorType, error });
}

function answered(code: number, answer: unknown): CallResourceResponse {
  return {
    code,
    headers: { 'Content-Type': ['application/json'] },
    body: new TextEncoder().encode(JSON.stringify(answer)),
  };
}
