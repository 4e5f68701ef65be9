/**
 * Remote write as nearly all senders write it, taken before the framework sees it, which would spend more on a request than the store does. Whatever is
 * unusual (a query, another type, a body of unknown or forbidden size, an origin, a login, a server that is closing) goes the framework's way; the tests
 * hold the answers of both to be the same.
 */
import { INPUT_SIZE_MAX } from '../remote/receive/readWrites.wat.ts';
import type { WriteVersion } from '../remote/receive/writeReader.ts';
import type { Storage } from '../storage/appender.ts';
import type { Gate } from './access/gate.ts';
import { JSON_TYPE, TEXT_TYPE } from './answer.ts';
import type { HttpDeps } from './deps.ts';
import { failureOf } from './failure.ts';
import { isOfAPage, type HeaderValues, type PlainAnswer, type PlainHead, type PlainRoute } from './plainRequest.ts';
import { WRITE_PATH, type WriteReceiver } from './remoteWrite.ts';

interface WritePlace {
  readonly version: WriteVersion;
  readonly storage: Storage;
}

export class PlainWrites implements PlainRoute<WritePlace> {
  readonly path: string;
  readonly handler = WRITE_PATH;
  readonly #deps: HttpDeps;
  readonly #gate: Gate;
  readonly #receiver: WriteReceiver;

  /** @param path of remote write, below which nothing is. */
  constructor(deps: HttpDeps, gate: Gate, receiver: WriteReceiver, path: string) {
    this.path = path;
    this.#deps = deps;
    this.#gate = gate;
    this.#receiver = receiver;
  }

  place({ method, search, fields }: PlainHead, size: number): WritePlace | undefined {
    if (method !== 'POST' || search !== '' || !this.#deps.options.enableRemoteWrite) return undefined;
    if (!(size > 0 && size <= INPUT_SIZE_MAX) || isOfAPage(fields) || !this.#gate.isOpen()) return undefined;
    const version = this.#receiver.versionOf(fields);
    const storage = this.#deps.rooms()?.storage;
    return version === undefined || storage === undefined ? undefined : { version, storage };
  }

  async answer({ version, storage }: WritePlace, block: Uint8Array): Promise<PlainAnswer> {
    try {
      const { status, text, headers } = await this.#receiver.take(version, block, storage);
      return text === ''
        ? { status, headers, body: '' }
        : { status, headers: typed(TEXT_TYPE, text, headers), body: text };
    } catch (error) {
      const { status, json } = failureOf(this.#deps, WRITE_PATH, error);
      return { status, headers: typed(JSON_TYPE, json), body: json };
    }
  }
}

const typed = (type: string, body: string, headers?: HeaderValues): HeaderValues => ({
  ...headers,
  'content-type': type,
  'content-length': Buffer.byteLength(body),
});
