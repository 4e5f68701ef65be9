// eslint-disable-next-line @typescript-eslint/triple-slash-reference
/// <reference path="../../shared/bytes/snappyjs.d.ts" />
/** A remote write receiver: one POST a request, tried again as long as that may help. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RemoteWriteConfig, WriteMessage } from '../config/config.ts';
import { discard, headerText, OutboundClient, type Answer } from '../outbound/client.ts';
import type { DialCounts } from '../outbound/dials.ts';
import { fetchFault } from '../outbound/httpFault.ts';
import { noneOfAnyKind, type KindCounts } from './outgoing.ts';

const HEADERS: Readonly<Record<WriteMessage, Record<string, string>>> = {
  'prometheus.WriteRequest': {
    'content-encoding': 'snappy',
    'content-type': 'application/x-protobuf',
    'x-prometheus-remote-write-version': '0.1.0',
  },
  'io.prometheus.write.v2.Request': {
    'content-encoding': 'snappy',
    'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    'x-prometheus-remote-write-version': '2.0.0',
  },
};
/** What a receiver of version 2 wrote of a request: it says so in every answer, also where it refused something. */
const writtenHeader = (kind: keyof KindCounts) => `x-prometheus-remote-write-${kind}-written`;
/** Of a refusal, what is told. */
const REASON_CHARS_MAX = 512;

/** Told of a message on its way. */
export interface Delivery {
  /** It was posted once, and answered or not. */
  posted(bytes: number, ms: number): void;
  /** It was not taken, and is sent again. */
  retried(): void;
}

/** The receiver will never take this; sending it again would be in vain. */
export class WriteRefused extends Error {
  /** What of the request it took nevertheless. */
  readonly written: Readonly<KindCounts>;
  constructor(message: string, written: Readonly<KindCounts> = noneOfAnyKind()) {
    super(message);
    this.written = written;
  }
}

export class Receiver {
  readonly #config: RemoteWriteConfig;
  readonly #client: OutboundClient;
  readonly #onRetry: (fault: unknown) => void;

  constructor(config: RemoteWriteConfig, onRetry: (fault: unknown) => void, dials?: DialCounts) {
    this.#config = config;
    this.#client = new OutboundClient(config.http, { dials });
    this.#onRetry = onRetry;
  }

  /**
   * Sends until it is taken. Rejects with WriteRefused where that will never be, with the last fault once `stop` is aborted.
   */
  async send(message: Uint8Array, stop: AbortSignal, delivery: Delivery): Promise<void> {
    const { compress } = await import('snappyjs');
    const body = compress(message);
    const { minBackoffMs, maxBackoffMs } = this.#config.queue;
    for (let backoffMs = minBackoffMs; ; backoffMs = Math.min(maxBackoffMs, 2 * backoffMs)) {
      try {
        const retryAfterMs = await this.#timed(body, stop, delivery);
        if (retryAfterMs === undefined) return;
        backoffMs = Math.max(backoffMs, retryAfterMs);
      } catch (fault) {
        const shown = this.#client.secrets.maskedError(fault);
        if (stop.aborted || fault instanceof WriteRefused) throw shown;
        this.#onRetry(shown);
      }
      delivery.retried();
      await sleep(backoffMs, undefined, { signal: stop });
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #timed(body: Uint8Array, stop: AbortSignal, delivery: Delivery): Promise<number | undefined> {
    const began = performance.now();
    try {
      return await this.#post(body, stop);
    } finally {
      delivery.posted(body.length, performance.now() - began);
    }
  }

  /** undefined once it is taken; else how long to wait at least, as the receiver says. Throws what is wrong. */
  async #post(body: Uint8Array, stop: AbortSignal): Promise<number | undefined> {
    const { url, message, timeoutMs, headers, queue } = this.#config;
    const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]);
    const answer = await this.#client
      .post(url, body, { ...headers, ...HEADERS[message] }, signal)
      .catch((fault: unknown) => {
        throw fetchFault(fault, url);
      });
    const { statusCode } = answer;
    const written = message === 'io.prometheus.write.v2.Request' ? writtenOf(answer) : undefined;
    if (statusCode >= 200 && statusCode < 300) {
      discard(answer);
      // A receiver of the first version finds nothing in the message, and says that all is well.
      if (message === 'io.prometheus.write.v2.Request' && written === undefined)
        throw new WriteRefused(`${new URL(url).host} took a message of remote write 2.0 for one of 1.0; ${DOWNGRADE}`);
      return undefined;
    }
    const told = this.#client.secrets.masked(await answer.body.text().catch(() => ''));
    const reason = told.slice(0, REASON_CHARS_MAX).trim();
    const fault = `${new URL(url).host} answered with status ${statusCode}${reason === '' ? '' : `: ${reason}`}`;
    const mayRetry = statusCode >= 500 || (statusCode === 429 && queue.retryOn429);
    if (!mayRetry) throw new WriteRefused(statusCode === 415 ? `${fault}; ${DOWNGRADE}` : fault, written);
    const seconds = Number(headerText(answer.headers['retry-after']));
    if (!(seconds > 0)) throw new Error(fault);
    this.#onRetry(new Error(fault));
    return seconds * 1000;
  }
}

const DOWNGRADE = 'if it does not speak 2.0, set protobuf_message: prometheus.WriteRequest';

/** How many samples, histograms and exemplars the receiver wrote; undefined where it does not say. */
function writtenOf({ headers }: Answer): KindCounts | undefined {
  const counts = noneOfAnyKind();
  const kinds = Object.keys(counts) as (keyof KindCounts)[];
  if (kinds.every((kind) => headerText(headers[writtenHeader(kind)]) === undefined)) return undefined;
  for (const kind of kinds) counts[kind] = Number(headerText(headers[writtenHeader(kind)])) || 0;
  return counts;
}
