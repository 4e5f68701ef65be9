/** Which pages of other origins may read our answers: --web.cors.origin, as upstream. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { compilePattern } from '../../shared/model/matchers.ts';

const HEADERS = {
  'access-control-allow-headers': 'Accept, Authorization, Content-Type, Origin',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-expose-headers': 'Date',
  vary: 'Origin',
};

/** @throws Error if the pattern is not RE2. */
export function corsHook(pattern: string): (request: FastifyRequest, reply: FastifyReply) => void {
  const everybody = pattern === '.*';
  const allowed = compilePattern(pattern);
  return (request, reply) => {
    const { origin } = request.headers;
    if (origin === undefined || !allowed(origin)) return;
    reply.headers({ ...HEADERS, 'access-control-allow-origin': everybody ? '*' : origin });
  };
}
