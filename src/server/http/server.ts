/** The HTTP server: routes of the API, health, metrics and pages on one Fastify instance. */
import fastify, {
  type FastifyInstance,
  type FastifyServerOptions,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { AnswerPieces } from '../storage/engine.ts';
import { adminRoutes } from './adminRoutes.ts';
import { API, apiCall } from './apiCall.ts';
import { DATA_HEADERS, JSON_TYPE, sendJson, sendPieces, sendTexts, TEXT_TYPE, varyWith } from './answer.ts';
import { BACKTEST_ROUTES } from './backtestRoutes.ts';
import { answerBroken } from './brokenRequest.ts';
import { corsHook } from './cors.ts';
import type { HttpDeps } from './deps.ts';
import { DISTRIBUTION_ROUTES } from './distributionRoutes.ts';
import { failureOf } from './failure.ts';
import { federationRoute } from './federate.ts';
import { Gate } from './access/gate.ts';
import { isCrossSite, lifecycleRoutes, notReady, refuseCrossSite } from './lifecycle.ts';
import { notificationRoutes } from './notificationRoutes.ts';
import { openApiRoute } from './openapi.ts';
import { paramsOf } from './params.ts';
import { NodeClient } from './client.ts';
import { PlainConnections } from './plainConnections.ts';
import { plainQueries } from './plainQueries.ts';
import { shortcutTo, type Shortcut } from './plainRequest.ts';
import { PlainWrites } from './plainWrites.ts';
import { registerPush } from './pushRoutes.ts';
import { registerOtlp } from './otlp.ts';
import { QUERY_ROUTES } from './queryRoutes.ts';
import { registerRemoteRead } from './remoteRead.ts';
import { registerRemoteWrite, WRITE_PATH, WriteReceiver } from './remoteWrite.ts';
import type { ApiRoute, RawHandler, TypedAnswer } from './route.ts';
import { RULES_ROUTES } from './rulesRoutes.ts';
import { SERIES_ROUTES } from './seriesRoutes.ts';
import { RunningQueries } from './runningQueries.ts';
import { SEARCH_ROUTES } from './search/searchRoutes.ts';
import { SAVED_QUERY_ROUTES } from './savedQueryRoutes.ts';
import { RUNNING_QUERY_ROUTES } from './runningQueryRoutes.ts';
import { STATUS_ROUTES } from './statusRoutes.ts';
import { RELABEL_ROUTES } from './relabelRoutes.ts';
import { TARGET_ROUTES } from './targetRoutes.ts';
import { unknownPath } from './unknownPath.ts';
import { createWebUi, pageRoutes } from './webUi.ts';

/** A form of parameters, as upstream's own bound. */
const FORM_BYTES_MAX = 10 * 1024 * 1024;
/** The request line and headers; long selectors come in URLs. */
const HEADER_BYTES_MAX = 1024 * 1024;
/** A label name in a path, escaped. */
const PATH_PART_CHARS_MAX = 16 * 1024;
/** How long answers under way may go on once the server is closing. */
const DRAIN_MS = 1_000;

/** No route has a schema, handlers read their own parameters; said like this, it keeps 14 MB of schema compilers out of the process. */
const noSchemas = () => () => {
  throw new Error('no route has a schema');
};

const ALL_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'TRACE'] as const;

export interface HttpServer {
  /**
   * Starts to listen. Requests are answered from then on; those that need the store get 503 until it is there.
   *
   * @returns the address in use, such as `127.0.0.1:9090`. Rejects with the system's error (EADDRINUSE, EACCES, …).
   */
  listen(host: string, port: number): Promise<string>;
  /** Stops taking requests, lets answers under way finish for a second, then closes all connections. Safe to call again. */
  close(): Promise<void>;
  /** For tests: paths of all routes, below the route prefix and as the router writes them, once a request was answered. */
  readonly paths: ReadonlySet<string>;
  /** For tests: a request without a socket. */
  readonly inject: FastifyInstance['inject'];
}

export function createHttpServer(deps: HttpDeps): HttpServer {
  const { options } = deps;
  const { access } = deps;
  const app = fastify({
    ...(access.tls !== undefined && { https: access.tls }),
    bodyLimit: FORM_BYTES_MAX,
    exposeHeadRoutes: true,
    forceCloseConnections: 'idle',
    http: { maxHeaderSize: HEADER_BYTES_MAX },
    requestTimeout: options.readTimeoutMs,
    clientErrorHandler: answerBroken,
    frameworkErrors: (error, request, reply) => void fail(deps, request, reply.headers(DATA_HEADERS), error),
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    routerOptions: {
      maxParamLength: PATH_PART_CHARS_MAX,
      querystringParser: (text) => new URLSearchParams(text) as unknown as Record<string, unknown>,
    },
  } as FastifyServerOptions) as unknown as FastifyInstance;
  access.follow(app.server);
  app.server.maxConnections = options.connectionsMax;
  acceptForms(app);
  const gate = new Gate(access.config, options.routePrefix);
  const queries = new RunningQueries();
  const cors = corsHook(options.corsOrigin, `${options.routePrefix}${API}/`);
  app.addHook('onRequest', async (request, reply) => {
    bytesBefore.set(request, request.socket.bytesWritten ?? 0);
    reply.headers(DATA_HEADERS);
    cors(request, reply);
    if (!(await gate.letsIn(request, reply))) return reply;
    return undefined;
  });
  app.addHook('onSend', async (_, reply) => void reply.headers(access.config().headers));
  app.addHook('onResponse', async (request, reply) => observe(deps, request, reply));
  app.setErrorHandler((error, request, reply) => fail(deps, request, reply, error));

  let closed: Promise<void> | undefined;
  const paths = new Set<string>();
  app.addHook('onRoute', ({ url }) => void paths.add(url.slice(options.routePrefix.length)));
  const routes = new Router(app, options.routePrefix);
  const pages = createWebUi(options.webUiFolder);
  for (const { path, methods, handle } of [...lifecycleRoutes(deps), federationRoute(deps), ...pageRoutes(pages)])
    routes.add(path, methods, handle);
  for (const route of [
    ...QUERY_ROUTES,
    ...DISTRIBUTION_ROUTES,
    ...SERIES_ROUTES,
    ...SEARCH_ROUTES,
    ...TARGET_ROUTES,
    ...RULES_ROUTES,
    ...BACKTEST_ROUTES,
    ...RELABEL_ROUTES,
    ...STATUS_ROUTES,
    ...RUNNING_QUERY_ROUTES,
    ...SAVED_QUERY_ROUTES,
  ]) {
    routes.add(API + route.path, route.methods, (request, reply) => answerApi(deps, queries, route, request, reply));
  }
  for (const { path, methods, handle } of [...adminRoutes(deps), ...notificationRoutes(deps), openApiRoute(deps)])
    routes.add(API + path, methods, handle);
  registerRemoteRead(app, deps, options.routePrefix + API);
  const receiver = new WriteReceiver(deps);
  const writePath = options.routePrefix + WRITE_PATH;
  registerRemoteWrite(app, deps, receiver, writePath);
  const plain = [
    new PlainWrites(deps, gate, receiver, writePath),
    ...plainQueries(deps, gate, queries, FORM_BYTES_MAX),
  ];
  const shortcut = shortcutTo(plain, deps);
  putBefore(app.server, (request, response) => closed === undefined && shortcut(request, response));
  const connections = access.tls === undefined ? new PlainConnections(deps, plain, app.server) : undefined;
  registerOtlp(app, deps, options.routePrefix + API);
  for (const path of ['/read', '/write', '/otlp/v1/metrics']) routes.refuseOthers(API + path, ['POST']);
  registerPush(app, deps, options.routePrefix);
  for (const path of ['/pushed', `${API}/metrics`]) routes.refuseOthers(path, ['GET']);
  routes.refuseOthers(`${API}/admin/wipe`, ['POST', 'PUT']);
  app.options(`${options.routePrefix}${API}/*`, async (_, reply) => reply.code(204).send());
  app.setNotFoundHandler(unknownPath(options.routePrefix, paths, pages));
  return {
    async listen(host, port) {
      countConnections(deps, app.server);
      await app.listen({ host, port });
      const address = app.server.address();
      if (address === null || typeof address === 'string') return String(address);
      return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
    },
    close: () => (closed ??= drain(app, connections)),
    paths,
    inject: app.inject.bind(app) as FastifyInstance['inject'],
  };
}

/** Requests of a server that a shortcut takes do not come to the framework. */
function putBefore(server: FastifyInstance['server'], shortcut: Shortcut): void {
  const [framework] = server.listeners('request') as ((...args: Parameters<Shortcut>) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (!shortcut(request, response)) framework(request, response);
  });
}

function countConnections({ metrics }: HttpDeps, server: FastifyInstance['server']): void {
  const labels = { listener_name: 'http' };
  let accepted = 0;
  let closed = 0;
  server.on('connection', (socket) => {
    accepted++;
    socket.once('close', () => closed++);
  });
  metrics.counter(
    'net_conntrack_listener_conn_accepted_total',
    'Total number of connections opened to the listener of a given name.',
    () => accepted,
    labels,
  );
  metrics.counter(
    'net_conntrack_listener_conn_closed_total',
    'Total number of connections closed that were made to the listener of a given name.',
    () => closed,
    labels,
  );
}

async function drain(app: FastifyInstance, connections: PlainConnections | undefined): Promise<void> {
  const force = setTimeout(() => {
    app.server.closeAllConnections();
    connections?.destroy();
  }, DRAIN_MS);
  connections?.close();
  await app.close();
  clearTimeout(force);
}

/** Adds routes, answers 405 to the methods that a path does not have, and tells outside the API which it has. */
class Router {
  readonly #app: FastifyInstance;
  readonly #prefix: string;
  constructor(app: FastifyInstance, prefix: string) {
    this.#app = app;
    this.#prefix = prefix;
  }

  add(path: string, methods: readonly string[], handler: RawHandler): void {
    const url = this.#prefix + path;
    this.#app.route({ method: [...methods], url, handler });
    this.refuseOthers(path, methods);
  }

  /** 405 for every method that is not among these. */
  refuseOthers(path: string, methods: readonly string[]): void {
    const taken = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
    const others = ALL_METHODS.filter((method) => !taken.includes(method));
    const allow = [...taken, 'OPTIONS'].sort().join(', ');
    const url = this.#prefix + path;
    this.#app.route({
      method: others,
      url,
      handler: (_, reply) => reply.code(405).type(TEXT_TYPE).header('allow', allow).send('Method Not Allowed\n'),
    });
    if (!path.startsWith(`${API}/`)) this.#app.options(url, (_, reply) => reply.header('allow', allow).send());
  }
}

/** Forms become parameters; a body of any other kind is no part of the API and is passed over, as upstream does. */
function acceptForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_: unknown, text: string) => {
      return new URLSearchParams(text);
    },
  );
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async () => undefined);
}

async function answerApi(
  deps: HttpDeps,
  queries: RunningQueries,
  route: ApiRoute,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (route.changes === true && isCrossSite(request)) return refuseCrossSite(reply);
  const rooms = deps.rooms();
  if (rooms === undefined) return notReady(reply);
  const params = paramsOf(request);
  const path = request.params as Readonly<Record<string, string>>;
  const { method, headers } = request;
  const known = { deps, rooms, params, path, queries, accept: headers.accept ?? '' };
  const call = apiCall(known, method, route.path, new NodeClient(request.raw, reply.raw));
  const answer = await route.answer(call);
  const typed: TypedAnswer = 'contentType' in answer ? answer : { contentType: JSON_TYPE, pieces: answer };
  const { contentType, isNegotiated, pieces } = typed;
  if (isNegotiated === true) reply.header('vary', varyWith(reply, 'Accept'));
  const send = Symbol.asyncIterator in pieces ? sendPieces : sendTexts;
  return send(request, reply, pieces as Iterable<string> & AnswerPieces, contentType);
}

function fail(deps: HttpDeps, request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  if (reply.raw.headersSent) {
    reply.raw.destroy();
    return reply;
  }
  const { status, json } = failureOf(deps, request.url, error);
  return sendJson(reply.code(status), json);
}

/** Bytes that a connection had carried when its present request came; requests of one connection follow each other. */
const bytesBefore = new WeakMap<FastifyRequest, number>();

function observe(deps: HttpDeps, request: FastifyRequest, reply: FastifyReply): void {
  const handler = request.routeOptions.url?.slice(deps.options.routePrefix.length) ?? '/*';
  const bytes = (request.socket.bytesWritten ?? 0) - (bytesBefore.get(request) ?? 0);
  deps.metrics.observeHttp(handler, reply.statusCode, reply.elapsedTime / 1000, bytes);
}
