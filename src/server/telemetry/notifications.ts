/** What an operator should know now, in upstream's words where clients look for them: shown by pages, and told live to those who listen. */
import type { Clock } from './clock.ts';

export const NOTICES = {
  starting: 'Isotherm is starting and reading its write-ahead log (WAL).',
  stopping: 'Isotherm is shutting down and gracefully stopping all operations.',
  reloadFailed: 'Configuration reload has failed.',
} as const;

export interface Notification {
  readonly text: string;
  /** RFC 3339. */
  readonly date: string;
  /** false when it is over; only listeners hear of that. */
  readonly active: boolean;
}

export class Notifications {
  readonly #clock: Clock;
  readonly #subscribersMax: number;
  readonly #active = new Map<string, Notification>();
  readonly #subscribers = new Set<(notification: Notification) => void>();
  #sent = 0;

  constructor(clock: Clock, subscribersMax: number) {
    this.#clock = clock;
    this.#subscribersMax = subscribersMax;
  }

  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  /** Changes told so far, once for each who listens. */
  get sentCount(): number {
    return this.#sent;
  }

  list(): readonly Notification[] {
    return [...this.#active.values()];
  }

  set(text: string, active: boolean): void {
    if (this.#active.has(text) === active) return;
    const notification = { text, date: new Date(this.#clock.now()).toISOString(), active };
    if (active) this.#active.set(text, notification);
    else this.#active.delete(text);
    for (const tell of this.#subscribers) tell(notification);
    this.#sent += this.#subscribers.size;
  }

  /** Tells what is active at once, then each change. @returns how to end that; undefined where as many listen as may. */
  subscribe(tell: (notification: Notification) => void): (() => void) | undefined {
    if (this.#subscribers.size >= this.#subscribersMax) return undefined;
    this.#subscribers.add(tell);
    for (const notification of this.#active.values()) tell(notification);
    return () => this.#subscribers.delete(tell);
  }
}
