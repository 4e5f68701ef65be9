/** `notify.json` in the data folder: groups of alerts that built-in receivers were told of, so that a restart tells nothing twice. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GroupState } from '../notifier/receivers/alertGroup.ts';
import type { GroupStore } from '../notifier/receivers/receivers.ts';
import type { Log } from '../telemetry/log.ts';

/** Two writes lie at least so far apart; what a crash loses is told twice. */
const WRITE_MS = 1_000;

type States = Readonly<Record<string, readonly GroupState[]>>;

export interface StoredGroups extends GroupStore {
  /** Writes what waits to be written. */
  close(): void;
}

export function createGroupStore(dataFolder: string, log: Log): StoredGroups {
  const file = join(dataFolder, 'notify.json');
  let waiting: (() => States) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const write = () => {
    timer = undefined;
    if (waiting === undefined) return;
    try {
      writeFileSync(`${file}.tmp`, JSON.stringify(waiting()));
      renameSync(`${file}.tmp`, file);
    } catch (error) {
      log('warn', 'What receivers were told could not be noted; after a restart it is told again', { err: error });
    }
    waiting = undefined;
  };
  return {
    load() {
      try {
        return JSON.parse(readFileSync(file, 'utf8')) as States;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
          log('warn', 'What receivers were told could not be read; it is told again', { file, err: error });
        return {};
      }
    },
    save(groups) {
      waiting = groups;
      timer ??= setTimeout(write, WRITE_MS);
    },
    close() {
      clearTimeout(timer);
      write();
    },
  };
}
