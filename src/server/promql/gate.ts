/** How many queries run at a time. */
import { QueryError } from '../storage/engine.ts';
import { canceled, timedOut } from './budget.ts';

/** Queries that may wait; one more is refused at once. */
export const WAITING_MAX = 1000;

interface Waiting {
  readonly admit: () => void;
  readonly cancel: () => void;
}

/** Lets a bounded number in at a time; the others wait, and give up at their timeout or when they are aborted. */
export class Gate {
  private readonly places: number;
  private free: number;
  private readonly waiting: Waiting[] = [];

  constructor(places: number) {
    this.places = places;
    this.free = places;
  }

  /** Those that are in, and those that wait. */
  get size(): number {
    return this.places - this.free + this.waiting.length;
  }

  /** @returns how to leave. Rejects with QueryError. */
  async enter(timeoutMs: number, signal: AbortSignal | undefined): Promise<() => void> {
    if (signal?.aborted === true) throw canceled();
    if (this.free > 0) this.free--;
    else if (this.waiting.length >= WAITING_MAX) throw tooBusy();
    else await this.wait(timeoutMs, signal);
    return () => {
      const next = this.waiting.shift();
      if (next === undefined) this.free++;
      else next.admit();
    };
  }

  /** Cancels those that wait. */
  close(): void {
    for (const { cancel } of [...this.waiting]) cancel();
  }

  private wait(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', cancel);
        const at = this.waiting.indexOf(own);
        if (at >= 0) this.waiting.splice(at, 1);
        act();
      };
      const cancel = () => settle(() => reject(canceled()));
      const own = { admit: () => settle(resolve), cancel };
      const timer = setTimeout(() => settle(() => reject(timedOut(timeoutMs))), timeoutMs);
      signal?.addEventListener('abort', cancel);
      this.waiting.push(own);
    });
  }
}

const tooBusy = () =>
  new QueryError(
    'timeout',
    `${WAITING_MAX} queries are waiting already; ask again later, or raise --query.max-concurrency`,
  );
