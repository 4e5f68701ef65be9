/** What waits to be sent to one Alertmanager. What cannot be sent is dropped and counted: alerts that still fire are told again anyway. */
import type { Log } from '../telemetry/log.ts';
import type { Notice } from './notice.ts';

export interface QueueLimits {
  /** Notices that wait at most; the oldest give way. */
  readonly capacity: number;
  /** Notices of one request at most. */
  readonly batchSize: number;
  /** Whether those that wait are sent before the queue is closed. */
  readonly drains: boolean;
}

export interface QueueCounts {
  sent: number;
  errors: number;
  dropped: number;
  /** Of the last request that succeeded, milliseconds. */
  lastSendMs: number;
}

export class SendQueue {
  readonly counts: QueueCounts = { sent: 0, errors: 0, dropped: 0, lastSendMs: 0 };
  readonly #limits: QueueLimits;
  readonly #send: (notices: readonly Notice[]) => Promise<void>;
  readonly #say: Log;
  #waiting: Notice[] = [];
  #sending: Promise<void> | undefined;
  #isClosed = false;

  /** @param send rejects when the receiver did not take them. */
  constructor(limits: QueueLimits, send: (notices: readonly Notice[]) => Promise<void>, say: Log) {
    this.#limits = limits;
    this.#send = send;
    this.#say = say;
  }

  get length(): number {
    return this.#waiting.length;
  }

  add(notices: readonly Notice[]): void {
    if (this.#isClosed) return;
    this.#waiting.push(...notices);
    const over = this.#waiting.length - this.#limits.capacity;
    if (over > 0) {
      this.#waiting.splice(0, over);
      this.counts.dropped += over;
      this.#say('warn', 'Alert notification queue full, dropping alerts', { count: over });
    }
    this.#sending ??= this.#drain(() => this.#isClosed).finally(() => (this.#sending = undefined));
  }

  /** Takes no more; resolves once what waits is sent, or dropped if the queue does not drain. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#sending;
    if (this.#limits.drains) await this.#drain(() => false);
    if (this.#waiting.length === 0) return;
    this.counts.dropped += this.#waiting.length;
    this.#say('warn', 'Alert notification queue not drained on shutdown, dropping alerts', {
      count: this.#waiting.length,
    });
    this.#waiting = [];
  }

  async #drain(isOver: () => boolean): Promise<void> {
    while (this.#waiting.length > 0 && !isOver()) {
      const batch = this.#waiting.splice(0, this.#limits.batchSize);
      const began = performance.now();
      try {
        await this.#send(batch);
        this.counts.sent += batch.length;
        this.counts.lastSendMs = performance.now() - began;
      } catch (fault) {
        this.counts.errors += batch.length;
        this.counts.dropped += batch.length;
        this.#say('error', 'Error sending alerts', { count: batch.length, err: fault });
      }
    }
  }
}
