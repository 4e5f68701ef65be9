/** Whether the store takes samples, as its last commit found it. What changes is said once, however many commits are refused meanwhile. */
import { StorageError } from '../storage/appender.ts';
import type { Log, Refusal } from './options.ts';

/** On a disk that is nearly full, small commits find room where others do not: nothing has recovered before all of them did for this long. */
const RECOVERED_AFTER_MS = 2_000;

export class Intake {
  refusal: Refusal | undefined;
  /** Commits that were refused since the store was opened. */
  refused = 0;
  /** The same, when the refusal began. */
  #refusedBefore = 0;
  #lastRefused = -Infinity;
  readonly #now: () => number;
  readonly #say: Log;

  constructor(now: () => number, say: Log) {
    this.#now = now;
    this.#say = say;
  }

  /** Writes a commit to the log. Throws what `write` throws. */
  take(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (error instanceof StorageError) this.#refuse(error);
      throw error;
    }
    const recovers = this.refusal !== undefined && this.#now() - this.#lastRefused >= RECOVERED_AFTER_MS;
    if (recovers) this.#recover(this.refusal!);
  }

  #refuse({ code, message }: StorageError): void {
    this.refused++;
    this.#lastRefused = this.#now();
    if (this.refusal?.code === code && this.refusal.message === message) return;
    if (this.refusal === undefined) this.#refusedBefore = this.refused - 1;
    this.refusal = { code, message, since: this.refusal?.since ?? this.#now() };
    this.#say('error', 'samples are refused; queries go on', { reason: message });
  }

  #recover({ since }: Refusal): void {
    this.refusal = undefined;
    const seconds = Math.round((this.#now() - since) / 1000);
    this.#say('info', 'samples are taken again', { seconds, commitsRefused: this.refused - this.#refusedBefore });
  }
}
