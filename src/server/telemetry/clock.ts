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
