/** The running configuration: replaced as a whole by a good file, untouched by a bad one. */
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import type { LoadedConfig } from './loadAll.ts';
import type { Clock } from '../telemetry/clock.ts';
import { NOTICES, type Notifications } from '../telemetry/notifications.ts';
import type { Log } from '../telemetry/log.ts';

export interface Reloader {
  readonly config: LoadedConfig;
  readonly succeeded: boolean;
  /** When the running configuration was taken, milliseconds. */
  readonly loadedAt: number;
  /** Loads the file again and hands it to `apply`. Rejects with what is wrong; reloads run one after another. */
  reload(): Promise<void>;
  /** Looks at the file every `intervalMs` and reloads when its text, or that of a file that it names, changes, until `stop` is aborted. */
  watch(intervalMs: number, stop: AbortSignal): Promise<void>;
}

export interface ReloaderDeps {
  readonly first: LoadedConfig;
  /** Reads and checks the file, and those that it names. @throws ConfigError */
  load(path: string): LoadedConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly notifications?: Notifications;
  apply(config: LoadedConfig): void | Promise<void>;
}

export function createReloader({ first, load: loadFile, clock, log, notifications, apply }: ReloaderDeps): Reloader {
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
      notifications?.set(NOTICES.reloadFailed, true);
      log('error', 'Configuration not reloaded; the one before goes on', { file: first.path, err: error });
      throw error;
    }
    notifications?.set(NOTICES.reloadFailed, false);
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
      let seen = fingerprint(config);
      for (;;) {
        await clock.sleepUntil(clock.now() + intervalMs, stop);
        if (stop.aborted) return;
        const now = fingerprint(config);
        if (now === seen) continue;
        // Before the reload: a change during it is seen at the next look. One more reload does no harm.
        seen = now;
        await reload().catch(() => undefined); // Told in the log already.
      }
    },
  };
}

/** Of the file, of the rule files and scrape config files that it names, and of the files of ours beside it. */
function fingerprint({ path, ruleFiles, scrapeConfigFiles, ownFiles }: LoadedConfig): string {
  const named = [...ruleFiles, ...scrapeConfigFiles].flatMap((pattern) => globSync(pattern)).sort();
  const hash = createHash('sha256');
  for (const file of [path, ...named, ...ownFiles]) hash.update(`${file}\0`).update(textOf(file)).update('\0');
  return hash.digest('hex');
}

/** '' for a file that is not there for the moment: the next look decides. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
