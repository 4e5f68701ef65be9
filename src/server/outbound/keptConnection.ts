/**
 * One connection to one server, kept from a request to the next, for what is asked again and again. The socket's bytes go from one buffer that all
 * connections share straight into the parser: no streams, no chunks, nothing to collect.
 */
import type { Socket, OnReadOpts } from 'node:net';
import type { AnswerParser } from './answerParser.ts';

/** Most pages come in one piece. */
const READ_SIZE = 256 * 1024;
const READ_BUFFER = Buffer.allocUnsafeSlow(READ_SIZE);
/** As long as upstream keeps an idle connection. */
export const IDLE_MS_MAX = 300_000;

/** Opens a socket; `onread` is to be among its options, `ready` is the event that tells it may be written to. */
export type Dial = (onread: OnReadOpts) => { readonly socket: Socket; readonly ready: 'connect' | 'secureConnect' };

/** Told once: nothing for an answer that is whole, else what the socket, the parser or its sink threw, or the reason of `destroy`. */
export type Settle = (fault?: Error) => void;

interface Exchange {
  readonly request: Uint8Array;
  readonly answer: AnswerParser;
  readonly dial: Dial;
  readonly settle: Settle;
  /** On a connection that was kept: the server may have closed it just now. */
  mayRetry: boolean;
}

export class KeptConnection {
  #socket: Socket | undefined;
  #isReady = false;
  #exchange: Exchange | undefined;
  #idleSince = 0;

  /**
   * Sends a request and takes its answer into the parser. One at a time.
   *
   * @param dial used if there is no connection.
   */
  send(request: Uint8Array, answer: AnswerParser, dial: Dial, settle: Settle): void {
    if (this.#exchange !== undefined) throw new Error('a request is under way');
    if (this.#socket !== undefined && performance.now() - this.#idleSince > IDLE_MS_MAX) this.#drop();
    answer.start();
    this.#exchange = { request, answer, dial, settle, mayRetry: this.#socket !== undefined };
    if (this.#socket === undefined) this.#open(dial);
    else this.#socket.write(request);
  }

  /** Ends the connection; a request under way is rejected with `reason`. */
  destroy(reason: Error): void {
    this.#drop();
    this.#settle(reason);
  }

  #open(dial: Dial): void {
    let opened: ReturnType<Dial>;
    try {
      opened = dial({
        buffer: READ_BUFFER,
        callback: (size, bytes) => {
          if (this.#socket === socket) this.#receive(bytes, size);
          return true;
        },
      });
    } catch (error) {
      // A certificate or key that is none, say.
      return this.#settle(error as Error);
    }
    const { socket, ready } = opened;
    this.#socket = socket;
    this.#isReady = false;
    socket.once(ready, () => {
      if (this.#socket !== socket) return;
      this.#isReady = true;
      if (this.#exchange !== undefined) socket.write(this.#exchange.request);
    });
    socket.on('error', (error) => this.#lost(socket, error));
    socket.on('end', () => this.#lost(socket));
    socket.on('close', () => this.#lost(socket));
  }

  #receive(bytes: Uint8Array, size: number): void {
    const exchange = this.#exchange;
    // Nobody asked: what is this server up to?
    if (exchange === undefined) return this.#drop();
    try {
      if (!exchange.answer.take(bytes, size)) return;
      if (!exchange.answer.keepsAlive) this.#drop();
      this.#idleSince = performance.now();
      this.#settle();
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  /** The socket is of no more use: failed, or closed by the server. */
  #lost(socket: Socket, error?: Error): void {
    if (this.#socket !== socket) return;
    const wasReady = this.#isReady;
    this.#drop();
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    if (exchange.mayRetry && !exchange.answer.hasBegun) {
      exchange.mayRetry = false;
      return this.#open(exchange.dial);
    }
    if (error === undefined && wasReady && exchange.answer.end()) return this.#settle();
    this.#settle(error ?? Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
  }

  #settle(fault?: Error): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.settle(fault);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isReady = false;
    socket?.destroy();
  }
}
