/** Requests that are answered before the framework sees them: it would spend more on one than on what is asked. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import type { WebConfig } from './access/webConfig.ts';
import { DATA_HEADERS } from './answer.ts';
import { NodeClient, type Client } from './client.ts';
import type { HttpDeps } from './deps.ts';

/** Takes a request, or leaves it, untouched, to the framework. */
export type Shortcut = (request: IncomingMessage, response: ServerResponse) => boolean;

/** What comes before a body. */
export interface PlainHead {
  readonly method: string;
  /** What stands behind the question mark. */
  readonly search: string;
  /** By names in lower case. */
  readonly fields: IncomingHttpHeaders;
}

export interface PlainAnswer {
  readonly status: number;
  readonly headers: HeaderValues | undefined;
  /** What is whole is told the length of in the headers, unless it is ''. */
  readonly body: string | Buffer | Readable;
}

/** A path whose usual requests are answered without the framework. `P` is where such a request goes. */
export interface PlainRoute<P = unknown> {
  readonly path: string;
  /** By which its requests are counted. */
  readonly handler: string;
  /** Undefined where something in a request is unusual, or it is not to be taken without a further look. @param size of its body. */
  place(head: PlainHead, size: number): P | undefined;
  /** Never rejects. The body is read before this first waits. */
  answer(place: P, body: Uint8Array, client: Client): Promise<PlainAnswer>;
}

/** Whether a page of a browser asks: what it may is the framework's to say. */
export const isOfAPage = (fields: IncomingHttpHeaders) =>
  fields.origin !== undefined || fields['sec-fetch-site'] !== undefined;

/** The routes for requests that Node's server has read. */
export function shortcutTo(routes: readonly PlainRoute[], deps: HttpDeps): Shortcut {
  const byPath = new Map(routes.map((route) => [route.path, route]));
  const fixed = new FixedHeaders();
  return (request, response) => {
    const { url = '', method = '', headers: fields } = request;
    const at = url.indexOf('?');
    const route = byPath.get(at < 0 ? url : url.slice(0, at));
    const size = fields['transfer-encoding'] === undefined ? Number(fields['content-length'] ?? 0) : NaN;
    const place = route?.place({ method, search: at < 0 ? '' : url.slice(at + 1), fields }, size);
    if (route === undefined || place === undefined) return false;
    observe(deps, route.handler, request, response);
    readBody(request, response, size, async (block) => {
      const { status, headers, body } = await route.answer(place, block, new NodeClient(request, response));
      response.writeHead(status, fixed.with(deps.access.config(), headers));
      if (body instanceof Readable) pipeline(body, response, () => request.destroyed);
      else response.end(body);
    });
    return true;
  };
}

/** Counts a request once it is answered. @param handler by which it is counted. */
function observe({ metrics }: HttpDeps, handler: string, { socket }: IncomingMessage, response: ServerResponse): void {
  const startedAt = performance.now();
  const bytesBefore = socket.bytesWritten;
  response.once('close', () => {
    const seconds = (performance.now() - startedAt) / 1000;
    metrics.observeHttp(handler, response.statusCode, seconds, socket.bytesWritten - bytesBefore);
  });
}

const NO_BODY: Uint8Array = new Uint8Array(0);

/** @param take called with the whole body, which nobody else has. */
function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  size: number,
  take: (body: Uint8Array) => Promise<void>,
): void {
  if (size === 0) {
    void take(NO_BODY);
    return;
  }
  let body: Buffer | undefined;
  let length = 0;
  request.on('data', (piece: Buffer) => {
    if (piece.length === size) body = piece;
    else piece.copy((body ??= Buffer.allocUnsafeSlow(size)), length);
    length += piece.length;
  });
  request.once('end', () => void take(body!));
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
