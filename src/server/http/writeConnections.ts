/**
 * Connections of those who send samples, read without Node's reader of HTTP, which takes longer for a request than the store does for its samples. A
 * connection stays here as long as all that comes on it are plain writes, each with its head in one piece. With the first byte of anything else it is
 * Node's, for good and from the start of that request on, as if it had just been opened: whatever is to be refused is refused there.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { release } from '../../shared/bytes/release.ts';
import type { Gate } from './access/gate.ts';
import { AnswerHeads } from './answerHeads.ts';
import type { HttpDeps } from './deps.ts';
import { readHead, sameHead, type PlainHead } from './plainHead.ts';
import { answerWrite, placeOf, type WritePlace } from './plainWrites.ts';
import { WRITE_PATH, type WriteReceiver } from './remoteWrite.ts';

/** What does not go on for so long is left to Node, which has bounds of its own for it. */
const PATIENCE_MS = 2_000;
const LOOK_MS = 1_000;
/** Node waits longer than it says by so much, so that no request meets a connection that is being closed. */
const KEPT_BEYOND_MS = 1_000;

type OnConnection = (this: Server, socket: Socket) => void;

export class WriteConnections {
  readonly #deps: HttpDeps;
  readonly #gate: Gate;
  readonly #receiver: WriteReceiver;
  readonly #path: string;
  readonly #server: Server;
  readonly #node: OnConnection;
  readonly #heads: AnswerHeads;
  readonly #all = new Set<WriteConnection>();
  readonly #timer: NodeJS.Timeout;
  isClosing = false;

  /** Puts itself before what reads the connections of a server. @param path of remote write, below which nothing is. */
  constructor(deps: HttpDeps, gate: Gate, receiver: WriteReceiver, path: string, server: Server) {
    this.#deps = deps;
    this.#gate = gate;
    this.#receiver = receiver;
    this.#path = path;
    this.#server = server;
    this.#heads = new AnswerHeads(server.keepAliveTimeout);
    [this.#node] = server.listeners('connection') as OnConnection[];
    server.removeListener('connection', this.#node);
    server.prependListener('connection', (socket: Socket) => this.#all.add(new WriteConnection(socket, this)));
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

  readHead(bytes: Buffer): PlainHead | undefined {
    return readHead(bytes, this.#path);
  }

  /** Where a request goes that has this head and a body of `size` bytes; undefined where it is not to be taken here. */
  place({ fields }: PlainHead, size: number): WritePlace | undefined {
    return this.isClosing ? undefined : placeOf(this.#deps, this.#gate, this.#receiver, fields, size);
  }

  /** @returns the bytes to be sent. Never rejects. */
  async answer(place: WritePlace, block: Uint8Array, startedAt: number): Promise<string | Buffer> {
    const answered = answerWrite(this.#deps, this.#receiver, place, block);
    // Read before the answer was waited for.
    release(block);
    const answer = await answered;
    const bytes = this.#heads.with(answer, this.#deps.access.config(), this.isClosing);
    this.count(answer.status, startedAt, bytes.length);
    return bytes;
  }

  count(status: number, startedAt: number, bytes: number): void {
    this.#deps.metrics.observeHttp(WRITE_PATH, status, (performance.now() - startedAt) / 1000, bytes);
  }

  /** Node has the connection from now on, and these bytes first. */
  handOver(connection: WriteConnection, bytes: Buffer): void {
    this.#all.delete(connection);
    this.#node.call(this.#server, connection.socket);
    if (bytes.length > 0) connection.socket.emit('data', bytes);
  }

  forget(connection: WriteConnection): void {
    this.#all.delete(connection);
  }

  #look(): void {
    const now = performance.now();
    const idleSince = now - this.#server.keepAliveTimeout - KEPT_BEYOND_MS;
    for (const connection of this.#all) connection.look(now - PATIENCE_MS, idleSince);
  }
}

const NO_BYTES: Buffer = Buffer.alloc(0);

/** Waits for a request; has its head and waits for the rest; or has it, and waits for the store, or for the sender to take the answer. */
class WriteConnection {
  readonly socket: Socket;
  readonly #owner: WriteConnections;
  /** Of the last request. */
  #head: PlainHead | undefined;
  #place: WritePlace | undefined;
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

  constructor(socket: Socket, owner: WriteConnections) {
    this.socket = socket;
    this.#owner = owner;
    socket.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose);
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
    let known = this.#head && sameHead(bytes, this.#head);
    if (known === undefined) {
      this.#head = this.#owner.readHead(bytes);
      known = this.#head && sameHead(bytes, this.#head);
    }
    this.#place = known && this.#owner.place(this.#head!, known.size);
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
    void this.#owner.answer(this.#place!, bytes.subarray(bodyAt, bodyAt + size), this.#since).then(this.#send);
  }

  readonly #send = (answer: string | Buffer) => {
    const { socket } = this;
    if (socket.destroyed) return;
    if (socket.write(answer, 'latin1')) this.#goOn();
    else socket.once('drain', this.#goOn);
  };

  readonly #goOn = () => {
    this.#isBusy = false;
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
    if (this.#isBusy || this.#isNodes) return;
    this.#handOver(this.#whole?.subarray(0, this.#filled) ?? NO_BYTES);
  };

  readonly #onError = () => this.socket.destroy();

  readonly #onClose = () => {
    this.#owner.forget(this);
    // Nobody is there any more to be answered: this is for the counts alone.
    if (this.#whole !== undefined) this.#owner.count(400, this.#since, 0);
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
