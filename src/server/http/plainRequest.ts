/** What requests have in common that are answered before the framework sees them: it would spend more on one than on what is asked. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { WebConfig } from './access/webConfig.ts';
import { DATA_HEADERS } from './answer.ts';
import type { HttpDeps } from './deps.ts';

/** Takes a request, or leaves it, untouched, to the framework. */
export type Shortcut = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Whether a page of a browser asks: what it may is the framework's to say. */
export const isOfAPage = (headers: IncomingHttpHeaders) =>
  headers.origin !== undefined || headers['sec-fetch-site'] !== undefined;

/** Counts a request once it is answered. @param handler by which it is counted. */
export function observe(
  { metrics }: HttpDeps,
  handler: string,
  { socket }: IncomingMessage,
  response: ServerResponse,
): void {
  const startedAt = performance.now();
  const bytesBefore = socket.bytesWritten;
  response.once('close', () => {
    const seconds = (performance.now() - startedAt) / 1000;
    metrics.observeHttp(handler, response.statusCode, seconds, socket.bytesWritten - bytesBefore);
  });
}

/** @param take called with the whole body, which nobody else has. */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  size: number,
  take: (body: Uint8Array) => void,
): void {
  let body: Buffer | undefined;
  let length = 0;
  request.on('data', (piece: Buffer) => {
    if (piece.length === size) body = piece;
    else piece.copy((body ??= Buffer.allocUnsafeSlow(size)), length);
    length += piece.length;
  });
  request.once('end', () => take(body!));
  // Nobody is there any more to be answered: this is for the counts alone.
  request.once('error', () => (response.statusCode = 400));
}

export type HeaderValues = Readonly<Record<string, string | number>>;

/** Headers that all answers have, as names and values in turns: they are put together once for each configuration. */
export class FixedHeaders {
  #config: WebConfig['headers'] | undefined;
  #list: readonly (string | number)[] = [];

  with({ headers }: WebConfig, more: HeaderValues | undefined): (string | number)[] {
    if (headers !== this.#config) this.#list = listed({ ...DATA_HEADERS, ...lowerCased(headers) });
    this.#config = headers;
    return more === undefined ? (this.#list as (string | number)[]) : [...this.#list, ...listed(more)];
  }
}

const listed = (headers: HeaderValues) => Object.entries(headers).flat();

const lowerCased = (headers: HeaderValues) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
