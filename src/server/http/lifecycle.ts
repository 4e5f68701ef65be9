/** Health, readiness, reload, quit, /metrics: what is not JSON. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendTexts, EXPOSITION_TYPE, TEXT_TYPE } from './answer.ts';
import type { HttpDeps } from './deps.ts';
import { Params } from './params.ts';
import type { Method, RawHandler } from './route.ts';

export interface RawRoute {
  readonly path: string;
  readonly methods: readonly Method[];
  readonly handle: RawHandler;
}

export function lifecycleRoutes(deps: HttpDeps): readonly RawRoute[] {
  const { enableLifecycle } = deps.options;
  const guarded = (work: RawHandler): RawHandler =>
    enableLifecycle
      ? work
      : (_, reply) =>
          reply.code(403).type(TEXT_TYPE).send('Lifecycle API is not enabled; start with --web.enable-lifecycle.\n');
  return [
    {
      path: '/-/healthy',
      methods: ['GET'],
      handle: (_, reply) => reply.type(TEXT_TYPE).send('Isotherm is Healthy.\n'),
    },
    { path: '/-/ready', methods: ['GET'], handle: (_, reply) => ready(deps, reply) },
    { path: '/-/reload', methods: ['POST', 'PUT'], handle: guarded((request, reply) => reload(deps, request, reply)) },
    { path: '/-/quit', methods: ['POST', 'PUT'], handle: guarded((request, reply) => quit(deps, request, reply)) },
    { path: '/metrics', methods: ['GET'], handle: metricsHandler(deps) },
    { path: '/version', methods: ['GET'], handle: (_, reply) => version(deps, reply) },
  ];
}

function ready(deps: HttpDeps, reply: FastifyReply): FastifyReply {
  if (deps.rooms() === undefined) return notReady(reply);
  return reply.type(TEXT_TYPE).send('Isotherm is Ready.\n');
}

/** What clients of Prometheus ask to know what they talk to; `/api/v1/status/buildinfo` says more. */
function version({ build }: HttpDeps, reply: FastifyReply): FastifyReply {
  const { apiVersion, revision, branch } = build;
  return reply
    .type('application/json')
    .send({ version: apiVersion, revision, branch, buildUser: '', buildDate: '', goVersion: '' });
}

/** While the log is read the API has no answers yet; a client may come back. */
export function notReady(reply: FastifyReply): FastifyReply {
  return reply
    .code(503)
    .type(TEXT_TYPE)
    .header('retry-after', '1')
    .send('Service Unavailable: the log is being read; try again.\n');
}

/**
 * Whether a page of another site sent this. Such a page may send plain POSTs anywhere, and must not be able to stop us.
 * Clients that are no browsers do not send the header.
 */
export function isCrossSite(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site'];
  return site === 'cross-site' || site === 'same-site';
}

export function refuseCrossSite(reply: FastifyReply): FastifyReply {
  return reply.code(403).type(TEXT_TYPE).send('Refused: sent by a page of another site.\n');
}

async function reload(deps: HttpDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (isCrossSite(request)) return refuseCrossSite(reply);
  try {
    await deps.reload();
    return reply.type(TEXT_TYPE).send('');
  } catch (error) {
    return reply
      .code(500)
      .type(TEXT_TYPE)
      .send(`failed to reload config: ${(error as Error).message}\n`);
  }
}

function quit(deps: HttpDeps, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (isCrossSite(request)) return refuseCrossSite(reply);
  reply.raw.once('finish', () => deps.quit());
  return reply.type(TEXT_TYPE).send('Requesting termination... Goodbye!\n');
}

/** The page of /metrics, which tells of its own requests too. */
function metricsHandler(deps: HttpDeps): RawRoute['handle'] {
  let inFlight = 0;
  const counts = { '200': 0, '500': 0 };
  const help = 'Total number of scrapes by HTTP status code.';
  for (const code of ['200', '500'] as const)
    deps.metrics.counter('promhttp_metric_handler_requests_total', help, () => counts[code], { code });
  deps.metrics.gauge(
    'promhttp_metric_handler_requests_in_flight',
    'Current number of scrapes being served.',
    () => inFlight,
  );
  return async (request, reply) => {
    inFlight++;
    try {
      const page = await deps.metricsPage(new Params(request.query as URLSearchParams).texts('collect[]'));
      counts['200']++;
      return await sendTexts(request, reply, [page], EXPOSITION_TYPE);
    } catch (error) {
      counts['500']++;
      throw error;
    } finally {
      inFlight--;
    }
  };
}
