/** The running configuration: replaced as a whole by a good file, untouched by a bad one. */
import { readFileSync } from 'node:fs';
import type { LoadedConfig } from './loadAll.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';

export interface Reloader {
  readonly config: LoadedConfig;
  readonly succeeded: boolean;
  /** When the running configuration was taken, milliseconds. */
  readonly loadedAt: number;
  /** Loads the file again and hands it to `apply`. Rejects with what is wrong; reloads run one after another. */
  reload(): Promise<void>;
  /** Looks at the file every `intervalMs` and reloads when its text changes, until `stop` is aborted. */
  watch(intervalMs: number, stop: AbortSignal): Promise<void>;
}

export interface ReloaderDeps {
  readonly first: LoadedConfig;
  /** Reads and checks the file, and those that it names. @throws ConfigError */
  load(path: string): LoadedConfig;
  readonly clock: Clock;
  readonly log: Log;
  apply(config: LoadedConfig): void | Promise<void>;
}

export function createReloader({ first, load: loadFile, clock, log, apply }: ReloaderDeps): Reloader {
  let config = first;
  let succeeded = true;
  let loadedAt = clock.now();
  let last: Promise<void> = Promise.resolve();
  const load = async () => {
    try {
      const loaded = loadFile(first.path);
      await apply(loaded);
      config = loaded;
      loadedAt = clock.now();
      succeeded = true;
    } catch (error) {
      succeeded = false;
      log('error', 'Configuration not reloaded; the one before goes on', { file: first.path, err: error });
      throw error;
    }
    log('info', 'Configuration reloaded', { file: first.path });
    for (const notice of config.notices) log('info', notice);
  };
  const reload = () => (last = last.catch(() => undefined).then(load));
  return {
    get config() {
      return config;
    },
    get succeeded() {
      return succeeded;
    },
    get loadedAt() {
      return loadedAt;
    },
    reload,
    async watch(intervalMs, stop) {
      let seen = textOf(first.path);
      for (;;) {
        await clock.sleepUntil(clock.now() + intervalMs, stop);
        if (stop.aborted) return;
        const text = textOf(first.path);
        if (text === seen) continue;
        seen = text;
        await reload().catch(() => undefined); // Told in the log already.
      }
    },
  };
}

/** '' for a file that is not there for the moment: the next look decides. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
