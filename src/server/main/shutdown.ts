/** What was opened is closed in reverse order; signals ask for it. */
import type { Log } from '../telemetry/log.ts';

/** Closing longer than this is given up: whoever stops us waits for the process. */
const CLOSE_MS_MAX = 10_000;

export interface Shutdown {
  /** Aborted when the server is asked to stop. */
  readonly signal: AbortSignal;
  /** Asks the server to stop, saying why. Asking again changes nothing. */
  request(reason: string): void;
  /** Keeps how something just opened is closed again. */
  opened(what: string, close: () => void | Promise<void>): void;
  /** Closes all that was opened, last first; what fails is told and the rest closed all the same. */
  closeAll(): Promise<void>;
}

export function createShutdown(log: Log): Shutdown {
  const controller = new AbortController();
  const closers: { what: string; close: () => void | Promise<void> }[] = [];
  return {
    signal: controller.signal,
    request(reason) {
      if (controller.signal.aborted) return;
      log('info', 'Stopping', { reason });
      controller.abort();
    },
    opened: (what, close) => void closers.push({ what, close }),
    async closeAll() {
      const guard = setTimeout(() => {
        log('error', 'Not closed in time; leaving', { left: closers.map(({ what }) => what).join(', ') });
        process.exit(1);
      }, CLOSE_MS_MAX);
      for (let last = closers.at(-1); last !== undefined; last = closers.at(-1)) {
        try {
          await last.close();
        } catch (error) {
          log('error', 'Not closed well', { what: last.what, err: error });
        }
        closers.pop();
      }
      clearTimeout(guard);
    },
  };
}

/** SIGTERM and SIGINT stop the server, a second SIGINT leaves at once, SIGHUP reloads. Returns how to stop listening. */
export function listenForSignals(shutdown: Shutdown, reload: () => void): () => void {
  const interrupted = () => {
    if (interrupts++ > 0) process.exit(130);
    shutdown.request('SIGINT');
  };
  let interrupts = 0;
  const terminated = () => shutdown.request('SIGTERM');
  process.on('SIGINT', interrupted).on('SIGTERM', terminated).on('SIGHUP', reload);
  return () => process.off('SIGINT', interrupted).off('SIGTERM', terminated).off('SIGHUP', reload);
}
