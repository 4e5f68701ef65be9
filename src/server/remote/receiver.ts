// eslint-disable-next-line @typescript-eslint/triple-slash-reference
/// <reference path="../../shared/bytes/snappyjs.d.ts" />
/** A remote write receiver: one POST a request, tried again as long as that may help. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RemoteWriteConfig } from '../config/config.ts';
import { discard, headerText, OutboundClient } from '../outbound/client.ts';
import { fetchFault } from '../outbound/httpFault.ts';

const HEADERS = {
  'content-encoding': 'snappy',
  'content-type': 'application/x-protobuf',
  'x-prometheus-remote-write-version': '0.1.0',
};
/** Of a refusal, what is told. */
const REASON_CHARS_MAX = 512;

export interface ReceiverCounts {
  retries: number;
  bytes: number;
}

/** The receiver will never take this; sending it again would be in vain. */
export class WriteRefused extends Error {}

export class Receiver {
  readonly counts: ReceiverCounts = { retries: 0, bytes: 0 };
  readonly #config: RemoteWriteConfig;
  readonly #client: OutboundClient;
  readonly #onRetry: (fault: unknown) => void;

  constructor(config: RemoteWriteConfig, onRetry: (fault: unknown) => void) {
    this.#config = config;
    this.#client = new OutboundClient(config.http);
    this.#onRetry = onRetry;
  }

  /**
   * Sends until it is taken. Rejects with WriteRefused where that will never be, with the last fault once `stop` is aborted.
   */
  async send(message: Uint8Array, stop: AbortSignal): Promise<void> {
    const { compress } = await import('snappyjs');
    const body = compress(message);
    const { minBackoffMs, maxBackoffMs } = this.#config.queue;
    for (let backoffMs = minBackoffMs; ; backoffMs = Math.min(maxBackoffMs, 2 * backoffMs)) {
      try {
        const retryAfterMs = await this.#post(body, stop);
        if (retryAfterMs === undefined) return;
        backoffMs = Math.max(backoffMs, retryAfterMs);
      } catch (fault) {
        if (stop.aborted || fault instanceof WriteRefused) throw fault;
        this.counts.retries++;
        this.#onRetry(fault);
      }
      await sleep(backoffMs, undefined, { signal: stop });
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  /** undefined once it is taken; else how long to wait at least, as the receiver says. Throws what is wrong. */
  async #post(body: Uint8Array, stop: AbortSignal): Promise<number | undefined> {
    const { url, timeoutMs, headers, queue } = this.#config;
    const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]);
    this.counts.bytes += body.length;
    const answer = await this.#client.post(url, body, { ...headers, ...HEADERS }, signal).catch((fault: unknown) => {
      throw fetchFault(fault, url);
    });
    const { statusCode } = answer;
    if (statusCode >= 200 && statusCode < 300) {
      discard(answer);
      return undefined;
    }
    const reason = (await answer.body.text().catch(() => '')).slice(0, REASON_CHARS_MAX).trim();
    const fault = `${new URL(url).host} answered with status ${statusCode}${reason === '' ? '' : `: ${reason}`}`;
    const mayRetry = statusCode >= 500 || (statusCode === 429 && queue.retryOn429);
    if (!mayRetry) throw new WriteRefused(fault);
    const seconds = Number(headerText(answer.headers['retry-after']));
    if (!(seconds > 0)) throw new Error(fault);
    this.counts.retries++;
    this.#onRetry(new Error(fault));
    return seconds * 1000;
  }
}
