/**
 * Connections of those who send samples or ask with forms, read without Node's reader of HTTP, which takes longer for a request than the store does for its
 * samples, or a small query for its answer. A connection stays here as long as all that comes on it are plain requests, each with its head in one piece.
 * With the first byte of anything else it is Node's, for good and from the start of that request on, as if it had just been opened: whatever is to be refused
 * is refused there.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { release } from '../../shared/bytes/release.ts';
import { AnswerHeads } from './answerHeads.ts';
import type { Client } from './client.ts';
import type { HttpDeps } from './deps.ts';
import { readHead, sameHead, type KnownHead } from './plainHead.ts';
import type { PlainAnswer, PlainRoute } from './plainRequest.ts';

/** What does not go on for so long is left to Node, which has bounds of its own for it. */
const PATIENCE_MS = 2_000;
const LOOK_MS = 1_000;
/** Node waits longer than it says by so much, so that no request meets a connection that is being closed. */
const KEPT_BEYOND_MS = 1_000;

type OnConnection = (this: Server, socket: Socket) => void;

export class PlainConnections {
  readonly #deps: HttpDeps;
  readonly #server: Server;
  readonly #node: OnConnection;
  readonly #heads: AnswerHeads;
  readonly #all = new Set<PlainConnection>();
  readonly #timer: NodeJS.Timeout;
  readonly routes: ReadonlyMap<string, PlainRoute>;
  isClosing = false;

  /** Puts itself before what reads the connections of a server. */
  constructor(deps: HttpDeps, routes: readonly PlainRoute[], server: Server) {
    this.#deps = deps;
    this.#server = server;
    this.routes = new Map(routes.map((route) => [route.path, route]));
    this.#heads = new AnswerHeads(server.keepAliveTimeout);
    [this.#node] = server.listeners('connection') as OnConnection[];
    server.removeListener('connection', this.#node);
    server.prependListener('connection', (socket: Socket) => this.#all.add(new PlainConnection(socket, this)));
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** Requests whose head was read are still taken. */
  close(): void {
    this.isClosing = true;
    clearInterval(this.#timer);
    for (const connection of this.#all) connection.close();
  }

  destroy(): void {
    for (const { socket } of this.#all) socket.destroy();
  }

  headOf(answer: PlainAnswer): string {
    return this.#heads.of(answer, this.#deps.access.config(), this.isClosing);
  }

  /** @param handler of the request, by which it is counted. @param bytes of its answer. */
  count(handler: string, status: number, startedAt: number, bytes: number): void {
    this.#deps.metrics.observeHttp(handler, status, (performance.now() - startedAt) / 1000, bytes);
  }

  /** Node has the connection from now on, and these bytes first. */
  handOver(connection: PlainConnection, bytes: Buffer): void {
    this.#all.delete(connection);
    this.#node.call(this.#server, connection.socket);
    if (bytes.length > 0) connection.socket.emit('data', bytes);
  }

  forget(connection: PlainConnection): void {
    this.#all.delete(connection);
  }

  #look(): void {
    const now = performance.now();
    const idleSince = now - this.#server.keepAliveTimeout - KEPT_BEYOND_MS;
    for (const connection of this.#all) connection.look(now - PATIENCE_MS, idleSince);
  }
}

const NO_BYTES: Buffer = Buffer.alloc(0);

/** Up to this size a body is copied behind its head, which costs less than writing two buffers. */
const JOINED_BYTES_MAX = 16 * 1024;

/** Waits for a request; has its head and waits for the rest; or has it, and waits for its answer, or for the client to take that. */
class PlainConnection implements Client {
  readonly socket: Socket;
  readonly #owner: PlainConnections;
  /** Of the last request. */
  #head: KnownHead | undefined;
  #route: PlainRoute | undefined;
  #place: unknown;
  /** Of the request that is answered, where anybody minds. */
  #gone: AbortController | undefined;
  /** When what is waited for began, milliseconds. */
  #since = performance.now();
  #hasAnswered = false;
  #isBusy = false;
  #hasEnded = false;
  #isNodes = false;
  /** A request in several pieces, its head included, and how much of it there is. */
  #whole: Buffer | undefined;
  #filled = 0;
  #bodyAt = 0;
  /** Came while the one before was not answered yet. */
  #next = NO_BYTES;

  constructor(socket: Socket, owner: PlainConnections) {
    this.socket = socket;
    this.#owner = owner;
    socket.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose);
  }

  get address(): string {
    return this.socket.remoteAddress ?? '';
  }

  watch(gone: AbortController): void {
    this.#gone = gone;
  }

  /** Lets go of what has not gone on for too long. */
  look(stalledSince: number, idleSince: number): void {
    if (this.#isBusy) return;
    if (this.#hasAnswered && this.#whole === undefined) {
      if (this.#since < idleSince) this.socket.destroy();
    } else if (this.#since < stalledSince) this.#handOver(this.#whole?.subarray(0, this.#filled) ?? NO_BYTES);
  }

  close(): void {
    if (this.#isBusy || this.#whole !== undefined) return;
    if (this.#hasAnswered) this.socket.destroy();
    else this.#handOver(NO_BYTES);
  }

  readonly #onData = (bytes: Buffer) => {
    if (this.#isBusy) {
      this.#next = this.#next.length === 0 ? bytes : Buffer.concat([this.#next, bytes]);
      this.socket.pause();
    } else if (this.#whole === undefined) this.#begin(bytes);
    else this.#fill(this.#whole, bytes);
  };

  /** @param bytes from the start of a request on. */
  #begin(bytes: Buffer): void {
    const { isClosing, routes } = this.#owner;
    let known = this.#head && sameHead(bytes, this.#head);
    if (known === undefined) {
      this.#head = readHead(bytes, routes);
      this.#route = this.#head && routes.get(this.#head.path);
      known = this.#head && sameHead(bytes, this.#head);
    }
    this.#place = known && !isClosing ? this.#route!.place(this.#head!, known.size) : undefined;
    if (known === undefined || this.#place === undefined) {
      this.#handOver(bytes);
      return;
    }
    this.#since = performance.now();
    const { end, size } = known;
    if (bytes.length >= end + size) {
      this.#take(bytes, end, size);
      return;
    }
    this.#bodyAt = end;
    this.#filled = 0;
    this.#whole = Buffer.allocUnsafeSlow(end + size);
    this.#fill(this.#whole, bytes);
  }

  #fill(whole: Buffer, bytes: Buffer): void {
    const taken = bytes.copy(whole, this.#filled);
    this.#filled += taken;
    if (this.#filled < whole.length) return;
    this.#whole = undefined;
    this.#next = bytes.subarray(taken);
    this.#take(whole, this.#bodyAt, whole.length - this.#bodyAt);
  }

  #take(bytes: Buffer, bodyAt: number, size: number): void {
    if (bytes.length > bodyAt + size) this.#next = Buffer.from(bytes.subarray(bodyAt + size));
    this.#isBusy = true;
    void this.#answer(this.#route!, bytes.subarray(bodyAt, bodyAt + size));
  }

  async #answer(route: PlainRoute, body: Uint8Array): Promise<void> {
    const answered = route.answer(this.#place, body, this);
    // Read before the answer was waited for.
    release(body);
    const answer = await answered;
    const head = this.#owner.headOf(answer);
    if (answer.body instanceof Readable) {
      const bytes = await this.#stream(head, answer.body);
      this.#owner.count(route.handler, answer.status, this.#since, bytes);
    } else {
      this.#owner.count(route.handler, answer.status, this.#since, head.length + Buffer.byteLength(answer.body));
      if (!this.socket.destroyed) this.#send(head, answer.body);
    }
  }

  #send(head: string, body: string | Buffer): void {
    const { socket } = this;
    let isTaken: boolean;
    if (body.length === 0) isTaken = socket.write(head, 'latin1');
    else if (body.length <= JOINED_BYTES_MAX) isTaken = socket.write(joined(head, body));
    else {
      socket.cork();
      socket.write(head, 'latin1');
      isTaken = socket.write(body);
      socket.uncork();
    }
    if (isTaken) this.#goOn();
    else socket.once('drain', this.#goOn);
  }

  /** Sends pieces as they are made, as the client takes them. @returns the bytes sent. */
  async #stream(head: string, body: Readable): Promise<number> {
    const { socket } = this;
    const before = socket.bytesWritten;
    try {
      socket.write(head, 'latin1');
      for await (const piece of body as AsyncIterable<Buffer>) {
        if (socket.destroyed) break;
        if (!writeChunk(socket, piece)) await drained(socket);
      }
      if (!socket.destroyed) {
        socket.write(LAST_CHUNK, 'latin1');
        this.#goOn();
      }
    } catch {
      // It is too late for another answer: the client learns by the end.
      socket.destroy();
    }
    return socket.bytesWritten - before;
  }

  readonly #goOn = () => {
    this.#isBusy = false;
    this.#gone = undefined;
    this.#hasAnswered = true;
    this.#since = performance.now();
    const next = this.#next;
    this.#next = NO_BYTES;
    if (this.#owner.isClosing) this.socket.end();
    else if (next.length > 0) this.#begin(next);
    if (this.#hasEnded) this.#onEnd();
    if (this.socket.isPaused()) this.socket.resume();
  };

  readonly #onEnd = () => {
    this.#hasEnded = true;
    // As Node's server, which takes it for a client that is gone.
    if (this.#gone !== undefined) this.socket.destroy();
    if (this.#isBusy || this.#isNodes) return;
    this.#handOver(this.#whole?.subarray(0, this.#filled) ?? NO_BYTES);
  };

  readonly #onError = () => this.socket.destroy();

  readonly #onClose = () => {
    this.#owner.forget(this);
    this.#gone?.abort();
    // Nobody is there any more to be answered: this is for the counts alone.
    if (this.#whole !== undefined) this.#owner.count(this.#route!.handler, 400, this.#since, 0);
  };

  #handOver(bytes: Buffer): void {
    const { socket } = this;
    this.#whole = undefined;
    this.#isNodes = true;
    socket.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError).off('close', this.#onClose);
    this.#owner.handOver(this, bytes);
    // Node waits for an end that was told before.
    if (this.#hasEnded) socket.emit('end');
  }
}

const LAST_CHUNK = '0\r\n\r\n';

/** @param head a character for each byte. */
function joined(head: string, body: string | Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(head.length + Buffer.byteLength(body));
  bytes.write(head, 'latin1');
  if (typeof body === 'string') bytes.write(body, head.length);
  else bytes.set(body, head.length);
  return bytes;
}

/** @returns whether more may be written at once. */
function writeChunk(socket: Socket, piece: Buffer): boolean {
  socket.cork();
  socket.write(`${piece.length.toString(16)}\r\n`, 'latin1');
  socket.write(piece);
  const isTaken = socket.write('\r\n', 'latin1');
  socket.uncork();
  return isTaken;
}

/** Until a socket takes more, or is closed. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}
