/** notifications, and their stream: what an operator should know now. Answered while the log is read, too. */
import type { FastifyReply } from 'fastify';
import { dataJson, sendJson } from './answer.ts';
import type { HttpDeps } from './deps.ts';
import type { RawRoute } from './lifecycle.ts';

/** A comment line now and then keeps proxies from closing the stream. */
const KEEP_ALIVE_MS = 20_000;

/** Below /api/v1. */
export function notificationRoutes(deps: HttpDeps): readonly RawRoute[] {
  return [
    {
      path: '/notifications',
      methods: ['GET'],
      handle: (_, reply) => sendJson(reply, [...dataJson(deps.notifications.list())].join('')),
    },
    { path: '/notifications/live', methods: ['GET'], handle: (_, reply) => stream(deps, reply) },
    {
      path: '/status/walreplay',
      methods: ['GET'],
      handle: (_, reply) => sendJson(reply, [...dataJson(walReplay(deps))].join('')),
    },
  ];
}

/** Segments of the log, of which all are read once the store is there. */
function walReplay(deps: HttpDeps): { min: number; max: number; current: number } {
  const last = Math.max(0, (deps.rooms()?.headStats().logSegments ?? 1) - 1);
  return { min: 0, max: last, current: last };
}

function stream(deps: HttpDeps, reply: FastifyReply): FastifyReply {
  let begun = false;
  const early: string[] = [];
  const unsubscribe = deps.notifications.subscribe((notification) => {
    const text = `data: ${JSON.stringify(notification)}\n\n`;
    if (begun) reply.raw.write(text);
    else early.push(text);
  });
  if (unsubscribe === undefined) return reply.code(204).send();
  reply.hijack();
  const headers = Object.entries(reply.getHeaders()).flatMap(([name, value]) => [name, String(value)]);
  reply.raw.writeHead(200, [...headers, 'content-type', 'text/event-stream', 'cache-control', 'no-cache']);
  reply.raw.flushHeaders();
  begun = true;
  for (const text of early) reply.raw.write(text);
  const alive = setInterval(() => reply.raw.write(':\n\n'), KEEP_ALIVE_MS);
  const end = () => {
    clearInterval(alive);
    unsubscribe();
  };
  reply.raw.once('close', end);
  return reply;
}
