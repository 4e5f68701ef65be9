/** `--storage.tsdb.path` on a folder that Prometheus wrote: ours lives in a folder inside it, theirs is read and left as it is. */
import fs from 'node:fs';
import path from 'node:path';
import type { Log } from '../telemetry/log.ts';
import type { Tsdb } from '../tsdb/db.ts';
import type { OnDamage } from '../tsdb/prometheus/damage.ts';
import { assertNotInUse } from '../tsdb/prometheus/inUse.ts';
import { isPrometheusFolder, loadPrometheusFolder } from '../tsdb/prometheus/loadFolder.ts';

/** Ours, beside the blocks of Prometheus, which passes over folders of such a name. */
const OWN_FOLDER = 'isotherm';
const PROGRESS_MS = 5_000;

export interface DataFolders {
  /** Where our store is. */
  readonly own: string;
  /** The folder of Prometheus to take samples over from, if there is one. */
  readonly foreign: string | undefined;
}

/** @throws StorageError 'locked' while a Prometheus runs on the folder. */
export function dataFolders(folder: string): DataFolders {
  const isOwn = fs.existsSync(path.join(folder, 'blocks'));
  if (isOwn || !isPrometheusFolder(folder)) return { own: folder, foreign: undefined };
  assertNotInUse(folder);
  return { own: path.join(folder, OWN_FOLDER), foreign: folder };
}

/** The server was asked to stop. */
class Stopped extends Error {}

/** Resolves when all that is new in Prometheus' folder is in our store, or when `stop` says so: then it goes on at the next start. */
export async function takeOver(foreign: string, own: string, store: Tsdb, log: Log, stop: AbortSignal): Promise<void> {
  try {
    await load(foreign, own, store, log, stop);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    log('info', 'The data of Prometheus is taken over in part; it goes on at the next start', { own });
  }
}

async function load(foreign: string, own: string, store: Tsdb, log: Log, stop: AbortSignal): Promise<void> {
  log('info', 'Prometheus wrote this data folder; it is read and left as it is, and ours is a folder in it', {
    foreign,
    own,
  });
  const started = performance.now();
  let toldAt = started;
  const damaged: OnDamage = ({ file, offset, what }) =>
    log('warn', 'A part of the data of Prometheus cannot be read and is left out', { file, offset, what });
  const loaded = await loadPrometheusFolder(foreign, store, damaged, ({ part, share, samples }) => {
    if (stop.aborted) throw new Stopped();
    if (performance.now() - toldAt < PROGRESS_MS) return;
    toldAt = performance.now();
    log('info', 'Taking over the data of Prometheus', { done: `${Math.floor(100 * share)}%`, part, samples });
  });
  const seconds = Math.round(performance.now() - started) / 1000;
  if (loaded.wasComplete) log('info', 'The data of Prometheus was taken over before', { own });
  else
    log('info', 'The data of Prometheus is taken over', { samples: loaded.samples, damages: loaded.damages, seconds });
}
