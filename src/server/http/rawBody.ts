/** Routes that read the bytes of their requests themselves, whatever type these name. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { checkCoding, unpackBody } from '../outbound/body.ts';
import { FetchError } from '../outbound/httpFault.ts';
import { RequestRefused } from '../../shared/api/requestRefused.ts';

/** The bodies of a scope's requests are Buffers of at most `bodyLimit` bytes as sent; what is larger is answered with 413. */
export function takeBytes(scope: FastifyInstance, bodyLimit: number): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, async (_: unknown, body: Buffer) => body);
}

/**
 * The body without its content coding.
 *
 * @throws RequestRefused for a coding that is not known, and for a body that is damaged or has more than `bytesMax` bytes unfolded.
 */
export async function unfoldedBody(request: FastifyRequest, bytesMax: number): Promise<Uint8Array> {
  const body = (request.body as Buffer | undefined) ?? new Uint8Array();
  const coding = request.headers['content-encoding']?.toLowerCase() ?? '';
  try {
    checkCoding(coding);
    return await unpackBody(body, coding, bytesMax);
  } catch (error) {
    if (!(error instanceof FetchError)) throw error;
    const why = `the body cannot be unfolded (Content-Encoding: ${coding}); send gzip, zstd or none`;
    throw new RequestRefused(400, `${why}, at most ${bytesMax} bytes unfolded`);
  }
}
