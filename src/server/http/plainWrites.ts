/**
 * Remote write as nearly all senders write it, taken before the framework sees it, which would spend more on a request than the store does. Whatever is
 * unusual (a query, another type, a body of unknown or forbidden size, an origin, a login, a server that is closing) goes the framework's way; the tests
 * hold the answers of both to be the same.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { INPUT_SIZE_MAX } from '../remote/receive/readWrites.wat.ts';
import type { WriteVersion } from '../remote/receive/writeReader.ts';
import type { Storage } from '../storage/appender.ts';
import type { Gate } from './access/gate.ts';
import type { WholeAnswer } from './answerHeads.ts';
import { JSON_TYPE, TEXT_TYPE } from './answer.ts';
import type { HttpDeps } from './deps.ts';
import { failureOf } from './failure.ts';
import { FixedHeaders, isOfAPage, observe, readBody, type HeaderValues, type Shortcut } from './plainRequest.ts';
import { WRITE_PATH, type WriteReceiver } from './remoteWrite.ts';

/** @param path of remote write, below which nothing is. */
export function plainWrites(deps: HttpDeps, gate: Gate, receiver: WriteReceiver, path: string): Shortcut {
  if (!deps.options.enableRemoteWrite) return () => false;
  const fixed = new FixedHeaders();
  return (request, response) => {
    if (request.url !== path || request.method !== 'POST') return false;
    const size = Number(request.headers['content-length']);
    const place = placeOf(deps, gate, receiver, request.headers, size);
    if (place === undefined) return false;
    observe(deps, WRITE_PATH, request, response);
    readBody(request, response, size, (block) => {
      void answerWrite(deps, receiver, place, block).then(({ status, headers, body }) => {
        response.writeHead(status, fixed.with(deps.access.config(), headers)).end(body);
      });
    });
    return true;
  };
}

export interface WritePlace {
  readonly version: WriteVersion;
  readonly storage: Storage;
}

/** Where a request with a body of `size` bytes goes; undefined where something in it is unusual, or not to be taken without a further look. */
export function placeOf(
  deps: HttpDeps,
  gate: Gate,
  receiver: WriteReceiver,
  headers: IncomingHttpHeaders,
  size: number,
): WritePlace | undefined {
  if (!(size > 0 && size <= INPUT_SIZE_MAX) || isOfAPage(headers) || !gate.isOpen()) return undefined;
  const version = receiver.versionOf(headers);
  const storage = deps.rooms()?.storage;
  return version === undefined || storage === undefined ? undefined : { version, storage };
}

/** Never rejects. The block is read before this first waits. */
export async function answerWrite(
  deps: HttpDeps,
  receiver: WriteReceiver,
  { version, storage }: WritePlace,
  block: Uint8Array,
): Promise<WholeAnswer> {
  try {
    const { status, text, headers } = await receiver.take(version, block, storage);
    return text === ''
      ? { status, headers, body: '' }
      : { status, headers: typed(TEXT_TYPE, text, headers), body: text };
  } catch (error) {
    const { status, json } = failureOf(deps, WRITE_PATH, error);
    return { status, headers: typed(JSON_TYPE, json), body: json };
  }
}

const typed = (type: string, body: string, headers?: HeaderValues): HeaderValues => ({
  ...headers,
  'content-type': type,
  'content-length': Buffer.byteLength(body),
});
