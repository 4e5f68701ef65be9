/**
 * The Pushgateway's API, behind --web.enable-push-receiver: PUT, POST and DELETE of /metrics/job/<job>{/<label>/<value>}, the groups at
 * /api/v1/metrics, all metrics at /pushed, and a wipe behind --web.enable-admin-api. Source: the Pushgateway's documentation, and what 1.5 answers.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { groupsJson, parseGroupKey, parseTtl, pushedText, type GroupKey, type PushStore } from '../push/push.ts';
import { dataJson, JSON_TYPE, sendTexts, EXPOSITION_TYPE, TEXT_TYPE } from './answer.ts';
import type { HttpDeps } from './deps.ts';
import { isCrossSite, notReady, refuseCrossSite } from './lifecycle.ts';
import { takeBytes, unfoldedBody } from './rawBody.ts';
import { RequestRefused } from '../../shared/api/requestRefused.ts';

/** Of a push, before it is unfolded. */
const COMPRESSED_BYTES_MAX = 16 * 1024 * 1024;
const BODY_BYTES_MAX = 32 * 1024 * 1024;
const OFF = 'pushes are not taken; start with --web.enable-push-receiver';

type Work = (pushes: PushStore, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

export function registerPush(app: FastifyInstance, deps: HttpDeps, prefix: string): void {
  app.register(async (scope) => {
    takeBytes(scope, COMPRESSED_BYTES_MAX);
    const guarded = (work: Work) => (request: FastifyRequest, reply: FastifyReply) => guard(deps, work, request, reply);
    const group = `${prefix}/metrics/*`;
    scope.route({
      method: ['PUT', 'POST'],
      url: group,
      handler: guarded((pushes, ...call) => push(pushes, prefix, ...call)),
    });
    scope.route({
      method: 'DELETE',
      url: group,
      handler: guarded((pushes, ...call) => remove(pushes, prefix, ...call)),
    });
    scope.route({
      method: ['GET', 'PATCH'],
      url: group,
      handler: (_, reply) =>
        reply.code(405).type(TEXT_TYPE).header('allow', 'PUT, POST, DELETE').send('Method Not Allowed\n'),
    });
    scope.get(`${prefix}/metrics/`, (_, reply) => reply.callNotFound()); // No group, but a path that may mean /metrics.
    scope.route({
      method: ['PUT', 'POST'],
      url: `${prefix}/api/v1/admin/wipe`,
      handler: guarded((...call) => wipe(deps, ...call)),
    });
    scope.get(`${prefix}/api/v1/metrics`, guarded(list));
    scope.get(`${prefix}/pushed`, guarded(page));
  });
}

async function guard(deps: HttpDeps, work: Work, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const say = (status: number, text: string) => reply.code(status).type(TEXT_TYPE).send(`${text}\n`);
  if (!deps.options.enablePush) return say(404, OFF);
  if (request.method !== 'GET' && request.method !== 'HEAD' && isCrossSite(request)) return refuseCrossSite(reply);
  const pushes = deps.rooms()?.pushes;
  if (pushes === undefined) return notReady(reply);
  try {
    return await work(pushes, request, reply);
  } catch (error) {
    if (error instanceof RequestRefused) return say(error.status, error.message);
    throw error;
  }
}

async function push(
  pushes: PushStore,
  prefix: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  await pushes.push({
    key: keyOf(request, prefix),
    body: await unfoldedBody(request, BODY_BYTES_MAX),
    contentType: request.headers['content-type'] ?? '',
    replaceAll: request.method === 'PUT',
  });
  return reply.code(200).send();
}

async function remove(
  pushes: PushStore,
  prefix: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  await pushes.remove(keyOf(request, prefix));
  return reply.code(202).send();
}

/** A time to live stands among the labels, or in `?ttl=`. */
function keyOf(request: FastifyRequest, prefix: string): GroupKey {
  const [path] = request.url.split('?', 1);
  const key = parseGroupKey(path.slice(`${prefix}/metrics/`.length));
  const ttl = (request.query as URLSearchParams).get('ttl');
  return ttl === null ? key : { ...key, ttlMs: parseTtl(ttl) };
}

async function wipe(deps: HttpDeps, pushes: PushStore, _: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (!deps.options.enableAdmin)
    throw new RequestRefused(404, 'admin APIs disabled; start with --web.enable-admin-api');
  await pushes.wipe();
  return reply.code(202).send();
}

async function list(pushes: PushStore, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  return sendTexts(request, reply.type(JSON_TYPE), dataJson(groupsJson(pushes.groups())));
}

async function page(pushes: PushStore, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  return sendTexts(request, reply, [pushedText(pushes.groups())], EXPOSITION_TYPE);
}
