/** Routes that read the bytes of their requests themselves, whatever type these name. */
import type { FastifyInstance } from 'fastify';

/** The bodies of a scope's requests are Buffers of at most `bodyLimit` bytes as sent; what is larger is answered with 413. */
export function takeBytes(scope: FastifyInstance, bodyLimit: number): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, async (_: unknown, body: Buffer) => body);
}
