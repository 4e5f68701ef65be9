/**
 * Remote write as nearly all senders write it, taken before the framework sees it, which would spend more on a request than the store does. Whatever is
 * unusual (a query, another type, a body of unknown or forbidden size, an origin, a login, a server that is closing) goes the framework's way; the tests
 * hold the answers of both to be the same.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { INPUT_SIZE_MAX } from '../remote/receive/readWrites.wat.ts';
import type { WriteVersion } from '../remote/receive/writeReader.ts';
import type { Storage } from '../storage/appender.ts';
import type { Gate } from './access/gate.ts';
import type { WebConfig } from './access/webConfig.ts';
import { DATA_HEADERS, JSON_TYPE, TEXT_TYPE } from './answer.ts';
import type { HttpDeps } from './deps.ts';
import { failureOf } from './failure.ts';
import { WRITE_PATH, type WriteAnswer, type WriteReceiver } from './remoteWrite.ts';

/** Takes a request, or leaves it, untouched, to the framework. */
export type Shortcut = (request: IncomingMessage, response: ServerResponse) => boolean;

/** @param path of remote write, below which nothing is. */
export function plainWrites(deps: HttpDeps, gate: Gate, receiver: WriteReceiver, path: string): Shortcut {
  if (!deps.options.enableRemoteWrite) return () => false;
  const fixed = new FixedHeaders();
  return (request, response) => {
    if (request.url !== path || request.method !== 'POST') return false;
    const size = plainSize(request.headers);
    const version = size === undefined ? undefined : receiver.versionOf(request.headers);
    const storage = deps.rooms()?.storage;
    if (size === undefined || version === undefined || storage === undefined || !gate.isOpen()) return false;
    const startedAt = performance.now();
    const { socket } = request;
    const bytesBefore = socket.bytesWritten;
    response.once('close', () => {
      const seconds = (performance.now() - startedAt) / 1000;
      deps.metrics.observeHttp(WRITE_PATH, response.statusCode, seconds, socket.bytesWritten - bytesBefore);
    });
    readBody(request, response, size, (block) => {
      void answerOf(deps, receiver, version, block, storage).then(({ status, type, body, headers }) => {
        const more =
          body === '' ? headers : { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(body) };
        response.writeHead(status, fixed.with(deps.access.config(), more)).end(body);
      });
    });
    return true;
  };
}

/** Size of the body of a request in which nothing is unusual. */
function plainSize(headers: IncomingHttpHeaders): number | undefined {
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return undefined;
  const size = Number(headers['content-length']);
  return size > 0 && size <= INPUT_SIZE_MAX ? size : undefined;
}

/** @param take called with the whole body, which nobody else has. */
function readBody(
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

interface TypedBody extends Pick<WriteAnswer, 'status' | 'headers'> {
  readonly type: string;
  readonly body: string;
}

async function answerOf(
  deps: HttpDeps,
  receiver: WriteReceiver,
  version: WriteVersion,
  block: Uint8Array,
  storage: Storage,
): Promise<TypedBody> {
  try {
    const { status, text, headers } = await receiver.take(version, block, storage);
    return { status, type: TEXT_TYPE, body: text, headers };
  } catch (error) {
    const { status, json } = failureOf(deps, WRITE_PATH, error);
    return { status, type: JSON_TYPE, body: json };
  }
}

type HeaderValues = Readonly<Record<string, string | number>>;

/** Headers that all answers have, as names and values in turns: they are put together once for each configuration. */
class FixedHeaders {
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
