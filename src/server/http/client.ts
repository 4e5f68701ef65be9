/** Who waits for an answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Client {
  /** Of who asks; '' where it is not known. */
  readonly address: string;
  /** Has `gone` aborted when the client goes away before it is answered. */
  watch(gone: AbortController): void;
}

/** A client whose request Node's server has read. */
export class NodeClient implements Client {
  readonly address: string;
  readonly #response: ServerResponse;

  constructor({ socket }: IncomingMessage, response: ServerResponse) {
    this.address = socket.remoteAddress ?? '';
    this.#response = response;
  }

  watch(gone: AbortController): void {
    const response = this.#response;
    // Of a request that is answered there is nothing to abort, and telling so costs.
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
  }
}
