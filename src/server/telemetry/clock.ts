/** Time as the server's parts see it, so that tests can hand in their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves at `due` (milliseconds since 1970), at once if that has passed, or as soon as `stop` is aborted. Never rejects. */
  sleepUntil(due: number, stop?: AbortSignal): Promise<void>;
}

/** The longest time a timer of the runtime can hold; longer sleeps are made of several. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleepUntil(due, stop) {
    for (let left = due - Date.now(); left > 0 && stop?.aborted !== true; left = due - Date.now()) {
      await nap(Math.min(left, TIMER_MS_MAX), stop);
    }
  },
};

/** Sleeps again and again, and can be woken; cheaper than a signal where one sleeps each second. One sleep at a time. */
export class Sleeper {
  readonly #clock: Clock;
  #timer: NodeJS.Timeout | undefined;
  #resolve: () => void = () => undefined;
  readonly #wake = () => this.wake();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves at `due`, or as soon as it is woken. */
  until(due: number): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#timer = setTimeout(this.#wake, Math.min(Math.max(0, due - this.#clock.now()), TIMER_MS_MAX));
    });
  }

  wake(): void {
    clearTimeout(this.#timer);
    this.#resolve();
  }
}

function nap(ms: number, stop?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      stop?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    stop?.addEventListener('abort', wake, { once: true });
  });
}
