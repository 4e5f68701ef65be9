/** Which pages of other origins may read our answers: --web.cors.origin, as upstream. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { compilePattern } from '../../shared/model/matchers.ts';

const HEADERS = {
  'access-control-allow-headers': 'Accept, Authorization, Content-Type, Origin',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-expose-headers': 'Date',
};

/** Whether a cache may keep the answer, which it must not give to another origin. */
export const variesByOrigin = (method: string) => method !== 'POST';

/**
 * @param below what paths must begin with; other ones are our own pages' and scrapers'.
 * @throws Error if the pattern is not RE2.
 */
export function corsHook(pattern: string, below: string): (request: FastifyRequest, reply: FastifyReply) => void {
  const everybody = pattern === '.*';
  const allowed = compilePattern(pattern);
  return ({ headers: { origin }, method, url }, reply) => {
    if (!url.startsWith(below)) return;
    if (variesByOrigin(method)) reply.header('vary', 'Origin');
    if (origin === undefined || origin === '' || !allowed(origin)) return;
    reply.headers({ ...HEADERS, 'access-control-allow-origin': everybody ? '*' : origin });
  };
}
