/** Files `remote/<receiver>` in the data folder: up to which time everything was sent there. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SentTimes } from '../remote/remoteWriter.ts';
import type { Log } from '../telemetry/log.ts';

/** Two writes of one file lie at least so far apart; what a crash loses is sent twice. */
const WRITE_MS = 1_000;

export interface StoredSentTimes extends SentTimes {
  /** Writes what waits to be written. */
  close(): void;
}

export function createSentTimes(dataFolder: string, log: Log): StoredSentTimes {
  const folder = join(dataFolder, 'remote');
  const waiting = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  const write = () => {
    timer = undefined;
    for (const [receiver, t] of waiting) {
      try {
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, `${receiver}.tmp`), `${t}\n`);
        renameSync(join(folder, `${receiver}.tmp`), join(folder, receiver));
      } catch (error) {
        log('warn', 'What was sent by remote write could not be noted; after a restart it is sent again', {
          err: error,
        });
      }
    }
    waiting.clear();
  };
  return {
    load(receiver) {
      try {
        const t = Number(readFileSync(join(folder, receiver), 'utf8'));
        return Number.isFinite(t) && t > 0 ? t : undefined;
      } catch {
        return undefined; // Nothing was sent there yet.
      }
    },
    save(receiver, t) {
      waiting.set(receiver, t);
      timer ??= setTimeout(write, WRITE_MS);
    },
    close() {
      clearTimeout(timer);
      write();
    },
  };
}
